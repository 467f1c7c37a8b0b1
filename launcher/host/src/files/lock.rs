//! Kernel locks on files and directories. They end with their holder, however it dies, so none is ever stale.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    time::{Duration, Instant},
};

use rustix::fs::OFlags;

use crate::files::open_file::{open_own, open_with};

/// How often a held lock is tried again: short against an extraction, long against a system call.
const RETRY: Duration = Duration::from_millis(10);

/// A lock, for as long as the value lives.
#[derive(Debug)]
#[must_use]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Lets the lock pass to the program that this process becomes, by a descriptor that stays open.
    pub fn outlive_exec(&self) {
        // If it cannot, the lock ends with this program: the directory is then given up while it is still used.
        let _ = rustix::io::fcntl_setfd(&self.file, rustix::io::FdFlags::empty());
    }
}

/// What came of asking for a lock.
#[derive(Debug)]
pub enum Attempt {
    /// It is ours.
    Held(Lock),
    /// Somebody else has it, and had it for as long as we waited.
    Busy,
    /// The file system has no locks.
    Unsupported,
}

/// Takes the exclusive lock of a lock file, which is made if it is not there, waiting for at most `patience`.
///
/// # Errors
/// Those of opening the file; something else has its name: a link, a FIFO, a file of somebody else.
pub fn lock_file(path: &Path, patience: Duration) -> io::Result<Attempt> {
    let file = open_own(path, OFlags::RDWR | OFlags::CREATE)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => std::thread::sleep(RETRY),
            outcome => return Ok(attempt(file, &outcome)),
        }
    }
}

/// Takes the lock of a lock file together with others, without waiting.
///
/// # Errors
/// As [`lock_file`].
pub fn lock_file_shared(path: &Path) -> io::Result<Attempt> {
    let file = open_own(path, OFlags::RDWR | OFlags::CREATE)?;
    let outcome = file.try_lock_shared();
    Ok(attempt(file, &outcome))
}

/// Takes the exclusive lock of a directory, without waiting.
///
/// # Errors
/// Those of opening the directory, and where it is none.
pub fn lock_directory(path: &Path) -> io::Result<Attempt> {
    let file = open_with(path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::DIRECTORY, 0)?;
    let outcome = file.try_lock();
    Ok(attempt(file, &outcome))
}

fn attempt(file: File, outcome: &Result<(), TryLockError>) -> Attempt {
    match outcome {
        Ok(()) => Attempt::Held(Lock { file }),
        Err(TryLockError::WouldBlock) => Attempt::Busy,
        Err(TryLockError::Error(_)) => Attempt::Unsupported,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_exclusive_until_dropped() {
        let path = std::env::temp_dir().join(format!("flavor-lock-test-{}", std::process::id()));
        let first = lock_file(&path, Duration::ZERO).unwrap();
        assert!(matches!(first, Attempt::Held(_)));
        assert!(matches!(lock_file(&path, Duration::from_millis(30)).unwrap(), Attempt::Busy));
        drop(first);
        assert!(matches!(lock_file(&path, Duration::ZERO).unwrap(), Attempt::Held(_)));
        std::fs::remove_file(path).unwrap();
    }
}
