//! What an archive holds: entries, and where they go.

use super::path::EntryPath;
use crate::codec::Stop;
use alloc::vec::Vec;

/// One member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it belongs, relative to the root of the archive.
    pub path: EntryPath,
    /// What it is.
    pub kind: EntryKind,
    /// Length of its content in bytes; 0 for everything but files.
    pub size: u64,
    /// Unix mode, the low 12 bits: permissions, setuid, setgid, sticky. See [`Self::permission_bits`].
    pub mode: u32,
    /// Modification time in seconds since 1970-01-01 UTC, fractions cut off.
    pub mtime: u64,
}

impl Entry {
    /// The mode without setuid, setgid and sticky: what an extractor should apply.
    #[must_use]
    pub const fn permission_bits(&self) -> u32 {
        self.mode & 0o777
    }

    /// Whether the path means the same on every common file system: see [`EntryPath::is_portable`].
    #[must_use]
    pub fn portable(&self) -> bool {
        self.path.is_portable()
    }
}

/// The kinds of entries that are read and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink {
        /// Where it points, as the archive says: not empty and without NUL, otherwise unchecked. See
        /// [`super::symlink_stays_inside`].
        target: Vec<u8>,
    },
    /// Another name for a file.
    HardLink {
        /// The path of an earlier [`EntryKind::File`] of the same archive.
        target: EntryPath,
    },
}

/// Takes the entries of an archive, in its order.
///
/// Nothing that was taken is known to be right before [`super::TarReader::finish`] has returned `Ok`.
pub trait EntrySink {
    /// An entry begins. The root of the archive (`./`) is not reported.
    ///
    /// # Errors
    /// [`Stop`] ends the reading.
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop>;

    /// The next bytes of the entry's content, never empty; all calls together bring [`Entry::size`] bytes.
    ///
    /// # Errors
    /// [`Stop`] ends the reading.
    fn data(&mut self, bytes: &[u8]) -> Result<(), Stop>;

    /// The entry's content is complete.
    ///
    /// # Errors
    /// [`Stop`] ends the reading.
    fn end(&mut self) -> Result<(), Stop>;
}
