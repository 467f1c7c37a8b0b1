//! What an archive lists: its entries with the digests of their content, as reports and programs show them.

use super::entry::{Entry, EntryKind, EntrySink};
use crate::{codec::Stop, digest::StreamingSha256};
use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};
use serde::Serialize;

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Path inside the archive.
    pub path: String,
    /// `file`, `directory`, `symlink` or `hardlink`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Bytes of content.
    pub size: u64,
    /// Unix mode, the low 12 bits.
    pub mode: u32,
    /// Seconds since 1970-01-01 UTC.
    pub mtime: u64,
    /// Of links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Of files: SHA-256 of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Whether path or target are not UTF-8 and have replacement characters here.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub lossy: bool,
}

impl FileEntry {
    /// The entry without its content's digest.
    #[must_use]
    pub fn of(entry: &Entry) -> Self {
        let mut lossy = false;
        let mut text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            lossy |= matches!(text, Cow::Owned(_));
            text.into_owned()
        };
        let path = text(entry.path.as_bytes());
        let (kind, target) = match &entry.kind {
            EntryKind::File => ("file", None),
            EntryKind::Directory => ("directory", None),
            EntryKind::Symlink { target } => ("symlink", Some(text(target))),
            EntryKind::HardLink { target } => ("hardlink", Some(text(target.as_bytes()))),
        };
        let (size, mode, mtime) = (entry.size, entry.mode, entry.mtime);
        Self { path, kind, size, mode, mtime, target, sha256: None, lossy }
    }
}

/// Collects entries with the digests of their content.
#[derive(Debug, Default)]
pub struct Entries {
    current: Option<(FileEntry, Option<StreamingSha256>)>,
    /// What is complete and was not taken yet.
    pub complete: Vec<FileEntry>,
}

impl EntrySink for Entries {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        let hasher = (entry.kind == EntryKind::File).then(StreamingSha256::new);
        self.current = Some((FileEntry::of(entry), hasher));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if let Some((_, Some(hasher))) = &mut self.current {
            hasher.update(bytes);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        if let Some((mut entry, hasher)) = self.current.take() {
            entry.sha256 = hasher.map(|hasher| hasher.finish().to_string());
            self.complete.push(entry);
        }
        Ok(())
    }
}
