//! Files that are there whole or not at all.

use crate::problem::{Failure, Problem};
use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

/// Writes a file that others can read but not change, by one rename. Errors have the code `code`.
///
/// # Errors
/// Where one is there and may not be replaced, or the system refuses.
pub fn write(path: &Path, text: &str, replace: bool, code: &'static str) -> Result<(), Failure> {
    let refused = |error: io::Error| Failure::from(Problem::io(code, path, "write this", &error));
    let mut file = tempfile::Builder::new().prefix(".flavor-").tempfile_in(parent(path)).map_err(refused)?;
    file.write_all(text.as_bytes()).map_err(refused)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644)).map_err(refused)?;
    file.as_file().sync_all().map_err(refused)?;
    let persisted = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    persisted.map(|_| ()).map_err(|error| refused(error.error))
}

/// The directory that a file stands in.
#[must_use]
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
