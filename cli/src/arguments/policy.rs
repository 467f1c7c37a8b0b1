//! The words of `flavor policy`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

const POLICY_HELP: &str = "\
Examples:
  flavor policy init
  flavor policy show
  flavor policy check app.psp --json

Policies are files: `policy.toml` in your configuration directory, and in /etc/flavor for the machine.
docs/policy.md lists every rule.";

/// Shows and checks what this machine, and you, ask of packages before they run.
#[derive(Debug, Args)]
#[command(after_help = POLICY_HELP, subcommand_required = true, arg_required_else_help = true)]
pub struct Policy {
    /// What to do.
    #[command(subcommand)]
    pub command: PolicyCommand,
    /// Write a JSON document.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Writes a policy file that asks for nothing and explains every rule; an existing one is left alone.
    Init {
        /// Use the machine's directory, /etc/flavor.
        #[arg(long, visible_alias = "global")]
        system: bool,
    },
    /// Shows the policies that hold for you here.
    Show,
    /// Says whether the launcher would run a package here.
    Check {
        /// The package.
        file: PathBuf,
    },
}
