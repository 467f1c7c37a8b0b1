//! Writing into the directories of policies and trusted keys.

use crate::{
    problem::{Failure, Problem},
    text_file,
};
use flavor_launcher::{
    base_dir,
    config_dir::{ConfigDir, SYSTEM},
};
use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

/// The directory of policies: the machine's or the user's, whether it exists or not.
///
/// # Errors
/// Where nothing says where the user's is.
pub fn directory(system: bool) -> Result<PathBuf, Failure> {
    let user = ConfigDir::user_paths(base_dir::variable).0;
    if system { Ok(PathBuf::from(SYSTEM)) } else { user.ok_or_else(homeless) }
}

/// The directory of trusted keys.
///
/// # Errors
/// As [`directory`].
pub fn keys_directory(system: bool) -> Result<PathBuf, Failure> {
    let named = ConfigDir::user_paths(base_dir::variable).1.filter(|_| !system);
    named.map_or_else(|| directory(system).map(|directory| directory.join("trusted-keys")), Ok)
}

fn homeless() -> Failure {
    let problem = Problem::error("config.directory", "there is no directory for your configuration");
    problem.hint("set HOME, XDG_CONFIG_HOME or FLAVOR_CONFIG_DIR").into()
}

/// Writes a file that others can read but not change, by one rename; directories are made.
///
/// # Errors
/// Where one is there and may not be replaced, or the system refuses.
pub fn write(path: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    let parent = text_file::parent(path);
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(parent);
    made.map_err(|error| Problem::io("config.write", path, "write this", &error))?;
    text_file::write(path, text, replace, "config.write")
}
