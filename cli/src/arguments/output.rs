//! Words that every command understands: how much is said, and how.

use clap::{Args, ValueEnum};

/// How much is said, and how.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Say nothing but warnings, errors, and documents that an option asks for.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say on standard error what is read, and how long it takes.
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// When to use colour. `auto`: on terminals, unless NO_COLOR is set or TERM is `dumb`.
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Colour,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On terminals, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always, whatever the environment says.
    Always,
    /// Never.
    Never,
}
