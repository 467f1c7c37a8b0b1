//! The one pass over everything in front of the trailer: digests of launcher and slots, zeros between them.

use super::{
    Stage, Verification,
    head::{Head, HeadSlot, OriginalSize, SignedDigest},
    section::{Part, Section, SlotContent},
};
use crate::{
    digest::{Sha256Digest, hex},
    findings::Findings,
    index,
    limits::READ_WINDOW,
    metadata::Metadata,
    offsets::{ByteRange, in_order, position},
    quoted::escaped,
};
use alloc::{
    format,
    string::{String, ToString},
    sync::Arc,
    vec,
    vec::Vec,
};

/// The pass: the sections in file order, each read from its start to its end, in any order among each other.
#[derive(Debug)]
pub(super) struct ContentPass {
    pub sections: Vec<Section>,
    /// The first section that may not be complete.
    current: usize,
    /// How many sections are handed out.
    out: usize,
}

impl ContentPass {
    /// Lays the sections out in file order; `None`, with a finding, where two of them share bytes.
    pub(super) fn plan(head: &Head, findings: &mut Findings) -> Option<Self> {
        let mut known: Vec<(ByteRange, Part)> =
            [(head.launcher, Part::Launcher), (head.metadata, Part::Known), (head.table, Part::Known)].into();
        known.extend(head.slots.iter().enumerate().map(|(number, slot)| (slot.range, Part::Slot(number))));
        known.retain(|(range, part)| !range.is_empty() || !matches!(part, Part::Known));
        let (mut sections, mut end) = (Vec::with_capacity(known.len()), 0);
        for (range, number) in in_order(known.iter().map(|(range, _)| range)) {
            let Some((_, part)) = known.get(number).copied() else { continue };
            if range.is_empty() {
                sections.push(head.section(range, part));
                continue;
            }
            if range.start < end || range.end > head.trailer {
                let message = format!("{} at {range} overlaps what is before it", name(part, head, range));
                findings.add("layout.overlap", &name(part, head, range), Some(range), message);
                return None;
            }
            sections.push(Section::new(ByteRange { start: end, end: range.start }, Part::Padding));
            end = range.end;
            sections.push(head.section(range, part));
        }
        sections.push(Section::new(ByteRange { start: end, end: head.trailer }, Part::Padding));
        let mut pass = Self { sections, current: 0, out: 0 };
        pass.skip_complete();
        Some(pass)
    }

    pub(super) fn wants(&self) -> Option<ByteRange> {
        let rest = self.sections.get(self.current..)?;
        let start = rest.first()?.at;
        let window_end = start.saturating_add(READ_WINDOW);
        let mut end = start;
        for section in rest.iter().filter(|section| !section.range.is_empty()) {
            if section.at != end.max(section.range.start) || end >= window_end {
                break;
            }
            end = section.range.end;
        }
        Some(ByteRange { start, end: end.min(window_end) })
    }

    /// Up to where everything is read.
    pub(super) fn position(&self) -> u64 {
        self.sections.get(self.current).or(self.sections.last()).map_or(0, |section| section.at)
    }

    /// Takes bytes from the current position on; never more than [`Self::wants`] asked for.
    pub(super) fn supply(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let Some(section) = self.sections.get_mut(self.current) else { return };
            let (mine, rest) = bytes.split_at_checked(position(section.left())).unwrap_or((bytes, &[]));
            section.take(mine);
            bytes = rest;
            self.skip_complete();
        }
    }

    pub(super) fn hand_out(&mut self, owner: &Arc<Metadata>) -> Vec<Section> {
        let mut out = Vec::new();
        for (number, section) in self.sections.iter_mut().enumerate() {
            if section.handed_out.is_none() && section.left() > 0 {
                let mut place = Section::new(section.range, section.part);
                place.handed_out = Some((Arc::clone(owner), number));
                core::mem::swap(section, &mut place);
                place.handed_out.clone_from(&section.handed_out);
                out.push(place);
            }
        }
        self.out = self.out.saturating_add(out.len());
        out
    }

    pub(super) fn is_handed_out(&self) -> bool {
        self.out > 0
    }

    /// Takes a section back. What is not one of ours is dropped.
    pub(super) fn restore(&mut self, mut section: Section, owner: &Arc<Metadata>) {
        let Some((from, number)) = section.handed_out.take() else { return };
        if !Arc::ptr_eq(&from, owner) {
            return;
        }
        if let Some(place) = self.sections.get_mut(number).filter(|place| place.handed_out.is_some()) {
            *place = section;
            self.out = self.out.saturating_sub(1);
        }
        if self.out == 0 {
            self.skip_complete();
        }
    }

    pub(super) fn launcher(&self) -> Option<Sha256Digest> {
        let launcher = self.sections.iter().find(|section| section.part == Part::Launcher);
        launcher.map(|section| section.content().sha256)
    }

    /// What was read of each of `count` slots.
    pub(super) fn slots(&self, count: usize) -> Vec<Option<SlotContent>> {
        let mut slots = vec![None; count];
        for section in &self.sections {
            if let Part::Slot(number) = section.part
                && let Some(slot) = slots.get_mut(number)
            {
                *slot = Some(section.content());
            }
        }
        slots
    }

    fn skip_complete(&mut self) {
        while self.sections.get(self.current).is_some_and(Section::is_complete) {
            self.current = self.current.saturating_add(1);
        }
    }
}

impl Head {
    /// A section to be read. Memory for decoding it is taken with its first byte and given back with its last.
    fn section(&self, range: ByteRange, part: Part) -> Section {
        let slot = if let Part::Slot(number) = part { self.slots.get(number) } else { None };
        let claim = match slot {
            Some(HeadSlot { original_size: OriginalSize::Counted(layers), descriptor, .. }) => {
                // Equal to the stored size: what went in was compressed already, and stays as it was (docs/format.md §3).
                (descriptor.original_size != range.len()).then_some((*layers, descriptor.original_size))
            }
            _ => None,
        };
        Section::counting(range, part, claim)
    }
}

/// What a part is called in findings and in the coverage map.
pub(super) fn name(part: Part, head: &Head, range: ByteRange) -> String {
    match part {
        Part::Launcher => "launcher".to_string(),
        Part::Slot(number) => format!("slot {number}"),
        Part::Known if range == head.metadata => "metadata".to_string(),
        Part::Known => "slot table".to_string(),
        Part::Padding => "padding".to_string(),
    }
}

impl Verification {
    /// Compares what the pass computed with what is signed.
    pub(super) fn finish_content(&mut self) {
        let Stage::Content(pass) = core::mem::replace(&mut self.stage, Stage::Done(None)) else { return };
        let Some(head) = &self.head else { return };
        for range in pass.sections.iter().filter_map(Section::dirty) {
            let message = "bytes between the sections must be zero; something is hidden here".to_string();
            self.findings.add("padding.nonzero", "padding", Some(range), message);
        }
        if let (SignedDigest::Full(signed), Some(computed)) = (head.launcher_digest, pass.launcher())
            && signed != computed
        {
            let message = format!("SHA-256 is {computed}, the signed metadata say {signed}");
            let digests = [signed.to_string(), computed.to_string()];
            self.findings.other_digest("launcher.digest", "launcher", head.launcher, digests, message);
        }
        let slots = pass.slots(head.slots.len());
        for (number, (slot, content)) in head.slots.iter().zip(&slots).enumerate() {
            if let (Some(content), false) = (content, slot.entry.self_ref) {
                compare_slot(&mut self.findings, number, slot, content);
            }
        }
        if let Some(content) = head.attestation.and_then(|slot| slots.get(slot).copied().flatten()) {
            let stated = self.index.as_ref().map(|block| block.field(index::SBOM_DIGEST).to_vec()).unwrap_or_default();
            if stated != content.sha256.to_string().as_bytes() {
                let message = "attestation_sbom_digest is not the SHA-256 of the attestation slot".to_string();
                self.findings.add("attestation.digest", "index.attestation_sbom_digest", None, message);
            }
        }
        self.stage = Stage::Done(Some(pass));
    }
}

fn compare_slot(findings: &mut Findings, number: usize, slot: &HeadSlot, content: &SlotContent) {
    let part = format!("slot {number}");
    let id = escaped(&slot.entry.id);
    let computed = content.sha256;
    let mismatch = match slot.digest {
        SignedDigest::Full(signed) if signed != computed => Some(format!("the signed metadata say {signed}")),
        SignedDigest::Prefix(signed) if !computed.0.starts_with(&signed) => {
            Some(format!("the signed metadata say {}…", hex(&signed)))
        }
        SignedDigest::Absent if slot.descriptor.checksum != computed.trunc64() => {
            Some("its descriptor has another checksum".to_string())
        }
        _ => None,
    };
    if let Some(other) = mismatch {
        let code = if slot.digest == SignedDigest::Absent { "slot.checksum" } else { "slot.digest.signed" };
        let message = format!("slot `{id}` has SHA-256 {computed}, {other}");
        // What other bytes decode to would say nothing.
        return match slot.digest {
            SignedDigest::Full(signed) => {
                findings.other_digest(code, &part, slot.range, [signed.to_string(), computed.to_string()], message);
            }
            _ => findings.add(code, &part, Some(slot.range), message),
        };
    }
    match slot.digest {
        SignedDigest::Full(_) => {}
        SignedDigest::Prefix(_) => {
            let message = format!("only the first 64 bits of the digest of slot `{id}` are signed");
            findings.add("slot.digest.short", &part, Some(slot.range), message);
        }
        SignedDigest::Absent => {
            let message = format!("the signed metadata carry no digest of slot `{id}`");
            findings.add("slot.digest.missing", &part, Some(slot.range), message);
        }
    }
    let claimed = slot.descriptor.original_size;
    let found = match content.decoded {
        None => return,
        Some(Ok(decoded)) if decoded == claimed => return,
        Some(Ok(decoded)) => format!("its {} stored bytes decode to {decoded}", slot.range.len()),
        // Which error a decoder meets first depends on how its bytes are cut; the report must not.
        Some(Err(_)) => format!("its {} stored bytes do not decode to that", slot.range.len()),
    };
    let message = format!("original_size of slot `{id}` is {claimed}, but {found}");
    findings.add(
        "slot.original_size",
        &format!("{part} descriptor.original_size"),
        ByteRange::new(slot.row.saturating_add(32), 8),
        message,
    );
}
