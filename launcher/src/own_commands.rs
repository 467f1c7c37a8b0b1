//! What the launcher itself answers when `FLAVOR_LAUNCHER_CLI` is set: facts about its own package.

use std::{ffi::OsString, fs, io, path::Path};

use pspf_nostd::{
    quoted::escaped,
    report::{Integrity, Report, Trust},
    verify::{Outcome, Scope, TrustedKeys},
};

use crate::{launch_error::LaunchFault, log::fail, own_file::OwnFile};
use flavor_host::{
    calendar, console,
    console::Progress,
    driver::verify_file,
    extraction,
    extraction::look_through::look_through,
    trust::{TrustStore, Trusted},
    verification::{Document, ONLY_INTACT},
};

/// Exit code for a word that is not a command.
pub(crate) const USAGE: u8 = 105;

/// What came of a command.
#[derive(Debug)]
pub(crate) enum Done {
    /// Answered, with this exit code.
    Ended(u8),
    /// `slot ID`: print the slot's path.
    Slot(String),
    /// `run`: start the program with the arguments after it.
    RunProgram,
}

/// Answers a command; without a word it is `info`.
#[must_use]
pub(crate) fn run(own: &OwnFile, arguments: &[OsString]) -> Done {
    let word = arguments.first().map_or(Some("info"), |word| word.to_str());
    let answered = match word {
        Some("run") => return Done::RunProgram,
        Some("slot") => match arguments.get(1).and_then(|id| id.to_str()) {
            Some(id) if arguments.len() == 2 => return Done::Slot(id.to_owned()),
            _ => {
                console::tell("flavor: `slot` takes the identifier of one slot");
                Ok(USAGE)
            }
        },
        Some("version") => print(concat!(env!("CARGO_PKG_VERSION"), "\n").as_bytes(), 0),
        Some("help" | "--help") => help(),
        Some("info") => with_report(own, Scope::Head, &|outcome, trusted| info(&outcome, trusted)),
        Some("metadata") => with_report(own, Scope::Head, &|outcome, trusted| metadata(&outcome, trusted)),
        Some("verify") => with_report(own, Scope::Content, &|outcome, trusted| verify(own, outcome, trusted)),
        Some("extract") => {
            let arguments = arguments.get(1..).unwrap_or_default();
            with_report(own, Scope::Content, &|outcome, trusted| extract(own, &outcome, trusted, arguments))
        }
        _ => {
            let word = arguments.first().map(|word| word.display().to_string()).unwrap_or_default();
            let known = "version, info, verify, metadata, extract, slot, run, help";
            console::tell(&format!("flavor: unknown command `{word}`; the commands are {known}"));
            Ok(USAGE)
        }
    };
    // The reader has gone.
    Done::Ended(answered.unwrap_or_else(|error| {
        let closed = error.kind() == io::ErrorKind::BrokenPipe;
        if !closed {
            console::tell(&format!("flavor: ({}): {error}", own.path().display()));
        }
        if closed { 0 } else { LaunchFault::OwnFile(error).exit_code() }
    }))
}

fn print(text: &[u8], code: u8) -> io::Result<u8> {
    console::answer(text)?;
    Ok(code)
}

fn help() -> io::Result<u8> {
    let text = [
        flavor_host::LAUNCHER_MARKER,
        "\n\nWith FLAVOR_LAUNCHER_CLI=1 this package answers, instead of running its program:\n",
        "  version    the launcher's version\n",
        "  info       what the package says of itself (its content is not verified)\n",
        "  verify     verify every byte and what would be unpacked; a JSON report; exit code 0, 1, or 4 where the signature does not cover launcher and content\n",
        "  metadata   the signed metadata, as signed\n",
        "  extract DIR [SLOT]   unpack one slot (number or id), or all as the program would find them, into the new directory DIR;\n",
        "                       also with the slot in front: extract SLOT DIR\n",
        "  slot ID    print where a slot is; a lazy one is extracted first\n",
        "  run ARGS   run the program after all\n",
        "  help       this text\n",
    ];
    print(text.concat().as_bytes(), 0)
}

/// Answers with a report in which the signer is held against the trust store.
fn with_report(own: &OwnFile, scope: Scope, answer: &dyn Fn(Outcome, &Trusted) -> io::Result<u8>) -> io::Result<u8> {
    let trusted = match TrustStore::find().and_then(|store| store.at(calendar::now())) {
        Ok(trusted) => trusted,
        Err(error) => return Ok(fail(own.path(), &LaunchFault::Config(error))),
    };
    answer(verify_own(own, scope, trusted.for_verification(Vec::new()))?, &trusted)
}

fn verify_own(own: &OwnFile, scope: Scope, keys: TrustedKeys) -> io::Result<Outcome> {
    let mut progress = Progress::new(&["verifying ", &own.path().display().to_string()].concat());
    verify_file(own.file(), scope, keys, &mut |done, total| progress.update(done, total))
}

fn verify(own: &OwnFile, outcome: Outcome, trusted: &Trusted) -> io::Result<u8> {
    let mut progress = Progress::new(&["looking through ", &own.path().display().to_string()].concat());
    let outcome = look_through(own.file(), outcome, &mut |done, total| progress.update(done, total))?;
    drop(progress);
    let unmet = trusted.refusal(&outcome.report).into_iter().collect();
    let document = Document::new(own.path(), &outcome.report, Integrity::Bound, unmet);
    let text = serde_json::to_string(&document).map_err(io::Error::other)? + "\n";
    let code = if document.only_intact() { ONLY_INTACT } else { u8::from(!document.accepted) };
    print(text.as_bytes(), code)
}

fn extract(own: &OwnFile, outcome: &Outcome, trusted: &Trusted, arguments: &[OsString]) -> io::Result<u8> {
    if !matches!(arguments, [_] | [_, _]) {
        console::tell("flavor: usage: extract DIR [SLOT], or extract SLOT DIR");
        return Ok(USAGE);
    }
    let Some(package) = &outcome.checked else { return refused(&outcome.report, trusted) };
    let named = |slot: &OsString| {
        let slot = slot.to_str()?;
        package.slots().iter().position(|facts| facts.entry().id == slot || facts.index().to_string() == slot)
    };
    // The published launchers have the slot in front. A word that names a slot can be written so that it is a path for sure.
    let (directory, number) = match arguments {
        [one, other] => match (named(one), named(other)) {
            (Some(number), None) => (Path::new(other), Some(number)),
            (None, Some(number)) => (Path::new(one), Some(number)),
            (Some(_), Some(_)) => {
                let (one, other) = (one.display(), other.display());
                console::tell(&format!(
                    "flavor: `{one}` and `{other}` both name a slot; write the directory as ./{other}"
                ));
                return Ok(USAGE);
            }
            (None, None) => {
                let (one, other, count) = (one.display(), other.display(), package.slots().len());
                console::tell(&format!("flavor: neither `{one}` nor `{other}` names a slot; there are {count}"));
                return Ok(USAGE);
            }
        },
        [directory, ..] => (Path::new(directory), None),
        [] => return Ok(USAGE),
    };
    let existed = directory.symlink_metadata().is_ok();
    let done = match number {
        Some(number) => extraction::extract_slot(own.file(), package, number, directory),
        None => extraction::extract_all(own.file(), package, directory),
    };
    Ok(match done {
        Ok(()) => 0,
        Err(error) => {
            if !existed {
                let _ = fs::remove_dir_all(directory);
            }
            fail(own.path(), &LaunchFault::Workenv(error.into()))
        }
    })
}

fn metadata(outcome: &Outcome, trusted: &Trusted) -> io::Result<u8> {
    match &outcome.authenticated {
        Some(package) => print(&[package.metadata().raw(), b"\n"].concat(), 0),
        None => refused(&outcome.report, trusted),
    }
}

fn info(outcome: &Outcome, trusted: &Trusted) -> io::Result<u8> {
    let Some(package) = &outcome.authenticated else { return refused(&outcome.report, trusted) };
    let metadata = package.metadata();
    let trust = match package.trust() {
        Trust::Pinned | Trust::InStore => "a trusted key",
        Trust::UnknownKey | Trust::Unsigned | Trust::Revoked => "unknown key",
    };
    let command = metadata.execution.as_ref().map(|execution| execution.command.as_str()).unwrap_or_default();
    let text = [
        &escaped(&metadata.name),
        " ",
        &escaped(&metadata.version),
        "\nsigned by ",
        trust,
        " ",
        &package.fingerprint().to_string(),
        "\nbuilt with ",
        &escaped(&metadata.build_tool),
        "\nslots ",
        &package.slots().len().to_string(),
        "\ncommand ",
        &escaped(command),
        "\nThe content was not verified: use `verify`.\n",
    ];
    print(text.concat().as_bytes(), 0)
}

fn refused(report: &Report, trusted: &Trusted) -> io::Result<u8> {
    let found = report.errors().next().map_or("it is not signed", |finding| finding.message.as_str());
    let why = trusted.refusal(report).unwrap_or_else(|| found.to_owned());
    console::tell(&format!("flavor: the package does not verify: {why}"));
    Ok(1)
}
