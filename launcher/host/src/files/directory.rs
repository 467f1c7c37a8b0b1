//! Operations on whole directories.

use std::{fs, path::Path};

use crate::files::{io_failure::IoFailure, open_file::open};

/// Exchanges two directories in one step, if the file system can.
pub(crate) fn exchange(one: &Path, other: &Path) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    {
        let _ = (one, other);
        false
    }
}

/// Syncs the file system of a directory.
pub(crate) fn sync(directory: &Path) -> Result<(), IoFailure> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let synced = open(directory).and_then(|opened| Ok(rustix::fs::syncfs(opened)?));
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let synced = Ok(rustix::fs::sync());
    synced.map_err(IoFailure::of("sync", directory))
}

/// Removes a tree that nobody uses; leftovers are tried again at the next extraction.
pub(crate) fn remove_tree(path: &Path) {
    let _ = fs::remove_dir_all(path);
}

/// Clears the umask while it lives, so that modes apply exactly. The caller's is for the program.
#[derive(Debug)]
pub(crate) struct OwnUmask(rustix::fs::Mode);

impl OwnUmask {
    /// Clears it.
    #[must_use]
    pub(crate) fn set() -> Self {
        Self(rustix::process::umask(rustix::fs::Mode::empty()))
    }
}

impl Drop for OwnUmask {
    fn drop(&mut self) {
        rustix::process::umask(self.0);
    }
}
