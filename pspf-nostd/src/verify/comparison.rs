//! Every field of index and slot table against the one that follows from the signed metadata.

use super::{
    Verification,
    head::{HeadSlot, OriginalSize, SignedDigest, actual_placement},
};
use crate::{
    descriptor::{self, DESCRIPTOR_LENGTH, SlotDescriptor},
    digest::hex,
    index::{self, Field, IndexBlock},
    key::PublicKey,
    metadata::{Metadata, SlotEntry},
    offsets::{ByteRange, length, little_endian},
    operation::Codec,
    profile::{IndexFacts, Placement, Profile, StoredSlot},
    quoted::quoted,
};
use alloc::{format, string::String};

impl Verification {
    /// The known profile whose index constants differ in the fewest fields.
    pub(super) fn closest_profile(
        &self,
        block: &IndexBlock,
        metadata: &Metadata,
        descriptors: &[SlotDescriptor],
    ) -> Profile {
        let differences = |profile: &Profile| {
            let Some(placement) = actual_placement(block, descriptors, self.size) else { return usize::MAX };
            let expected = self.expected_index(*profile, block, metadata, &placement);
            index::FIELDS.iter().filter(|field| block.field(**field) != expected.field(**field)).count()
        };
        [Profile::Rust, Profile::Python, Profile::Go].into_iter().min_by_key(differences).unwrap_or(Profile::Rust)
    }

    fn expected_index(
        &self,
        profile: Profile,
        block: &IndexBlock,
        metadata: &Metadata,
        placement: &Placement,
    ) -> IndexBlock {
        let attestation = match metadata.attestation_slot().and_then(|slot| metadata.slots.get(slot)) {
            Some(entry) if profile == Profile::Sealed => match SignedDigest::read(&entry.checksum) {
                Some(SignedDigest::Full(digest)) => Some(digest),
                _ => None,
            },
            _ => None,
        };
        let facts = IndexFacts {
            public_key: PublicKey(block.array(index::PUBLIC_KEY)),
            signature: block.array(index::SIGNATURE),
            metadata_blob: &self.blob,
            attestation,
        };
        let mut expected = profile.index(metadata, placement, &facts);
        if profile == Profile::Python {
            // Two bits depend on build options that the metadata do not record: mmap and page alignment. The second one
            // decides where slots have to be.
            if matches!(block.u64(index::CAPABILITIES), 0x80..=0x83) {
                expected.set(index::CAPABILITIES, block.field(index::CAPABILITIES));
            }
            // Compared with the slot itself when its bytes have been read.
            if metadata.attestation_slot().is_some() {
                expected.set(index::SBOM_DIGEST, block.field(index::SBOM_DIGEST));
            }
        }
        // An error of its own has been reported for a wrong checksum.
        expected.set(index::CHECKSUM, block.field(index::CHECKSUM));
        expected
    }

    pub(super) fn compare_index(
        &mut self,
        profile: Profile,
        block: &IndexBlock,
        metadata: &Metadata,
        placement: &Placement,
    ) {
        let expected = self.expected_index(profile, block, metadata, placement);
        let start = self.trailer().start.saturating_add(4);
        for field in index::FIELDS {
            let (found, wanted) = (block.field(*field), expected.field(*field));
            if found != wanted {
                let (range, message) = field_difference(*field, found, wanted, start);
                self.findings.add(field_code(*field), &format!("index.{}", field.name), range, message);
            }
        }
    }

    pub(super) fn compare_slot(
        &mut self,
        profile: Profile,
        number: usize,
        descriptor: SlotDescriptor,
        entry: &SlotEntry,
        placement: &Placement,
        table: ByteRange,
    ) -> Option<HeadSlot> {
        let part = format!("slot {number}");
        let index = u64::try_from(number).ok()?;
        let row = table.start.saturating_add(index.saturating_mul(DESCRIPTOR_LENGTH));
        if entry.slot.is_some_and(|slot| slot != index) {
            let message = format!("the metadata number slot {number} as {}", entry.slot.unwrap_or_default());
            self.findings.add("slot.number", &part, None, message);
        }
        let digest = SignedDigest::read(&entry.checksum).unwrap_or_else(|| {
            let message = format!("`slots[{number}].checksum` is not a SHA-256 digest: {}", quoted(&entry.checksum));
            self.findings.add("slot.digest.malformed", &part, None, message);
            SignedDigest::Absent
        });
        let chain = profile.operations(&entry.operations);
        if chain.is_none() {
            let message =
                format!("`slots[{number}].operations` is not an operation chain: {}", quoted(&entry.operations));
            self.findings.add("slot.operations", &part, None, message);
        }
        let chain = chain.unwrap_or_default();
        // A slot that stands for the package itself has no digest, so it may not hold bytes.
        let place = placement.slots.get(number).copied().filter(|_| !entry.self_ref);
        let place = place.unwrap_or(ByteRange { start: 0, end: 0 });
        let codecs = chain.codecs();
        let (original, rule) = match profile {
            Profile::Sealed => (entry.original_size.unwrap_or_default(), OriginalSize::Derived),
            Profile::Rust | Profile::Go => (place.len(), OriginalSize::Derived),
            Profile::Python => match &codecs {
                Ok(codecs) if codecs.is_empty() => (descriptor.size, OriginalSize::Derived),
                Ok(codecs) if codecs.iter().all(|codec| *codec == Codec::Gzip) => {
                    (descriptor.original_size, OriginalSize::Counted(codecs.len()))
                }
                _ => (descriptor.original_size, OriginalSize::Unknown),
            },
        };
        let stored = StoredSlot {
            range: place,
            original_size: original,
            checksum: digest.checksum().unwrap_or(descriptor.checksum),
        };
        let expected = profile.descriptor(index, entry, &stored).to_bytes();
        let found = descriptor.to_bytes();
        for (name, bytes) in descriptor::FIELDS {
            let (found, wanted) = (found.get(bytes.clone())?, expected.get(bytes.clone())?);
            if found != wanted {
                let offset = u64::try_from(bytes.start).ok()?;
                let message = format!(
                    "descriptor field `{name}` is {:#x}, the signed metadata imply {:#x}",
                    little_endian(found),
                    little_endian(wanted)
                );
                let range = ByteRange::new(row.saturating_add(offset), length(found));
                let code = if *name == "checksum" { "slot.digest.descriptor" } else { "slot.descriptor" };
                self.findings.add(code, &format!("{part} descriptor.{name}"), range, message);
            }
        }
        let Some(range) = descriptor.stored().filter(|range| range.end <= self.trailer().start) else {
            let message = format!(
                "slot {number} ({}) is said to be {} bytes at {}, which is not in front of the trailer",
                entry.id, descriptor.size, descriptor.offset
            );
            self.findings.add("slot.range", &part, ByteRange::new(row, DESCRIPTOR_LENGTH), message);
            return None;
        };
        Some(HeadSlot { row, descriptor, entry: entry.clone(), range, digest, original_size: rule })
    }
}

fn field_code(field: Field) -> &'static str {
    match field.name {
        "package_size" => "index.package_size",
        "metadata_checksum" => "metadata.checksum",
        "attestation_key_fp" => "key.fingerprint",
        "attestation_sbom_digest" => "attestation.digest",
        "attestation_policy_hash" => "policy.hash",
        "launcher_size" => "launcher.size",
        _ => "index.field",
    }
}

fn field_difference(field: Field, found: &[u8], wanted: &[u8], start: u64) -> (Option<ByteRange>, String) {
    let differs = |position: &usize| found.get(*position) != wanted.get(*position);
    let first = (0..field.size).find(differs).unwrap_or_default();
    let last = (0..field.size).rev().find(differs).unwrap_or_default();
    let offset = u64::try_from(field.offset.saturating_add(first)).unwrap_or_default();
    let size = u64::try_from(last.saturating_sub(first).saturating_add(1)).unwrap_or_default();
    let range = ByteRange::new(start.saturating_add(offset), size);
    let message = if field.size <= 8 {
        let (found, wanted) = (little_endian(found), little_endian(wanted));
        format!("`{}` is {found:#x}, expected {wanted:#x}", field.name)
    } else {
        let end = last.saturating_add(1);
        let part = |bytes: &[u8]| hex(bytes.get(first..end.min(first.saturating_add(8))).unwrap_or_default());
        format!("`{}` differs from byte {first}: found {}, expected {}", field.name, part(found), part(wanted))
    };
    (range, message)
}
