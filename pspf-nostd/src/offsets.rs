//! Positions in a file are `u64` on every platform; positions in a held buffer are `usize`. This is the only bridge.

use alloc::vec::Vec;
use core::fmt;
use serde::Serialize;

/// A half-open range of bytes in the package file: `start` is in it, `end` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ByteRange {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset one past the last byte; never less than `start`.
    pub end: u64,
}

impl ByteRange {
    /// The range of `length` bytes from `start`; `None` where the end would not fit in a `u64`.
    #[must_use]
    pub fn new(start: u64, length: u64) -> Option<Self> {
        start.checked_add(length).map(|end| Self { start, end })
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether the range holds no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the two ranges share a byte.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.is_empty() && !other.is_empty() && self.start < other.end && other.start < self.end
    }
}

impl fmt::Display for ByteRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// Ranges in order, each with its number; equal ones in the order in which they came.
pub(crate) fn in_order<'a>(ranges: impl Iterator<Item = &'a ByteRange>) -> Vec<(ByteRange, usize)> {
    let mut numbered: Vec<(ByteRange, usize)> = ranges.copied().zip(0..).collect();
    numbered.sort_unstable();
    numbered
}

/// The length of a held buffer as a file offset. Lossless on every platform Rust supports.
#[must_use]
pub fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// A count or length as a buffer position, capped: what does not fit cannot be held either.
#[must_use]
pub fn position(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// `value` rounded up to a multiple of `alignment`; `None` on overflow.
#[must_use]
pub fn align(value: u64, alignment: u64) -> Option<u64> {
    value.checked_next_multiple_of(alignment.max(1))
}

/// The `N` bytes at `offset` of a fixed-size structure; zeros where it is too short, which callers rule out by type.
pub(crate) fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut array = [0; N];
    if let Some(source) = offset.checked_add(N).and_then(|end| bytes.get(offset..end)) {
        array.copy_from_slice(source);
    }
    array
}

/// The number whose little-endian bytes these are, the lowest first; of more than eight the first ones do not count.
pub(crate) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// Overwrites the bytes at `offset`; what would fall outside is not written.
pub(crate) fn put(bytes: &mut [u8], offset: usize, value: &[u8]) {
    if let Some(target) = offset.checked_add(value.len()).and_then(|end| bytes.get_mut(offset..end)) {
        target.copy_from_slice(value);
    }
}
