//! What is done with whole directories.

use std::{fs, path::Path};

use crate::{io_failure::IoFailure, open_file::open};

/// Has two directories change places in one step, where the file system can.
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

/// Waits until everything on the file system of a directory is on the disk.
pub(crate) fn sync(directory: &Path) -> Result<(), IoFailure> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let synced = open(directory).and_then(|opened| Ok(rustix::fs::syncfs(opened)?));
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let synced = Ok(rustix::fs::sync());
    synced.map_err(IoFailure::of("sync", directory))
}

/// Removes a tree that nobody uses; what is left of it if that fails is tried again at the next extraction.
pub(crate) fn remove_tree(path: &Path) {
    let _ = fs::remove_dir_all(path);
}
