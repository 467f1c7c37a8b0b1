//! Files that are there whole or not at all.

use crate::problem::Failure;
use flavor_manifest::Diagnostic;
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

/// Writes a file that others can read but not change, by one rename. Errors have the code `code`.
///
/// # Errors
/// Where one is there and may not be replaced, something else is there, or the system refuses.
pub fn write(path: &Path, text: &str, replace: bool, code: &'static str) -> Result<(), Failure> {
    check_replaceable(path, code)?;
    let refused = |error: io::Error| Failure::from(Diagnostic::io(code, path, "write this", &error));
    let mut file = tempfile::Builder::new().prefix(".flavor-").tempfile_in(parent(path)).map_err(refused)?;
    file.write_all(text.as_bytes()).map_err(refused)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644)).map_err(refused)?;
    file.as_file().sync_all().map_err(refused)?;
    let persisted = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    persisted.map(|_| ()).map_err(|error| refused(error.error))
}

/// Refuses a place where something is that is not a file, such as a device: a rename would put a file in its place. Where nothing is,
/// or a link to nothing, a file can be. Errors have the code `code`.
///
/// # Errors
/// Where there is a directory, device, FIFO or socket.
pub fn check_replaceable(path: &Path, code: &'static str) -> Result<(), Failure> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            let found = if found.is_dir() { "a directory" } else { "something that is not a regular file" };
            let problem = Diagnostic::error(code, "a file cannot be put here").file(path);
            Err(problem.expected("a regular file, or nothing").found(found).into())
        }
        _ => Ok(()),
    }
}

/// The directory that a file is in.
#[must_use]
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
