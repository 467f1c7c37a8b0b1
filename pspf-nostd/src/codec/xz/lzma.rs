//! LZMA: literals and matches, coded with adaptive probabilities by a range coder.

use super::super::history::History;
use crate::offsets::position;
use alloc::vec::Vec;

/// Contexts: by state (12) and position (16), by state, and by slot, length and bits.
const IS_MATCH: usize = 0;
const IS_REPEATED: usize = IS_MATCH + 12 * 16;
const IS_NOT_LAST: usize = IS_REPEATED + 12;
const IS_NOT_SECOND: usize = IS_NOT_LAST + 12;
const IS_NOT_THIRD: usize = IS_NOT_SECOND + 12;
const IS_LONG: usize = IS_NOT_THIRD + 12;
const SLOT: usize = IS_LONG + 12 * 16;
const DISTANCE: usize = SLOT + 4 * 64;
const ALIGNMENT: usize = DISTANCE + 114;
const LENGTH: usize = ALIGNMENT + 16;
const REPEATED_LENGTH: usize = LENGTH + LENGTHS;
const LITERAL: usize = REPEATED_LENGTH + LENGTHS;

/// Contexts of a length: two choices, eight low and eight middle ones by position (16), 256 high ones.
const LENGTHS: usize = 2 + 16 * 8 + 16 * 8 + 256;
/// Contexts of literals for one of their groups.
const LITERALS: usize = 0x300;
/// A probability of one half, in 2048ths.
const HALF: u16 = 1024;

/// Decoder of chunks, with what one leaves to the next.
#[derive(Default)]
pub(super) struct Lzma {
    /// How many bits of the byte before (`lc`) and of the position (`lp`) choose a literal's group; bits of the position
    /// elsewhere (`pb`).
    properties: [u32; 3],
    probabilities: Vec<u16>,
    state: usize,
    /// The last four distances, the latest first; a distance of 0 is the byte before.
    distances: [u32; 4],
    /// Bytes since the dictionary was reset.
    at: usize,
    range: u32,
    code: u32,
    /// Bytes of the chunk that the range coder took.
    taken: usize,
}

impl Lzma {
    /// The dictionary is reset.
    pub(super) fn forget(&mut self) {
        self.at = 0;
    }

    /// Plain bytes went by.
    pub(super) fn pass(&mut self, count: usize) {
        self.at = self.at.wrapping_add(count);
    }

    pub(super) fn set_properties(&mut self, byte: u8) -> Option<()> {
        let (lc, lp, pb) = (u32::from(byte % 9), u32::from(byte / 9 % 5), u32::from(byte / 45));
        if pb > 4 || lc + lp > 4 {
            return None;
        }
        self.properties = [lc, lp, pb];
        self.reset();
        Some(())
    }

    pub(super) fn reset(&mut self) {
        let [lc, lp, _] = self.properties;
        self.probabilities.clear();
        self.probabilities.resize(LITERAL.saturating_add(LITERALS << (lc + lp)), HALF);
        (self.state, self.distances) = (0, [0; 4]);
    }

    /// Begins a chunk.
    pub(super) fn begin(&mut self, chunk: &[u8]) -> Option<()> {
        let ([0, code @ ..], _) = chunk.split_first_chunk::<5>()? else { return None };
        (self.range, self.code, self.taken) = (u32::MAX, u32::from_be_bytes(*code), 5);
        Some(())
    }

    /// Ends a chunk: all of it was taken, and nothing is left in the coder.
    pub(super) fn end(&mut self, chunk: &[u8]) -> Option<()> {
        self.normalise(chunk);
        (self.taken == chunk.len() && self.code == 0).then_some(())
    }

    /// Appends at least `wanted` and at most `left` bytes.
    pub(super) fn decode(&mut self, chunk: &[u8], history: &mut History, wanted: usize, left: usize) -> Option<()> {
        let start = history.len();
        loop {
            let done = history.len().saturating_sub(start);
            if done >= wanted {
                return Some(());
            }
            let [_, _, pb] = self.properties;
            let place = self.at & (1_usize << pb).wrapping_sub(1);
            let context = self.state.wrapping_mul(16).wrapping_add(place);
            let before = history.len();
            if self.bit(chunk, IS_MATCH.wrapping_add(context)) == 0 {
                let byte = self.literal(chunk, history);
                history.push_byte(byte);
            } else {
                let count = self.matched(chunk, place, context)?;
                let [distance, ..] = self.distances;
                if count > left.saturating_sub(done) || self.taken > chunk.len() {
                    return None;
                }
                history.repeat(position(u64::from(distance).saturating_add(1)), count)?;
            }
            self.pass(history.len().saturating_sub(before));
        }
    }

    fn literal(&mut self, chunk: &[u8], history: &History) -> u8 {
        let [lc, lp, _] = self.properties;
        let low = self.at & (1_usize << lp).wrapping_sub(1);
        let group = low << lc | usize::from(history.byte(1)) >> 8_u32.saturating_sub(lc);
        let base = LITERAL.saturating_add(LITERALS.wrapping_mul(group));
        let [distance, ..] = self.distances;
        // Behind a match the byte that would have followed it says something of this one, as long as the bits agree.
        let mut other = if self.state < 7 {
            None
        } else {
            Some(usize::from(history.byte(position(u64::from(distance).saturating_add(1)))))
        };
        let mut symbol = 1_usize;
        while symbol < 0x100 {
            let context = match &mut other {
                None => symbol,
                Some(byte) => {
                    *byte <<= 1;
                    symbol.wrapping_add(0x100).wrapping_add(*byte & 0x100)
                }
            };
            let bit = self.bit_here(chunk, base.wrapping_add(context));
            symbol = symbol << 1 | bit;
            other = other.filter(|byte| *byte >> 8 & 1 == bit);
        }
        self.state = match self.state {
            0..4 => 0,
            4..10 => self.state.wrapping_sub(3),
            _ => self.state.wrapping_sub(6),
        };
        let [byte, ..] = symbol.to_le_bytes();
        byte
    }

    /// The length of a match, whose distance is the latest then.
    fn matched(&mut self, chunk: &[u8], place: usize, context: usize) -> Option<usize> {
        let [first, second, third, fourth] = self.distances;
        let state = self.state;
        let late = state >= 7;
        if self.bit(chunk, IS_REPEATED.wrapping_add(state)) == 0 {
            self.state = if late { 10 } else { 7 };
            let count = self.count(chunk, LENGTH, place);
            let distance = self.distance(chunk, count);
            self.distances = [distance, first, second, third];
            // The largest distance marks an end, which chunks do not have.
            return (distance != u32::MAX).then_some(count);
        }
        if self.bit(chunk, IS_NOT_LAST.wrapping_add(state)) == 0 {
            if self.bit(chunk, IS_LONG.wrapping_add(context)) == 0 {
                self.state = if late { 11 } else { 9 };
                return Some(1);
            }
        } else if self.bit(chunk, IS_NOT_SECOND.wrapping_add(state)) == 0 {
            self.distances = [second, first, third, fourth];
        } else if self.bit(chunk, IS_NOT_THIRD.wrapping_add(state)) == 0 {
            self.distances = [third, first, second, fourth];
        } else {
            self.distances = [fourth, first, second, third];
        }
        self.state = if late { 11 } else { 8 };
        Some(self.count(chunk, REPEATED_LENGTH, place))
    }

    /// A length, from 2 to 273.
    fn count(&mut self, chunk: &[u8], base: usize, place: usize) -> usize {
        let (tree, bits, least) = if self.bit(chunk, base) == 0 {
            (2 + place * 8, 3, 2)
        } else if self.bit(chunk, base.wrapping_add(1)) == 0 {
            (2 + 16 * 8 + place * 8, 3, 10)
        } else {
            (2 + 2 * 16 * 8, 8, 18)
        };
        self.tree(chunk, base.wrapping_add(tree), bits).wrapping_add(least)
    }

    fn distance(&mut self, chunk: &[u8], count: usize) -> u32 {
        let kind = count.saturating_sub(2).min(3);
        let slot = self.tree(chunk, SLOT.wrapping_add(kind.wrapping_mul(64)), 6);
        let high = u32::try_from(2 | slot & 1).unwrap_or(2);
        let Some(bits) = u32::try_from(slot >> 1).unwrap_or(0).checked_sub(1).filter(|bits| *bits > 0) else {
            return u32::try_from(slot).unwrap_or(0);
        };
        let distance = high << bits;
        if slot < 14 {
            let base = DISTANCE.wrapping_add(position(u64::from(distance))).wrapping_sub(slot).wrapping_sub(1);
            return distance.wrapping_add(self.reverse_tree(chunk, base, bits));
        }
        let mut middle = 0_u32;
        for _ in 4..bits {
            self.normalise(chunk);
            self.range >>= 1;
            let bit = u32::from(self.code >= self.range);
            self.code = self.code.wrapping_sub(self.range.wrapping_mul(bit));
            middle = middle << 1 | bit;
        }
        distance.wrapping_add(middle << 4).wrapping_add(self.reverse_tree(chunk, ALIGNMENT, 4))
    }

    /// `bits` bits, the most significant first.
    fn tree(&mut self, chunk: &[u8], base: usize, bits: u32) -> usize {
        let mut symbol = 1_usize;
        for _ in 0..bits {
            symbol = symbol << 1 | self.bit_here(chunk, base.wrapping_add(symbol));
        }
        symbol.wrapping_sub(1 << bits)
    }

    /// `bits` bits, the least significant first.
    fn reverse_tree(&mut self, chunk: &[u8], base: usize, bits: u32) -> u32 {
        let (mut symbol, mut value) = (1_usize, 0_u32);
        for at in 0..bits {
            let bit = self.bit_here(chunk, base.wrapping_add(symbol));
            symbol = symbol << 1 | bit;
            value |= u32::from(bit == 1) << at;
        }
        value
    }

    /// One bit, with the probability at `context`, which learns from it.
    fn bit(&mut self, chunk: &[u8], context: usize) -> usize {
        self.bit_here(chunk, context)
    }

    /// The same without a call, for loops, where size is not all that counts.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn bit_here(&mut self, chunk: &[u8], context: usize) -> usize {
        self.normalise(chunk);
        // Every context is inside of what the properties made room for.
        let Some(probability) = self.probabilities.get_mut(context) else { return 0 };
        let bound = (self.range >> 11).wrapping_mul(u32::from(*probability));
        if self.code < bound {
            self.range = bound;
            *probability = probability.wrapping_add(2048_u16.wrapping_sub(*probability) >> 5);
            return 0;
        }
        self.range = self.range.wrapping_sub(bound);
        self.code = self.code.wrapping_sub(bound);
        *probability = probability.wrapping_sub(*probability >> 5);
        1
    }

    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    fn normalise(&mut self, chunk: &[u8]) {
        if self.range < 1 << 24 {
            let byte = chunk.get(self.taken).copied().unwrap_or(0);
            (self.range, self.code) = (self.range << 8, self.code << 8 | u32::from(byte));
            self.taken = self.taken.saturating_add(1);
        }
    }
}
