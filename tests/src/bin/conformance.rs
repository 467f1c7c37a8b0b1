//! Runs an implementation on the conformance kit: `cargo run -p pspf-tests --bin conformance -- ENTRYPOINT...`.
//!
//! Prints a table and exits with 1 where a case fails. See `tests/vectors/README.md`.

use pspf_tests::{
    entrypoint::{self, Result},
    kit,
};
use std::{env, ffi::OsString, io, process::ExitCode};

fn main() -> io::Result<ExitCode> {
    let entrypoint: Vec<OsString> = env::args_os().skip(1).collect();
    if entrypoint.is_empty() {
        eprintln!("usage: conformance ENTRYPOINT...   (run as `ENTRYPOINT... verify FILE --json` for each case)");
        return Ok(ExitCode::from(2));
    }
    let folder = tempfile::tempdir()?;
    let (mut passed, mut exit_only, mut failed) = (0, 0, 0);
    for case in kit::read(&kit::vectors().join("cases"))?.values() {
        let package = entrypoint::unpack(case, folder.path())?;
        match entrypoint::run(&entrypoint, case, &package)? {
            Result::Pass => {
                passed += 1;
                println!("pass       {}", case.name);
            }
            Result::ExitOnly => {
                exit_only += 1;
                println!("exit only  {}", case.name);
            }
            Result::Fail(why) => {
                failed += 1;
                println!("FAIL       {}: {why}", case.name);
            }
        }
    }
    println!("{passed} pass, {exit_only} with the right exit code but no report, {failed} fail");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
