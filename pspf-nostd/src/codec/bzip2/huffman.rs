//! Prefix codes of a block: canonical, of 1 to 20 bits.

use super::bits::Bits;

/// Longest code, in bits.
pub(super) const CODE_LENGTH_MAX: u8 = 20;
/// Most symbols: two run symbols, 255 positions, end of block.
pub(super) const SYMBOLS_MAX: usize = 258;
/// Codes up to this length are looked up at once.
const FAST_LENGTH: u32 = 10;
const FAST_ENTRIES: usize = 1 << FAST_LENGTH;

/// A prefix code.
pub(super) struct Code {
    /// By the next ten bits: symbol and length of a code of at most ten bits, `symbol << 8 | length`; 0 for none.
    fast: [u32; FAST_ENTRIES],
    /// By length: the first code, how many codes there are, and where their symbols begin.
    ranges: [Range; 21],
    /// The symbols in the order of their codes.
    symbols: [u16; SYMBOLS_MAX],
}

#[derive(Clone, Copy, Default)]
struct Range {
    first: u32,
    count: u32,
    begin: u32,
}

/// What the next bits are.
pub(super) enum Next {
    Symbol(u16),
    /// The input ended before a symbol did.
    More,
    /// The bits begin no code.
    Invalid,
}

impl Code {
    /// The canonical code with these lengths (1 to 20), one per symbol; `None` if there are more codes than can be.
    pub(super) fn new(lengths: &[u8]) -> Option<Self> {
        let mut code = Self { fast: [0; FAST_ENTRIES], ranges: [Range::default(); 21], symbols: [0; SYMBOLS_MAX] };
        let mut slots = code.symbols.iter_mut();
        let mut first = 0_u32;
        let mut begin = 0_u32;
        for (length, range) in (0_u32..).zip(&mut code.ranges).skip(1) {
            first = first.checked_mul(2)?;
            range.first = first;
            range.begin = begin;
            for (symbol, _) in (0_u16..).zip(lengths).filter(|&(_, &each)| u32::from(each) == length) {
                *slots.next()? = symbol;
                if length <= FAST_LENGTH {
                    // Every ten bits that begin with this code.
                    let spare = FAST_LENGTH.saturating_sub(length);
                    let from = usize::try_from(first.checked_shl(spare)?).ok()?;
                    let entries = code.fast.get_mut(from..)?.get_mut(..1_usize << spare)?;
                    entries.fill(u32::from(symbol) << 8 | length);
                }
                range.count = range.count.checked_add(1)?;
                first = first.checked_add(1)?;
                begin = begin.checked_add(1)?;
            }
            if first > 1_u32 << length {
                return None;
            }
        }
        Some(code)
    }

    /// Decodes the next symbol.
    #[inline]
    pub(super) fn next(&self, bits: &mut Bits, input: &mut &[u8]) -> Next {
        let available = bits.available(u32::from(CODE_LENGTH_MAX), input);
        let fast = usize::try_from(bits.peek(FAST_LENGTH)).unwrap_or(0);
        let entry = self.fast.get(fast).copied().unwrap_or(0);
        let length = entry & 0xff;
        if length == 0 {
            return self.next_long(bits, available);
        }
        if length > available {
            return Next::More;
        }
        bits.skip(length);
        Next::Symbol(u16::try_from(entry >> 8).unwrap_or(0))
    }

    #[cold]
    fn next_long(&self, bits: &mut Bits, available: u32) -> Next {
        for (length, range) in (0_u32..).zip(&self.ranges).skip(1) {
            if length > available {
                return Next::More;
            }
            let nth = bits.peek(length).checked_sub(range.first).filter(|&nth| nth < range.count);
            let Some(nth) = nth else { continue };
            let slot = usize::try_from(range.begin.saturating_add(nth)).unwrap_or(usize::MAX);
            let Some(&symbol) = self.symbols.get(slot) else { return Next::Invalid };
            bits.skip(length);
            return Next::Symbol(symbol);
        }
        Next::Invalid
    }
}
