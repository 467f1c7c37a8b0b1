//! `flavor diff`.

use crate::{
    arguments::Diff,
    difference::{self, Change, Difference, FileChange, LeafChange, SlotChange, Verdict},
    path_text,
    problem::{Exit, Failure},
    terminal::{Console, Style, printable, size},
    trusted_keys,
};
use pspf_nostd::{report::Trust, tar::FileEntry};
use serde::Serialize;
use std::path::Path;

/// Longest text of a value that is shown, in characters.
const VALUE_MAX: usize = 100;

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    before: &'a Path,
    #[serde(serialize_with = "path_text::one")]
    after: &'a Path,
    #[serde(flatten)]
    difference: &'a Difference,
}

/// Compares two packages; the exit code says whether they are the same.
///
/// # Errors
/// Where one cannot be read.
pub fn run(arguments: &Diff, console: &mut Console) -> Result<Exit, Failure> {
    let (before, after) = (arguments.before.as_path(), arguments.after.as_path());
    let trusted = trusted_keys::read(console)?.for_verification(Vec::new());
    let difference = difference::of(before, after, &trusted, console)?;
    if console.json() {
        console.document(&Document { ok: true, before, after, difference: &difference });
    } else {
        human(console, before, after, &difference);
    }
    Ok(if difference.identical { Exit::Done } else { Exit::Failed })
}

fn human(console: &mut Console, before: &Path, after: &Path, difference: &Difference) {
    let Difference { identical, verdict, signer, metadata, slots } = difference;
    let names = format!("{} and {}", before.display(), after.display());
    let (style, said) = if *identical { (Style::Green, "are the same") } else { (Style::Yellow, "differ") };
    console.say(&format!("{} {}", printable(&names), console.styled(style, said)));
    let arrow = |before: String, after: String| if before == after { after } else { format!("{before} -> {after}") };
    console.say(&format!("  verdict  {}", arrow(words(verdict.before), words(verdict.after))));
    let none = || "none".to_owned();
    let key = |signer: &Option<String>| signer.clone().unwrap_or_else(none);
    console.say(&format!("  signer   {}", arrow(key(&signer.before), key(&signer.after))));
    // Those of slots are shown with the slots.
    let about_slots = |change: &&LeafChange| change.path.starts_with("slots[");
    let shown: Vec<&LeafChange> = metadata.iter().filter(|change| !about_slots(change)).collect();
    if !shown.is_empty() {
        console.say("metadata");
    }
    for LeafChange { path, before, after } in shown {
        let value = pspf_nostd::json::Json::to_compact;
        line(console, "  ", path, before.as_ref().map(value), after.as_ref().map(value));
    }
    if !slots.is_empty() {
        console.say("slots");
    }
    for change in slots {
        slot(console, change);
    }
    if !identical && metadata.is_empty() && slots.is_empty() && !verdict.changed && !signer.changed {
        console.say("  they differ in bytes that neither the metadata nor the slots show");
    }
}

fn words(verdict: Verdict) -> String {
    let trust = match verdict.trust {
        Trust::Unsigned => "no valid signature",
        Trust::UnknownKey => "signed by an unknown key",
        Trust::Pinned | Trust::InStore => "signed by a trusted key",
        Trust::Revoked => "signed by a revoked key",
    };
    format!("{}, {trust}", verdict.state.words())
}

fn slot(console: &mut Console, change: &SlotChange) {
    let SlotChange { id, before, after, files, reason, .. } = change;
    let text = |slot: &pspf_nostd::report::SlotReport| {
        let operations = if slot.operations.is_empty() { "raw" } else { &slot.operations };
        format!("{operations}, {} stored, {} for {}", size(slot.range.len()), slot.lifecycle, slot.target)
    };
    line(console, "  ", id, before.as_ref().map(text), after.as_ref().map(text));
    for FileChange { path, before, after, .. } in files.iter().flatten() {
        line(console, "      ", path, before.as_ref().map(entry), after.as_ref().map(entry));
    }
    if let Some(reason) = reason.as_ref().filter(|reason| !reason.starts_with("slot.not_archive")) {
        console.say(&format!("      {}", printable(reason)));
    }
}

fn entry(entry: &FileEntry) -> String {
    match &entry.target {
        Some(target) => format!("{} to {target}", entry.kind),
        None if entry.kind == "file" => format!("{}, {:04o}", size(entry.size), entry.mode),
        None => format!("{}, {:04o}", entry.kind, entry.mode),
    }
}

/// One change on one line; where both texts are the same, what they do not say differs.
fn line(console: &mut Console, indent: &str, name: &str, before: Option<String>, after: Option<String>) {
    let change = match (&before, &after) {
        (None, _) => Change::Added,
        (_, None) => Change::Removed,
        _ => Change::Changed,
    };
    let (style, sign) = match change {
        Change::Added => (Style::Green, "+"),
        Change::Removed => (Style::Red, "-"),
        Change::Changed => (Style::Yellow, "~"),
    };
    let text = match (before, after) {
        (Some(before), Some(after)) if before == after => format!("{}, other content", short(&after)),
        (Some(before), Some(after)) => format!("{} -> {}", short(&before), short(&after)),
        (before, after) => short(&before.or(after).unwrap_or_default()),
    };
    console.say(&format!("{indent}{} {}: {text}", console.styled(style, sign), printable(name)));
}

fn short(text: &str) -> String {
    let text = printable(text);
    match text.char_indices().nth(VALUE_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
