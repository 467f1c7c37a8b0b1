//! Writing into the directories of policies and trusted keys.

use crate::{problem::Failure, text_file};
use flavor_host::files::{
    base_dir,
    config_dir::{ConfigDir, FILE_MAX, SYSTEM},
    safe_path,
};
use flavor_manifest::Diagnostic;
use rustix::fs::{FlockOperation, flock};
use std::{
    fs, io,
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
    let problem = Diagnostic::error("config.directory", "there is no directory for your configuration");
    problem.hint("set HOME, XDG_CONFIG_HOME or FLAVOR_CONFIG_DIR").into()
}

/// Writes a file that others can read but not change, by one rename; directories are made. One that is a link is replaced where the
/// link leads, as editors do: the link is how its owner keeps it.
///
/// # Errors
/// Where one is there and may not be replaced, it is larger than what is read of such a file, or the system refuses.
pub fn write(path: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    if text.len() > FILE_MAX {
        let problem = Diagnostic::error("config.write", "this would be too large to be read").file(path);
        return Err(problem.expected(format!("at most {FILE_MAX} bytes")).found(text.len().to_string()).into());
    }
    make_directory(path)?;
    let place = if replace { fs::canonicalize(path).ok() } else { None };
    text_file::write(place.as_deref().unwrap_or(path), text, replace, "config.write")
}

/// Takes the directory of a file for this process, until the result is dropped: who changes what others have written must not lose
/// what they write meanwhile.
///
/// # Errors
/// Where the directory cannot be made or locked.
pub fn lock(path: &Path) -> Result<fs::File, Failure> {
    make_directory(path)?;
    let refused =
        |error: io::Error| Failure::from(Diagnostic::io("config.write", path, "lock the directory of this", &error));
    let directory = fs::File::open(text_file::parent(path)).map_err(refused)?;
    flock(&directory, FlockOperation::LockExclusive).map_err(|error| refused(error.into()))?;
    Ok(directory)
}

fn make_directory(path: &Path) -> Result<(), Failure> {
    safe_path::create_directory(text_file::parent(path), 0o755).map_err(|error| {
        let problem = Diagnostic::error("config.write", format!("cannot write this: {error}")).file(path);
        problem
            .hint("set FLAVOR_CONFIG_DIR to a directory of your own, below directories that nobody else can change")
            .into()
    })
}
