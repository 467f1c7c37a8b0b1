//! Keys, and the files of trust.

use super::{Check, Outcome};
use crate::trusted_keys;
use flavor_host::{calendar, trust::TrustStore};
use flavor_manifest::pyproject::PythonSpec;
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Where `flavor keygen` leaves the private key.
const DEFAULT_KEY: &str = "keys/flavor-private.key";

/// Group and others may do anything at all.
const OPEN_TO_OTHERS: u32 = 0o077;

pub(super) fn examine(project: Option<&PythonSpec>) -> Vec<Check> {
    let mut keys = vec![PathBuf::from(DEFAULT_KEY)];
    keys.extend(project.and_then(|spec| spec.security.private_key.clone()));
    keys.sort();
    keys.dedup();
    let mut checks: Vec<Check> = keys.iter().filter_map(|key| private_key(key)).collect();
    let store = TrustStore::find().and_then(|store| store.at(calendar::now()));
    checks.push(match store {
        Ok(trusted) => match trusted.unusable.first() {
            None => {
                let count = trusted.trusted.len();
                Check::ok("trust", format!("{count} trusted key{}", if count == 1 { "" } else { "s" }))
            }
            Some(error) => {
                let problem = trusted_keys::unusable(error).hint("remove the file, or put a public key into it");
                Check::of_problem("trust", Outcome::Warning, &problem)
            }
        },
        // No package starts then.
        Err(error) => Check::of_problem("trust", Outcome::Warning, &trusted_keys::unusable(&error)),
    });
    checks
}

/// Whether nobody else can read it.
fn private_key(path: &Path) -> Option<Check> {
    let found = fs::metadata(path).ok()?;
    let mode = found.permissions().mode() & 0o7777;
    let shown = path.display();
    if mode & OPEN_TO_OTHERS != 0 {
        let message = format!("{shown} has mode {mode:04o}: others can use this key");
        return Some(Check::warning("keys", message, format!("chmod 600 {shown}")));
    }
    let owner = found.uid();
    let user = rustix::process::geteuid().as_raw();
    if owner != user {
        let message = format!("{shown} belongs to user {owner}, not to user {user}");
        return Some(Check::warning("keys", message, "copy it into a file of your own"));
    }
    Some(Check::ok("keys", format!("{shown} is yours alone")))
}
