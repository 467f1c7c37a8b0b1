//! The record that makes a tree valid, `.pspf/complete`: which content it holds, what its list of entries says, and whether it
//! has outlived a power cut.

use std::{fs, path::Path};

use pspf_nostd::digest::{Sha256Digest, sha256};

use crate::{
    extraction_root::RECORD_DIRECTORY,
    open_file::{open, read_start},
    tree_names::TREE,
    tree_record::{Entry, TreeRecord, line, parse_line},
};

/// First line: by which rules the tree was made.
const HEADING: &str = "pspf work environment 2";
/// Largest record that is read, in bytes: some hundred, and the longest path.
pub const SIZE_MAX: usize = 8 << 10;
/// The kernel's name for the time since it was started.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// Instead of a boot: everything is on the disk for sure.
const SETTLED: &str = "settled";

/// The record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The content id, in full, with the suffix of the tree.
    pub content: String,
    /// Length and SHA-256 of the stored [`crate::tree_record::TreeRecord`].
    pub tree: (u64, Sha256Digest),
    /// The boot during which the files were written without waiting for the disk; `None` where they are on it for sure.
    pub boot: Option<String>,
    /// The program that the package runs, where it is one of its files.
    pub program: Option<(Vec<u8>, Entry)>,
}

impl Completion {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let (size, digest) = &self.tree;
        let boot = self.boot.as_deref().unwrap_or(SETTLED);
        let mut bytes = [HEADING, "\ncontent ", &self.content, "\ntree ", &size.to_string(), " "].concat().into_bytes();
        bytes.extend_from_slice([&digest.to_string(), "\nboot ", boot, "\n"].concat().as_bytes());
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
        let (size, digest) = text("tree ")?.split_once(' ')?;
        let tree = (size.parse().ok()?, digest.parse().ok()?);
        let boot = Some(text("boot ")?.to_owned()).filter(|boot| boot != SETTLED);
        let program = match lines.next()? {
            [] => None,
            program => parse_line(program.strip_suffix(&[0])?).map(|(path, entry)| Some((path.to_vec(), entry)))?,
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
        let (size, digest) = self.tree;
        let path = root.join(RECORD_DIRECTORY).join(TREE);
        fs::symlink_metadata(&path).ok().filter(|found| found.is_file() && found.len() == size)?;
        let most = usize::try_from(size).ok()?;
        let file = open(&path).ok()?;
        let bytes = read_start(&file, most).ok().filter(|bytes| sha256(bytes) == digest)?;
        TreeRecord::parse(&bytes)
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
        let entry = Entry { kind: Kind::File, mode: 0o755, size: 3, mtime: (-1, 5), digest };
        for program in [None, Some((b"bin/a \xff\n".to_vec(), entry))] {
            for boot in [None, Some("x-y".to_owned())] {
                let record = Completion { content: "id".into(), tree: (9, digest), boot, program: program.clone() };
                let bytes = record.to_bytes();
                assert_eq!(Completion::parse(&bytes), Some(record.clone()));
                for cut in 0..bytes.len() {
                    assert_ne!(Completion::parse(&bytes[..cut]).as_ref(), Some(&record), "{cut}");
                }
            }
        }
    }
}
