//! The words of `flavor trust`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

const TRUST_HELP: &str = "\
Examples:
  flavor trust add flavor-public.key --name \"Build farm\" --expires 2027-12-31
  flavor trust list --json
  flavor trust remove 59d033dce8291bb3
  flavor trust revoke 59d033dce8291bb3 --reason \"stolen laptop\"
  flavor trust verify app.psp

Keys are files: `trusted-keys/*.pub` in your configuration directory, and in /etc/flavor for the machine.
docs/policy.md describes them.";

/// Manages the keys whose packages are trusted.
#[derive(Debug, Args)]
#[command(after_help = TRUST_HELP, subcommand_required = true, arg_required_else_help = true)]
pub struct Trust {
    /// What to do.
    #[command(subcommand)]
    pub command: TrustCommand,
    /// Write a JSON document.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done with the trust store.
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// Adds a public key; a key that is there already gets the new name and date.
    Add {
        /// Public key file.
        file: PathBuf,
        /// What to call it.
        #[arg(long)]
        name: Option<String>,
        /// First day on which it is not trusted any more.
        #[arg(long, value_name = "YYYY-MM-DD")]
        expires: Option<String>,
        /// Use the machine's store, /etc/flavor/trusted-keys.
        #[arg(long, visible_alias = "global")]
        system: bool,
    },
    /// Lists the keys of the machine and of the user.
    List,
    /// Removes a key.
    Remove {
        /// Its fingerprint, or the first 8 digits or more.
        fingerprint: String,
        /// Use the machine's store, /etc/flavor/trusted-keys.
        #[arg(long, visible_alias = "global")]
        system: bool,
    },
    /// Revokes a key: packages that it signed are refused from now on, here, whatever else trusts it.
    Revoke {
        /// Its fingerprint, its public key file, or the first 8 digits or more of a key in the store.
        key: String,
        /// Why; shown wherever a package of that key is refused.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Use the machine's list, /etc/flavor/revoked-keys.
        #[arg(long, visible_alias = "global")]
        system: bool,
    },
    /// Says whether a package is validly signed by a trusted key.
    Verify {
        /// The package.
        file: PathBuf,
    },
}
