//! A policy, key or revocation file that cannot be used.

use std::{
    fmt, io,
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

/// Which file, where in it, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
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
        Self { path: path.to_owned(), at: None, message: message.to_owned() }
    }

    /// An error at a place of the file.
    #[must_use]
    pub fn at(path: &Path, at: Position, message: &str) -> Self {
        Self { path: path.to_owned(), at: Some(at), message: message.to_owned() }
    }

    /// The system's answer.
    #[must_use]
    pub fn io(path: &Path, error: &io::Error) -> Self {
        Self::file(path, &error.to_string())
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
