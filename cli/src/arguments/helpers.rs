//! The words of `flavor helpers`.

use clap::{Args, Subcommand};

const HELPERS_HELP: &str = "\
Examples:
  flavor helpers list
  flavor helpers info rs
  flavor helpers test
  flavor helpers test --helper flavor-rs-launcher-0.5.4-linux_amd64

Helpers are launchers: the one inside this program, one that FLAVOR_LAUNCHER_BIN names, those that `build`
has kept, and those of the published tool where that is installed. `flavor pack --launcher NAME` uses one.";

/// Shows, tests and builds launchers.
#[derive(Debug, Args)]
#[command(after_help = HELPERS_HELP, subcommand_required = true, arg_required_else_help = true)]
pub struct Helpers {
    /// What to do.
    #[command(subcommand)]
    pub command: HelpersCommand,
    /// Write a JSON document.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done with launchers.
#[derive(Debug, Subcommand)]
pub enum HelpersCommand {
    /// Lists the launchers that are known.
    List,
    /// Shows one, or all whose names contain a text.
    Info {
        /// Name, or part of it.
        name: String,
    },
    /// Builds the launcher of this machine, or those of Linux, from a checkout of the source, and keeps them.
    Build {
        /// Platform, like linux_arm64 [default: this machine's]; those of Linux can be built on any machine.
        #[arg(long, value_name = "PLATFORM")]
        platform: Option<String>,
        /// Language of the launcher: there is only one, Rust.
        #[arg(long, value_name = "rust|all", default_value = "all", value_parser = language)]
        lang: String,
        /// Accepted: it is built in any case, as far as its sources have changed.
        #[arg(long, short)]
        force: bool,
    },
    /// Removes what `build` has kept.
    Clean,
    /// Packs a small package with each launcher that runs here, starts it twice and has it verified.
    Test {
        /// Only this one. May be given several times.
        #[arg(long = "helper", value_name = "NAME")]
        names: Vec<String>,
    },
}

fn language(text: &str) -> Result<String, &'static str> {
    match text {
        "rust" | "all" => Ok(text.to_owned()),
        "go" => {
            Err("this launcher is written in Rust; the published tool's one in Go comes with `pip install flavorpack`")
        }
        _ => Err("expected rust or all"),
    }
}
