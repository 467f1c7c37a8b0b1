//! The integrity checks of a block (.xz specification §2.1.1.2).

use alloc::boxed::Box;

use crc::{CRC_64_XZ, Crc, Table};
use sha2::{Digest as _, Sha256};

/// Sixteen bytes a step.
static CRC64: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);

/// A running check of a block's decoded bytes.
pub(super) enum Check {
    None,
    Crc32(crc32fast::Hasher),
    Crc64(crc::Digest<'static, u64, Table<16>>),
    Sha256(Box<Sha256>),
}

impl Check {
    /// The check that the stream flags name; `None` for one that is reserved.
    pub(super) fn of(flags: [u8; 2]) -> Option<Self> {
        match flags {
            [0, 0] => Some(Self::None),
            [0, 1] => Some(Self::Crc32(crc32fast::Hasher::new())),
            [0, 4] => Some(Self::Crc64(CRC64.digest())),
            [0, 10] => Some(Self::Sha256(Box::default())),
            _ => None,
        }
    }

    /// Length of the check field, in bytes.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Crc32(_) => 4,
            Self::Crc64(_) => 8,
            Self::Sha256(_) => 32,
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Crc32(hasher) => hasher.update(bytes),
            Self::Crc64(digest) => digest.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// Compares with the check field; the error names the check and both values (the first eight bytes of a SHA-256).
    pub(super) fn verify(self, field: &[u8]) -> Result<(), (&'static str, u64, u64)> {
        let value = |bytes: &[u8], big: bool| {
            let add = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
            let first = bytes.iter().take(8);
            if big { first.fold(0, add) } else { first.rev().fold(0, add) }
        };
        let (what, computed, equal) = match self {
            Self::None => return Ok(()),
            Self::Crc32(hasher) => {
                let computed = u64::from(hasher.finalize());
                ("the CRC32 of a block", computed, value(field, false) == computed)
            }
            Self::Crc64(digest) => {
                let computed = digest.finalize();
                ("the CRC64 of a block", computed, value(field, false) == computed)
            }
            Self::Sha256(hasher) => {
                let computed = hasher.finalize();
                let equal = computed.as_slice() == field;
                return if equal {
                    Ok(())
                } else {
                    Err(("the SHA-256 of a block", value(field, true), value(&computed, true)))
                };
            }
        };
        if equal { Ok(()) } else { Err((what, value(field, false), computed)) }
    }
}
