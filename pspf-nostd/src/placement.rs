//! The one judge of what extraction would write: targets of single files and entries of archives alike.
//!
//! [`Tree`] refuses what cannot be put beside the rest of one tree; extraction, the launcher, scans, `verify --deep` and packing
//! all ask it. [`Judge`] asks it for a whole package, whose lifecycles decide which slots meet in one tree, and says beside that what
//! extraction accepts and a careful receiver may not.

mod names;
mod tree;

pub use names::name_key;
pub use tree::{Added, Placed, PlacedKind, Replaced, Tree};

use crate::{
    limits::{TAR_DEPTH_MAX, TAR_PATH_MAX},
    tar::{Entry, EntryKind, EntryPath, PathFault},
};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use names::Names;

/// Name of the launcher's own directory in every tree; no slot may write there.
pub const RECORD_DIRECTORY: &str = ".pspf";

/// Most entries of one tree: what is remembered of each takes some 200 bytes of memory.
pub const ENTRIES_MAX: usize = 1_000_000;

/// Longest name of a file or directory that common file systems take, in bytes.
pub const NAME_MAX: u64 = 255;

/// Bytes of paths that a [`Judge`] remembers of one package.
const PATHS_MAX: usize = 256 << 20;

/// Platforms that a [`Judge`] tells apart; slots for others are taken to meet.
const PLATFORMS_MAX: usize = 16;

/// Something to be put into a tree.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Position of the slot that brings it.
    pub slot: usize,
    /// Where it goes, below the root of the tree.
    pub path: &'a EntryPath,
    /// What it is.
    pub kind: ItemKind<'a>,
    /// Unix mode, with set-user-ID, set-group-ID and sticky as the package states them.
    pub mode: u32,
}

/// What is put at a path.
#[derive(Clone, Copy, Debug)]
pub enum ItemKind<'a> {
    /// A regular file.
    File,
    /// A directory.
    Directory {
        /// Seconds since 1970-01-01 UTC.
        mtime: u64,
    },
    /// A symbolic link.
    Symlink {
        /// Where it points.
        target: &'a [u8],
    },
    /// Another name for a file of the same slot.
    HardLink {
        /// The file.
        target: &'a EntryPath,
    },
}

impl<'a> Item<'a> {
    /// The only file of a slot that is not an archive.
    #[must_use]
    pub fn file(slot: usize, path: &'a EntryPath, mode: u32) -> Self {
        Self { slot, path, kind: ItemKind::File, mode }
    }

    /// An entry of a slot's archive.
    #[must_use]
    pub fn of_entry(slot: usize, entry: &'a Entry) -> Self {
        let kind = match &entry.kind {
            EntryKind::File => ItemKind::File,
            EntryKind::Directory => ItemKind::Directory { mtime: entry.mtime },
            EntryKind::Symlink { target } => ItemKind::Symlink { target },
            EntryKind::HardLink { target } => ItemKind::HardLink { target },
        };
        Self { slot, path: &entry.path, kind, mode: entry.mode }
    }
}

/// The path that a slot's target means: `{workenv}/` taken off, empty and `.` components left out.
///
/// # Errors
/// [`Fault::Path`], [`Fault::TooLong`].
pub fn target(text: &str) -> Result<EntryPath, Fault> {
    let text = inside_workenv(text);
    if text.starts_with('/') {
        return Err(Fault::Path(PathFault::Absolute));
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let path = EntryPath::new(parts.join("/").as_bytes()).map_err(Fault::Path)?;
    let too_long = |length: usize, limit: u64| u64::try_from(length).unwrap_or(u64::MAX) > limit;
    if too_long(path.as_bytes().len(), TAR_PATH_MAX) {
        return Err(Fault::TooLong { what: "bytes in the path", limit: TAR_PATH_MAX });
    }
    if too_long(path.depth(), TAR_DEPTH_MAX) {
        return Err(Fault::TooLong { what: "components in the path", limit: TAR_DEPTH_MAX });
    }
    Ok(path)
}

/// A target or path of the metadata without the `{workenv}` in front of it.
#[must_use]
pub fn inside_workenv(path: &str) -> &str {
    match path.strip_prefix("{workenv}") {
        Some(rest) => rest.trim_start_matches('/'),
        None => path,
    }
}

/// Why something cannot be put into a tree: extraction refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A target is not a path inside the tree.
    Path(PathFault),
    /// A path, or a name in it, is longer than file systems take.
    TooLong {
        /// What is counted.
        what: &'static str,
        /// How many there may be.
        limit: u64,
    },
    /// The launcher keeps its own records there.
    Reserved,
    /// Something of another kind is there already.
    Clash {
        /// What it is.
        found: &'static str,
        /// Its path: the item's, or that of a directory above.
        path: Vec<u8>,
        /// Position of the slot that brought it.
        slot: usize,
    },
    /// A symbolic link that could lead out of the tree.
    LinkLeaves {
        /// Where it points.
        target: Vec<u8>,
    },
    /// A hard link to something that is not a file of the same slot.
    HardLink {
        /// Where it points.
        target: Vec<u8>,
    },
    /// More entries than [`ENTRIES_MAX`], or longer paths than can be remembered.
    TooMany,
}

impl Fault {
    /// A stable code (docs/findings.md).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Path(_) => "placement.path",
            Self::TooLong { .. } => "placement.too_long",
            Self::Reserved => "placement.reserved",
            Self::Clash { .. } => "placement.clash",
            Self::LinkLeaves { .. } => "placement.link_out",
            Self::HardLink { .. } => "placement.hard_link",
            Self::TooMany => "placement.too_many",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(fault) => write!(f, "the path {fault}"),
            Self::TooLong { what, limit } => write!(f, "more than the limit of {limit} {what}"),
            Self::Reserved => write!(f, "the name {RECORD_DIRECTORY} is reserved for the launcher"),
            Self::Clash { found, path, .. } => {
                write!(f, "there is already a {found} in its place: `{}`", path.escape_ascii())
            }
            Self::LinkLeaves { target } => {
                write!(f, "the symbolic link to `{}` could lead out of the directory", target.escape_ascii())
            }
            Self::HardLink { target } => {
                write!(f, "the hard link to `{}` does not name a file of the same slot", target.escape_ascii())
            }
            Self::TooMany => write!(f, "more than the limit of {ENTRIES_MAX} files and directories"),
        }
    }
}

impl core::error::Error for Fault {}

/// What extraction accepts, and a careful receiver may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The mode sets the user or the group of whoever runs it; extraction leaves these bits out.
    SetId {
        /// As stated.
        mode: u32,
    },
    /// Everybody may write it.
    WorldWritable {
        /// As stated.
        mode: u32,
    },
    /// The path does not mean the same on every file system: see [`EntryPath::is_portable`].
    NotPortable,
    /// A file or link of another slot is replaced.
    Replaces {
        /// Position of that slot.
        slot: usize,
    },
    /// Where case is folded or Unicode normalised, this is the same file as another.
    SameName {
        /// The other path.
        path: Vec<u8>,
    },
}

impl Concern {
    /// A stable code (docs/findings.md).
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SetId { .. } => "placement.set_id",
            Self::WorldWritable { .. } => "placement.world_writable",
            Self::NotPortable => "placement.not_portable",
            Self::Replaces { .. } => "placement.replaces",
            Self::SameName { .. } => "placement.same_name",
        }
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetId { mode } => write!(f, "mode {mode:04o} sets the user or the group of who runs it"),
            Self::WorldWritable { mode } => write!(f, "mode {mode:04o} lets everybody write"),
            Self::NotPortable => f.write_str("the path does not mean the same on every file system"),
            Self::Replaces { slot } => write!(f, "it replaces what slot {slot} has put there"),
            Self::SameName { path } => {
                let path = path.escape_ascii();
                write!(f, "it is the same file as `{path}` where case is folded or Unicode normalised")
            }
        }
    }
}

/// Which tree a slot goes into, by its lifecycle. Slots in the same one meet (docs/launcher.md, "Lifecycles").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    /// The work environment.
    WorkEnvironment,
    /// The state directory of the package.
    State,
    /// The private directory of one start.
    Start,
    /// A tree for the slot alone.
    Own(usize),
}

impl Root {
    /// Where the slot at a position goes.
    #[must_use]
    pub fn of_lifecycle(lifecycle: &str, slot: usize) -> Self {
        match lifecycle {
            "startup" | "temporary" | "temp" | "shutdown" => Self::Start,
            "lazy" => Self::Own(slot),
            "config" => Self::State,
            _ => Self::WorkEnvironment,
        }
    }
}

/// What is reported of one item.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Judgement {
    /// Why extraction refuses it.
    pub fault: Option<Fault>,
    /// What else is known of it.
    pub concerns: Vec<Concern>,
}

/// Judges a whole package, slot by slot.
#[derive(Debug, Default)]
pub struct Judge {
    trees: Vec<Judged>,
    /// The tree of the slot that was begun last.
    current: usize,
    held: usize,
}

#[derive(Debug)]
struct Judged {
    root: Root,
    /// Empty for slots of every platform.
    platform: String,
    tree: Tree,
    names: Names,
}

impl Judge {
    /// Goes on to a slot. Slots for different platforms never meet; `platform` is empty for one that is for all of them.
    pub fn begin(&mut self, slot: usize, lifecycle: &str, platform: &str) {
        let root = Root::of_lifecycle(lifecycle, slot);
        let platforms = self.trees.iter().filter(|judged| judged.root == root && !judged.platform.is_empty());
        let last = platforms.clone().nth(PLATFORMS_MAX.saturating_sub(1)).map(|judged| judged.platform.clone());
        let known = platforms.clone().any(|judged| judged.platform == platform);
        let platform = match last {
            Some(last) if !known && !platform.is_empty() => last,
            _ => platform.to_owned(),
        };
        let found = self.trees.iter().position(|judged| judged.root == root && judged.platform == platform);
        self.current = found.unwrap_or_else(|| {
            self.trees.push(Judged { root, platform, tree: Tree::default(), names: Names::default() });
            self.trees.len().saturating_sub(1)
        });
    }

    /// Judges what the slot that was begun puts at a path, and remembers it unless it is refused.
    pub fn judge(&mut self, item: &Item<'_>) -> Judgement {
        let mut concerns = Vec::new();
        let is_link = matches!(item.kind, ItemKind::Symlink { .. } | ItemKind::HardLink { .. });
        if item.mode & 0o6000 != 0 {
            concerns.push(Concern::SetId { mode: item.mode });
        }
        // A sticky directory, as /tmp is, lets nobody replace what another has put there.
        let sticky = matches!(item.kind, ItemKind::Directory { .. }) && item.mode & 0o1000 != 0;
        if !is_link && !sticky && item.mode & 0o002 != 0 {
            concerns.push(Concern::WorldWritable { mode: item.mode });
        }
        if !item.path.is_portable() {
            concerns.push(Concern::NotPortable);
        }
        let Some((root, everywhere)) = self.trees.get(self.current).map(|own| (own.root, own.platform.is_empty()))
        else {
            return Judgement { fault: None, concerns };
        };
        self.held = self.held.saturating_add(item.path.as_bytes().len());
        if self.held > PATHS_MAX {
            return Judgement { fault: Some(Fault::TooMany), concerns };
        }
        let mut replaced = None;
        for (number, judged) in self.trees.iter_mut().enumerate() {
            let own = number == self.current;
            // What is for every platform meets all; what is for one meets its own and what is for every platform.
            if judged.root != root || !(own || everywhere || judged.platform.is_empty()) {
                continue;
            }
            let outcome = if own { judged.tree.add(item).map(|added| added.replaced) } else { judged.tree.check(item) };
            match outcome {
                Ok(found) => replaced = replaced.or(found),
                Err(fault) => return Judgement { fault: Some(fault), concerns },
            }
            let known = if own { judged.names.add(item) } else { judged.names.find(item) };
            if let Some(path) = known {
                concerns.push(Concern::SameName { path });
            }
        }
        if let Some(Replaced { slot, .. }) = replaced {
            concerns.push(Concern::Replaces { slot });
        }
        Judgement { fault: None, concerns }
    }
}
