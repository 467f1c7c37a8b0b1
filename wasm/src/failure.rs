//! Errors as JavaScript gets them: a stable code and a sentence.

use pspf_nostd::{codec::DecodeError, tar::TarError};
use serde::Serialize;

/// Why a task could not be done. A bad package is not a failure of `verify` and `inspect`: they report it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

    /// The text that crosses to JavaScript, which makes its `PspfError` of it.
    #[must_use]
    pub fn to_json(&self) -> String {
        to_json(self)
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

/// Serialises a value of ours; none of them has a key that is not a text or a number that JSON lacks.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
