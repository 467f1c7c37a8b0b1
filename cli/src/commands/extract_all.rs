//! `flavor extract-all`.

use super::extract::{check_output, directory_name, failed, open_to_all, put_in_place};
use crate::{
    arguments::ExtractAll,
    checked_package, path_text,
    problem::{Exit, Failure},
    terminal::{Console, printable, table},
};
use flavor_host::extraction::{ExtractFault, extract_slot, slot_reader};
use flavor_manifest::Diagnostic;
use flavor_pack::interrupt::{MadeDirectories, Scratch};
use pspf_nostd::verify::{Checked, SlotFacts};
use serde::Serialize;
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

/// File with the signed metadata, byte for byte.
const METADATA: &str = "metadata.json";

#[derive(Serialize)]
struct Document<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    file: &'a Path,
    #[serde(serialize_with = "path_text::one")]
    directory: &'a Path,
    #[serde(serialize_with = "path_text::one")]
    metadata: PathBuf,
    slots: Vec<Extracted>,
}

#[derive(Serialize)]
struct Extracted {
    slot: u64,
    id: String,
    #[serde(serialize_with = "path_text::one")]
    path: PathBuf,
}

/// Extracts every slot into a directory of its own.
///
/// # Errors
/// Where the package does not verify, or an output exists and `--force` is not given.
pub fn run(arguments: &ExtractAll, console: &mut Console) -> Result<Exit, Failure> {
    let directory = &arguments.directory;
    if fs::metadata(directory).is_ok_and(|facts| !facts.is_dir()) {
        let problem = Diagnostic::error("output.file", "this exists and is not a directory").file(directory);
        return Err(Failure::usage(problem));
    }
    let (file, package) = checked_package::open(&arguments.file, console)?;
    let slots: Vec<&SlotFacts> = package.slots().iter().filter(|slot| !slot.entry().self_ref).collect();
    let names: Vec<PathBuf> = slots.iter().map(|slot| directory_name(slot)).chain([PathBuf::from(METADATA)]).collect();
    let in_the_way = names
        .iter()
        .filter_map(|name| check_output(&directory.join(name), *name != Path::new(METADATA), arguments.force).err());
    let in_the_way: Vec<Diagnostic> = in_the_way.flat_map(|failure| failure.problems).collect();
    if !in_the_way.is_empty() {
        return Err(in_the_way.into());
    }
    let made = MadeDirectories::make(directory);
    let made = made.map_err(|error| Diagnostic::io("output.write", directory, "write here", &error))?;
    extract(arguments, console, &file, &package, &slots)?;
    made.keep();
    let extracted = slots.iter().zip(&names).map(|(slot, name)| Extracted {
        slot: slot.index(),
        id: slot.entry().id.clone(),
        path: directory.join(name),
    });
    let extracted: Vec<Extracted> = extracted.collect();
    let metadata = directory.join(METADATA);
    if console.json() {
        console.document(&Document { ok: true, file: &arguments.file, directory, metadata, slots: extracted });
    } else {
        let mut rows: Vec<Vec<String>> = extracted
            .iter()
            .map(|slot| vec![slot.path.display().to_string(), format!("slot {} ({})", slot.slot, printable(&slot.id))])
            .collect();
        rows.push(vec![metadata.display().to_string(), "the signed metadata".to_owned()]);
        console.say(&table(&rows, &[], ""));
    }
    Ok(Exit::Done)
}

/// Extracts everything into a private directory first: either all of it appears, or nothing.
fn extract(
    arguments: &ExtractAll,
    console: &mut Console,
    file: &File,
    package: &Checked,
    slots: &[&SlotFacts],
) -> Result<(), Failure> {
    let directory = &arguments.directory;
    let scratch = Scratch::new(directory, ".flavor-extract-");
    let scratch = scratch.map_err(|error| Diagnostic::io("output.write", directory, "write here", &error))?;
    for slot in slots {
        let number = usize::try_from(slot.index()).unwrap_or(usize::MAX);
        let target = scratch.path().join(directory_name(slot));
        match extract_slot(file, package, number, &target) {
            Ok(()) => {}
            Err(error) if matches!(error.fault, ExtractFault::NotATar) => {
                content_only(arguments, console, file, package, number, &target)?;
            }
            Err(error) => return Err(failed(&arguments.file, &error.to_string())),
        }
        open_to_all(&target)?;
    }
    let metadata = scratch.path().join(METADATA);
    fs::write(&metadata, package.metadata().raw())
        .map_err(|error| Diagnostic::io("output.write", directory, "write the metadata", &error))?;
    for slot in slots {
        let name = directory_name(slot);
        put_in_place(&scratch.path().join(&name), &directory.join(&name), &scratch)?;
    }
    put_in_place(&metadata, &directory.join(METADATA), &scratch)
}

/// The published Python builder calls single files tar archives; what they hold is written as it is.
fn content_only(
    arguments: &ExtractAll,
    console: &mut Console,
    file: &File,
    package: &Checked,
    number: usize,
    target: &Path,
) -> Result<(), Failure> {
    let problem = |error: &std::io::Error| Diagnostic::io("output.write", target, "write the content", error);
    if target.exists() {
        fs::remove_dir_all(target).map_err(|error| problem(&error))?;
    }
    fs::create_dir(target).map_err(|error| problem(&error))?;
    let mut out = File::create_new(target.join("content")).map_err(|error| problem(&error))?;
    slot_reader::read_decoded(file, package, number, &mut out)
        .map_err(|error| failed(&arguments.file, &error.to_string()))?;
    let message = format!("slot {number} says tar and is none; its content is written as one file, `content`");
    console.warn(Diagnostic::warning("slot.not_tar", message).file(&arguments.file));
    Ok(())
}
