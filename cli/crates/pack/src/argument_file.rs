//! Files that the caller names.

use crate::error::PackError;
use flavor_host::files::open_file;
use flavor_manifest::Diagnostic;
use std::{fs::File, io, path::Path};

/// Opens an argument that must be a regular file; a missing one or a directory is a wrong command line.
///
/// # Errors
/// [`PackError::Usage`] where there is no such file, [`PackError::Refused`] where it cannot be read.
pub fn open_argument(path: &Path, what: &str) -> Result<File, PackError> {
    let file = open_file::open(path).map_err(|error| {
        let problem = Diagnostic::io("file.open", path, &format!("open {what}"), &error);
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => PackError::usage(problem),
            _ => problem.into(),
        }
    })?;
    let kind = file.metadata().map_err(|error| Diagnostic::io("file.open", path, &format!("open {what}"), &error))?;
    if !kind.is_file() {
        let found = if kind.is_dir() { "a directory" } else { "something that is not a regular file" };
        let problem = Diagnostic::error("file.kind", format!("this is not {what}")).file(path);
        return Err(PackError::usage(problem.expected("a regular file").found(found)));
    }
    Ok(file)
}
