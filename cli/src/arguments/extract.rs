//! `flavor extract` and `flavor extract-all`.

use clap::Args;
use std::path::PathBuf;

const EXTRACT_HELP: &str = "\
Examples:
  flavor extract app.psp 0 runtime.tar
  flavor extract app.psp config settings.json
  flavor extract app.psp app --unpack tree

The whole package is verified first; nothing is written of one that fails. OUT receives the decoded
content, where a tar archive stays one.";

/// Writes the content of one slot.
#[derive(Debug, Args)]
#[command(after_help = EXTRACT_HELP)]
pub struct Extract {
    /// The package.
    pub file: PathBuf,
    /// Number of the slot, or its id.
    #[arg(allow_negative_numbers = true)]
    pub slot: String,
    /// File to write.
    #[arg(value_name = "OUT", required_unless_present = "unpack", conflicts_with = "unpack")]
    pub output: Option<PathBuf>,
    /// Unpack the slot as a running package would, into a new directory.
    #[arg(long, value_name = "DIR")]
    pub unpack: Option<PathBuf>,
    /// Write the stored bytes, not decoded.
    #[arg(long, conflicts_with = "unpack")]
    pub raw: bool,
    /// Replace an existing output.
    #[arg(long, short)]
    pub force: bool,
    /// Write a JSON document.
    #[arg(long)]
    pub json: bool,
}

const EXTRACT_ALL_HELP: &str = "\
Examples:
  flavor extract-all app.psp app/
  ls app/  # 00_runtime/  01_app/  metadata.json

The whole package is verified first; nothing is written of one that fails.";

/// Unpacks every slot into a directory of its own, and the metadata beside them.
#[derive(Debug, Args)]
#[command(after_help = EXTRACT_ALL_HELP)]
pub struct ExtractAll {
    /// The package.
    pub file: PathBuf,
    /// Directory for the slots; made if missing.
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// Replace existing outputs.
    #[arg(long, short)]
    pub force: bool,
    /// Write a JSON document.
    #[arg(long)]
    pub json: bool,
}
