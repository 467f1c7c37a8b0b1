//! Which paths an archive has brought so far.

use super::{
    entry::{Entry, EntryKind},
    error::TarFault,
    path::EntryPath,
};
use crate::{byte_map::ByteMap, limits::TAR_NAMES_MAX};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    /// A directory that only paths below it speak of.
    ImpliedDirectory,
    Directory,
    File,
    /// A symbolic or hard link.
    Link,
}

/// Memory that a remembered path takes besides its bytes; an estimate of the lists' share.
const NODE_COST: u64 = 64;

/// The tree so far. Paths are kept whole: with digests, a hard link to a missing file could pass by a collision.
#[derive(Debug, Default)]
pub(super) struct Members {
    members: ByteMap<Member>,
    held: u64,
}

/// Paths in order, in lists of at most [`LIST_MAX`]: a map in a quarter of the code of `BTreeMap`, and as fast for what fits.
#[derive(Debug, Default)]
struct SortedLists {
    lists: Vec<Vec<(Box<[u8]>, Member)>>,
}

/// Longest list. Adding moves half a list, and half of the lists' heads when one is split.
const LIST_MAX: usize = 256;

impl SortedLists {
    /// The list that a path is in, or belongs into, and where.
    fn find(&self, path: &[u8]) -> (usize, Result<usize, usize>) {
        let behind = self.lists.partition_point(|list| list.first().is_some_and(|(first, _)| &**first <= path));
        let number = behind.saturating_sub(1);
        let list = self.lists.get(number).map(Vec::as_slice).unwrap_or_default();
        (number, list.binary_search_by(|(known, _)| (**known).cmp(path)))
    }

    fn get(&self, path: &[u8]) -> Option<&Member> {
        let (number, place) = self.find(path);
        self.lists.get(number)?.get(place.ok()?).map(|(_, member)| member)
    }

    fn insert(&mut self, path: &[u8], member: Member) {
        let (number, place) = self.find(path);
        if self.lists.is_empty() {
            self.lists.push(Vec::new());
        }
        let Some(list) = self.lists.get_mut(number) else { return };
        match place {
            Ok(place) => {
                if let Some((_, known)) = list.get_mut(place) {
                    *known = member;
                }
            }
            Err(place) => list.insert(place, (path.into(), member)),
        }
        if list.len() > LIST_MAX {
            let behind = list.split_off(LIST_MAX / 2);
            self.lists.insert(number.saturating_add(1), behind);
        }
    }
}

impl Members {
    /// Remembers an entry, if it can stand beside the earlier ones.
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
                self.members.insert(path.as_bytes(), member);
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
        self.members.insert(path, member);
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
            assert_eq!(members.members.get(b"d"), Some(&Member::ImpliedDirectory));
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
