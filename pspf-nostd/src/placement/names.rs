//! Paths that are one file on hosts which fold case or normalise Unicode.

use super::{Item, ItemKind};
use crate::tar::EntryPath;
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use unicode_normalization::UnicodeNormalization as _;

/// The paths of one tree by what hosts may take them for.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: BTreeMap<Vec<u8>, Known>,
}

#[derive(Debug)]
struct Known {
    path: Vec<u8>,
    is_directory: bool,
}

impl Names {
    /// Another path that may be the same file. Directories may be one: what is in them is looked at by itself.
    pub(super) fn find(&self, item: &Item<'_>) -> Option<Vec<u8>> {
        let is_directory = matches!(item.kind, ItemKind::Directory { .. });
        let paths = item.path.ancestors().map(|above| (above, true)).chain([(item.path.as_bytes(), is_directory)]);
        for (path, is_directory) in paths {
            let other = self.known.get(&key(path)).filter(|other| other.path != path);
            if let Some(other) = other.filter(|other| !(other.is_directory && is_directory)) {
                return Some(other.path.clone());
            }
        }
        None
    }

    /// The same, and remembers the item; the first of several paths is the one that is named.
    pub(super) fn add(&mut self, item: &Item<'_>) -> Option<Vec<u8>> {
        let found = self.find(item);
        let is_directory = matches!(item.kind, ItemKind::Directory { .. });
        self.remember(item.path.as_bytes(), is_directory);
        for above in item.path.ancestors() {
            if !self.remember(above, true) {
                break;
            }
        }
        found
    }

    /// Whether the path is new.
    fn remember(&mut self, path: &[u8], is_directory: bool) -> bool {
        let key = key(path);
        let new = !self.known.contains_key(&key);
        if new {
            self.known.insert(key, Known { path: path.to_vec(), is_directory });
        }
        new
    }
}

/// A key that is equal for paths that may be one file on a host which folds case, normalises Unicode, or drops trailing dots and blanks.
#[must_use]
pub fn name_key(path: &EntryPath) -> Vec<u8> {
    key(path.as_bytes())
}

fn key(path: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(path.len());
    for component in path.split(|byte| *byte == b'/') {
        if !key.is_empty() {
            key.push(b'/');
        }
        let end = component.iter().rposition(|byte| !matches!(byte, b'.' | b' '));
        let component = component.get(..end.map_or(0, |last| last.saturating_add(1))).unwrap_or_default();
        match core::str::from_utf8(component) {
            Ok(text) if !text.is_ascii() => {
                // Upper case first: `ß`, `ſ` and `ς` have no lower case of their own.
                let upper: String = text.nfd().flat_map(char::to_uppercase).collect();
                let folded: String = upper.chars().flat_map(char::to_lowercase).nfd().collect();
                key.extend_from_slice(folded.as_bytes());
            }
            _ => key.extend(component.iter().map(u8::to_ascii_lowercase)),
        }
    }
    key
}
