//! LZMA2: chunks of LZMA or of plain bytes.

use super::super::{
    gather::{Gather, take},
    history::History,
};
use super::lzma::Lzma;

/// Decoded bytes leave in pieces of about this many.
const PIECE_LENGTH: usize = 64 << 10;

/// What was done of the input.
pub(super) enum Step {
    /// Bytes were decoded: those of the history from here on.
    Decoded(usize),
    /// More input is needed.
    Starved,
    /// The end marker was read.
    End,
}

/// Decoder of one block's data.
pub(super) struct Lzma2 {
    history: History,
    lzma: Lzma,
    gather: Gather,
    /// Bytes that the present chunk still decodes to; 0 between chunks.
    left: usize,
    /// Length of the present chunk's header; 0 where it holds plain bytes.
    header: usize,
    /// What the next chunk must bring: a new dictionary, properties.
    wants: (bool, bool),
}

impl Lzma2 {
    /// A decoder whose matches reach `dictionary` bytes back.
    pub(super) fn new(dictionary: usize) -> Self {
        Self {
            history: History::new(dictionary),
            lzma: Lzma::default(),
            gather: Gather::default(),
            left: 0,
            header: 0,
            wants: (true, true),
        }
    }

    pub(super) fn decoded(&self, start: usize) -> &[u8] {
        self.history.from(start)
    }

    /// Goes on; `None` where the data are invalid.
    pub(super) fn step(&mut self, input: &mut &[u8]) -> Option<Step> {
        if self.left == 0 {
            if !self.gather.fill(input, 1) {
                return Some(Step::Starved);
            }
            let [control] = self.gather.array(0);
            if control == 0 {
                return Some(Step::End);
            }
            let (header, high) = match control {
                0..3 => (3, 0),
                3..0x80 => return None,
                0x80..0xc0 => (5, control & 0x1f),
                _ => (6, control & 0x1f),
            };
            let mut wanted = header;
            if self.gather.fill(input, header) && header > 3 {
                // LZMA says how long it is; all of it is gathered.
                let stored = u16::from_be_bytes(self.gather.array(3));
                wanted = header.saturating_add(usize::from(stored)).saturating_add(1);
            }
            if !self.gather.fill(input, wanted) {
                return Some(Step::Starved);
            }
            self.begin(control)?;
            let low = u16::from_be_bytes(self.gather.array(1));
            self.left = (usize::from(high) << 16 | usize::from(low)).saturating_add(1);
            self.header = header;
            if header == 3 {
                self.header = 0;
                self.gather.clear();
            } else {
                self.lzma.begin(self.gather.bytes().get(header..)?)?;
            }
        }
        self.history.make_room(PIECE_LENGTH.saturating_add(1 << 10));
        let start = self.history.len();
        let limit = self.left.min(PIECE_LENGTH);
        if self.header == 0 {
            let plain = take(input, limit);
            if plain.is_empty() {
                return Some(Step::Starved);
            }
            self.history.push(plain);
            self.lzma.pass(plain.len());
        } else {
            let chunk = self.gather.bytes().get(self.header..)?;
            self.lzma.decode(chunk, &mut self.history, limit, self.left)?;
        }
        self.left = self.left.checked_sub(self.history.len().saturating_sub(start))?;
        if self.left == 0 && self.header > 0 {
            self.lzma.end(self.gather.bytes().get(self.header..)?)?;
            self.gather.clear();
        }
        Some(Step::Decoded(start))
    }

    /// What a chunk resets. The first must reset the dictionary, and the first of LZMA behind that must bring properties.
    fn begin(&mut self, control: u8) -> Option<()> {
        if control == 1 || control >= 0xe0 {
            self.history.clear();
            self.lzma.forget();
            self.wants = (false, true);
        }
        let (dictionary, properties) = self.wants;
        if dictionary {
            return None;
        }
        if control >= 0xc0 {
            let [byte] = self.gather.array(5);
            self.lzma.set_properties(byte)?;
            self.wants = (false, false);
        } else if control >= 0x80 && properties {
            return None;
        } else if control >= 0xa0 {
            self.lzma.reset();
        }
        Some(())
    }
}
