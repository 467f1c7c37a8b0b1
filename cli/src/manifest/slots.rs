//! Slot tables of both kinds of manifest.

use super::{
    cursor::{Cursor, with_suggestion},
    package::SlotSpec,
    words,
};
use crate::problem::Problem;
use pspf_nostd::operation::OperationChain;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Keys of one slot.
pub const KEYS: &[&str] =
    &["slot", "id", "source", "target", "operations", "purpose", "lifecycle", "permissions", "level", "resolution"];

/// Where the sources of slots are looked for.
#[derive(Clone, Debug)]
pub struct SourceBase {
    /// The manifest's directory, to which relative sources are relative.
    pub directory: PathBuf,
    /// What `{workenv}` in a source stands for.
    pub workenv: PathBuf,
}

/// Reads all slots; ids must be unique.
#[must_use]
pub fn read(slots: &Cursor<'_>, base: &SourceBase, known: &[&str]) -> Vec<SlotSpec> {
    let mut ids = BTreeSet::new();
    let mut specs = Vec::new();
    for (number, slot) in slots.items().iter().enumerate() {
        slot.known(&[KEYS, known].concat());
        if let Some(stated) = slot.key("slot").integer()
            && usize::try_from(stated).ok() != Some(number)
        {
            let problem = Problem::error("slot.number", "does not fit the position in the list");
            slot.key("slot").report(problem.expected(number.to_string()).found(stated.to_string()));
        }
        let spec = read_one(slot, base);
        if let Some(spec) = spec {
            if !ids.insert(spec.id.clone()) {
                let problem = Problem::error("slot.id.twice", format!("another slot is called {:?} already", spec.id));
                slot.key("id").report(problem);
            }
            specs.push(spec);
        }
    }
    specs
}

fn read_one(slot: &Cursor<'_>, base: &SourceBase) -> Option<SlotSpec> {
    let id = slot.key("id").required_string("a name for the slot");
    let source = slot.key("source").required_string("the path of a file or directory");
    let operations = operations(&slot.key("operations"));
    let level = slot.key("level").integer();
    let purpose = slot.key("purpose").string().unwrap_or("data");
    word(&slot.key("purpose"), purpose, words::PURPOSES, "a purpose");
    let lifecycle = slot.key("lifecycle").string().unwrap_or("runtime");
    if lifecycle == "attestation" {
        let problem = Problem::error("slot.lifecycle", "`attestation` is reserved for the slot that the builder adds");
        slot.key("lifecycle").report(problem);
    } else {
        word(&slot.key("lifecycle"), lifecycle, words::LIFECYCLES, "a lifecycle");
    }
    let permissions = slot.key("permissions").string().and_then(|text| {
        let mode = words::permissions(text);
        if mode.is_none() {
            let problem = Problem::error("slot.permissions", "is not a file mode").found(format!("{text:?}"));
            slot.key("permissions").report(problem.expected("an octal number up to 0777, like \"0755\""));
        }
        mode
    });
    let (id, source) = (id?, source?);
    if id.chars().any(char::is_control) {
        slot.key("id").report(Problem::error("slot.id", "has a control character"));
    }
    let (path, label) = resolve(&slot.key("source"), source, base)?;
    let target = target(slot).unwrap_or(id);
    Some(SlotSpec {
        place: slot.path.clone(),
        id: id.to_owned(),
        source: path,
        label,
        target: target.to_owned(),
        operations,
        level,
        purpose: purpose.to_owned(),
        lifecycle: lifecycle.to_owned(),
        permissions,
    })
}

/// `target`, or `extract_to` as the published documents call it.
fn target<'a>(slot: &Cursor<'a>) -> Option<&'a str> {
    let place = if slot.key("target").present() { slot.key("target") } else { slot.key("extract_to") };
    let target = place.string()?;
    if let Some(why) = words::unsafe_target(target) {
        let problem =
            Problem::error("slot.target", format!("{target:?} is not a path inside the work environment: {why}"));
        place.report(problem.expected("a relative path such as \"share/data.txt\""));
    }
    Some(target).filter(|target| !target.is_empty())
}

fn operations(place: &Cursor<'_>) -> Option<(String, OperationChain)> {
    let text = place.string()?;
    match OperationChain::parse(text).and_then(|chain| chain.codecs().map(|_| chain)) {
        Ok(chain) => Some((text.to_owned(), chain)),
        Err(error) => {
            place.report(Problem::error(error.code(), error.to_string()));
            None
        }
    }
}

fn word(place: &Cursor<'_>, found: &str, known: &[&str], what: &str) {
    if !known.contains(&found) {
        let problem =
            Problem::warning("slot.word", format!("{found:?} is not {what} that readers know; it is kept as it is"));
        place.report(with_suggestion(problem, found, known.iter().copied()));
    }
}

/// The source's path and its label. A source outside the manifest's directory is labelled by its file name alone.
fn resolve(place: &Cursor<'_>, source: &str, base: &SourceBase) -> Option<(PathBuf, String)> {
    if source == "$SELF" {
        let problem = Problem::error("slot.source.self", "`$SELF` slots hold no data and are not supported");
        place.report(problem.hint("leave the slot out: a running program finds its package in FLAVOR_LAUNCHER"));
        return None;
    }
    let (path, label) = if source.contains("{workenv}") {
        let workenv = base.workenv.to_string_lossy();
        (base.directory.join(source.replace("{workenv}", &workenv)), source.to_owned())
    } else {
        (base.directory.join(source), source.to_owned())
    };
    let leaks = Path::new(&label).is_absolute();
    let label = if leaks {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    } else {
        label
    };
    match path.metadata() {
        Ok(facts) if facts.is_file() || facts.is_dir() => Some((path, label)),
        Ok(_) => {
            place.report(Problem::error("slot.source.kind", format!("{source:?} is neither a file nor a directory")));
            None
        }
        Err(error) => {
            let text = crate::problem::io_text(&error);
            place.report(Problem::error("slot.source", format!("cannot read {source:?}: {text}")));
            None
        }
    }
}
