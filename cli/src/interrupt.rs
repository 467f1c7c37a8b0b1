//! Leaves nothing half-written when the user or the system ends the process.

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
    low_level,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, Once, PoisonError},
    thread,
};

/// Paths that must not outlive the process.
static SCRATCH: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// Directories that were made for an output, innermost first; they go if nothing was put into them.
static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static WATCH: Once = Once::new();

/// A directory that disappears with this value, and when a signal ends the process.
#[derive(Debug)]
pub struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    /// A new directory (mode 0700) in `parent`, named after `prefix`.
    ///
    /// # Errors
    /// Those of making it.
    pub fn new(parent: &Path, prefix: &str) -> io::Result<Self> {
        watch();
        let directory = tempfile::Builder::new().prefix(prefix).suffix(".tmp").tempdir_in(parent)?;
        list(|paths| paths.push(directory.path().to_owned()));
        Ok(Self { directory })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Gone before it leaves the list: a signal in between only finds nothing to remove.
        remove(self.directory.path());
        list(|paths| paths.retain(|path| path != self.directory.path()));
    }
}

/// Directories that were made on the way to an output. Unless [`keep`](Self::keep) is called they are removed with this value, and
/// when a signal ends the process; those that hold something stay.
#[derive(Debug)]
pub struct MadeDirectories(Vec<PathBuf>);

impl MadeDirectories {
    /// Makes a directory and the missing ones above it.
    ///
    /// # Errors
    /// Those of making them.
    pub fn make(directory: &Path) -> io::Result<Self> {
        watch();
        let ancestors = directory.ancestors().filter(|path| !path.as_os_str().is_empty());
        let missing: Vec<PathBuf> = ancestors.take_while(|path| !path.exists()).map(Path::to_owned).collect();
        made(|paths| paths.extend(missing.iter().cloned()));
        let guard = Self(missing);
        fs::create_dir_all(directory).map(|()| guard)
    }

    /// The output is there: the directories stay.
    pub fn keep(mut self) {
        let kept = std::mem::take(&mut self.0);
        made(|paths| paths.retain(|path| !kept.contains(path)));
    }
}

impl Drop for MadeDirectories {
    fn drop(&mut self) {
        remove_empty(&self.0);
        made(|paths| paths.retain(|path| !self.0.contains(path)));
    }
}

fn remove_empty(directories: &[PathBuf]) {
    for directory in directories {
        let _ = fs::remove_dir(directory);
    }
}

fn list<T>(work: impl FnOnce(&mut Vec<PathBuf>) -> T) -> T {
    work(&mut SCRATCH.lock().unwrap_or_else(PoisonError::into_inner))
}

fn made<T>(work: impl FnOnce(&mut Vec<PathBuf>) -> T) -> T {
    work(&mut MADE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Starts the thread that waits for signals, once.
fn watch() {
    WATCH.call_once(|| {
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) else { return };
        thread::spawn(move || {
            for signal in signals.forever() {
                list(|paths| paths.drain(..).for_each(|path| remove(&path)));
                made(|paths| remove_empty(paths));
                // Dies of the signal, so that the parent sees what happened.
                let _ = low_level::emulate_default_handler(signal);
            }
        });
    });
}

/// Removes a directory that other threads or children may still be writing to: after the rename their paths lead nowhere.
fn remove(path: &Path) {
    let mut gone = path.as_os_str().to_owned();
    gone.push(".gone");
    let gone = PathBuf::from(gone);
    let target = if fs::rename(path, &gone).is_ok() { gone.as_path() } else { path };
    for _ in 0..3 {
        if fs::remove_dir_all(target).is_ok() || !target.exists() {
            return;
        }
    }
}
