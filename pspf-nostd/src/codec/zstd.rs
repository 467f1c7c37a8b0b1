//! Zstandard (RFC 8878): every frame, skippable ones included, block by block.
//!
//! Own code, because the engine of the browsers is downloaded: `ruzstd` takes 10 KB of it as `gzip -9` leaves it, this 4. A frame's
//! window is refused before anything is allocated for it, and a block is decoded when all of it is there.

mod bits;
mod block;
mod fse;
mod huffman;
mod xxh64;

use super::error::LimitKind;
use super::gather::{Gather, take};
use super::{Codec, Decode, DecodeError, Sink};
use crate::offsets::{array_at, length, little_endian, position};
use block::{BLOCK_RLE, Blocks};
use xxh64::Xxh64;

const FRAME_MAGIC: u32 = 0xfd2f_b528;
/// The sixteen magic numbers of skippable frames differ in the low four bits (RFC 8878 §3.1.2).
const SKIPPABLE_MAGIC: u32 = 0x184d_2a50;
const MAGIC_LENGTH: usize = 4;
const BLOCK_HEADER_LENGTH: usize = 3;
const CHECKSUM_LENGTH: usize = 4;
/// Block_Maximum_Size (RFC 8878 §3.1.1.2.4), unless the window is smaller.
const BLOCK_MAX: u32 = 128 << 10;
/// Decoded bytes are handed on in pieces of this many.
const PIECE_LENGTH: usize = 64 << 10;

const BLOCK_RESERVED: u32 = 3;

enum Part {
    Magic,
    Descriptor,
    Header { descriptor: u8 },
    SkippableLength,
    Skip { left: u64 },
    Block,
}

/// Decoder of a zstd file: one frame or several.
pub(super) struct Zstd {
    window_max: u64,
    part: Part,
    gather: Gather,
    frame: Option<Frame>,
    frames: u64,
    frame_at: u64,
    taken: u64,
}

/// A frame whose header has been read.
struct Frame {
    blocks: Blocks,
    checksum: Option<Xxh64>,
    content_size: Option<u64>,
    produced: u64,
}

impl Zstd {
    pub(super) fn new(window_max: u64) -> Self {
        Self { window_max, part: Part::Magic, gather: Gather::default(), frame: None, frames: 0, frame_at: 0, taken: 0 }
    }

    fn read_part(&mut self, input: &mut &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        match &mut self.part {
            Part::Magic => {
                if self.gather.bytes().is_empty() {
                    self.frame_at = self.taken;
                }
                if self.gather.fill(input, MAGIC_LENGTH) {
                    let magic = u32::from_le_bytes(self.gather.array(0));
                    self.part = if magic == FRAME_MAGIC {
                        Part::Descriptor
                    } else if magic & !0xf == SKIPPABLE_MAGIC {
                        self.gather.clear();
                        Part::SkippableLength
                    } else if self.frames > 0 {
                        return Err(DecodeError::Trailing { codec: Codec::Zstd, at: self.frame_at });
                    } else {
                        return Err(self.corrupt("it does not begin with a zstd magic number"));
                    };
                }
            }
            Part::Descriptor => {
                if self.gather.fill(input, MAGIC_LENGTH + 1) {
                    let [descriptor] = self.gather.array(MAGIC_LENGTH);
                    self.part = Part::Header { descriptor };
                }
            }
            Part::Header { descriptor } => {
                let header = FrameHeader { descriptor: *descriptor };
                if self.gather.fill(input, header.length()) {
                    self.begin_frame(&header)?;
                }
            }
            Part::SkippableLength => {
                if self.gather.fill(input, 4) {
                    let left = u64::from(u32::from_le_bytes(self.gather.array(0)));
                    self.gather.clear();
                    self.part = Part::Skip { left };
                    self.end_if_skipped(left);
                }
            }
            Part::Skip { left } => {
                let skipped = take(input, position(*left));
                *left = left.saturating_sub(length(skipped));
                let left = *left;
                self.end_if_skipped(left);
            }
            Part::Block => {
                if self.gather.fill(input, BLOCK_HEADER_LENGTH) {
                    let block = BlockHeader::new(self.gather.array(0));
                    if block.kind() == BLOCK_RESERVED {
                        return Err(self.corrupt("a block has the reserved type"));
                    }
                    if block.size() > BLOCK_MAX {
                        return Err(self.corrupt("a block is longer than 128 KiB"));
                    }
                    let checksum = self.frame.as_ref().is_some_and(|frame| frame.checksum.is_some() && block.is_last());
                    if self.gather.fill(input, block.stored_length(checksum)) {
                        self.decode_block(&block, out)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn begin_frame(&mut self, header: &FrameHeader) -> Result<(), DecodeError> {
        if header.descriptor & 0b1000 != 0 {
            return Err(self.corrupt("the reserved bit of a frame header is set"));
        }
        if header.dictionary_id(&self.gather) != 0 {
            return Err(DecodeError::Unsupported { codec: Codec::Zstd, at: self.frame_at, what: "a dictionary" });
        }
        let window = header.window(&self.gather);
        if window > self.window_max {
            let (limit, max) = (LimitKind::Window, self.window_max);
            return Err(DecodeError::Limit { codec: Some(Codec::Zstd), limit, max, found: window });
        }
        let content_size = header.content_size(&self.gather);
        let checksum = header.has_checksum().then(Xxh64::new);
        self.frame = Some(Frame { blocks: Blocks::new(window), checksum, content_size, produced: 0 });
        self.gather.clear();
        self.part = Part::Block;
        Ok(())
    }

    /// Decodes the one gathered block, with the frame's checksum if it is the last.
    fn decode_block(&mut self, block: &BlockHeader, out: &mut Sink<'_>) -> Result<(), DecodeError> {
        let at = self.frame_at;
        let corrupt = |what| DecodeError::Corrupt { codec: Codec::Zstd, at, what };
        let Some(frame) = &mut self.frame else { return Err(corrupt("a block without a frame")) };
        let (stored, checksum) = self.gather.bytes().split_at_checked(block.stored_length(false)).unwrap_or_default();
        let content = stored.get(BLOCK_HEADER_LENGTH..).unwrap_or_default();
        let decoded = frame.blocks.decode(block.kind(), block.size(), content).ok_or(corrupt("a block is invalid"))?;
        for piece in decoded.chunks(PIECE_LENGTH) {
            frame.produced = frame.produced.saturating_add(length(piece));
            if frame.content_size.is_some_and(|size| frame.produced > size) {
                return Err(corrupt("a frame is longer than its header says"));
            }
            if let Some(hash) = &mut frame.checksum {
                hash.update(piece);
            }
            out(piece)?;
        }
        if block.is_last() {
            if frame.content_size.is_some_and(|size| frame.produced != size) {
                return Err(corrupt("a frame is shorter than its header says"));
            }
            if let Some(hash) = &frame.checksum {
                let stored = u64::from(u32::from_le_bytes(array_at(checksum, 0)));
                let computed = u64::from(hash.finish());
                if stored != computed {
                    let what = "the content checksum";
                    return Err(DecodeError::Checksum { codec: Codec::Zstd, at, what, stored, computed });
                }
            }
            self.end_frame();
        }
        self.gather.clear();
        Ok(())
    }

    fn end_if_skipped(&mut self, left: u64) {
        if left == 0 {
            self.end_frame();
        }
    }

    fn end_frame(&mut self) {
        self.frame = None;
        self.frames = self.frames.saturating_add(1);
        self.part = Part::Magic;
    }

    fn corrupt(&self, what: &'static str) -> DecodeError {
        DecodeError::Corrupt { codec: Codec::Zstd, at: self.frame_at, what }
    }
}

impl Decode for Zstd {
    fn push(&mut self, mut input: &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        let end = self.taken.saturating_add(length(input));
        while !input.is_empty() {
            self.read_part(&mut input, out)?;
            self.taken = end.saturating_sub(length(input));
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut Sink<'_>) -> Result<(), DecodeError> {
        let held = self.gather.bytes();
        if matches!(self.part, Part::Magic) && self.frames > 0 {
            if held.is_empty() {
                return Ok(());
            }
            let begins = |magic: u32| magic.to_le_bytes().starts_with(held);
            if !begins(FRAME_MAGIC) && !(0..16).any(|low| begins(SKIPPABLE_MAGIC | low)) {
                return Err(DecodeError::Trailing { codec: Codec::Zstd, at: self.frame_at });
            }
        }
        Err(DecodeError::Truncated { codec: Codec::Zstd, at: self.taken })
    }
}

/// Frame_Header (RFC 8878 §3.1.1.1): which fields follow the descriptor, and what they say.
struct FrameHeader {
    descriptor: u8,
}

impl FrameHeader {
    const WINDOW_AT: usize = MAGIC_LENGTH + 1;

    fn is_single_segment(&self) -> bool {
        self.descriptor & 0b10_0000 != 0
    }

    fn has_checksum(&self) -> bool {
        self.descriptor & 0b100 != 0
    }

    fn window_length(&self) -> usize {
        usize::from(!self.is_single_segment())
    }

    fn dictionary_length(&self) -> usize {
        match self.descriptor & 0b11 {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => 4,
        }
    }

    fn content_size_length(&self) -> usize {
        match self.descriptor >> 6 {
            0 => usize::from(self.is_single_segment()),
            1 => 2,
            2 => 4,
            _ => 8,
        }
    }

    fn dictionary_at(&self) -> usize {
        Self::WINDOW_AT.saturating_add(self.window_length())
    }

    fn content_size_at(&self) -> usize {
        self.dictionary_at().saturating_add(self.dictionary_length())
    }

    /// Length of the header with the magic number, at most 18.
    fn length(&self) -> usize {
        self.content_size_at().saturating_add(self.content_size_length())
    }

    fn dictionary_id(&self, gather: &Gather) -> u64 {
        number(gather, self.dictionary_at(), self.dictionary_length())
    }

    fn content_size(&self, gather: &Gather) -> Option<u64> {
        let value = number(gather, self.content_size_at(), self.content_size_length());
        match self.content_size_length() {
            0 => None,
            2 => Some(value.saturating_add(256)),
            _ => Some(value),
        }
    }

    /// Window_Size in bytes; the content size where there is no window descriptor.
    fn window(&self, gather: &Gather) -> u64 {
        if self.is_single_segment() {
            return self.content_size(gather).unwrap_or(0);
        }
        let [byte] = gather.array(Self::WINDOW_AT);
        // At most 2^41 and seven eighths of it: no overflow.
        let base = 1_u64 << (10_u32.saturating_add(u32::from(byte >> 3)));
        base.saturating_add((base >> 3).saturating_mul(u64::from(byte & 7)))
    }
}

/// The number in `count` bytes from `at` on.
fn number(gather: &Gather, at: usize, count: usize) -> u64 {
    let rest = gather.bytes().get(at..).unwrap_or_default();
    little_endian(rest.get(..count).unwrap_or(rest))
}

/// Block_Header (RFC 8878 §3.1.1.2).
struct BlockHeader {
    fields: u32,
}

impl BlockHeader {
    fn new([low, middle, high]: [u8; BLOCK_HEADER_LENGTH]) -> Self {
        Self { fields: u32::from_le_bytes([low, middle, high, 0]) }
    }

    fn is_last(&self) -> bool {
        self.fields & 1 != 0
    }

    fn kind(&self) -> u32 {
        self.fields >> 1 & 0b11
    }

    fn size(&self) -> u32 {
        self.fields >> 3
    }

    /// Length of the block with its header, and with the checksum behind it.
    fn stored_length(&self, checksum: bool) -> usize {
        let content = if self.kind() == BLOCK_RLE { 1 } else { position(u64::from(self.size())) };
        let checksum = if checksum { CHECKSUM_LENGTH } else { 0 };
        BLOCK_HEADER_LENGTH.saturating_add(content).saturating_add(checksum)
    }
}
