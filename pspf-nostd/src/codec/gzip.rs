//! gzip (RFC 1952): every member, every checksum.

use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_HAS_MORE_INPUT};

use super::error::LimitKind;
use super::gather::{Gather, take};
use super::{Codec, Decode, DecodeError, Sink};
use crate::limits::GZIP_TEXT_MAX;
use crate::offsets::length;

/// Length of a member's fixed header.
pub(super) const HEADER_LENGTH: usize = 10;
/// ID1, ID2 and the only compression method there is.
pub(super) const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
const TRAILER_LENGTH: usize = 8;

const FLAG_HEADER_CRC: u8 = 2;
const FLAG_EXTRA: u8 = 4;
const FLAG_NAME: u8 = 8;
const FLAG_COMMENT: u8 = 16;
const FLAGS_RESERVED: u8 = 0b1110_0000;

/// Inflated bytes land here and leave from here. A power of two, as the inflater wants it, and at least its 32 KiB window;
/// twice that, so that pieces are long.
const RING_LENGTH: usize = 64 << 10;

enum Part {
    Header,
    ExtraLength,
    Extra {
        left: u16,
    },
    /// A name or comment, up to its NUL.
    Text {
        length: u64,
    },
    HeaderCrc,
    Body,
    Trailer,
    /// The one member asked for is complete.
    End,
}

/// Decoder of a gzip file: one member or several.
pub(super) struct Gzip {
    part: Part,
    gather: Gather,
    /// Flags of the header fields not yet read.
    flags: u8,
    header_crc: crc32fast::Hasher,
    inflater: Box<DecompressorOxide>,
    ring: Vec<u8>,
    ring_at: usize,
    crc: crc32fast::Hasher,
    /// Inflated bytes of the present member.
    size: u64,
    members: u64,
    member_at: u64,
    taken: u64,
    one_member: bool,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self {
            part: Part::Header,
            gather: Gather::default(),
            flags: 0,
            header_crc: crc32fast::Hasher::new(),
            inflater: Box::default(),
            ring: alloc::vec![0; RING_LENGTH],
            ring_at: 0,
            crc: crc32fast::Hasher::new(),
            size: 0,
            members: 0,
            member_at: 0,
            taken: 0,
            one_member: false,
        }
    }

    /// A decoder that stops behind the first member.
    pub(super) fn one_member() -> Self {
        Self { one_member: true, ..Self::new() }
    }

    /// Decodes as far as the input goes; gives what is left of it, which is nothing unless one member was asked for.
    pub(super) fn advance<'a>(&mut self, input: &'a [u8], out: &mut Sink<'_>) -> Result<&'a [u8], DecodeError> {
        let end = self.taken.saturating_add(length(input));
        let mut left = input;
        while !left.is_empty() && !matches!(self.part, Part::End) {
            self.read_part(&mut left, out)?;
            self.taken = end.saturating_sub(length(left));
        }
        Ok(left)
    }

    /// Reads the present part of the member, or as much of it as there is.
    fn read_part(&mut self, input: &mut &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        match &mut self.part {
            Part::Header => {
                if self.gather.bytes().is_empty() {
                    self.member_at = self.taken;
                }
                if self.gather.fill(input, HEADER_LENGTH) {
                    self.read_header()?;
                }
            }
            Part::ExtraLength => {
                if self.gather.fill(input, 2) {
                    let left = u16::from_le_bytes(self.gather.array(0));
                    self.close_field();
                    self.part = Part::Extra { left };
                    if left == 0 {
                        self.next_field();
                    }
                }
            }
            Part::Extra { left } => {
                let bytes = take(input, usize::from(*left));
                self.header_crc.update(bytes);
                *left = left.saturating_sub(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
                if *left == 0 {
                    self.next_field();
                }
            }
            Part::Text { length: counted } => {
                let nul = input.iter().position(|&byte| byte == 0);
                let bytes = take(input, nul.map_or(input.len(), |nul| nul.saturating_add(1)));
                self.header_crc.update(bytes);
                *counted = counted.saturating_add(length(bytes));
                // The NUL is not part of the text.
                if *counted > GZIP_TEXT_MAX.saturating_add(u64::from(nul.is_some())) {
                    let (limit, found) = (LimitKind::HeaderText, GZIP_TEXT_MAX.saturating_add(1));
                    return Err(DecodeError::Limit { codec: Some(Codec::Gzip), limit, max: GZIP_TEXT_MAX, found });
                }
                if nul.is_some() {
                    self.next_field();
                }
            }
            Part::HeaderCrc => {
                if self.gather.fill(input, 2) {
                    let stored = u64::from(u16::from_le_bytes(self.gather.array(0)));
                    let computed = u64::from(self.header_crc.clone().finalize()) & 0xffff;
                    self.compare("the header CRC", stored, computed)?;
                    self.gather.clear();
                    self.part = Part::Body;
                }
            }
            Part::Body => self.inflate(input, out)?,
            Part::Trailer => {
                if self.gather.fill(input, TRAILER_LENGTH) {
                    let crc = core::mem::take(&mut self.crc).finalize();
                    self.compare("the CRC-32", u32::from_le_bytes(self.gather.array(0)).into(), crc.into())?;
                    let stored = u32::from_le_bytes(self.gather.array(4));
                    self.compare("the length (ISIZE)", stored.into(), self.size & u64::from(u32::MAX))?;
                    self.gather.clear();
                    self.members = self.members.saturating_add(1);
                    self.part = if self.one_member { Part::End } else { Part::Header };
                }
            }
            Part::End => {}
        }
        Ok(())
    }

    fn read_header(&mut self) -> Result<(), DecodeError> {
        let [id1, id2, method, flags, ..] = self.gather.array::<HEADER_LENGTH>(0);
        if [id1, id2] != [MAGIC[0], MAGIC[1]] {
            return Err(if self.members > 0 {
                DecodeError::Trailing { codec: Codec::Gzip, at: self.member_at }
            } else {
                self.corrupt("it does not begin with 1f 8b")
            });
        }
        if method != MAGIC[2] {
            return Err(self.corrupt("its compression method is not deflate"));
        }
        if flags & FLAGS_RESERVED != 0 {
            return Err(self.corrupt("a reserved flag is set in its header"));
        }
        self.flags = flags;
        self.header_crc = crc32fast::Hasher::new();
        self.close_field();
        self.next_field();
        Ok(())
    }

    /// Ends a gathered header field: its bytes count for the header CRC.
    fn close_field(&mut self) {
        self.header_crc.update(self.gather.bytes());
        self.gather.clear();
    }

    /// Goes to the next field that the flags announce, or to the body.
    fn next_field(&mut self) {
        let announced = |flag| self.flags & flag != 0;
        let (flag, part) = if announced(FLAG_EXTRA) {
            (FLAG_EXTRA, Part::ExtraLength)
        } else if announced(FLAG_NAME) {
            (FLAG_NAME, Part::Text { length: 0 })
        } else if announced(FLAG_COMMENT) {
            (FLAG_COMMENT, Part::Text { length: 0 })
        } else if announced(FLAG_HEADER_CRC) {
            (FLAG_HEADER_CRC, Part::HeaderCrc)
        } else {
            self.inflater.init();
            self.size = 0;
            (0, Part::Body)
        };
        self.flags &= !flag;
        self.part = part;
    }

    fn inflate(&mut self, input: &mut &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        loop {
            let (status, consumed, produced) =
                decompress(&mut self.inflater, input, &mut self.ring, self.ring_at, TINFL_FLAG_HAS_MORE_INPUT);
            take(input, consumed);
            let end = self.ring_at.saturating_add(produced);
            let piece = self.ring.get(self.ring_at..end).unwrap_or_default();
            if !piece.is_empty() {
                self.crc.update(piece);
                self.size = self.size.saturating_add(length(piece));
                out(piece)?;
            }
            self.ring_at = if end < RING_LENGTH { end } else { 0 };
            match status {
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput if input.is_empty() => return Ok(()),
                TINFLStatus::Done => {
                    self.part = Part::Trailer;
                    return Ok(());
                }
                _ => return Err(self.corrupt("the deflate data are invalid")),
            }
        }
    }

    fn compare(&self, what: &'static str, stored: u64, computed: u64) -> Result<(), DecodeError> {
        if stored == computed {
            return Ok(());
        }
        Err(DecodeError::Checksum { codec: Codec::Gzip, at: self.member_at, what, stored, computed })
    }

    fn corrupt(&self, what: &'static str) -> DecodeError {
        DecodeError::Corrupt { codec: Codec::Gzip, at: self.member_at, what }
    }

    pub(super) fn truncated(&self) -> DecodeError {
        DecodeError::Truncated { codec: Codec::Gzip, at: self.taken }
    }

    pub(super) fn is_end(&self) -> bool {
        matches!(self.part, Part::End)
    }
}

impl Decode for Gzip {
    fn push(&mut self, input: &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        self.advance(input, out).map(|_| ())
    }

    fn finish(&mut self, _out: &mut Sink<'_>) -> Result<(), DecodeError> {
        let held = self.gather.bytes();
        match self.part {
            Part::Header if self.members > 0 && held.is_empty() => Ok(()),
            Part::Header if self.members > 0 && !held.iter().zip(&MAGIC).all(|(byte, magic)| byte == magic) => {
                Err(DecodeError::Trailing { codec: Codec::Gzip, at: self.member_at })
            }
            _ => Err(self.truncated()),
        }
    }
}
