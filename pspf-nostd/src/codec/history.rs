//! The last decoded bytes, which matches repeat.

use alloc::vec::Vec;

/// Decoded bytes: at least as many of the last ones as matches may reach back.
pub(super) struct History {
    window: usize,
    bytes: Vec<u8>,
}

impl History {
    /// A history whose matches reach `window` bytes back.
    pub(super) fn new(window: usize) -> Self {
        Self { window, bytes: Vec::new() }
    }

    /// Forgets what is out of reach when that is much, and makes room for `count` bytes. Room grows with what was really decoded:
    /// to the window, a quarter of it and 64 KiB.
    pub(super) fn make_room(&mut self, count: usize) {
        let held = self.bytes.len();
        let held_max = self.window.saturating_add(self.window / 4).saturating_add(64 << 10);
        if held > held_max {
            self.bytes.drain(..held.saturating_sub(self.window));
        }
        if self.bytes.capacity().saturating_sub(self.bytes.len()) < count {
            let held = self.bytes.len();
            self.bytes.reserve_exact(held.min(held_max.saturating_sub(held)).saturating_add(count));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes from `start` on.
    pub(super) fn from(&self, start: usize) -> &[u8] {
        self.bytes.get(start..).unwrap_or_default()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends a byte. Alone it is worth no copy of a slice.
    #[inline]
    pub(super) fn push_byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Appends a byte `count` times.
    pub(super) fn fill(&mut self, byte: u8, count: usize) {
        self.bytes.resize(self.bytes.len().saturating_add(count), byte);
    }

    /// The byte that stands `offset` bytes before the end; 0 where there is none.
    pub(super) fn byte(&self, offset: usize) -> u8 {
        self.bytes.len().checked_sub(offset).and_then(|at| self.bytes.get(at)).copied().unwrap_or(0)
    }

    /// Appends `count` bytes from `offset` bytes before the end; they may reach into what is appended. `None` where that is
    /// out of reach.
    pub(super) fn repeat(&mut self, offset: usize, mut count: usize) -> Option<()> {
        let start = self.bytes.len().checked_sub(offset).filter(|_| offset <= self.window)?;
        while count > 0 {
            let piece = count.min(self.bytes.len().saturating_sub(start));
            self.bytes.extend_from_within(start..start.saturating_add(piece));
            count = count.checked_sub(piece).filter(|_| piece > 0)?;
        }
        Some(())
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }
}
