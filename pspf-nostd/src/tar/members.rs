//! Which paths an archive has brought so far.

use super::{
    entry::{Entry, EntryKind},
    error::TarFault,
    path::EntryPath,
};
use crate::limits::TAR_NAMES_MAX;
use alloc::{boxed::Box, collections::BTreeMap};

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    /// A directory that only paths below it speak of.
    ImpliedDirectory,
    Directory,
    File,
    /// A symbolic or hard link.
    Link,
}

/// Memory that a remembered path takes besides its bytes; an estimate of the map's share.
const NODE_COST: u64 = 64;

/// The tree so far. Paths are kept whole: with digests, a hard link to a missing file could pass by a collision.
#[derive(Debug, Default)]
pub(super) struct Members {
    members: BTreeMap<Box<[u8]>, Member>,
    held: u64,
}

impl Members {
    /// Remembers an entry, if it can be beside the earlier ones.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), TarFault> {
        let member = match &entry.kind {
            EntryKind::File => Member::File,
            EntryKind::Directory => Member::Directory,
            EntryKind::Symlink { .. } => Member::Link,
            EntryKind::HardLink { target } if self.members.get(target.as_bytes()) == Some(&Member::File) => {
                Member::Link
            }
            EntryKind::HardLink { target } => {
                return Err(TarFault::HardLinkTarget { target: target.as_bytes().to_vec() });
            }
        };
        self.insert(&entry.path, member)
    }

    /// Remembers a path, and the directories above it.
    fn insert(&mut self, path: &EntryPath, member: Member) -> Result<(), TarFault> {
        match (self.members.get(path.as_bytes()), member) {
            (None, _) => {}
            (Some(Member::ImpliedDirectory), Member::Directory) => {
                self.members.insert(path.as_bytes().into(), member);
                return Ok(());
            }
            (Some(Member::ImpliedDirectory), _) => return Err(TarFault::WasDirectory),
            (Some(_), _) => return Err(TarFault::Duplicate),
        }
        for parent in path.ancestors() {
            match self.members.get(parent) {
                None => self.hold(parent, Member::ImpliedDirectory)?,
                Some(Member::Directory | Member::ImpliedDirectory) => break,
                Some(_) => return Err(TarFault::BelowNonDirectory { parent: parent.to_vec() }),
            }
        }
        self.hold(path.as_bytes(), member)
    }

    fn hold(&mut self, path: &[u8], member: Member) -> Result<(), TarFault> {
        let length = u64::try_from(path.len()).unwrap_or(u64::MAX);
        self.held = self.held.saturating_add(length).saturating_add(NODE_COST);
        if self.held > TAR_NAMES_MAX {
            return Err(TarFault::Limit { what: "bytes of paths", limit: TAR_NAMES_MAX });
        }
        self.members.insert(path.into(), member);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String, vec::Vec};

    use super::{Entry, EntryKind, EntryPath, Member, Members, TarFault};

    fn path(text: &str) -> EntryPath {
        EntryPath::new(text.as_bytes()).expect("a path")
    }

    #[test]
    fn a_directory_may_come_after_its_content_but_once() {
        let mut members = Members::default();
        assert_eq!(members.insert(&path("a/b/c"), Member::File), Ok(()));
        assert_eq!(members.insert(&path("a"), Member::Directory), Ok(()));
        assert_eq!(members.insert(&path("a"), Member::Directory), Err(TarFault::Duplicate));
        assert_eq!(members.insert(&path("a/b"), Member::File), Err(TarFault::WasDirectory));
        assert_eq!(members.insert(&path("a/b"), Member::Link), Err(TarFault::WasDirectory));
    }

    #[test]
    fn many_paths_in_any_order_are_all_found() {
        let names: Vec<String> =
            (0..3000_u32).map(|number| format!("{:08x}", number.wrapping_mul(2_654_435_761))).collect();
        for order in [names.clone(), names.iter().rev().cloned().collect(), {
            let mut sorted = names.clone();
            sorted.sort();
            sorted
        }] {
            let mut members = Members::default();
            for name in &order {
                assert_eq!(members.insert(&path(&format!("d/{name}")), Member::File), Ok(()));
            }
            for name in &order {
                assert_eq!(members.insert(&path(&format!("d/{name}")), Member::File), Err(TarFault::Duplicate));
                assert_eq!(members.members.get(format!("d/{name}0").as_bytes()), None);
            }
            assert_eq!(members.members.get(b"d".as_slice()), Some(&Member::ImpliedDirectory));
        }
    }

    #[test]
    fn nothing_stands_below_files_and_links() {
        let mut members = Members::default();
        assert_eq!(members.insert(&path("f"), Member::File), Ok(()));
        assert_eq!(members.insert(&path("l"), Member::Link), Ok(()));
        for (below, parent) in [("f/x", b"f"), ("l/x/y", b"l")] {
            let refused = Err(TarFault::BelowNonDirectory { parent: parent.to_vec() });
            assert_eq!(members.insert(&path(below), Member::File), refused);
        }
    }

    #[test]
    fn hard_links_lead_to_files() {
        let mut members = Members::default();
        let hard_link = |to: &str| Entry {
            path: path("h"),
            kind: EntryKind::HardLink { target: path(to) },
            size: 0,
            mode: 0,
            mtime: 0,
        };
        assert_eq!(members.insert(&path("d/f"), Member::File), Ok(()));
        assert_eq!(members.insert(&path("l"), Member::Link), Ok(()));
        for target in ["d", "l", "h", "nothing"] {
            let refused = Err(TarFault::HardLinkTarget { target: target.as_bytes().to_vec() });
            assert_eq!(members.add(&hard_link(target)), refused);
        }
        assert_eq!(members.add(&hard_link("d/f")), Ok(()));
    }
}
