//! A path for the work environment that is the same for all versions of a package: a symbolic link in its state directory. Tools write
//! down where they are, such as hooks of pre-commit and environments of tox; what they write still leads somewhere after an upgrade.
//!
//! The link is switched by one rename, at the first start of another version, and never while a program of the version that it leads to
//! runs: each holds a shared lock, which the switch wants for itself. A start that cannot have the link uses its own tree.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use pspf_nostd::key::Fingerprint;

use crate::{
    command::{error::CommandError, state_dir::StateDir},
    files::{
        io_failure::IoFailure,
        lock::{Attempt, Lock, lock_file, lock_file_shared},
    },
};

/// What links begin with; digits of the signer's fingerprint follow, so that nobody else's package has the same.
const LINK_PREFIX: &str = "prefix-";
/// So many digits tell signers of packages of one name apart.
const DIGITS: usize = 16;
/// How often the link is looked at again where somebody else is looking at it, and how long between.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(4);

/// The work environment under its stable path.
#[derive(Debug)]
pub struct StablePrefix {
    /// The link.
    pub path: PathBuf,
    /// Keeps it from being switched; none where the file system has no locks.
    lock: Option<Lock>,
}

impl StablePrefix {
    /// Lets the program that replaces this process inherit the lock.
    pub fn outlive_exec(&self) {
        if let Some(lock) = &self.lock {
            lock.outlive_exec();
        }
    }
}

/// Why a start has to do without.
#[derive(Debug)]
pub enum Refusal {
    /// A program of another version runs.
    InUse,
    /// The state directory cannot be used.
    State(CommandError),
    /// The system refused, or something else has the link's name.
    Io(IoFailure),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InUse => f.write_str("another version is running"),
            Self::State(error) => error.fmt(f),
            Self::Io(failure) => failure.fmt(f),
        }
    }
}

/// Makes the link of a package lead to `tree`, and keeps it so for as long as the value, or the program that inherits it, lives.
///
/// # Errors
/// [`Refusal`]; the link is as it was.
pub fn enter(state: &StateDir, signer: Fingerprint, tree: &Path) -> Result<StablePrefix, Refusal> {
    let directory = state.create().map_err(Refusal::State)?;
    let signer = signer.to_string();
    let path = directory.join([LINK_PREFIX, signer.get(..DIGITS).unwrap_or_default()].concat());
    let lock_path = path.with_extension("lock");
    let failed = |error: io::Error| Refusal::Io(IoFailure::of("use", &path)(error));
    for _ in 0..TRIES {
        let lock = match lock_file_shared(&lock_path) {
            Ok(Attempt::Held(lock)) => Some(lock),
            Ok(Attempt::Unsupported) => None,
            Ok(Attempt::Busy) => {
                thread::sleep(PAUSE);
                continue;
            }
            // A home that cannot be written to may have the link already.
            Err(error)
                if matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied) =>
            {
                None
            }
            Err(error) => return Err(failed(error)),
        };
        if leads_to(&path, tree).map_err(failed)? {
            return Ok(StablePrefix { path, lock });
        }
        let locks = lock.is_some();
        drop(lock);
        let exclusive =
            if locks { lock_file(&lock_path, Duration::ZERO).map_err(failed)? } else { Attempt::Unsupported };
        match exclusive {
            Attempt::Busy => thread::sleep(PAUSE),
            Attempt::Unsupported => {
                switch(&path, tree).map_err(failed)?;
                return Ok(StablePrefix { path, lock: None });
            }
            Attempt::Held(_lock) => switch(&path, tree).map_err(failed)?,
        }
    }
    Err(Refusal::InUse)
}

/// The links of all packages below a directory of state directories, each with what it leads to.
#[must_use]
pub fn all(states: &Path) -> Vec<(PathBuf, PathBuf)> {
    let entries = |directory: &Path| fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_link = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(LINK_PREFIX.as_bytes()))
    };
    let links = entries(states).flat_map(|state| entries(&state).filter(is_link).collect::<Vec<_>>());
    links.filter_map(|link| fs::read_link(&link).ok().map(|target| (link, target))).collect()
}

/// Whether the link is there and leads to the tree. Anything but a link is left alone.
fn leads_to(path: &Path, tree: &Path) -> io::Result<bool> {
    match fs::read_link(path) {
        Ok(target) => Ok(target == tree),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            Err(io::Error::other("it is not a symbolic link; remove it"))
        }
        Err(error) => Err(error),
    }
}

fn switch(path: &Path, tree: &Path) -> io::Result<()> {
    let new = path.with_extension(format!("{}.tmp", std::process::id()));
    // Left behind by a process of the same number.
    let _ = fs::remove_file(&new);
    std::os::unix::fs::symlink(tree, &new)?;
    fs::rename(&new, path).inspect_err(|_| drop(fs::remove_file(&new)))
}
