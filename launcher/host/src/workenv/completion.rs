//! The record that makes a tree valid, `.pspf/complete`: which content it holds, what its list of entries says, and whether it
//! has outlived a power cut.

use std::{io::Read, path::Path};

use pspf_nostd::{
    digest::{Sha256Digest, sha256},
    offsets::length,
};

use crate::{
    extraction::extraction_root::RECORD_DIRECTORY,
    files::open_file::open,
    tree_names::TREE,
    tree_record::{self, Audit, Damage, Entry, TreeRecord, line, parse_line},
};

/// First line: by which rules the tree was made.
const HEADING: &str = "pspf work environment 3";
/// Largest record that is read, in bytes: some hundred, and the longest path.
pub const SIZE_MAX: usize = 8 << 10;
/// The kernel's name for the time since it was started.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// Instead of a boot: everything is on the disk for sure.
const SETTLED: &str = "settled";

/// What a record knows of the list of entries beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub digest: Sha256Digest,
    /// How many entries it has.
    pub entries: u64,
}

/// The record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The content id, in full, with the suffix of the tree.
    pub content: String,
    /// The stored [`TreeRecord`].
    pub tree: Sealed,
    /// The boot during which the files were written without waiting for the disk; `None` where they are on it for sure.
    pub boot: Option<String>,
    /// The program that the package runs, where it is one of its files.
    pub program: Option<(Vec<u8>, Entry)>,
}

impl Completion {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Sealed { size, digest, entries } = self.tree;
        let boot = self.boot.as_deref().unwrap_or(SETTLED);
        let mut bytes = [HEADING, "\ncontent ", &self.content, "\ntree ", &size.to_string(), " "].concat().into_bytes();
        let tree = [&digest.to_string(), " ", &entries.to_string(), "\nboot ", boot, "\n"].concat();
        bytes.extend_from_slice(tree.as_bytes());
        if let Some((path, entry)) = &self.program {
            bytes.extend_from_slice(&line(path, entry));
        }
        bytes
    }

    /// Reads a record; `None` where it is not a whole one.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines = bytes.splitn(5, |byte| *byte == b'\n');
        let mut text = |name: &str| std::str::from_utf8(lines.next()?).ok()?.strip_prefix(name);
        text(HEADING).filter(|rest| rest.is_empty())?;
        let content = text("content ")?.to_owned();
        let (size, tree) = text("tree ")?.split_once(' ')?;
        let (digest, entries) = tree.split_once(' ')?;
        let tree = Sealed { size: size.parse().ok()?, digest: digest.parse().ok()?, entries: entries.parse().ok()? };
        let boot = Some(text("boot ")?.to_owned()).filter(|boot| boot != SETTLED);
        let program = match lines.next()? {
            [] => None,
            program => parse_line(program).map(|(path, entry)| Some((path.to_vec(), entry)))?,
        };
        Some(Self { content, tree, boot, program })
    }

    /// Reads the record; `None` where there is none, or not a whole one.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        let mut bytes = [0; SIZE_MAX];
        Self::parse(read(path, &mut bytes)?)
    }

    /// The list of what the tree at `root` holds, if it is the one that this record seals.
    #[must_use]
    pub fn tree_record(&self, root: &Path) -> Option<TreeRecord> {
        TreeRecord::parse(&self.stored(root, true)?)
    }

    /// Compares the tree at `root` with what was published; `None` where the list of that is missing or damaged. A start only sees
    /// from its length and form that it is the right one.
    #[must_use]
    pub fn audit(&self, root: &Path, audit: Audit) -> Option<Vec<Damage>> {
        tree_record::audit(&self.stored(root, audit > Audit::Start)?, self.tree.entries, root, audit)
    }

    fn stored(&self, root: &Path, hashed: bool) -> Option<Vec<u8>> {
        let Sealed { size, digest, .. } = self.tree;
        let file = open(&root.join(RECORD_DIRECTORY).join(TREE)).ok()?;
        let found = file.metadata().ok().filter(|found| found.is_file() && found.len() == size)?;
        let mut bytes = Vec::with_capacity(usize::try_from(found.len()).ok()?.checked_add(1)?);
        file.take(size).read_to_end(&mut bytes).ok()?;
        Some(bytes).filter(|bytes| length(bytes) == size && (!hashed || sha256(bytes) == digest))
    }
}

/// What tells this boot of the machine from others; `None` where the system does not say.
pub(crate) fn boot_id() -> Option<String> {
    let mut bytes = [0; 64];
    let id = std::str::from_utf8(read(Path::new(BOOT_ID), &mut bytes)?).ok()?.trim().to_owned();
    (!id.is_empty() && id != SETTLED).then_some(id)
}

/// Reads a file that is smaller than the buffer, by as few system calls as can be: this is what every start does.
fn read<'a>(path: &Path, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    let length = rustix::io::read(open(path).ok()?, &mut *buffer).ok()?;
    buffer.get(..length).filter(|bytes| bytes.len() < SIZE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree_record::Kind;

    #[test]
    fn what_is_written_is_read_and_nothing_less() {
        let digest = Sha256Digest([7; 32]);
        let entry = Entry { kind: Kind::File, mode: 0o755, size: 3, mtime: (-1, 5), digest, by_setup: true };
        let tree = Sealed { size: 9, digest, entries: 4 };
        for program in [None, Some((b"bin/a \xff\n".to_vec(), entry))] {
            for boot in [None, Some("x-y".to_owned())] {
                let record = Completion { content: "id".into(), tree, boot, program: program.clone() };
                let bytes = record.to_bytes();
                assert_eq!(Completion::parse(&bytes), Some(record.clone()));
                for cut in 0..bytes.len() {
                    assert_ne!(Completion::parse(&bytes[..cut]).as_ref(), Some(&record), "{cut}");
                }
            }
        }
    }
}
