//! Zstandard (RFC 8878): every frame, skippable ones included, block by block.
//!
//! Frames are read here, for every decoder of blocks alike: a window is refused before anything is allocated for it, sizes and
//! checksums are compared, and a decoder gets exactly one whole block at a time. So what is accepted does not depend on how the
//! input was cut; decoders differ in nothing but which damaged blocks they refuse.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::hash::Hasher as _;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::io::Read as _;
use twox_hash::XxHash64;

use super::error::LimitKind;
use super::gather::{Gather, take};
use super::{Codec, Decode, DecodeError, Sink, Stop};
use crate::offsets::{array_at, length, little_endian, position};

/// Decodes the blocks of zstd frames; lets a native caller lend a faster decoder than that of [`PureCodecs`](super::PureCodecs).
pub trait ZstdBlocks: Send {
    /// Begins a frame, whatever became of the one before. `header` is the frame's, magic number included, with the flag for a
    /// content checksum cleared: checksums are not the decoder's affair.
    ///
    /// # Errors
    /// [`InvalidFrame`] for a header that is not accepted.
    fn begin(&mut self, header: &[u8]) -> Result<(), InvalidFrame>;

    /// Decodes one whole block, given with its header, and gives the sink all that it decodes to.
    ///
    /// # Errors
    /// [`BlockError`].
    fn block(&mut self, block: &[u8], out: &mut Sink<'_>) -> Result<(), BlockError>;
}

/// A frame header that a decoder of blocks does not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidFrame;

/// Why a block was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// Its bytes are not what the format allows.
    Invalid,
    /// The sink asked to stop.
    Stopped,
}

impl From<Stop> for BlockError {
    fn from(Stop: Stop) -> Self {
        Self::Stopped
    }
}

const FRAME_MAGIC: u32 = 0xfd2f_b528;
/// The sixteen magic numbers of skippable frames differ in the low four bits (RFC 8878 §3.1.2).
const SKIPPABLE_MAGIC: u32 = 0x184d_2a50;
const MAGIC_LENGTH: usize = 4;
const BLOCK_HEADER_LENGTH: usize = 3;
const CHECKSUM_LENGTH: usize = 4;
/// Block_Maximum_Size (RFC 8878 §3.1.1.2.4), unless the window is smaller.
const BLOCK_MAX: u32 = 128 << 10;
/// Set in a frame's descriptor where a content checksum follows its last block.
const CHECKSUM_FLAG: u8 = 0b100;
/// Decoded bytes leave the decoder's window in pieces of this many.
const PIECE_LENGTH: usize = 64 << 10;

const BLOCK_RLE: u32 = 1;
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
    blocks: Box<dyn ZstdBlocks>,
    frame: Option<Frame>,
    frames: u64,
    frame_at: u64,
    taken: u64,
}

/// A frame whose header has been read.
struct Frame {
    checksum: Option<XxHash64>,
    content_size: Option<u64>,
    produced: u64,
}

impl Zstd {
    pub(super) fn new(window_max: u64, blocks: Box<dyn ZstdBlocks>) -> Self {
        let (part, gather) = (Part::Magic, Gather::default());
        Self { window_max, part, gather, blocks, frame: None, frames: 0, frame_at: 0, taken: 0 }
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
        let mut bytes = self.gather.bytes().to_vec();
        if let Some(descriptor) = bytes.get_mut(MAGIC_LENGTH) {
            *descriptor &= !CHECKSUM_FLAG;
        }
        if self.blocks.begin(&bytes).is_err() {
            return Err(self.corrupt("the frame header is invalid"));
        }
        let content_size = header.content_size(&self.gather);
        let checksum = header.has_checksum().then(|| XxHash64::with_seed(0));
        self.frame = Some(Frame { checksum, content_size, produced: 0 });
        self.gather.clear();
        self.part = Part::Block;
        Ok(())
    }

    /// Decodes the one gathered block, with the frame's checksum if it is the last.
    fn decode_block(&mut self, block: &BlockHeader, out: &mut Sink<'_>) -> Result<(), DecodeError> {
        let at = self.frame_at;
        let corrupt = |what| DecodeError::Corrupt { codec: Codec::Zstd, at, what };
        let Some(Frame { checksum, content_size, produced }) = &mut self.frame else {
            return Err(corrupt("a block without a frame"));
        };
        let (stored, behind) = self.gather.bytes().split_at_checked(block.stored_length(false)).unwrap_or_default();
        let mut too_long = false;
        let mut count = |piece: &[u8]| {
            *produced = produced.saturating_add(length(piece));
            too_long = content_size.is_some_and(|size| *produced > size);
            if too_long {
                return Err(Stop);
            }
            if let Some(hash) = checksum {
                hash.write(piece);
            }
            out(piece)
        };
        match self.blocks.block(stored, &mut count) {
            _ if too_long => return Err(corrupt("a frame is longer than its header says")),
            Ok(()) => {}
            Err(BlockError::Invalid) => return Err(corrupt("a block is invalid")),
            Err(BlockError::Stopped) => return Err(DecodeError::Stopped),
        }
        if block.is_last() {
            if content_size.is_some_and(|size| *produced != size) {
                return Err(corrupt("a frame is shorter than its header says"));
            }
            if let Some(hash) = checksum {
                let stored = u64::from(u32::from_le_bytes(array_at(behind, 0)));
                // The low half of the hash (RFC 8878 §3.1.1).
                let computed = hash.finish() & u64::from(u32::MAX);
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

/// The blocks by `ruzstd`.
pub(super) struct PureBlocks {
    decoder: FrameDecoder,
    window_max: u64,
    piece: Vec<u8>,
}

impl PureBlocks {
    pub(super) fn new(window_max: u64) -> Self {
        Self { decoder: FrameDecoder::new(), window_max, piece: alloc::vec![0; PIECE_LENGTH] }
    }
}

impl ZstdBlocks for PureBlocks {
    fn begin(&mut self, header: &[u8]) -> Result<(), InvalidFrame> {
        // A new decoder for each frame: a used one would allocate the claimed window at once.
        self.decoder = FrameDecoder::new();
        self.decoder.set_max_window_size(self.window_max);
        self.decoder.reset(header).map_err(|_| InvalidFrame)
    }

    fn block(&mut self, block: &[u8], out: &mut Sink<'_>) -> Result<(), BlockError> {
        let decoded = self.decoder.decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1));
        decoded.map_err(|_| BlockError::Invalid)?;
        loop {
            let count = self.decoder.read(&mut self.piece).map_err(|_| BlockError::Invalid)?;
            match self.piece.get(..count).unwrap_or_default() {
                [] => return Ok(()),
                piece => out(piece)?,
            }
        }
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
        self.descriptor & CHECKSUM_FLAG != 0
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
