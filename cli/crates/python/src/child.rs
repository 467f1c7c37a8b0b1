//! Programs that flavor starts. All of them are made here, so that none is given what signs packages.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    process::Command,
    sync::{Mutex, PoisonError},
};

/// Variables whose values sign.
const SEEDS: [&str; 2] = ["FLAVOR_KEY_SEED", "FLAVOR_SEED"];

/// Variables that the manifest names as the seed (`key_seed = "${NAME}"`).
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A program with the caller's environment, the variables that hold a key's seed left out.
#[must_use]
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in SEEDS {
        command.env_remove(name);
    }
    for name in NAMED.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        command.env_remove(name);
    }
    command
}

/// Leaves one more variable out of every program that is started from now on.
pub fn withhold(variable: &str) {
    if !variable.is_empty() && !variable.contains(['=', '\0']) {
        NAMED.lock().unwrap_or_else(PoisonError::into_inner).insert(variable.to_owned());
    }
}

/// Keeps other processes of this user, such as build backends, from reading this one's memory and its first environment in `/proc`:
/// what was left out of theirs is still in there.
pub fn hide_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // Old kernels and sandboxes may refuse; the variables are left out all the same.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
