//! What installed distributions say of themselves: `*.dist-info/METADATA` and `RECORD` (PyPA's "Recording installed projects").

use crate::wheel::{METADATA_MAX, NAME_MAX, RECORD_MAX};
use flavor_python::{parse_metadata, record_path};
use pspf_nostd::tar::{Entry, EntryKind};
use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of all `RECORD`s of one slot that are kept: some 600,000 paths.
const RECORDS_MAX: usize = 64 << 20;
/// Most `.dist-info` folders of one slot whose files are read.
const DIST_INFOS_MAX: usize = 1 << 14;

/// An installed distribution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistInfo {
    /// The folder of modules that it is installed in, without a `/` at the end; empty at the archive's root.
    pub site: String,
    /// Name of its `.dist-info` folder.
    pub folder: String,
    /// `Name`; empty where `METADATA` names none.
    pub name: String,
    /// `Version`; empty where `METADATA` names none.
    pub version: String,
    /// Whether there is a `METADATA`.
    pub has_metadata: bool,
    /// The files that `RECORD` lists, as paths in the archive.
    pub files: Vec<String>,
}

impl DistInfo {
    /// The `.dist-info` folder, as a path in the archive.
    #[must_use]
    pub fn path(&self) -> String {
        if self.site.is_empty() { self.folder.clone() } else { format!("{}/{}", self.site, self.folder) }
    }
}

/// The `.dist-info` folders that another distribution installed: copies that it brought along.
#[must_use]
pub fn vendored(all: &[&DistInfo]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for one in all {
        let own = one.path();
        let folders = one.files.iter().filter_map(|file| file.strip_suffix("/METADATA"));
        found.extend(folders.filter(|folder| folder.ends_with(".dist-info") && *folder != own).map(str::to_owned));
    }
    found
}

/// Picks those files out of an archive that passes by.
#[derive(Default)]
pub(super) struct Collector {
    taking: Option<(String, Part)>,
    held: Vec<u8>,
    /// Bytes of the `RECORD`s kept so far.
    records: usize,
    found: BTreeMap<String, DistInfo>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Metadata,
    Record,
}

impl Collector {
    pub(super) fn begin(&mut self, entry: &Entry) {
        let path = String::from_utf8_lossy(entry.path.as_bytes());
        let Some((folder, file)) = path.rsplit_once('/') else { return };
        let part = match file {
            "METADATA" => Part::Metadata,
            "RECORD" => Part::Record,
            _ => return,
        };
        if part == Part::Record && self.records >= RECORDS_MAX {
            return;
        }
        let known = self.found.len() < DIST_INFOS_MAX || self.found.contains_key(folder);
        if folder.ends_with(".dist-info") && entry.kind == EntryKind::File && known {
            self.taking = Some((folder.to_owned(), part));
            self.held.clear();
        }
    }

    pub(super) fn data(&mut self, bytes: &[u8]) {
        let Some((_, part)) = &self.taking else { return };
        let max = if *part == Part::Metadata { METADATA_MAX } else { RECORD_MAX };
        let left = max.saturating_sub(self.held.len());
        self.held.extend_from_slice(bytes.get(..left).unwrap_or(bytes));
    }

    pub(super) fn end(&mut self) {
        let Some((path, part)) = self.taking.take() else { return };
        let text = String::from_utf8_lossy(&self.held);
        let (site, folder) = path.rsplit_once('/').unwrap_or(("", &path));
        let found = self.found.entry(path.clone()).or_insert_with(|| DistInfo {
            site: site.to_owned(),
            folder: folder.to_owned(),
            ..DistInfo::default()
        });
        match part {
            Part::Metadata => {
                let read = parse_metadata(&text, String::new());
                let short = |text: String| if text.len() <= NAME_MAX { text } else { String::new() };
                (found.has_metadata, found.name, found.version) = (true, short(read.name), short(read.version));
            }
            Part::Record => {
                self.records = self.records.saturating_add(self.held.len());
                found.files = text.lines().filter_map(|line| recorded(site, &record_path(line).1)).collect();
            }
        }
    }

    pub(super) fn distributions(self) -> Vec<DistInfo> {
        self.found.into_values().collect()
    }
}

/// A path of `RECORD`, which is relative to the folder of modules, as a path of the archive; none for absolute ones and those
/// that lead out of it.
fn recorded(site: &str, path: &str) -> Option<String> {
    if path.is_empty() || path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = site.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_paths_are_paths_of_the_archive() {
        let site = "lib/python3.11/site-packages";
        assert_eq!(recorded(site, "click/core.py").as_deref(), Some("lib/python3.11/site-packages/click/core.py"));
        assert_eq!(recorded(site, "../../../bin/tool").as_deref(), Some("bin/tool"));
        assert_eq!(recorded("", "a/./b"), Some("a/b".to_owned()));
        assert_eq!((recorded(site, "/etc/passwd"), recorded("a", "../../x"), recorded("a", "")), (None, None, None));
    }
}
