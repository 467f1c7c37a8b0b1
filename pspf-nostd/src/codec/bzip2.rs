//! bzip2: every stream, every block and stream checksum.
//!
//! Written here because no crate fits: `bzip2` and `libbz2-rs-sys` offer C's interface of raw pointers, which a crate without
//! `unsafe` cannot call, and `bzip2-rs` (last released in 2021) needs `std`. The format has no standard of its own; the
//! reference is the bzip2 1.0.8 program. Its long obsolete randomised blocks are refused.
//!
//! A block is read bit by bit as it arrives and put out when it is complete, so memory is one block: 3.6 MB at most, and up
//! to three times that while it grows.

mod bits;
mod block;
mod huffman;
mod transform;

use self::bits::Bits;
use self::block::{Block, BlockEvent};
use self::transform::Transform;
use super::{Codec, Decode, DecodeError, Sink};
use crate::offsets::length;

const STREAM_MAGIC: u32 = 0x0042_5a68; // "BZh"
const BLOCK_MAGIC: [u32; 2] = [0x31_4159, 0x26_5359]; // pi
const END_MAGIC: [u32; 2] = [0x17_7245, 0x38_5090]; // its square root
/// Block sizes are multiples of this many bytes, by the digit behind the magic.
const BLOCK_UNIT: usize = 100_000;

#[derive(Clone, Copy)]
enum Part {
    Magic,
    Level,
    Section,
    SectionLow { high: u32 },
    BlockCrc,
    Block { crc: u32 },
    StreamCrc,
}

/// Decoder of a bzip2 file: one stream or several.
pub(super) struct Bzip2 {
    part: Part,
    bits: Bits,
    block: Block,
    transform: Transform,
    block_max: usize,
    stream_crc: u32,
    streams: u64,
    part_at: u64,
    taken: u64,
}

impl Bzip2 {
    pub(super) fn new() -> Self {
        Self {
            part: Part::Magic,
            bits: Bits::default(),
            block: Block::default(),
            transform: Transform::default(),
            block_max: 0,
            stream_crc: 0,
            streams: 0,
            part_at: 0,
            taken: 0,
        }
    }

    /// Reads one part; false if the input ended before it did.
    fn read_part(&mut self, input: &mut &[u8], out: &mut Sink<'_>) -> Result<bool, DecodeError> {
        let next = match self.part {
            Part::Magic => {
                let Some(magic) = self.bits.take(24, input) else { return Ok(false) };
                if magic != STREAM_MAGIC {
                    return Err(if self.streams > 0 {
                        DecodeError::Trailing { codec: Codec::Bzip2, at: self.part_at }
                    } else {
                        self.corrupt("it does not begin with \"BZh\"")
                    });
                }
                Part::Level
            }
            Part::Level => {
                let Some(digit) = self.bits.take(8, input) else { return Ok(false) };
                let level = digit.checked_sub(u32::from(b'0')).filter(|level| (1..=9).contains(level));
                let level = level.and_then(|level| usize::try_from(level).ok());
                let Some(level) = level else { return Err(self.corrupt("the block size is not 1 to 9")) };
                self.block_max = level.saturating_mul(BLOCK_UNIT);
                self.stream_crc = 0;
                Part::Section
            }
            Part::Section => {
                let Some(high) = self.bits.take(24, input) else { return Ok(false) };
                Part::SectionLow { high }
            }
            Part::SectionLow { high } => {
                let Some(low) = self.bits.take(24, input) else { return Ok(false) };
                match [high, low] {
                    BLOCK_MAGIC => Part::BlockCrc,
                    END_MAGIC => Part::StreamCrc,
                    _ => return Err(self.corrupt("neither a block nor the end of the stream follows")),
                }
            }
            Part::BlockCrc => {
                let Some(crc) = self.bits.take(32, input) else { return Ok(false) };
                self.block.begin(self.block_max);
                Part::Block { crc }
            }
            Part::Block { crc } => {
                match self.block.read(&mut self.bits, input) {
                    BlockEvent::More => return Ok(false),
                    BlockEvent::Invalid(what) => return Err(self.corrupt(what)),
                    BlockEvent::Randomised => {
                        let what = "randomised blocks";
                        return Err(DecodeError::Unsupported { codec: Codec::Bzip2, at: self.part_at, what });
                    }
                    BlockEvent::Complete => {}
                }
                let Some(computed) = self.transform.put_out(&mut self.block, out)? else {
                    return Err(self.corrupt("the origin of a block lies outside it"));
                };
                self.compare("the CRC of a block", crc, computed)?;
                self.stream_crc = self.stream_crc.rotate_left(1) ^ crc;
                Part::Section
            }
            Part::StreamCrc => {
                let Some(stored) = self.bits.take(32, input) else { return Ok(false) };
                self.compare("the CRC of a stream", stored, self.stream_crc)?;
                if self.bits.take_padding() != 0 {
                    return Err(self.corrupt("the last bits of a stream are not zero"));
                }
                self.streams = self.streams.saturating_add(1);
                Part::Magic
            }
        };
        if matches!(next, Part::Magic | Part::Section) {
            // Input is taken ahead of the bits that are used: whole bytes that are still there belong to the next part.
            let ahead = u64::from(self.bits.whole_bytes());
            self.part_at = self.taken.saturating_sub(length(input)).saturating_sub(ahead);
        }
        self.part = next;
        Ok(true)
    }

    fn compare(&self, what: &'static str, stored: u32, computed: u32) -> Result<(), DecodeError> {
        if stored == computed {
            return Ok(());
        }
        let (stored, computed) = (stored.into(), computed.into());
        Err(DecodeError::Checksum { codec: Codec::Bzip2, at: self.part_at, what, stored, computed })
    }

    fn corrupt(&self, what: &'static str) -> DecodeError {
        DecodeError::Corrupt { codec: Codec::Bzip2, at: self.part_at, what }
    }
}

impl Decode for Bzip2 {
    fn push(&mut self, mut input: &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        self.taken = self.taken.saturating_add(length(input));
        while self.read_part(&mut input, out)? {}
        Ok(())
    }

    fn finish(&mut self, _out: &mut Sink<'_>) -> Result<(), DecodeError> {
        if matches!(self.part, Part::Magic) && self.streams > 0 {
            let held = self.bits.whole_bytes();
            if held == 0 {
                return Ok(());
            }
            // One or two bytes: the beginning of another stream, or not.
            let begins = STREAM_MAGIC >> 24_u32.saturating_sub(held.saturating_mul(8));
            if self.bits.held() != begins {
                return Err(DecodeError::Trailing { codec: Codec::Bzip2, at: self.part_at });
            }
        }
        Err(DecodeError::Truncated { codec: Codec::Bzip2, at: self.taken })
    }
}
