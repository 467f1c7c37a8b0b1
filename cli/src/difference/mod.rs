//! Two packages side by side. The shape is the npm package's `diff`, with the verdicts added.

mod metadata;

pub use metadata::LeafChange;

use crate::{checked_package, problem::Failure, terminal::Console};
use flavor_attest::{
    InventoryError,
    inventory::{self, Content, Depth},
};
use flavor_manifest::Diagnostic;
use pspf_nostd::{
    report::{Integrity, SlotReport, Trust},
    tar::FileEntry,
    verify::{Outcome, TrustedKeys},
};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

/// What differs.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// Whether the files are the same, byte for byte.
    pub identical: bool,
    /// What is proved of each.
    pub verdict: Pair<Verdict>,
    /// Fingerprints of the keys that they name.
    pub signer: Pair<Option<String>>,
    /// Metadata, value by value.
    pub metadata: Vec<LeafChange>,
    /// Slots that are not the same in both, by identifier.
    pub slots: Vec<SlotChange>,
}

/// One fact of both packages.
#[derive(Debug, Serialize)]
pub struct Pair<T> {
    /// Of the first.
    pub before: T,
    /// Of the second.
    pub after: T,
    /// Whether they differ.
    pub changed: bool,
}

impl<T: PartialEq> Pair<T> {
    fn new(before: T, after: T) -> Self {
        let changed = before != after;
        Self { before, after, changed }
    }
}

/// What verification says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Nothing is broken, and the signature is valid.
    pub ok: bool,
    /// What is proved of the bytes.
    pub state: Integrity,
    /// Who signed.
    pub trust: Trust,
}

/// How something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// Both have it, and not the same.
    Changed,
}

/// A slot that is not the same in both.
#[derive(Debug, Serialize)]
pub struct SlotChange {
    /// Its identifier; of one that appears twice, with `#` and its number.
    pub id: String,
    /// How.
    pub change: Change,
    /// In the first package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<SlotReport>,
    /// In the second one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<SlotReport>,
    /// Entries of archives that are not the same; `None` where they could not be listed.
    pub files: Option<Vec<FileChange>>,
    /// Why not: a code and a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An entry of an archive that is not the same in both.
#[derive(Debug, Serialize)]
pub struct FileChange {
    /// Path in the archive.
    pub path: String,
    /// How.
    pub change: Change,
    /// In the first package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<FileEntry>,
    /// In the second one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<FileEntry>,
}

/// A package that was read.
struct Side<'a> {
    path: &'a Path,
    file: File,
    outcome: Outcome,
}

/// Verifies both packages and compares them. A broken one is compared as far as it can be read.
///
/// # Errors
/// Where one cannot be read.
pub fn of(before: &Path, after: &Path, trusted: &TrustedKeys, console: &Console) -> Result<Difference, Failure> {
    let side = |path| -> Result<Side<'_>, Failure> {
        let (file, outcome) = checked_package::read(path, trusted.clone(), console)?;
        Ok(Side { path, file, outcome })
    };
    let (before, after) = (side(before)?, side(after)?);
    let document = |side: &Side<'_>| side.outcome.metadata_hint.as_ref().map(|metadata| metadata.document().clone());
    Ok(Difference {
        identical: same_bytes(&before, &after)?,
        verdict: Pair::new(before.verdict(), after.verdict()),
        signer: Pair::new(before.signer(), after.signer()),
        metadata: metadata::changes(document(&before).as_ref(), document(&after).as_ref()),
        slots: slots(&before, &after)?,
    })
}

impl Side<'_> {
    fn verdict(&self) -> Verdict {
        let report = &self.outcome.report;
        Verdict { ok: report.ok, state: report.state, trust: report.trust }
    }

    fn signer(&self) -> Option<String> {
        self.outcome.report.signer.as_ref().map(|signer| signer.fingerprint.clone())
    }

    /// By identifier; a repeated one, which only a faulty package has, gets its number.
    fn slots(&self) -> BTreeMap<String, &SlotReport> {
        let mut found = BTreeMap::new();
        for slot in &self.outcome.report.slots {
            let twice = found.contains_key(&slot.id);
            found.insert(if twice { format!("{}#{}", slot.id, slot.index) } else { slot.id.clone() }, slot);
        }
        found
    }

    /// The entries of a slot, or why there are none to compare.
    fn entries(&self, slot: Option<&SlotReport>) -> Result<Result<BTreeMap<String, FileEntry>, String>, Failure> {
        let Some(slot) = slot else { return Ok(Ok(BTreeMap::new())) };
        let Some(package) = &self.outcome.checked else {
            let file = self.path.display();
            return Ok(Err(format!("package.unverified: {file} does not verify, so its slots are not decoded")));
        };
        let number = usize::try_from(slot.index).unwrap_or(usize::MAX);
        if !inventory::has_content(package, number) {
            return Ok(Ok(BTreeMap::new()));
        }
        match inventory::of_slot(&self.file, package, number, &Depth::LIST) {
            Ok(found) => Ok(match found.content {
                Content::Archive { entries, .. } => {
                    Ok(entries.into_iter().map(|entry| (entry.path.clone(), entry)).collect())
                }
                Content::File { .. } => Err(format!("slot.not_archive: slot `{}` holds one file", slot.id)),
            }),
            Err(error) if InventoryError::is_of_the_system(&error) => Err(error.of_package(self.path).into()),
            Err(error) => Ok(Err(format!("slot.decode: {error}"))),
        }
    }
}

fn slots(before: &Side<'_>, after: &Side<'_>) -> Result<Vec<SlotChange>, Failure> {
    let mut changes = Vec::new();
    for (id, change, left, right) in pairs(before.slots(), after.slots(), |a, b| same_slot(a, b)) {
        let (files, reason) = match (before.entries(left)?, after.entries(right)?) {
            (Ok(left), Ok(right)) => (Some(files(left, right)), None),
            (Err(reason), _) | (_, Err(reason)) => (None, Some(reason)),
        };
        changes.push(SlotChange { id, change, before: left.cloned(), after: right.cloned(), files, reason });
    }
    Ok(changes)
}

/// Whether two slots hold the same, and unpack in the same way. Where they are in the file makes no difference.
fn same_slot(before: &SlotReport, after: &SlotReport) -> bool {
    let same_length = before.range.len() == after.range.len();
    let moved = SlotReport { index: after.index, range: after.range, ..before.clone() };
    before.sha256.is_some() && same_length && moved == *after
}

fn files(before: BTreeMap<String, FileEntry>, after: BTreeMap<String, FileEntry>) -> Vec<FileChange> {
    let changes = pairs(before, after, |before, after| before == after).into_iter();
    changes.map(|(path, change, before, after)| FileChange { path, change, before, after }).collect()
}

/// What is not the same on both sides, in the order of the names.
fn pairs<T>(
    before: BTreeMap<String, T>,
    mut after: BTreeMap<String, T>,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<(String, Change, Option<T>, Option<T>)> {
    let mut found = Vec::new();
    for (name, left) in before {
        match after.remove(&name) {
            None => found.push((name, Change::Removed, Some(left), None)),
            Some(right) if !same(&left, &right) => found.push((name, Change::Changed, Some(left), Some(right))),
            Some(_) => {}
        }
    }
    found.extend(after.into_iter().map(|(name, right)| (name, Change::Added, None, Some(right))));
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn same_bytes(before: &Side<'_>, after: &Side<'_>) -> Result<bool, Failure> {
    if before.outcome.report.size != after.outcome.report.size {
        return Ok(false);
    }
    // Verification reads by position: both files are still at their start.
    let (mut left, mut right) = (BufReader::new(&before.file), BufReader::new(&after.file));
    let (mut a, mut b) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let unreadable =
        |side: &Side<'_>, error: io::Error| Diagnostic::io("file.read", side.path, "read the package", &error);
    loop {
        let read = left.read(&mut a).map_err(|error| unreadable(before, error))?;
        let (a, b) = (a.get(..read).unwrap_or_default(), b.get_mut(..read).unwrap_or_default());
        right.read_exact(b).map_err(|error| unreadable(after, error))?;
        if a != b {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
    }
}
