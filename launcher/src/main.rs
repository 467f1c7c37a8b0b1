//! The launcher that stands at the front of every package.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    flavor_launcher::run::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("flavor: packages do not run on this system yet; use Linux, macOS or the Windows Subsystem for Linux");
    ExitCode::from(104)
}
