//! Why there is no work environment.

use std::{fmt, path::PathBuf};

use crate::{
    extract::ExtractError, io_failure::IoFailure, safe_path::PathError, setup::SetupError, workenv::SETUP_PATIENCE,
};

/// Why there is no work environment.
#[derive(Debug)]
pub enum WorkenvError {
    /// The base directory cannot be used.
    Base(PathError),
    /// The system refused.
    Io(IoFailure),
    /// The content cannot be extracted.
    Extract(Box<ExtractError>),
    /// The setup of the package failed.
    Setup(Box<SetupError>),
    /// Another process has been setting the same package up for too long.
    Busy {
        /// The lock that it holds.
        lock: PathBuf,
    },
}

impl fmt::Display for WorkenvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(error) => error.fmt(f),
            Self::Io(failure) => failure.fmt(f),
            Self::Extract(error) => error.fmt(f),
            Self::Setup(error) => error.fmt(f),
            Self::Busy { lock } => {
                let seconds = SETUP_PATIENCE.as_secs();
                write!(f, "another process holds {} for over {seconds} seconds", lock.display())
            }
        }
    }
}

impl std::error::Error for WorkenvError {}

impl From<IoFailure> for WorkenvError {
    fn from(failure: IoFailure) -> Self {
        Self::Io(failure)
    }
}

impl From<PathError> for WorkenvError {
    fn from(error: PathError) -> Self {
        Self::Base(error)
    }
}

impl From<Box<ExtractError>> for WorkenvError {
    fn from(error: Box<ExtractError>) -> Self {
        Self::Extract(error)
    }
}

impl From<SetupError> for WorkenvError {
    fn from(error: SetupError) -> Self {
        Self::Setup(Box::new(error))
    }
}
