//! File operations that failed.

use std::{
    io,
    path::{Path, PathBuf},
};

/// A file operation failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", path.display())]
pub struct FileError {
    /// What was tried, such as "read".
    pub action: &'static str,
    /// On what.
    pub path: PathBuf,
    /// The system's answer.
    pub source: io::Error,
}

/// Says what was tried on which file when a file operation fails.
pub(super) trait FileContext<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, FileError>;
}

impl<T> FileContext<T> for Result<T, io::Error> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError { action, path: path.to_owned(), source })
    }
}

impl<T> FileContext<T> for Result<T, walkdir::Error> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|error| {
            let path = error.path().unwrap_or(path).to_owned();
            let source = error.into_io_error().unwrap_or_else(|| io::Error::other("symbolic links form a loop"));
            FileError { action, path, source }
        })
    }
}
