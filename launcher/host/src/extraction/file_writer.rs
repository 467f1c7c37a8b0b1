//! Creates files with their content, mode and time: small ones whole, by several threads; large ones piece by piece.

use std::{
    fs::{File, Permissions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use pspf_nostd::digest::StreamingSha256;
use rustix::{
    fs::{Timespec, Timestamps, UTIME_OMIT, futimens},
    process::{Resource, getrlimit},
};

use crate::{
    extraction::bounded_queue::Queue,
    files::{io_failure::IoFailure, open_file::create_new},
    tree_record::{Entry, Kind},
};

/// Largest file that is held whole to be written by another thread, in bytes. Most files of a Python are far smaller.
const WHOLE_MAX: usize = 128 << 10;
/// Files are handed over in batches of so many bytes: threads that wake up for every single one cost more than they do.
const BATCH_MAX: usize = 512 << 10;
/// Batch that is handed over at the end of a directory: two threads in one directory wait for each other.
pub(crate) const BATCH_MIN: usize = 128 << 10;
/// Memory that a batch takes: its buffer, and the file that was one too many.
const BATCH_BUFFER: usize = BATCH_MAX + WHOLE_MAX;
/// Batches that wait to be written.
const WAITING_MAX: usize = 6;
/// What a waiting file weighs besides its content, so that a million empty files wait in bounded memory, too.
const FILE_WEIGHT: usize = 1 << 10;

/// A file to be created.
#[derive(Clone, Debug)]
pub(crate) struct NewFile {
    /// Its path below the directory, which names it in the record.
    pub name: Vec<u8>,
    /// Where to create it; nothing may be there.
    pub path: PathBuf,
    /// Permission bits. Others are dropped: a package grants no privilege.
    pub mode: u32,
    /// Modification time, in seconds since 1970.
    pub mtime: Option<u64>,
    /// The slot that brings it.
    pub slot: usize,
}

/// A file that could not be created.
#[derive(Debug)]
pub struct FailedFile {
    /// The slot that brought it.
    pub slot: usize,
    /// Its path below the directory.
    pub name: Vec<u8>,
    /// What the system said.
    pub failure: IoFailure,
}

impl FailedFile {
    fn of(new: NewFile, failure: IoFailure) -> Box<Self> {
        Box::new(Self { slot: new.slot, name: new.name, failure })
    }
}

/// A file that is being written.
#[derive(Debug)]
struct OpenFile {
    file: File,
    hasher: StreamingSha256,
    size: u64,
}

impl OpenFile {
    fn create(new: &NewFile) -> Result<Self, IoFailure> {
        // The caller's umask can take bits away; `finish` gives them back.
        let file = create_new(&new.path, new.mode & 0o777).map_err(IoFailure::of("create the file", &new.path))?;
        Ok(Self { file, hasher: StreamingSha256::new(), size: 0 })
    }

    fn write(&mut self, new: &NewFile, bytes: &[u8], size_max: u64) -> Result<(), IoFailure> {
        self.size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let fits = if self.size > size_max { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) };
        fits.and_then(|()| self.file.write_all(bytes)).map_err(IoFailure::of("write to", &new.path))?;
        self.hasher.update(bytes);
        Ok(())
    }

    /// Sets time and mode, and tells what the file system made of them.
    fn finish(self, new: &NewFile) -> Result<Entry, IoFailure> {
        let path = &new.path;
        if let Some(mtime) = new.mtime {
            set_time(&self.file, mtime).map_err(IoFailure::of("set the time of", path))?;
        }
        let look = || self.file.metadata().map_err(IoFailure::of("look at", path));
        let mode = new.mode & 0o777;
        let mut found = look()?;
        if found.mode() & 0o7777 != mode {
            self.file.set_permissions(Permissions::from_mode(mode)).map_err(IoFailure::of("set the mode of", path))?;
            found = look()?;
        }
        Ok(Entry::of(Kind::File, &found, self.hasher.finish()))
    }
}

/// A file that was created: its path below the directory, and what it is.
pub(crate) type Written = (Vec<u8>, Entry);

/// Creates files, if possible by other threads.
#[derive(Debug)]
pub(crate) struct FileWriter {
    batches: Queue<Batch>,
    /// Buffers of batches that are done.
    spare: Mutex<Vec<Vec<u8>>>,
    state: Mutex<State>,
    idle: Condvar,
    /// Whether there are threads that take tasks.
    threaded: bool,
    /// `RLIMIT_FSIZE`: to write beyond it would end the process by a signal.
    size_max: u64,
}

/// Files to be written, with where each one's content ends.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    files: Vec<(NewFile, usize)>,
    content: Vec<u8>,
}

impl Batch {
    fn weight(&self) -> usize {
        self.content.len() + self.files.len() * FILE_WEIGHT
    }
}

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    written: Vec<Written>,
    failed: Option<Box<FailedFile>>,
}

impl FileWriter {
    /// A writer; `threaded` where threads will [`Self::work`] for it.
    pub(crate) fn new(threaded: bool) -> Self {
        let (state, idle) = (Mutex::default(), Condvar::new());
        let size_max = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX);
        Self {
            batches: Queue::new(WAITING_MAX * BATCH_BUFFER),
            spare: Mutex::default(),
            state,
            idle,
            threaded,
            size_max,
        }
    }

    fn write_whole(&self, new: &NewFile, content: &[u8]) -> Result<Entry, IoFailure> {
        let mut open = OpenFile::create(new)?;
        open.write(new, content, self.size_max)?;
        open.finish(new)
    }

    /// Creates files that others hand over, until [`Self::close`].
    pub(crate) fn work(&self) {
        while let Some(Batch { files, mut content }) = self.batches.pop() {
            let (mut start, mut entries, mut failed) = (0, Vec::with_capacity(files.len()), None);
            for (new, end) in files {
                match self.write_whole(&new, &content[start..end]) {
                    Ok(entry) => entries.push((new.name, entry)),
                    Err(failure) => {
                        failed = Some(FailedFile::of(new, failure));
                        break;
                    }
                }
                start = end;
            }
            content.clear();
            self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(content);
            let mut state = self.lock();
            state.under_way -= 1;
            state.written.append(&mut entries);
            // The first failure is told; what fails after it mostly fails for the same reason.
            state.failed = state.failed.take().or(failed);
            self.idle.notify_all();
        }
    }

    /// Ends the threads. What waits is dropped.
    pub(crate) fn close(&self) {
        self.batches.abandon();
    }

    /// Waits until nothing is under way, then gives what was written since the last time.
    ///
    /// # Errors
    /// The first file that could not be written, with the system's answer.
    pub(crate) fn drain(&self) -> Result<Vec<Written>, Box<FailedFile>> {
        let mut state = self.lock();
        while state.under_way > 0 {
            state = self.idle.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match state.failed.take() {
            Some(failure) => Err(failure),
            None => Ok(std::mem::take(&mut state.written)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands over what is in a batch, where that weighs at least so many bytes.
    ///
    /// # Errors
    /// The first file that could not be written since the last time.
    pub(crate) fn hand_over(&self, batch: &mut Batch, weight_min: usize) -> Result<(), Box<FailedFile>> {
        if batch.files.is_empty() || batch.weight() < weight_min {
            return Ok(());
        }
        {
            let mut state = self.lock();
            if let Some(failed) = state.failed.take() {
                return Err(failed);
            }
            state.under_way += 1;
        }
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let content = spare.unwrap_or_else(|| Vec::with_capacity(BATCH_BUFFER));
        // Whatever is in it, a batch counts as its buffer.
        self.batches.push(std::mem::replace(batch, Batch { files: Vec::new(), content }), BATCH_BUFFER);
        Ok(())
    }
}

/// One file whose content comes in pieces.
#[derive(Debug)]
pub(crate) struct PieceWriter {
    new: NewFile,
    /// Where its content begins in the batch.
    start: usize,
    /// Once there is too much to hold.
    open: Option<OpenFile>,
}

impl PieceWriter {
    /// Begins a file. It is created when its batch is handed over, or when it is too large for that.
    pub(crate) fn new(new: NewFile, batch: &Batch) -> Self {
        Self { new, start: batch.content.len(), open: None }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// What the system says to creating or writing the file.
    pub(crate) fn write(&mut self, bytes: &[u8], writer: &FileWriter, batch: &mut Batch) -> Result<(), IoFailure> {
        let held = batch.content.len() - self.start;
        if self.open.is_none() && held.saturating_add(bytes.len()) <= WHOLE_MAX {
            batch.content.extend_from_slice(bytes);
            return Ok(());
        }
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let mut open = OpenFile::create(&self.new)?;
                open.write(&self.new, &batch.content[self.start..], writer.size_max)?;
                batch.content.truncate(self.start);
                open
            }
        };
        open.write(&self.new, bytes, writer.size_max)?;
        self.open = Some(open);
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What could not be written: this file, or one that was handed over earlier.
    pub(crate) fn finish(self, writer: &FileWriter, batch: &mut Batch) -> Result<(), Box<FailedFile>> {
        let Self { new, start, open } = self;
        let written = match open {
            Some(open) => open.finish(&new),
            None if writer.threaded => {
                batch.files.push((new, batch.content.len()));
                return writer.hand_over(batch, BATCH_MAX);
            }
            None => {
                let written = writer.write_whole(&new, &batch.content[start..]);
                batch.content.truncate(start);
                written
            }
        };
        match written {
            Ok(entry) => {
                writer.lock().written.push((new.name, entry));
                Ok(())
            }
            Err(failure) => Err(FailedFile::of(new, failure)),
        }
    }
}

/// Gives a file a time of an archive, in seconds since 1970. One that the clock cannot count is as good as none.
pub(crate) fn set_time(file: &File, seconds: u64) -> io::Result<()> {
    let unchanged = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let modified = Timespec { tv_sec: seconds.try_into().unwrap_or(0), tv_nsec: 0 };
    Ok(futimens(file, &Timestamps { last_access: unchanged, last_modification: modified })?)
}
