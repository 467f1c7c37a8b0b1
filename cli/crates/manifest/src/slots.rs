//! Slot tables of both kinds of manifest.

use super::{
    cursor::{Cursor, with_suggestion},
    package::{SlotSpec, SourceBase},
    project_slot, words,
};
use crate::diagnostic::Diagnostic;
use pspf_nostd::operation::OperationChain;
use std::{collections::BTreeSet, path::Path};

/// Slots that packing a project adds.
const RESERVED_IDS: [&str; 7] =
    ["runtime", "app", "python-tk", "python-rare", "python-zones", "lazy-dependencies", "_attestation"];

/// Which manifest the slots are in.
#[derive(Debug)]
pub(crate) enum Dialect<'a> {
    /// The builder manifest in JSON: words are kept as they are, an archive unpacks at the root of the work environment.
    Builder {
        /// Like `linux_amd64`.
        platform: &'a str,
        /// Takes a sentence for each slot that is left out.
        left_out: &'a mut Vec<String>,
    },
    /// A project's manifest, read for a platform.
    Project {
        /// Like `linux_amd64`.
        platform: &'a str,
        /// Takes a sentence for each slot that is left out.
        left_out: &'a mut Vec<String>,
    },
}

/// Reads all slots; ids must be unique.
#[must_use]
pub(crate) fn read(slots: &Cursor<'_>, base: &SourceBase, mut dialect: Dialect<'_>) -> Vec<SlotSpec> {
    let mut ids = BTreeSet::new();
    let mut specs = Vec::new();
    for (number, slot) in slots.items().iter().enumerate() {
        let _ = slot.entries();
        if let Some(stated) = slot.key("slot").integer()
            && usize::try_from(stated).ok() != Some(number)
        {
            let problem = Diagnostic::error("slot.number", "does not fit the position in the list");
            slot.key("slot").report(problem.expected(number.to_string()).found(stated.to_string()));
        }
        let id = slot.key("id").required_string("a name for the slot");
        let source = slot.key("source").required_string("the path of a file or directory");
        let mut spec = SlotSpec { place: slot.path.clone(), id: id.unwrap_or_default().to_owned(), ..common(slot) };
        let wanted = match &mut dialect {
            Dialect::Builder { platform, left_out } => {
                builder_words(slot, &mut spec);
                let why_not = project_slot::platform(slot, &mut spec, platform);
                left_out.extend(why_not.iter().map(|why| format!("slot {:?} is left out: {why}", spec.id)));
                why_not.is_none()
            }
            Dialect::Project { platform, left_out } => {
                let why_not =
                    project_slot::read(slot, &mut spec, platform, source.map(|source| base.directory.join(source)));
                left_out.extend(why_not.iter().map(|why| format!("slot {:?} is left out: {why}", spec.id)));
                why_not.is_none()
            }
        };
        let _ = slot.key("resolution").string();
        let Some(id) = id else { continue };
        if !ids.insert(id.to_owned()) {
            let problem = Diagnostic::error("slot.id.twice", format!("another slot is called {id:?} already"));
            slot.key("id").report(problem);
        }
        if let (Dialect::Project { .. }, true) = (&dialect, RESERVED_IDS.contains(&id)) {
            let problem = Diagnostic::error("slot.id.twice", format!("the slot {id:?} is made by packing itself"));
            slot.key("id").report(problem.expected("another name"));
        }
        if let Some(why) = words::unsafe_id(id) {
            let problem = Diagnostic::error("slot.id", format!("{id:?} is not an identifier: {why}"));
            slot.key("id").report(problem.expected("a name like `config` or `model-data_2`"));
        }
        let (true, Some(source)) = (wanted, source) else { continue };
        if resolve(&slot.key("source"), source, base, &mut spec, &dialect).is_some() {
            specs.push(spec);
        } else if let Dialect::Project { left_out, .. } = &mut dialect
            && spec.extra.iter().any(|(key, _)| key == "optional")
        {
            left_out.push(format!("slot {:?} is left out: its pattern finds no file, and it is optional", spec.id));
        }
    }
    specs
}

/// What both kinds of manifest have.
fn common(slot: &Cursor<'_>) -> SlotSpec {
    let permissions = slot.key("permissions").string().and_then(|text| {
        let mode = words::permissions(text);
        if mode.is_none() {
            let problem = Diagnostic::error("slot.permissions", "is not a file mode").found(format!("{text:?}"));
            slot.key("permissions").report(problem.expected("an octal number up to 0777, like \"0755\""));
        }
        mode
    });
    SlotSpec {
        operations: operations(&slot.key("operations")),
        level: slot.key("level").integer(),
        purpose: slot.key("purpose").string().unwrap_or("data").to_owned(),
        lifecycle: lifecycle(&slot.key("lifecycle")),
        permissions,
        ..SlotSpec::default()
    }
}

fn lifecycle(place: &Cursor<'_>) -> String {
    let lifecycle = place.string().unwrap_or("runtime");
    if lifecycle == "attestation" {
        let problem =
            Diagnostic::error("slot.lifecycle", "`attestation` is reserved for the slot that the builder adds");
        place.report(problem);
    } else {
        let known = words::LIFECYCLES.iter().copied();
        if !known.clone().any(|word| word == lifecycle) {
            let problem = Diagnostic::error("slot.lifecycle", "is not a lifecycle that launchers know");
            let problem = problem.expected(format!("one of {}", words::LIFECYCLES.join(", ")));
            place.report(with_suggestion(problem.found(format!("{lifecycle:?}")), lifecycle, known));
        }
    }
    lifecycle.to_owned()
}

fn builder_words(slot: &Cursor<'_>, spec: &mut SlotSpec) {
    let known = words::PURPOSES.iter().flat_map(|(_, words)| words.iter().copied());
    word(&slot.key("purpose"), &spec.purpose, known, "a purpose");
    spec.target = target(&slot.key("target")).unwrap_or(&spec.id).to_owned();
}

/// A path inside the work environment; empty ones are as good as none.
fn target<'a>(place: &Cursor<'a>) -> Option<&'a str> {
    let target = place.string()?;
    if let Some(why) = words::unsafe_target(target) {
        let problem =
            Diagnostic::error("slot.target", format!("{target:?} is not a path inside the work environment: {why}"));
        place.report(problem.expected("a relative path such as \"share/data.txt\""));
    }
    Some(target).filter(|target| !target.is_empty())
}

fn operations(place: &Cursor<'_>) -> Option<(String, OperationChain)> {
    let text = place.string()?;
    match OperationChain::parse(text).and_then(|chain| chain.codecs().map(|_| chain)) {
        Ok(chain) => Some((text.to_owned(), chain)),
        Err(error) => {
            place.report(Diagnostic::error(error.code(), error.to_string()));
            None
        }
    }
}

fn word<'a>(place: &Cursor<'_>, found: &str, mut known: impl Iterator<Item = &'a str> + Clone, what: &str) {
    if !known.clone().any(|word| word == found) {
        let problem =
            Diagnostic::warning("slot.word", format!("{found:?} is not {what} that readers know; it is kept as it is"));
        place.report(with_suggestion(problem, found, known.by_ref()));
    }
}

/// Finds the source, and gives it its label: a source outside the manifest's directory is labelled by its file name alone.
fn resolve(
    place: &Cursor<'_>,
    source: &str,
    base: &SourceBase,
    spec: &mut SlotSpec,
    dialect: &Dialect<'_>,
) -> Option<()> {
    if source == "$SELF" {
        let problem = Diagnostic::error("slot.source.self", "`$SELF` slots hold no data and are not supported");
        place.report(problem.hint("leave the slot out: a running program finds its package in FLAVOR_LAUNCHER"));
        return None;
    }
    let path = if source.contains("{workenv}") {
        base.directory.join(source.replace("{workenv}", &base.workenv.to_string_lossy()))
    } else {
        base.directory.join(source)
    };
    let leaks = Path::new(source).is_absolute();
    spec.label = if leaks {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    } else {
        source.to_owned()
    };
    spec.source.clone_from(&path);
    match path.metadata() {
        Ok(facts) if facts.is_file() || facts.is_dir() => {
            if matches!(dialect, Dialect::Project { .. }) {
                project_slot::place(spec, facts.is_dir());
            }
            Some(())
        }
        Ok(_) => {
            place
                .report(Diagnostic::error("slot.source.kind", format!("{source:?} is neither a file nor a directory")));
            None
        }
        // It is looked for again after the commands.
        Err(_) if base.before_hooks => None,
        Err(_) if project_slot::is_pattern(source) && matches!(dialect, Dialect::Project { .. }) => {
            project_slot::find(place, source, base, spec)
        }
        Err(error) => {
            let text = crate::diagnostic::io_text(&error);
            place.report(Diagnostic::error("slot.source", format!("cannot read {source:?}: {text}")));
            None
        }
    }
}
