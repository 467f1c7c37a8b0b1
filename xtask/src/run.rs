//! Running other programs: shown before they run, their failure an error that names them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use wait_timeout::ChildExt;

/// The host's cargo, in `root`, without the variables that `cargo run` gave to this program: some of them
/// would make cargo compile crates again that are fresh.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    forget_cargo_run(&mut command);
    command
}

/// Removes from `command` what `cargo run` set about the xtask package.
pub(crate) fn forget_cargo_run(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CARGO_PRIMARY_PACKAGE" {
            command.env_remove(name);
        }
    }
}

/// Runs `command` with its output shown; anything but exit code 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    run_any(command, &[0])
}

/// Runs `command` with its output shown; any other exit code than these is an error.
pub(crate) fn run_any(command: &mut Command, codes: &[i32]) -> Result<()> {
    let shown = display(command);
    eprintln!("    $ {shown}");
    let status = command.status().with_context(|| format!("could not start: {shown}"))?;
    if !status.code().is_some_and(|code| codes.contains(&code)) {
        bail!("{status}: {shown}");
    }
    Ok(())
}

/// Runs `command` and returns what it printed on standard output; anything but exit code 0 is an error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = display(command);
    let result = command.stderr(Stdio::inherit()).output().with_context(|| format!("could not start: {shown}"))?;
    if !result.status.success() {
        bail!("{}: {shown}", result.status);
    }
    String::from_utf8(result.stdout).with_context(|| format!("output is not UTF-8: {shown}"))
}

/// Runs `command` for at most `limit`; `true` when it ended with exit code 0 in time.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> Result<bool> {
    let shown = display(command);
    eprintln!("    $ {shown}");
    let mut child = command.spawn().with_context(|| format!("could not start: {shown}"))?;
    if let Some(status) = child.wait_timeout(limit)? {
        return Ok(status.success());
    }
    child.kill()?;
    child.wait()?;
    eprintln!("    gave up after {} s", limit.as_secs());
    Ok(false)
}

/// `folder` in front of the search path.
pub(crate) fn path_with(folder: &Path) -> Result<std::ffi::OsString> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(PathBuf::from(folder)).chain(std::env::split_paths(&old));
    std::env::join_paths(folders).context("the search path cannot be written")
}

/// One line of what runs: the program's name and its arguments.
fn display(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert!(error.contains("3") && error.contains("sh -c exit 3"), "{error}");
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        assert!(!succeeds_within(Command::new("sleep").arg("600"), Duration::from_millis(50)).unwrap());
    }
}
