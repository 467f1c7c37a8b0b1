//! What the `flavor` command is made of: arguments in, packages and reports out.
//!
//! The format's bytes are in `pspf-nostd`, unpacking and running in `flavor-host`, and what commands do in the crates of
//! `cli/crates`. Here are the command line, the terminal, exit codes, and what only one command needs.
#![forbid(unsafe_code)]

pub mod analysis;
pub mod arguments;
pub mod checked_package;
pub mod commands;
pub mod config_file;
pub mod difference;
pub mod doctor;
pub mod path_text;
pub mod problem;
pub mod progress;
pub mod redact;
pub mod report_text;
pub mod terminal;
pub mod text_file;
pub mod trusted_keys;
pub mod workenv;

use arguments::{Arguments, Command, OutputOptions};
use clap::Parser as _;
use flavor_manifest::Diagnostic;
use problem::{Exit, Failure};
use std::{
    ffi::OsString,
    io::Write as _,
    process::{self, ExitCode},
    time::Instant,
};
use terminal::Console;

/// Runs one command line and gives the process's exit code: 0 done, 1 failed, 2 wrong usage.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error, &words),
    };
    let begin = Instant::now();
    let mut console = Console::new(arguments.command.json(), arguments.output);
    console.detail(&format!("flavor {VERSION}"));
    let done = match &arguments.command {
        Command::Pack(pack) => commands::pack::run(pack, &mut console),
        Command::Check(check) => commands::check::run(check, &mut console),
        Command::Init(init) => commands::init::run(init, &mut console),
        Command::Verify(verify) => commands::verify::run(verify, &mut console),
        Command::Inspect(inspect) => commands::inspect::run(inspect, &mut console),
        Command::Diff(diff) => commands::diff::run(diff, &mut console),
        Command::Extract(extract) => commands::extract::run(extract, &mut console),
        Command::ExtractAll(extract) => commands::extract_all::run(extract, &mut console),
        Command::Keygen(keygen) => commands::keygen::run(keygen, &mut console),
        Command::Trust(trust) => commands::trust::run(trust, &mut console),
        Command::Policy(policy) => commands::policy::run(policy, &mut console),
        Command::Workenv(workenv) => commands::workenv::run(workenv, &mut console),
        Command::Clean(clean) => commands::clean::run(clean, &mut console),
        Command::Helpers(helpers) => commands::helpers::run(helpers, &mut console),
        Command::Doctor(doctor) => commands::doctor::run(doctor, &mut console),
        Command::Completions(shell) => commands::documentation::completions(shell, &mut console),
        Command::Man(man) => commands::documentation::man(man, &mut console),
    };
    flavor_pack::interrupt::give_way();
    let done = done.and_then(|exit| console.finish().map(|()| exit));
    let exit = done.unwrap_or_else(|failure| {
        console.failure(&failure);
        failure.exit
    });
    console.detail(&format!("{:.3} s, exit code {}", begin.elapsed().as_secs_f64(), exit.code()));
    exit.into()
}

/// Help and version go to standard output; a wrong command line is one error, as JSON where JSON was asked for.
fn usage(error: &clap::Error, words: &[OsString]) -> ExitCode {
    if !error.use_stderr() {
        // Whoever closed the pipe does not want the rest of the help.
        let _ = write!(std::io::stdout(), "{error}");
        return ExitCode::SUCCESS;
    }
    if words.iter().take_while(|word| *word != "--").any(|word| word == "--json") {
        let text = error.to_string();
        // The first line, and those below it that say which arguments it is about.
        let message: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
        let message = message.join(" ").trim_start_matches("error: ").to_owned();
        let tip = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
        let problem = Diagnostic::error("usage", message).hint(tip.unwrap_or("`flavor help COMMAND` shows the usage"));
        Console::new(true, OutputOptions::default()).failure(&Failure::usage(problem));
    } else {
        let _ = write!(std::io::stderr(), "{error}");
    }
    Exit::Usage.into()
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The version of this program, as `flavor --version` and the packages that it writes state it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Ends the process at once with the exit code of a failure.
pub fn abort(exit: Exit) -> ! {
    process::exit(exit.code().into())
}
