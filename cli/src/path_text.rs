//! Paths in JSON documents: text as errors show it, with U+FFFD for bytes that are no UTF-8. Serde itself refuses such a path, and
//! with it the whole answer.

use serde::{Serializer, ser::SerializeSeq as _};
use std::path::Path;

/// For `#[serde(serialize_with)]` of one path.
///
/// # Errors
/// Those of the serializer.
pub fn one<P: AsRef<Path>, S: Serializer>(path: &P, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.as_ref().to_string_lossy())
}

/// For one path or none.
///
/// # Errors
/// Those of the serializer.
pub fn optional<P: AsRef<Path>, S: Serializer>(path: &Option<P>, serializer: S) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => one(path, serializer),
        None => serializer.serialize_none(),
    }
}

/// For a list of paths.
///
/// # Errors
/// Those of the serializer.
pub fn list<L: AsRef<[P]>, P: AsRef<Path>, S: Serializer>(paths: &L, serializer: S) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(Some(paths.as_ref().len()))?;
    for path in paths.as_ref() {
        list.serialize_element(&path.as_ref().to_string_lossy())?;
    }
    list.end()
}
