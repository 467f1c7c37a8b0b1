//! Where flavor keeps what it can make or load again.

use flavor_host::files::{
    base_dir,
    safe_path::{self, PathError},
};
use std::path::{Path, PathBuf};

/// Encoded interpreters.
pub const ENCODED: &str = "encoded";
/// Debian's packages.
pub const DEBIAN: &str = "debian";
/// Hosts that were not reached.
pub const UNREACHABLE: &str = "unreachable";
/// Launchers that were built here.
pub const LAUNCHERS: &str = "launchers";

/// A part of the user's cache folder, as the XDG base directory specification says; none where there is no home, or where somebody else
/// could put something into it: what comes from there is signed.
#[must_use]
pub fn part(name: &str) -> Option<PathBuf> {
    find(name).ok()
}

/// As [`part`].
///
/// # Errors
/// In words, why there is none.
pub fn find(name: &str) -> Result<PathBuf, String> {
    let absolute = |name: &str| base_dir::variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let own = || safe_path::home(absolute_home).map(|home| home.join(".cache"));
    let cache = absolute("XDG_CACHE_HOME").or_else(own).ok_or("there is no home to keep it in")?;
    let path = cache.join("flavor").join(name);
    match safe_path::check(&path) {
        Err(PathError::NotOurs(part)) => Err(PathError::NotOurs(part).to_string()),
        // What is not there yet can be made.
        Ok(()) | Err(PathError::Io(_)) => Ok(path),
    }
}

fn absolute_home(name: &str) -> Option<std::ffi::OsString> {
    base_dir::variable(name).filter(|home| Path::new(home).is_absolute())
}

/// Makes a folder for [`part`], private to the user.
///
/// # Errors
/// Where somebody else could change what is in it, or the system refuses.
pub fn create(folder: &Path) -> Result<(), PathError> {
    safe_path::create_directory(folder, 0o700)
}
