//! Work environments on this machine, found without their packages: the launcher's directories, names, records and locks.

mod disk_usage;
mod removal;
mod users;

pub use disk_usage::{Usage, usage};
pub use removal::{Refusal, remove, remove_directory};

use crate::problem::Failure;
use flavor_host::{
    extraction::extraction_root::RECORD_DIRECTORY,
    files::{
        base_dir::{self, BaseDir, check_tree},
        open_file,
        safe_path::PathError,
    },
    tree_names::{COMPLETE, ID_DIGITS, leftover_of},
    tree_record::{Audit, Damage},
    workenv::completion::{Completion, SIZE_MAX},
};
use flavor_manifest::Diagnostic;
use pspf_nostd::glob;
use rustix::fs::OFlags;
use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{self, Read as _},
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What a directory among the work environments is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Ours, with its record.
    Complete,
    /// Ours, and never finished or without its record: no start uses it.
    Incomplete,
    /// Being made, or left by a start that was killed.
    Leftover,
    /// Not made by this launcher: the published tool keeps its own in the same folder.
    Foreign,
}

/// One directory among the work environments.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its name.
    pub name: OsString,
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub state: State,
    /// The content that its record names.
    pub record: Option<Completion>,
    /// When it was made, as far as can be told.
    pub made: Option<SystemTime>,
    /// When a program was last started from it, to about a day (what file systems note of accesses); none where they note nothing.
    pub last_used: Option<SystemTime>,
}

impl Tree {
    /// Its name, for people.
    #[must_use]
    pub fn label(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }

    /// When it was last of use: the last start, else when it was made.
    #[must_use]
    pub fn last_of_use(&self) -> Option<SystemTime> {
        self.last_used.max(self.made)
    }

    /// Processes that run from it, or hold it.
    #[must_use]
    pub fn users(&self) -> Vec<u32> {
        users::of(&[&self.path, &self.asking()])
    }

    /// The tree whose programs use this one: that of a lazy slot is used by those of the work environment beside it.
    fn asking(&self) -> PathBuf {
        let suffix = identity(self.name.as_bytes()).map_or(0, |(_, suffix)| suffix.len());
        let name = self.name.as_bytes();
        self.path.with_file_name(OsStr::from_bytes(name.get(..name.len().saturating_sub(suffix)).unwrap_or(name)))
    }

    /// Compares it with what was published.
    ///
    /// # Errors
    /// Where it has no record to compare with.
    pub fn audit(&self, audit: Audit) -> Result<Vec<Damage>, &'static str> {
        let record = self.record.as_ref().ok_or("it has no record")?;
        record
            .audit(&self.path, audit)
            .ok_or("the list of what it holds, .pspf/tree, is missing or not the one that its record names")
    }

    fn look_at(directory: &Path, name: OsString) -> Self {
        let path = directory.join(&name);
        let made = fs::symlink_metadata(&path).and_then(|found| found.modified()).ok();
        let mut tree = Self { state: State::Foreign, record: None, made, last_used: None, name, path };
        if leftover_of(tree.name.as_bytes()).is_some() {
            tree.state = State::Leftover;
        } else if identity(tree.name.as_bytes()).is_some() && check_tree(&tree.path).is_ok() {
            tree.state = State::Incomplete;
            tree.read_record();
        }
        tree
    }

    fn read_record(&mut self) {
        let path = self.path.join(RECORD_DIRECTORY).join(COMPLETE);
        let Ok((bytes, found)) = read_unnoticed(&path) else { return };
        let Some((digits, suffix)) = identity(self.name.as_bytes()) else { return };
        let record = Completion::parse(&bytes).filter(|record| {
            let content = record.content.as_bytes();
            content.starts_with(digits) && content.get(64..) == Some(suffix)
        });
        let Some(record) = record else { return };
        self.state = State::Complete;
        self.record = Some(record);
        self.made = found.modified().ok();
        let noted = rustix::fs::statvfs(&path).is_ok_and(|found| !notes_nothing(&found));
        // Reading the record is what a start does; the time of the last one is told apart from that of writing it.
        self.last_used = found.accessed().ok().filter(|used| noted && Some(*used) > self.made);
    }
}

fn notes_nothing(found: &rustix::fs::StatVfs) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        found.f_flag.contains(rustix::fs::StatVfsMountFlags::NOATIME)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = found;
        false
    }
}

/// The digits of the content and the suffix in a name that this launcher gives: `<name>-<version>-<16 digits><suffix>`.
fn identity(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let dash = name.iter().rposition(|byte| *byte == b'-')?;
    let (head, rest) = (name.get(..dash)?, name.get(dash.checked_add(1)?..)?);
    let (digits, suffix) = rest.split_at_checked(ID_DIGITS)?;
    let hexadecimal = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    let slot = suffix.strip_prefix(b".slot");
    let numbered = slot.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit));
    (head.contains(&b'-') && hexadecimal && (suffix.is_empty() || suffix == b".dev" || numbered))
        .then_some((digits, suffix))
}

/// Reads a small file of ours without its time of access being noted: that is how the last start is told.
fn read_unnoticed(path: &Path) -> io::Result<(Vec<u8>, fs::Metadata)> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let flags = OFlags::NOATIME;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let flags = OFlags::empty();
    // The packaged program may have put a FIFO there.
    let unnoticed = open_file::open_with(path, OFlags::RDONLY | OFlags::NONBLOCK | flags, 0);
    let file = unnoticed.or_else(|_| open_file::open(path))?;
    let found = file.metadata()?;
    let mut bytes = Vec::new();
    file.take(u64::try_from(SIZE_MAX).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok((bytes, found))
}

/// The directories that hold work environments of this user, those that exist and are safe to use.
///
/// # Errors
/// Where the first one is there and is not ours alone. The others are where anybody can put something in the way; launchers pass
/// over them as well.
pub fn directories() -> Result<Vec<PathBuf>, Failure> {
    let unusable = |error: PathError| {
        let problem = Diagnostic::error("workenv.base", error.to_string());
        Failure::from(problem.hint("FLAVOR_CACHE_DIR names another place; docs/launcher.md says which are looked at"))
    };
    let mut found = Vec::new();
    for (place, base) in BaseDir::candidates(base_dir::variable).map_err(unusable)?.iter().enumerate() {
        let directory = base.workenvs();
        if fs::symlink_metadata(&directory).is_err() {
            continue;
        }
        match base.check() {
            Ok(()) => found.push(directory),
            Err(error) if place == 0 => return Err(unusable(error)),
            Err(_) => {}
        }
    }
    Ok(found)
}

/// Everything in [`directories`], by name.
///
/// # Errors
/// As [`directories`], and where one cannot be listed.
pub fn all() -> Result<Vec<Tree>, Failure> {
    let mut trees = Vec::new();
    for directory in directories()? {
        let refused = |error: io::Error| Diagnostic::io("workenv.list", &directory, "list this", &error);
        for entry in fs::read_dir(&directory).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            let hidden = entry.file_name().as_bytes().starts_with(b".");
            // Of what is hidden, only the leftovers are trees: the rest is locks, and the published tool's records.
            if entry.file_type().is_ok_and(|kind| kind.is_dir())
                && (!hidden || leftover_of(entry.file_name().as_bytes()).is_some())
            {
                trees.push(Tree::look_at(&directory, entry.file_name()));
            }
        }
    }
    trees.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(trees)
}

/// The trees that a word names: one with exactly that name and those that belong to it, else those of all builds of the package with
/// that name, or name and version; all that a pattern with `*` or `?` matches.
///
/// # Errors
/// Where it names none.
pub fn named<'a>(trees: &'a [Tree], word: &OsStr) -> Result<Vec<&'a Tree>, Failure> {
    let bytes = word.as_bytes();
    let choose =
        |fits: &dyn Fn(&[u8]) -> bool| trees.iter().filter(|tree| fits(tree.name.as_bytes())).collect::<Vec<_>>();
    let shown = word.to_string_lossy();
    if glob::is_pattern(bytes) {
        let found = choose(&|name| glob::matches(bytes, name));
        return if found.is_empty() { Err(absent(&shown)) } else { Ok(found) };
    }
    // `<tree>.slot3` and `<tree>.dev` go with `<tree>`.
    let belongs = |name: &[u8], to: &[u8]| {
        name == to || (identity(to).is_some() && name.strip_prefix(to).is_some_and(|rest| rest.starts_with(b".")))
    };
    let exact = choose(&|name| belongs(name, bytes));
    if !exact.is_empty() {
        return Ok(exact);
    }
    let found = choose(&|name| is_of_package(name, bytes));
    if found.is_empty() { Err(absent(&shown)) } else { Ok(found) }
}

/// How many builds of a package are among trees that a word has named: more than one only where it is not a whole name and no pattern,
/// which say themselves that there may be several.
#[must_use]
pub fn builds(trees: &[&Tree], word: &OsStr) -> usize {
    if glob::is_pattern(word.as_bytes()) {
        return 1;
    }
    let of_package = trees.iter().filter(|tree| is_of_package(tree.name.as_bytes(), word.as_bytes()));
    let mut builds: Vec<_> = of_package.map(|tree| identity(tree.name.as_bytes())).collect();
    builds.sort_unstable();
    builds.dedup_by_key(|build| build.map(|(digits, _)| digits));
    builds.len()
}

/// Whether a name that this launcher gives begins with a package's name, or name and version. Both may have dashes in them: a version
/// is what begins with a digit, or `v` and a digit; others have to be given in full.
fn is_of_package(name: &[u8], package: &[u8]) -> bool {
    let Some((digits, _)) = identity(name) else { return false };
    let Some(rest) = name.strip_prefix(package).and_then(|rest| rest.strip_prefix(b"-")) else { return false };
    let version = rest.strip_prefix(b"v").unwrap_or(rest);
    rest.starts_with(digits) || version.first().is_some_and(u8::is_ascii_digit)
}

fn absent(word: &str) -> Failure {
    let problem = Diagnostic::error("workenv.absent", format!("there is no work environment `{word}`"));
    problem.hint("`flavor workenv list` shows all of them").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str) -> Tree {
        let path = Path::new("/nowhere").join(name);
        Tree { name: name.into(), path, state: State::Complete, record: None, made: None, last_used: None }
    }

    #[test]
    fn names_of_this_launcher_are_told_from_others() {
        let digits = "0123456789abcdef";
        for suffix in ["", ".dev", ".slot0", ".slot17"] {
            let name = format!("my-app-1.0-rc-{digits}{suffix}");
            assert_eq!(identity(name.as_bytes()), Some((digits.as_bytes(), suffix.as_bytes())), "{name}");
        }
        for name in ["app", "app-1.0", "app-0123456789abcdef", "a-1-0123456789ABCDEF", "a-1-0123456789abcdef.slot", "-"]
        {
            assert_eq!(identity(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn a_word_names_one_package_or_a_pattern_many() {
        let trees: Vec<Tree> = [
            "app-1.0-0123456789abcdef",
            "app-1.0-0123456789abcdef.slot2",
            "app-2.0-1123456789abcdef",
            "app-server-v1.0-2123456789abcdef",
            "odd-version-f123456789abcdef",
            "old",
            "old-1",
            "old-2",
            "new-1",
        ]
        .map(tree)
        .into();
        let names = |word: &str| {
            named(&trees, OsStr::new(word)).map(|found| found.iter().map(|tree| tree.label()).collect::<Vec<_>>())
        };
        assert_eq!(names("app-server").unwrap(), ["app-server-v1.0-2123456789abcdef"]);
        assert_eq!(names("odd-version").unwrap(), ["odd-version-f123456789abcdef"]);
        assert_eq!(names("app-1.0").unwrap().len(), 2);
        assert_eq!(names("app-1.0-0123456789abcdef").unwrap().len(), 2);
        assert_eq!(names("app-1.0-0123456789abcdef.slot2").unwrap(), ["app-1.0-0123456789abcdef.slot2"]);
        assert_eq!(names("old").unwrap(), ["old"]);
        assert_eq!(names("app-*").unwrap().len(), 4);
        // All builds of it, and no package whose name begins like this one's.
        assert_eq!(names("app").unwrap().len(), 3);
        let builds = |word: &str| builds(&named(&trees, OsStr::new(word)).unwrap(), OsStr::new(word));
        assert_eq!(["app", "app-1.0", "app-1.0-0123456789abcdef", "app-*", "old"].map(builds), [2, 1, 0, 1, 0]);
        // Names of another tool are file names: nothing can be told from their parts.
        for word in ["", "ap", "../app", "x*", "/", ".", "odd", "new", "server"] {
            assert_eq!(names(word).unwrap_err().problems[0].code, "workenv.absent", "{word:?}");
        }
    }
}
