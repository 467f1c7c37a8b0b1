//! Where the interpreter in the tree comes from.

use super::{
    Progress,
    debian::{DebianPackage, DebianProvider},
    local_provider::LocalProvider,
    processor::Processor,
    python_choice::PythonChoice,
    runtime_error::RuntimeError,
    shared_libraries::LibrarySearch,
    stdlib::StandardLibrary,
    uv::Uv,
    uv_provider::UvProvider,
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

    /// The folder of installed modules.
    #[must_use]
    pub fn site_packages(&self) -> PathBuf {
        self.root.join(&self.site)
    }
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

/// The providers to ask for a choice, in this order.
#[must_use]
pub fn providers(choice: &PythonChoice) -> Vec<Box<dyn RuntimeProvider>> {
    let managed = |version: Option<&String>, download| UvProvider { version: version.cloned(), download };
    match choice {
        PythonChoice::Auto => vec![Box::new(managed(None, false)), Box::new(LocalProvider::default())],
        PythonChoice::Debian(version) => vec![Box::new(DebianProvider { version: version.clone() })],
        PythonChoice::Local => vec![Box::new(LocalProvider::default())],
        PythonChoice::Path(path) => vec![Box::new(LocalProvider { path: Some(path.clone()), version: None })],
        PythonChoice::Uv => vec![Box::new(managed(None, true))],
        PythonChoice::Version(version) => vec![
            Box::new(LocalProvider { path: None, version: Some(version.clone()) }),
            Box::new(managed(Some(version), true)),
        ],
    }
}

/// Asks the providers of the choice one after the other.
pub(super) fn provide(
    choice: &PythonChoice,
    request: &RuntimeRequest<'_>,
    into: &Path,
) -> Result<Runtime, RuntimeError> {
    first(choice, request, |provider| provider.provide(request, into))
}

/// Says whether [`provide`] will find one.
pub(super) fn check(choice: &PythonChoice, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError> {
    first(choice, request, |provider| provider.check(request))
}

fn first<T>(
    choice: &PythonChoice,
    request: &RuntimeRequest<'_>,
    ask: impl Fn(&dyn RuntimeProvider) -> Result<T, RuntimeError>,
) -> Result<T, RuntimeError> {
    if let (Some(processor), false) = (request.foreign, matches!(choice, PythonChoice::Debian(_))) {
        return Err(RuntimeError::Foreign { processor: processor.name() });
    }
    let mut all_tried = Vec::new();
    for provider in providers(choice) {
        match ask(&*provider) {
            Err(RuntimeError::NoInterpreter { tried, .. }) => all_tried.extend(tried),
            other => return other,
        }
    }
    Err(no_interpreter(request, all_tried))
}

pub(super) fn no_interpreter(request: &RuntimeRequest<'_>, tried: Vec<String>) -> RuntimeError {
    RuntimeError::NoInterpreter { required: request.requires_python.map(ToString::to_string), tried }
}
