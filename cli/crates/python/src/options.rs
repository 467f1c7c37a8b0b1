//! How a tree is built, as far as the defaults are not meant.

use super::{EntryPoint, StandardLibrary, lock::Lock};
use flavor_manifest::{FilePatterns, IndexSettings};
use pep440_rs::VersionSpecifiers;
use std::path::PathBuf;

/// Everything that has a default.
#[derive(Clone, Debug, Default)]
pub struct TreeOptions {
    /// Commands beside the one that the package runs, by name.
    pub commands: Vec<(String, EntryPoint)>,
    /// Whether the entry point is an application that a server runs, and how the two talk.
    pub server: Option<Interface>,
    /// The distribution whose own scripts are commands as well, which only its build backend knows.
    pub scripts_of: Option<String>,
    /// Versions of Python besides those that the project accepts.
    pub accepts: Option<VersionSpecifiers>,
    /// Where distributions come from.
    pub index: IndexSettings,
    /// What is installed besides the project and its dependencies.
    pub installs: Installs,
    /// How the project is built.
    pub build: BuildOptions,
    /// What of the result is left out.
    pub trim: TrimOptions,
    /// How modules are compiled.
    pub compile: CompileOptions,
    /// Distributions, by name or pattern, whose modules are unpacked when they are first imported.
    pub lazy_dependencies: Vec<String>,
    /// How much of the standard library is packed.
    pub stdlib: StandardLibrary,
    /// Variables that the package sets when it runs, with `{workenv}` for the place where the tree is.
    pub run_env: Vec<(String, String)>,
}

/// How server and application talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// PEP 3333.
    Wsgi,
    /// The asynchronous one.
    Asgi,
}

impl Interface {
    /// The key of the manifest.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Wsgi => "wsgi",
            Self::Asgi => "asgi",
        }
    }
}

/// What is installed, and by whom.
#[derive(Clone, Debug, Default)]
pub struct Installs {
    /// Further requirements.
    pub requirements: Vec<String>,
    /// Further projects.
    pub projects: Vec<PathBuf>,
    /// A requirements file that is no lock.
    pub requirements_file: Option<PathBuf>,
    /// The lock that says the versions.
    pub lock: Option<Lock>,
    /// A lock that is there, and is not to say them.
    pub passed_over: Option<Lock>,
    /// Whether the dependency group `dev` is installed.
    pub dev_group: bool,
    /// Whether pip installs, and not uv.
    pub use_pip: bool,
    /// Whether pip is installed, too.
    pub pip: bool,
    /// Newest glibc 2.x that wheels may need.
    pub manylinux: Option<u16>,
}

impl Installs {
    /// A sentence about the lock, where it is there and binds not.
    pub(crate) fn about_lock(&self) -> Option<String> {
        let lock = self.passed_over.as_ref()?;
        Some(format!("{} was passed over (--no-lock): the newest versions that fit are packed", lock.name()))
    }

    /// Whether more is installed than the project asks for, which no lock of it can know.
    pub(crate) fn has_more(&self) -> bool {
        self.pip || !self.requirements.is_empty() || !self.projects.is_empty()
    }
}

/// How the project is built.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// Requirements besides `build-system.requires`.
    pub requires: Vec<String>,
    /// Only these files of the project, if there are any.
    pub include: FilePatterns,
    /// Not these files.
    pub exclude: FilePatterns,
    /// Files and folders of the project that are data, which slots bring, and no modules.
    pub data: Vec<PathBuf>,
    /// Variables.
    pub env: Vec<(String, String)>,
    /// A build environment in place of an isolated one.
    pub environment: Option<BuildEnvironment>,
}

/// A virtual environment to build in.
#[derive(Clone, Debug, Default)]
pub struct BuildEnvironment {
    /// Its folder; none for one that is thrown away.
    pub path: Option<PathBuf>,
    /// Whether it sees the packages of the interpreter.
    pub system_site_packages: bool,
    /// Commands that run in it first.
    pub commands: Vec<String>,
}

/// What of the dependencies is left out.
#[derive(Clone, Debug, Default)]
pub struct TrimOptions {
    /// Installed files.
    pub exclude: FilePatterns,
    /// Whether the tests of dependencies go.
    pub tests: bool,
    /// Whether debugging symbols go.
    pub strip: bool,
}

/// How modules are compiled.
#[derive(Clone, Copy, Debug)]
pub struct CompileOptions {
    /// As `python -O` (1) and `-OO` (2).
    pub optimization_level: u8,
    /// Whether they are compiled at all.
    pub compile: bool,
    /// Whether docstrings are left out.
    pub strip_docstrings: bool,
}

impl Default for CompileOptions {
    fn default() -> Self {
        Self { optimization_level: 0, compile: true, strip_docstrings: false }
    }
}
