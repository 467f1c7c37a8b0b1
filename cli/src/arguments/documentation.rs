//! The words of `flavor completions` and `flavor man`.

use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

const COMPLETIONS_HELP: &str = "\
Examples:
  flavor completions bash > ~/.local/share/bash-completion/completions/flavor
  flavor completions zsh > ~/.zfunc/_flavor
  flavor completions fish > ~/.config/fish/completions/flavor.fish

For zsh, ~/.zfunc must be in fpath before compinit runs. A new shell knows them.";

/// Prints what a shell needs to complete the words of `flavor`.
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_HELP)]
pub struct Completions {
    /// The shell.
    pub shell: Shell,
}

const MAN_HELP: &str = "\
Examples:
  flavor man | man -l -
  flavor man trust add | man -l -
  flavor man --dir ~/.local/share/man/man1";

/// Prints the manual page of `flavor` or of one of its commands, or writes all of them.
#[derive(Debug, Args)]
#[command(after_help = MAN_HELP)]
pub struct Man {
    /// The command, like `pack` or `trust add`.
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub words: Vec<String>,
    /// Directory for all pages; made if missing. Pages of the same names are replaced.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
