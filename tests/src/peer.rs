//! The published implementation (flavorpack 0.5.4 from PyPI), run as separate programs.

use std::{
    env, fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

/// Names the folder with the published implementation's programs: `bin` of its virtual environment.
pub const VARIABLE: &str = pspf_test_support::PEER_VARIABLE;

/// The programs of the published implementation.
#[derive(Clone, Debug)]
pub struct Peer {
    bin: PathBuf,
    helpers: PathBuf,
}

/// Which of the two languages a launcher or external builder is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `flavor-rs-…`
    Rust,
    /// `flavor-go-…`
    Go,
}

impl Language {
    fn short(self) -> &'static str {
        match self {
            Self::Rust => "rs",
            Self::Go => "go",
        }
    }
}

fn missing(what: &str) -> io::Error {
    io::Error::other(format!("{what}; `{}` installs the published implementation", pspf_test_support::SETUP))
}

impl Peer {
    /// The programs for a test, which is skipped where they are not installed.
    ///
    /// # Panics
    /// Where what is installed is not complete.
    #[track_caller]
    #[must_use]
    pub fn for_test() -> Option<Self> {
        pspf_test_support::peer().map(|bin| Self::at(bin).unwrap_or_else(|error| panic!("{error}")))
    }

    /// Finds the programs through the environment, or where `cargo xtask setup` installs them.
    ///
    /// # Errors
    /// What is not there, and what to do.
    pub fn find() -> io::Result<Self> {
        Self::at(pspf_test_support::installed_peer().ok_or_else(|| missing(&format!("{VARIABLE} is not set")))?)
    }

    fn at(bin: PathBuf) -> io::Result<Self> {
        let lib = bin.join("../lib");
        let python = fs::read_dir(&lib)
            .map_err(|error| missing(&format!("{VARIABLE}: {}: {error}", lib.display())))?
            .filter_map(Result::ok)
            .find(|entry| entry.file_name().to_string_lossy().starts_with("python"))
            .ok_or_else(|| missing(&format!("no python folder in {}", lib.display())))?;
        let peer = Self { helpers: python.path().join("site-packages/flavor/helpers/bin"), bin };
        for path in [peer.flavor(), peer.launcher(Language::Rust)?, peer.launcher(Language::Go)?] {
            if !path.is_file() {
                return Err(missing(&format!("{} is not there", path.display())));
            }
        }
        Ok(peer)
    }

    /// `flavor`.
    #[must_use]
    pub fn flavor(&self) -> PathBuf {
        self.bin.join("flavor")
    }

    /// The Python that has the published library.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.bin.join("python")
    }

    /// A launcher for this machine.
    ///
    /// # Errors
    /// Where there is none.
    pub fn launcher(&self, language: Language) -> io::Result<PathBuf> {
        self.helper(&format!("flavor-{}-launcher-", language.short()))
    }

    /// An external builder for this machine.
    ///
    /// # Errors
    /// Where there is none.
    pub fn builder(&self, language: Language) -> io::Result<PathBuf> {
        self.helper(&format!("flavor-{}-builder-", language.short()))
    }

    fn helper(&self, prefix: &str) -> io::Result<PathBuf> {
        fs::read_dir(&self.helpers)?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
            .ok_or_else(|| io::Error::other(format!("no {prefix}* in {}", self.helpers.display())))
    }

    /// A command of the published implementation with a home folder of its own, away from the user's settings.
    #[must_use]
    pub fn command(&self, program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", home).env("XDG_CACHE_HOME", home.join("cache")).env("TMPDIR", home);
        command.env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("FLAVOR_CACHE", home.join("flavor")).env("FLAVOR_LOG_LEVEL", "error");
        command.current_dir(home).stdin(Stdio::null());
        command
    }

    /// `flavor verify FILE`.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn verify(&self, package: &Path, home: &Path) -> io::Result<Output> {
        self.command(&self.flavor(), home).arg("verify").arg(package).output()
    }

    /// `verify` of the launcher in front of a package.
    ///
    /// # Errors
    /// Where it does not start.
    pub fn verify_by_launcher(&self, package: &Path, home: &Path) -> io::Result<Output> {
        fs::set_permissions(package, fs::Permissions::from_mode(0o755))?;
        // Another thread may be starting a program, whose process has our file open for writing until it becomes that program.
        for _ in 0..100 {
            match self.command(package, home).env("FLAVOR_LAUNCHER_CLI", "1").arg("verify").output() {
                Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                    thread::sleep(Duration::from_millis(10));
                }
                done => return done,
            }
        }
        Err(io::ErrorKind::ExecutableFileBusy.into())
    }
}
