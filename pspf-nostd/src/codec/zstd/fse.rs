//! Finite state entropy (RFC 8878 §4.1): tables of probabilities, and the states that they lead through.

use super::bits::{Backward, Forward, index};
use alloc::vec::Vec;

/// What the symbols of a table stand for.
pub(super) struct Alphabet {
    /// Largest table accepted, as a power of two.
    log_max: u32,
    /// What the first symbol stands for.
    first: u32,
    /// How many more bits each symbol is followed by. Each stands for the values behind those of the one before it.
    extra: &'static [u8],
    /// The table that needs no description, and its size as a power of two.
    usual: (u32, &'static [i8]),
}

/// Literals_Length_Code.
pub(super) const LITERALS: Alphabet = Alphabet {
    log_max: 9,
    first: 0,
    extra: &[
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        16,
    ],
    usual: (
        6,
        &[
            4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1,
            -1,
        ],
    ),
};

/// Offset_Code.
pub(super) const OFFSETS: Alphabet = Alphabet {
    log_max: 8,
    first: 1,
    extra: &[
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
        30, 31,
    ],
    usual: (5, &[1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1]),
};

/// Match_Length_Code.
pub(super) const MATCHES: Alphabet = Alphabet {
    log_max: 9,
    first: 3,
    extra: &[
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2,
        2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    ],
    usual: (
        6,
        &[
            1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
        ],
    ),
};

/// Weights of a Huffman table: a code has at most 11 bits.
pub(super) const WEIGHTS: Alphabet = Alphabet { log_max: 6, first: 0, extra: &[0; 12], usual: (0, &[]) };

/// A state.
#[derive(Clone, Copy, Default)]
struct State {
    /// What its symbol stands for, without the extra bits.
    base: u32,
    extra: u8,
    /// Bits that are added to `next` for the next state.
    bits: u8,
    next: u16,
}

/// A table: its states are a power of two.
pub(super) struct Table {
    log: u32,
    states: Vec<State>,
}

impl Table {
    /// The table that the alphabet has by rule.
    pub(super) fn usual(alphabet: &Alphabet) -> Option<Self> {
        let (log, probabilities) = alphabet.usual;
        let probabilities: Vec<i16> = probabilities.iter().copied().map(i16::from).collect();
        Self::build(alphabet, log, &probabilities)
    }

    /// A table of one symbol.
    pub(super) fn single(alphabet: &Alphabet, symbol: u8) -> Option<Self> {
        let (base, extra) = alphabet.value(usize::from(symbol))?;
        Some(Self { log: 0, states: [State { base, extra, bits: 0, next: 0 }].into() })
    }

    /// Reads a description (§4.1.1); gives the bytes behind it, too.
    pub(super) fn read<'a>(alphabet: &Alphabet, bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut stream = Forward { bytes, at: 0 };
        let log = stream.read(4).saturating_add(5);
        if log > alphabet.log_max {
            return None;
        }
        let mut left = 1_u32 << log;
        let mut probabilities: Vec<i16> = Vec::new();
        while left > 0 && probabilities.len() < alphabet.extra.len() {
            // A value from 0 to left + 1, the small ones in one bit less.
            let count = u32::BITS.saturating_sub(left.saturating_add(1).leading_zeros());
            let small = (1_u32 << count).saturating_sub(left).saturating_sub(2);
            let low = stream.peek(count.saturating_sub(1));
            let value = if low < small {
                stream.read(count.saturating_sub(1))
            } else {
                let value = stream.read(count);
                if value >> count.saturating_sub(1) == 0 { value } else { value.saturating_sub(small) }
            };
            let probability = i16::try_from(value).ok()?.checked_sub(1)?;
            left = left.checked_sub(u32::from(probability.unsigned_abs()))?;
            probabilities.push(probability);
            if probability != 0 {
                continue;
            }
            // How many more have none; three say that another such number follows. Behind the end are zeros, so that this ends.
            loop {
                let more = stream.read(2);
                probabilities.resize(probabilities.len().saturating_add(index(more)), 0);
                if more < 3 || probabilities.len() > alphabet.extra.len() {
                    break;
                }
            }
        }
        let rest = bytes.get(stream.at.div_ceil(8)..)?;
        if left > 0 || probabilities.len() > alphabet.extra.len() {
            return None;
        }
        Some((Self::build(alphabet, log, &probabilities)?, rest))
    }

    fn build(alphabet: &Alphabet, log: u32, probabilities: &[i16]) -> Option<Self> {
        let size = 1_usize << log;
        let mut symbols = alloc::vec![0_u8; size];
        // Symbols that are less likely than one state have one, at the end.
        let mut high = size;
        for (symbol, _) in (0_u8..).zip(probabilities).filter(|(_, probability)| **probability < 0) {
            high = high.checked_sub(1)?;
            *symbols.get_mut(high)? = symbol;
        }
        let step = (size >> 1).saturating_add(size >> 3).saturating_add(3);
        let mut at = 0_usize;
        for (symbol, probability) in (0_u8..).zip(probabilities) {
            for _ in 0..*probability {
                *symbols.get_mut(at)? = symbol;
                loop {
                    at = at.saturating_add(step) & size.saturating_sub(1);
                    if at < high {
                        break;
                    }
                }
            }
        }
        let mut counts: Vec<u16> = probabilities.iter().map(|probability| probability.unsigned_abs()).collect();
        let mut states = Vec::with_capacity(size);
        for symbol in symbols.into_iter().map(usize::from) {
            let count = counts.get_mut(symbol)?;
            let bits = log.checked_sub(count.checked_ilog2()?)?;
            let next = u16::try_from((u32::from(*count) << bits).checked_sub(1 << log)?).ok()?;
            *count = count.checked_add(1)?;
            let (base, extra) = alphabet.value(symbol)?;
            states.push(State { base, extra, bits: u8::try_from(bits).ok()?, next });
        }
        Some(Self { log, states })
    }

    /// Begins to decode.
    pub(super) fn decoder(&self, stream: &mut Backward<'_>) -> Decoder<'_> {
        Decoder { table: self, state: index(stream.read(self.log)) }
    }
}

impl Alphabet {
    /// What a symbol stands for: the least value, and the bits that say more.
    fn value(&self, symbol: usize) -> Option<(u32, u8)> {
        let before = self.extra.get(..symbol)?.iter();
        let base = before.fold(self.first, |base, extra| base.saturating_add(1 << extra));
        self.extra.get(symbol).map(|extra| (base, *extra))
    }
}

/// Where decoding is.
pub(super) struct Decoder<'a> {
    table: &'a Table,
    state: usize,
}

impl Decoder<'_> {
    fn state(&self) -> State {
        self.table.states.get(self.state).copied().unwrap_or_default()
    }

    /// The value of the present symbol, with its extra bits.
    pub(super) fn value(&self, stream: &mut Backward<'_>) -> u32 {
        let state = self.state();
        state.base.saturating_add(stream.read(u32::from(state.extra)))
    }

    pub(super) fn advance(&mut self, stream: &mut Backward<'_>) {
        let state = self.state();
        self.state = usize::from(state.next).saturating_add(index(stream.read(u32::from(state.bits))));
    }
}
