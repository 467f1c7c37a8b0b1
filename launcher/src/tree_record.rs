//! What a published tree holds: kind, mode, size, time and digest of every entry, and whether that still holds.
//!
//! The record is a list of `<kind> <mode> <size> <seconds>.<nanoseconds> <SHA-256> <path>`, each ended by a NUL, sorted by path.
//! Kinds are `d`, `f` and `l`; the digest is that of a file's content or of a link's target. What stands in a tree and not in
//! its record is no damage: programs put caches beside their files.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt,
    fs::{self, Metadata},
    io::{self, Read},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::MetadataExt,
    },
    path::{Path, PathBuf},
};

use pspf_nostd::digest::{Sha256Digest, StreamingSha256, sha256};

use crate::{io_failure::IoFailure, open_file::open};

/// Bytes per read where a file is hashed.
const READ_SIZE: usize = 128 << 10;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Symlink,
}

/// One entry of a tree, as it was when the tree was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Length in bytes; 0 for directories.
    pub size: u64,
    /// Modification time: seconds since 1970, nanoseconds.
    pub mtime: (i64, i64),
    /// SHA-256 of the content or the link's target; zeros for directories.
    pub digest: Sha256Digest,
}

impl Entry {
    /// An entry as the file system has it.
    pub(crate) fn of(kind: Kind, found: &Metadata, digest: Sha256Digest) -> Self {
        let size = if kind == Kind::Directory { 0 } else { found.size() };
        Self { kind, mode: found.mode() & 0o7777, size, mtime: (found.mtime(), found.mtime_nsec()), digest }
    }

    /// Whether a file is still what it was, as far as can be told without reading it.
    pub(crate) fn looks_like(&self, found: &Metadata) -> bool {
        self.differs(found, Audit::Quick).is_none()
    }

    fn differs(&self, found: &Metadata, audit: Audit) -> Option<&'static str> {
        let kind = match found.file_type() {
            kind if kind.is_dir() => Some(Kind::Directory),
            kind if kind.is_file() => Some(Kind::File),
            kind if kind.is_symlink() => Some(Kind::Symlink),
            _ => None,
        };
        if kind != Some(self.kind) {
            return Some("is something else");
        }
        let is_file = self.kind == Kind::File;
        match audit {
            Audit::Lost if is_file && found.size() < self.size => Some("has lost content"),
            Audit::Lost => None,
            _ if is_file && found.size() != self.size => Some("has another size"),
            _ if self.kind != Kind::Symlink && found.mode() & 0o7777 != self.mode => Some("has another mode"),
            _ if is_file && (found.mtime(), found.mtime_nsec()) != self.mtime => Some("was modified"),
            _ => None,
        }
    }

    /// Whether what is in it is something else than it was.
    fn content_differs(&self, path: &Path) -> Option<&'static str> {
        let read = match self.kind {
            Kind::Directory => return None,
            Kind::File => file_digest(path),
            Kind::Symlink => link_digest(path),
        };
        match read {
            Ok(digest) if digest == self.digest => None,
            Ok(_) => Some("has other content"),
            Err(_) => Some("cannot be read"),
        }
    }
}

/// How closely a tree is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audit {
    /// Whether everything is there and nothing is shorter than it was: what a power cut can do.
    Lost,
    /// Kind, size, mode and time of every entry.
    Quick,
    /// The same, and every file and link is read and compared with its digest.
    Full,
}

/// An entry that is not what was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its path in the tree.
    pub path: PathBuf,
    /// What is wrong with it: `is missing`, `has another size`, …
    pub what: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path.display(), self.what)
    }
}

/// All entries of a tree, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeRecord {
    pub(crate) entries: BTreeMap<Vec<u8>, Entry>,
}

impl TreeRecord {
    /// Records a tree as it stands, without the entry `except` at its root. Every file is read.
    ///
    /// # Errors
    /// What cannot be read.
    pub(crate) fn of_tree(root: &Path, except: &str) -> Result<Self, IoFailure> {
        let mut record = Self::default();
        record.add_directory(root, b"", except.as_bytes())?;
        Ok(record)
    }

    fn add_directory(&mut self, root: &Path, below: &[u8], except: &[u8]) -> Result<(), IoFailure> {
        let directory = root.join(OsStr::from_bytes(below));
        let names = fs::read_dir(&directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        for name in names.map_err(IoFailure::of("list", &directory))? {
            let name = name.file_name();
            let name = name.as_bytes();
            if below.is_empty() && name == except {
                continue;
            }
            let path = if below.is_empty() { name.to_vec() } else { [below, b"/", name].concat() };
            let full = root.join(OsStr::from_bytes(&path));
            let look = || -> io::Result<Option<Entry>> {
                let found = fs::symlink_metadata(&full)?;
                let (kind, digest) = match found.file_type() {
                    kind if kind.is_dir() => (Kind::Directory, Sha256Digest([0; 32])),
                    kind if kind.is_file() => (Kind::File, file_digest(&full)?),
                    kind if kind.is_symlink() => (Kind::Symlink, link_digest(&full)?),
                    _ => return Ok(None),
                };
                Ok(Some(Entry::of(kind, &found, digest)))
            };
            let Some(entry) = look().map_err(IoFailure::of("read", &full))? else { continue };
            let kind = entry.kind;
            self.entries.insert(path.clone(), entry);
            if kind == Kind::Directory {
                self.add_directory(root, &path, except)?;
            }
        }
        Ok(())
    }

    /// Adds an entry that stands at `root`.
    ///
    /// # Errors
    /// What cannot be looked at.
    pub(crate) fn add(&mut self, root: &Path, path: &[u8], kind: Kind, digest: Sha256Digest) -> Result<(), IoFailure> {
        let full = root.join(OsStr::from_bytes(path));
        let found = fs::symlink_metadata(&full).map_err(IoFailure::of("look at", &full))?;
        self.entries.insert(path.to_vec(), Entry::of(kind, &found, digest));
        Ok(())
    }

    /// The record as it is stored.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (path, entry) in self.entries.iter() {
            bytes.extend_from_slice(&line(path, entry));
        }
        bytes
    }

    /// Reads a stored record; `None` where it is not one.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let lines = match bytes {
            [] => return Some(Self::default()),
            bytes => bytes.strip_suffix(&[0])?.split(|byte| *byte == 0),
        };
        let mut record = Self::default();
        for line in lines {
            let (path, entry) = parse_line(line)?;
            record.entries.insert(path.to_vec(), entry);
        }
        Some(record)
    }

    /// Compares a tree with the record.
    #[must_use]
    pub fn audit(&self, root: &Path, audit: Audit) -> Vec<Damage> {
        let mut damaged = Vec::new();
        for (path, entry) in self.entries.iter() {
            let full = root.join(OsStr::from_bytes(path));
            let what = match fs::symlink_metadata(&full) {
                Err(_) => Some("is missing"),
                Ok(found) => entry.differs(&found, audit),
            };
            if let Some(what) = what.or_else(|| if audit == Audit::Full { entry.content_differs(&full) } else { None })
            {
                damaged.push(Damage { path: PathBuf::from(OsStr::from_bytes(path)), what });
            }
        }
        damaged
    }
}

/// One entry as it is stored.
pub(crate) fn line(path: &[u8], entry: &Entry) -> Vec<u8> {
    let kind = match entry.kind {
        Kind::Directory => 'd',
        Kind::File => 'f',
        Kind::Symlink => 'l',
    };
    let Entry { mode, size, mtime: (seconds, nanoseconds), digest, .. } = entry;
    let facts = format!("{kind} {mode:o} {size} {seconds}.{nanoseconds} {digest} ");
    [facts.as_bytes(), path, &[0]].concat()
}

/// Reads one entry, without the NUL behind it.
pub(crate) fn parse_line(line: &[u8]) -> Option<(&[u8], Entry)> {
    let mut parts = line.splitn(6, |byte| *byte == b' ');
    let mut text = || parts.next().and_then(|part| std::str::from_utf8(part).ok());
    let kind = match text()? {
        "d" => Kind::Directory,
        "f" => Kind::File,
        "l" => Kind::Symlink,
        _ => return None,
    };
    let mode = u32::from_str_radix(text()?, 8).ok()?;
    let size = text()?.parse().ok()?;
    let (seconds, nanoseconds) = text()?.split_once('.')?;
    let mtime = (seconds.parse().ok()?, nanoseconds.parse().ok()?);
    let digest = text()?.parse().ok()?;
    Some((parts.next()?, Entry { kind, mode, size, mtime, digest }))
}

fn file_digest(path: &Path) -> io::Result<Sha256Digest> {
    let mut file = open(path)?;
    let mut hasher = StreamingSha256::new();
    let mut window = vec![0; READ_SIZE];
    loop {
        match file.read(&mut window)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&window[..length]),
        }
    }
}

fn link_digest(path: &Path) -> io::Result<Sha256Digest> {
    Ok(sha256(&fs::read_link(path)?.into_os_string().into_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree() -> (tempfile::TempDir, TreeRecord) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("d/e")).unwrap();
        fs::write(root.join(OsStr::from_bytes(b"d/with \xff\n")), "content").unwrap();
        fs::write(root.join("empty"), "").unwrap();
        symlink("../empty", root.join("d/link")).unwrap();
        fs::create_dir(root.join("own")).unwrap();
        let record = TreeRecord::of_tree(root, "own").unwrap();
        (directory, record)
    }

    #[test]
    fn what_is_stored_is_read_again_and_nothing_else_is() {
        let (directory, record) = tree();
        assert_eq!(record.entries.len(), 5);
        let bytes = record.to_bytes();
        assert_eq!(TreeRecord::parse(&bytes), Some(record.clone()));
        assert_eq!(record.audit(directory.path(), Audit::Full), []);
        for cut in 1..bytes.len() {
            assert_ne!(TreeRecord::parse(&bytes[..cut]), Some(record.clone()));
        }
    }

    #[test]
    fn damage_is_named_by_the_audit_that_can_see_it() {
        use std::os::unix::fs::PermissionsExt;
        type Harm = fn(&Path);
        let cases: [(Harm, [&str; 3]); 7] = [
            (|root| fs::remove_file(root.join("empty")).unwrap(), ["is missing"; 3]),
            (|root| fs::remove_dir_all(root.join("d/e")).unwrap(), ["is missing"; 3]),
            (
                |root| fs::write(root.join(OsStr::from_bytes(b"d/with \xff\n")), "").unwrap(),
                ["has lost content", "has another size", "has another size"],
            ),
            (
                |root| fs::set_permissions(root.join("empty"), fs::Permissions::from_mode(0o777)).unwrap(),
                ["", "has another mode", "has another mode"],
            ),
            (
                |root| {
                    let path = root.join(OsStr::from_bytes(b"d/with \xff\n"));
                    let before = fs::metadata(&path).unwrap().modified().unwrap();
                    fs::write(&path, "CONTENT").unwrap();
                    fs::File::options().write(true).open(&path).unwrap().set_modified(before).unwrap();
                },
                ["", "", "has other content"],
            ),
            (
                |root| {
                    fs::remove_file(root.join("d/link")).unwrap();
                    symlink("../other", root.join("d/link")).unwrap();
                },
                ["", "", "has other content"],
            ),
            (
                |root| {
                    fs::remove_file(root.join("empty")).unwrap();
                    symlink("d/e", root.join("empty")).unwrap();
                },
                ["is something else"; 3],
            ),
        ];
        for (number, (harm, expected)) in cases.into_iter().enumerate() {
            let (directory, record) = tree();
            harm(directory.path());
            // Added beside the package's own files: nobody's business.
            fs::write(directory.path().join("d/cache"), "x").unwrap();
            for (audit, expected) in [Audit::Lost, Audit::Quick, Audit::Full].into_iter().zip(expected) {
                let found: Vec<_> = record.audit(directory.path(), audit).iter().map(|damage| damage.what).collect();
                let expected: Vec<_> = Some(expected).filter(|text| !text.is_empty()).into_iter().collect();
                assert_eq!(found, expected, "case {number}, {audit:?}");
            }
        }
    }
}
