//! Where the slots of a package go: what a launcher would refuse at the first start is refused before anything is signed.

use super::prepare::{Content, Prepared};
use crate::{
    manifest::{PackageSpec, words},
    problem::Problem,
};
use flavor_launcher::{environment::slot_variable, extraction_root::RECORD_DIRECTORY, lifecycle::Place};
use pspf_nostd::json::Json;
use std::collections::{BTreeMap, btree_map::Entry};

/// Longest name of a file or folder that Linux file systems take, in bytes.
const NAME_MAX: usize = 255;

/// Slots in trees of the same kind meet each other (docs/launcher.md, "Lifecycles").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tree {
    WorkEnvironment,
    State,
    Start,
    /// One for the slot alone.
    Own(usize),
}

fn tree(slot: &Prepared, number: usize) -> Tree {
    match Place::of_lifecycle(&slot.lifecycle) {
        Place::Lazy => Tree::Own(number),
        Place::State => Tree::State,
        Place::Fresh => Tree::Start,
        Place::Kept | Place::SetupOnly | Place::Skipped(_) => Tree::WorkEnvironment,
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug)]
struct Standing {
    is_directory: bool,
    slot: usize,
}

/// Checks where all slots go, with what names them. Gives a sentence for each slot that replaces files of another.
///
/// # Errors
/// Everything that keeps the package from being started.
pub(super) fn check(spec: &PackageSpec, slots: &[Prepared]) -> Result<Vec<String>, Vec<Problem>> {
    let (mut problems, mut notices) = (Vec::new(), Vec::new());
    let mut standing: BTreeMap<(Tree, Vec<u8>), Standing> = BTreeMap::new();
    for (number, slot) in slots.iter().enumerate() {
        let tree = tree(slot, number);
        let mut fault = None;
        let mut replaced: Option<(usize, Vec<u8>)> = None;
        let mut put = |path: &[u8], is_directory: bool| {
            if fault.is_some() {
                return;
            }
            let shown = || String::from_utf8_lossy(path).into_owned();
            let mut names = path.split(|byte| *byte == b'/');
            if names.clone().next() == Some(RECORD_DIRECTORY.as_bytes()) {
                fault = Some(format!("{:?}: {RECORD_DIRECTORY} is the launcher's own", shown()));
            } else if names.any(|name| name.len() > NAME_MAX) {
                fault = Some(format!("{:?}: a name is longer than {NAME_MAX} bytes", shown()));
            }
            for (at, is_directory) in parents(path).map(|parent| (parent, true)).chain([(path, is_directory)]) {
                match standing.entry((tree, at.to_vec())) {
                    Entry::Vacant(vacant) => {
                        vacant.insert(Standing { is_directory, slot: number });
                    }
                    Entry::Occupied(there) if there.get().is_directory != is_directory => {
                        let other = there.get().slot;
                        let (mine, theirs) = if is_directory { ("folder", "file") } else { ("file", "folder") };
                        let path = String::from_utf8_lossy(at);
                        fault =
                            Some(format!("{path:?} is a {mine} here, and a {theirs} in the slot {}", id(slots, other)));
                    }
                    Entry::Occupied(mut there) if !is_directory && there.get().slot != number => {
                        replaced.get_or_insert((there.get().slot, at.to_vec()));
                        there.get_mut().slot = number;
                    }
                    Entry::Occupied(_) => {}
                }
            }
        };
        match &slot.content {
            Content::Archive(archive) => archive.entries().for_each(|(path, is_directory)| put(path, is_directory)),
            // An archive that was there before may hold anything.
            Content::Stored(_) | Content::File(_) if slot.operations.contains("tar") => {}
            Content::Stored(_) | Content::File(_) => put(words::inside_workenv(&slot.target).as_bytes(), false),
        }
        if let Some(fault) = fault {
            problems.push(problem(slot, fault).expected("a place of its own; see `extract_to`"));
        }
        if let Some((other, path)) = replaced {
            let path = String::from_utf8_lossy(&path);
            notices.push(format!("slot {:?} replaces {path} of the slot {}", slot.id, id(slots, other)));
        }
    }
    variables(slots, &mut problems);
    numbers(spec, slots.len(), &mut problems);
    if problems.is_empty() { Ok(notices) } else { Err(problems) }
}

fn id(slots: &[Prepared], number: usize) -> String {
    format!("{:?}", slots.get(number).map_or("", |slot| &slot.id))
}

fn problem(slot: &Prepared, message: String) -> Problem {
    Problem::error("slot.place", message).field(format!("slot `{}`", slot.id))
}

/// The folders above a path, the outermost first.
fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end);
    ends.filter_map(|end| path.get(..end))
}

/// The program is told by a variable where slots are that are not in the work environment.
fn variables(slots: &[Prepared], problems: &mut Vec<Problem>) {
    let mut taken = BTreeMap::new();
    for (number, slot) in slots.iter().enumerate().filter(|(number, slot)| tree(slot, *number) != Tree::WorkEnvironment)
    {
        let variable = slot_variable(&slot.id);
        if let Some(other) = taken.insert(variable.clone(), number) {
            let message = format!("its place would be in {variable}, as that of the slot {}", id(slots, other));
            problems.push(problem(slot, message).expected("an id that differs in letters or digits"));
        }
    }
}

/// `{slot:N}` names a slot by its number.
fn numbers(spec: &PackageSpec, count: usize, problems: &mut Vec<Problem>) {
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
                let problem = Problem::error("slot.place", format!("{text:?} names a slot that is not there"));
                let last = count.saturating_sub(1);
                problems.push(
                    problem.expected(format!("`{{slot:0}}` to `{{slot:{last}}}`: `flavor inspect` numbers them")),
                );
            }
        }
    }
}

fn collect<'a>(value: &'a Json, texts: &mut Vec<&'a str>) {
    match value {
        Json::String(text) => texts.push(text),
        Json::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Json::Object(entries) => entries.iter().for_each(|(_, value)| collect(value, texts)),
        _ => {}
    }
}
