//! Where flavor keeps what it can make or load again.

use std::{env, path::PathBuf};

/// Encoded interpreters.
pub const ENCODED: &str = "encoded";
/// Debian's packages.
pub const DEBIAN: &str = "debian";
/// Launchers that were built here.
pub const LAUNCHERS: &str = "launchers";

/// A part of the user's cache folder, as the XDG base directory specification says; none where there is no home.
#[must_use]
pub fn part(name: &str) -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(cache.join("flavor").join(name))
}
