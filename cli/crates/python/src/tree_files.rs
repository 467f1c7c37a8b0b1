//! The files of a tree, and how they are written.

use super::{
    elf::{self, GlibcVersion},
    file_error::{FileContext as _, FileError},
};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    io::{Read, Write as _},
    path::{Path, PathBuf},
};
use walkdir::WalkDir;

/// Files, symbolic links and empty folders below a folder, relative to it.
#[derive(Debug)]
pub(super) struct TreeFiles(BTreeSet<OsString>);

impl TreeFiles {
    pub(super) fn list(root: &Path) -> Result<Self, FileError> {
        let mut paths = BTreeSet::new();
        for entry in WalkDir::new(root).min_depth(1) {
            let entry = entry.on("list", root)?;
            let keep = !entry.file_type().is_dir() || is_empty(entry.path())?;
            if let (true, Ok(relative)) = (keep, entry.path().strip_prefix(root)) {
                paths.insert(relative.as_os_str().to_owned());
            }
        }
        Ok(Self(paths))
    }

    /// What is in this list and not in `other`, sorted by bytes.
    pub(super) fn without(&self, other: &Self) -> Vec<PathBuf> {
        self.0.difference(&other.0).map(PathBuf::from).collect()
    }

    /// What is not below `folder`.
    pub(super) fn outside(mut self, folder: &Path) -> Self {
        self.0.retain(|path| !Path::new(path).starts_with(folder));
        self
    }

    /// Without these.
    pub(super) fn without_all(mut self, paths: &BTreeSet<PathBuf>) -> Self {
        self.0.retain(|path| !paths.contains(Path::new(path)));
        self
    }

    /// The list, sorted by bytes.
    pub(super) fn into_paths(self) -> Vec<PathBuf> {
        self.0.into_iter().map(PathBuf::from).collect()
    }

    /// The highest glibc version that an ELF file of the list asks for.
    pub(super) fn glibc_floor(&self, root: &Path) -> Result<Option<GlibcVersion>, FileError> {
        let mut floor = None;
        for path in &self.0 {
            if let Some(data) = read_elf(&root.join(path))? {
                floor = floor.max(elf::read(&data).and_then(|facts| facts.glibc));
            }
        }
        Ok(floor)
    }
}

fn is_empty(dir: &Path) -> Result<bool, FileError> {
    Ok(fs::read_dir(dir).on("list", dir)?.next().is_none())
}

/// The bytes of a regular file if it is an ELF file. Other files are not read beyond their first bytes.
pub(super) fn read_elf(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    if !path.symlink_metadata().on("read", path)?.is_file() {
        return Ok(None);
    }
    let mut file = fs::File::open(path).on("read", path)?;
    let mut data = Vec::new();
    Read::by_ref(&mut file).take(4).read_to_end(&mut data).on("read", path)?;
    if !elf::is_elf(&data) {
        return Ok(None);
    }
    file.read_to_end(&mut data).on("read", path)?;
    Ok(Some(data))
}

pub(super) fn create_dir(dir: &Path) -> Result<(), FileError> {
    fs::create_dir_all(dir).on("create", dir)
}

/// Writes a file and the folders above it. An old file is replaced, never written through: it may be a link.
pub(super) fn write(path: &Path, data: &[u8]) -> Result<(), FileError> {
    if let Some(dir) = path.parent() {
        create_dir(dir)?;
    }
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path).on("replace", path)?;
    }
    fs::write(path, data).on("write", path)
}

/// Moves a file to another folder of the same file system, which is made.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    create_dir(to.parent().unwrap_or(to))?;
    fs::rename(from, to).on("move", from)
}

/// Adds to the end of a file.
pub(super) fn append(path: &Path, data: &[u8]) -> Result<(), FileError> {
    let mut file = fs::OpenOptions::new().append(true).open(path).on("open", path)?;
    file.write_all(data).on("write", path)
}

/// Copies a file with its permissions, and creates the folders above it.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    if let Some(dir) = to.parent() {
        create_dir(dir)?;
    }
    fs::copy(from, to).on("copy", from)?;
    set_mode(to, is_executable(from)?)
}

/// 0755 or 0644.
pub(super) fn set_mode(path: &Path, executable: bool) -> Result<(), FileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).on("set the permissions of", path)
}

pub(super) fn is_executable(path: &Path) -> Result<bool, FileError> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(path.metadata().on("read", path)?.permissions().mode() & 0o111 != 0)
}

/// Removes a file or a folder with all that is in it; it need not be there.
pub(super) fn remove(path: &Path) -> Result<(), FileError> {
    match path.symlink_metadata() {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path).on("remove", path),
        Ok(_) => fs::remove_file(path).on("remove", path),
        Err(_) => Ok(()),
    }
}
