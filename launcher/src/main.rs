//! The launcher that stands at the front of every package.

use std::process::ExitCode;

fn main() -> ExitCode {
    flavor_launcher::run::main()
}
