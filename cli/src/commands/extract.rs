//! `flavor extract`.

use crate::{
    arguments::Extract,
    checked_package, path_text,
    problem::{Exit, Failure},
    terminal::{Console, printable, size},
    text_file,
};
use flavor_host::extraction::{extract_slot, slot_reader};
use flavor_manifest::Diagnostic;
use flavor_pack::interrupt::{MadeDirectories, Scratch};
use pspf_nostd::verify::{Checked, SlotFacts};
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    file: &'a Path,
    slot: u64,
    id: &'a str,
    #[serde(serialize_with = "path_text::one")]
    output: &'a Path,
    /// Bytes written; absent where a tree was unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

/// Extracts one slot.
///
/// # Errors
/// Where the package does not verify, the slot does not exist, or the output cannot be written.
pub fn run(arguments: &Extract, console: &mut Console) -> Result<Exit, Failure> {
    let (output, unpack) = match (&arguments.output, &arguments.unpack) {
        (Some(output), _) => (output, false),
        (None, Some(directory)) => (directory, true),
        (None, None) => {
            return Err(Failure::usage(
                Diagnostic::error("usage", "an output is missing").expected("OUT, or --unpack DIR"),
            ));
        }
    };
    check_output(output, unpack, arguments.force)?;
    let (file, package) = checked_package::open(&arguments.file, console)?;
    let facts = find(&package, &arguments.slot, &arguments.file)?;
    let number = usize::try_from(facts.index()).unwrap_or(usize::MAX);
    let parent = match output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let unwritable = |error: std::io::Error| Diagnostic::io("output.write", parent, "write here", &error);
    let made = MadeDirectories::make(parent).map_err(unwritable)?;
    let scratch = Scratch::new(parent, ".flavor-extract-").map_err(unwritable)?;
    let temporary = scratch.path().join("content");
    let written = if unpack {
        extract_slot(&file, &package, number, &temporary)
            .map_err(|error| failed(&arguments.file, &error.to_string()))?;
        open_to_all(&temporary)?;
        None
    } else {
        Some(write(&file, &package, number, arguments, &temporary)?)
    };
    put_in_place(&temporary, output, &scratch)?;
    made.keep();
    drop(scratch);
    if console.json() {
        let id = facts.entry().id.as_str();
        console.document(&Document { ok: true, file: &arguments.file, slot: facts.index(), id, output, size: written });
    } else {
        let id = printable(&facts.entry().id);
        let amount = written.map(|bytes| format!(", {}", size(bytes))).unwrap_or_default();
        console.say(&format!("{}  slot {} ({id}){amount}", output.display(), facts.index()));
    }
    Ok(Exit::Done)
}

/// Refuses an output that is in the way, before the package is read.
///
/// # Errors
/// Where something of another kind is there, or anything without `force`.
pub fn check_output(output: &Path, unpack: bool, force: bool) -> Result<(), Failure> {
    let Ok(facts) = fs::symlink_metadata(output) else { return Ok(()) };
    if facts.is_dir() && !unpack {
        let problem =
            Diagnostic::error("output.directory", "this is a directory").file(output).expected("the path of a file");
        return Err(Failure::usage(problem.hint("--unpack DIR unpacks a tree into a new directory")));
    }
    if !facts.is_dir() && unpack {
        let problem = Diagnostic::error("output.file", "this exists and is not a directory").file(output);
        return Err(problem.expected("a directory that does not exist yet").into());
    }
    if !unpack {
        text_file::check_replaceable(output, "output.kind")?;
    }
    if !force {
        return Err(Diagnostic::error("output.exists", "this exists already")
            .file(output)
            .hint("--force replaces it")
            .into());
    }
    Ok(())
}

/// The slot that a word names: its number, else its identifier.
fn find<'a>(package: &'a Checked, word: &str, path: &Path) -> Result<&'a SlotFacts, Failure> {
    let slots = package.slots();
    let by_number = word.parse::<usize>().ok().and_then(|number| slots.get(number));
    by_number.or_else(|| slots.iter().find(|slot| slot.entry().id == word)).ok_or_else(|| {
        let ids: Vec<&str> = slots.iter().map(|slot| slot.entry().id.as_str()).collect();
        let expected = match slots.len() {
            0 => "nothing: the package has no slots".to_owned(),
            count => format!("a number from 0 to {}, or one of: {}", count - 1, ids.join(", ")),
        };
        Diagnostic::error("slot.unknown", "there is no such slot")
            .file(path)
            .expected(expected)
            .found(format!("`{word}`"))
            .into()
    })
}

fn write(file: &File, package: &Checked, slot: usize, arguments: &Extract, target: &Path) -> Result<u64, Failure> {
    let io_problem = |error: &std::io::Error| Diagnostic::io("output.write", target, "write the content", error);
    let out = File::create_new(target).map_err(|error| io_problem(&error))?;
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let read = if arguments.raw { slot_reader::read_stored } else { slot_reader::read_decoded };
    let written = read(file, package, slot, &mut out).map_err(|error| failed(&arguments.file, &error.to_string()))?;
    out.flush().map_err(|error| io_problem(&error))?;
    let executable =
        package.slots().get(slot).is_some_and(|slot| slot.mode() & 0o111 != 0 && !slot.operations().is_tar());
    if executable && !arguments.raw {
        let mode = fs::Permissions::from_mode(0o755);
        out.get_ref().set_permissions(mode).map_err(|error| io_problem(&error))?;
    }
    Ok(written)
}

/// Moves something finished to its place; what is there moves into the scratch directory and goes with it.
pub fn put_in_place(finished: &Path, place: &Path, scratch: &Scratch) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Diagnostic::io("output.write", place, "put the result in place", &error);
    if fs::symlink_metadata(place).is_ok_and(|facts| facts.is_dir()) {
        let aside = scratch.path().join("replaced");
        fs::rename(place, &aside).map_err(failed)?;
        if let Err(error) = fs::rename(finished, place) {
            // Better the old content than none.
            let _ = fs::rename(&aside, place);
            return Err(failed(error).into());
        }
        return fs::remove_dir_all(&aside).map_err(|error| failed(error).into());
    }
    fs::rename(finished, place).map_err(|error| failed(error).into())
}

/// Gives an unpacked tree the mode of other directories: what a work environment keeps private is the user's own here.
///
/// # Errors
/// Those of the system.
pub fn open_to_all(directory: &Path) -> Result<(), Failure> {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755))
        .map_err(|error| Diagnostic::io("output.write", directory, "set the mode of the directory", &error).into())
}

/// A package whose slot cannot be extracted.
#[must_use]
pub fn failed(package: &Path, message: &str) -> Failure {
    Diagnostic::error("slot.extract", message).file(package).into()
}

/// A slot's number and identifier as a file name.
#[must_use]
pub fn directory_name(slot: &SlotFacts) -> PathBuf {
    let plain =
        |character: char| if character.is_ascii_alphanumeric() || "._-".contains(character) { character } else { '_' };
    let id: String = slot.entry().id.chars().take(80).map(plain).collect();
    PathBuf::from(format!("{:02}_{id}", slot.index()))
}
