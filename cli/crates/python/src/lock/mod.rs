//! Locks: files that say which versions are installed, and the hashes of their archives. What a lock pins is what is packed.
//!
//! uv reads its own and `pylock.toml`. Of the others a list of pins with hashes is made: for [`LockKind::Poetry`] and [`LockKind::Pdm`] as
//! constraints, so that groups, extras and markers are those of the project itself; for [`LockKind::Pipfile`] and requirements as what is
//! installed, for they are the list of it. After the installation everything installed is looked up in the lock once more.

mod error;
mod pdm;
mod pin;
mod pipfile;
mod poetry;
mod pylock;
mod requirements;

pub use error::LockError;
pub(super) use pin::{Pin, Pins};
pub(super) use pylock::without_folders;

use super::workspace;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Largest lock read, in bytes: thirty times what a project with a thousand dependencies has.
const LOCK_MAX: u64 = 64 << 20;

/// Who has written a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// `uv.lock`
    Uv,
    /// `pylock.toml` (PEP 751)
    Pylock,
    /// `poetry.lock`
    Poetry,
    /// `pdm.lock`
    Pdm,
    /// `Pipfile.lock`
    Pipfile,
    /// A requirements file with hashes
    Requirements,
}

impl LockKind {
    /// The names of all that are looked for beside a manifest, the one that outweighs the others first.
    const NAMES: [(&'static str, Self); 5] = [
        ("uv.lock", Self::Uv),
        ("pylock.toml", Self::Pylock),
        ("poetry.lock", Self::Poetry),
        ("pdm.lock", Self::Pdm),
        ("Pipfile.lock", Self::Pipfile),
    ];

    /// What makes it anew.
    pub(super) fn update(self) -> &'static str {
        match self {
            Self::Uv => "uv lock",
            Self::Pylock => "uv export --format pylock.toml --no-emit-project -o pylock.toml",
            Self::Poetry => "poetry lock",
            Self::Pdm => "pdm lock",
            Self::Pipfile => "pipenv lock",
            Self::Requirements => "uv pip compile --generate-hashes",
        }
    }
}

/// A lock beside a manifest, or one that the manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Who has written it.
    pub kind: LockKind,
    /// The file.
    pub path: PathBuf,
}

impl Lock {
    /// All locks of the project in a folder; the first is the one that binds. A member of a workspace is locked by the workspace's.
    #[must_use]
    pub fn all(directory: &Path) -> Vec<Self> {
        let directory = fs::canonicalize(directory).unwrap_or_else(|_| directory.to_owned());
        let mut found: Vec<Self> = LockKind::NAMES
            .iter()
            .map(|(name, kind)| Self { kind: *kind, path: directory.join(name) })
            .filter(|lock| lock.path.is_file())
            .collect();
        if let Some(root) = workspace::root(&directory).filter(|root| *root != directory) {
            let path = root.join("uv.lock");
            // uv does not read one of a member.
            found.retain(|lock| lock.kind != LockKind::Uv);
            if path.is_file() {
                found.insert(0, Self { kind: LockKind::Uv, path });
            }
        }
        found
    }

    /// The lock that a requirements file is: one of the names above, `pylock.*.toml`, or requirements with hashes. None where nothing in
    /// it has a hash.
    #[must_use]
    pub fn named(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy();
        let known = LockKind::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        let pylock = || (name.starts_with("pylock.") && name.ends_with(".toml")).then_some(LockKind::Pylock);
        let hashed = || requirements::has_hashes(path).then_some(LockKind::Requirements);
        let kind = known.or_else(pylock).or_else(hashed)?;
        Some(Self { kind, path: path.to_owned() })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What it pins. Of `uv.lock` uv has made a requirements file, `exported`.
    ///
    /// # Errors
    /// Where it cannot be honoured.
    pub(super) fn pins(&self, exported: Option<&Path>) -> Result<Pins, LockError> {
        let pins = match self.kind {
            LockKind::Uv => exported.map_or_else(|| Ok(Vec::new()), |file| requirements::read(self, file))?,
            LockKind::Requirements => requirements::read(self, &self.path)?,
            LockKind::Pylock => pylock::read(self, &self.text()?)?,
            LockKind::Poetry => poetry::read(self, &self.text()?)?,
            LockKind::Pdm => pdm::read(self, &self.text()?)?,
            LockKind::Pipfile => pipfile::read(self, &self.text()?)?,
        };
        Pins::of(self.clone(), pins)
    }

    /// Whether what it pins is only installed where the project asks for it.
    pub(super) fn constrains(&self) -> bool {
        matches!(self.kind, LockKind::Poetry | LockKind::Pdm)
    }

    fn text(&self) -> Result<String, LockError> {
        read_text(self, &self.path)
    }

    fn unreadable(&self, reason: &dyn ToString) -> LockError {
        LockError::Unreadable { lock: self.clone(), reason: reason.to_string() }
    }
}

fn read_text(lock: &Lock, path: &Path) -> Result<String, LockError> {
    let size = fs::metadata(path).map_err(|error| lock.unreadable(&error))?.len();
    if size > LOCK_MAX {
        return Err(lock.unreadable(&format!("it is larger than {LOCK_MAX} bytes")));
    }
    fs::read_to_string(path).map_err(|error| lock.unreadable(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lock_binds_and_a_member_is_locked_by_its_workspace() {
        let temp = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(temp.path()).unwrap();
        let member = root.join("packages/a");
        fs::create_dir_all(&member).unwrap();
        fs::write(
            root.join("pyproject.toml"),
            "[tool.uv.workspace]\nmembers = ['packages/*']\nexclude = ['packages/b']\n",
        )
        .unwrap();
        for path in ["uv.lock", "packages/a/poetry.lock", "packages/a/pylock.toml", "packages/a/uv.lock"] {
            fs::write(root.join(path), "").unwrap();
        }
        let names = |folder: &Path| -> Vec<PathBuf> {
            let all = Lock::all(folder).into_iter();
            all.map(|lock| lock.path.strip_prefix(&root).unwrap().to_owned()).collect()
        };
        assert_eq!(names(&member), ["uv.lock", "packages/a/pylock.toml", "packages/a/poetry.lock"].map(PathBuf::from));
        assert_eq!(names(&root), [PathBuf::from("uv.lock")]);
        let outside = root.join("packages/b");
        fs::create_dir_all(&outside).unwrap();
        assert_eq!(names(&outside), [] as [PathBuf; 0]);
    }
}
