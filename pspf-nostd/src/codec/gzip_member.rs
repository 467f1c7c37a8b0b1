//! Single gzip members held in memory: the form of the metadata.

use alloc::vec::Vec;

use super::error::LimitKind;
use super::gzip::{Gzip, HEADER_LENGTH};
use super::{Codec, DecodeError, Stop};
use crate::offsets::{array_at, length};

/// The header of the canonical member: no flags, no time, no hint, unknown system.
const CANONICAL_HEADER: [u8; HEADER_LENGTH] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Longest stored deflate block (RFC 1951 §3.2.4: a 16-bit length).
const STORED_BLOCK_MAX: usize = 65_535;

/// One decoded member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GunzipOne {
    /// The decoded bytes.
    pub data: Vec<u8>,
    /// Length of the member, in bytes of the input. What follows was not looked at.
    pub consumed: usize,
    /// The member's fixed header (RFC 1952 §2.3: `ID1 ID2 CM FLG MTIME[4] XFL OS`).
    pub header: [u8; HEADER_LENGTH],
}

/// Decodes the gzip member that `bytes` begin with; it may give at most `max` bytes.
///
/// Memory follows what is really decoded, never a size that the input claims.
///
/// # Errors
/// [`DecodeError`] if there is no complete, valid member or it is longer than `max`.
pub fn gunzip_one(bytes: &[u8], max: u64) -> Result<GunzipOne, DecodeError> {
    let mut data = Vec::new();
    let mut over = None;
    let mut gzip = Gzip::one_member();
    let result = gzip.advance(bytes, &mut |piece| {
        let found = length(&data).saturating_add(length(piece));
        if found > max {
            over = Some(DecodeError::Limit { codec: Some(Codec::Gzip), limit: LimitKind::Output, max, found });
            return Err(Stop);
        }
        data.extend_from_slice(piece);
        Ok(())
    });
    let left = over.map_or(result, Err)?;
    if !gzip.is_end() {
        return Err(gzip.truncated());
    }
    Ok(GunzipOne { data, consumed: bytes.len().saturating_sub(left.len()), header: array_at(bytes, 0) })
}

/// The canonical gzip member of some bytes: a fixed header and stored deflate blocks, each as long as it can be. There is
/// exactly one for any content, so the member is a function of it.
#[must_use]
pub fn gzip_stored(bytes: &[u8]) -> Vec<u8> {
    let mut member = Vec::with_capacity(bytes.len().saturating_add(64));
    member.extend_from_slice(&CANONICAL_HEADER);
    let mut rest = bytes;
    loop {
        let (block, after) = rest.split_at(rest.len().min(STORED_BLOCK_MAX));
        let count = u16::try_from(block.len()).unwrap_or(u16::MAX);
        member.push(u8::from(after.is_empty()));
        member.extend_from_slice(&count.to_le_bytes());
        member.extend_from_slice(&(!count).to_le_bytes());
        member.extend_from_slice(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    member.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
    let size = length(bytes) & u64::from(u32::MAX);
    member.extend_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
    member
}
