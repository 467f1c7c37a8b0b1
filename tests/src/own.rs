//! The programs of this workspace, as processes.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A program of this workspace: beside the tests, where cargo puts it; built where it is missing.
///
/// # Panics
/// Where it does not compile.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let package = if name == "flavor" { "flavor-cli" } else { name };
    pspf_test_support::program(package, name)
}

/// The launcher for packages: the release build that `cargo xtask test` names, else the one beside the tests.
#[must_use]
pub fn launcher() -> PathBuf {
    pspf_test_support::launcher()
}

/// `flavor` in a folder, without the caller's settings.
#[must_use]
pub fn flavor(folder: &Path) -> Command {
    let mut command = Command::new(program("flavor"));
    command.env_clear().env("HOME", folder).env("PATH", env::var_os("PATH").unwrap_or_default());
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs a package with a cache of its own under `folder`.
///
/// # Panics
/// Where it does not start.
#[must_use]
pub fn run(package: &Path, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(package);
    command.env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin").current_dir(folder).stdin(Stdio::null());
    command.args(arguments).output().expect("the package starts")
}
