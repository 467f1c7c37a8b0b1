//! A fresh directory that slots are extracted into, and what each of them has put there.
//!
//! What makes it safe: the directory is made by us and private; every directory below it was made here as well, so no
//! parent is ever a link; files are created exclusively, which follows no link in last place either; symbolic links come
//! last, and only those that provably stay inside ([`symlink_stays_inside`]).

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt,
    fs::{self, DirBuilder, Permissions},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use pspf_nostd::{
    digest::{Sha256Digest, sha256},
    tar::{EntryPath, symlink_stays_inside},
};

use crate::{
    file_writer::{BATCH_MIN, Batch, FailedFile, FileWriter, NewFile, set_time},
    io_failure::IoFailure,
    open_file::open,
    tree_record::{self, TreeRecord},
};

/// Name of the launcher's own directory in every work environment; no slot may write there.
pub const RECORD_DIRECTORY: &str = ".pspf";

/// Most entries of all slots together: what this module remembers of each takes some 200 bytes of memory.
pub const ENTRIES_MAX: usize = 1_000_000;

/// Mode of directories that no slot gives a mode to.
const DIRECTORY_MODE: u32 = 0o755;

/// Why something cannot be put into the directory.
#[derive(Debug)]
pub enum EntryFault {
    /// The system refused.
    Io(IoFailure),
    /// A file that was handed over earlier could not be written.
    Earlier(Box<FailedFile>),
    /// Something of another kind stands there already.
    Clash {
        /// What stands there.
        found: &'static str,
    },
    /// The launcher keeps its own records under this name.
    Reserved,
    /// A symbolic link that could lead out of the directory.
    LinkLeaves {
        /// Where it points.
        target: Vec<u8>,
    },
    /// A hard link to something that is not a file of the same slot.
    HardLink {
        /// Where it points.
        target: Vec<u8>,
    },
    /// More entries than [`ENTRIES_MAX`].
    TooMany,
}

impl fmt::Display for EntryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(failure) => failure.fmt(f),
            Self::Earlier(file) => file.failure.fmt(f),
            Self::Clash { found } => write!(f, "there is already a {found} in its place"),
            Self::Reserved => write!(f, "the name {RECORD_DIRECTORY} is reserved for the launcher"),
            Self::LinkLeaves { target } => {
                write!(f, "the symbolic link to `{}` could lead out of the directory", target.escape_ascii())
            }
            Self::HardLink { target } => {
                write!(f, "the hard link to `{}` does not name a file of the same slot", target.escape_ascii())
            }
            Self::TooMany => write!(f, "more than the limit of {ENTRIES_MAX} files and directories"),
        }
    }
}

impl From<Box<FailedFile>> for EntryFault {
    fn from(failed: Box<FailedFile>) -> Self {
        Self::Earlier(failed)
    }
}

impl From<IoFailure> for EntryFault {
    fn from(failure: IoFailure) -> Self {
        Self::Io(failure)
    }
}

/// The directory.
#[derive(Debug)]
pub struct ExtractionRoot {
    path: PathBuf,
    entries: BTreeMap<Vec<u8>, Made>,
    /// The directory that the last entry went into: most follow each other in one.
    last_parent: Vec<u8>,
    writer: Arc<FileWriter>,
    /// Files that are not handed over to it yet.
    batch: Batch,
    /// The files that are written for sure.
    written: BTreeMap<Vec<u8>, tree_record::Entry>,
}

#[derive(Debug)]
struct Made {
    slot: usize,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Directory {
        mtime: Option<u64>,
    },
    File,
    /// Not made before [`ExtractionRoot::finish`].
    Symlink {
        target: Vec<u8>,
    },
}

impl ExtractionRoot {
    /// Makes the directory, private to the user. It must not exist.
    ///
    /// # Errors
    /// Those of making it.
    pub fn create(path: &Path) -> Result<Self, IoFailure> {
        DirBuilder::new().mode(0o700).create(path).map_err(IoFailure::of("create the directory", path))?;
        let (entries, written) = (BTreeMap::new(), BTreeMap::new());
        let writer = Arc::new(FileWriter::new(false));
        Ok(Self { path: path.to_owned(), entries, last_parent: Vec::new(), writer, batch: Batch::default(), written })
    }

    /// Has files created by the threads that work for `writer`.
    pub(crate) fn set_writer(&mut self, writer: Arc<FileWriter>) {
        self.writer = writer;
    }

    /// What creates the files, and what it will be given next.
    pub(crate) fn writer(&mut self) -> (&FileWriter, &mut Batch) {
        (&self.writer, &mut self.batch)
    }

    /// Waits until all files are written.
    fn settle(&mut self) -> Result<(), EntryFault> {
        self.writer.hand_over(&mut self.batch, 0)?;
        for (path, entry) in self.writer.drain()? {
            self.written.insert(path, entry);
        }
        Ok(())
    }

    /// The directory's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes room for a file of `slot`; who gets it creates it.
    ///
    /// # Errors
    /// [`EntryFault`].
    pub(crate) fn add_file(
        &mut self,
        slot: usize,
        path: &EntryPath,
        mode: u32,
        mtime: Option<u64>,
    ) -> Result<NewFile, EntryFault> {
        let full = self.make_room(slot, path)?;
        self.remember(slot, path, Kind::File);
        Ok(NewFile { name: path.as_bytes().to_vec(), path: full, mode, mtime, slot })
    }

    /// Makes a directory, or gives an existing one mode and time.
    pub(crate) fn create_directory(
        &mut self,
        slot: usize,
        path: &EntryPath,
        mode: u32,
        mtime: u64,
    ) -> Result<(), EntryFault> {
        let bytes = path.as_bytes();
        self.check(bytes)?;
        let full = self.full(bytes);
        match self.entries.get(bytes).map(|made| &made.kind) {
            None => {
                self.make_parents(slot, bytes)?;
                make_directory(&full, mode)?;
            }
            Some(Kind::Directory { .. }) => set_directory_mode(&full, mode)?,
            Some(kind) => return Err(EntryFault::Clash { found: kind.word() }),
        }
        self.remember(slot, path, Kind::Directory { mtime: Some(mtime) });
        Ok(())
    }

    /// Notes a symbolic link, to be made at the end.
    pub(crate) fn note_symlink(&mut self, slot: usize, path: &EntryPath, target: &[u8]) -> Result<(), EntryFault> {
        if !symlink_stays_inside(path, target) {
            return Err(EntryFault::LinkLeaves { target: target.to_vec() });
        }
        self.make_room(slot, path)?;
        self.remember(slot, path, Kind::Symlink { target: target.to_vec() });
        Ok(())
    }

    /// Makes a hard link to a file that the same slot brought.
    pub(crate) fn create_hard_link(
        &mut self,
        slot: usize,
        path: &EntryPath,
        target: &EntryPath,
    ) -> Result<(), EntryFault> {
        match self.entries.get(target.as_bytes()) {
            Some(Made { slot: owner, kind: Kind::File }) if *owner == slot => {}
            _ => return Err(EntryFault::HardLink { target: target.as_bytes().to_vec() }),
        }
        self.settle()?;
        let full = self.make_room(slot, path)?;
        fs::hard_link(self.full(target.as_bytes()), &full).map_err(IoFailure::of("create the hard link", &full))?;
        if let Some(entry) = self.written.get(target.as_bytes()).cloned() {
            self.written.insert(path.as_bytes().to_vec(), entry);
        }
        self.remember(slot, path, Kind::File);
        Ok(())
    }

    /// Waits for the files, makes the symbolic links, then gives the directories their times.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn finish(&mut self) -> Result<(), EntryFault> {
        self.settle()?;
        for (path, made) in self.entries.iter() {
            if let Kind::Symlink { target } = &made.kind {
                let full = self.full(path);
                std::os::unix::fs::symlink(OsStr::from_bytes(target), &full)
                    .map_err(IoFailure::of("create the symbolic link", &full))?;
            }
        }
        for (path, made) in self.entries.iter() {
            if let Kind::Directory { mtime: Some(mtime) } = made.kind {
                let full = self.full(path);
                open(&full)
                    .and_then(|directory| set_time(&directory, mtime))
                    .map_err(IoFailure::of("set the time of", &full))?;
            }
        }
        Ok(())
    }

    /// What was put here, as it stands; only of a finished directory.
    ///
    /// # Errors
    /// What cannot be looked at.
    pub(crate) fn record(&self) -> Result<TreeRecord, IoFailure> {
        let mut record = TreeRecord { entries: self.written.clone() };
        for (path, made) in self.entries.iter() {
            match &made.kind {
                Kind::File => {}
                Kind::Directory { .. } => {
                    record.add(&self.path, path, tree_record::Kind::Directory, Sha256Digest([0; 32]))?;
                }
                Kind::Symlink { target } => {
                    record.add(&self.path, path, tree_record::Kind::Symlink, sha256(target))?;
                }
            }
        }
        Ok(record)
    }

    /// Removes what the slots chosen by `gone` have put here, and their directories where nothing else is in them.
    /// `path` is where the directory stands by now.
    pub(crate) fn remove(&self, path: &Path, gone: impl Fn(usize) -> bool) {
        // In reverse order what stands in a directory comes before the directory.
        for (entry, _) in self.entries.iter().rev().filter(|(_, made)| gone(made.slot)) {
            let full = path.join(OsStr::from_bytes(entry));
            // Neither success is needed: setup commands may have removed or filled any of them.
            let _ = fs::remove_file(&full).or_else(|_| fs::remove_dir(&full));
        }
    }

    /// Clears the way for a file or link: parents are made, a file or link of an earlier slot is replaced.
    fn make_room(&mut self, slot: usize, path: &EntryPath) -> Result<PathBuf, EntryFault> {
        let bytes = path.as_bytes();
        self.check(bytes)?;
        self.make_parents(slot, bytes)?;
        let full = self.full(bytes);
        match self.entries.get(bytes) {
            None | Some(Made { kind: Kind::Symlink { .. }, .. }) => {}
            Some(Made { slot: earlier, kind: Kind::File }) if *earlier != slot => {
                self.settle()?;
                fs::remove_file(&full).map_err(IoFailure::of("replace", &full))?;
            }
            Some(made) => return Err(EntryFault::Clash { found: made.kind.word() }),
        }
        Ok(full)
    }

    fn check(&self, path: &[u8]) -> Result<(), EntryFault> {
        let first = path.split(|byte| *byte == b'/').next().unwrap_or_default();
        // File systems that ignore case would mix the two up.
        if first.eq_ignore_ascii_case(RECORD_DIRECTORY.as_bytes()) {
            return Err(EntryFault::Reserved);
        }
        if self.entries.len() >= ENTRIES_MAX {
            return Err(EntryFault::TooMany);
        }
        Ok(())
    }

    fn make_parents(&mut self, slot: usize, path: &[u8]) -> Result<(), EntryFault> {
        let Some(parent) = path.iter().rposition(|byte| *byte == b'/').map(|slash| &path[..slash]) else {
            return Ok(());
        };
        if parent == self.last_parent {
            return Ok(());
        }
        self.writer.hand_over(&mut self.batch, BATCH_MIN)?;
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        for directory in ends.map(|end| &path[..end]) {
            match self.entries.get(directory).map(|made| &made.kind) {
                Some(Kind::Directory { .. }) => continue,
                Some(kind) => return Err(EntryFault::Clash { found: kind.word() }),
                None => make_directory(&self.full(directory), DIRECTORY_MODE)?,
            }
            self.entries.insert(directory.to_vec(), Made { slot, kind: Kind::Directory { mtime: None } });
        }
        self.last_parent = parent.to_vec();
        Ok(())
    }

    fn remember(&mut self, slot: usize, path: &EntryPath, kind: Kind) {
        self.entries.insert(path.as_bytes().to_vec(), Made { slot, kind });
    }

    fn full(&self, path: &[u8]) -> PathBuf {
        self.path.join(OsStr::from_bytes(path))
    }
}

impl Kind {
    fn word(&self) -> &'static str {
        match self {
            Self::Directory { .. } => "directory",
            Self::File => "file",
            Self::Symlink { .. } => "symbolic link",
        }
    }
}

fn make_directory(path: &Path, mode: u32) -> Result<(), IoFailure> {
    DirBuilder::new().mode(0o700).create(path).map_err(IoFailure::of("create the directory", path))?;
    set_directory_mode(path, mode)
}

/// The owner keeps all rights, so that the tree can always be filled, read and removed.
fn set_directory_mode(path: &Path, mode: u32) -> Result<(), IoFailure> {
    let mode = Permissions::from_mode((mode & 0o777) | 0o700);
    fs::set_permissions(path, mode).map_err(IoFailure::of("set the mode of", path))
}
