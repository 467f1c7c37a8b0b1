//! The 64-byte slot descriptor of the slot table (docs/format.md §3).

use crate::offsets::{ByteRange, array_at};
use core::ops::Range;

/// Size of one descriptor in bytes.
pub const DESCRIPTOR_SIZE: usize = 64;
/// Size of one descriptor as a file length.
pub const DESCRIPTOR_LENGTH: u64 = 64;

/// One row of the slot table. Read from a file it is a claim: offsets, sizes and codes are unsigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotDescriptor {
    /// Position in the table.
    pub id: u64,
    /// [`crate::digest::trunc64`] of the metadata `id` (Go builder: of `target`).
    pub name_hash: u64,
    /// Absolute file offset of the stored bytes.
    pub offset: u64,
    /// Number of stored bytes.
    pub size: u64,
    /// Number of bytes before compression, where the builder records it.
    pub original_size: u64,
    /// Packed operation chain.
    pub operations: u64,
    /// [`crate::digest::trunc64`] of the stored bytes.
    pub checksum: u64,
    /// Purpose code.
    pub purpose: u8,
    /// Lifecycle code.
    pub lifecycle: u8,
    /// Priority; 1 or 128, never read.
    pub priority: u8,
    /// Platform code; always 0.
    pub platform: u8,
    /// Always zero.
    pub reserved: u16,
    /// Unix mode bits; 0 means "default".
    pub permissions: u16,
}

/// The fields of a descriptor with their places in the 64 bytes.
pub const FIELDS: &[(&str, Range<usize>)] = &[
    ("id", 0..8),
    ("name_hash", 8..16),
    ("offset", 16..24),
    ("size", 24..32),
    ("original_size", 32..40),
    ("operations", 40..48),
    ("checksum", 48..56),
    ("purpose", 56..57),
    ("lifecycle", 57..58),
    ("priority", 58..59),
    ("platform", 59..60),
    ("reserved", 60..62),
    ("permissions", 62..64),
];

impl SlotDescriptor {
    /// Reads a descriptor.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; DESCRIPTOR_SIZE]) -> Self {
        let word = |offset| u64::from_le_bytes(array_at(bytes, offset));
        let half = |offset| u16::from_le_bytes(array_at(bytes, offset));
        let [purpose, lifecycle, priority, platform] = array_at(bytes, 56);
        Self {
            id: word(0),
            name_hash: word(8),
            offset: word(16),
            size: word(24),
            original_size: word(32),
            operations: word(40),
            checksum: word(48),
            purpose,
            lifecycle,
            priority,
            platform,
            reserved: half(60),
            permissions: half(62),
        }
    }

    /// The 64 bytes of the table.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; DESCRIPTOR_SIZE] {
        let mut bytes = [0; DESCRIPTOR_SIZE];
        let words =
            [self.id, self.name_hash, self.offset, self.size, self.original_size, self.operations, self.checksum];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes[56..60].copy_from_slice(&[self.purpose, self.lifecycle, self.priority, self.platform]);
        bytes[60..62].copy_from_slice(&self.reserved.to_le_bytes());
        bytes[62..64].copy_from_slice(&self.permissions.to_le_bytes());
        bytes
    }

    /// Where the stored bytes are said to be; `None` where the end would not fit in a `u64`.
    #[must_use]
    pub fn stored(&self) -> Option<ByteRange> {
        ByteRange::new(self.offset, self.size)
    }
}
