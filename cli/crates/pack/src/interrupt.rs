//! Leaves nothing half-written when the user or the system ends the process.

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
    low_level,
};
use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// Paths that must not outlive the process.
static SCRATCH: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
/// Directories that were made for an output, innermost first; they go if nothing was put into them.
static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static WATCH: Once = Once::new();
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Waits for the end where a signal has begun to end the process: what fails then fails because of that, and is no news.
pub fn give_way() {
    while INTERRUPTED.load(Ordering::SeqCst) {
        thread::park();
    }
}

/// How old a directory is at least that a killed process has left behind: a younger one may not be locked yet by its own.
const LEFTOVER_AGE: Duration = Duration::from_secs(60);

/// Ends of the names of scratch directories, also while they are being removed.
const SUFFIXES: [&str; 2] = [".tmp", ".tmp.gone"];

/// A directory that disappears with this value, and when a signal ends the process; what a killed process leaves goes when the next
/// one of the same name is made.
#[derive(Debug)]
pub struct Scratch {
    directory: tempfile::TempDir,
    /// Locked as long as the process lives; none where the file system has no locks.
    _lock: Option<File>,
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
        let lock = locked(directory.path());
        remove_leftovers(parent, prefix, directory.path());
        Ok(Self { directory, _lock: lock })
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

fn locked(directory: &Path) -> Option<File> {
    File::open(directory).ok().filter(|file| file.try_lock().is_ok())
}

/// Removes directories of the same name whose process is gone. One that cannot be removed is left where it is.
fn remove_leftovers(parent: &Path, prefix: &str, own: &Path) {
    let Ok(uid) = fs::symlink_metadata(own).map(|facts| facts.uid()) else { return };
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(prefix));
        let random = random.and_then(|rest| SUFFIXES.iter().find_map(|suffix| rest.strip_suffix(suffix)));
        let is_ours =
            random.is_some_and(|random| random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let is_old = |facts: &fs::Metadata| {
            facts.modified().is_ok_and(|time| time.elapsed().is_ok_and(|age| age > LEFTOVER_AGE))
        };
        let facts = is_ours.then(|| fs::symlink_metadata(entry.path()).ok()).flatten();
        if facts.is_some_and(|facts| facts.is_dir() && facts.uid() == uid && is_old(&facts))
            && let Some(_lock) = locked(&entry.path())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
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
                INTERRUPTED.store(true, Ordering::SeqCst);
                // Twice, because other threads go on: what one of them begins meanwhile is found the second time.
                for _ in 0..2 {
                    end_children();
                    list(|paths| paths.iter().for_each(|path| remove(path)));
                }
                made(|paths| remove_empty(paths));
                // Dies of the signal, so that the parent sees what happened.
                let _ = low_level::emulate_default_handler(signal);
            }
        });
    });
}

/// Ends the processes that work in our directories, and theirs: one that lives on would make its directory again.
pub(crate) fn end_children() {
    for child in descendants(std::process::id()) {
        if let Some(pid) = i32::try_from(child).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// All processes below one, as Linux tells them; none where it does not.
fn descendants(process: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut pending = vec![process];
    while let Some(parent) = pending.pop() {
        let tasks = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
        for task in tasks {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let children = children.split_ascii_whitespace().filter_map(|child| child.parse().ok());
            for child in children.filter(|child: &u32| !found.contains(child)).collect::<Vec<_>>() {
                found.push(child);
                pending.push(child);
            }
        }
    }
    found
}

/// How often the removal is tried: each time another thread or child may have been in between.
const REMOVALS: usize = 100;

/// Removes a directory that other threads or children may still be writing to: after the rename their paths lead nowhere.
fn remove(path: &Path) {
    let mut gone = path.as_os_str().to_owned();
    gone.push(".gone");
    let gone = PathBuf::from(gone);
    // Another thread may have moved it there, and be about to remove it: whoever ends the process waits for the end of that.
    let target = if fs::rename(path, &gone).is_ok() || gone.exists() { gone.as_path() } else { path };
    for _ in 0..REMOVALS {
        if fs::remove_dir_all(target).is_ok() || !target.exists() {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}
