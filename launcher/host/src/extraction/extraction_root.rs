//! A fresh directory that slots are extracted into, and what each of them has put there.
//!
//! What makes it safe: the directory is made by us and private; every directory below it was made here as well, so no
//! parent is ever a link; files are created exclusively, which follows no link in last place either; symbolic links come
//! last, and only those that provably stay inside. What may be put beside what is judged by [`pspf_nostd::placement`].

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt,
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use pspf_nostd::{
    digest::{Sha256Digest, sha256},
    placement::{Fault, Item, ItemKind, PlacedKind, Replaced, Tree},
    tar::EntryPath,
};

use crate::{
    extraction::file_writer::{BATCH_MIN, Batch, FailedFile, FileWriter, NewFile, set_time},
    files::{
        io_failure::IoFailure,
        lock::{Attempt, Lock, lock_directory},
        open_file::open,
    },
    tree_record::{self, TreeRecord},
};

pub use pspf_nostd::placement::RECORD_DIRECTORY;

/// Mode of directories that no slot gives a mode to.
const DIRECTORY_MODE: u32 = 0o755;

/// Why something cannot be put into the directory.
#[derive(Debug)]
pub enum EntryFault {
    /// The system refused.
    Io(IoFailure),
    /// A file that was handed over earlier could not be written.
    Earlier(Box<FailedFile>),
    /// It cannot be beside the rest, or in the directory at all.
    Refused(Fault),
}

impl fmt::Display for EntryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(failure) => failure.fmt(f),
            Self::Earlier(file) => file.failure.fmt(f),
            Self::Refused(fault) => fault.fmt(f),
        }
    }
}

impl From<Box<FailedFile>> for EntryFault {
    fn from(failed: Box<FailedFile>) -> Self {
        Self::Earlier(failed)
    }
}

impl From<Fault> for EntryFault {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault)
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
    tree: Tree,
    writer: Arc<FileWriter>,
    /// Files that are not handed over to it yet.
    batch: Batch,
    /// The files that are written for sure.
    written: BTreeMap<Vec<u8>, tree_record::Entry>,
}

impl ExtractionRoot {
    /// Makes the directory, private to the user. It must not exist.
    ///
    /// # Errors
    /// Those of making it.
    pub fn create(path: &Path) -> Result<Self, IoFailure> {
        DirBuilder::new().mode(0o700).create(path).map_err(IoFailure::of("create the directory", path))?;
        let writer = Arc::new(FileWriter::new(false));
        let (tree, batch, written) = (Tree::default(), Batch::default(), BTreeMap::new());
        Ok(Self { path: path.to_owned(), tree, writer, batch, written })
    }

    /// Makes one with a lock of its own, by which others see that it is no leftover; without one where the file system has no locks.
    /// One that another process took for a leftover before it was locked is given up, and `name` asked for the next.
    ///
    /// # Errors
    /// Those of making and opening it.
    pub(crate) fn create_locked(mut name: impl FnMut() -> PathBuf) -> Result<(Self, Option<Lock>), IoFailure> {
        loop {
            let path = name();
            let root = Self::create(&path)?;
            match lock_directory(&path) {
                Ok(Attempt::Held(lock)) if path.exists() => return Ok((root, Some(lock))),
                Ok(Attempt::Unsupported) => return Ok((root, None)),
                Ok(Attempt::Held(_) | Attempt::Busy) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(IoFailure::of("open", &path)(error)),
            }
        }
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

    /// Clears the way for a file of `slot`; who gets it creates it.
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
        let (full, _) = self.place(&Item { slot, path, kind: ItemKind::File, mode })?;
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
        let (full, existed) = self.place(&Item { slot, path, kind: ItemKind::Directory { mtime }, mode })?;
        match existed {
            true => set_directory_mode(&full, mode)?,
            false => make_directory(&full, mode)?,
        }
        Ok(())
    }

    /// Notes a symbolic link, to be made at the end.
    pub(crate) fn note_symlink(&mut self, slot: usize, path: &EntryPath, target: &[u8]) -> Result<(), EntryFault> {
        self.place(&Item { slot, path, kind: ItemKind::Symlink { target }, mode: 0 })?;
        Ok(())
    }

    /// Makes a hard link to a file that the same slot brought.
    pub(crate) fn create_hard_link(
        &mut self,
        slot: usize,
        path: &EntryPath,
        target: &EntryPath,
    ) -> Result<(), EntryFault> {
        let (full, _) = self.place(&Item { slot, path, kind: ItemKind::HardLink { target }, mode: 0 })?;
        self.settle()?;
        fs::hard_link(self.full(target.as_bytes()), &full).map_err(IoFailure::of("create the hard link", &full))?;
        if let Some(entry) = self.written.get(target.as_bytes()).cloned() {
            self.written.insert(path.as_bytes().to_vec(), entry);
        }
        Ok(())
    }

    /// Waits for the files, makes the symbolic links, then gives the directories their times.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn finish(&mut self) -> Result<(), EntryFault> {
        self.settle()?;
        for (path, placed) in self.tree.iter() {
            if let PlacedKind::Symlink { target } = &placed.kind {
                let full = self.full(path);
                std::os::unix::fs::symlink(OsStr::from_bytes(target), &full)
                    .map_err(IoFailure::of("create the symbolic link", &full))?;
            }
        }
        for (path, placed) in self.tree.iter() {
            if let PlacedKind::Directory { mtime: Some(mtime) } = placed.kind {
                let full = self.full(path);
                open(&full)
                    .and_then(|directory| set_time(&directory, mtime))
                    .map_err(IoFailure::of("set the time of", &full))?;
            }
        }
        Ok(())
    }

    /// What was put here, as it is on disk; only of a finished directory.
    ///
    /// # Errors
    /// What cannot be looked at.
    pub(crate) fn record(&self) -> Result<TreeRecord, IoFailure> {
        let mut record = TreeRecord { entries: self.written.clone() };
        for (path, placed) in self.tree.iter() {
            match &placed.kind {
                PlacedKind::File => {}
                PlacedKind::Directory { .. } => {
                    record.add(&self.path, path, tree_record::Kind::Directory, Sha256Digest([0; 32]))?;
                }
                PlacedKind::Symlink { target } => {
                    record.add(&self.path, path, tree_record::Kind::Symlink, sha256(target))?;
                }
            }
        }
        Ok(record)
    }

    /// Removes what the slots chosen by `gone` have put here, and their directories where nothing else is in them.
    /// `path` is where the directory is by now.
    pub(crate) fn remove(&self, path: &Path, gone: impl Fn(usize) -> bool) {
        // In reverse order, what is in a directory comes before the directory.
        for (entry, _) in self.tree.iter().rev().filter(|(_, placed)| gone(placed.slot)) {
            let full = path.join(OsStr::from_bytes(entry));
            // Neither success is needed: setup commands may have removed or filled any of them.
            let _ = fs::remove_file(&full).or_else(|_| fs::remove_dir(&full));
        }
    }

    /// Clears the way for something that may be here: directories above it are made, a file of an earlier slot is removed. Gives
    /// its path, and whether it is a directory that was there before.
    fn place(&mut self, item: &Item<'_>) -> Result<(PathBuf, bool), EntryFault> {
        let added = self.tree.add(item)?;
        if added.moved {
            self.writer.hand_over(&mut self.batch, BATCH_MIN)?;
        }
        for directory in &added.parents {
            make_directory(&self.full(directory), DIRECTORY_MODE)?;
        }
        let full = self.full(item.path.as_bytes());
        // A link is not made before the end.
        if let Some(Replaced { is_file: true, .. }) = added.replaced {
            self.settle()?;
            fs::remove_file(&full).map_err(IoFailure::of("replace", &full))?;
        }
        Ok((full, added.existed))
    }

    fn full(&self, path: &[u8]) -> PathBuf {
        self.path.join(OsStr::from_bytes(path))
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
