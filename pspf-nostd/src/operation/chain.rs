//! Operation chains: packed form, text form, decoding order.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::Operation;

/// The operations that made a slot's stored bytes, first applied first.
///
/// Keeps all eight packed bytes as they were read, so that bytes behind the end of the chain are seen
/// ([`has_hole`](Self::has_hole)) and written back unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct OperationChain {
    packed: u64,
}

/// A compression that a chain names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// gzip (RFC 1952).
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz container with LZMA2.
    Xz,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl OperationChain {
    /// No operation: the stored bytes are the content.
    pub const RAW: Self = Self { packed: 0 };

    /// Most operations in one chain: the eight bytes of the descriptor field.
    pub const MAX_LEN: usize = 8;

    /// The chain of a descriptor's `operations` field.
    #[must_use]
    pub fn from_packed(packed: u64) -> Self {
        Self { packed }
    }

    /// The descriptor's `operations` field.
    #[must_use]
    pub fn packed(self) -> u64 {
        self.packed
    }

    /// A chain of the given operations, first applied first.
    ///
    /// # Errors
    /// [`OperationError::TooMany`] for more than eight; [`OperationError::NotAnOperation`] for 0x00 or 0xFF, which cannot
    /// be in a chain.
    pub fn from_operations(operations: &[Operation]) -> Result<Self, OperationError> {
        let mut bytes = [0; Self::MAX_LEN];
        if operations.len() > bytes.len() {
            return Err(OperationError::TooMany { found: operations.len() });
        }
        for (byte, &operation) in bytes.iter_mut().zip(operations) {
            if operation == Operation::NONE || operation == Operation::TERMINAL {
                return Err(OperationError::NotAnOperation { operation });
            }
            *byte = operation.0;
        }
        Ok(Self { packed: u64::from_le_bytes(bytes) })
    }

    /// The operations up to the first zero byte, first applied first.
    pub fn operations(self) -> impl Iterator<Item = Operation> {
        self.packed.to_le_bytes().into_iter().take_while(|&code| code != 0).map(Operation)
    }

    /// True if the chain has no operation.
    #[must_use]
    pub fn is_raw(self) -> bool {
        self.operations().next().is_none()
    }

    /// True if a non-zero byte follows the byte that ends the chain (`0x1000` reads as raw, yet is not zero).
    #[must_use]
    pub fn has_hole(self) -> bool {
        self.packed.to_le_bytes().into_iter().skip_while(|&code| code != 0).any(|code| code != 0)
    }

    /// True if the first-applied operation is tar: after decompression the bytes are an archive.
    #[must_use]
    pub fn is_tar(self) -> bool {
        self.operations().next() == Some(Operation::TAR)
    }

    /// The codecs to undo, in decoding order (last applied first); tar, if present, comes after all of them
    /// ([`is_tar`](Self::is_tar)).
    ///
    /// # Errors
    /// [`OperationError::Unsupported`] for an operation that is never decoded, [`OperationError::TarNotFirst`] for a tar
    /// operation applied to already transformed bytes.
    pub fn codecs(self) -> Result<Vec<Codec>, OperationError> {
        let mut codecs = Vec::with_capacity(Self::MAX_LEN);
        for (position, operation) in self.operations().enumerate() {
            match operation {
                Operation::TAR if position == 0 => {}
                Operation::TAR => return Err(OperationError::TarNotFirst { position }),
                Operation::GZIP => codecs.push(Codec::Gzip),
                Operation::BZIP2 => codecs.push(Codec::Bzip2),
                Operation::XZ => codecs.push(Codec::Xz),
                Operation::ZSTD => codecs.push(Codec::Zstd),
                _ => return Err(OperationError::Unsupported { operation, position }),
            }
        }
        codecs.reverse();
        Ok(codecs)
    }

    /// The chain of an operation string in a manifest of ours.
    ///
    /// Takes what any of the published builders takes, and is strict where they fall silently back to raw. Case does not
    /// matter. A whole string may be ``, `raw`, `none`, or an abbreviation (`tar.gz`, `tgz`, `tar.bz2`, `tbz2`, `tar.xz`,
    /// `txz`, `tar.zst`, `tzst`); otherwise it is a list of `tar`, `gzip`, `bzip2`, `xz`, `zstd` separated by `|` or by `,`,
    /// first applied first, blanks around the names allowed.
    ///
    /// # Errors
    /// [`OperationError::UnknownName`] with the part not understood; [`OperationError::TooMany`].
    pub fn parse(text: &str) -> Result<Self, OperationError> {
        let text = text.trim().to_ascii_lowercase();
        if let Some(chain) = abbreviation(&text) {
            return Ok(chain);
        }
        let separator = if text.contains('|') { '|' } else { ',' };
        let operations = text
            .split(separator)
            .map(|part| {
                writable(part.trim()).ok_or_else(|| OperationError::UnknownName { name: part.trim().to_string() })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Self::from_operations(&operations)
    }
}

/// The five operations that builders write, by lower-case name.
pub(super) fn writable(name: &str) -> Option<Operation> {
    Some(match name {
        "tar" => Operation::TAR,
        "gzip" => Operation::GZIP,
        "bzip2" => Operation::BZIP2,
        "xz" => Operation::XZ,
        "zstd" => Operation::ZSTD,
        _ => return None,
    })
}

/// The chains that have a word of their own, by lower-case word.
pub(super) fn abbreviation(word: &str) -> Option<OperationChain> {
    Some(OperationChain::from_packed(match word {
        "" | "raw" | "none" => 0,
        "tar.gz" | "tgz" => 0x1001,
        "tar.bz2" | "tbz2" => 0x1301,
        "tar.xz" | "txz" => 0x1601,
        "tar.zst" | "tzst" => 0x1b01,
        _ => return None,
    }))
}

impl FromStr for OperationChain {
    type Err = OperationError;

    fn from_str(text: &str) -> Result<Self, OperationError> {
        Self::parse(text)
    }
}

impl fmt::Display for OperationChain {
    /// `raw`, `tar.gz`, `tar.bz2`, `tar.xz`, `tar.zst`, else the names joined by `|`, codes without a name as `0xNN`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut operations = self.operations();
        match (operations.next(), operations.next(), operations.next()) {
            (None, ..) => return f.write_str("raw"),
            (Some(Operation::TAR), Some(second), None) => match second {
                Operation::GZIP => return f.write_str("tar.gz"),
                Operation::BZIP2 => return f.write_str("tar.bz2"),
                Operation::XZ => return f.write_str("tar.xz"),
                Operation::ZSTD => return f.write_str("tar.zst"),
                _ => {}
            },
            _ => {}
        }
        for (position, operation) in self.operations().enumerate() {
            if position > 0 {
                f.write_str("|")?;
            }
            write!(f, "{operation}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for OperationChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OperationChain(0x{:x} {self})", self.packed)
    }
}

/// Why an operation chain cannot be written or undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationError {
    /// An operation that no reader here decodes.
    Unsupported {
        /// The operation.
        operation: Operation,
        /// Its place in the chain, counted from 0, first applied first.
        position: usize,
    },
    /// Tar applied after another operation, which no writer does and no reader undoes.
    TarNotFirst {
        /// Its place in the chain, counted from 0.
        position: usize,
    },
    /// More operations than the descriptor field holds.
    TooMany {
        /// Operations asked for.
        found: usize,
    },
    /// 0x00 or 0xFF in a list of operations.
    NotAnOperation {
        /// The code.
        operation: Operation,
    },
    /// A word in an operation string that names no writable operation.
    UnknownName {
        /// The word, trimmed, in lower case.
        name: String,
    },
}

impl OperationError {
    /// A stable code for reports.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "operation.unsupported",
            Self::TarNotFirst { .. } => "operation.tar.not_first",
            Self::TooMany { .. } => "operation.too_many",
            Self::NotAnOperation { .. } => "operation.reserved",
            Self::UnknownName { .. } => "operation.unknown_name",
        }
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported { operation, position } => {
                let Operation(code) = operation;
                let name = operation.name().unwrap_or("no registered name");
                write!(f, "operation 0x{code:02X} ({name}) at position {position} is not supported; ")?;
                f.write_str("supported are tar, gzip, bzip2, xz and zstd")
            }
            Self::TarNotFirst { position } => {
                write!(f, "operation tar at position {position} is not supported: tar must be the first operation")
            }
            Self::TooMany { found } => {
                write!(f, "{found} operations in one chain; at most {} fit", OperationChain::MAX_LEN)
            }
            Self::NotAnOperation { operation: Operation(code) } => {
                write!(f, "operation code 0x{code:02X} cannot be in a chain")
            }
            Self::UnknownName { name } => {
                write!(f, "unknown operation `{name}`; expected raw, tar, gzip, bzip2, xz, zstd, ")?;
                f.write_str("tar.gz, tar.bz2, tar.xz, tar.zst, or a list separated by `|`")
            }
        }
    }
}

impl core::error::Error for OperationError {}
