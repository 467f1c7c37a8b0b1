//! The .xz format (version 1.2.0 of its specification): streams, blocks, index and padding.
//!
//! LZMA2 itself is decoded by `lzma-rust2`. The container is read here, since that library's own reader leaves the sizes in
//! block headers and the footer's backward size unchecked and keeps a record of every block.

mod block_header;
mod check;
mod index;

use alloc::boxed::Box;
use alloc::vec::Vec;

use lzma_rust2::{Action, Lzma2Stream, Status};

use self::block_header::BlockHeader;
use self::check::Check;
use self::index::{Index, IndexEvent, Totals};
use super::error::LimitKind;
use super::gather::{Gather, take};
use super::{Codec, Decode, DecodeError, Sink};
use crate::offsets::{length, position};

const STREAM_MAGIC: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];
const FOOTER_MAGIC: [u8; 2] = *b"YZ";
/// Length of the stream header, and of the footer.
const EDGE_LENGTH: usize = 12;
const PADDING_WORD: usize = 4;
/// Decoded bytes leave the dictionary in pieces of this many.
const PIECE_LENGTH: usize = 64 << 10;

enum Part {
    StreamHeader,
    BlockOrIndex,
    BlockHeader {
        size: usize,
    },
    Data,
    BlockPadding {
        size: usize,
    },
    Check,
    Index,
    Footer,
    /// Behind a stream: stream padding, another stream, or nothing.
    Between,
}

/// Decoder of an .xz file: one stream or several, with padding.
pub(super) struct Xz {
    window_max: u64,
    part: Part,
    gather: Gather,
    stream_flags: [u8; 2],
    block: Block,
    /// What the blocks of the present stream amount to, to be compared with its index.
    blocks: Totals,
    index: Index,
    piece: Vec<u8>,
    streams: u64,
    part_at: u64,
    taken: u64,
}

/// The present block.
struct Block {
    at: u64,
    lzma2: Option<Box<Lzma2Stream>>,
    header: BlockHeader,
    check: Check,
    check_length: usize,
    compressed: u64,
    uncompressed: u64,
}

impl Block {
    fn new(at: u64, header: BlockHeader, lzma2: Option<Box<Lzma2Stream>>, check: Check) -> Self {
        let check_length = check.length();
        Self { at, lzma2, header, check, check_length, compressed: 0, uncompressed: 0 }
    }
}

impl Xz {
    pub(super) fn new(window_max: u64) -> Self {
        Self {
            window_max,
            part: Part::StreamHeader,
            gather: Gather::default(),
            stream_flags: [0; 2],
            block: Block::new(0, BlockHeader::default(), None, Check::None),
            blocks: Totals::default(),
            index: Index::default(),
            piece: alloc::vec![0; PIECE_LENGTH],
            streams: 0,
            part_at: 0,
            taken: 0,
        }
    }

    fn read_part(&mut self, input: &mut &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        match self.part {
            Part::StreamHeader => {
                if self.fill(input, EDGE_LENGTH) {
                    self.read_stream_header()?;
                }
            }
            Part::BlockOrIndex => {
                if self.fill(input, 1) {
                    let [size] = self.gather.array(0);
                    if size == 0 {
                        self.gather.clear();
                        self.index = Index::default();
                        self.part = Part::Index;
                    } else {
                        // Block Header Size: (stored + 1) * 4, so 8 to 1024.
                        self.part = Part::BlockHeader { size: usize::from(size).saturating_add(1).saturating_mul(4) };
                    }
                }
            }
            Part::BlockHeader { size } => {
                if self.fill(input, size) {
                    self.begin_block()?;
                }
            }
            Part::Data => self.decode(input, out)?,
            Part::BlockPadding { size } => {
                if self.fill(input, size) {
                    if self.gather.bytes().iter().any(|&byte| byte != 0) {
                        return Err(self.corrupt("the padding of a block is not zero"));
                    }
                    self.gather.clear();
                    self.part = Part::Check;
                    self.end_block_without_check();
                }
            }
            Part::Check => {
                if self.fill(input, self.block.check_length) {
                    self.verify_check()?;
                    self.end_block();
                }
            }
            Part::Index => self.read_index(input)?,
            Part::Footer => {
                if self.fill(input, EDGE_LENGTH) {
                    self.read_footer()?;
                }
            }
            Part::Between => {
                if self.fill(input, PADDING_WORD) {
                    if self.gather.bytes() == [0; PADDING_WORD] {
                        self.gather.clear();
                    } else if STREAM_MAGIC.starts_with(self.gather.bytes()) {
                        self.part = Part::StreamHeader;
                    } else {
                        return Err(DecodeError::Trailing { codec: Codec::Xz, at: self.part_at });
                    }
                }
            }
        }
        Ok(())
    }

    /// Gathers a part, remembering where it began.
    fn fill(&mut self, input: &mut &[u8], need: usize) -> bool {
        if self.gather.bytes().is_empty() {
            self.part_at = self.taken;
        }
        self.gather.fill(input, need)
    }

    fn read_stream_header(&mut self) -> Result<(), DecodeError> {
        if !self.gather.bytes().starts_with(&STREAM_MAGIC) {
            return Err(self.corrupt("it does not begin with the xz magic bytes"));
        }
        let flags: [u8; 2] = self.gather.array(STREAM_MAGIC.len());
        let stored = u32::from_le_bytes(self.gather.array(8));
        self.compare("the CRC-32 of the stream header", stored, crc32fast::hash(&flags))?;
        if Check::of(flags).is_none() {
            return Err(self.unsupported("a check other than none, CRC32, CRC64 or SHA-256"));
        }
        self.stream_flags = flags;
        self.blocks = Totals::default();
        self.gather.clear();
        self.part = Part::BlockOrIndex;
        Ok(())
    }

    fn begin_block(&mut self) -> Result<(), DecodeError> {
        let header = BlockHeader::parse(self.gather.bytes(), self.part_at)?;
        if header.dictionary > self.window_max {
            let (limit, max) = (LimitKind::Window, self.window_max);
            return Err(DecodeError::Limit { codec: Some(Codec::Xz), limit, max, found: header.dictionary });
        }
        let dictionary = u32::try_from(header.dictionary).unwrap_or(u32::MAX);
        let lzma2 = Box::new(Lzma2Stream::new(dictionary));
        let check = Check::of(self.stream_flags).unwrap_or(Check::None);
        self.block = Block::new(self.part_at, header, Some(lzma2), check);
        self.gather.clear();
        self.part = Part::Data;
        Ok(())
    }

    fn decode(&mut self, input: &mut &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        let at = self.part_at;
        let corrupt = |what| DecodeError::Corrupt { codec: Codec::Xz, at, what };
        let Block { lzma2: slot, header, check, compressed, uncompressed, .. } = &mut self.block;
        let Some(lzma2) = slot else { return Err(corrupt("data without a block")) };
        loop {
            let Ok(step) = lzma2.process(input, &mut self.piece, Action::Run) else {
                return Err(corrupt("the LZMA2 data are invalid"));
            };
            *compressed = compressed.saturating_add(length(take(input, step.bytes_consumed)));
            let piece = self.piece.get(..step.bytes_produced).unwrap_or_default();
            *uncompressed = uncompressed.saturating_add(length(piece));
            if header.compressed.is_some_and(|size| *compressed > size)
                || header.uncompressed.is_some_and(|size| *uncompressed > size)
            {
                return Err(corrupt("a block is longer than its header says"));
            }
            if !piece.is_empty() {
                check.update(piece);
                out(piece)?;
            }
            if step.status == Status::StreamEnd {
                break;
            }
            if step.bytes_consumed == 0 && step.bytes_produced == 0 {
                return if input.is_empty() { Ok(()) } else { Err(corrupt("the LZMA2 data are invalid")) };
            }
        }
        if header.compressed.is_some_and(|size| *compressed != size)
            || header.uncompressed.is_some_and(|size| *uncompressed != size)
        {
            return Err(corrupt("a block is shorter than its header says"));
        }
        let over = *compressed & 3;
        *slot = None;
        if over == 0 {
            self.part = Part::Check;
            self.end_block_without_check();
        } else {
            self.part = Part::BlockPadding { size: position(4_u64.saturating_sub(over)) };
        }
        Ok(())
    }

    fn end_block_without_check(&mut self) {
        if self.block.check_length == 0 {
            self.end_block();
        }
    }

    fn verify_check(&mut self) -> Result<(), DecodeError> {
        let check = core::mem::replace(&mut self.block.check, Check::None);
        if let Err((what, stored, computed)) = check.verify(self.gather.bytes()) {
            return Err(DecodeError::Checksum { codec: Codec::Xz, at: self.block.at, what, stored, computed });
        }
        self.gather.clear();
        Ok(())
    }

    fn end_block(&mut self) {
        let Block { header, check_length, compressed, uncompressed, .. } = &self.block;
        let check = u64::try_from(*check_length).unwrap_or(u64::MAX);
        let unpadded = header.length.saturating_add(*compressed).saturating_add(check);
        self.blocks.add(unpadded, *uncompressed);
        self.part = Part::BlockOrIndex;
    }

    fn read_index(&mut self, input: &mut &[u8]) -> Result<(), DecodeError> {
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            match self.index.push(byte) {
                IndexEvent::More => {}
                IndexEvent::Invalid(what) => return Err(self.corrupt(what)),
                IndexEvent::Crc { stored, computed } => {
                    self.compare("the CRC-32 of the index", stored, computed)?;
                    if !self.index.matches(&mut self.blocks) {
                        return Err(self.corrupt("the index does not fit the blocks"));
                    }
                    self.part = Part::Footer;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn read_footer(&mut self) -> Result<(), DecodeError> {
        let covered: [u8; 6] = self.gather.array(4);
        let [b0, b1, b2, b3, flags @ ..] = covered;
        self.compare(
            "the CRC-32 of the stream footer",
            u32::from_le_bytes(self.gather.array(0)),
            crc32fast::hash(&covered),
        )?;
        if self.gather.array::<2>(10) != FOOTER_MAGIC {
            return Err(self.corrupt("the stream does not end with the xz footer magic"));
        }
        if flags != self.stream_flags {
            return Err(self.corrupt("the flags of the stream's footer are not those of its header"));
        }
        let backward = u64::from(u32::from_le_bytes([b0, b1, b2, b3])).saturating_add(1).saturating_mul(4);
        if backward != self.index.length() {
            return Err(self.corrupt("the footer's backward size is not the length of the index"));
        }
        self.gather.clear();
        self.streams = self.streams.saturating_add(1);
        self.part = Part::Between;
        Ok(())
    }

    fn compare(&self, what: &'static str, stored: u32, computed: u32) -> Result<(), DecodeError> {
        if stored == computed {
            return Ok(());
        }
        let (stored, computed) = (stored.into(), computed.into());
        Err(DecodeError::Checksum { codec: Codec::Xz, at: self.part_at, what, stored, computed })
    }

    fn corrupt(&self, what: &'static str) -> DecodeError {
        DecodeError::Corrupt { codec: Codec::Xz, at: self.part_at, what }
    }

    fn unsupported(&self, what: &'static str) -> DecodeError {
        DecodeError::Unsupported { codec: Codec::Xz, at: self.part_at, what }
    }
}

impl Decode for Xz {
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
        if matches!(self.part, Part::Between) {
            if held.is_empty() {
                return Ok(());
            }
            if !STREAM_MAGIC.starts_with(held) {
                return Err(DecodeError::Trailing { codec: Codec::Xz, at: self.part_at });
            }
        }
        Err(DecodeError::Truncated { codec: Codec::Xz, at: self.taken })
    }
}
