//! Bits of zstd's streams: forward ones of table descriptions, and those that are read from their end.

use crate::offsets::{little_endian, position};

/// `count` bits from bit `at` on, the least significant first; zeros behind the end. At most 56.
fn bits_at(bytes: &[u8], at: usize, count: u32) -> u32 {
    let rest = bytes.get(at / 8..).unwrap_or_default();
    let word = match rest.first_chunk() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => little_endian(rest),
    };
    let bits = word >> (at % 8) & (1_u64 << count).wrapping_sub(1);
    u32::try_from(bits).unwrap_or(u32::MAX)
}

/// A stream that is read from its first bit on.
pub(super) struct Forward<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl Forward<'_> {
    pub(super) fn peek(&self, count: u32) -> u32 {
        bits_at(self.bytes, self.at, count)
    }

    pub(super) fn read(&mut self, count: u32) -> u32 {
        let bits = self.peek(count);
        self.at = self.at.saturating_add(index(count));
        bits
    }
}

/// A stream that is read from its last bit on (RFC 8878 §4.1): a one marks the end, the zeros above it are padding.
pub(super) struct Backward<'a> {
    bytes: &'a [u8],
    /// Bits that are left.
    left: usize,
    /// Bits that were read beyond the beginning, as zeros.
    over: usize,
}

impl<'a> Backward<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let padding = bytes.last().filter(|last| **last != 0)?.leading_zeros().saturating_add(1);
        Some(Self { bytes, left: bytes.len().saturating_mul(8).saturating_sub(index(padding)), over: 0 })
    }

    /// The next bits, which stay.
    pub(super) fn peek(&self, count: u32) -> u32 {
        match self.left.checked_sub(index(count)) {
            Some(at) => bits_at(self.bytes, at, count),
            None => {
                let held = u32::try_from(self.left).unwrap_or(0);
                bits_at(self.bytes, 0, held) << count.saturating_sub(held)
            }
        }
    }

    pub(super) fn skip(&mut self, count: u32) {
        self.over = self.over.saturating_add(index(count).saturating_sub(self.left));
        self.left = self.left.saturating_sub(index(count));
    }

    pub(super) fn read(&mut self, count: u32) -> u32 {
        let bits = self.peek(count);
        self.skip(count);
        bits
    }

    /// Whether more was read than there is.
    pub(super) fn is_over(&self) -> bool {
        self.over > 0
    }

    /// Whether all was read, and no more.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0 && self.over == 0
    }
}

/// A number that counts what is held.
pub(super) fn index(value: u32) -> usize {
    position(u64::from(value))
}
