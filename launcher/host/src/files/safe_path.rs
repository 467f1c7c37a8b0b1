//! Paths that nobody else can change: what is executed, signed or trusted lies behind one.
//!
//! A path is walked from the root, each part seen only through the parts before it. A directory counts where it belongs to the
//! effective user or to root, and nobody else may write to it, or it is sticky, so that nobody else can move what is in it. Links are
//! followed where they belong to the effective user or to root, and what they lead to is walked in the same way.
//!
//! What was found cannot be swapped afterwards: to put something else in the place of a part takes writing to the directory before
//! it, which was found to be closed to everybody else. That holds for every use of the path until its owner opens a directory again,
//! so that the path serves as well as a descriptor, also where only a path will do (`exec`, the variables of the program).

use std::{
    ffi::{OsStr, OsString},
    fmt,
    fs::{self, DirBuilder, Metadata},
    io::{self, ErrorKind},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt},
    },
    path::{Component, Path, PathBuf},
};

use crate::files::{
    io_failure::IoFailure,
    open_file::{open, read_start},
};

/// Others may write.
const WRITABLE_BY_OTHERS: u32 = 0o002;
/// The group may write.
const WRITABLE_BY_GROUP: u32 = 0o020;
/// Entries can be moved and removed by their owners only.
const STICKY: u32 = 0o1000;
/// Links in one path, as many as the kernel follows.
const LINKS_MAX: usize = 40;
/// Bytes of the machine's lists of users and groups that are looked at.
const LIST_MAX: usize = 4 << 20;

/// Why a path cannot be relied on.
#[derive(Debug)]
pub enum PathError {
    /// The system refused, or nothing is there.
    Io(IoFailure),
    /// A part of the path is something else, or somebody else's.
    NotOurs(Box<NotOurs>),
}

/// A part of a path that cannot be relied on.
#[derive(Debug)]
pub struct NotOurs {
    /// The part, from the root.
    pub path: PathBuf,
    /// What is wrong with it.
    pub found: String,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(failure) => failure.fmt(f),
            Self::NotOurs(not_ours) => write!(f, "{} {}", not_ours.path.display(), not_ours.found),
        }
    }
}

impl std::error::Error for PathError {}

impl From<IoFailure> for PathError {
    fn from(failure: IoFailure) -> Self {
        Self::Io(failure)
    }
}

impl PathError {
    pub(crate) fn not_ours(path: &Path, found: String) -> Self {
        Self::NotOurs(Box::new(NotOurs { path: path.to_owned(), found }))
    }
}

/// Checks that nobody else can change what a path leads to. Writes nothing.
///
/// # Errors
/// The first part that is missing, or that somebody else could change.
pub fn check(path: &Path) -> Result<(), PathError> {
    walk(path, None)
}

/// Makes the directories of a path that are missing, each in one that nobody else can change.
///
/// # Errors
/// As [`check`], and what cannot be made. Nothing is made behind a part that somebody else could change.
pub fn create_directory(path: &Path, mode: u32) -> Result<(), PathError> {
    walk(path, Some(mode))
}

fn walk(path: &Path, make: Option<u32>) -> Result<(), PathError> {
    let path = absolute(path).map_err(IoFailure::of("make absolute the path", path))?;
    let mut real = PathBuf::from("/");
    let look = |path: &Path| fs::symlink_metadata(path).map_err(IoFailure::of("look at", path));
    let facts = look(&real)?;
    // Whoever owns the root could change every path. It is root, but where a user namespace shows root as somebody else.
    let owners = [rustix::process::geteuid().as_raw(), 0, facts.uid()];
    check_part(&real, &facts, owners)?;
    let mut links = 0;
    let mut ahead = parts(&path);
    while let Some(part) = ahead.pop() {
        if part == ".." {
            // The parts so far are no links.
            real.pop();
            continue;
        }
        real.push(part);
        let facts = match (fs::symlink_metadata(&real), make) {
            (Err(error), Some(mode)) if error.kind() == ErrorKind::NotFound => {
                match DirBuilder::new().mode(mode).create(&real) {
                    Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                        return Err(IoFailure::of("create the directory", &real)(error).into());
                    }
                    _ => look(&real)?,
                }
            }
            (facts, _) => facts.map_err(IoFailure::of("look at", &real))?,
        };
        check_part(&real, &facts, owners)?;
        if facts.is_symlink() {
            links += 1;
            if links > LINKS_MAX {
                let too_many = io::Error::from(rustix::io::Errno::LOOP);
                return Err(IoFailure::of("follow the symbolic link", &real)(too_many).into());
            }
            let target = fs::read_link(&real).map_err(IoFailure::of("read the symbolic link", &real))?;
            real.pop();
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            ahead.append(&mut parts(&target));
        }
    }
    Ok(())
}

/// The parts of a path, the first one last.
fn parts(path: &Path) -> Vec<OsString> {
    let named = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    named.rev().map(|part| part.as_os_str().to_owned()).collect()
}

fn check_part(path: &Path, facts: &Metadata, owners: [u32; 3]) -> Result<(), PathError> {
    let (owner, mode) = (facts.uid(), facts.mode());
    if !owners.contains(&owner) {
        let [user, ..] = owners;
        let or_root = if user == 0 { "" } else { " or root" };
        return Err(PathError::not_ours(path, format!("belongs to user {owner}, not to user {user}{or_root}")));
    }
    // Modes of links mean nothing, and those of sticky directories do not let anybody move what belongs to others.
    if facts.is_symlink() || (facts.is_dir() && mode & STICKY != 0) {
        return Ok(());
    }
    let by_group = mode & WRITABLE_BY_GROUP != 0 && (!is_private_group(facts.gid()) || has_access_list(path));
    if mode & WRITABLE_BY_OTHERS != 0 || by_group {
        return Err(PathError::not_ours(path, format!("can be changed by others (mode {:04o})", mode & 0o7777)));
    }
    Ok(())
}

/// Whether a group has members, and all of them are the effective user or root, by the machine's own lists. Where each user has a
/// group of their own, it may commonly write to what the user makes.
fn is_private_group(group: u32) -> bool {
    let list = |path: &str| open(Path::new(path)).and_then(|file| read_start(&file, LIST_MAX)).unwrap_or_default();
    only_ours(group, rustix::process::geteuid().as_raw(), &list("/etc/passwd"), &list("/etc/group"))
}

fn only_ours(group: u32, user: u32, passwd: &[u8], groups: &[u8]) -> bool {
    let (passwd, groups) = (lines(passwd), lines(groups));
    // Lines that call in users of a network directory.
    if passwd.iter().chain(&groups).any(|line| line[0].starts_with(b"+")) || groups.is_empty() {
        return false;
    }
    let ours = |line: &&Vec<&[u8]>| number(line, 2).is_some_and(|found| found == user || found == 0);
    let by_default: Vec<_> = passwd.iter().filter(|line| number(line, 3) == Some(group)).collect();
    let entries: Vec<_> = groups.iter().filter(|line| number(line, 2) == Some(group)).collect();
    let members = || {
        let names = entries.iter().filter_map(|line| line.get(3)).flat_map(|names| names.split(|byte| *byte == b','));
        names.filter(|name| !name.is_empty())
    };
    let is_ours = |name: &[u8]| passwd.iter().filter(ours).any(|line| line[0] == name);
    // A group without members is one that set-gid programs run as.
    !entries.is_empty()
        && (!by_default.is_empty() || members().next().is_some())
        && by_default.iter().all(ours)
        && members().all(is_ours)
}

/// The lines of a list, each split at its colons.
fn lines(list: &[u8]) -> Vec<Vec<&[u8]>> {
    let lines = list.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| line.split(|byte| *byte == b':').collect()).collect()
}

fn number(line: &[&[u8]], field: usize) -> Option<u32> {
    std::str::from_utf8(line.get(field)?).ok()?.parse().ok()
}

/// Whether an access list lets further users write: the mode shows them as the group.
fn has_access_list(path: &Path) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::io::Errno;
        let found = rustix::fs::getxattr(path, c"system.posix_acl_access", &mut [0_u8; 0]);
        !matches!(found, Err(Errno::NODATA | Errno::OPNOTSUPP))
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = path;
        true
    }
}

/// The home of the user: `HOME`. Where that is the home of somebody else, as `sudo` may leave it, it is the one that the machine's list
/// gives the effective user, and none where it gives none: what is made there would be in the other's way.
#[must_use]
pub fn home(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = variable("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)?;
    let user = rustix::process::geteuid().as_raw();
    match fs::metadata(&home) {
        Ok(facts) if facts.uid() != user && facts.uid() != 0 => {
            let list = open(Path::new("/etc/passwd")).and_then(|file| read_start(&file, LIST_MAX)).ok()?;
            home_in(&list, user).filter(|own| *own != home)
        }
        _ => Some(home),
    }
}

fn home_in(passwd: &[u8], user: u32) -> Option<PathBuf> {
    let lines = lines(passwd);
    let line = lines.iter().find(|line| number(line, 2) == Some(user))?;
    let home = PathBuf::from(OsStr::from_bytes(line.get(5)?));
    home.is_absolute().then_some(home)
}

/// Makes a path absolute, relative to the current directory.
///
/// # Errors
/// If there is no current directory.
pub fn absolute(path: &Path) -> io::Result<PathBuf> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    Ok(std::env::current_dir()?.join(path.strip_prefix(".").unwrap_or(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001:,,:/home/bob:\nold:x:1002:1000";

    #[test]
    fn a_group_is_private_where_only_the_user_is_in_it() {
        for (groups, expected) in [
            ("ann:x:7:ann\n", true),
            ("ann:x:7:ann,root\n", true),
            ("ann:x:7:ann,bob\n", false),
            ("ann:x:7:bob\n", false),
            ("ann:x:7:nobody-known\n", false),
            // Nobody: programs that run set-gid.
            ("staff:x:7:\n", false),
            ("staff:x:8:ann\n", false),
            // Two entries of one number.
            ("a:x:7:ann\nb:x:7:bob\n", false),
            ("a:x:7:ann\n+::7:\n", false),
            ("", false),
        ] {
            assert_eq!(only_ours(7, 1000, PASSWD, groups.as_bytes()), expected, "{groups}");
        }
        // By the users' own group: `old` shares that of `ann`.
        assert!(only_ours(1001, 1001, PASSWD, b"bob:x:1001:\n"));
        assert!(!only_ours(1000, 1000, PASSWD, b"ann:x:1000:\n"));
        assert!(!only_ours(1001, 1000, PASSWD, b"bob:x:1001:\n"));
        assert!(only_ours(0, 1000, PASSWD, b"root:x:0:\n"));
        assert!(!only_ours(1001, 1001, PASSWD, b""));
    }

    #[test]
    fn homes_are_read_from_the_list() {
        assert_eq!(home_in(PASSWD, 1001), Some("/home/bob".into()));
        assert_eq!(home_in(PASSWD, 1002), None);
        assert_eq!(home_in(PASSWD, 7), None);
    }

    #[test]
    fn parts_come_from_the_end() {
        assert_eq!(parts(Path::new("/a/./b/../c/")), ["c", "..", "b", "a"]);
    }
}
