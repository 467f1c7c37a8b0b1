//! The package's own file, opened once: every later read is through this one descriptor, so that nobody can put another
//! file in its place between two looks.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File, Metadata},
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use flavor_host::files::{open_file::open, safe_path::absolute};

/// The running file, kernel's view: right even if it was renamed or deleted.
const SELF: &str = "/proc/self/exe";

/// The package's own file.
#[derive(Debug)]
pub(crate) struct OwnFile {
    file: File,
    path: PathBuf,
    /// Where the package is by now, for the program; none where it has gone.
    place: Option<PathBuf>,
    command_name: OsString,
}

impl OwnFile {
    /// Opens it, by `/proc/self/exe`, else by the name that the kernel was given at exec, else by `called`, the name the
    /// caller gave (`argv[0]`).
    ///
    /// # Errors
    /// The path that was tried last, with the system's answer.
    pub(crate) fn open(called: &OsStr) -> Result<Self, (PathBuf, io::Error)> {
        let mut is_gone = false;
        let (file, path) = match open(Path::new(SELF)) {
            Ok(file) => {
                let path = fs::read_link(SELF).unwrap_or_else(|_| executed(called));
                match without_mark(&path).filter(|_| !is_at(&file, &path)) {
                    Some(path) => {
                        is_gone = true;
                        (file, path)
                    }
                    None => (file, path),
                }
            }
            // Permission is denied to the file itself, not to the link.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err((executed(called), error)),
            Err(_) => {
                let path = executed(called);
                (open(&path).map_err(|error| (path.clone(), error))?, path)
            }
        };
        let path = absolute(&path).unwrap_or(path);
        let name = match base_name(called) {
            name if name.is_empty() => path.file_name().unwrap_or_default(),
            name => name,
        };
        let command_name = name.to_owned();
        let place = if is_gone { successor(&path, called) } else { Some(path.clone()) };
        Ok(Self { file, path, place, command_name })
    }

    /// Opens the package file at `path`, for a launcher that is kept elsewhere.
    ///
    /// # Errors
    /// The system's answer.
    pub(crate) fn at(path: PathBuf) -> io::Result<Self> {
        let command_name = path.file_name().unwrap_or_default().to_owned();
        Ok(Self { file: open(&path)?, place: Some(path.clone()), path, command_name })
    }

    /// The open file.
    #[must_use]
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Its absolute path, as far as it can be told.
    #[must_use]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the program finds its package: [`Self::path`]. If that file was replaced or deleted during the start, whatever has its
    /// name now, else whatever has the name that was called, else nothing.
    #[must_use]
    pub(crate) fn place(&self) -> Option<&Path> {
        self.place.as_deref()
    }

    /// The name by which the caller called it; a symbolic link's own name, where it was called through one.
    #[must_use]
    pub(crate) fn command_name(&self) -> &OsStr {
        &self.command_name
    }
}

/// The path of a running file that has no name any more, without the kernel's mark.
fn without_mark(path: &Path) -> Option<PathBuf> {
    let path = path.as_os_str().as_bytes().strip_suffix(b" (deleted)")?;
    Some(PathBuf::from(OsStr::from_bytes(path)))
}

/// Whether a file has a name: it may end like the kernel's mark.
fn is_at(file: &File, path: &Path) -> bool {
    let same = |one: &Metadata, other: &Metadata| one.dev() == other.dev() && one.ino() == other.ino();
    file.metadata().is_ok_and(|own| fs::symlink_metadata(path).is_ok_and(|found| same(&own, &found)))
}

/// The last component of what the caller typed.
fn base_name(called: &OsStr) -> &OsStr {
    OsStr::from_bytes(called.as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default())
}

/// What has taken the place of a file that is gone. Descriptors are no place: the program has others.
fn successor(path: &Path, called: &OsStr) -> Option<PathBuf> {
    let called =
        absolute(&executed(called)).ok().filter(|path| !path.starts_with("/proc") && !path.starts_with("/dev"));
    [Some(path.to_owned()), called].into_iter().flatten().find(|path| path.is_file())
}

/// The path that was executed, by the kernel's word where there is one (AT_EXECFN).
fn executed(called: &OsStr) -> PathBuf {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let name = rustix::param::linux_execfn();
        if !name.is_empty() {
            return PathBuf::from(OsStr::from_bytes(name.to_bytes()));
        }
    }
    PathBuf::from(called)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_leaves_its_name_or_that_of_its_call() {
        let own = std::env::current_exe().unwrap();
        assert_eq!(without_mark(Path::new("/p (deleted)")), Some("/p".into()));
        assert_eq!(without_mark(Path::new("/p")), None);
        // Something has the old name; nothing has it, but this test program was called by another one.
        assert_eq!(successor(&own, OsStr::new("")), Some(own.clone()));
        let by_call = successor(Path::new("/nowhere/p"), own.as_os_str()).unwrap();
        assert_eq!(fs::canonicalize(by_call).unwrap(), fs::canonicalize(&own).unwrap());
    }
}
