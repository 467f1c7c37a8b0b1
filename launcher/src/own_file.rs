//! The package's own file, opened once: every later read is through this one descriptor, so that nobody can put another
//! file in its place between two looks.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{base_dir::absolute, open_file::open, run::base_name};

/// The running file, kernel's view: right even if it was renamed or deleted.
const SELF: &str = "/proc/self/exe";

/// The package's own file.
#[derive(Debug)]
pub struct OwnFile {
    file: File,
    path: PathBuf,
    command_name: OsString,
}

impl OwnFile {
    /// Opens it, by `/proc/self/exe`, else by the name that the kernel was given at exec, else by `called`, the name the
    /// caller gave (`argv[0]`).
    ///
    /// # Errors
    /// The path that was tried last, with the system's answer.
    pub fn open(called: &OsStr) -> Result<Self, (PathBuf, io::Error)> {
        let (file, path) = match open(Path::new(SELF)) {
            Ok(file) => (file, fs::read_link(SELF).unwrap_or_else(|_| executed(called))),
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
        Ok(Self { file, path, command_name })
    }

    /// The open file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Its absolute path, as far as it can be told.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name by which the caller called it; a symbolic link's own name, where it was called through one.
    #[must_use]
    pub fn command_name(&self) -> &OsStr {
        &self.command_name
    }
}

/// The path that was executed, by the kernel's word where there is one (AT_EXECFN).
fn executed(called: &OsStr) -> PathBuf {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::unix::ffi::OsStrExt;
        let name = rustix::param::linux_execfn();
        if !name.is_empty() {
            return PathBuf::from(OsStr::from_bytes(name.to_bytes()));
        }
    }
    PathBuf::from(called)
}
