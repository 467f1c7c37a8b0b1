//! Errors as JavaScript gets them: a stable code and a sentence.

use pspf_nostd::{codec::DecodeError, tar::TarError};

/// Why a task could not be done. A bad package is not a failure of `verify` and `inspect`: they report it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable machine code (npm/README.md).
    pub code: String,
    /// What was expected and what was found.
    pub message: String,
}

impl Failure {
    /// A failure with this code.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<TarError> for Failure {
    fn from(error: TarError) -> Self {
        Self::new(error.fault.code(), error.to_string())
    }
}
