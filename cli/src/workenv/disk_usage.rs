//! What a tree takes on the disk.

use std::{collections::BTreeSet, os::unix::fs::MetadataExt as _, path::Path};

/// Unit of `st_blocks`, whatever the file system's own blocks are.
const BLOCK: u64 = 512;

/// Files and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Files, links and the like; not directories.
    pub files: u64,
    /// Bytes on the disk, which removing frees; files with several names count once.
    pub bytes: u64,
}

/// Adds up a tree, or one file. What cannot be looked at does not count.
#[must_use]
pub fn usage(root: &Path) -> Usage {
    let mut usage = Usage::default();
    let mut seen = BTreeSet::new();
    for entry in walkdir::WalkDir::new(root).into_iter().flatten() {
        let Ok(found) = entry.metadata() else { continue };
        usage.files += u64::from(!found.is_dir());
        if found.nlink() < 2 || found.is_dir() || seen.insert((found.dev(), found.ino())) {
            usage.bytes = usage.bytes.saturating_add(found.blocks().saturating_mul(BLOCK));
        }
    }
    usage
}
