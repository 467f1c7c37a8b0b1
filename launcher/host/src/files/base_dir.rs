//! Where work environments live: `FLAVOR_CACHE_DIR`, `XDG_CACHE_HOME`, `HOME`, or a private directory of the user's own
//! under `TMPDIR` (docs/launcher.md, "Where work environments live"). Launcher and CLI use the same rules.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use crate::files::{
    io_failure::IoFailure,
    safe_path::{self, PathError, absolute},
};

/// Group and others may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Group and others may do anything at all.
const OPEN_TO_OTHERS: u32 = 0o077;

/// Name of the directory that holds the work environments.
const WORKENVS: &str = "workenv";

/// One place that may hold work environments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseDir {
    path: PathBuf,
    /// Under a directory that everybody can write to: the base itself must be private.
    shared_parent: bool,
}

impl BaseDir {
    /// The candidates, best first. A place that was named by `FLAVOR_CACHE_DIR` is the only one; the last of the
    /// others is the private directory, for users whose home cannot be written to.
    ///
    /// # Errors
    /// A relative value where the current directory is gone.
    pub fn candidates(variable: impl Fn(&str) -> Option<OsString>) -> Result<Vec<Self>, PathError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let place = |path: PathBuf, shared_parent: bool| -> Result<Self, PathError> {
            let path = absolute(&path).map_err(IoFailure::of("make absolute the path", &path))?;
            Ok(Self { path, shared_parent })
        };
        if let Some(value) = set("FLAVOR_CACHE_DIR") {
            return Ok(vec![place(PathBuf::from(value), false)?]);
        }
        let home = || safe_path::home(&variable).map(|home| home.join(".cache/flavor"));
        let mut places = Vec::with_capacity(2);
        if let Some(path) = set("XDG_CACHE_HOME").map(|value| PathBuf::from(value).join("flavor")).or_else(home) {
            places.push(place(path, false)?);
        }
        let temporary = Self::temporary(set);
        places.push(place(temporary.path, true)?);
        Ok(places)
    }

    /// The one that holds a tree, wherever variables send new ones.
    #[must_use]
    pub fn of_tree(tree: &Path) -> Option<Self> {
        let path = tree.parent().filter(|workenvs| workenvs.file_name() == Some(OsStr::new(WORKENVS)))?.parent()?;
        let shared_parent = path.file_name() == Some(OsStr::new(&own_name()));
        Some(Self { path: path.to_owned(), shared_parent })
    }

    /// The private directory of the user under `TMPDIR`.
    #[must_use]
    pub fn temporary(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let parent = variable("TMPDIR").filter(|value| !value.is_empty()).unwrap_or_else(|| OsString::from("/tmp"));
        Self { path: Path::new(&parent).join(own_name()), shared_parent: true }
    }

    /// The directory itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is in a shared temporary directory, where cleaners remove old files one by one.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.shared_parent
    }

    /// The directory that holds the work environments.
    #[must_use]
    pub fn workenvs(&self) -> PathBuf {
        self.path.join(WORKENVS)
    }

    /// Whether it is, or would be, on a file system mounted noexec.
    #[must_use]
    pub fn is_noexec(&self) -> bool {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let there = self.path.ancestors().find_map(|path| rustix::fs::statvfs(path).ok());
            there.is_some_and(|found| found.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC))
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        false
    }

    /// Whether everything down to [`Self::workenvs`] exists and nobody else can change it. Writes nothing.
    ///
    /// # Errors
    /// What is missing or not ours.
    pub fn check(&self) -> Result<(), PathError> {
        let workenvs = self.workenvs();
        safe_path::check(&workenvs)?;
        self.check_own(&workenvs)
    }

    /// Creates what is missing, private to the user, then checks.
    ///
    /// # Errors
    /// As [`Self::check`], and what cannot be created.
    pub fn create(&self) -> Result<(), PathError> {
        let workenvs = self.workenvs();
        safe_path::create_directory(&workenvs, 0o700)?;
        self.check_own(&workenvs)
    }

    /// The last two components are the launcher's own; below a shared directory others may not even read them.
    fn check_own(&self, workenvs: &Path) -> Result<(), PathError> {
        if self.shared_parent {
            check_owned(&self.path, OPEN_TO_OTHERS)?;
        }
        check_owned(workenvs, WRITABLE_BY_OTHERS)
    }
}

/// Name of the user's own directory among temporary files.
fn own_name() -> String {
    format!("flavor-{}", rustix::process::geteuid().as_raw())
}

/// Checks that a path is a real directory of the effective user, without any of the `forbidden` mode bits.
///
/// # Errors
/// [`PathError::NotOurs`] says what it is instead.
pub fn check_owned(path: &Path, forbidden: u32) -> Result<(), PathError> {
    let metadata = fs::symlink_metadata(path).map_err(IoFailure::of("look at", path))?;
    let user = rustix::process::geteuid().as_raw();
    let found = if metadata.is_symlink() {
        "is a symbolic link, not a directory".to_owned()
    } else if !metadata.is_dir() {
        "is not a directory".to_owned()
    } else if metadata.uid() != user {
        format!("belongs to user {}, not to user {user}", metadata.uid())
    } else if metadata.mode() & forbidden != 0 {
        format!("can be changed by others (mode {:04o})", metadata.mode() & 0o7777)
    } else {
        return Ok(());
    };
    Err(PathError::not_ours(path, found))
}

/// Makes a private directory where none is, directly in one of ours, and checks it as [`check_tree`] does.
///
/// # Errors
/// As [`check_owned`], and what cannot be made.
pub(crate) fn create_private(path: &Path) -> Result<(), PathError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(IoFailure::of("create the directory", path)(error).into())
        }
        _ => check_tree(path),
    }
}

/// Checks a published work environment itself: a real directory of ours that others cannot write to.
///
/// # Errors
/// As [`check_owned`].
pub fn check_tree(path: &Path) -> Result<(), PathError> {
    check_owned(path, WRITABLE_BY_OTHERS)
}

/// A variable of this process that is set and not empty.
#[must_use]
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(OsStr::new(name))
}

/// Whether a variable of this process switches something on: `1`, `true`, `t`, `yes` or `on`.
#[must_use]
pub fn is_on(name: &str) -> bool {
    let value = variable(name).unwrap_or_default();
    let value = value.to_str().unwrap_or_default();
    ["1", "true", "t", "yes", "on"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(variables: &[(&str, &str)]) -> Vec<String> {
        let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        let user = rustix::process::geteuid().as_raw().to_string();
        BaseDir::candidates(lookup)
            .unwrap()
            .into_iter()
            .map(|base| base.path.to_str().unwrap().replace(&format!("flavor-{user}"), "flavor-UID"))
            .collect()
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let all = [("FLAVOR_CACHE_DIR", "/c"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h"), ("TMPDIR", "/t")];
        assert_eq!(candidates(&all), ["/c"]);
        assert_eq!(candidates(&all[1..]), ["/x/flavor", "/t/flavor-UID"]);
        assert_eq!(candidates(&all[2..]), ["/h/.cache/flavor", "/t/flavor-UID"]);
        assert_eq!(candidates(&all[3..]), ["/t/flavor-UID"]);
        assert_eq!(candidates(&[]), ["/tmp/flavor-UID"]);
    }

    #[test]
    fn a_tree_tells_its_base() {
        let of = |tree: &str| BaseDir::of_tree(Path::new(tree));
        let plain = BaseDir { path: "/c".into(), shared_parent: false };
        assert_eq!(of("/c/workenv/app-1-0"), Some(plain));
        let temporary = BaseDir::temporary(|_| None);
        assert_eq!(of(temporary.workenvs().join("app").to_str().unwrap()), Some(temporary));
        assert_eq!((of("/c/other/app"), of("app")), (None, None));
    }

    #[test]
    fn empty_is_unset_and_relative_is_made_absolute() {
        assert_eq!(candidates(&[("FLAVOR_CACHE_DIR", ""), ("HOME", "")]), ["/tmp/flavor-UID"]);
        let here = std::env::current_dir().unwrap();
        assert_eq!(candidates(&[("FLAVOR_CACHE_DIR", "cache")]), [here.join("cache").to_str().unwrap()]);
    }
}
