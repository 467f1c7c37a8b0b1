//! The runner's protocol: `ENTRYPOINT verify FILE --json` exits with 0 for a good package and 1 for any other, and writes
//! the JSON report to its standard output.

use crate::{kit::CaseFile, verdict::Verdict};
use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How an implementation did on one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Result {
    /// As it has to.
    Pass,
    /// The exit code is right, but the standard output holds no report to look into.
    ExitOnly,
    /// Otherwise; in words.
    Fail(String),
}

/// Writes a case's package to a folder, executable.
///
/// # Errors
/// Those of writing, and a case file that does not decode.
pub fn unpack(case: &CaseFile, folder: &Path) -> io::Result<PathBuf> {
    let path = folder.join(format!("{}.psp", case.name));
    fs::write(&path, case.bytes().map_err(io::Error::other)?)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// Runs an implementation on one case.
///
/// # Errors
/// Where the program does not start.
pub fn run(entrypoint: &[OsString], case: &CaseFile, package: &Path) -> io::Result<Result> {
    let (program, arguments) = entrypoint.split_first().ok_or_else(|| io::Error::other("no entry point is given"))?;
    let output = Command::new(program)
        .args(arguments)
        .arg("verify")
        .arg(package)
        .arg("--json")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", program.to_string_lossy())))?;
    if output.status.code() != Some(case.expect.exit) {
        let error = String::from_utf8_lossy(&output.stderr);
        let last = error.lines().last().unwrap_or_default();
        return Ok(Result::Fail(format!("{}, expected exit code {}; {last}", output.status, case.expect.exit)));
    }
    Ok(match Verdict::parse(&output.stdout) {
        Ok(verdict) => verdict.check(&case.expect).map_or_else(Result::Fail, |()| Result::Pass),
        Err(_) => Result::ExitOnly,
    })
}
