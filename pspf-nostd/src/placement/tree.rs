//! What is in one tree, and what can be put beside it.

use super::{ENTRIES_MAX, Fault, Item, ItemKind, NAME_MAX, RECORD_DIRECTORY};
use crate::tar::{EntryPath, symlink_stays_inside};
use alloc::{borrow::ToOwned, boxed::Box, collections::BTreeMap, vec::Vec};

/// One tree.
#[derive(Debug, Default)]
pub struct Tree {
    entries: BTreeMap<Box<[u8]>, Placed>,
    /// The directory that the last entry went into: most follow each other in one.
    last_parent: Vec<u8>,
}

/// What is at a path.
#[derive(Debug)]
pub struct Placed {
    /// Position of the slot that brought it.
    pub slot: usize,
    /// What it is.
    pub kind: PlacedKind,
}

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlacedKind {
    /// A directory; without a time where only paths below it speak of it.
    Directory {
        /// Seconds since 1970-01-01 UTC.
        mtime: Option<u64>,
    },
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink {
        /// Where it points.
        target: Vec<u8>,
    },
}

impl PlacedKind {
    fn word(&self) -> &'static str {
        match self {
            Self::Directory { .. } => "directory",
            Self::File => "file",
            Self::Symlink { .. } => "symbolic link",
        }
    }
}

/// What has to give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Position of the slot that brought it.
    pub slot: usize,
    /// Whether it is a file; otherwise it is a symbolic link.
    pub is_file: bool,
}

/// What adding an item means for the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Directories above it that were not there, the outermost first.
    pub parents: Vec<Vec<u8>>,
    /// Whether it is in another directory than the item before.
    pub moved: bool,
    /// What it replaces.
    pub replaced: Option<Replaced>,
    /// Whether it is a directory that was there before.
    pub existed: bool,
}

impl Tree {
    /// What would be replaced by an item.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be put here.
    pub fn check(&self, item: &Item<'_>) -> Result<Option<Replaced>, Fault> {
        let bytes = item.path.as_bytes();
        for (at, name) in item.path.components().enumerate() {
            // File systems that ignore case would mix the two up.
            if at == 0 && name.eq_ignore_ascii_case(RECORD_DIRECTORY.as_bytes()) {
                return Err(Fault::Reserved);
            }
            if u64::try_from(name.len()).unwrap_or(u64::MAX) > NAME_MAX {
                return Err(Fault::TooLong { what: "bytes in a name", limit: NAME_MAX });
            }
        }
        if self.entries.len() >= ENTRIES_MAX {
            return Err(Fault::TooMany);
        }
        match item.kind {
            ItemKind::Symlink { target } if !symlink_stays_inside(item.path, target) => {
                return Err(Fault::LinkLeaves { target: target.to_vec() });
            }
            ItemKind::HardLink { target } => match self.entries.get(target.as_bytes()) {
                Some(Placed { slot, kind: PlacedKind::File }) if *slot == item.slot => {}
                _ => return Err(Fault::HardLink { target: target.as_bytes().to_vec() }),
            },
            _ => {}
        }
        if parent(bytes) != self.last_parent {
            for directory in item.path.ancestors() {
                match self.entries.get(directory) {
                    None => {}
                    Some(Placed { kind: PlacedKind::Directory { .. }, .. }) => break,
                    Some(found) => return Err(clash(directory, found)),
                }
            }
        }
        let is_directory = matches!(item.kind, ItemKind::Directory { .. });
        match self.entries.get(bytes) {
            None => Ok(None),
            Some(Placed { kind: PlacedKind::Directory { .. }, .. }) if is_directory => Ok(None),
            Some(Placed { kind: PlacedKind::Symlink { .. }, slot }) if !is_directory => {
                Ok(Some(Replaced { slot: *slot, is_file: false }))
            }
            Some(Placed { kind: PlacedKind::File, slot }) if !is_directory && *slot != item.slot => {
                Ok(Some(Replaced { slot: *slot, is_file: true }))
            }
            Some(found) => Err(clash(bytes, found)),
        }
    }

    /// Remembers an item.
    ///
    /// # Errors
    /// [`Fault`] where it cannot be put here; then nothing is remembered.
    pub fn add(&mut self, item: &Item<'_>) -> Result<Added, Fault> {
        let replaced = self.check(item)?;
        let (bytes, slot) = (item.path.as_bytes(), item.slot);
        let moved = parent(bytes) != self.last_parent;
        let parents = if moved { self.add_parents(item.path, slot) } else { Vec::new() };
        let existed = self.entries.contains_key(bytes) && replaced.is_none();
        let kind = match item.kind {
            ItemKind::File | ItemKind::HardLink { .. } => PlacedKind::File,
            ItemKind::Directory { mtime } => PlacedKind::Directory { mtime: Some(mtime) },
            ItemKind::Symlink { target } => PlacedKind::Symlink { target: target.to_owned() },
        };
        self.entries.insert(bytes.into(), Placed { slot, kind });
        Ok(Added { parents, moved, replaced, existed })
    }

    fn add_parents(&mut self, path: &EntryPath, slot: usize) -> Vec<Vec<u8>> {
        let missing = path.ancestors().take_while(|directory| !self.entries.contains_key(*directory));
        let mut missing: Vec<Vec<u8>> = missing.map(<[u8]>::to_vec).collect();
        missing.reverse();
        for directory in &missing {
            self.entries
                .insert(directory.as_slice().into(), Placed { slot, kind: PlacedKind::Directory { mtime: None } });
        }
        self.last_parent = parent(path.as_bytes()).to_vec();
        missing
    }

    /// All that is in it, in the order of the paths.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&[u8], &Placed)> {
        self.entries.iter().map(|(path, placed)| (&**path, placed))
    }
}

fn parent(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    path.get(..end).unwrap_or_default()
}

fn clash(path: &[u8], found: &Placed) -> Fault {
    Fault::Clash { found: found.kind.word(), path: path.to_vec(), slot: found.slot }
}
