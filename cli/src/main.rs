//! The `flavor` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    flavor_cli::run(std::env::args_os())
}
