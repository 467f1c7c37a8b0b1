//! The coverage map and the other lists of the report, made from what the engine holds at the end.

use super::{
    Authenticated, SlotFacts, Verification,
    content::{ContentPass, name},
    head::{Head, HeadSlot, OriginalSize, SignedDigest},
    section::Part,
};
use crate::{
    descriptor::DESCRIPTOR_LENGTH,
    digest::hex,
    index,
    key::PublicKey,
    offsets::{ByteRange, length},
    operation::{Codec, OperationChain},
    profile::Profile,
    report::{Coverage, Integrity, PackageFacts, Protection, Signer, SlotReport, Trust},
    slot_words,
};
use alloc::{
    borrow::Cow,
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

const DERIVED: &str = "recomputed from the signed metadata";
const UNNAMED: &str = "recomputed for the closest builder; the signed metadata name none";
const LENGTHS: &str = "recomputed from lengths, some of which are not signed";
const HASHED: &str = "the length of what the slot's digest is over";

impl Verification {
    pub(super) fn signer(&self) -> Option<Signer> {
        let key = PublicKey(self.index.as_ref()?.array(index::PUBLIC_KEY));
        if key.0 == [0; 32] {
            return None;
        }
        Some(Signer {
            fingerprint: key.fingerprint().to_string(),
            public_key: hex(&key.0),
            signature_valid: self.signature_valid,
        })
    }

    pub(super) fn package_facts(&self) -> Option<PackageFacts> {
        let (metadata, index) = (self.metadata.as_ref()?, self.index.as_ref()?);
        Some(PackageFacts {
            name: metadata.name.clone(),
            version: metadata.version.clone(),
            builder: metadata.build_tool.clone(),
            launcher_size: index.u64(index::LAUNCHER_SIZE),
            metadata_size: length(metadata.raw()),
        })
    }

    pub(super) fn slot_reports(&self, pass: Option<&ContentPass>) -> Vec<SlotReport> {
        let Some(head) = &self.head else { return Vec::new() };
        let read = pass.map(|pass| pass.slots(head.slots.len())).unwrap_or_default();
        let computed = |number: usize| read.get(number).copied().flatten();
        let mut reports = Vec::with_capacity(head.slots.len());
        for (number, slot) in head.slots.iter().enumerate() {
            let chain = head.profile.operations(&slot.entry.operations).unwrap_or_default();
            reports.push(SlotReport {
                index: slot.descriptor.id,
                id: slot.entry.id.clone(),
                target: slot.entry.target.clone(),
                range: slot.range,
                original_size_hint: slot.descriptor.original_size,
                operations: chain.to_string(),
                archive: chain.is_tar(),
                stored_as: stored_as(chain),
                purpose: slot.entry.purpose.clone(),
                lifecycle: slot.entry.lifecycle.clone(),
                kept: slot_words::lifecycle_means(&slot.entry.lifecycle),
                permissions: format!("{:04o}", mode(head.profile, slot)),
                sha256: computed(number).map(|content| content.sha256.to_string()),
            });
        }
        reports
    }

    pub(super) fn authenticate(&self, trust: Trust, pass: Option<&ContentPass>) -> Option<Authenticated> {
        let (head, metadata) = (self.head.as_ref()?, self.metadata.as_ref()?);
        let read = pass.map(|pass| pass.slots(head.slots.len())).unwrap_or_default();
        let mut slots = Vec::with_capacity(head.slots.len());
        for (number, slot) in head.slots.iter().enumerate() {
            let chain = head.profile.operations(&slot.entry.operations)?;
            let sha256 = match slot.digest {
                SignedDigest::Full(digest) => Some(digest),
                _ => read.get(number).copied().flatten().map(|content| content.sha256),
            };
            let original = match head.profile {
                Profile::Sealed => slot.entry.original_size,
                _ => (chain.codecs().ok()?.is_empty()).then_some(slot.range.len()),
            };
            slots.push(SlotFacts {
                index: slot.descriptor.id,
                entry: slot.entry.clone(),
                range: slot.range,
                operations: chain,
                mode: mode(head.profile, slot),
                lifecycle_code: slot.descriptor.lifecycle,
                original_size: original,
                sha256,
            });
        }
        let mut id = crate::digest::StreamingSha256::new();
        for part in [
            b"pspf content id v1\0".as_slice(),
            &head.public_key.0,
            &crate::digest::sha256(metadata.raw()).0,
            &head.table_bytes,
        ] {
            id.update(part);
        }
        let readable = head.slots.iter().all(|slot| slot.original_size != OriginalSize::Unknown);
        let provable = if self.signature_valid && metadata.seal.is_some() {
            Integrity::Sealed
        } else if self.signature_valid && head.all_signed() && readable {
            Integrity::Bound
        } else {
            Integrity::Intact
        };
        Some(Authenticated {
            provable,
            metadata: Arc::clone(metadata),
            slots: Arc::new(slots),
            public_key: head.public_key,
            fingerprint: head.fingerprint,
            trust,
            content_id: id.finish(),
            launcher_size: head.launcher.end,
        })
    }

    /// Every byte of the file once, in order, neighbours of one kind joined.
    pub(super) fn coverage(&self, pass: Option<&ContentPass>) -> Vec<Coverage> {
        let whole = ByteRange { start: 0, end: self.size };
        let mut map = Map { parts: Vec::new(), signed: self.signature_valid };
        match (&self.head, pass) {
            (Some(head), Some(pass)) => {
                for section in &pass.sections {
                    self.cover_part(&mut map, head, section.range, section.part);
                }
                self.cover_trailer(&mut map, head);
            }
            _ => map.add(whole, "package".to_string(), Protection::Unprotected, "not read"),
        }
        self.demote_failures(map.parts)
    }

    fn cover_part(&self, map: &mut Map, head: &Head, range: ByteRange, part: Part) {
        use Protection::{Authenticated, Checked, Unprotected};
        let label = name(part, head, range);
        let full = |digest: &SignedDigest| matches!(digest, SignedDigest::Full(_));
        match part {
            Part::Launcher if full(&head.launcher_digest) => {
                map.add(range, label, Authenticated, "SHA-256 in the signed metadata");
            }
            Part::Launcher => map.add(range, label, Unprotected, "no digest of the launcher is signed"),
            Part::Padding => map.add(range, label, Authenticated, "must be zero"),
            Part::Known if range == head.metadata && head.profile == Profile::Sealed => {
                map.add(range, label, Authenticated, "canonical encoding of the signed JSON");
            }
            Part::Known if range == head.metadata => {
                map.add(range, label, Checked, "decodes to the signed JSON; the compressed form itself is not signed");
            }
            Part::Known => cover_table(map, head, range),
            Part::Slot(number) => {
                let (class, reason) = match head.slots.get(number).map(|slot| slot.digest) {
                    Some(SignedDigest::Full(_)) => (Authenticated, "SHA-256 in the signed metadata"),
                    Some(SignedDigest::Prefix(_)) => (Checked, "only 64 bits of its digest are signed"),
                    _ => (Checked, "only the unsigned descriptor has a checksum of it"),
                };
                map.add(range, label, class, reason);
            }
        }
    }

    fn cover_trailer(&self, map: &mut Map, head: &Head) {
        use Protection::{Authenticated, Checked};
        let start = self.trailer().start;
        let at = |offset: u64, size: u64| ByteRange {
            start: start.saturating_add(offset),
            end: start.saturating_add(offset).saturating_add(size),
        };
        map.add(at(0, 4), "trailer".to_string(), Authenticated, "fixed by the format");
        for field in index::FIELDS {
            let (offset, size) = (u64::try_from(field.offset), u64::try_from(field.size));
            let range = at(4_u64.saturating_add(offset.unwrap_or_default()), size.unwrap_or_default());
            let from_launcher = [index::LAUNCHER_SIZE, index::METADATA_OFFSET].contains(field);
            let from_metadata = [index::METADATA_SIZE, index::SLOT_TABLE_OFFSET, index::PACKAGE_SIZE].contains(field);
            let (class, reason) = if *field == index::SIGNATURE || *field == index::PUBLIC_KEY {
                (Authenticated, "the signature and its key")
            } else if head.profile == Profile::Sealed {
                (Authenticated, DERIVED)
            } else if *field == index::METADATA_CHECKSUM || *field == index::CHECKSUM {
                (Checked, "a checksum of unsigned bytes")
            } else if *field == index::SBOM_DIGEST && head.attestation.is_some() {
                (Checked, "the digest of a slot whose own digest is signed in part only")
            } else if from_metadata || (from_launcher && !self.launcher_size_signed()) {
                (Checked, LENGTHS)
            } else if *field == index::CAPABILITIES && head.profile == Profile::Python {
                (Checked, "two options of the build are not signed; one says how slots are aligned")
            } else if !head.named {
                (Checked, UNNAMED)
            } else {
                (Authenticated, DERIVED)
            };
            map.add(range, "index".to_string(), class, reason);
        }
        map.add(at(8196, 4), "trailer".to_string(), Authenticated, "fixed by the format");
    }

    fn launcher_size_signed(&self) -> bool {
        self.metadata.as_ref().and_then(|metadata| metadata.launcher.as_ref()).is_some_and(|entry| entry.size.is_some())
    }

    /// What an error is about proves nothing, whatever class it would have had.
    fn demote_failures(&self, mut parts: Vec<Coverage>) -> Vec<Coverage> {
        let failed = self.findings.failed();
        let mut failed = failed.iter().peekable();
        for part in &mut parts {
            while failed.next_if(|range| range.end <= part.range.start).is_some() {}
            if failed.peek().is_some_and(|range| range.overlaps(&part.range)) {
                part.class = Protection::Failed;
                part.reason = Cow::Borrowed("verification failed here");
            }
        }
        parts
    }
}

fn cover_table(map: &mut Map, head: &Head, range: ByteRange) {
    use Protection::{Authenticated, Checked, Unprotected};
    if head.profile == Profile::Sealed {
        return map.add(range, "slot table".to_string(), Authenticated, DERIVED);
    }
    for (number, slot) in head.slots.iter().enumerate() {
        let row =
            range.start.saturating_add(u64::try_from(number).unwrap_or_default().saturating_mul(DESCRIPTOR_LENGTH));
        let at = |from: u64, to: u64| ByteRange { start: row.saturating_add(from), end: row.saturating_add(to) };
        let mut add = |range, (class, reason)| map.add(range, "slot table".to_string(), class, reason);
        let derived = if head.named { (Authenticated, DERIVED) } else { (Checked, UNNAMED) };
        let size_signed = slot.entry.self_ref || (head.profile.records_stored_size() && slot.entry.size.is_some());
        let size = if size_signed { derived } else { (Checked, HASHED) };
        add(at(0, 16), derived);
        add(at(16, 24), (Checked, LENGTHS));
        add(at(24, 32), size);
        match slot.original_size {
            OriginalSize::Derived => add(at(32, 40), size),
            OriginalSize::Counted(_) => add(at(32, 40), (Checked, "the stored size, or what the slot decodes to")),
            OriginalSize::Unknown => add(at(32, 40), (Unprotected, "only decoding the slot would tell")),
        }
        add(at(40, 48), derived);
        match slot.digest {
            SignedDigest::Absent if !slot.entry.self_ref => add(at(48, 56), (Checked, "a checksum of unsigned bytes")),
            _ => add(at(48, 56), (Authenticated, DERIVED)),
        }
        add(at(56, 64), derived);
    }
}

/// A chain of operations as a person says it.
fn stored_as(chain: OperationChain) -> String {
    let Ok(codecs) = chain.codecs() else { return chain.to_string() };
    let archive = chain.is_tar().then_some("a tar archive");
    let compressed = codecs.iter().rev().map(|codec| match codec {
        Codec::Gzip => "compressed with gzip",
        Codec::Bzip2 => "compressed with bzip2",
        Codec::Xz => "compressed with xz",
        Codec::Zstd => "compressed with Zstandard",
    });
    let words: Vec<&str> = archive.into_iter().chain(compressed).collect();
    if words.is_empty() { "stored as it is".to_string() } else { words.join(", ") }
}

fn mode(profile: Profile, slot: &HeadSlot) -> u16 {
    // Mode 0 means "default 0600" (docs/format.md §3).
    match profile.permissions(slot.entry.permissions.as_deref()) {
        0 => 0o600,
        mode => mode,
    }
}

/// Joins neighbours; without a valid signature nothing is authenticated.
struct Map {
    parts: Vec<Coverage>,
    signed: bool,
}

impl Map {
    fn add(&mut self, range: ByteRange, part: String, class: Protection, reason: &'static str) {
        if range.is_empty() {
            return;
        }
        let (class, reason) = match class {
            Protection::Authenticated if !self.signed => {
                (Protection::Checked, "consistent, but nothing here is signed")
            }
            class => (class, reason),
        };
        match self.parts.last_mut() {
            Some(last)
                if last.range.end == range.start
                    && last.part == part
                    && last.class == class
                    && last.reason == reason =>
            {
                last.range.end = range.end;
            }
            _ => self.parts.push(Coverage { range, part, class, reason: Cow::Borrowed(reason) }),
        }
    }
}
