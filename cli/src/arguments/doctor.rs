//! The words of `flavor doctor`.

use clap::Args;
use std::path::PathBuf;

const DOCTOR_HELP: &str = "\
Examples:
  flavor doctor
  flavor doctor --index-url https://pypi.example.org/simple
  flavor doctor --json | jq '.checks[] | select(.result != \"ok\")'

Nothing is installed and nothing is left behind. What only a Python project needs is told apart from what every
package needs. Exit code 1 if something has failed; a warning is not a failure.";

/// Looks whether this machine has what packing needs: uv, index, interpreters, disk, launchers, clock, keys.
#[derive(Debug, Args)]
#[command(after_help = DOCTOR_HELP)]
pub struct Doctor {
    /// Index to look for [default: that of the caller's environment, else of the manifest, else pypi.org].
    #[arg(long, value_name = "URL")]
    pub index_url: Option<String>,
    /// Manifest whose index and keys count, if there is such a file.
    #[arg(long, value_name = "FILE", default_value = "pyproject.toml")]
    pub manifest: PathBuf,
    /// Write a JSON document.
    #[arg(long)]
    pub json: bool,
}
