//! The launcher at the front of every package.

#[cfg(unix)]
mod config_slots;
#[cfg(unix)]
mod execution;
#[cfg(unix)]
mod launch_error;
#[cfg(unix)]
mod log;
#[cfg(unix)]
mod own_commands;
#[cfg(unix)]
mod own_file;
#[cfg(unix)]
mod resource_limits;
#[cfg(unix)]
mod rights;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod spawn;
#[cfg(unix)]
mod start;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    run::main(std::env::args_os().collect()).into()
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("flavor: packages do not run on this system yet; use Linux, macOS or the Windows Subsystem for Linux");
    std::process::ExitCode::from(104)
}
