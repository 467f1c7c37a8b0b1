//! The trust store: public keys that the user, or the machine's owner, has chosen to trust.
//!
//! Directories and files are those of the published tool (`format.md` §6): `*.pub` files in `trusted-keys` under
//! `$FLAVOR_CONFIG_DIR`, else `$XDG_CONFIG_HOME/flavor`, else `~/.config/flavor`; `$FLAVOR_TRUSTED_KEYS_DIR` names that
//! directory itself. `/etc/flavor/trusted-keys` counts as well.

use crate::{key_files, problem::Problem};
use pspf_nostd::key::Fingerprint;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The directories that are read, the user's first.
#[must_use]
pub fn directories() -> Vec<PathBuf> {
    let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = path("FLAVOR_CONFIG_DIR")
        .or_else(|| path("XDG_CONFIG_HOME").map(|home| home.join("flavor")))
        .or_else(|| path("HOME").map(|home| home.join(".config/flavor")));
    let user = path("FLAVOR_TRUSTED_KEYS_DIR").or_else(|| config.map(|config| config.join("trusted-keys")));
    user.into_iter().chain([PathBuf::from("/etc/flavor/trusted-keys")]).collect()
}

/// The fingerprints of all keys in the store, and a warning for each file that is not one.
#[must_use]
pub fn read() -> (Vec<Fingerprint>, Vec<Problem>) {
    let (mut trusted, mut warnings) = (Vec::new(), Vec::new());
    for path in directories().iter().flat_map(|directory| files(directory)) {
        match key_files::public_key(&path) {
            Ok(key) => trusted.push(key.fingerprint()),
            Err(failure) => warnings.extend(
                failure
                    .problems
                    .into_iter()
                    .map(|problem| problem.as_warning().hint("this file of the trust store is ignored")),
            ),
        }
    }
    (trusted, warnings)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "pub")).collect();
    files.sort();
    files
}
