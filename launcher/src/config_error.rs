//! A policy, key or revocation file that cannot be used.

use std::{
    fmt, io,
    ops::Deref,
    path::{Path, PathBuf},
};

/// A place in a text, counted from 1; columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// Which file, where in it, and what is wrong there; small to hand on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Box<ConfigProblem>);

/// What a [`ConfigError`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The file or directory.
    pub path: PathBuf,
    /// The place, where it is about one.
    pub at: Option<Position>,
    /// What is wrong, what was expected.
    pub message: String,
}

impl ConfigError {
    /// An error about the whole file.
    #[must_use]
    pub fn file(path: &Path, message: &str) -> Self {
        Self::new(path, None, message)
    }

    /// An error at a place of the file.
    #[must_use]
    pub fn at(path: &Path, at: Position, message: &str) -> Self {
        Self::new(path, Some(at), message)
    }

    #[cold]
    fn new(path: &Path, at: Option<Position>, message: &str) -> Self {
        Self(Box::new(ConfigProblem { path: path.to_owned(), at, message: message.to_owned() }))
    }

    /// The system's answer.
    #[must_use]
    pub fn io(path: &Path, error: &io::Error) -> Self {
        Self::file(path, &error.to_string())
    }
}

impl Deref for ConfigError {
    type Target = ConfigProblem;

    fn deref(&self) -> &ConfigProblem {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(Position { line, column }) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}
