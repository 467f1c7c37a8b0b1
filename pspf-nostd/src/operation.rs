//! Operation codes and chains: how the stored bytes of a slot were made (docs/format.md §4).
//!
//! A chain is eight bytes in a slot descriptor. The first-applied operation is in the lowest byte; the first zero byte
//! ends the chain. [`published`] holds the rules by which each published builder turns metadata strings into chains.

mod chain;
pub mod published;
mod registry;

pub use chain::{Codec, OperationChain, OperationError};

use core::fmt;

/// One operation code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operation(pub u8);

impl Operation {
    /// Ends a chain.
    pub const NONE: Self = Self(0x00);
    /// POSIX tar archive.
    pub const TAR: Self = Self(0x01);
    /// gzip (RFC 1952).
    pub const GZIP: Self = Self(0x10);
    /// bzip2.
    pub const BZIP2: Self = Self(0x13);
    /// xz container with LZMA2.
    pub const XZ: Self = Self(0x16);
    /// Zstandard (RFC 8878).
    pub const ZSTD: Self = Self(0x1b);
    /// Reserved by the registry; never part of a chain.
    pub const TERMINAL: Self = Self(0xff);

    /// The lower-case registry name (`gzip`, `tar_sorted`), or `None` for a code without one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        registry::name(self.0)
    }

    /// The operation of a lower-case registry name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        registry::code(name).map(Self)
    }

    /// All operations that have a name, in order of their codes.
    pub fn registered() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).filter(|code| registry::name(*code).is_some()).map(Self)
    }

    /// The registry range that the code lies in.
    #[must_use]
    pub fn range(self) -> OperationRange {
        match self.0 {
            0x00 => OperationRange::None,
            0x01..=0x0f => OperationRange::Bundle,
            0x10..=0x2f => OperationRange::Compress,
            0x30..=0x4f => OperationRange::Encrypt,
            0x50..=0x6f => OperationRange::Encode,
            0x70..=0x8f => OperationRange::Hash,
            0x90..=0xaf => OperationRange::Signature,
            0xb0..=0xcf => OperationRange::Transform,
            0xd0..=0xef => OperationRange::Custom,
            0xf0..=0xfe => OperationRange::Vendor,
            0xff => OperationRange::Terminal,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "0x{:02X}", self.0),
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operation(0x{:02x} {self})", self.0)
    }
}

/// The ranges of the operation registry (docs/format.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationRange {
    /// 0x00.
    None,
    /// 0x01-0x0F: archives.
    Bundle,
    /// 0x10-0x2F: compression.
    Compress,
    /// 0x30-0x4F: encryption.
    Encrypt,
    /// 0x50-0x6F: text encodings.
    Encode,
    /// 0x70-0x8F: digests.
    Hash,
    /// 0x90-0xAF: signatures.
    Signature,
    /// 0xB0-0xCF: splitting and patching.
    Transform,
    /// 0xD0-0xEF: free for applications.
    Custom,
    /// 0xF0-0xFE: vendor, private.
    Vendor,
    /// 0xFF.
    Terminal,
}

impl OperationRange {
    /// The range's name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bundle => "bundle",
            Self::Compress => "compress",
            Self::Encrypt => "encrypt",
            Self::Encode => "encode",
            Self::Hash => "hash",
            Self::Signature => "signature",
            Self::Transform => "transform",
            Self::Custom => "custom",
            Self::Vendor => "vendor",
            Self::Terminal => "terminal",
        }
    }
}

impl fmt::Display for OperationRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
