//! One section of the file: launcher, slot, padding. Its bytes are taken in order; sections are independent of each other,
//! so that several can be read at once.

use crate::{
    digest::{Sha256Digest, StreamingSha256},
    metadata::Metadata,
    offsets::{ByteRange, array_at, length, position},
};
use alloc::sync::Arc;

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
    pub tail: u32,
}

/// A section that is being read, with what was found out of the bytes so far.
///
/// [`Verification::sections`](super::Verification::sections) hands sections out, so that each can be read by whoever uses its
/// bytes; [`Verification::restore`](super::Verification::restore) takes them back.
#[derive(Debug)]
#[must_use]
pub struct Section {
    pub(super) range: ByteRange,
    pub(super) part: Part,
    pub(super) at: u64,
    hasher: StreamingSha256,
    tail: [u8; 4],
    /// From the first to the last byte of padding that is not zero.
    dirty: Option<ByteRange>,
    /// While it is handed out: the verification that it belongs to, and its number there.
    pub(super) handed_out: Option<(Arc<Metadata>, usize)>,
}

impl Section {
    pub(super) fn new(range: ByteRange, part: Part) -> Self {
        let at = if part == Part::Known { range.end } else { range.start };
        Self { range, part, at, hasher: StreamingSha256::new(), tail: [0; 4], dirty: None, handed_out: None }
    }

    /// The position of its slot in the slot table; `None` for what is not a slot.
    #[must_use]
    pub fn slot(&self) -> Option<usize> {
        match self.part {
            Part::Slot(number) => Some(number),
            _ => None,
        }
    }

    /// The bytes that are still wanted; empty once all are there.
    #[must_use]
    pub fn wants(&self) -> ByteRange {
        ByteRange { start: self.at, end: self.range.end }
    }

    /// Takes the first bytes of [`Self::wants`]; more than those are ignored.
    pub fn supply(&mut self, bytes: &[u8]) {
        let mine = bytes.get(..position(self.left())).unwrap_or(bytes);
        self.take(mine);
    }

    pub(super) fn left(&self) -> u64 {
        self.range.end.saturating_sub(self.at)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.handed_out.is_none() && self.left() == 0
    }

    pub(super) fn dirty(&self) -> Option<ByteRange> {
        self.dirty
    }

    /// What the bytes so far say.
    pub(super) fn content(&self) -> SlotContent {
        SlotContent { sha256: self.hasher.clone().finish(), tail: u32::from_le_bytes(self.tail) }
    }

    /// Takes bytes that are known not to reach over the end.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        match self.part {
            Part::Launcher | Part::Slot(_) => {
                self.hasher.update(bytes);
                self.keep_tail(bytes);
            }
            Part::Padding => self.require_zeros(bytes),
            Part::Known => {}
        }
        self.at = self.at.saturating_add(length(bytes));
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        let last = bytes.get(bytes.len().saturating_sub(4)..).unwrap_or_default();
        let joined = [self.tail.as_slice(), last].concat();
        self.tail = array_at(&joined, joined.len().saturating_sub(4));
    }

    /// Keeps one range per stretch of padding, so that neither the report nor its size depends on how bytes are supplied.
    fn require_zeros(&mut self, bytes: &[u8]) {
        let Some(first) = bytes.iter().position(|byte| *byte != 0) else { return };
        let last = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(first);
        let at = |offset: usize| self.at.saturating_add(u64::try_from(offset).unwrap_or_default());
        let start = self.dirty.map_or(at(first), |dirty| dirty.start);
        self.dirty = Some(ByteRange { start, end: at(last).saturating_add(1) });
    }
}
