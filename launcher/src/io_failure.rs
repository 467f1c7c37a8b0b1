//! An operation on a path that the system refused.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// What was being done, to which path, and what the system said.
#[derive(Debug)]
pub struct IoFailure {
    /// The operation, as an infinitive: `create the directory`.
    pub action: &'static str,
    /// The path it was done to.
    pub path: PathBuf,
    /// The system's answer.
    pub error: io::Error,
}

impl IoFailure {
    /// Wraps an answer of the system; meant for `map_err`.
    pub fn of(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self { action, path: path.to_owned(), error }
    }
}

impl fmt::Display for IoFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}: {}", self.action, self.path.display(), self.error)
    }
}

impl std::error::Error for IoFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
