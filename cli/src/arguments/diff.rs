//! Words of `flavor diff`.

use clap::Args;
use std::path::PathBuf;

const HELP: &str = "\
Examples:
  flavor diff app-1.0.psp app-1.1.psp
  flavor diff released.psp rebuilt.psp --json | jq .identical

Both packages are verified. Slots of one that does not verify are not decoded, so that their files are not
compared. Exit code 0: the same, byte for byte; 1: they differ.";

/// Compares two packages: verdict, signer, metadata, slots, files in the slots.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Diff {
    /// The first package.
    #[arg(value_name = "A")]
    pub before: PathBuf,
    /// The second package.
    #[arg(value_name = "B")]
    pub after: PathBuf,
    /// Write a JSON document.
    #[arg(long)]
    pub json: bool,
}
