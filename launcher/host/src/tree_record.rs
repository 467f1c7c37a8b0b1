//! What a published tree holds: kind, mode, size, time and digest of every entry, and whether that still holds.
//!
//! The record is a list of `<kind> <mode> <size> <seconds>.<nanoseconds> <SHA-256> <path>`, each ended by a NUL, sorted by path.
//! Kinds are `d`, `f` and `l`, in upper case for what the setup has made or changed; the digest is that of a file's content or
//! of a link's target. What is in a tree and not in its record is no damage: programs put caches beside their files.

use std::{
    collections::BTreeMap,
    ffi::{CStr, OsStr},
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

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, statat};

use crate::files::{io_failure::IoFailure, open_file::open};

/// Bytes per read where a file is hashed.
const READ_SIZE: usize = 128 << 10;

/// What is at a path.
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
    /// Made or changed by the setup, not as a slot brought it: such files are often written to by the program.
    pub by_setup: bool,
}

impl Entry {
    /// An entry as the file system has it.
    pub(crate) fn of(kind: Kind, found: &Metadata, digest: Sha256Digest) -> Self {
        let size = if kind == Kind::Directory { 0 } else { found.size() };
        let mtime = (found.mtime(), found.mtime_nsec());
        Self { kind, mode: found.mode() & 0o7777, size, mtime, digest, by_setup: false }
    }

    /// Whether a file is still what it was, as far as can be told without reading it.
    pub(crate) fn looks_like(&self, found: &Metadata) -> bool {
        let kind = if found.is_file() { Some(Kind::File) } else { None };
        let found =
            Facts { kind, mode: found.mode() & 0o7777, size: found.size(), mtime: (found.mtime(), found.mtime_nsec()) };
        let (mode, size, mtime) = (self.mode, self.size, self.mtime);
        Facts { kind: Some(self.kind), mode, size, mtime }.differs(&found).is_none()
    }

    /// Whether it is the same, but for what happens to a directory when something is put into it.
    pub(crate) fn is_as_before(&self, before: &Self) -> bool {
        match self.kind {
            Kind::Directory => before.kind == Kind::Directory && before.mode == self.mode,
            _ => self == before,
        }
    }
}

/// What can be told of an entry without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    /// `None` for what no slot can bring.
    kind: Option<Kind>,
    mode: u32,
    size: u64,
    mtime: (i64, i64),
}

impl Facts {
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_fallible_conversions,
        reason = "systems differ in the types"
    )]
    fn of(found: &Stat) -> Self {
        let mode = u32::from(found.st_mode);
        let kind = match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => Some(Kind::Directory),
            FileType::RegularFile => Some(Kind::File),
            FileType::Symlink => Some(Kind::Symlink),
            _ => None,
        };
        let nanoseconds = i64::try_from(found.st_mtime_nsec).unwrap_or_default();
        let size = u64::try_from(found.st_size).unwrap_or_default();
        Self { kind, mode: mode & 0o7777, size, mtime: (i64::from(found.st_mtime), nanoseconds) }
    }

    /// What is different in what was found in its place.
    fn differs(&self, found: &Self) -> Option<&'static str> {
        if found.kind != self.kind {
            return Some("is something else");
        }
        let is_directory = self.kind == Some(Kind::Directory);
        if !is_directory && found.size != self.size {
            Some("has another size")
        } else if self.kind != Some(Kind::Symlink) && found.mode != self.mode {
            Some("has another mode")
        } else if !is_directory && found.mtime != self.mtime {
            Some("was modified")
        } else {
            None
        }
    }
}

/// How closely a tree is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audit {
    /// What every start looks at. Up to [`ENTRIES_MAX`]: kind, size, mode and time of every entry; of what the setup made, whether
    /// it is there. In larger trees that of every directory, then of the entries of those whose time differs.
    Start,
    /// The same, of every entry in any case.
    Every,
    /// Kind, size, mode and time of every entry, whoever made it.
    Quick,
    /// The same, and every file and link is read and compared with its digest.
    Full,
}

/// Up to this many entries, every start looks at all of them.
pub const ENTRIES_MAX: u64 = 4_000;

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
    /// Records a tree as it is, without the entry `except` at its root. Every file is read.
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

    /// Adds an entry below `root`.
    ///
    /// # Errors
    /// What cannot be looked at.
    pub(crate) fn add(&mut self, root: &Path, path: &[u8], kind: Kind, digest: Sha256Digest) -> Result<(), IoFailure> {
        let full = root.join(OsStr::from_bytes(path));
        let found = fs::symlink_metadata(&full).map_err(IoFailure::of("look at", &full))?;
        self.entries.insert(path.to_vec(), Entry::of(kind, &found, digest));
        Ok(())
    }

    /// Adds a directory that the launcher has made for the package, which the program may fill.
    ///
    /// # Errors
    /// What cannot be looked at.
    pub(crate) fn add_made(&mut self, root: &Path, full: &Path) -> Result<(), IoFailure> {
        let path = full.strip_prefix(root).unwrap_or(full).as_os_str().as_bytes();
        if !self.entries.contains_key(path) && !path.is_empty() {
            self.add(root, path, Kind::Directory, Sha256Digest([0; 32]))?;
        }
        Ok(())
    }

    /// Marks what is not as the slots have brought it.
    pub(crate) fn after_setup(self, brought: &Self) -> Self {
        let mut marked = Self::default();
        for (path, entry) in self.entries.iter() {
            let by_setup = !brought.entries.get(path.as_slice()).is_some_and(|before| entry.is_as_before(before));
            marked.entries.insert(path.clone(), Entry { by_setup, ..entry.clone() });
        }
        marked
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
        let mut record = Self::default();
        for line in Lines(bytes) {
            let line = line?;
            record.entries.insert(line.path.to_bytes().to_vec(), line.entry()?);
        }
        Some(record)
    }
}

/// Compares a tree with its stored record, which has so many entries; `None` where it is not a record.
#[must_use]
pub fn audit(stored: &[u8], entries: u64, root: &Path, audit: Audit) -> Option<Vec<Damage>> {
    let Ok(tree) = rustix::fs::open(root, directory_flags(), Mode::empty()) else {
        return Some(vec![Damage { path: PathBuf::new(), what: "cannot be opened" }]);
    };
    // A link in a directory's place is followed, and seen in that directory's own entry.
    let look = |line: &Line<'_>| {
        let found = statat(&tree, line.path, AtFlags::SYMLINK_NOFOLLOW);
        found.ok().map(|found| Facts::of(&found))
    };
    let mut damaged = Vec::new();
    let mut compare = |line: &Line<'_>, found: Option<Facts>| {
        let what = match found {
            None => Some("is missing"),
            Some(found) if line.by_setup && audit < Audit::Quick => {
                (found.kind != line.facts.kind).then_some("is something else")
            }
            Some(found) => line.facts.differs(&found),
        };
        let what = what.or_else(|| if audit == Audit::Full { line.content_differs(root) } else { None });
        damaged.extend(what.map(|what| Damage { path: PathBuf::from(OsStr::from_bytes(line.path.to_bytes())), what }));
    };
    if audit > Audit::Start || entries <= ENTRIES_MAX {
        for line in Lines(stored) {
            let line = line?;
            compare(&line, look(&line));
        }
        return Some(damaged);
    }
    // No time of the root itself is recorded.
    let mut touched: Vec<&[u8]> = vec![b""];
    for line in Lines(stored) {
        let line = line?;
        if line.facts.kind == Some(Kind::Directory) {
            let found = look(&line);
            if found.is_some_and(|found| found.mtime != line.facts.mtime) {
                touched.push(line.path.to_bytes());
            }
            compare(&line, found);
        }
    }
    for line in Lines(stored) {
        let line = line?;
        if line.facts.kind != Some(Kind::Directory) && touched.binary_search(&parent(line.path.to_bytes())).is_ok() {
            compare(&line, look(&line));
        }
    }
    Some(damaged)
}

/// The directory that a path is in.
fn parent(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|byte| *byte == b'/');
    &path[..slash.unwrap_or_default()]
}

/// A directory to start paths from, not a link to one.
fn directory_flags() -> OFlags {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let only = OFlags::PATH;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let only = OFlags::RDONLY;
    only | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

/// One entry as it is stored.
pub(crate) fn line(path: &[u8], entry: &Entry) -> Vec<u8> {
    let kind = match entry.kind {
        Kind::Directory => 'd',
        Kind::File => 'f',
        Kind::Symlink => 'l',
    };
    let kind = if entry.by_setup { kind.to_ascii_uppercase() } else { kind };
    let Entry { mode, size, mtime: (seconds, nanoseconds), digest, .. } = entry;
    let facts = format!("{kind} {mode:o} {size} {seconds}.{nanoseconds} {digest} ");
    [facts.as_bytes(), path, &[0]].concat()
}

/// Reads one entry.
pub(crate) fn parse_line(line: &[u8]) -> Option<(&[u8], Entry)> {
    let mut lines = Lines(line);
    let line = lines.next()??;
    Some((line.path.to_bytes(), line.entry()?)).filter(|_| lines.0.is_empty())
}

/// An entry that is read from a record, as far as a start needs it.
struct Line<'a> {
    facts: Facts,
    by_setup: bool,
    digest: &'a [u8],
    path: &'a CStr,
}

impl Line<'_> {
    fn entry(&self) -> Option<Entry> {
        let Facts { kind, mode, size, mtime } = self.facts;
        let digest = std::str::from_utf8(self.digest).ok()?.parse().ok()?;
        Some(Entry { kind: kind?, mode, size, mtime, digest, by_setup: self.by_setup })
    }

    /// Whether what is in it is something else than it was.
    fn content_differs(&self, root: &Path) -> Option<&'static str> {
        let path = root.join(OsStr::from_bytes(self.path.to_bytes()));
        let read = match self.facts.kind? {
            Kind::Directory => return None,
            Kind::File => file_digest(&path),
            Kind::Symlink => link_digest(&path),
        };
        match (read, self.entry()) {
            (Ok(found), Some(entry)) if found == entry.digest => None,
            (Ok(_), _) => Some("has other content"),
            (Err(_), _) => Some("cannot be read"),
        }
    }
}

/// The entries of a record, read without memory of their own: every start reads all of them. What is not an entry is `None`,
/// and the last.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = Option<Line<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let line = self.read();
        if line.is_none() {
            self.0 = b"";
        }
        Some(line)
    }
}

impl<'a> Lines<'a> {
    fn read(&mut self) -> Option<Line<'a>> {
        let (first, rest) = self.0.split_first()?;
        let kind = match first.to_ascii_lowercase() {
            b'd' => Kind::Directory,
            b'f' => Kind::File,
            b'l' => Kind::Symlink,
            _ => return None,
        };
        self.0 = rest.strip_prefix(b" ")?;
        let mode = u32::try_from(self.number(8, b' ')?).ok()?;
        let size = self.number(10, b' ')?;
        let before_1970 = self.0.first() == Some(&b'-');
        if before_1970 {
            self.0 = &self.0[1..];
        }
        let seconds = i64::try_from(self.number(10, b'.')?).ok()?;
        let seconds = if before_1970 { -seconds } else { seconds };
        let nanoseconds = i64::try_from(self.number(10, b' ')?).ok()?;
        let (digest, rest) = self.0.split_at_checked(2 * Sha256Digest([0; 32]).0.len())?;
        let path = CStr::from_bytes_until_nul(rest.strip_prefix(b" ")?).ok()?;
        self.0 = &rest[1 + path.to_bytes_with_nul().len()..];
        let facts = Facts { kind: Some(kind), mode, size, mtime: (seconds, nanoseconds) };
        Some(Line { facts, by_setup: first.is_ascii_uppercase(), digest, path })
    }

    /// The number up to this byte, which is taken as well.
    fn number(&mut self, radix: u32, end: u8) -> Option<u64> {
        let (mut number, mut digits) = (0_u64, 0_usize);
        loop {
            let byte = *self.0.get(digits)?;
            if byte == end {
                break;
            }
            let digit = char::from(byte).to_digit(radix)?;
            number = number.checked_mul(u64::from(radix))?.checked_add(u64::from(digit))?;
            digits += 1;
        }
        self.0 = &self.0[digits + 1..];
        (digits > 0).then_some(number)
    }
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

    fn found(record: &TreeRecord, root: &Path, level: Audit) -> Vec<(PathBuf, &'static str)> {
        let entries = u64::try_from(record.entries.len()).unwrap();
        let damage = audit(&record.to_bytes(), entries, root, level).unwrap();
        damage.into_iter().map(|damage| (damage.path, damage.what)).collect()
    }

    #[test]
    fn what_is_stored_is_read_again_and_nothing_else_is() {
        let (directory, record) = tree();
        assert_eq!(record.entries.len(), 5);
        let bytes = record.to_bytes();
        assert_eq!(TreeRecord::parse(&bytes), Some(record.clone()));
        assert_eq!(found(&record, directory.path(), Audit::Full), []);
        for cut in 1..bytes.len() {
            assert_ne!(TreeRecord::parse(&bytes[..cut]), Some(record.clone()));
            if bytes[cut - 1] != 0 {
                assert_eq!(audit(&bytes[..cut], 5, directory.path(), Audit::Every), None, "{cut}");
            }
        }
        for line in
            ["", "x 1 1 1.1", "f 8 1 1.1", "f 7 -1 1.1", "f 7 99999999999999999999 1.1", "f 7 1 1", "f 7 1 --1.1"]
        {
            let line = format!("{line} {} a\0", Sha256Digest([1; 32]));
            assert_eq!(TreeRecord::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn damage_is_named_by_the_audit_that_can_see_it() {
        use std::os::unix::fs::PermissionsExt;
        type Harm = fn(&Path);
        // What the start sees, the quick audit, and the full one.
        let cases: [(Harm, [&str; 3]); 8] = [
            (|root| fs::remove_file(root.join("empty")).unwrap(), ["is missing"; 3]),
            (|root| fs::remove_dir_all(root.join("d/e")).unwrap(), ["is missing"; 3]),
            (|root| fs::write(root.join(OsStr::from_bytes(b"d/with \xff\n")), "").unwrap(), ["has another size"; 3]),
            (
                |root| fs::set_permissions(root.join("empty"), fs::Permissions::from_mode(0o777)).unwrap(),
                ["has another mode"; 3],
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
                    let file = fs::File::options().write(true).open(root.join("empty")).unwrap();
                    file.set_modified(std::time::UNIX_EPOCH).unwrap();
                },
                ["was modified"; 3],
            ),
            (
                |root| {
                    fs::remove_file(root.join("d/link")).unwrap();
                    symlink("../other", root.join("d/link")).unwrap();
                },
                ["was modified"; 3],
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
            std::thread::sleep(std::time::Duration::from_millis(20));
            harm(directory.path());
            // Added beside the package's own files: nobody's business.
            fs::write(directory.path().join("d/cache"), "x").unwrap();
            for (level, expected) in [Audit::Start, Audit::Quick, Audit::Full].into_iter().zip(expected) {
                let found: Vec<_> = found(&record, directory.path(), level).into_iter().map(|(_, what)| what).collect();
                let expected: Vec<_> = Some(expected).filter(|text| !text.is_empty()).into_iter().collect();
                assert_eq!(found, expected, "case {number}, {level:?}");
            }
        }
    }

    /// Directories whose names sort around their content's, and a link in a directory's place.
    #[test]
    fn every_entry_is_looked_at_in_its_own_directory() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        for path in ["a", "a/b", "a/b/c", "a-", "a.b", "b", "b/b"] {
            fs::create_dir(root.join(path)).unwrap();
            fs::write(root.join(path).join("f"), path).unwrap();
            fs::write(root.join(path).join("~"), path).unwrap();
        }
        let record = TreeRecord::of_tree(root, "").unwrap();
        assert_eq!(record.entries.len(), 21);
        assert_eq!(found(&record, root, Audit::Full), []);
        for (path, _) in record.entries.iter().filter(|(_, entry)| entry.kind == Kind::File) {
            let path = PathBuf::from(OsStr::from_bytes(path));
            fs::rename(root.join(&path), root.join("away")).unwrap();
            assert_eq!(found(&record, root, Audit::Every), [(path.clone(), "is missing")]);
            fs::rename(root.join("away"), root.join(&path)).unwrap();
        }
        // What is behind a link is not what was published, even if it looks the same.
        fs::rename(root.join("a/b"), root.join("elsewhere")).unwrap();
        symlink("../elsewhere", root.join("a/b")).unwrap();
        assert_eq!(found(&record, root, Audit::Full)[0], (PathBuf::from("a/b"), "is something else"));
    }

    #[test]
    fn what_a_setup_has_made_may_change_but_not_go() {
        let (directory, record) = tree();
        let root = directory.path();
        let path = OsStr::from_bytes(b"d/with \xff\n");
        fs::write(root.join(path), "changed by the setup").unwrap();
        fs::write(root.join("made"), "").unwrap();
        let record = TreeRecord::of_tree(root, "own").unwrap().after_setup(&record);
        assert_eq!(TreeRecord::parse(&record.to_bytes()), Some(record.clone()));
        let by_setup: Vec<_> =
            record.entries.iter().filter(|(_, entry)| entry.by_setup).map(|(path, _)| path.to_vec()).collect();
        assert_eq!(by_setup, [path.as_bytes(), b"made"]);
        for path in [path, OsStr::new("made")] {
            fs::write(root.join(path), "changed by the program").unwrap();
            assert_eq!(found(&record, root, Audit::Every), []);
        }
        assert_eq!(found(&record, root, Audit::Quick).len(), 2);
        fs::remove_file(root.join("made")).unwrap();
        fs::write(root.join("empty"), "x").unwrap();
        assert_eq!(
            found(&record, root, Audit::Start),
            [(PathBuf::from("empty"), "has another size"), (PathBuf::from("made"), "is missing")]
        );
    }

    #[test]
    fn in_a_large_tree_the_directories_tell_where_to_look() {
        let (directory, record) = tree();
        let root = directory.path();
        let bytes = record.to_bytes();
        let large = |level| -> Vec<_> {
            let damage = audit(&bytes, ENTRIES_MAX + 1, root, level).unwrap();
            damage.into_iter().map(|damage| (damage.path, damage.what)).collect()
        };
        let path = OsStr::from_bytes(b"d/with \xff\n");
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(root.join(path), "").unwrap();
        fs::write(root.join("empty"), "x").unwrap();
        // Directories keep their times when a file in them is overwritten. The root is looked at in any case.
        let at_root = (PathBuf::from("empty"), "has another size");
        let in_directory = (PathBuf::from(path), "has another size");
        assert_eq!(large(Audit::Start), std::slice::from_ref(&at_root));
        assert_eq!(large(Audit::Every), [in_directory.clone(), at_root.clone()]);
        fs::write(root.join("d/added"), "").unwrap();
        assert_eq!(large(Audit::Start), [in_directory, at_root.clone()]);
        fs::remove_file(root.join(path)).unwrap();
        fs::remove_dir_all(root.join("d/e")).unwrap();
        assert_eq!(
            large(Audit::Start),
            [(PathBuf::from("d/e"), "is missing"), (PathBuf::from(path), "is missing"), at_root]
        );
    }
}
