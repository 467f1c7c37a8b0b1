//! An operation on a path that the system refused.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// What was being done, to which path, and what the system said. Small, so that handing it on takes little code.
#[derive(Debug)]
pub struct IoFailure(Box<Facts>);

#[derive(Debug)]
struct Facts {
    /// The operation, as an infinitive: `create the directory`.
    action: &'static str,
    path: PathBuf,
    error: io::Error,
}

impl IoFailure {
    /// Wraps an answer of the system; meant for `map_err`.
    pub fn of(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::new(action, path, error)
    }

    #[cold]
    #[inline(never)]
    fn new(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self(Box::new(Facts { action, path: path.to_owned(), error }))
    }
}

impl fmt::Display for IoFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Facts { action, path, error } = &*self.0;
        write!(f, "cannot {action} {}: {error}", path.display())
    }
}

impl std::error::Error for IoFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.error)
    }
}
