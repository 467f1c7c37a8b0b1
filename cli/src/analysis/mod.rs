//! What takes the bytes of a package: `flavor inspect --analyze` and `flavor pack --report`.

mod owner;
mod table;

pub use table::text;

use crate::{checked_package, problem::Failure, terminal::Console, trusted_keys};
use flavor_attest::inventory::{self, Content, SlotInventory};
use owner::Owners;
use pspf_nostd::{report::Report, tar::FileEntry};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// Where the bytes are. All sizes in bytes.
#[derive(Debug, Serialize)]
pub struct Analysis {
    /// Size of the file: the sum of `parts`.
    pub size: u64,
    /// Size of all slots after decoding: the sum of `contents`.
    pub unpacked: u64,
    /// What the file consists of, largest first.
    pub parts: Vec<Part>,
    /// What the slots hold, largest first.
    pub contents: Vec<Share>,
    /// What is stored more than once: the format has no links between slots.
    pub repeated: Repeated,
}

/// Files whose content is in an earlier slot, too. Inside a slot equal files are beside each other and cost next to nothing.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repeated {
    /// Number of files.
    pub files: u64,
    /// Bytes after decoding.
    pub size: u64,
}

/// A part of the file.
#[derive(Debug, Serialize)]
pub struct Part {
    /// `launcher`, `slot 0`, `metadata`, `slot table`, `index`, `trailer`, `padding`.
    pub part: String,
    /// Of a slot: its identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Bytes in the file.
    pub size: u64,
    /// Of a slot: bytes after decoding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpacked: Option<u64>,
}

/// What belongs together in the slots.
#[derive(Debug, Serialize)]
pub struct Share {
    /// What it is.
    pub kind: Kind,
    /// Its name; with its version where it is a distribution.
    pub name: String,
    /// Number of files.
    pub files: u64,
    /// Bytes after decoding.
    pub size: u64,
    /// How many of them are Python bytecode.
    pub bytecode: u64,
    /// How many of them are shared libraries and extension modules.
    pub shared_libraries: u64,
}

/// The kinds of [`Share`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An installed Python distribution.
    Distribution,
    /// Python's standard library.
    StandardLibrary,
    /// Python's program and library.
    Interpreter,
    /// Shared libraries of none of the above.
    SharedLibraries,
    /// Files of none of the above, named by their topmost folder.
    Other,
    /// A slot that is not an archive.
    Slot,
    /// Headers and padding of archives.
    ArchiveHeaders,
}

/// Takes a package apart that verifies: into what nobody vouches for, nobody should look.
///
/// # Errors
/// Where it cannot be read, is not as signed, or a slot cannot be decoded.
pub fn of(path: &Path, console: &Console) -> Result<Analysis, Failure> {
    let store = trusted_keys::find()?;
    let (file, outcome) = checked_package::read(path, store.for_verification(Vec::new()), console)?;
    let Some(package) = &outcome.checked else { return Err(checked_package::refused(path, &outcome.report, &store)) };
    let slots = inventory::of_package(path, &file, package)?;
    let contents = contents(&slots);
    let unpacked = slots.iter().map(|slot| slot.unpacked).fold(0, u64::saturating_add);
    let (parts, repeated) = (parts(&outcome.report, &slots), repeated(&slots));
    Ok(Analysis { size: outcome.report.size, unpacked, parts, contents, repeated })
}

/// The coverage map covers each byte of the file once.
fn parts(report: &Report, slots: &[SlotInventory]) -> Vec<Part> {
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    for covered in &report.coverage {
        let size = sizes.entry(covered.part.as_str()).or_default();
        *size = size.saturating_add(covered.range.len());
    }
    let slot = |name: &str| slots.iter().find(|slot| name == format!("slot {}", slot.index));
    let part = |(name, size): (&str, u64)| {
        let slot = slot(name);
        let (id, unpacked) = (slot.map(|slot| slot.id.clone()), slot.map(|slot| slot.unpacked));
        Part { part: name.to_owned(), id, size, unpacked }
    };
    let mut parts: Vec<Part> = sizes.into_iter().map(part).collect();
    parts.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.part.cmp(&b.part)));
    parts
}

fn contents(slots: &[SlotInventory]) -> Vec<Share> {
    let owners = Owners::of(slots);
    let mut shares: BTreeMap<(Kind, String), Share> = BTreeMap::new();
    let mut add = |kind: Kind, name: String, size: u64, file: Option<&FileEntry>| {
        let empty = Share { kind, name: name.clone(), files: 0, size: 0, bytecode: 0, shared_libraries: 0 };
        let share = shares.entry((kind, name)).or_insert(empty);
        share.size = share.size.saturating_add(size);
        let Some(file) = file else { return };
        share.files = share.files.saturating_add(1);
        if file.path.ends_with(".pyc") {
            share.bytecode = share.bytecode.saturating_add(size);
        } else if owner::is_shared_library(&file.path) {
            share.shared_libraries = share.shared_libraries.saturating_add(size);
        }
    };
    for slot in slots {
        let Content::Archive { entries, .. } = &slot.content else {
            add(Kind::Slot, slot.id.clone(), slot.unpacked, None);
            continue;
        };
        let mut headers = slot.unpacked;
        for entry in entries.iter().filter(|entry| entry.kind == "file") {
            headers = headers.saturating_sub(entry.size);
            let (kind, name) = owners.owner(&entry.path);
            add(kind, name, entry.size, Some(entry));
        }
        add(Kind::ArchiveHeaders, "headers and padding of archives".to_owned(), headers, None);
    }
    let mut shares: Vec<Share> = shares.into_values().collect();
    shares.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| (a.kind, &a.name).cmp(&(b.kind, &b.name))));
    shares
}

fn repeated(slots: &[SlotInventory]) -> Repeated {
    let mut first_slots: HashMap<&str, usize> = HashMap::new();
    let mut repeated = Repeated::default();
    for slot in slots {
        let Content::Archive { entries, .. } = &slot.content else { continue };
        for entry in entries.iter().filter(|entry| entry.size > 0) {
            let Some(digest) = &entry.sha256 else { continue };
            if *first_slots.entry(digest).or_insert(slot.index) != slot.index {
                repeated.files = repeated.files.saturating_add(1);
                repeated.size = repeated.size.saturating_add(entry.size);
            }
        }
    }
    repeated
}
