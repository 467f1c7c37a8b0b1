//! The state directory of a package: what its program keeps between versions. Work environments are replaced by those of a
//! new version; this is not.

use std::{
    cell::OnceCell,
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{
    command::error::{CommandError, CommandFault},
    files::{
        base_dir::{BaseDir, check_tree},
        safe_path::{self, PathError},
    },
    tree_names::plain,
};

/// The state directory of one package. Nothing is made before it is needed.
#[derive(Clone, Debug)]
pub struct StateDir {
    path: PathBuf,
    /// If everybody can write to the parent, a private directory comes between.
    private_parent: Option<BaseDir>,
    made: OnceCell<()>,
}

impl StateDir {
    /// Its place: `$XDG_STATE_HOME/flavor/<package>`, `$HOME/.local/state/flavor/<package>`, else a private directory under
    /// `TMPDIR`. Relative values count as unset (XDG Base Directory Specification).
    #[must_use]
    pub fn of(package: &str, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let own = || safe_path::home(&variable).filter(|home| home.is_absolute());
        let home = absolute("XDG_STATE_HOME").or_else(|| Some(own()?.join(".local/state")));
        let (path, private_parent) = match home {
            Some(home) => (home.join("flavor"), None),
            None => {
                let base = BaseDir::temporary(|name| absolute(name).map(PathBuf::into_os_string));
                (base.path().join("state"), Some(base))
            }
        };
        Self { path: path.join(plain(package)), private_parent, made: OnceCell::new() }
    }

    /// The directory that holds the state directories of all packages, under the same rules.
    #[must_use]
    pub fn all(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
        let one = Self::of("x", variable);
        one.path.parent().map_or(one.path.clone(), Path::to_owned)
    }

    /// Its path, whether it exists or not.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates it if it is missing, private to the user, and checks that nobody else can change it.
    ///
    /// # Errors
    /// [`CommandFault::Directory`].
    pub fn create(&self) -> Result<&Path, CommandError> {
        if self.made.get().is_none() {
            self.make()
                .map_err(|error| CommandFault::Directory { variable: "XDG_STATE_HOME", why: error.to_string() })?;
            let _ = self.made.set(());
        }
        Ok(&self.path)
    }

    fn make(&self) -> Result<(), PathError> {
        if let Some(base) = &self.private_parent {
            base.create()?;
        }
        safe_path::create_directory(&self.path, 0o700)?;
        check_tree(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_absolute_variable_decides() {
        let user = rustix::process::geteuid().as_raw();
        let temporary = format!("/tmp/flavor-{user}/state/a");
        for (variables, expected) in [
            (vec![("XDG_STATE_HOME", "/s"), ("HOME", "/h")], "/s/flavor/a"),
            (vec![("XDG_STATE_HOME", ""), ("HOME", "/h")], "/h/.local/state/flavor/a"),
            (vec![("XDG_STATE_HOME", "s"), ("HOME", "/h")], "/h/.local/state/flavor/a"),
            (vec![("HOME", "h")], &temporary),
            (vec![("TMPDIR", "/t")], &temporary.replace("/tmp", "/t")),
        ] {
            let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            assert_eq!(StateDir::of("a", lookup).path(), Path::new(expected));
        }
        assert!(StateDir::of("../x", |_| Some("/s".into())).path().ends_with("flavor/_._x"));
    }
}
