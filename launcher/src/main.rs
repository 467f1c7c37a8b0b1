//! The launcher that stands at the front of every package.

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    flavor_launcher::run::main(std::env::args_os().collect()).into()
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("flavor: packages do not run on this system yet; use Linux, macOS or the Windows Subsystem for Linux");
    std::process::ExitCode::from(104)
}
