//! DEFLATE (RFC 1951), as far as the input goes: what is not all there is begun again when more has come.

use super::super::{gather::take, history::History};
use alloc::vec::Vec;

/// Matches reach 32 KiB back.
const WINDOW: usize = 32 << 10;
/// Decoded bytes leave in pieces of about this many.
const PIECE_LENGTH: usize = 32 << 10;
/// The order in which the lengths of the lengths' codes stand.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// What was done of the input.
pub(super) enum Step {
    /// Bytes may have been decoded: those of the history from here on.
    Decoded(usize),
    /// The last block has ended.
    End,
    /// More input is needed.
    Starved,
}

enum State {
    Block,
    Stored {
        left: usize,
    },
    /// A block's own codes: so many literals' and distances' lengths, and so many lengths' codes.
    Lengths {
        literals: usize,
        distances: usize,
        codes: usize,
    },
    Coded,
    End,
}

/// Why a step was not made.
enum Fault {
    Starved,
    Invalid,
}

/// Codes by the bits that they begin with: the symbol and, in the low four bits, how many of the bits are its code.
type Codes = Vec<u16>;

/// Bits that came and were not used yet, the first ones low.
#[derive(Clone, Copy, Default)]
struct Bits {
    word: u64,
    count: u32,
}

impl Bits {
    /// Takes whole bytes of the input, so that 57 bits are there if the input has them.
    fn refill(&mut self, input: &mut &[u8]) {
        for byte in take(input, usize::try_from(63_u32.saturating_sub(self.count) / 8).unwrap_or(0)) {
            self.word |= u64::from(*byte) << self.count;
            self.count = self.count.saturating_add(8);
        }
    }

    fn peek(&self, count: u32) -> usize {
        usize::try_from(self.word & (1_u64 << count).wrapping_sub(1)).unwrap_or(0)
    }

    fn read(&mut self, count: u32) -> Result<usize, Fault> {
        let bits = self.peek(count);
        self.count = self.count.checked_sub(count).ok_or(Fault::Starved)?;
        self.word >>= count;
        Ok(bits)
    }

    fn symbol(&mut self, codes: &Codes) -> Result<usize, Fault> {
        let at = self.peek(codes.len().ilog2());
        let code = codes.get(at).copied().unwrap_or(0);
        if code & 0xf == 0 {
            return Err(if self.count < 15 { Fault::Starved } else { Fault::Invalid });
        }
        self.read(u32::from(code & 0xf))?;
        Ok(usize::from(code >> 4))
    }
}

/// Decoder of one stream.
pub(super) struct Inflater {
    bits: Bits,
    state: State,
    is_last: bool,
    lengths: Vec<u8>,
    code_lengths: Vec<u8>,
    literals: Codes,
    distances: Codes,
    history: History,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self {
            bits: Bits::default(),
            state: State::Block,
            is_last: false,
            lengths: Vec::new(),
            code_lengths: Vec::new(),
            literals: Vec::new(),
            distances: Vec::new(),
            history: History::new(WINDOW),
        }
    }

    pub(super) fn decoded(&self, start: usize) -> &[u8] {
        self.history.from(start)
    }

    /// Bytes behind the end of the stream that were taken already, fewer than eight.
    pub(super) fn behind(&self) -> Vec<u8> {
        let unused = self.bits.word >> (self.bits.count & 7);
        unused.to_le_bytes().into_iter().zip(0..self.bits.count >> 3).map(|(byte, _)| byte).collect()
    }

    /// Goes on; `None` where the data are invalid.
    pub(super) fn step(&mut self, input: &mut &[u8]) -> Option<Step> {
        self.history.make_room(PIECE_LENGTH.saturating_add(1 << 10));
        let start = self.history.len();
        loop {
            if matches!(self.state, State::End) {
                return Some(if self.history.len() > start { Step::Decoded(start) } else { Step::End });
            }
            if self.history.len().saturating_sub(start) >= PIECE_LENGTH {
                return Some(Step::Decoded(start));
            }
            if !matches!(self.state, State::Stored { .. }) {
                self.bits.refill(input);
            }
            let before = self.bits;
            match self.advance(input) {
                Ok(()) => {}
                Err(Fault::Invalid) => return None,
                Err(Fault::Starved) => {
                    self.bits = before;
                    if !input.is_empty() {
                        continue;
                    }
                    return Some(if self.history.len() > start { Step::Decoded(start) } else { Step::Starved });
                }
            }
        }
    }

    /// One step, which takes effect only if all of its bits are there.
    fn advance(&mut self, input: &mut &[u8]) -> Result<(), Fault> {
        match &mut self.state {
            State::Block => self.begin_block(),
            State::Stored { left } => {
                let before = self.history.len();
                while *left > 0 && self.bits.count >= 8 {
                    let [byte, ..] = self.bits.word.to_le_bytes();
                    self.bits.read(8)?;
                    self.history.push_byte(byte);
                    *left = left.saturating_sub(1);
                }
                let bytes = take(input, (*left).min(PIECE_LENGTH));
                self.history.push(bytes);
                *left = left.saturating_sub(bytes.len());
                if *left == 0 {
                    self.end_block();
                } else if self.history.len() == before {
                    return Err(Fault::Starved);
                }
                Ok(())
            }
            State::Lengths { .. } => self.read_lengths(),
            State::Coded => self.read_symbol(),
            State::End => Ok(()),
        }
    }

    fn begin_block(&mut self) -> Result<(), Fault> {
        let is_last = self.bits.read(1)? == 1;
        let state = match self.bits.read(2)? {
            0 => {
                self.bits.read(self.bits.count & 7)?;
                let (length, inverse) = (self.bits.read(16)?, self.bits.read(16)?);
                if length ^ inverse != 0xffff {
                    return Err(Fault::Invalid);
                }
                State::Stored { left: length }
            }
            1 => {
                let mut lengths: Vec<u8> = Vec::with_capacity(288);
                for (length, end) in [(8, 144), (9, 256), (7, 280), (8, 288)] {
                    lengths.resize(end, length);
                }
                self.literals = codes(&lengths)?;
                self.distances = codes(&[5; 32])?;
                State::Coded
            }
            2 => {
                let (literals, distances) =
                    (self.bits.read(5)?.saturating_add(257), self.bits.read(5)?.saturating_add(1));
                let codes = self.bits.read(4)?.saturating_add(4);
                if literals > 286 || distances > 30 {
                    return Err(Fault::Invalid);
                }
                self.code_lengths.clear();
                self.lengths.clear();
                State::Lengths { literals, distances, codes }
            }
            _ => return Err(Fault::Invalid),
        };
        (self.is_last, self.state) = (is_last, state);
        Ok(())
    }

    /// Reads one length of a code, or several of the same.
    fn read_lengths(&mut self) -> Result<(), Fault> {
        let State::Lengths { literals, distances, codes: count } = self.state else { return Ok(()) };
        if self.code_lengths.len() < count {
            let length = u8::try_from(self.bits.read(3)?).unwrap_or(0);
            self.code_lengths.push(length);
            if self.code_lengths.len() == count {
                let mut lengths = [0; ORDER.len()];
                for (symbol, length) in ORDER.iter().zip(&self.code_lengths) {
                    if let Some(place) = lengths.get_mut(usize::from(*symbol)) {
                        *place = *length;
                    }
                }
                // The literals' place is free until their lengths are known.
                self.literals = codes(&lengths)?;
            }
            return Ok(());
        }
        let symbol = self.bits.symbol(&self.literals)?;
        let (length, count) = match symbol {
            16 => (*self.lengths.last().ok_or(Fault::Invalid)?, self.bits.read(2)?.saturating_add(3)),
            17 => (0, self.bits.read(3)?.saturating_add(3)),
            18 => (0, self.bits.read(7)?.saturating_add(11)),
            _ => (u8::try_from(symbol).unwrap_or(0), 1),
        };
        self.lengths.resize(self.lengths.len().saturating_add(count), length);
        let total = literals.saturating_add(distances);
        if self.lengths.len() >= total {
            let (first, second) = self.lengths.split_at_checked(literals).ok_or(Fault::Invalid)?;
            // Without a code for its end a block has none.
            if self.lengths.len() > total || first.get(256) == Some(&0) {
                return Err(Fault::Invalid);
            }
            (self.literals, self.distances) = (codes(first)?, codes(second)?);
            self.state = State::Coded;
        }
        Ok(())
    }

    /// Reads a literal, a match or the end of the block.
    fn read_symbol(&mut self) -> Result<(), Fault> {
        let symbol = self.bits.symbol(&self.literals)?;
        let Some(code) = symbol.checked_sub(257) else {
            match u8::try_from(symbol) {
                Ok(byte) => self.history.push_byte(byte),
                Err(_) => self.end_block(),
            }
            return Ok(());
        };
        let length = match code {
            0..8 => code.saturating_add(3),
            8..28 => self.extended(code & 3 | 4, code / 4 - 1)?.saturating_add(3),
            28 => 258,
            _ => return Err(Fault::Invalid),
        };
        let distance = match self.bits.symbol(&self.distances)? {
            code @ 0..4 => code,
            code @ 4..30 => self.extended(code & 1 | 2, code / 2 - 1)?,
            _ => return Err(Fault::Invalid),
        };
        self.history.repeat(distance.saturating_add(1), length).ok_or(Fault::Invalid)
    }

    /// A value of `high` with `count` more bits behind it.
    fn extended(&mut self, high: usize, count: usize) -> Result<usize, Fault> {
        let low = self.bits.read(u32::try_from(count).unwrap_or(0))?;
        Ok(high << count | low)
    }

    fn end_block(&mut self) {
        self.state = if self.is_last { State::End } else { State::Block };
    }
}

/// Builds the codes that the lengths stand for (§3.2.2). All bits must have a meaning, unless there is one symbol or none.
fn codes(lengths: &[u8]) -> Result<Codes, Fault> {
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let used = lengths.iter().filter(|length| **length > 0);
    let space: u32 = used.clone().map(|length| 0x8000_u32 >> length).sum();
    if space > 0x8000 || space < 0x8000 && used.count() > 1 {
        return Err(Fault::Invalid);
    }
    let mut codes = alloc::vec![0; 1 << longest];
    let mut code = 0_u16;
    for length in 1..=longest {
        code <<= 1;
        for (symbol, _) in (0_u16..).zip(lengths).filter(|(_, of)| **of == length) {
            // Codes come with their first bit low.
            let start = usize::from(code.reverse_bits() >> 16_u32.saturating_sub(u32::from(length)));
            for place in codes.iter_mut().skip(start).step_by(1 << length) {
                *place = symbol << 4 | u16::from(length);
            }
            code = code.wrapping_add(1);
        }
    }
    Ok(codes)
}
