//! The one pass over everything in front of the trailer: digests of launcher and slots, zeros between them.

use super::{
    Findings, Stage, Verification,
    head::{Head, HeadSlot, OriginalSize, SignedDigest},
};
use crate::{
    digest::{Sha256Digest, StreamingSha256, hex, sha256},
    index,
    limits::READ_WINDOW,
    offsets::{ByteRange, array_at, length, position},
};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

/// What a stretch of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Launcher,
    Slot(usize),
    /// Metadata and slot table, which were read before.
    Known,
    /// Between sections: must be zero.
    Padding,
}

/// What the pass found out of one slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotContent {
    pub sha256: Sha256Digest,
    /// The last four stored bytes, little-endian: ISIZE where the slot is a gzip member (RFC 1952).
    tail: u32,
}

#[derive(Debug)]
pub(super) struct ContentPass {
    pub parts: Vec<(ByteRange, Part)>,
    current: usize,
    at: u64,
    hasher: StreamingSha256,
    tail: [u8; 4],
    pub launcher: Option<Sha256Digest>,
    pub slots: Vec<Option<SlotContent>>,
    /// Non-zero bytes between sections: for each stretch of padding from the first to the last.
    pub dirty: Vec<ByteRange>,
}

impl ContentPass {
    /// Lays the sections out in file order; `None`, with a finding, where two of them share bytes.
    pub(super) fn plan(head: &Head, findings: &mut Findings) -> Option<Self> {
        let mut sections: Vec<(ByteRange, Part)> =
            [(head.launcher, Part::Launcher), (head.metadata, Part::Known), (head.table, Part::Known)].into();
        sections.extend(head.slots.iter().enumerate().map(|(number, slot)| (slot.range, Part::Slot(number))));
        sections.retain(|(range, _)| !range.is_empty());
        sections.sort_by_key(|(range, _)| *range);
        let (mut parts, mut end) = (Vec::with_capacity(sections.len()), 0);
        for (range, part) in sections {
            if range.start < end || range.end > head.trailer {
                let message = format!("{} at {range} overlaps what stands before it", name(part, head, range));
                findings.error("layout.overlap", &name(part, head, range), Some(range), message);
                return None;
            }
            if range.start > end {
                parts.push((ByteRange { start: end, end: range.start }, Part::Padding));
            }
            end = range.end;
            parts.push((range, part));
        }
        if end < head.trailer {
            parts.push((ByteRange { start: end, end: head.trailer }, Part::Padding));
        }
        let empty = |slot: &HeadSlot| slot.range.is_empty().then(|| SlotContent { sha256: sha256(&[]), tail: 0 });
        let mut pass = Self {
            parts,
            current: 0,
            at: 0,
            hasher: StreamingSha256::new(),
            tail: [0; 4],
            launcher: head.launcher.is_empty().then(|| sha256(&[])),
            slots: head.slots.iter().map(empty).collect(),
            dirty: Vec::new(),
        };
        pass.skip_known();
        Some(pass)
    }

    pub(super) fn wants(&self) -> Option<ByteRange> {
        let window_end = self.at.saturating_add(READ_WINDOW);
        let rest = self.parts.get(self.current..)?;
        let unknown = rest.iter().take_while(|(range, part)| *part != Part::Known && range.start < window_end);
        let end = unknown.last()?.0.end;
        Some(ByteRange { start: self.at, end: end.min(window_end) })
    }

    pub(super) fn position(&self) -> u64 {
        self.at
    }

    /// Takes bytes from the current position on; never more than [`Self::wants`] asked for.
    pub(super) fn supply(&mut self, mut bytes: &[u8]) {
        while let Some((range, part)) = self.parts.get(self.current).copied() {
            let left = range.end.saturating_sub(self.at);
            let (mine, rest) = bytes.split_at_checked(position(left)).unwrap_or((bytes, &[]));
            match part {
                Part::Launcher | Part::Slot(_) => {
                    self.hasher.update(mine);
                    self.keep_tail(mine);
                }
                Part::Padding => self.require_zeros(range, mine),
                Part::Known => {}
            }
            self.at = self.at.saturating_add(length(mine));
            bytes = rest;
            if self.at < range.end {
                return;
            }
            self.complete(part);
            self.current = self.current.saturating_add(1);
            self.skip_known();
            if bytes.is_empty() {
                return;
            }
        }
    }

    fn skip_known(&mut self) {
        while let Some((range, Part::Known)) = self.parts.get(self.current) {
            self.at = range.end;
            self.current = self.current.saturating_add(1);
        }
    }

    fn complete(&mut self, part: Part) {
        match part {
            Part::Launcher => self.launcher = Some(core::mem::take(&mut self.hasher).finish()),
            Part::Slot(number) => {
                let content = SlotContent {
                    sha256: core::mem::take(&mut self.hasher).finish(),
                    tail: u32::from_le_bytes(self.tail),
                };
                if let Some(slot) = self.slots.get_mut(number) {
                    *slot = Some(content);
                }
            }
            Part::Known | Part::Padding => {}
        }
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        let last = bytes.get(bytes.len().saturating_sub(4)..).unwrap_or_default();
        let joined = [self.tail.as_slice(), last].concat();
        self.tail = array_at(&joined, joined.len().saturating_sub(4));
    }

    /// Keeps one range per stretch of padding, so that neither the report nor its size depends on how bytes are supplied.
    fn require_zeros(&mut self, padding: ByteRange, bytes: &[u8]) {
        let Some(first) = bytes.iter().position(|byte| *byte != 0) else { return };
        let last = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(first);
        let at = |offset: usize| self.at.saturating_add(u64::try_from(offset).unwrap_or_default());
        let (start, end) = (at(first), at(last).saturating_add(1));
        match self.dirty.last_mut() {
            Some(dirty) if dirty.overlaps(&padding) => dirty.end = end,
            _ => self.dirty.push(ByteRange { start, end }),
        }
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
        for range in &pass.dirty {
            let message = "bytes between the sections must be zero; something is hidden here".to_string();
            self.findings.error("padding.nonzero", "padding", Some(*range), message);
        }
        if let (SignedDigest::Full(signed), Some(computed)) = (head.launcher_digest, pass.launcher)
            && signed != computed
        {
            let message = format!("SHA-256 is {computed}, the signed metadata say {signed}");
            self.findings.error("launcher.digest", "launcher", Some(head.launcher), message);
        }
        for (number, (slot, content)) in head.slots.iter().zip(&pass.slots).enumerate() {
            if let (Some(content), false) = (content, slot.entry.self_ref) {
                compare_slot(&mut self.findings, number, slot, content);
            }
        }
        if let Some(content) = head.attestation.and_then(|slot| pass.slots.get(slot).copied().flatten()) {
            let stated = self.index.as_ref().map(|block| block.field(index::SBOM_DIGEST).to_vec()).unwrap_or_default();
            if stated != content.sha256.to_string().as_bytes() {
                let message = "attestation_sbom_digest is not the SHA-256 of the attestation slot".to_string();
                self.findings.error("attestation.digest", "index.attestation_sbom_digest", None, message);
            }
        }
        self.stage = Stage::Done(Some(pass));
    }
}

fn compare_slot(findings: &mut Findings, number: usize, slot: &HeadSlot, content: &SlotContent) {
    let part = format!("slot {number}");
    let id = &slot.entry.id;
    let computed = content.sha256;
    match slot.digest {
        SignedDigest::Full(signed) if signed != content.sha256 => {
            let message = format!("slot `{id}` has SHA-256 {computed}, the signed metadata say {signed}");
            findings.error("slot.digest.signed", &part, Some(slot.range), message);
        }
        SignedDigest::Prefix(signed) if !content.sha256.0.starts_with(&signed) => {
            let message = format!("slot `{id}` has SHA-256 {computed}, the signed metadata say {}…", hex(&signed));
            findings.error("slot.digest.signed", &part, Some(slot.range), message);
        }
        SignedDigest::Absent if slot.descriptor.checksum != content.sha256.trunc64() => {
            let message = format!("slot `{id}` has SHA-256 {computed}, its descriptor has another checksum");
            findings.error("slot.checksum", &part, Some(slot.range), message);
        }
        SignedDigest::Full(_) => {}
        SignedDigest::Prefix(_) => {
            let message = format!("only the first 64 bits of the digest of slot `{id}` are signed");
            findings.warning("slot.digest.short", &part, Some(slot.range), message);
        }
        SignedDigest::Absent => {
            let message = format!("the signed metadata carry no digest of slot `{id}`");
            findings.warning("slot.digest.missing", &part, Some(slot.range), message);
        }
    }
    let claimed = slot.descriptor.original_size;
    let in_trailer = claimed & 0xFFFF_FFFF == u64::from(content.tail);
    if slot.original_size == OriginalSize::GzipTrailer && claimed != slot.range.len() && !in_trailer {
        let message = format!("original_size of slot `{id}` is {claimed}, its gzip trailer says {}", content.tail);
        findings.error("slot.original_size", &format!("{part} descriptor.original_size"), None, message);
    }
}
