//! The text of a manifest.

use crate::{argument_file::open_argument, error::PackError};
use flavor_manifest::{Diagnostic, Document};
use flavor_python::process;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

/// Longest manifest read, in bytes.
const MANIFEST_MAX: u64 = 4 << 20;

/// Whether a path names a builder manifest.
#[must_use]
pub fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// The directory that relative sources are relative to; empty for the current one.
#[must_use]
pub fn directory_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

/// Opens and parses a manifest.
///
/// # Errors
/// Usage where there is no such file, else everything that is wrong with its syntax.
pub fn parse(path: &Path) -> Result<Document, PackError> {
    let file = open_argument(path, "a manifest").map_err(|error| {
        let setup = path.with_file_name("setup.py");
        if setup.is_file() {
            let setup = process::shell_word(&setup.to_string_lossy());
            error.hint(&format!(
                "pack the project by its {setup}: --manifest {setup}; or write a pyproject.toml (`flavor init`)"
            ))
        } else {
            error.hint(
                "name the project's pyproject.toml, or a JSON manifest, with --manifest; `flavor init` writes one",
            )
        }
    })?;
    let mut text = Vec::new();
    let read = file.take(MANIFEST_MAX.saturating_add(1)).read_to_end(&mut text);
    read.map_err(|error| Diagnostic::io("manifest.read", path, "read the manifest", &error))?;
    let refuse = |code, message: &str| Err(Diagnostic::error(code, message).file(path).into());
    if pspf_nostd::offsets::length(&text) > MANIFEST_MAX {
        return refuse("manifest.size", "the manifest is longer than 4 MiB");
    }
    let Ok(text) = String::from_utf8(text) else { return refuse("manifest.utf8", "the manifest is not UTF-8 text") };
    if is_setup(path) {
        // Only its build backend understands it.
        return Ok(Document { text, ..Document::from_toml(path, String::new())? });
    }
    Ok(if is_json(path) { Document::from_json(path, text) } else { Document::from_toml(path, text) }?)
}

/// Whether a path names `setup.py`.
pub(crate) fn is_setup(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "setup.py")
}
