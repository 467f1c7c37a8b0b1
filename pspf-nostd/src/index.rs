//! The magic trailer and the 8192-byte index block in it (docs/format.md §2).

use crate::offsets::{array_at, put};
use alloc::boxed::Box;

/// First four bytes of the trailer: U+1F4E6 in UTF-8.
pub const START_MAGIC: [u8; 4] = [0xF0, 0x9F, 0x93, 0xA6];
/// Last four bytes of the trailer and of the file: U+1FA84 in UTF-8.
pub const END_MAGIC: [u8; 4] = [0xF0, 0x9F, 0xAA, 0x84];
/// Size of the index block in bytes.
pub const INDEX_SIZE: usize = 8192;
/// Size of the trailer, magics included, in bytes.
pub const TRAILER_SIZE: u64 = 8200;
/// The one format version there is.
pub const FORMAT_VERSION: u32 = 0x2025_0001;

/// One field of the index block: where it is and what it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Offset in the index block, in bytes.
    pub offset: usize,
    /// Length in bytes.
    pub size: usize,
    /// Name used in reports, as in docs/format.md §2.
    pub name: &'static str,
}

macro_rules! fields {
    ($($constant:ident $offset:literal $size:literal $name:literal;)*) => {
        $(#[doc = concat!("`", $name, "`, ", $size, " bytes at ", $offset, ".")]
        pub const $constant: Field = Field { offset: $offset, size: $size, name: $name };)*
        /// Every field in the order of the block; together they cover all 8192 bytes.
        pub const FIELDS: &[Field] = &[$($constant),*];
    };
}

fields! {
    VERSION 0 4 "format_version";
    CHECKSUM 4 4 "index_checksum";
    PACKAGE_SIZE 8 8 "package_size";
    LAUNCHER_SIZE 16 8 "launcher_size";
    METADATA_OFFSET 24 8 "metadata_offset";
    METADATA_SIZE 32 8 "metadata_size";
    SLOT_TABLE_OFFSET 40 8 "slot_table_offset";
    SLOT_TABLE_SIZE 48 8 "slot_table_size";
    SLOT_COUNT 56 4 "slot_count";
    FLAGS 60 4 "flags";
    PUBLIC_KEY 64 32 "public_key";
    METADATA_CHECKSUM 96 32 "metadata_checksum";
    SIGNATURE 128 64 "signature";
    SIGNATURE_PADDING 192 448 "signature_padding";
    ACCESS_MODE 640 1 "access_mode";
    CACHE_STRATEGY 641 1 "cache_strategy";
    HINT_642 642 1 "hint_642";
    HINT_643 643 1 "hint_643";
    PAGE_SIZE 644 4 "page_size";
    MAX_MEMORY 648 8 "max_memory";
    MIN_MEMORY 656 8 "min_memory";
    CPU_FEATURES 664 8 "cpu_features";
    GPU_REQUIREMENTS 672 8 "gpu_requirements";
    NUMA_HINTS 680 8 "numa_hints";
    STREAM_CHUNK_SIZE 688 4 "stream_chunk_size";
    PADDING_692 692 12 "padding_692";
    BUILD_TIMESTAMP 704 8 "build_timestamp";
    BUILD_MACHINE 712 32 "build_machine";
    SOURCE_HASH 744 32 "source_hash";
    DEPENDENCY_HASH 776 32 "dependency_hash";
    LICENSE_ID 808 16 "license_id";
    PROVENANCE_URI 824 8 "provenance_uri";
    CAPABILITIES 832 8 "capabilities";
    REQUIREMENTS 840 8 "requirements";
    EXTENSIONS 848 8 "extensions";
    COMPATIBILITY 856 4 "compatibility";
    PROTOCOL_VERSION 860 4 "protocol_version";
    FUTURE_CRYPTO 864 512 "future_crypto";
    KEY_FINGERPRINT 1376 64 "attestation_key_fp";
    SBOM_DIGEST 1440 64 "attestation_sbom_digest";
    POLICY_HASH 1504 64 "attestation_policy_hash";
    RESERVED 1568 6624 "reserved";
}

/// An index block as its bytes. What it says is a claim until the verification engine has compared it with signed data.
#[derive(Clone, PartialEq, Eq)]
pub struct IndexBlock(Box<[u8; INDEX_SIZE]>);

impl IndexBlock {
    /// A block of zeros.
    #[must_use]
    pub fn zeroed() -> Self {
        Self(Box::new([0; INDEX_SIZE]))
    }

    /// The block in these bytes; `None` unless there are exactly 8192.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut block = Self::zeroed();
        if bytes.len() != INDEX_SIZE {
            return None;
        }
        block.0.copy_from_slice(bytes);
        Some(block)
    }

    /// All bytes between the magics, as in the file.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; INDEX_SIZE] {
        &self.0
    }

    /// The bytes of one field.
    #[must_use]
    pub fn field(&self, field: Field) -> &[u8] {
        self.0.get(field.offset..field.offset + field.size).unwrap_or_default()
    }

    /// A 32-bit field.
    #[must_use]
    pub fn u32(&self, field: Field) -> u32 {
        u32::from_le_bytes(array_at(self.0.as_slice(), field.offset))
    }

    /// A 64-bit field.
    #[must_use]
    pub fn u64(&self, field: Field) -> u64 {
        u64::from_le_bytes(array_at(self.0.as_slice(), field.offset))
    }

    /// A field of exactly `N` bytes.
    #[must_use]
    pub fn array<const N: usize>(&self, field: Field) -> [u8; N] {
        array_at(self.0.as_slice(), field.offset)
    }

    /// Overwrites the start of a field.
    pub fn set(&mut self, field: Field, value: &[u8]) {
        put(self.0.as_mut_slice(), field.offset, value.get(..field.size).unwrap_or(value));
    }

    /// Stores the Adler-32 of the block as it now is (docs/format.md §2).
    pub fn seal_checksum(&mut self) {
        let checksum = self.computed_checksum();
        self.set(CHECKSUM, &checksum.to_le_bytes());
    }

    /// Adler-32 of the block with the checksum field taken as zero.
    #[must_use]
    pub fn computed_checksum(&self) -> u32 {
        crate::digest::index_checksum(&self.0)
    }
}

impl core::fmt::Debug for IndexBlock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut out = f.debug_struct("IndexBlock");
        for field in FIELDS.iter().filter(|field| self.field(**field).iter().any(|byte| *byte != 0)) {
            out.field(field.name, &crate::digest::hex(self.field(*field)));
        }
        out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_cover_the_block_without_gap_or_overlap() {
        let mut next = 0;
        for field in FIELDS {
            assert_eq!(field.offset, next, "{}", field.name);
            next += field.size;
        }
        assert_eq!(next, INDEX_SIZE);
    }
}
