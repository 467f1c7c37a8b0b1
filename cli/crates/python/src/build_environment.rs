//! A virtual environment of the user's to build in, and shell commands around the build.

use super::{
    error::PythonError,
    file_error::FileContext as _,
    installation::index_of_uv,
    options::{BuildEnvironment, TreeOptions},
    process,
    uv::{UV_LIMIT, Uv},
};
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

/// Builds, tests and downloads may take long; an hour means that something hangs.
const HOOK_LIMIT: Duration = Duration::from_secs(3600);

/// How many lines of a failed command are shown.
const HOOK_LINES: usize = 12;

/// Runs shell commands one after the other.
///
/// # Errors
/// [`PythonError::Hook`] for the first that fails.
pub fn run_hooks(
    key: &'static str,
    commands: &[String],
    directory: &Path,
    variables: &[(String, OsString)],
) -> Result<(), PythonError> {
    for line in commands {
        let mut command = process::command("/bin/sh");
        command.args(["-c", &as_shell(line, directory)]).current_dir(directory);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let failed = |reason: String, output: String| PythonError::Hook { key, command: line.clone(), reason, output };
        let finished = process::run(&mut command, b"", HOOK_LIMIT);
        let finished = finished.map_err(|error| failed(format!("cannot be run: {error}"), String::new()))?;
        if finished.success() {
            continue;
        }
        let reason = match finished.status.code() {
            _ if finished.timed_out => format!("did not end within {} seconds", HOOK_LIMIT.as_secs()),
            Some(code) => format!("ended with exit code {code}"),
            None => format!("was ended: {}", finished.status),
        };
        let mut output = String::from_utf8_lossy(&finished.stdout).into_owned();
        output.push_str(&finished.last_error_lines(HOOK_LINES));
        let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = lines.get(lines.len().saturating_sub(HOOK_LINES)..).unwrap_or_default().join("\n");
        return Err(failed(reason, last));
    }
    Ok(())
}

/// The documents name Python files alone as commands.
fn as_shell(line: &str, directory: &Path) -> String {
    let first = line.split_whitespace().next().unwrap_or_default();
    if first.ends_with(".py") && directory.join(first).is_file() { format!("python3 {line}") } else { line.to_owned() }
}

/// Makes the environment with `original`, runs the commands in it, and gives its interpreter.
pub(super) fn make(
    uv: &Uv,
    settings: &BuildEnvironment,
    original: &Path,
    work: &Path,
    directory: &Path,
    requires: &[String],
    options: &TreeOptions,
) -> Result<PathBuf, PythonError> {
    let variables = &options.build.env;
    let path = settings.path.clone().unwrap_or_else(|| work.join("build-environment"));
    let path = std::path::absolute(&path).on("read", &path)?;
    let python = path.join("bin/python");
    if !python.is_file() {
        let mut command = uv.command();
        command.args(["venv", "--seed", "--no-project", "--color", "never", "--python"]).arg(original);
        if settings.system_site_packages {
            command.arg("--system-site-packages");
        }
        index_of_uv(&mut command, &options.index);
        Uv::run(command.arg(&path), UV_LIMIT, work)?;
    }
    let mut search: OsString = path.join("bin").into();
    if let Some(others) = env::var_os("PATH") {
        search.push(":");
        search.push(others);
    }
    let mut all: Vec<(String, OsString)> = variables.iter().map(|(name, value)| (name.clone(), value.into())).collect();
    all.extend([("PATH".to_owned(), search), ("VIRTUAL_ENV".to_owned(), path.into())]);
    run_hooks("build.pre_install_commands", &settings.commands, directory, &all)?;
    if !requires.is_empty() {
        let mut command = uv.command();
        command.args(["pip", "install", "--no-progress", "--color", "never", "--python"]).arg(&python).args(requires);
        index_of_uv(&mut command, &options.index);
        Uv::run(command.envs(variables.iter().map(|(name, value)| (name, value))), UV_LIMIT, work)?;
    }
    Ok(python)
}
