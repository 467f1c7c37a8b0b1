//! Bits, highest first, across pushes.

/// Bits taken from the input and not used yet. Everything it lacks it takes from the input it is lent.
#[derive(Default)]
pub(super) struct Bits {
    /// The unused bits, in the low `count` bits.
    held: u64,
    count: u32,
}

impl Bits {
    /// Takes as many whole bytes as fit.
    #[inline]
    fn refill(&mut self, input: &mut &[u8]) {
        while self.count <= 56 {
            let Some((&byte, rest)) = input.split_first() else { return };
            self.held = self.held << 8 | u64::from(byte);
            self.count = self.count.saturating_add(8);
            *input = rest;
        }
    }

    /// The next `count` bits (1 to 32); `None`, and nothing used, if there are not as many.
    #[inline]
    pub(super) fn take(&mut self, count: u32, input: &mut &[u8]) -> Option<u32> {
        if self.count < count {
            self.refill(input);
            if self.count < count {
                return None;
            }
        }
        let value = self.peek(count);
        self.skip(count);
        Some(value)
    }

    /// Makes up to `count` bits available; gives how many there are, at most 64.
    #[inline]
    pub(super) fn available(&mut self, count: u32, input: &mut &[u8]) -> u32 {
        if self.count < count {
            self.refill(input);
        }
        self.count
    }

    /// The next `count` bits (1 to 32) without using them, filled up with zeros where there are fewer.
    #[inline]
    pub(super) fn peek(&self, count: u32) -> u32 {
        let aligned = if self.count >= count {
            self.held >> self.count.saturating_sub(count)
        } else {
            self.held << count.saturating_sub(self.count)
        };
        let mask = (1_u64 << count.min(32)).wrapping_sub(1);
        u32::try_from(aligned & mask).unwrap_or(0)
    }

    #[inline]
    pub(super) fn skip(&mut self, count: u32) {
        self.count = self.count.saturating_sub(count);
        self.held &= 1_u64.checked_shl(self.count).map_or(u64::MAX, |bit| bit.wrapping_sub(1));
    }

    /// Uses the bits up to the next whole byte, and gives them.
    pub(super) fn take_padding(&mut self) -> u32 {
        let count = self.count & 7;
        if count == 0 {
            return 0;
        }
        let value = self.peek(count);
        self.skip(count);
        value
    }

    /// Whole unused bytes.
    pub(super) fn whole_bytes(&self) -> u32 {
        self.count >> 3
    }

    /// All unused bits, if there are at most 32.
    pub(super) fn held(&self) -> u32 {
        u32::try_from(self.held).unwrap_or(u32::MAX)
    }
}
