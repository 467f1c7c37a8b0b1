//! What the launcher itself answers when `FLAVOR_LAUNCHER_CLI` is set: facts about the package that it stands in.

use std::{
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use pspf_nostd::{
    report::{Report, Trust},
    verify::{Outcome, Scope, TrustedKeys},
};

use crate::{
    driver::verify_file,
    own_file::OwnFile,
    run::{LAUNCHER_MARKER, LaunchError},
};

/// Exit code for a word that is not a command.
const USAGE: u8 = 105;

/// What came of a command.
#[derive(Debug)]
pub enum Done {
    /// It was answered.
    Ended(ExitCode),
    /// `run`: the program is to be started with the arguments behind it.
    RunProgram,
}

/// Answers a command; without a word it is `info`.
#[must_use]
pub fn run(own: &OwnFile, arguments: &[OsString]) -> Done {
    let word = arguments.first().map_or(Some("info"), |word| word.to_str());
    let answered = match word {
        Some("run") => return Done::RunProgram,
        Some("version") => print(concat!(env!("CARGO_PKG_VERSION"), "\n").as_bytes(), 0),
        Some("help" | "--help") => help(),
        Some("info") => with_report(own, Scope::Head, info),
        Some("metadata") => with_report(own, Scope::Head, metadata),
        Some("verify") => with_report(own, Scope::Content, verify),
        _ => {
            let word = arguments.first().map(|word| word.display().to_string()).unwrap_or_default();
            let known = "version, info, verify, metadata, run, help";
            let _ = writeln!(io::stderr(), "flavor: unknown command `{word}`; the commands are {known}");
            Ok(ExitCode::from(USAGE))
        }
    };
    // A reader that has gone away wants no more output.
    Done::Ended(answered.unwrap_or_else(|error| {
        let closed = error.kind() == io::ErrorKind::BrokenPipe;
        if !closed {
            let _ = writeln!(io::stderr(), "flavor: ({}): {error}", own.path().display());
        }
        ExitCode::from(if closed { 0 } else { LaunchError::OwnFile(error).exit_code() })
    }))
}

fn print(text: &[u8], code: u8) -> io::Result<ExitCode> {
    let mut out = io::stdout().lock();
    out.write_all(text)?;
    out.flush()?;
    Ok(ExitCode::from(code))
}

fn help() -> io::Result<ExitCode> {
    let text = [
        LAUNCHER_MARKER,
        "\n\nWith FLAVOR_LAUNCHER_CLI=1 this package answers, instead of running its program:\n",
        "  version    the launcher's version\n",
        "  info       what the package says of itself (its content is not verified)\n",
        "  verify     verify every byte; a JSON report; exit code 0 or 1\n",
        "  metadata   the signed metadata, as signed\n",
        "  run ARGS   run the program after all\n",
        "  help       this text\n",
    ];
    print(text.concat().as_bytes(), 0)
}

fn with_report(own: &OwnFile, scope: Scope, answer: impl Fn(&Outcome) -> io::Result<ExitCode>) -> io::Result<ExitCode> {
    answer(&verify_file(own.file(), scope, TrustedKeys::default(), |_, _| ())?)
}

fn verify(outcome: &Outcome) -> io::Result<ExitCode> {
    let mut text = serde_json::to_vec_pretty(&outcome.report).map_err(io::Error::other)?;
    text.push(b'\n');
    print(&text, u8::from(!outcome.report.ok))
}

fn metadata(outcome: &Outcome) -> io::Result<ExitCode> {
    match &outcome.authenticated {
        Some(package) => print(&[package.metadata().raw(), b"\n"].concat(), 0),
        None => refused(&outcome.report),
    }
}

fn info(outcome: &Outcome) -> io::Result<ExitCode> {
    let Some(package) = &outcome.authenticated else { return refused(&outcome.report) };
    let metadata = package.metadata();
    let trust = match package.trust() {
        Trust::Pinned | Trust::InStore => "a trusted key",
        Trust::UnknownKey | Trust::Unsigned => "unknown key",
    };
    let command = metadata.execution.as_ref().map(|execution| execution.command.as_str()).unwrap_or_default();
    let text = [
        metadata.name.as_str(),
        " ",
        &metadata.version,
        "\nsigned by ",
        trust,
        " ",
        &package.fingerprint().to_string(),
        "\nbuilt with ",
        &metadata.build_tool,
        "\nslots ",
        &package.slots().len().to_string(),
        "\ncommand ",
        command,
        "\nThe content was not verified: use `verify`.\n",
    ];
    print(text.concat().as_bytes(), 0)
}

fn refused(report: &Report) -> io::Result<ExitCode> {
    let why = report.errors().next().map_or("it is not signed", |finding| finding.message.as_str());
    let _ = writeln!(io::stderr(), "flavor: the package does not verify: {why}");
    Ok(ExitCode::from(1))
}
