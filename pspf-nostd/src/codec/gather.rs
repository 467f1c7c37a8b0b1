//! Collecting the bytes of one part of a format across pushes.

use alloc::vec::Vec;

use crate::offsets::array_at;

/// The first bytes of a part, as many as have arrived. Grows by bytes that are there, never by a size that is claimed.
#[derive(Default)]
pub(super) struct Gather {
    held: Vec<u8>,
}

impl Gather {
    /// Takes bytes until `need` are held; false if the input ended before.
    pub(super) fn fill(&mut self, input: &mut &[u8], need: usize) -> bool {
        let missing = need.saturating_sub(self.held.len());
        self.held.extend_from_slice(take(input, missing));
        self.held.len() >= need
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.held
    }

    /// The `N` held bytes at `offset`. Call it for what [`fill`](Self::fill) has said to be there.
    pub(super) fn array<const N: usize>(&self, offset: usize) -> [u8; N] {
        array_at(&self.held, offset)
    }

    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}

/// Splits off up to `count` bytes.
pub(super) fn take<'a>(input: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(count.min(input.len()));
    *input = rest;
    taken
}
