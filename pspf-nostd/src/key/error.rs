//! Why a key cannot be used.

use core::fmt;

use super::signature::SignatureError;
use super::{FoundFormat, KeyRole};
use crate::limits::KEY_FILE_MAX;

/// Why a key, or a key file, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// The file is larger than [`KEY_FILE_MAX`] bytes.
    TooLarge {
        /// Its size in bytes.
        found: usize,
    },
    /// The file holds something else.
    Unexpected {
        /// What was asked for.
        expected: KeyRole,
        /// What is there.
        found: FoundFormat,
    },
    /// The PEM block is damaged.
    Pem {
        /// Line of the file, counted from 1.
        line: usize,
        /// What is wrong there.
        fault: PemFault,
    },
    /// The bytes in the PEM block are neither the expected DER structure nor a raw key.
    Content {
        /// What was asked for.
        expected: KeyRole,
        /// Bytes in the block.
        found: usize,
    },
    /// The public key stored beside the private key belongs to another one.
    PublicKeyMismatch,
    /// The private seed is all zeros.
    ZeroSeed,
    /// The public key cannot verify signatures.
    Unusable(SignatureError),
}

/// What is wrong with a PEM block (RFC 7468).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PemFault {
    /// The file ends before the block does.
    NoEnd,
    /// The END line, or another BEGIN line, does not fit the block.
    WrongBoundary,
    /// `Name: value` lines in the block, as old password-protected keys have.
    Header,
    /// The block's text is not base64.
    Base64,
}

impl KeyError {
    /// A stable code for reports.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "key.too_large",
            Self::Unexpected { .. } => "key.unexpected",
            Self::Pem { .. } => "key.pem",
            Self::Content { .. } => "key.content",
            Self::PublicKeyMismatch => "key.public_mismatch",
            Self::ZeroSeed => "key.zero_seed",
            Self::Unusable(_) => "key.unusable",
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { found } => write!(f, "the key file has {found} bytes; at most {KEY_FILE_MAX} are read"),
            Self::Unexpected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Pem { line, fault } => write!(f, "line {line} of the key file: {fault}"),
            Self::Content { expected, found } => {
                write!(f, "expected {expected}; the {found} bytes in its PEM block are no such key")
            }
            Self::PublicKeyMismatch => {
                f.write_str("the public key stored beside the private key does not belong to it")
            }
            Self::ZeroSeed => f.write_str("the private key is all zeros"),
            Self::Unusable(error) => write!(f, "the key cannot verify signatures: {error}"),
        }
    }
}

impl fmt::Display for PemFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoEnd => "this PEM block has no END line",
            Self::WrongBoundary => "this line does not end the PEM block that it is in",
            Self::Header => "header lines inside the PEM block (a password-protected key?) are not supported",
            Self::Base64 => "the PEM block that starts here is not valid base64",
        })
    }
}

impl core::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Unusable(error) => Some(error),
            _ => None,
        }
    }
}
