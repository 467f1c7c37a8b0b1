//! The gzip member that holds the metadata (format.md §5).

use alloc::{vec, vec::Vec};
use core::fmt;
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
};

/// One unpacked gzip member.
#[derive(Debug)]
pub struct GunzipOne {
    /// The unpacked bytes.
    pub data: Vec<u8>,
    /// How many input bytes the member takes.
    pub consumed: usize,
    /// The ten bytes of its header.
    pub header: [u8; 10],
}

/// Why bytes are not one gzip member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// Not a gzip header, or one with optional fields.
    Header,
    /// The deflate stream is damaged, cut off, or longer than the limit.
    Deflate,
    /// CRC-32 or length in the trailer do not match.
    Checksum,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "no plain gzip header",
            Self::Deflate => "the deflate stream is damaged, cut off, or longer than the limit",
            Self::Checksum => "CRC-32 or length do not match",
        })
    }
}

/// Unpacks the gzip member at the start of `bytes`, at most `max` bytes of content.
///
/// # Errors
/// [`DecodeError`] for anything that is not one whole member.
pub fn gunzip_one(bytes: &[u8], max: u64) -> Result<GunzipOne, DecodeError> {
    let (header, rest) = bytes.split_first_chunk::<10>().ok_or(DecodeError::Header)?;
    if header.get(..4) != Some(&[0x1f, 0x8b, 8, 0]) {
        return Err(DecodeError::Header);
    }
    let mut data = vec![0; crate::offsets::position(max)];
    let mut inflater = DecompressorOxide::new();
    let (status, used, made) = decompress(&mut inflater, rest, &mut data, 0, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
    if status != TINFLStatus::Done {
        return Err(DecodeError::Deflate);
    }
    data.truncate(made);
    let trailer = rest.get(used..).and_then(|rest| rest.first_chunk::<8>()).ok_or(DecodeError::Checksum)?;
    let [c0, c1, c2, c3, l0, l1, l2, l3] = *trailer;
    let length = u32::try_from(made).map_err(|_| DecodeError::Checksum)?;
    if u32::from_le_bytes([c0, c1, c2, c3]) != crc32fast::hash(&data) || u32::from_le_bytes([l0, l1, l2, l3]) != length
    {
        return Err(DecodeError::Checksum);
    }
    Ok(GunzipOne { data, consumed: used.saturating_add(18), header: *header })
}

/// The canonical member of a sealed package: fixed header, stored deflate blocks of at most 65535 bytes, CRC-32, ISIZE.
#[must_use]
pub fn gzip_stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let mut chunks = bytes.chunks(65_535).peekable();
    if chunks.peek().is_none() {
        out.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(chunk) = chunks.next() {
        let length = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        out.push(u8::from(chunks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(chunk);
    }
    out.extend(crc32fast::hash(bytes).to_le_bytes());
    let [l0, l1, l2, l3, ..] = crate::offsets::length(bytes).to_le_bytes();
    out.extend([l0, l1, l2, l3]);
    out
}
