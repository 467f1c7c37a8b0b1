//! The conventions of each builder: what its index block, slot table and layout look like for given metadata.
//!
//! Writing and verifying use the same functions: a package is right exactly when its bytes are the ones that its
//! builder would have written for the signed metadata (docs/format.md §1-§3).

use crate::{
    descriptor::{DESCRIPTOR_LENGTH, SlotDescriptor},
    digest::{Sha256Digest, sha256, trunc64},
    index::{self, IndexBlock, TRAILER_SIZE},
    json::{Json, keys_in_order, push_string},
    key::PublicKey,
    metadata::{Metadata, SlotEntry},
    offsets::{ByteRange, align, length},
    operation::{OperationChain, published},
    slot_words::{self, Builder},
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

/// Whose conventions a package follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Ours: every byte follows from the signed metadata.
    Sealed,
    /// The published Python builder, page-aligned slots.
    Python,
    /// The published Rust builder.
    Rust,
    /// The published Go builder.
    Go,
}

/// Length of the hole that the Rust builder leaves behind the launcher (docs/format.md §1).
const RUST_HOLE: u64 = 8192;
/// `page_size` of every builder that writes one.
const PAGE: u32 = 4096;
/// The bit of `capabilities` by which the Python builder says that it has put slots on pages.
const PAGE_ALIGNED: u64 = 2;

/// Where the sections of a package are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Length of the launcher, which starts at 0.
    pub launcher_size: u64,
    /// The stored metadata.
    pub metadata: ByteRange,
    /// The slot table.
    pub table: ByteRange,
    /// The stored bytes of each slot.
    pub slots: Vec<ByteRange>,
    /// Length of the whole file.
    pub package_size: u64,
}

/// What a descriptor says beyond the signed entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredSlot {
    /// Where the bytes are.
    pub range: ByteRange,
    /// Bytes before encoding.
    pub original_size: u64,
    /// First eight digest bytes as [`trunc64`] gives them.
    pub checksum: u64,
}

/// What the index says beyond placement and constants.
#[derive(Clone, Debug)]
pub struct IndexFacts<'a> {
    /// The signing key.
    pub public_key: PublicKey,
    /// The signature over the metadata JSON.
    pub signature: [u8; 64],
    /// The stored metadata.
    pub metadata_blob: &'a [u8],
    /// SHA-256 of the attestation slot, where there is one.
    pub attestation: Option<Sha256Digest>,
}

impl Profile {
    /// The profile that the metadata name; `None` for an unknown `build.tool`.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        if metadata.seal.is_some() {
            return Some(Self::Sealed);
        }
        Builder::from_build_tool(&metadata.build_tool).map(|builder| match builder {
            Builder::Python => Self::Python,
            Builder::Rust => Self::Rust,
            Builder::Go => Self::Go,
        })
    }

    /// Whose tables for purpose, lifecycle and permissions apply; ours are the Python builder's.
    fn builder(self) -> Builder {
        match self {
            Self::Sealed | Self::Python => Builder::Python,
            Self::Rust => Builder::Rust,
            Self::Go => Builder::Go,
        }
    }

    /// The operation chain that this builder writes for an `operations` string (docs/format.md §4).
    #[must_use]
    pub fn operations(self, text: &str) -> Option<OperationChain> {
        match self {
            Self::Sealed => OperationChain::parse(text).ok(),
            Self::Python => published::python(text).ok(),
            Self::Rust => Some(published::rust(text)),
            Self::Go => Some(published::go(text)),
        }
    }

    /// The mode bits that this builder writes for a `permissions` text (docs/format.md §3).
    #[must_use]
    pub fn permissions(self, text: Option<&str>) -> u16 {
        slot_words::permissions(self.builder(), text)
    }

    /// Whether `slots[].size` is the stored size; the Python builder writes the size of the source there.
    #[must_use]
    pub fn records_stored_size(self) -> bool {
        self != Self::Python
    }

    /// What the starts of slots may be multiples of in a package with these `capabilities`, the usual one first. The Python
    /// builder takes the page of the machine that it runs on, 16 KiB on some Macs, or follows slot by slot without a gap.
    #[must_use]
    pub fn slot_alignments(self, capabilities: u64) -> &'static [u64] {
        match self {
            Self::Python if capabilities & PAGE_ALIGNED == 0 => &[1],
            Self::Python => &[4096, 16384],
            _ => &[8],
        }
    }

    /// Places the sections as this builder does by default; `None` where the file would be too long for a `u64`.
    #[must_use]
    pub fn place(self, launcher_size: u64, metadata_size: u64, slots: &[(u64, bool)]) -> Option<Placement> {
        let alignment = if self == Self::Python { u64::from(PAGE) } else { 8 };
        self.place_aligned(alignment, launcher_size, metadata_size, slots)
    }

    /// Places the sections with slots at multiples of `alignment`; each slot is its stored size and whether it stands for the
    /// package itself. `None` where the file would be too long for a `u64`.
    #[must_use]
    pub fn place_aligned(
        self,
        alignment: u64,
        launcher_size: u64,
        metadata_size: u64,
        slots: &[(u64, bool)],
    ) -> Option<Placement> {
        let count = u64::try_from(slots.len()).ok()?;
        let table_size = count.checked_mul(DESCRIPTOR_LENGTH)?;
        let metadata_first = |start: u64| -> Option<(ByteRange, ByteRange)> {
            let metadata = ByteRange::new(start, metadata_size)?;
            Some((metadata, ByteRange::new(align(metadata.end, 8)?, table_size)?))
        };
        let (metadata, table) = match self {
            Self::Sealed => (None, ByteRange::new(align(launcher_size, 8)?, table_size)?),
            Self::Rust => {
                let (metadata, table) = metadata_first(launcher_size.checked_add(RUST_HOLE)?)?;
                (Some(metadata), table)
            }
            Self::Python | Self::Go => {
                let (metadata, table) = metadata_first(launcher_size)?;
                (Some(metadata), table)
            }
        };
        let (mut end, mut ranges) = (table.end, Vec::with_capacity(slots.len()));
        for (size, self_ref) in slots {
            if *self_ref || (*size == 0 && self == Self::Go) {
                ranges.push(ByteRange { start: 0, end: 0 });
                continue;
            }
            let range = ByteRange::new(align(end, alignment)?, *size)?;
            end = range.end;
            ranges.push(range);
        }
        let metadata = match metadata {
            Some(metadata) => metadata,
            None => {
                let metadata = ByteRange::new(align(end, 8)?, metadata_size)?;
                end = metadata.end;
                metadata
            }
        };
        let package_size = end.checked_add(TRAILER_SIZE)?;
        Some(Placement { launcher_size, metadata, table, slots: ranges, package_size })
    }

    /// The descriptor that this builder writes for the signed entry at `position`.
    #[must_use]
    pub fn descriptor(self, position: u64, entry: &SlotEntry, stored: &StoredSlot) -> SlotDescriptor {
        if self == Self::Rust && entry.self_ref {
            return SlotDescriptor { id: position, ..SlotDescriptor::default() };
        }
        let name = if self == Self::Go { &entry.target } else { &entry.id };
        SlotDescriptor {
            id: position,
            name_hash: trunc64(name.as_bytes()),
            offset: stored.range.start,
            size: stored.range.len(),
            original_size: stored.original_size,
            operations: self.operations(&entry.operations).unwrap_or_default().packed(),
            checksum: if entry.self_ref { 0 } else { stored.checksum },
            purpose: slot_words::purpose_code(self.builder(), &entry.purpose),
            lifecycle: slot_words::lifecycle_code(self.builder(), &entry.lifecycle),
            priority: if self == Self::Go { 128 } else { 1 },
            platform: 0,
            reserved: 0,
            permissions: self.permissions(entry.permissions.as_deref()),
        }
    }

    /// The index block that this builder writes, checksum included.
    #[must_use]
    pub fn index(self, metadata: &Metadata, placement: &Placement, facts: &IndexFacts<'_>) -> IndexBlock {
        let mut block = IndexBlock::zeroed();
        let mut u64s = |field, value: u64| block.set(field, &value.to_le_bytes());
        u64s(index::PACKAGE_SIZE, placement.package_size);
        u64s(index::LAUNCHER_SIZE, placement.launcher_size);
        u64s(index::METADATA_OFFSET, placement.metadata.start);
        u64s(index::METADATA_SIZE, length(facts.metadata_blob));
        u64s(index::SLOT_TABLE_OFFSET, placement.table.start);
        u64s(index::SLOT_TABLE_SIZE, placement.table.len());
        if self == Self::Python {
            u64s(index::MAX_MEMORY, 128 << 20);
            u64s(index::MIN_MEMORY, 8 << 20);
        }
        match self {
            Self::Sealed | Self::Rust => u64s(index::CAPABILITIES, 0x81),
            Self::Python => u64s(index::CAPABILITIES, 0x83),
            Self::Go => {}
        }
        let mut u32s = |field, value: u32| block.set(field, &value.to_le_bytes());
        u32s(index::VERSION, index::FORMAT_VERSION);
        u32s(index::SLOT_COUNT, u32::try_from(placement.slots.len()).unwrap_or(u32::MAX));
        if self != Self::Go {
            u32s(index::PAGE_SIZE, PAGE);
            u32s(index::COMPATIBILITY, index::FORMAT_VERSION);
            u32s(index::PROTOCOL_VERSION, 1);
        }
        if self == Self::Python {
            u32s(index::STREAM_CHUNK_SIZE, 64 << 10);
            block.set(index::ACCESS_MODE, &[2]);
            block.set(index::CACHE_STRATEGY, &[1]);
        }
        block.set(index::PUBLIC_KEY, &facts.public_key.0);
        block.set(index::METADATA_CHECKSUM, sha256(facts.metadata_blob).as_bytes());
        block.set(index::SIGNATURE, &facts.signature);
        block.set(index::KEY_FINGERPRINT, facts.public_key.fingerprint().to_string().as_bytes());
        if let Some(digest) = facts.attestation {
            block.set(index::SBOM_DIGEST, digest.to_string().as_bytes());
        }
        if let Some(policy) = metadata.policy().filter(|_| matches!(self, Self::Sealed | Self::Python)) {
            block.set(index::POLICY_HASH, sha256(canonical_policy(policy).as_bytes()).to_string().as_bytes());
        }
        block.seal_checksum();
        block
    }
}

/// The policy text that the policy hash is over: sorted, compact, ASCII-escaped as Python's `json` does (docs/format.md §8).
fn canonical_policy(value: &Json) -> String {
    let mut out = String::new();
    write_policy(&mut out, value);
    out
}

fn write_policy(out: &mut String, value: &Json) {
    match value {
        Json::Object(entries) => {
            let keys = keys_in_order(entries.iter().map(|(key, _)| key.as_str()).zip(0..));
            let mut before = "{";
            for (key, place) in &keys {
                let Some((_, value)) = entries.get(*place) else { continue };
                out.push_str(before);
                push_string(out, key, true);
                out.push(':');
                write_policy(out, value);
                before = ",";
            }
            out.push_str(if keys.is_empty() { "{}" } else { "}" });
        }
        Json::Array(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                out.push_str(if number == 0 { "" } else { "," });
                write_policy(out, item);
            }
            out.push(']');
        }
        Json::String(text) => push_string(out, text, true),
        plain => out.push_str(&plain.to_compact()),
    }
}
