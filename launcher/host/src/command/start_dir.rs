//! The private directory of one start: `startup`, `temporary` and `shutdown` slots, and `{tmp}`.
//!
//! It is locked for as long as the program runs. Where the launcher stays as its parent, it removes the directory at the end.
//! Where it becomes the program, the program inherits the locked descriptor, and the next start that makes such a directory
//! removes those that nobody holds a lock on.

use std::{
    cell::OnceCell,
    fs,
    path::{Path, PathBuf},
    process,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::{
    command::error::{CommandError, CommandFault},
    extraction::extraction_root::ExtractionRoot,
    files::{
        base_dir::{BaseDir, create_private, variable},
        lock::{Attempt, Lock, lock_directory},
        safe_path::PathError,
    },
};

/// The directory of this start. Nothing is made before it is needed; what was made is removed with the value.
#[derive(Debug)]
pub struct StartDir {
    base: BaseDir,
    made: OnceCell<Made>,
}

#[derive(Debug)]
struct Made {
    path: PathBuf,
    lock: Option<Lock>,
}

impl Drop for Made {
    fn drop(&mut self) {
        // What cannot be removed now is tried again by a later start.
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl StartDir {
    /// Below `base`, or where that cannot be written to, below the user's private directory for temporary files.
    #[must_use]
    pub fn new(base: BaseDir) -> Self {
        Self { base, made: OnceCell::new() }
    }

    /// Its path; created on first use.
    ///
    /// # Errors
    /// [`CommandFault::Directory`].
    pub fn path(&self) -> Result<&Path, CommandError> {
        if self.made.get().is_none() {
            self.create()?;
        }
        Ok(self.made.get().map_or(Path::new(""), |made| &made.path))
    }

    /// Creates it, to be filled.
    ///
    /// # Errors
    /// As [`Self::path`].
    pub fn create(&self) -> Result<ExtractionRoot, CommandError> {
        let created = create_below(&self.base).or_else(|_| create_below(&BaseDir::temporary(variable)));
        let (root, lock) = created.map_err(|error| CommandFault::Directory {
            variable: "FLAVOR_CACHE_DIR, TMPDIR",
            why: error.to_string(),
        })?;
        let _ = self.made.set(Made { path: root.path().to_owned(), lock });
        Ok(root)
    }

    /// Lets the program that replaces this process inherit the lock.
    pub fn outlive_exec(&self) {
        if let Some(Made { lock: Some(lock), .. }) = self.made.get() {
            lock.outlive_exec();
        }
    }
}

fn create_below(base: &BaseDir) -> Result<(ExtractionRoot, Option<Lock>), PathError> {
    base.create()?;
    let parent = base.path().join("start");
    create_private(&parent)?;
    remove_leftovers(&parent);
    Ok(ExtractionRoot::create_locked(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        parent.join(format!("{}.{now:x}", process::id()))
    })?)
}

/// Removes the directories of finished starts.
fn remove_leftovers(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        if let Ok(Attempt::Held(_lock)) = lock_directory(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
