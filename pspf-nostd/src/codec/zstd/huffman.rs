//! Huffman codes of literals (RFC 8878 §4.2).

use super::{
    bits::{Backward, index},
    fse::{Table, WEIGHTS},
};
use alloc::vec::Vec;

/// Longest code.
const LENGTH_MAX: u32 = 11;

/// The codes: for every start of [`Self::length`] bits the symbol, and how many of the bits are its code.
pub(super) struct Codes {
    length: u32,
    starts: Vec<(u8, u8)>,
}

impl Codes {
    /// Reads a description (§4.2.1); gives the bytes behind it, too.
    pub(super) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (header, rest) = bytes.split_first()?;
        let (mut weights, rest) = match header.checked_sub(127) {
            Some(count) => {
                let (pairs, rest) = rest.split_at_checked(usize::from(count).div_ceil(2))?;
                let mut weights: Vec<u8> = pairs.iter().flat_map(|pair| [pair >> 4, pair & 0xf]).collect();
                weights.truncate(usize::from(count));
                (weights, rest)
            }
            None => {
                let (packed, rest) = rest.split_at_checked(usize::from(*header))?;
                (packed_weights(packed)?, rest)
            }
        };
        // The last weight fills the sum up to a power of two.
        let sum: u32 = weights.iter().map(|weight| 1_u32.checked_shl(u32::from(*weight)).unwrap_or(0) >> 1).sum();
        let length = sum.checked_ilog2()?.saturating_add(1);
        let left = (1_u32 << length.min(LENGTH_MAX)).checked_sub(sum)?;
        if !left.is_power_of_two() {
            return None;
        }
        weights.push(u8::try_from(left.ilog2().saturating_add(1)).ok()?);
        let mut starts = Vec::with_capacity(1 << LENGTH_MAX);
        for weight in (1_u8..).take(index(length)) {
            let bits = u8::try_from(length).ok()?.saturating_add(1).saturating_sub(weight);
            for (symbol, _) in weights.iter().enumerate().filter(|(_, of)| **of == weight) {
                let start = (u8::try_from(symbol).ok()?, bits);
                starts.resize(starts.len().saturating_add(1 << weight.saturating_sub(1)), start);
            }
        }
        Some((Self { length, starts }, rest))
    }

    /// Decodes one stream, which must give `count` literals and end with the last.
    pub(super) fn decode(&self, stream: &[u8], count: usize, literals: &mut Vec<u8>) -> Option<()> {
        let mut stream = Backward::new(stream)?;
        for _ in 0..count {
            let (symbol, bits) = self.starts.get(index(stream.peek(self.length)))?;
            stream.skip(u32::from(*bits));
            literals.push(*symbol);
        }
        stream.is_done().then_some(())
    }
}

/// Weights that are packed with finite state entropy, by two states in turn (§4.2.1.2).
fn packed_weights(bytes: &[u8]) -> Option<Vec<u8>> {
    let (table, rest) = Table::read(&WEIGHTS, bytes)?;
    let mut stream = Backward::new(rest)?;
    let mut states = [table.decoder(&mut stream), table.decoder(&mut stream)];
    let mut weights = Vec::new();
    // One symbol is not stated.
    while weights.len() < 255 {
        let [present, other] = &mut states;
        weights.push(u8::try_from(present.value(&mut stream)).ok()?);
        present.advance(&mut stream);
        if stream.is_over() {
            weights.push(u8::try_from(other.value(&mut stream)).ok()?);
            return Some(weights).filter(|weights| weights.len() < 256);
        }
        states.reverse();
    }
    None
}
