//! The words of `flavor workenv` and `flavor clean`.

use clap::{Args, Subcommand};
use std::{ffi::OsString, time::Duration};

const WORKENV_HELP: &str = "\
Examples:
  flavor workenv list
  flavor workenv inspect my-tool
  flavor workenv remove my-tool
  flavor workenv remove 'my-tool-*'
  flavor workenv clean --older-than 30d

A NAME is a whole name as `list` shows it, or a package's name, or name and version, or a pattern with * or ?.
A package that was built anew has a work environment for each build: `remove` asks before it removes several. Nothing that is in use is removed, and what is removed is made again
when its package is started. docs/launcher.md says where work environments live.";

/// Shows and removes the directories that packages were unpacked into.
#[derive(Debug, Args)]
#[command(after_help = WORKENV_HELP, subcommand_required = true, arg_required_else_help = true)]
pub struct Workenv {
    /// What to do.
    #[command(subcommand)]
    pub command: WorkenvCommand,
    /// Write a JSON document.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done with work environments.
#[derive(Debug, Subcommand)]
pub enum WorkenvCommand {
    /// Lists all of them: size, last use, state.
    List,
    /// Shows where one is, how large, when it was made and used, and by whom; compares sizes, modes and times with its record. Without
    /// a name: where all of them are, how many, and how large.
    Info {
        /// The work environment.
        name: Option<OsString>,
    },
    /// Reads every file of one and compares it with what was published; exit code 1 if anything differs.
    Inspect {
        /// The work environment.
        name: OsString,
    },
    /// Removes those that are named.
    Remove {
        /// The work environments.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<OsString>,
        /// Do not ask, where a name is that of several builds of a package.
        #[arg(long, short)]
        yes: bool,
    },
    /// Removes all, or those not used for some time, and what unfinished starts have left.
    Clean {
        /// Only those not used for so long: 30d, 12h, 2w; a number alone is days.
        #[arg(long, value_name = "AGE", value_parser = age, allow_hyphen_values = true)]
        older_than: Option<Duration>,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
        /// Only say what would be removed.
        #[arg(long)]
        dry_run: bool,
    },
}

const CLEAN_HELP: &str = "\
Examples:
  flavor clean --dry-run
  flavor clean
  flavor clean --all --yes

Removes encoded interpreters, downloaded Debian packages, launchers that `flavor helpers build` has kept,
and what unfinished starts have left; with --all work environments as well. All of it is made again when
it is needed. uv's cache is uv's own: `uv cache clean`.";

/// Removes what flavor keeps and can make again.
#[derive(Debug, Args)]
#[command(after_help = CLEAN_HELP)]
pub struct Clean {
    /// Work environments as well, as far as they are not in use.
    #[arg(long)]
    pub all: bool,
    /// Only the launchers that `flavor helpers build` has kept.
    #[arg(long, conflicts_with = "all")]
    pub helpers: bool,
    /// Only say what would be removed.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before work environments are removed.
    #[arg(long, short)]
    pub yes: bool,
    /// Write a JSON document.
    #[arg(long)]
    pub json: bool,
}

fn age(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let (_, unit) = text.split_at(digits.len());
    let seconds: u64 = match unit {
        "w" => 7 * 24 * 3600,
        "" | "d" => 24 * 3600,
        "h" => 3600,
        "m" => 60,
        "s" => 1,
        _ => 0,
    };
    let count = digits.parse::<u64>().ok().filter(|_| seconds > 0);
    let age = count.and_then(|count| count.checked_mul(seconds)).map(Duration::from_secs);
    age.ok_or_else(|| "expected an age such as 30d, 12h or 2w".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_units() {
        let days = |days: u64| Ok(Duration::from_secs(days * 86_400));
        assert_eq!((age("30d"), age("7"), age("2w")), (days(30), days(7), days(14)));
        assert_eq!(age("90m"), Ok(Duration::from_secs(5400)));
        for text in ["", "d", "-1d", "1x", "1 d", "99999999999999999999", "9999999999999999w", "1.5h"] {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
