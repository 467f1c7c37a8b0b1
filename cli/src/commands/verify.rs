//! `flavor verify`.

use crate::{
    arguments::Verify,
    checked_package, path_text,
    problem::{Brief, Exit, Failure},
    progress::Bar,
    report_text,
    terminal::{Console, Style, printable, size},
    trusted_keys,
};
use flavor_attest::deep::{self, Deep};
use flavor_host::{extraction::look_through::look_through, trust::Trusted, verification::Document};
use flavor_manifest::Diagnostic;
use flavor_pack::key_files;
use pspf_nostd::{
    report::{Integrity, Report, Trust, verdict::Word},
    verify::{Checked, Outcome, TrustedKeys},
};
use serde::Serialize;
use std::{fs::File, path::Path, time::Instant};

/// Packages whose slots have so many stored bytes show a progress bar; others are done before it would be drawn.
const BAR_FROM: u64 = 8 << 20;

#[derive(Serialize)]
struct DeepDocument<'a> {
    #[serde(flatten)]
    document: &'a Document<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deep: Option<&'a Deep>,
}

#[derive(Serialize)]
struct Unreadable<'a> {
    #[serde(serialize_with = "path_text::one")]
    file: &'a Path,
    accepted: bool,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Brief<'a>>,
    errors: &'a [Diagnostic],
}

/// Verifies packages; the exit code says whether all of them pass.
///
/// # Errors
/// Where an option names no key, or the only file cannot be read.
pub fn run(arguments: &Verify, console: &mut Console) -> Result<Exit, Failure> {
    let store = trusted_keys::read(console)?;
    let trusted = trusted(arguments, &store)?;
    let mut exit = Exit::Done;
    for (number, path) in arguments.files.iter().enumerate() {
        let shown = match examine(arguments, path, &trusted, console) {
            Ok((outcome, deep)) => {
                let mut unmet = unmet(arguments, &outcome.report);
                unmet.extend(store.refusal(&outcome.report));
                if deep.as_ref().is_some_and(|deep| !deep.ok) {
                    unmet.push("required to hold what it says it holds, it does not".to_owned());
                }
                if number > 0 && !console.json() {
                    console.say("");
                }
                show(console, path, &outcome.report, unmet, deep.as_ref(), arguments)
            }
            Err(failure) if arguments.files.len() == 1 => return Err(failure),
            Err(failure) => {
                if console.json() {
                    let errors = failure.problems.as_slice();
                    let error = errors.first().map(Brief::from);
                    console.document(&Unreadable { file: path, accepted: false, ok: false, error, errors });
                } else {
                    console.failure(&failure);
                }
                failure.exit
            }
        };
        exit = worse(exit, shown);
    }
    Ok(exit)
}

/// Of several packages the worst counts; a wrong command line outweighs a bad package.
fn worse(left: Exit, right: Exit) -> Exit {
    let order = [Exit::Usage, Exit::Failed, Exit::OnlyIntact];
    order.into_iter().find(|exit| [left, right].contains(exit)).unwrap_or(Exit::Done)
}

/// Reads the package, and with `--deep` what is in its slots: of those that verify, for nothing else is decoded.
fn examine(
    arguments: &Verify,
    path: &Path,
    trusted: &TrustedKeys,
    console: &Console,
) -> Result<(Outcome, Option<Deep>), Failure> {
    let (file, outcome) = checked_package::read(path, trusted.clone(), console)?;
    let outcome = if arguments.no_contents { outcome } else { contents(path, &file, outcome, console)? };
    let checked = outcome.checked.as_ref().filter(|_| arguments.deep);
    let deep = checked.map(|checked| look(path, &file, checked, &outcome.report, console)).transpose()?;
    Ok((outcome, deep))
}

/// What the slots would put where.
fn contents(path: &Path, file: &File, outcome: Outcome, console: &Console) -> Result<Outcome, Failure> {
    let bytes = outcome.report.slots.iter().map(|slot| slot.range.len()).sum();
    let label = format!("looking through {}", path.display());
    let bar = Bar::bytes(console.interactive() && bytes >= BAR_FROM, &label, bytes);
    let begin = Instant::now();
    let looked = look_through(file, outcome, &mut |done, _| bar.at(done));
    bar.clear();
    console.detail(&format!("{}: contents looked through, {:.3} s", path.display(), begin.elapsed().as_secs_f64()));
    looked.map_err(|error| checked_package::unreadable(path, &error))
}

fn look(path: &Path, file: &File, checked: &Checked, report: &Report, console: &Console) -> Result<Deep, Failure> {
    let bytes = report.slots.iter().map(|slot| slot.range.len()).sum();
    let label = format!("looking into {}", path.display());
    let bar = Bar::bytes(console.interactive() && bytes >= BAR_FROM, &label, bytes);
    let begin = Instant::now();
    let deep = deep::examine(path, file, checked, &report.slots, &|read| bar.add(read));
    bar.clear();
    console.detail(&format!("{}: {bytes} bytes decoded, {:.3} s", path.display(), begin.elapsed().as_secs_f64()));
    Ok(deep?)
}

/// The keys that count: those named with `--key`, else the store's. Revoked is revoked for both.
fn trusted(arguments: &Verify, store: &Trusted) -> Result<TrustedKeys, Failure> {
    let pinned =
        arguments.keys.iter().map(|key| key_files::fingerprint(key, "--key")).collect::<Result<Vec<_>, _>>()?;
    let only_pinned = !pinned.is_empty();
    let mut keys = store.for_verification(pinned);
    if only_pinned {
        keys.store.clear();
    }
    Ok(keys)
}

fn show(
    console: &mut Console,
    path: &Path,
    report: &Report,
    unmet: Vec<String>,
    deep: Option<&Deep>,
    arguments: &Verify,
) -> Exit {
    let document = Document::new(path, report, least(arguments), unmet);
    if console.json() {
        console.document(&DeepDocument { document: &document, deep });
    } else {
        human(console, path, &document, deep);
        if arguments.coverage {
            console.say(&report_text::coverage_table(report));
        }
    }
    match document.accepted {
        true => Exit::Done,
        false if document.only_intact() => Exit::OnlyIntact,
        false => Exit::Failed,
    }
}

/// What must be proved at least: of a package that is only intact anybody can have replaced the launcher.
fn least(arguments: &Verify) -> Integrity {
    arguments.require.map_or(Integrity::Bound, Integrity::from)
}

fn unmet(arguments: &Verify, report: &Report) -> Vec<String> {
    let mut unmet = Vec::new();
    if let Some(required) = arguments.require.map(Integrity::from).filter(|required| report.state < *required) {
        unmet.push(format!("required to be {}, it is {}", required.words(), report.state.words()));
    }
    let trusted = matches!(report.trust, Trust::Pinned | Trust::InStore);
    if report.trust == Trust::Revoked {
        // Said with the list that revokes it.
    } else if !arguments.keys.is_empty() && report.trust != Trust::Pinned {
        unmet.push("required to be signed by a key given with --key, it is not".to_owned());
    } else if arguments.require_trusted && !trusted {
        unmet.push("required to be signed by a trusted key, it is not".to_owned());
    }
    unmet
}

fn human(console: &mut Console, path: &Path, document: &Document<'_>, deep: Option<&Deep>) {
    let report = document.report;
    let verdict = &report.verdict;
    let style = match verdict.word {
        Word::Trusted => Style::Green,
        Word::Unknown | Word::InPart => Style::Yellow,
        _ => Style::Red,
    };
    let name = printable(&path.display().to_string());
    let style = match style {
        _ if !document.unmet.is_empty() => Style::Red,
        Style::Green if !document.accepted => Style::Yellow,
        style => style,
    };
    let sentence = console.styled(style, &verdict.text);
    console.say(&format!("{name}: {sentence}"));
    if document.only_intact() {
        let label = console.styled(Style::Red, "refused:");
        console.say(&format!("  {label} it is only intact: its launcher or content can have been replaced; `--require intact` accepts that"));
    }
    for requirement in &document.unmet {
        console.say(&format!("  {} {requirement}", console.styled(Style::Red, "refused:")));
    }
    for finding in report.findings.iter().chain(deep.iter().flat_map(|deep| &deep.findings)) {
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
    if !verdict.finished {
        for open in verdict.open.iter().filter(|open| open.key.starts_with("contents.")) {
            console.say(&format!("  not proved: {}", open.text));
        }
    }
    if let Some(deep) = deep {
        let entries: usize = deep.slots.iter().filter_map(|slot| slot.entries).sum();
        let unpacked = size(deep.slots.iter().map(|slot| slot.unpacked).sum());
        let bill = match deep.components {
            Some(components) => format!("{components} components in the bill of materials"),
            None => "no bill of materials".to_owned(),
        };
        let (slots, installed) = (deep.slots.len(), deep.distributions.len());
        let wheels = match deep.wheels.len() {
            0 => String::new(),
            1 => "1 wheel, ".to_owned(),
            several => format!("{several} wheels, "),
        };
        console.say(&format!(
            "  looked into {slots} slots: {unpacked}, {entries} entries, {installed} distributions, {wheels}{bill}"
        ));
    }
}
