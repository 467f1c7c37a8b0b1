//! Why metadata are refused.

use crate::json::{AmbiguousKey, JsonError};
use alloc::string::String;
use core::fmt;

/// Why a metadata text was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataError {
    /// Not strict JSON.
    Json(JsonError),
    /// A value has the wrong type or form; the path is like `slots[2].size`.
    Value {
        /// JSON path of the value.
        path: String,
        /// What must be there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A key that is a known one but for its case: published readers disagree on what it means.
    KeyCase {
        /// JSON path of the object.
        path: String,
        /// The key as written.
        found: String,
        /// The known key.
        known: &'static str,
    },
    /// Another key that readers understand differently.
    Key(AmbiguousKey),
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "metadata is not strict JSON: {error}"),
            Self::Value { path, expected, found } => {
                write!(f, "metadata `{path}`: expected {expected}, found {found}")
            }
            Self::Key(key) => write!(f, "metadata {key}"),
            Self::KeyCase { path, found, known } => {
                write!(f, "metadata `{path}`: key `{found}` differs from `{known}` by case only, and readers disagree")
            }
        }
    }
}

impl core::error::Error for MetadataError {}
