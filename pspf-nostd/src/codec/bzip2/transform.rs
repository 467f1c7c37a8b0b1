//! From the last column of the Burrows-Wheeler transform to the original bytes.

use alloc::vec::Vec;

use super::super::{DecodeError, Sink};
use super::block::Block;
use crate::offsets::position;

/// Bytes leave in pieces of this many.
const PIECE_LENGTH: usize = 32 << 10;
/// Equal bytes in a row behind which there is a repeat count.
const RUN_LENGTH: u32 = 4;

/// Undoes the transform and the run-length coding around it, and computes the checksum.
#[derive(Default)]
pub(super) struct Transform {
    piece: Vec<u8>,
    reversed: Vec<u8>,
    crc: crc32fast::Hasher,
}

impl Transform {
    /// Gives the sink the bytes of a complete block, and the caller their CRC; `None` if the block's origin is not in it.
    pub(super) fn put_out(&mut self, block: &mut Block, out: &mut Sink<'_>) -> Result<Option<u32>, DecodeError> {
        let column = &mut block.column;
        if position(block.origin.into()) >= column.len() {
            return Ok(None);
        }
        // Where the rotations that begin with each byte begin in sorted order.
        let mut begin = 0_u32;
        for count in &mut block.counts {
            let next = begin.saturating_add(*count);
            *count = begin;
            begin = next;
        }
        // In the high bits of each entry: which rotation follows, once this one's first byte is taken away.
        for at in 0..column.len() {
            let byte = column.get(at).copied().unwrap_or(0) & 0xff;
            let Some(slot) = block.counts.get_mut(position(byte.into())) else { continue };
            if let Some(entry) = column.get_mut(position((*slot).into())) {
                *entry |= u32::try_from(at).unwrap_or(0) << 8;
            }
            *slot = slot.saturating_add(1);
        }

        self.crc = crc32fast::Hasher::new();
        self.piece.clear();
        let column = block.column.as_slice();
        let start = position(block.origin.into());
        let mut entry = column.get(start).copied().unwrap_or(0);
        let mut last = 0;
        let mut run = 0_u32;
        for _ in 0..column.len() {
            entry = column.get(position((entry >> 8).into())).copied().unwrap_or(0);
            let byte = entry.to_le_bytes()[0];
            if run == RUN_LENGTH {
                self.piece.resize(self.piece.len().saturating_add(byte.into()), last);
                run = 0;
            } else {
                run = if run > 0 && byte == last { run.saturating_add(1) } else { 1 };
                last = byte;
                self.piece.push(byte);
            }
            if self.piece.len() >= PIECE_LENGTH {
                self.flush(out)?;
            }
        }
        self.flush(out)?;
        // bzip2's CRC is CRC-32 with the bits of every byte, and of the result, in the other order.
        Ok(Some(core::mem::take(&mut self.crc).finalize().reverse_bits()))
    }

    fn flush(&mut self, out: &mut Sink<'_>) -> Result<(), DecodeError> {
        self.reversed.clear();
        self.reversed.extend(self.piece.iter().map(|byte| byte.reverse_bits()));
        self.crc.update(&self.reversed);
        if !self.piece.is_empty() {
            out(&self.piece)?;
        }
        self.piece.clear();
        Ok(())
    }
}
