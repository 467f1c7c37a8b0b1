//! Reading a block: symbol map, selectors, code tables, then the symbols, which undo to the last column of the
//! Burrows-Wheeler transform.

use alloc::vec::Vec;

use super::bits::Bits;
use super::huffman::{CODE_LENGTH_MAX, Code, Next, SYMBOLS_MAX};

/// Symbols coded with the same table.
const GROUP_LENGTH: u32 = 50;
const TABLES_MAX: u32 = 6;
/// Selectors that a block of 900,000 bytes can use. More may be in a block (some encoders round up); they are ignored.
const SELECTORS_MAX: usize = 18_002;
const RUN_A: u16 = 0;
const RUN_B: u16 = 1;

#[derive(Clone, Copy, Default)]
enum Part {
    #[default]
    Origin,
    Map,
    MapGroup {
        left: u16,
    },
    Tables,
    Selectors,
    LengthStart,
    Lengths {
        symbol: usize,
        length: u8,
    },
    Symbols,
}

/// What reading came to.
pub(super) enum BlockEvent {
    /// The input ended before the block did.
    More,
    Complete,
    Randomised,
    Invalid(&'static str),
}

/// A block, as far as it has been read.
#[derive(Default)]
pub(super) struct Block {
    part: Part,
    max: usize,
    /// Where the original text begins in the sorted rotations.
    pub(super) origin: u32,
    /// The last column, one byte in each entry; the transform uses the high 24 bits.
    pub(super) column: Vec<u32>,
    /// How often each byte occurs in the column.
    pub(super) counts: Vec<u32>,
    /// The bytes that occur, those used last in front.
    front: Vec<u8>,
    map: u16,
    table_count: u32,
    selector_count: u32,
    selectors: Vec<u8>,
    selector_front: Vec<u8>,
    /// Ones seen of the present selector.
    ones: u32,
    selectors_read: u32,
    lengths: Vec<u8>,
    codes: Vec<Code>,
    /// Symbols left in the group, and which group comes next.
    group_left: u32,
    group: usize,
    /// The run being read, and what its next digit is worth.
    run: usize,
    run_worth: usize,
}

impl Block {
    /// Prepares for a block of at most `max` bytes.
    pub(super) fn begin(&mut self, max: usize) {
        self.part = Part::Origin;
        self.max = max;
        self.column.clear();
        self.counts.clear();
        self.counts.resize(256, 0);
        self.front.clear();
        self.selectors.clear();
        self.codes.clear();
        self.ones = 0;
        self.selectors_read = 0;
        self.group_left = 0;
        self.group = 0;
        self.run = 0;
        self.run_worth = 1;
    }

    /// Reads on, to the end of the block or of the input.
    pub(super) fn read(&mut self, bits: &mut Bits, input: &mut &[u8]) -> BlockEvent {
        loop {
            let step = match self.part {
                Part::Origin => self.read_origin(bits, input),
                Part::Map | Part::MapGroup { .. } => self.read_map(bits, input),
                Part::Tables => self.read_table_count(bits, input),
                Part::Selectors => self.read_selectors(bits, input),
                Part::LengthStart | Part::Lengths { .. } => self.read_lengths(bits, input),
                Part::Symbols => return self.read_symbols(bits, input),
            };
            match step {
                Some(Ok(part)) => self.part = part,
                Some(Err(event)) => return event,
                None => return BlockEvent::More,
            }
        }
    }

    fn read_origin(&mut self, bits: &mut Bits, input: &mut &[u8]) -> Option<Result<Part, BlockEvent>> {
        let fields = bits.take(25, input)?;
        if fields >> 24 != 0 {
            return Some(Err(BlockEvent::Randomised));
        }
        self.origin = fields;
        Some(Ok(Part::Map))
    }

    fn read_map(&mut self, bits: &mut Bits, input: &mut &[u8]) -> Option<Result<Part, BlockEvent>> {
        // The map says which groups of sixteen bytes occur; each that does has a map of its own.
        let mut left = match self.part {
            Part::MapGroup { left } => left,
            _ => {
                self.map = u16::try_from(bits.take(16, input)?).unwrap_or(0);
                self.map
            }
        };
        while left != 0 {
            self.part = Part::MapGroup { left };
            let group = left.leading_zeros();
            let members = bits.take(16, input)?;
            for member in (0..16_u32).filter(|member| members & (0x8000 >> member) != 0) {
                self.front.push(u8::try_from(group.saturating_mul(16).saturating_add(member)).unwrap_or(u8::MAX));
            }
            left &= !(0x8000 >> group);
        }
        Some(if self.front.is_empty() { Err(BlockEvent::Invalid("a block uses no byte")) } else { Ok(Part::Tables) })
    }

    fn read_table_count(&mut self, bits: &mut Bits, input: &mut &[u8]) -> Option<Result<Part, BlockEvent>> {
        let fields = bits.take(18, input)?;
        self.table_count = fields >> 15;
        self.selector_count = fields & 0x7fff;
        if !(2..=TABLES_MAX).contains(&self.table_count) {
            return Some(Err(BlockEvent::Invalid("a block has not 2 to 6 code tables")));
        }
        if self.selector_count == 0 {
            return Some(Err(BlockEvent::Invalid("a block has no selector")));
        }
        self.selector_front.clear();
        self.selector_front.extend((0_u8..).zip(0..self.table_count).map(|(table, _)| table));
        Some(Ok(Part::Selectors))
    }

    fn read_selectors(&mut self, bits: &mut Bits, input: &mut &[u8]) -> Option<Result<Part, BlockEvent>> {
        while self.selectors_read < self.selector_count {
            while bits.take(1, input)? == 1 {
                self.ones = self.ones.saturating_add(1);
                if self.ones >= self.table_count {
                    return Some(Err(BlockEvent::Invalid("a selector names a table that is not there")));
                }
            }
            let position = usize::try_from(self.ones).unwrap_or(usize::MAX);
            if let Some(table) = move_to_front(&mut self.selector_front, position)
                && self.selectors.len() < SELECTORS_MAX
            {
                self.selectors.push(table);
            }
            self.ones = 0;
            self.selectors_read = self.selectors_read.saturating_add(1);
        }
        Some(Ok(Part::LengthStart))
    }

    fn read_lengths(&mut self, bits: &mut Bits, input: &mut &[u8]) -> Option<Result<Part, BlockEvent>> {
        let symbols = self.front.len().saturating_add(2).min(SYMBOLS_MAX);
        let (mut symbol, mut length) = match self.part {
            Part::Lengths { symbol, length } => (symbol, length),
            _ => {
                self.lengths.clear();
                (0, u8::try_from(bits.take(5, input)?).unwrap_or(0))
            }
        };
        while symbol < symbols {
            // 0: this is the length; 10: one more; 11: one less.
            loop {
                self.part = Part::Lengths { symbol, length };
                if !(1..=CODE_LENGTH_MAX).contains(&length) {
                    return Some(Err(BlockEvent::Invalid("a code length is not 1 to 20")));
                }
                if bits.available(2, input) == 0 {
                    return None;
                }
                if bits.peek(1) == 0 {
                    bits.skip(1);
                    break;
                }
                length = match bits.take(2, input)? {
                    0b10 => length.saturating_add(1),
                    _ => length.saturating_sub(1),
                };
            }
            self.lengths.push(length);
            symbol = symbol.saturating_add(1);
        }
        let Some(code) = Code::new(&self.lengths) else {
            return Some(Err(BlockEvent::Invalid("the code lengths give more codes than there can be")));
        };
        self.codes.push(code);
        let complete = u32::try_from(self.codes.len()).is_ok_and(|count| count >= self.table_count);
        Some(Ok(if complete { Part::Symbols } else { Part::LengthStart }))
    }

    fn read_symbols(&mut self, bits: &mut Bits, input: &mut &[u8]) -> BlockEvent {
        let end = u16::try_from(self.front.len().saturating_add(1)).unwrap_or(u16::MAX);
        loop {
            if self.group_left == 0 {
                if self.selectors.get(self.group).is_none() {
                    return BlockEvent::Invalid("a block has more symbols than its selectors are for");
                }
                self.group = self.group.saturating_add(1);
                self.group_left = GROUP_LENGTH;
            }
            let selector = self.selectors.get(self.group.saturating_sub(1)).copied().unwrap_or(0);
            let Some(code) = self.codes.get(usize::from(selector)) else {
                return BlockEvent::Invalid("a selector names a table that is not there");
            };
            // The rest of the group, without looking the table up again.
            while self.group_left > 0 {
                let symbol = match code.next(bits, input) {
                    Next::Symbol(symbol) => symbol,
                    Next::More => return BlockEvent::More,
                    Next::Invalid => return BlockEvent::Invalid("the bits begin no code"),
                };
                self.group_left = self.group_left.saturating_sub(1);
                if symbol <= RUN_B {
                    // Runs of the front byte, in bijective base 2: A is worth once the place, B twice.
                    let digit = if symbol == RUN_A { self.run_worth } else { self.run_worth.saturating_mul(2) };
                    self.run = self.run.saturating_add(digit);
                    self.run_worth = self.run_worth.saturating_mul(2);
                    if self.run > self.max.saturating_sub(self.column.len()) {
                        return BlockEvent::Invalid("a block is longer than its stream allows");
                    }
                    continue;
                }
                if self.run > 0 {
                    let byte = self.front.first().copied().unwrap_or(0);
                    self.column.resize(self.column.len().saturating_add(self.run), u32::from(byte));
                    if let Some(count) = self.counts.get_mut(usize::from(byte)) {
                        *count = count.saturating_add(u32::try_from(self.run).unwrap_or(u32::MAX));
                    }
                    self.run = 0;
                    self.run_worth = 1;
                }
                if symbol == end {
                    return BlockEvent::Complete;
                }
                if self.column.len() >= self.max {
                    return BlockEvent::Invalid("a block is longer than its stream allows");
                }
                let position = usize::from(symbol.saturating_sub(1));
                let Some(byte) = move_to_front(&mut self.front, position) else {
                    return BlockEvent::Invalid("a symbol names a byte that does not occur");
                };
                self.column.push(u32::from(byte));
                if let Some(count) = self.counts.get_mut(usize::from(byte)) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }
}

/// Moves the entry at `position` to the front and gives it.
#[inline]
fn move_to_front(list: &mut [u8], position: usize) -> Option<u8> {
    let byte = list.get(position).copied()?;
    list.copy_within(..position, 1);
    *list.first_mut()? = byte;
    Some(byte)
}
