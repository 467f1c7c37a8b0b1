//! Where the slots of a package go: what a launcher would refuse at the first start is refused before anything is signed.

use super::prepare::{Content, Prepared};
use flavor_host::command::environment::slot_variable;
use flavor_manifest::{Diagnostic, PackageSpec};
use pspf_nostd::{
    json::Json,
    placement::{self, Concern, Fault, Item, Judge, Root},
};
use std::collections::BTreeMap;

/// Checks where all slots go, with what names them. Gives a sentence for each slot that replaces files of another.
///
/// # Errors
/// Everything that keeps the package from being started.
pub(super) fn check(spec: &PackageSpec, slots: &[Prepared]) -> Result<Vec<String>, Vec<Diagnostic>> {
    let (mut problems, mut notices) = (Vec::new(), Vec::new());
    let mut judge = Judge::default();
    for (number, slot) in slots.iter().enumerate() {
        judge.begin(number, &slot.lifecycle, platform(slot));
        let mut fault = None;
        let mut replaced: Option<(usize, String)> = None;
        let mut put = |item: &Item<'_>| {
            let judgement = judge.judge(item);
            if let Some(found) = judgement.fault {
                fault.get_or_insert((item.path.to_string(), found));
            }
            for concern in judgement.concerns {
                if let Concern::Replaces { slot } = concern {
                    replaced.get_or_insert((slot, item.path.to_string()));
                }
            }
        };
        match &slot.content {
            Content::Archive(archive) => archive.items(number).for_each(|item| put(&item)),
            Content::Stored(_) | Content::File(_) if slot.operations.contains("tar") => {
                slot.listed.iter().for_each(|entry| put(&Item::of_entry(number, entry)));
            }
            Content::Stored(_) | Content::File(_) => match placement::target(&slot.target) {
                Ok(path) => put(&Item::file(number, &path, slot.permissions.into())),
                Err(found) => fault = Some((slot.target.clone(), found)),
            },
        }
        if let Some((path, fault)) = fault {
            let message = match &fault {
                Fault::Clash { found, path: place, slot: other } => {
                    let (place, other) = (place.escape_ascii(), id(slots, *other));
                    format!("{path:?} cannot be there: {place} is a {found} of the slot {other}")
                }
                fault => format!("{path:?}: {fault}"),
            };
            problems.push(problem(slot, message).expected("a place of its own; see `extract_to`"));
        }
        if let Some((other, path)) = replaced {
            notices.push(format!("slot {:?} replaces {path} of the slot {}", slot.id, id(slots, other)));
        }
    }
    variables(slots, &mut problems);
    problems.extend(check_numbers(spec, slots.len()).err().unwrap_or_default());
    if problems.is_empty() { Ok(notices) } else { Err(problems) }
}

/// The platform that a slot is for; empty for all.
fn platform(slot: &Prepared) -> &str {
    slot.extra.iter().find(|(key, _)| key == "platform").and_then(|(_, value)| value.as_str()).unwrap_or_default()
}

fn id(slots: &[Prepared], number: usize) -> String {
    format!("{:?}", slots.get(number).map_or("", |slot| &slot.id))
}

fn problem(slot: &Prepared, message: String) -> Diagnostic {
    Diagnostic::error("slot.place", message).field(format!("slot `{}`", slot.id))
}

/// The program is told by a variable where slots are that are not in the work environment.
fn variables(slots: &[Prepared], problems: &mut Vec<Diagnostic>) {
    let mut taken = BTreeMap::new();
    let elsewhere =
        |(number, slot): &(usize, &Prepared)| Root::of_lifecycle(&slot.lifecycle, *number) != Root::WorkEnvironment;
    for (number, slot) in slots.iter().enumerate().filter(elsewhere) {
        let variable = slot_variable(&slot.id);
        if let Some(other) = taken.insert(variable.clone(), number) {
            let message = format!("its place would be in {variable}, as that of the slot {}", id(slots, other));
            problems.push(problem(slot, message).expected("an id that differs in letters or digits"));
        }
    }
}

/// `{slot:N}` names a slot by its number.
///
/// # Errors
/// Every text that names one that is not there.
pub(super) fn check_numbers(spec: &PackageSpec, count: usize) -> Result<(), Vec<Diagnostic>> {
    let mut problems = Vec::new();
    // Elsewhere in the metadata braces are text.
    let extra = spec.extra.iter().filter(|(key, _)| key == "setup_commands" || key == "workenv");
    let extra = spec.execution_extra.iter().chain(extra).map(|(_, value)| value);
    let mut texts = vec![spec.command.as_str()];
    texts.extend(spec.env.iter().map(|(_, value)| value.as_str()));
    extra.for_each(|value| collect(value, &mut texts));
    for text in texts {
        for part in text.split("{slot:").skip(1) {
            let number = part.split_once('}').map(|(number, _)| number);
            if number.is_some_and(|number| number.parse::<usize>().map_or(true, |number| number >= count)) {
                let problem = Diagnostic::error("slot.place", format!("{text:?} names a slot that is not there"));
                let last = count.saturating_sub(1);
                problems.push(
                    problem.expected(format!("`{{slot:0}}` to `{{slot:{last}}}`: `flavor inspect` numbers them")),
                );
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn collect<'a>(value: &'a Json, texts: &mut Vec<&'a str>) {
    match value {
        Json::String(text) => texts.push(text),
        Json::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Json::Object(entries) => entries.iter().for_each(|(_, value)| collect(value, texts)),
        _ => {}
    }
}
