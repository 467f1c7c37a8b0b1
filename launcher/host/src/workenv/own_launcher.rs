//! What a tree keeps of its package, so that whatever runs in it can ask for lazy slots without a word of its environment: the
//! launcher, `.pspf/launcher`, and where the package was when it was last started, `.pspf/package`.
//!
//! The launcher is a copy: the package file may have been replaced by then, and is only read, never executed, until it has proved to
//! be the one that the tree was made from.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::{ffi::OsStrExt, fs::FileExt},
    path::{Path, PathBuf},
};

use crate::{
    extraction::extraction_root::RECORD_DIRECTORY,
    files::{
        io_failure::IoFailure,
        open_file::{create_new, open},
    },
    tree_names::COMPLETE,
    workenv::completion::Completion,
};

/// The launcher.
pub(super) const LAUNCHER: &str = "launcher";
/// The package's path.
const PACKAGE: &str = "package";
/// Longest path that is read, in bytes: the kernel takes none that is longer.
const PATH_MAX: u64 = 4096;
/// Digits of a content id.
const CONTENT_DIGITS: usize = 64;
/// Bytes per step where the launcher is copied.
const COPY_SIZE: usize = 256 << 10;

/// What a tree knows of its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The content id, in full.
    pub content: String,
    /// Where the package was.
    pub package: PathBuf,
}

/// The tree whose own launcher a program is, if it is one.
#[must_use]
pub fn tree_of(program: &Path) -> Option<&Path> {
    let records = program.parent().filter(|_| program.file_name() == Some(OsStr::new(LAUNCHER)))?;
    records.parent().filter(|_| records.file_name() == Some(OsStr::new(RECORD_DIRECTORY)))
}

impl Kept {
    /// Reads it; `None` where the tree's records are missing or damaged.
    #[must_use]
    pub fn of_tree(tree: &Path) -> Option<Self> {
        let records = tree.join(RECORD_DIRECTORY);
        let content = Completion::read(&records.join(COMPLETE))?.content.get(..CONTENT_DIGITS)?.to_owned();
        let package = PathBuf::from(OsStr::from_bytes(&noted(&records)?));
        package.is_absolute().then_some(Self { content, package })
    }
}

/// Puts both into the records of a tree in the making. `size` is that of the launcher in the package file.
///
/// # Errors
/// What cannot be read or written.
pub(super) fn keep(records: &Path, package: &File, size: u64, place: Option<&Path>) -> Result<(), IoFailure> {
    let path = records.join(LAUNCHER);
    copy(package, size, &path).map_err(IoFailure::of("write", &path))?;
    let path = records.join(PACKAGE);
    write(&path, place).map_err(IoFailure::of("write", &path))
}

/// Notes where the package is by now, in one step, if that is not what the records say. A note that cannot be written is left as it is.
pub(super) fn note(records: &Path, place: Option<&Path>) {
    let Some(place) = place else { return };
    if noted(records).as_deref() == Some(place.as_os_str().as_bytes()) {
        return;
    }
    let new = records.join(format!("{PACKAGE}.{}", std::process::id()));
    if write(&new, Some(place)).and_then(|()| fs::rename(&new, records.join(PACKAGE))).is_err() {
        let _ = fs::remove_file(&new);
    }
}

fn write(path: &Path, place: Option<&Path>) -> io::Result<()> {
    create_new(path, 0o600)?.write_all(place.unwrap_or(Path::new("")).as_os_str().as_bytes())
}

fn noted(records: &Path) -> Option<Vec<u8>> {
    let mut path = Vec::new();
    open(&records.join(PACKAGE)).ok()?.take(PATH_MAX).read_to_end(&mut path).ok()?;
    Some(path)
}

fn copy(from: &File, size: u64, to: &Path) -> io::Result<()> {
    let mut copy = create_new(to, 0o700)?;
    let mut buffer = vec![0; COPY_SIZE];
    let mut at = 0;
    while at < size {
        let left = usize::try_from(size - at).unwrap_or(COPY_SIZE).min(COPY_SIZE);
        let part = buffer.get_mut(..left).unwrap_or_default();
        from.read_exact_at(part, at)?;
        copy.write_all(part)?;
        at += u64::try_from(left).unwrap_or(size);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_launcher_among_the_records_of_a_tree_is_its_own() {
        let of = |program: &'static str| tree_of(Path::new(program));
        assert_eq!(of("/c/workenv/app-1-0/.pspf/launcher"), Some(Path::new("/c/workenv/app-1-0")));
        for program in ["/c/.pspf/other", "/c/pspf/launcher", "launcher", "/launcher", ".pspf"] {
            assert_eq!(of(program), None, "{program}");
        }
    }

    #[test]
    fn the_last_place_is_noted_and_a_place_that_is_unknown_forgets_nothing() {
        let records = tempfile::tempdir().unwrap();
        let package = records.path().join("p");
        fs::write(&package, [vec![7; COPY_SIZE + 3], b"more".to_vec()].concat()).unwrap();
        let size = u64::try_from(COPY_SIZE + 3).unwrap();
        keep(records.path(), &File::open(&package).unwrap(), size, Some(Path::new("/a"))).unwrap();
        assert_eq!(fs::read(records.path().join(LAUNCHER)).unwrap(), vec![7; COPY_SIZE + 3]);
        for (place, expected) in [(Some("/a"), "/a"), (Some("/b c"), "/b c"), (None, "/b c")] {
            note(records.path(), place.map(Path::new));
            assert_eq!(noted(records.path()).unwrap(), expected.as_bytes());
        }
        assert_eq!(fs::read_dir(&records).unwrap().count(), 3);
    }
}
