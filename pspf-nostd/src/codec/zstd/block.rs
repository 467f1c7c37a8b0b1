//! Blocks (RFC 8878 §3.1.1.3): literals, and sequences that say what of them and of what came before goes where.

use super::{
    bits::{Backward, index},
    fse::{self, Alphabet, Decoder, Table},
    huffman::Codes,
};
use crate::codec::history::History;
use crate::offsets::{little_endian, position};
use alloc::vec::Vec;

/// Most bytes of one block.
const BLOCK_MAX: usize = 128 << 10;

/// Kinds of blocks: stored as it is, and one byte again and again.
const BLOCK_RAW: u32 = 0;
pub(super) const BLOCK_RLE: u32 = 1;

/// What a frame's blocks leave to the next ones.
pub(super) struct Blocks {
    window: usize,
    history: History,
    codes: Option<Codes>,
    /// Of literals' lengths, offsets, matches' lengths.
    tables: [Option<Table>; 3],
    /// The last three offsets, the latest first.
    offsets: [usize; 3],
}

/// The `N` bytes that `bytes` begin with, and the rest; the bytes are shortened by them.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

impl Blocks {
    /// The blocks of a frame whose matches reach `window` bytes back.
    pub(super) fn new(window: u64) -> Self {
        Self {
            window: position(window),
            history: History::new(position(window)),
            codes: None,
            tables: [None, None, None],
            offsets: [1, 4, 8],
        }
    }

    /// Decodes a block: what it says of its kind and size, and its content. `None` where it is invalid.
    pub(super) fn decode(&mut self, kind: u32, size: u32, mut content: &[u8]) -> Option<&[u8]> {
        self.history.make_room(BLOCK_MAX);
        let start = self.history.len();
        match kind {
            BLOCK_RAW => self.history.push(content),
            BLOCK_RLE => self.history.fill(*content.first()?, index(size)),
            _ => {
                let literals = self.literals(&mut content)?;
                self.sequences(content, &literals)?;
            }
        }
        // Block_Maximum_Size is the window, if that is smaller.
        Some(self.history.from(start)).filter(|decoded| decoded.len() <= self.window.min(BLOCK_MAX))
    }

    /// Literals_Section.
    fn literals(&mut self, bytes: &mut &[u8]) -> Option<Vec<u8>> {
        let first = *bytes.first()?;
        let (kind, format) = (first & 3, first >> 2 & 3);
        if kind < 2 {
            let length = [1, 2, 1, 3].get(usize::from(format))?;
            let header = take_number(bytes, *length)?;
            let size = index(header >> if format & 1 == 0 { 3 } else { 4 });
            if size > BLOCK_MAX {
                return None;
            }
            return Some(if kind == 0 {
                let (raw, rest) = bytes.split_at_checked(size)?;
                *bytes = rest;
                raw.to_vec()
            } else {
                let [byte] = take(bytes)?;
                alloc::vec![byte; size]
            });
        }
        // The two sizes have 10, 10, 14 or 18 bits each.
        let (length, bits) = *[(3, 10), (3, 10), (4, 14), (5, 18)].get(usize::from(format))?;
        let low = take_wide_number(bytes, length)? >> 4;
        let mask = (1_u64 << bits).saturating_sub(1);
        let (size, stored) = (position(low & mask), position(low >> bits & mask));
        let (mut section, rest) = bytes.split_at_checked(stored)?;
        *bytes = rest;
        if size > BLOCK_MAX {
            return None;
        }
        if kind == 2 {
            let (codes, rest) = Codes::read(section)?;
            (self.codes, section) = (Some(codes), rest);
        }
        let codes = self.codes.as_ref()?;
        let mut literals = Vec::with_capacity(size);
        if format == 0 {
            codes.decode(section, size, &mut literals)?;
            return Some(literals);
        }
        let sizes: [[u8; 2]; 3] = [take(&mut section)?, take(&mut section)?, take(&mut section)?];
        let quarter = size.div_ceil(4);
        for size in sizes {
            let (stream, rest) = section.split_at_checked(usize::from(u16::from_le_bytes(size)))?;
            codes.decode(stream, quarter, &mut literals)?;
            section = rest;
        }
        codes.decode(section, size.checked_sub(quarter.saturating_mul(3))?, &mut literals)?;
        Some(literals)
    }

    /// Sequences_Section: decodes and follows the sequences.
    fn sequences(&mut self, mut bytes: &[u8], mut literals: &[u8]) -> Option<()> {
        let [first] = take(&mut bytes)?;
        let count = match first {
            0..=127 => usize::from(first),
            128..=254 => {
                let [low] = take(&mut bytes)?;
                usize::from(u16::from_be_bytes([first & 0x7f, low]))
            }
            255 => usize::from(u16::from_le_bytes(take(&mut bytes)?)).saturating_add(0x7f00),
        };
        let end = self.history.len().saturating_add(BLOCK_MAX);
        if count == 0 {
            self.history.push(literals);
            return bytes.is_empty().then_some(());
        }
        let [modes] = take(&mut bytes)?;
        if modes & 3 != 0 {
            return None;
        }
        let alphabets = [&fse::LITERALS, &fse::OFFSETS, &fse::MATCHES];
        for ((table, alphabet), shift) in self.tables.iter_mut().zip(alphabets).zip([6, 4, 2]) {
            read_table(table, alphabet, modes >> shift & 3, &mut bytes)?;
        }
        let [Some(lengths), Some(offsets), Some(matches)] = &self.tables else { return None };
        let mut stream = Backward::new(bytes)?;
        let mut decoders = [lengths.decoder(&mut stream), offsets.decoder(&mut stream), matches.decoder(&mut stream)];
        for number in (0..count).rev() {
            let [length, offset, matched] = &decoders;
            let offset = offset.value(&mut stream);
            let matched = index(matched.value(&mut stream));
            let length = index(length.value(&mut stream));
            let offset = next_offset(&mut self.offsets, index(offset), length == 0)?;
            let (mine, rest) = literals.split_at_checked(length)?;
            literals = rest;
            self.history.push(mine);
            if self.history.len().saturating_add(matched) > end {
                return None;
            }
            self.history.repeat(offset, matched)?;
            if number > 0 {
                let [length, offset, matched] = &mut decoders;
                for decoder in [length, matched, offset] {
                    Decoder::advance(decoder, &mut stream);
                }
            }
        }
        self.history.push(literals);
        (stream.is_done() && self.history.len() <= end).then_some(())
    }
}

fn take_number(bytes: &mut &[u8], length: usize) -> Option<u32> {
    u32::try_from(take_wide_number(bytes, length)?).ok()
}

fn take_wide_number(bytes: &mut &[u8], length: usize) -> Option<u64> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(little_endian(taken))
}

/// The table that the mode names (§3.1.1.3.2.1.1); the one of the block before stays for mode 3.
fn read_table(table: &mut Option<Table>, alphabet: &Alphabet, mode: u8, bytes: &mut &[u8]) -> Option<()> {
    *table = Some(match mode {
        0 => Table::usual(alphabet)?,
        1 => {
            let [symbol] = take(bytes)?;
            Table::single(alphabet, symbol)?
        }
        2 => {
            let (read, rest) = Table::read(alphabet, bytes)?;
            *bytes = rest;
            read
        }
        _ => return table.is_some().then_some(()),
    });
    Some(())
}

/// What an offset value means (§3.1.1.5): one of the last three offsets, or a new one, which is the latest then.
fn next_offset(last: &mut [usize; 3], value: usize, without_literals: bool) -> Option<usize> {
    let [first, second, third] = *last;
    *last = match (value.checked_sub(3), value.saturating_add(usize::from(without_literals))) {
        (Some(offset), _) if offset > 0 => [offset, first, second],
        (_, 1) => *last,
        (_, 2) => [second, first, third],
        (_, 3) => [third, first, second],
        _ => [first.checked_sub(1).filter(|offset| *offset > 0)?, first, second],
    };
    let [latest, ..] = *last;
    Some(latest)
}
