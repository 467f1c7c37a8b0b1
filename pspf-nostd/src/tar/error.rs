//! Why an archive is refused.

use super::{BLOCK_SIZE, number::NumberFault, path::PathFault};
use crate::{offsets::position, quoted::escaped};
use alloc::{string::String, vec::Vec};
use core::fmt;

/// An archive was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarError {
    /// Offset in the archive, in bytes, of the header or content block that is wrong.
    pub offset: u64,
    /// The name in the header of the entry that is wrong, as the archive writes it; empty where there is none.
    pub entry: Vec<u8>,
    /// What is wrong.
    pub fault: TarFault,
}

/// What is wrong with an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TarFault {
    /// The sink wanted to stop.
    Stopped,
    /// The header has the magic of neither ustar nor GNU tar.
    Magic,
    /// The sum of the header's bytes is not the one it states.
    Checksum {
        /// As stated.
        stated: u64,
        /// As computed.
        computed: u64,
    },
    /// A numeric field is wrong.
    Number {
        /// Its name.
        field: &'static str,
        /// What is wrong.
        fault: NumberFault,
    },
    /// A part of the header that must be zero is not.
    NotZero {
        /// Its name.
        field: &'static str,
    },
    /// A path is wrong.
    Path {
        /// Which: the entry's or a link's target.
        of: &'static str,
        /// What is wrong.
        fault: PathFault,
    },
    /// The entry's type is not read.
    Type {
        /// The type flag.
        flag: u8,
        /// What it stands for.
        name: &'static str,
    },
    /// A pax header does not keep its form.
    PaxForm {
        /// Where in the pax header's content, in bytes.
        at: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// A pax keyword cannot be accepted.
    PaxKeyword {
        /// The keyword.
        keyword: String,
        /// Why.
        problem: &'static str,
    },
    /// The pax size contradicts the header's.
    SizeConflict {
        /// As in the header.
        header: u64,
        /// As in the pax header.
        pax: u64,
    },
    /// An entry that has no content states a size.
    SizeWithoutContent {
        /// What the entry is.
        kind: &'static str,
        /// The size in bytes.
        size: u64,
    },
    /// Extension headers contradict each other or the entry.
    Extension {
        /// How.
        problem: &'static str,
    },
    /// A path appears twice.
    Duplicate,
    /// The path was used as a directory before.
    WasDirectory,
    /// A directory on the way is something else.
    BelowNonDirectory {
        /// Path of what is not a directory.
        parent: Vec<u8>,
    },
    /// The target of a hard link is not an earlier regular file of the archive.
    HardLinkTarget {
        /// The target's path.
        target: Vec<u8>,
    },
    /// The padding behind content or a header extension is not zero.
    Padding,
    /// One zero block, and then something else.
    LoneZeroBlock,
    /// Something other than zeros behind the end marker.
    AfterEnd,
    /// The archive ends too early.
    Truncated {
        /// Where, as in "inside a header".
        place: &'static str,
    },
    /// The archive's length is not a multiple of 512 bytes.
    Length,
    /// More than a limit allows.
    Limit {
        /// What is limited.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

impl TarFault {
    /// A stable code for reports.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Stopped => "tar.stopped",
            Self::Magic => "tar.magic",
            Self::Checksum { .. } => "tar.checksum",
            Self::Number { .. } => "tar.number",
            Self::NotZero { .. } => "tar.not_zero",
            Self::Path { .. } => "tar.path",
            Self::Type { .. } => "tar.type",
            Self::PaxForm { .. } => "tar.pax_form",
            Self::PaxKeyword { .. } => "tar.pax_keyword",
            Self::SizeConflict { .. } => "tar.size_conflict",
            Self::SizeWithoutContent { .. } => "tar.size_without_content",
            Self::Extension { .. } => "tar.extension",
            Self::Duplicate => "tar.duplicate",
            Self::WasDirectory => "tar.was_directory",
            Self::BelowNonDirectory { .. } => "tar.below_non_directory",
            Self::HardLinkTarget { .. } => "tar.hard_link_target",
            Self::Padding => "tar.padding",
            Self::LoneZeroBlock => "tar.lone_zero_block",
            Self::AfterEnd => "tar.after_end",
            Self::Truncated { .. } => "tar.truncated",
            Self::Length => "tar.length",
            Self::Limit { .. } => "tar.limit",
        }
    }
}

impl TarError {
    /// Whether not even the first header is one: such bytes were never an archive.
    #[must_use]
    pub fn is_no_archive(&self) -> bool {
        let in_first_header = position(self.offset) < BLOCK_SIZE;
        in_first_header && matches!(self.fault, TarFault::Magic | TarFault::Truncated { .. } | TarFault::Length)
    }
}

impl fmt::Display for TarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tar archive, byte {}", self.offset)?;
        if !self.entry.is_empty() {
            f.write_str(", entry `")?;
            shown(f, &self.entry)?;
            f.write_str("`")?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl core::error::Error for TarError {}

impl fmt::Display for TarFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("reading was stopped"),
            Self::Magic => f.write_str("not a header: expected the magic of ustar or GNU tar"),
            Self::Checksum { stated, computed } => {
                write!(f, "the header's checksum is {computed}, it states {stated}")
            }
            Self::Number { field, fault } => write!(f, "the header's {field} {fault}"),
            Self::NotZero { field } => write!(f, "the header has bytes in {field}, expected zeros"),
            Self::Path { of, fault } => write!(f, "the {of} {fault}"),
            Self::Type { flag, name } => {
                write!(f, "type `{}` ({name}) is not supported", flag.escape_ascii())
            }
            Self::PaxForm { at, problem } => write!(f, "pax header, byte {at}: {problem}"),
            Self::PaxKeyword { keyword, problem } => {
                write!(f, "pax keyword `{}`: {problem}", escaped(keyword))
            }
            Self::SizeConflict { header, pax } => {
                write!(f, "the header says {header} bytes, the pax header {pax}")
            }
            Self::SizeWithoutContent { kind, size } => {
                write!(f, "a {kind} states a size of {size} bytes, expected 0")
            }
            Self::Extension { problem } => f.write_str(problem),
            Self::Duplicate => f.write_str("duplicate path"),
            Self::WasDirectory => f.write_str("the path was used as a directory before"),
            Self::BelowNonDirectory { parent } => {
                f.write_str("the path lies below `")?;
                shown(f, parent)?;
                f.write_str("`, which is not a directory")
            }
            Self::HardLinkTarget { target } => {
                f.write_str("the hard link's target `")?;
                shown(f, target)?;
                f.write_str("` is not an earlier regular file of the archive")
            }
            Self::Padding => f.write_str("the padding is not zero"),
            Self::LoneZeroBlock => f.write_str("a single zero block inside the archive, expected two and the end"),
            Self::AfterEnd => f.write_str("more than zeros behind the end marker"),
            Self::Truncated { place } => write!(f, "the archive ends {place}"),
            Self::Length => f.write_str("the archive's length is not a multiple of 512 bytes"),
            Self::Limit { what, limit } => write!(f, "more than the limit of {limit} {what}"),
        }
    }
}

/// Writes bytes of an archive for people: on one line, without control characters.
pub(super) fn shown(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        f.write_str(&escaped(chunk.valid()))?;
        for byte in chunk.invalid() {
            write!(f, "\\x{byte:02x}")?;
        }
    }
    Ok(())
}
