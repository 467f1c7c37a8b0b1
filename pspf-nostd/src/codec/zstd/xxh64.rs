//! XXH64, of which frames carry the low half (RFC 8878 §3.1.1).

use crate::offsets::length;
use alloc::vec::Vec;

const P1: u64 = 0x9e37_79b1_85eb_ca87;
const P2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const P3: u64 = 0x1656_67b1_9e37_79f9;
const P4: u64 = 0x85eb_ca77_c2b2_ae63;
const P5: u64 = 0x27d4_eb2f_1656_67c5;

/// A hash with seed 0 that grows.
pub(super) struct Xxh64 {
    lanes: [u64; 4],
    /// What does not fill a stripe of 32 bytes yet.
    held: Vec<u8>,
    total: u64,
}

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1)
}

impl Xxh64 {
    pub(super) fn new() -> Self {
        Self { lanes: [P1.wrapping_add(P2), P2, 0, 0_u64.wrapping_sub(P1)], held: Vec::new(), total: 0 }
    }

    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        self.total = self.total.wrapping_add(length(bytes));
        if !self.held.is_empty() {
            let missing = 32_usize.saturating_sub(self.held.len()).min(bytes.len());
            let (mine, rest) = bytes.split_at(missing);
            self.held.extend_from_slice(mine);
            bytes = rest;
            if self.held.len() == 32 {
                let held = core::mem::take(&mut self.held);
                self.stripes(&held);
            }
        }
        let whole = bytes.len() & !31;
        let (stripes, rest) = bytes.split_at(whole);
        self.stripes(stripes);
        self.held.extend_from_slice(rest);
    }

    fn stripes(&mut self, bytes: &[u8]) {
        let (words, _) = bytes.as_chunks::<8>();
        for stripe in words.chunks_exact(4) {
            for (lane, word) in self.lanes.iter_mut().zip(stripe) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
    }

    /// The low half.
    pub(super) fn finish(&self) -> u32 {
        let [_, _, third, _] = self.lanes;
        let mut hash = if self.total >= 32 {
            let rotated = self.lanes.iter().zip([1, 7, 12, 18]).map(|(lane, by)| lane.rotate_left(by));
            let sum = rotated.fold(0, u64::wrapping_add);
            self.lanes.iter().fold(sum, |hash, lane| (hash ^ round(0, *lane)).wrapping_mul(P1).wrapping_add(P4))
        } else {
            third.wrapping_add(P5)
        };
        hash = hash.wrapping_add(self.total);
        let (words, rest) = self.held.as_chunks::<8>();
        for word in words {
            hash = (hash ^ round(0, u64::from_le_bytes(*word))).rotate_left(27).wrapping_mul(P1).wrapping_add(P4);
        }
        let (half, rest) = match rest.split_first_chunk::<4>() {
            Some((half, rest)) => (Some(u64::from(u32::from_le_bytes(*half))), rest),
            None => (None, rest),
        };
        if let Some(half) = half {
            hash = (hash ^ half.wrapping_mul(P1)).rotate_left(23).wrapping_mul(P2).wrapping_add(P3);
        }
        for byte in rest {
            hash = (hash ^ u64::from(*byte).wrapping_mul(P5)).rotate_left(11).wrapping_mul(P1);
        }
        hash = (hash ^ hash >> 33).wrapping_mul(P2);
        hash = (hash ^ hash >> 29).wrapping_mul(P3);
        hash ^= hash >> 32;
        let [a, b, c, d, ..] = hash.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}
