//! `flavor clean`.

use super::workenv::{Removal, Swept, sweep};
use crate::{
    arguments::Clean,
    path_text,
    problem::{Exit, Failure},
    terminal::{Console, printable, size, table},
    workenv::{self, State, Tree, remove_directory, usage},
};
use flavor_host::files::lock::{Attempt, lock_directory};
use flavor_manifest::Diagnostic;
use flavor_python::cache_folder;
use serde::Serialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// What is kept beside work environments, and for what.
const PARTS: [(&str, &str); 4] = [
    (cache_folder::ENCODED, "encoded interpreters"),
    (cache_folder::DEBIAN, "Debian packages"),
    (cache_folder::LAUNCHERS, "launchers"),
    (cache_folder::UNREACHABLE, "notes of hosts that were not reached"),
];

#[derive(Serialize)]
struct CleanDocument {
    ok: bool,
    dry_run: bool,
    removed: Vec<Part>,
    kept: Vec<Kept>,
    /// Bytes on the disk.
    freed: u64,
}

#[derive(Serialize)]
struct Part {
    what: &'static str,
    #[serde(serialize_with = "path_text::one")]
    path: PathBuf,
    /// Bytes on the disk.
    size: u64,
}

#[derive(Serialize)]
struct Kept {
    #[serde(serialize_with = "path_text::one")]
    path: PathBuf,
    reason: String,
}

/// Removes.
///
/// # Errors
/// Where the directories cannot be used, or something cannot be removed.
pub fn run(arguments: &Clean, console: &mut Console) -> Result<Exit, Failure> {
    if arguments.helpers {
        return Ok(clean_helpers(arguments, console));
    }
    let trees = workenv::all()?;
    let ours: Vec<&Tree> = trees.iter().filter(|tree| tree.state != State::Foreign).collect();
    let wanted = |tree: &&Tree| arguments.all || tree.state != State::Complete;
    let Swept { mut chosen, mut stable } = sweep(&ours, None);
    chosen.retain(wanted);
    stable.retain(|(tree, _)| wanted(tree));
    let complete: Vec<&&Tree> = chosen.iter().filter(|tree| tree.state == State::Complete).collect();
    if !arguments.dry_run && !complete.is_empty() {
        let bytes = complete.iter().map(|tree| usage(&tree.path).bytes).sum();
        let question = format!("Remove {} work environments too, {}?", complete.len(), size(bytes));
        if !console.confirm(arguments.yes, &question)? {
            return Ok(Exit::Done);
        }
    }
    let (mut removed, mut kept) = (Vec::new(), Vec::new());
    PARTS.iter().for_each(|part| remove_part(*part, arguments.dry_run, &mut removed, &mut kept));
    for path in abandoned_starts()? {
        let part = Part { what: "temporary files of a start", size: usage(&path).bytes, path };
        match remove_start(&part.path, arguments.dry_run) {
            Ok(true) => removed.push(part),
            // Its program runs.
            Ok(false) => {}
            Err(error) => kept.push(refused(part.path, &error)),
        }
    }
    let removal = Removal::of(&chosen, arguments.dry_run, console).with_stable(stable, console);
    removed.extend(removal.removed.iter().map(|(tree, usage)| Part {
        what: if tree.state == State::Complete { "work environment" } else { "unfinished work environment" },
        path: tree.path.clone(),
        size: usage.bytes,
    }));
    // What is in use is not in the way; what the system does not let go of is.
    let failed = warn(&kept, console);
    kept.extend(
        removal.kept.iter().filter_map(|(tree, refusal)| {
            Some(Kept { path: tree.path.clone(), reason: refusal.as_ref()?.to_string() })
        }),
    );
    report(arguments, console, removed, kept);
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// Launchers alone.
fn clean_helpers(arguments: &Clean, console: &mut Console) -> Exit {
    let (mut removed, mut kept) = (Vec::new(), Vec::new());
    let launchers = PARTS.iter().filter(|(name, _)| *name == cache_folder::LAUNCHERS);
    launchers.for_each(|part| remove_part(*part, arguments.dry_run, &mut removed, &mut kept));
    let failed = warn(&kept, console);
    report(arguments, console, removed, kept);
    if failed { Exit::Failed } else { Exit::Done }
}

fn remove_part((name, what): (&str, &'static str), dry_run: bool, removed: &mut Vec<Part>, kept: &mut Vec<Kept>) {
    let Some(path) = cache_folder::part(name).filter(|path| path.is_dir()) else { return };
    let part = Part { what, size: usage(&path).bytes, path };
    match if dry_run { Ok(()) } else { remove_directory(&part.path) } {
        Ok(()) => removed.push(part),
        Err(error) => kept.push(refused(part.path, &error)),
    }
}

/// Says what was not removed; whether there is such a thing.
fn warn(kept: &[Kept], console: &mut Console) -> bool {
    if !console.json() {
        for Kept { path, reason } in kept {
            console.warn(Diagnostic::warning("clean.kept", format!("not removed: {reason}")).file(path));
        }
    }
    !kept.is_empty()
}

fn refused(path: PathBuf, error: &io::Error) -> Kept {
    Kept { path, reason: flavor_manifest::io_text(error) }
}

fn report(arguments: &Clean, console: &mut Console, removed: Vec<Part>, kept: Vec<Kept>) {
    let freed = removed.iter().map(|part| part.size).sum();
    let dry_run = arguments.dry_run;
    if console.json() {
        console.document(&CleanDocument { ok: kept.is_empty(), dry_run, removed, kept, freed });
        return;
    }
    let row = |part: &Part| vec![part.what.to_owned(), size(part.size), printable(&part.path.display().to_string())];
    if removed.is_empty() {
        console.say("nothing to remove");
    } else {
        console.say(if dry_run { "would remove" } else { "removed" });
        console.say(&table(&removed.iter().map(row).collect::<Vec<_>>(), &[1], "  "));
        console.say(&format!("{} {}", size(freed), if dry_run { "to be freed" } else { "freed" }));
    }
}

/// The directories of single starts, beside those of the work environments.
fn abandoned_starts() -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for directory in workenv::directories()? {
        let starts = fs::read_dir(directory.with_file_name("start")).into_iter().flatten().flatten();
        found.extend(starts.map(|entry| entry.path()));
    }
    Ok(found)
}

/// Removes the directory of a start, unless its program, which holds its lock, still runs.
fn remove_start(path: &Path, dry_run: bool) -> io::Result<bool> {
    match lock_directory(path)? {
        Attempt::Held(_lock) if dry_run => Ok(true),
        Attempt::Held(_lock) => remove_directory(path).map(|()| true),
        Attempt::Busy | Attempt::Unsupported => Ok(false),
    }
}
