//! The programs of this workspace, as processes.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A program of this workspace: beside the tests, where cargo puts it.
///
/// # Panics
/// Where it has not been built: tests of the whole workspace build it.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let folder = test.parent().and_then(Path::parent).expect("tests stand in target/PROFILE/deps");
    let program = folder.join(name);
    assert!(program.is_file(), "{} is not there: run the tests with `cargo xtask test`", program.display());
    program
}

/// The launcher for packages: the release build that `cargo xtask test` names, else the one beside the tests.
#[must_use]
pub fn launcher() -> PathBuf {
    env::var_os("PSPF_LAUNCHER").map_or_else(|| program("flavor-launcher"), PathBuf::from)
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
