//! What a provider of interpreters is asked for, and what it gives.

use super::{
    Progress, error::RuntimeError, processor::Processor, shared_libraries::LibrarySearch, stdlib::StandardLibrary,
    uv::Uv,
};
use pep440_rs::VersionSpecifiers;
use std::path::{Path, PathBuf};

/// What a provider is asked for.
pub struct RuntimeRequest<'a> {
    /// Versions that the project accepts.
    pub requires_python: Option<&'a VersionSpecifiers>,
    /// The processor, where it is not this machine's.
    pub foreign: Option<Processor>,
    /// Whether the tree may hold symbolic links.
    pub symlinks: bool,
    /// How much of the standard library.
    pub stdlib: StandardLibrary,
    /// Whether nothing may be downloaded.
    pub offline: bool,
    /// Whether `ensurepip` must work.
    pub pip: bool,
    /// The installer, which also manages interpreters.
    pub uv: &'a Uv,
    /// Is told about the steps.
    pub progress: &'a dyn Progress,
}

/// An interpreter in the tree.
#[derive(Debug)]
pub struct Runtime {
    /// The tree.
    pub root: PathBuf,
    /// Which provider it came from.
    pub provider: &'static str,
    /// Major, minor, patch.
    pub version: (u8, u8, u8),
    /// File name of the interpreter in `bin`.
    pub program: String,
    /// Options that it is started with.
    pub options: Vec<&'static str>,
    /// The standard library, relative to the tree.
    pub stdlib: PathBuf,
    /// Where installed modules go, relative to the tree.
    pub site: PathBuf,
    /// The installed interpreter that this one was copied from.
    pub original: PathBuf,
    /// What runs while the tree is built: the interpreter in the tree, or the same version for this machine.
    pub builder: PathBuf,
    /// The processor, where it is not this machine's.
    pub foreign: Option<Processor>,
    /// The folder of the wheels for `ensurepip`, where that does not bring them.
    pub wheels: Option<PathBuf>,
    /// Where its OpenSSL looks for certificates.
    pub certificates: Vec<String>,
    /// Version of the C library beside it, if there is one; otherwise the machine's is used.
    pub c_library: Option<String>,
    /// What it was made from, where it is Debian's.
    pub debian_packages: Vec<DebianPackage>,
    /// Sentences for the user.
    pub notices: Vec<String>,
    pub(super) search: LibrarySearch,
}

impl Runtime {
    /// The interpreter in the tree.
    #[must_use]
    pub fn executable(&self) -> PathBuf {
        self.root.join("bin").join(&self.program)
    }

    /// A file of the tree, as records of distributions name it: through the folder of installed modules.
    #[must_use]
    pub(super) fn recorded(&self, relative: &Path) -> PathBuf {
        let up: PathBuf = self.site.components().map(|_| "..").collect();
        self.site_packages().join(up).join(relative)
    }

    /// The folder of installed modules.
    #[must_use]
    pub fn site_packages(&self) -> PathBuf {
        self.root.join(&self.site)
    }
}

/// A package of Debian's archive that an interpreter was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DebianPackage {
    /// Its name, such as `libc6`.
    pub name: String,
    /// Its version, epoch included, such as `1:1.2.13.dfsg-1`.
    pub version: String,
    /// Debian's name of the architecture, such as `amd64`.
    pub architecture: &'static str,
    /// The release, such as `bookworm`.
    pub release: &'static str,
    /// Name of the file in the archive.
    pub file: String,
    /// SHA-256 of that file, in lower-case hexadecimal, as the signed index states it.
    pub sha256: String,
    /// Names of the packages of the same list that it needs.
    pub requires: Vec<String>,
    /// Short names of the licences of its files, as its copyright file has them for machines; empty where it is for people only.
    pub licences: Vec<String>,
    /// The copyright file in the tree, where it is there.
    pub copyright: Option<String>,
}

/// Puts a complete, relocatable interpreter into a folder.
pub trait RuntimeProvider {
    /// A short name for reports.
    fn name(&self) -> &'static str;

    /// Says within a second whether it has one that fits. One that would be downloaded counts.
    ///
    /// # Errors
    /// As [`RuntimeProvider::provide`].
    fn check(&self, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError>;

    /// Puts it there.
    ///
    /// # Errors
    /// [`RuntimeError::NoInterpreter`] if the provider has none that fits, so that another may be asked; anything else ends the search.
    fn provide(&self, request: &RuntimeRequest<'_>, into: &Path) -> Result<Runtime, RuntimeError>;
}

pub(super) fn no_interpreter(request: &RuntimeRequest<'_>, tried: Vec<String>) -> RuntimeError {
    let required = request.requires_python.map(ToString::to_string);
    RuntimeError::NoInterpreter { required, tried, available: Vec::new() }
}
