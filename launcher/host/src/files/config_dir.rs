//! Where policies and trusted keys live: `/etc/flavor` for the machine, one directory for the user (docs/policy.md).

use std::{
    ffi::OsString,
    fmt,
    fs::{self, Metadata},
    io,
    ops::Deref,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::files::{
    open_file::{open, read_start},
    safe_path::{self, PathError},
};

/// The machine's directory. No variable changes it: whoever sets the environment must not choose the machine's policy.
pub const SYSTEM: &str = "/etc/flavor";

/// Bytes that are read of one file of these directories. A policy is a page of text, a key three lines; a revocation list
/// of this size has 15,000 keys.
pub const FILE_MAX: usize = 1 << 20;

/// Group and others may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Whose directory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The machine's: only root may write there.
    System,
    /// The user's.
    User,
}

/// One directory of policies and keys.
#[derive(Clone, Debug)]
pub struct ConfigDir {
    /// Whose it is.
    pub owner: Owner,
    /// The directory; `None` where the user has none (no `HOME`) and where it does not exist.
    pub path: Option<PathBuf>,
    /// The directory of trusted keys.
    pub keys: Option<PathBuf>,
}

impl ConfigDir {
    /// The machine's directory.
    ///
    /// # Errors
    /// Where others than root may write to it, or it cannot be looked at: it may hold a policy that nobody can see.
    pub fn system() -> Result<Self, ConfigError> {
        let path = PathBuf::from(SYSTEM);
        let found = match fs::metadata(&path) {
            Ok(facts) => {
                root_only(&path, &facts)?;
                Some(path)
            }
            Err(error) if is_nothing(&path, &error) => None,
            Err(error) => return Err(ConfigError::io(&path, &error)),
        };
        Ok(Self { owner: Owner::System, keys: found.as_ref().map(|path| path.join("trusted-keys")), path: found })
    }

    /// The user's directory: `FLAVOR_CONFIG_DIR`, else `XDG_CONFIG_HOME/flavor`, else `HOME/.config/flavor`.
    /// `FLAVOR_TRUSTED_KEYS_DIR` names the directory of the keys.
    #[must_use]
    pub fn user(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let (path, keys) = Self::user_paths(variable);
        // One that may not be looked at is that of another user, as HOME is under `sudo -u`.
        let found = path.filter(|path| path.is_dir());
        Self {
            owner: Owner::User,
            keys: keys.or_else(|| found.as_ref().map(|path| path.join("trusted-keys"))),
            path: found,
        }
    }

    /// Refuses a directory of the user that others may change: they could take a policy or a list of revoked keys away.
    ///
    /// # Errors
    /// The part of the way to it that others may change.
    pub fn checked(self) -> Result<Self, ConfigError> {
        if let (Owner::User, Some(path)) = (self.owner, &self.path) {
            safe_path::check(path).map_err(|error| user_only(path, &error))?;
        }
        Ok(self)
    }

    /// Where the user's directory is or would be, and where `FLAVOR_TRUSTED_KEYS_DIR` puts the keys.
    #[must_use]
    pub fn user_paths(variable: impl Fn(&str) -> Option<OsString>) -> (Option<PathBuf>, Option<PathBuf>) {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let path = set("FLAVOR_CONFIG_DIR")
            .or_else(|| set("XDG_CONFIG_HOME").map(|home| home.join("flavor")))
            .or_else(|| safe_path::home(&variable).map(|home| home.join(".config/flavor")));
        (path, set("FLAVOR_TRUSTED_KEYS_DIR"))
    }

    /// Reads a file of this directory; `None` where there is none.
    ///
    /// # Errors
    /// Where it is a link to nothing, cannot be read, is too large, is no UTF-8, or others may change it: of the machine's others than
    /// root, of the user's others than the user and root.
    pub fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
        let file = match open(path) {
            Ok(file) => file,
            Err(error) if is_nothing(path, &error) => return Ok(None),
            Err(error) => return Err(ConfigError::io(path, &error)),
        };
        let facts = file.metadata().map_err(|error| ConfigError::io(path, &error))?;
        if !facts.is_file() {
            return Err(ConfigError::file(path, "this is not a regular file"));
        }
        match self.owner {
            Owner::System => root_only(path, &facts)?,
            Owner::User => safe_path::check(path).map_err(|error| user_only(path, &error))?,
        }
        let bytes = read_start(&file, FILE_MAX + 1).map_err(|error| ConfigError::io(path, &error))?;
        if bytes.len() > FILE_MAX {
            return Err(ConfigError::file(path, "this file is larger than 1 MiB"));
        }
        Ok(Some(bytes))
    }
}

/// Whether nothing has that name, by the error of looking there. A link to nothing is something: what it leads to has gone, or is
/// not there yet, and may be a policy.
fn is_nothing(path: &Path, error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        && fs::symlink_metadata(path).is_err()
}

fn user_only(path: &Path, error: &PathError) -> ConfigError {
    match error {
        PathError::NotOurs(part) => {
            let message = format!(
                "others may write to this, so that it is not yours alone: it {}; chown it, chmod go-w",
                part.found
            );
            ConfigError::file(&part.path, &message)
        }
        PathError::Io(failure) => ConfigError::file(path, &failure.to_string()),
    }
}

/// Refuses what others than root may write to.
pub(crate) fn root_only(path: &Path, facts: &Metadata) -> Result<(), ConfigError> {
    if facts.uid() == 0 && facts.mode() & WRITABLE_BY_OTHERS == 0 {
        return Ok(());
    }
    let found = format!("owner is uid {}, mode {:04o}", facts.uid(), facts.mode() & 0o7777);
    Err(ConfigError::file(path, &format!("only root may be able to write to this ({found}); chown root, chmod go-w")))
}

/// A place in a text, counted from 1; columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// Which file, where in it, and what is wrong there; boxed to keep results small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Box<ConfigProblem>);

/// What a [`ConfigError`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The file or directory.
    pub path: PathBuf,
    /// The place, where it is about one.
    pub at: Option<Position>,
    /// What is wrong, what was expected.
    pub message: String,
}

impl ConfigError {
    /// An error about the whole file.
    #[must_use]
    pub fn file(path: &Path, message: &str) -> Self {
        Self::new(path, None, message)
    }

    /// An error at a place of the file.
    #[must_use]
    pub fn at(path: &Path, at: Position, message: &str) -> Self {
        Self::new(path, Some(at), message)
    }

    #[cold]
    fn new(path: &Path, at: Option<Position>, message: &str) -> Self {
        Self(Box::new(ConfigProblem { path: path.to_owned(), at, message: message.to_owned() }))
    }

    /// The system's answer.
    #[must_use]
    pub fn io(path: &Path, error: &io::Error) -> Self {
        Self::file(path, &error.to_string())
    }
}

impl Deref for ConfigError {
    type Target = ConfigProblem;

    fn deref(&self) -> &ConfigProblem {
        &self.0
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(Position { line, column }) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn user(path: &Path) -> ConfigDir {
        ConfigDir { owner: Owner::User, path: Some(path.to_owned()), keys: None }
    }

    fn variables(set: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        |asked| set.iter().find(|(name, _)| *name == asked).map(|(_, value)| value.into())
    }

    #[test]
    fn variables_choose_the_users_directory_in_their_order() {
        let paths = |set| {
            let (path, keys) = ConfigDir::user_paths(variables(set));
            [path, keys].map(|path| path.map(|path| path.to_str().unwrap().to_owned()))
        };
        let some = |path: &str| Some(path.to_owned());
        for (set, path) in [
            (&[("FLAVOR_CONFIG_DIR", "/f"), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")][..], "/f"),
            (&[("FLAVOR_CONFIG_DIR", ""), ("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")], "/x/flavor"),
            (&[("XDG_CONFIG_HOME", ""), ("HOME", "/h")], "/h/.config/flavor"),
        ] {
            assert_eq!(paths(set), [some(path), None], "{set:?}");
        }
        assert_eq!(
            paths(&[("HOME", "/h"), ("FLAVOR_TRUSTED_KEYS_DIR", "/k")]),
            [some("/h/.config/flavor"), some("/k")]
        );
    }

    #[test]
    fn a_file_is_read_up_to_its_limit_and_one_that_is_larger_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        for (size, taken) in
            [(0, true), (FILE_MAX - 1, true), (FILE_MAX, true), (FILE_MAX + 1, false), (3 * FILE_MAX, false)]
        {
            fs::write(&path, vec![b'#'; size]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            match user(folder.path()).read(&path) {
                Ok(bytes) => assert_eq!((bytes.unwrap().len(), taken), (size, true)),
                Err(error) => assert!(!taken && error.message.contains("larger than 1 MiB"), "{size}: {error}"),
            }
        }
        assert_eq!(user(folder.path()).read(&folder.path().join("other")), Ok(None));
        assert_eq!(user(folder.path()).read(&path.join("other")), Ok(None));
    }

    #[test]
    fn an_error_says_where_it_is() {
        let path = Path::new("/p");
        assert_eq!(ConfigError::at(path, Position { line: 2, column: 3 }, "wrong").to_string(), "/p:2:3: wrong");
        assert_eq!(ConfigError::file(path, "wrong").to_string(), "/p: wrong");
    }
}
