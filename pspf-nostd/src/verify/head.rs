//! Trailer, metadata and slot table: reading them, and where the sections are.

use super::{Scope, Stage, Verification, content::ContentPass};
use crate::{
    codec,
    descriptor::{DESCRIPTOR_LENGTH, DESCRIPTOR_SIZE, SlotDescriptor},
    digest::{Sha256Digest, hex, unhex},
    index::{self, END_MAGIC, IndexBlock, START_MAGIC, TRAILER_SIZE},
    key::{Fingerprint, PublicKey},
    limits::{METADATA_JSON_MAX, METADATA_STORED_MAX, SLOT_COUNT_MAX},
    metadata::{Metadata, SlotEntry},
    offsets::{ByteRange, array_at, length},
    profile::{Placement, Profile},
    quoted::escaped,
    signature::{self, SignatureError},
};
use alloc::{
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

/// A digest as the signed metadata give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignedDigest {
    /// All of SHA-256.
    Full(Sha256Digest),
    /// Its first eight bytes only (attestation slot of the Python builder).
    Prefix([u8; 8]),
    /// None.
    Absent,
}

impl SignedDigest {
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        // The Python builder doubles the prefix of the launcher's checksum (docs/format.md §5).
        let digits = digits.strip_prefix("sha256:").unwrap_or(digits);
        match digits.len() {
            0 => Some(Self::Absent),
            16 => unhex::<8>(digits).map(Self::Prefix).ok(),
            _ => digits.parse().map(Self::Full).ok(),
        }
    }

    /// The digest's first eight bytes as the descriptor has them.
    pub(super) fn checksum(self) -> Option<u64> {
        match self {
            Self::Full(digest) => Some(digest.trunc64()),
            Self::Prefix(prefix) => Some(u64::from_le_bytes(prefix)),
            Self::Absent => None,
        }
    }
}

/// How the `original_size` of a descriptor is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OriginalSize {
    /// It follows from the signed metadata and was compared.
    Derived,
    /// Python builder, layers of gzip: the stored size, or what so many layers decode to.
    Counted(usize),
    /// Python builder, other codecs: only decoding would tell.
    Unknown,
}

/// One slot with what the engine knows of it.
#[derive(Clone, Debug)]
pub(super) struct HeadSlot {
    /// Where its descriptor is.
    pub row: u64,
    pub descriptor: SlotDescriptor,
    pub entry: SlotEntry,
    pub range: ByteRange,
    pub digest: SignedDigest,
    pub original_size: OriginalSize,
}

/// What trailer, metadata and slot table said, compared.
#[derive(Debug)]
pub(super) struct Head {
    pub profile: Profile,
    /// Whether the signed metadata name the profile; else it is the closest one, by what nobody signed.
    pub named: bool,
    pub public_key: PublicKey,
    pub fingerprint: Fingerprint,
    pub launcher: ByteRange,
    pub launcher_digest: SignedDigest,
    pub metadata: ByteRange,
    pub table: ByteRange,
    pub table_bytes: Vec<u8>,
    pub slots: Vec<HeadSlot>,
    /// The SBOM digest in the index must be that of this slot, whose digest is not signed (Python builder).
    pub attestation: Option<usize>,
    pub trailer: u64,
}

impl Head {
    /// Whether the signature decides what launcher and slots are, and by whose conventions index and table are read.
    pub(super) fn all_signed(&self) -> bool {
        let full = |digest| matches!(digest, SignedDigest::Full(_));
        self.named
            && full(self.launcher_digest)
            && self.slots.iter().all(|slot| slot.entry.self_ref || full(slot.digest))
    }
}

impl Verification {
    /// Reads magics and index; gives the range of the stored metadata.
    pub(super) fn read_trailer(&mut self, held: &[u8]) -> Option<ByteRange> {
        let trailer = self.trailer();
        let block = held.get(4..held.len().saturating_sub(4)).and_then(IndexBlock::from_bytes)?;
        let at = |offset: u64, size: u64| ByteRange::new(trailer.start.saturating_add(offset), size);
        if !held.starts_with(&START_MAGIC) || !held.ends_with(&END_MAGIC) {
            let start_bad = !held.starts_with(&START_MAGIC);
            let (code, range) =
                if start_bad { ("trailer.start_magic", at(0, 4)) } else { ("trailer.end_magic", at(8196, 4)) };
            let message = if start_bad && !held.ends_with(&END_MAGIC) {
                displaced_trailer(held)
            } else {
                "the trailer is damaged: one of its two magic numbers is there, the other is not".to_string()
            };
            self.findings.add(code, "trailer", range, message);
            return None;
        }
        if block.u32(index::CHECKSUM) != block.computed_checksum() {
            let message = format!(
                "Adler-32 of the index is {:#010x}, its checksum field says {:#010x}",
                block.computed_checksum(),
                block.u32(index::CHECKSUM)
            );
            self.findings.add("index.checksum", "index", at(4, 8192), message);
        }
        let version = block.u32(index::VERSION);
        let metadata = ByteRange::new(block.u64(index::METADATA_OFFSET), block.u64(index::METADATA_SIZE));
        self.index = Some(block);
        if version != index::FORMAT_VERSION {
            let message = format!("format version is {version:#x}, expected {:#x}", index::FORMAT_VERSION);
            self.findings.add("index.version", "index.format_version", at(4, 4), message);
            return None;
        }
        let Some(metadata) = metadata.filter(|range| !range.is_empty() && range.end <= trailer.start) else {
            let message = "metadata_offset and metadata_size do not name bytes in front of the trailer".to_string();
            self.findings.add("metadata.range", "index.metadata_offset", at(28, 16), message);
            return None;
        };
        if metadata.len() > METADATA_STORED_MAX {
            let message = format!("the metadata take {} bytes, the limit is {METADATA_STORED_MAX}", metadata.len());
            self.findings.add("metadata.limit", "metadata", Some(metadata), message);
            return None;
        }
        Some(metadata)
    }

    /// Unpacks, parses and authenticates the metadata; gives the range of the slot table.
    pub(super) fn read_metadata(&mut self, blob: Vec<u8>) -> Option<ByteRange> {
        let block = self.index.clone()?;
        let range = ByteRange::new(block.u64(index::METADATA_OFFSET), length(&blob));
        let member = match codec::gunzip_one(&blob, METADATA_JSON_MAX) {
            Ok(member) => member,
            Err(error) => {
                self.findings.add("metadata.gzip", "metadata", range, format!("not one gzip member: {error}"));
                return None;
            }
        };
        if member.consumed != blob.len() {
            let left = blob.len().saturating_sub(member.consumed);
            let message = format!("{left} bytes follow the gzip member of the metadata");
            self.findings.add("metadata.trailing", "metadata", range, message);
        }
        // ID1 ID2 CM FLG MTIME[4] XFL OS (RFC 1952): no builder sets a flag or a time.
        let [_, _, _, flags, mtime @ .., extra, _] = member.header;
        if flags != 0 || mtime != [0; 4] || !matches!(extra, 0 | 2 | 4) {
            let message = format!("gzip header {} is not one that a builder writes", hex(&member.header));
            self.findings.add("metadata.gzip_header", "metadata", range, message);
        }
        let metadata = match Metadata::parse(member.data) {
            Ok(metadata) => metadata,
            Err(error) => {
                self.findings.add("metadata.json", "metadata", range, error.to_string());
                return None;
            }
        };
        self.check_signature(&block, &metadata);
        self.blob = blob;
        self.metadata = Some(Arc::new(metadata));
        let trailer = self.trailer();
        let count = block.u32(index::SLOT_COUNT);
        if count > SLOT_COUNT_MAX {
            let message = format!("slot_count is {count}, the limit is {SLOT_COUNT_MAX}");
            self.findings.add("slots.limit", "index.slot_count", None, message);
            return None;
        }
        let table = ByteRange::new(block.u64(index::SLOT_TABLE_OFFSET), u64::from(count) * DESCRIPTOR_LENGTH);
        let table = table.filter(|table| table.end <= trailer.start);
        if table.is_none() {
            let message =
                format!("a slot table of {count} slots at slot_table_offset does not fit in front of the trailer");
            self.findings.add("table.range", "index.slot_table_offset", None, message);
        }
        table
    }

    fn check_signature(&mut self, block: &IndexBlock, metadata: &Metadata) {
        let key = PublicKey(block.array(index::PUBLIC_KEY));
        let range = ByteRange::new(self.trailer().start.saturating_add(4 + 128), 64);
        match signature::verify_strict(&key, metadata.raw(), &block.array(index::SIGNATURE)) {
            Ok(()) => self.signature_valid = true,
            Err(SignatureError::Unsigned) => {
                let message = "the package is not signed: signature or public key is all zero".to_string();
                self.findings.add("signature.absent", "index.signature", range, message);
            }
            Err(error) => {
                self.findings.add("signature.invalid", "index.signature", range, error.to_string());
            }
        }
    }

    /// Compares index and slot table with what the metadata imply; gives the content pass where it can be made.
    pub(super) fn read_table(&mut self, held: &[u8]) -> Option<Stage> {
        let block = self.index.clone()?;
        let metadata = self.metadata.clone()?;
        let descriptors: Vec<SlotDescriptor> =
            held.chunks_exact(DESCRIPTOR_SIZE).map(|row| SlotDescriptor::from_bytes(&array_at(row, 0))).collect();
        let named = Profile::of(&metadata);
        let profile = named.unwrap_or_else(|| self.closest_profile(&block, &metadata, &descriptors));
        if named.is_none() {
            let message = format!("builder `{}` is not known; compared as {profile:?}", escaped(&metadata.build_tool));
            self.findings.add("profile.unknown", "metadata", None, message);
        }
        if descriptors.len() != metadata.slots.len() {
            let message = format!("slot_count is {}, the metadata list {}", descriptors.len(), metadata.slots.len());
            self.findings.add("slots.count", "index.slot_count", None, message);
            return None;
        }
        let placement = self.placement(profile, &block, &metadata, &descriptors)?;
        self.compare_index(profile, &block, &metadata, &placement);
        self.compare_size(&placement);
        let table = ByteRange::new(block.u64(index::SLOT_TABLE_OFFSET), length(held))?;
        let mut slots = Vec::with_capacity(descriptors.len());
        for (number, (descriptor, entry)) in descriptors.into_iter().zip(&metadata.slots).enumerate() {
            slots.push(self.compare_slot(profile, number, descriptor, entry, &placement, table)?);
        }
        let launcher_digest = self.launcher_digest(profile, &metadata);
        let public_key = PublicKey(block.array(index::PUBLIC_KEY));
        let attestation = (profile == Profile::Python).then(|| metadata.attestation_slot()).flatten();
        let head = Head {
            profile,
            named: named.is_some(),
            fingerprint: public_key.fingerprint(),
            public_key,
            launcher: ByteRange { start: 0, end: block.u64(index::LAUNCHER_SIZE) },
            launcher_digest,
            metadata: ByteRange::new(block.u64(index::METADATA_OFFSET), block.u64(index::METADATA_SIZE))?,
            table,
            table_bytes: held.to_vec(),
            slots,
            attestation,
            trailer: self.trailer().start,
        };
        if profile == Profile::Sealed {
            self.check_seal(&metadata, &head);
        }
        let pass = ContentPass::plan(&head, &mut self.findings);
        self.head = Some(head);
        match (self.scope, pass) {
            (Scope::Content, Some(pass)) => Some(Stage::Content(pass)),
            _ => None,
        }
    }

    /// Where the sections must be, from their sizes: signed ones wherever there are, else those of index and table.
    fn placement(
        &mut self,
        profile: Profile,
        block: &IndexBlock,
        metadata: &Metadata,
        descriptors: &[SlotDescriptor],
    ) -> Option<Placement> {
        let sealed = profile == Profile::Sealed;
        let size = |signed: Option<u64>, stated: u64| signed.unwrap_or(if sealed { 0 } else { stated });
        let slots: Vec<(u64, bool)> = (metadata.slots.iter().zip(descriptors))
            .map(|(entry, row)| {
                let signed = entry.size.filter(|_| profile.records_stored_size());
                (size(signed, row.size), entry.self_ref)
            })
            .collect();
        let launcher = metadata.launcher.as_ref().and_then(|launcher| launcher.size);
        let launcher = size(launcher, block.u64(index::LAUNCHER_SIZE));
        let mut placements = profile.slot_alignments(block.u64(index::CAPABILITIES)).iter().filter_map(|alignment| {
            profile.place_aligned(*alignment, launcher, block.u64(index::METADATA_SIZE), &slots)
        });
        let usual = placements.next();
        let fits = |placement: &Placement| placement.package_size == self.size;
        let placement = if usual.as_ref().is_some_and(fits) { usual } else { placements.find(fits).or(usual) };
        if placement.is_none() {
            let message = "the sections cannot be in a file: a size is too large".to_string();
            match slots.iter().position(|(size, _)| *size > self.size) {
                Some(number) => self.findings.add("slot.range", &format!("slot {number}"), None, message),
                None => self.findings.add("layout.size", "package", None, message),
            }
        }
        placement
    }

    /// The file's own length against that of the sections: no other comparison sees zeros in front of the trailer.
    fn compare_size(&mut self, placement: &Placement) {
        let expected = placement.package_size;
        if expected != self.size {
            let message = format!("the file has {} bytes, the package that it holds takes {expected}", self.size);
            let (start, end) = (expected.saturating_sub(TRAILER_SIZE), self.trailer().start);
            let range = (start < end).then_some(ByteRange { start, end });
            self.findings.add("layout.size", "package", range, message);
        }
    }

    fn launcher_digest(&mut self, profile: Profile, metadata: &Metadata) -> SignedDigest {
        let text = metadata.launcher.as_ref().map(|launcher| launcher.checksum.as_str()).unwrap_or_default();
        match SignedDigest::read(text) {
            Some(SignedDigest::Full(digest)) => SignedDigest::Full(digest),
            _ => {
                let message = "the signed metadata carry no SHA-256 of the launcher".to_string();
                if profile == Profile::Sealed {
                    self.findings.add("seal.launcher", "launcher", None, message);
                } else {
                    self.findings.add("launcher.digest.missing", "launcher", None, message);
                }
                SignedDigest::Absent
            }
        }
    }

    /// What only sealed packages promise (ARCHITECTURE.md, "The sealed profile").
    fn check_seal(&mut self, metadata: &Metadata, head: &Head) {
        let Some(seal) = &metadata.seal else { return };
        if seal.version != 1 {
            let message = format!("seal version is {}, this verifier knows version 1", seal.version);
            self.findings.add("seal.version", "metadata", None, message);
        }
        if seal.signer != head.fingerprint.to_string() {
            let message = format!("sealed for signer {}, signed by {}", seal.signer, head.fingerprint);
            self.findings.add("seal.signer", "index.public_key", None, message);
        }
        if codec::gzip_stored(metadata.raw()) != self.blob {
            let message = "the stored metadata are not the canonical gzip member of a sealed package".to_string();
            self.findings.add("seal.gzip", "metadata", Some(head.metadata), message);
        }
        for (number, slot) in head.slots.iter().enumerate() {
            let complete = slot.entry.size.is_some() && slot.entry.original_size.is_some();
            if !complete || !matches!(slot.digest, SignedDigest::Full(_)) {
                let message = format!("slot {number} of a sealed package lacks size, original_size or a full SHA-256");
                self.findings.add("seal.slot", &format!("slot {number}"), None, message);
            }
        }
    }
}

/// Where index and slot table say that the sections are.
pub(super) fn actual_placement(block: &IndexBlock, descriptors: &[SlotDescriptor], size: u64) -> Option<Placement> {
    Some(Placement {
        launcher_size: block.u64(index::LAUNCHER_SIZE),
        metadata: ByteRange::new(block.u64(index::METADATA_OFFSET), block.u64(index::METADATA_SIZE))?,
        table: ByteRange::new(
            block.u64(index::SLOT_TABLE_OFFSET),
            u64::try_from(descriptors.len()).ok()?.checked_mul(DESCRIPTOR_LENGTH)?,
        )?,
        slots: descriptors.iter().map(SlotDescriptor::stored).collect::<Option<_>>()?,
        package_size: size,
    })
}

/// Says where a displaced trailer is: bytes cut off or appended move it within the last 8200 bytes.
fn displaced_trailer(held: &[u8]) -> String {
    let start = [START_MAGIC.as_slice(), &index::FORMAT_VERSION.to_le_bytes()].concat();
    if let Some(cut) = held.windows(start.len()).position(|window| window == start) {
        return format!("not a whole package: the file is {cut} bytes shorter than the package that it holds");
    }
    if let Some(at) = held.windows(END_MAGIC.len()).rposition(|window| window == END_MAGIC) {
        let extra = held.len().saturating_sub(at).saturating_sub(END_MAGIC.len());
        return format!("a package ends {extra} bytes before the end of the file; nothing may follow it");
    }
    "not a PSPF/2025 package: the file does not end in a trailer".to_string()
}
