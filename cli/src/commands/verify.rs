//! `flavor verify`.

use crate::{
    arguments::Verify,
    checked_package, key_files,
    problem::{Exit, Failure, Problem, open_argument},
    report_text,
    terminal::{Console, Style, printable, size},
    trusted_keys,
};
use pspf_nostd::{
    report::{Integrity, Report, Trust},
    verify::TrustedKeys,
};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Document<'a> {
    file: &'a Path,
    /// Whether the command takes the package: the report's `ok` and everything that the options require.
    accepted: bool,
    /// What the options require and the package is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unmet: Vec<String>,
    #[serde(flatten)]
    report: &'a Report,
}

#[derive(Serialize)]
struct Unreadable<'a> {
    file: &'a Path,
    accepted: bool,
    ok: bool,
    errors: &'a [Problem],
}

/// Verifies packages; the exit code says whether all of them pass.
///
/// # Errors
/// Where an option names no key, or the only file cannot be read.
pub fn run(arguments: &Verify, console: &mut Console) -> Result<Exit, Failure> {
    let trusted = trusted(arguments, console)?;
    let mut exit = Exit::Done;
    for (number, path) in arguments.files.iter().enumerate() {
        let shown = match open_argument(path, "a package")
            .and_then(|file| checked_package::verify(path, &file, trusted.clone(), console))
        {
            Ok(outcome) => show(arguments, console, path, &outcome.report, number),
            Err(failure) if arguments.files.len() == 1 => return Err(failure),
            Err(failure) => {
                if console.json() {
                    console.document(&Unreadable { file: path, accepted: false, ok: false, errors: &failure.problems });
                } else {
                    console.failure(&failure);
                }
                failure.exit
            }
        };
        // A wrong command line outweighs a bad package.
        exit = if exit == Exit::Usage || shown == Exit::Done { exit } else { shown };
    }
    Ok(exit)
}

fn trusted(arguments: &Verify, console: &mut Console) -> Result<TrustedKeys, Failure> {
    let pinned = arguments.keys.iter().map(|key| key_files::pinned(key)).collect::<Result<Vec<_>, _>>()?;
    if !pinned.is_empty() {
        return Ok(TrustedKeys { pinned, store: Vec::new() });
    }
    let (store, warnings) = trusted_keys::read();
    for warning in warnings {
        console.warn(warning);
    }
    Ok(TrustedKeys { pinned, store })
}

fn show(arguments: &Verify, console: &mut Console, path: &Path, report: &Report, number: usize) -> Exit {
    let unmet = unmet(arguments, report);
    let accepted = report.ok && unmet.is_empty();
    if console.json() {
        console.document(&Document { file: path, accepted, unmet, report });
    } else {
        if number > 0 {
            console.say("");
        }
        human(console, path, report, &unmet, arguments.coverage);
    }
    if accepted { Exit::Done } else { Exit::Failed }
}

fn unmet(arguments: &Verify, report: &Report) -> Vec<String> {
    let mut unmet = Vec::new();
    if let Some(required) = arguments.require.map(Integrity::from).filter(|required| report.state < *required) {
        unmet.push(format!(
            "required to be {}, it is {}",
            report_text::word(required),
            report_text::word(report.state)
        ));
    }
    let trusted = matches!(report.trust, Trust::Pinned | Trust::InStore);
    if !arguments.keys.is_empty() && report.trust != Trust::Pinned {
        unmet.push("required to be signed by a key given with --key, it is not".to_owned());
    } else if arguments.require_trusted && !trusted {
        unmet.push("required to be signed by a trusted key, it is not".to_owned());
    }
    unmet
}

fn human(console: &mut Console, path: &Path, report: &Report, unmet: &[String], coverage: bool) {
    let (sentence, style) = verdict(report);
    let name = printable(&path.display().to_string());
    let refused = !unmet.is_empty();
    let sentence = console.styled(if refused { Style::Red } else { style }, &sentence);
    console.say(&format!("{name}: {sentence}"));
    for requirement in unmet {
        console.say(&format!("  {} {requirement}", console.styled(Style::Red, "refused:")));
    }
    for finding in &report.findings {
        console.say(&report_text::finding(console, finding));
    }
    if let Some(package) = &report.package {
        let about = format!("{} {}", printable(&package.name), printable(&package.version));
        let builder = printable(&package.builder);
        let slots = report.slots.len();
        console.say(&format!("  {about}, built by {builder}, {slots} slots, {}", size(report.size)));
    }
    if let Some(signer) = report.signer.as_ref().filter(|signer| signer.signature_valid) {
        console.say(&format!("  signer {}", signer.fingerprint));
    }
    if report.package.is_some() {
        let [authenticated, checked, unprotected] = report.covered_bytes();
        let parts = [(authenticated, "authenticated"), (checked, "checked but unsigned"), (unprotected, "unprotected")];
        let parts: Vec<String> =
            parts.iter().filter(|(bytes, _)| *bytes > 0).map(|(bytes, word)| format!("{bytes} {word}")).collect();
        console.say(&format!("  bytes: {}", parts.join(", ")));
    }
    if coverage {
        console.say(&report_text::coverage_table(report));
    }
}

/// The verdict in one sentence, and whether it is good news.
fn verdict(report: &Report) -> (String, Style) {
    let state = report_text::word(report.state);
    let signer =
        report.signer.as_ref().map(|signer| signer.fingerprint.get(..16).unwrap_or_default()).unwrap_or_default();
    match (report.state, report.trust) {
        (Integrity::Broken | Integrity::Partial, _) => {
            let errors = report.errors().count();
            let plural = if errors == 1 { "error" } else { "errors" };
            (format!("{state}, {errors} {plural}"), Style::Red)
        }
        (_, Trust::Unsigned) => (format!("{state}, but not signed: anyone could have made it"), Style::Red),
        (_, Trust::UnknownKey) => (format!("{state}, signed by unknown key {signer}…"), Style::Yellow),
        (_, Trust::Pinned) => (format!("{state}, signed by the expected key {signer}…"), Style::Green),
        (_, Trust::InStore) => (format!("{state}, signed by trusted key {signer}…"), Style::Green),
    }
}
