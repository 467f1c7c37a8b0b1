//! Why there is no interpreter for the tree.

use super::{debian_error::DebianError, file_error::FileError, uv::UvError};
use std::path::PathBuf;

/// Why there is no interpreter for the tree.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// No provider has one that fits.
    #[error("no Python that can be bundled was found{}{}", required.as_ref().map_or_else(String::new, |specifiers| format!(" (the project requires {specifiers})")), list(tried))]
    NoInterpreter {
        /// What the project requires.
        required: Option<String>,
        /// What was looked at, and why it was not taken.
        tried: Vec<String>,
    },
    /// Only Debian's interpreters can be had for other processors than this machine's.
    #[error("a Python project is packed for linux_{processor} on another machine with Debian's Python only")]
    Foreign {
        /// The processor that the package is for.
        processor: &'static str,
    },
    /// The chosen file cannot be used.
    #[error("{} cannot be bundled: {reason}", path.display())]
    NotUsable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The chosen interpreter has the wrong version.
    #[error("the project requires Python {required}, but {} is Python {found}", path.display())]
    RequiresPython {
        /// The interpreter.
        path: PathBuf,
        /// Its version.
        found: String,
        /// What the project requires.
        required: String,
    },
    /// The interpreter needs a library that is not on this machine.
    #[error("{} needs {library}, which is not on this machine", needed_by.display())]
    LibraryMissing {
        /// The library.
        library: String,
        /// What needs it.
        needed_by: PathBuf,
    },
    /// An executable could not be made relocatable.
    #[error("{} cannot be made relocatable: {reason}", path.display())]
    Rewrite {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// uv could not download an interpreter.
    #[error("uv could not get Python {version}: {source}")]
    Download {
        /// What was asked for.
        version: String,
        /// What happened.
        source: UvError,
    },
    /// Debian's archive could not be used.
    #[error(transparent)]
    Debian(#[from] DebianError),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

fn list(tried: &[String]) -> String {
    tried.iter().map(|line| format!("\n  {line}")).collect()
}

impl RuntimeError {
    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoInterpreter { .. } => "python.runtime.none",
            Self::Foreign { .. } => "python.platform",
            Self::NotUsable { .. } => "python.runtime.unusable",
            Self::RequiresPython { .. } => "python.version.mismatch",
            Self::LibraryMissing { .. } => "python.runtime.library",
            Self::Rewrite { .. } => "python.runtime.rewrite",
            Self::Download { .. } => "python.runtime.download",
            Self::Debian(error) => error.code(),
            Self::File(_) => "python.file",
        }
    }

    /// What the user can do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoInterpreter { .. } => {
                "install a fitting Python, name one with --python PATH, or let uv download one with --python uv"
            }
            Self::Foreign { processor } => {
                return Some(format!("use --python debian, or pack it on a machine that is linux_{processor}"));
            }
            Self::NotUsable { .. } | Self::RequiresPython { .. } => {
                "name a fitting CPython with --python PATH, or use --python uv"
            }
            Self::LibraryMissing { .. } => "repair that Python's installation, or name another with --python PATH",
            Self::Rewrite { .. } => "name another interpreter with --python PATH, or use --python uv",
            Self::Download { .. } => "name an installed interpreter with --python PATH",
            Self::Debian(error) => return error.hint().map(str::to_owned),
            Self::File(_) => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_at_is_named() {
        let error = RuntimeError::NoInterpreter {
            required: Some(">=3.99".to_owned()),
            tried: vec!["/usr/bin/python3: Python 3.11.2".to_owned()],
        };
        let text = error.to_string();
        assert!(text.contains(">=3.99") && text.contains("/usr/bin/python3: Python 3.11.2"), "{text}");
        assert_eq!(error.code(), "python.runtime.none");
    }
}
