//! Block headers (.xz specification §3.1).

use super::super::{Codec, DecodeError};
use super::index::{Varint, VarintStep};
use crate::offsets::{array_at, length};

const FILTER_COUNT: u8 = 0b11;
const FLAGS_RESERVED: u8 = 0b11_1100;
const HAS_COMPRESSED_SIZE: u8 = 0b100_0000;
const HAS_UNCOMPRESSED_SIZE: u8 = 0b1000_0000;
const LZMA2: u64 = 0x21;
/// The largest dictionary size code; it stands for 4 GiB less one byte.
const DICTIONARY_CODE_MAX: u8 = 40;

/// What a block's header says.
#[derive(Default)]
pub(super) struct BlockHeader {
    /// Length of the header, in bytes.
    pub(super) length: u64,
    /// Length of the LZMA2 data, in bytes.
    pub(super) compressed: Option<u64>,
    /// Length of the decoded data, in bytes.
    pub(super) uncompressed: Option<u64>,
    /// Dictionary size, in bytes.
    pub(super) dictionary: u64,
}

impl BlockHeader {
    /// Reads a whole header at offset `at`.
    pub(super) fn parse(bytes: &[u8], at: u64) -> Result<Self, DecodeError> {
        let codec = Codec::Xz;
        let corrupt = |what| DecodeError::Corrupt { codec, at, what };
        let unsupported = |what| DecodeError::Unsupported { codec, at, what };
        let short = || corrupt("a block header is too short for its fields");

        let fields_end = bytes.len().checked_sub(4).ok_or_else(short)?;
        let (covered, _) = bytes.split_at_checked(fields_end).ok_or_else(short)?;
        let stored = u32::from_le_bytes(array_at(bytes, fields_end));
        let computed = crc32fast::hash(covered);
        if stored != computed {
            let (what, stored, computed) = ("the CRC-32 of a block header", stored.into(), computed.into());
            return Err(DecodeError::Checksum { codec, at, what, stored, computed });
        }
        let mut rest = covered.get(1..).ok_or_else(short)?;
        let flags = byte(&mut rest).ok_or_else(short)?;
        if flags & FLAGS_RESERVED != 0 {
            return Err(unsupported("a reserved block flag"));
        }
        let mut size = |flag| if flags & flag == 0 { Some(None) } else { varint(&mut rest).map(Some) };
        let compressed = size(HAS_COMPRESSED_SIZE).ok_or_else(short)?;
        let uncompressed = size(HAS_UNCOMPRESSED_SIZE).ok_or_else(short)?;
        if compressed == Some(0) {
            return Err(corrupt("a block header gives a compressed size of zero"));
        }
        if flags & FILTER_COUNT != 0 {
            return Err(unsupported("a filter besides LZMA2"));
        }
        if varint(&mut rest).ok_or_else(short)? != LZMA2 {
            return Err(unsupported("a filter other than LZMA2"));
        }
        if varint(&mut rest).ok_or_else(short)? != 1 {
            return Err(corrupt("the LZMA2 properties are not one byte"));
        }
        let code = byte(&mut rest).ok_or_else(short)?;
        let dictionary = match code {
            0..DICTIONARY_CODE_MAX => u64::from(2 | code & 1) << u32::from(code / 2).saturating_add(11),
            DICTIONARY_CODE_MAX => u64::from(u32::MAX),
            _ => return Err(corrupt("the dictionary size is invalid")),
        };
        if rest.iter().any(|&byte| byte != 0) {
            return Err(unsupported("fields behind the filters of a block header"));
        }
        Ok(Self { length: length(bytes), compressed, uncompressed, dictionary })
    }
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (&first, after) = rest.split_first()?;
    *rest = after;
    Some(first)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut varint = Varint::default();
    loop {
        match varint.push(byte(rest)?) {
            VarintStep::More => {}
            VarintStep::Done(value) => return Some(value),
            VarintStep::Invalid => return None,
        }
    }
}
