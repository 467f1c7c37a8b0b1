//! Where the interpreter in the tree comes from.

use super::{
    Progress,
    debian::{DebianError, DebianPackage, DebianProvider},
    error::FileError,
    interpreter::{Interpreter, OLDEST, ProbeError},
    process, relocate,
    shared_libraries::LibrarySearch,
    uv::{Uv, UvError},
};
use pep440_rs::{Version, VersionSpecifiers};
use std::{
    env,
    path::{Path, PathBuf},
    str::FromStr as _,
    time::Duration,
};

/// Looking for an installed interpreter touches the disk only.
const FIND_LIMIT: Duration = Duration::from_secs(20);

/// A download that takes longer is given up.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);

/// Seconds without an answer after which uv gives a download up. There is no second try: where the host is not reachable, the user should know at once.
const DOWNLOAD_SILENCE: &str = "10";

/// Which interpreter goes into the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PythonChoice {
    /// One that uv manages if it is already on this machine (it runs on older systems), else the first fitting one on `PATH`.
    #[default]
    Auto,
    /// The one of the newest fitting Debian release, or of this version, with its C library: it runs on any Linux of the architecture.
    Debian(Option<String>),
    /// The first fitting one on `PATH`.
    Local,
    /// This one.
    Path(PathBuf),
    /// The newest fitting one that uv manages; downloaded if need be.
    Uv,
    /// This version, such as `3.12`: on `PATH`, or managed by uv; downloaded if need be.
    Version(String),
}

impl PythonChoice {
    /// Reads the value of `--python`: `auto`, `local`, `uv`, `debian`, `debian:3.11`, a version, or a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "auto" => Self::Auto,
            "local" => Self::Local,
            "uv" => Self::Uv,
            "debian" => Self::Debian(None),
            _ if text.starts_with("debian:") => {
                Self::Debian(text.split_once(':').map(|(_, version)| version.to_owned()))
            }
            _ if text.starts_with(|first: char| first.is_ascii_digit()) && Version::from_str(text).is_ok() => {
                Self::Version(text.to_owned())
            }
            _ => Self::Path(PathBuf::from(text)),
        }
    }
}

/// What a provider is asked for.
pub struct RuntimeRequest<'a> {
    /// Versions that the project accepts.
    pub requires_python: Option<&'a VersionSpecifiers>,
    /// Whether the tree may hold symbolic links.
    pub symlinks: bool,
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

/// Why there is no interpreter for the tree.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// No provider has one that fits.
    #[error("no Python that can be bundled was found{}{}", required.as_ref().map_or_else(String::new, |specifiers| format!(" (the project requires {specifiers})")), list(tried))]
    NoInterpreter {
        /// What the project requires.
        required: Option<String>,
        /// What was looked at, and why it was not taken.
        tried: Vec<String>,
    },
    /// The chosen file cannot be used.
    #[error("{} cannot be bundled: {reason}", path.display())]
    NotUsable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The chosen interpreter has the wrong version.
    #[error("the project requires Python {required}, but {} is Python {found}", path.display())]
    RequiresPython {
        /// The interpreter.
        path: PathBuf,
        /// Its version.
        found: String,
        /// What the project requires.
        required: String,
    },
    /// The interpreter needs a library that is not on this machine.
    #[error("{} needs {library}, which is not on this machine", needed_by.display())]
    LibraryMissing {
        /// The library.
        library: String,
        /// What needs it.
        needed_by: PathBuf,
    },
    /// An executable could not be made relocatable.
    #[error("{} cannot be made relocatable: {reason}", path.display())]
    Rewrite {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// uv could not download an interpreter.
    #[error("uv could not get Python {version}: {source}")]
    Download {
        /// What was asked for.
        version: String,
        /// What happened.
        source: UvError,
    },
    /// Debian's archive could not be used.
    #[error(transparent)]
    Debian(#[from] DebianError),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

fn list(tried: &[String]) -> String {
    tried.iter().map(|line| format!("\n  {line}")).collect()
}

impl RuntimeError {
    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoInterpreter { .. } => "python.runtime.none",
            Self::NotUsable { .. } => "python.runtime.unusable",
            Self::RequiresPython { .. } => "python.version.mismatch",
            Self::LibraryMissing { .. } => "python.runtime.library",
            Self::Rewrite { .. } => "python.runtime.rewrite",
            Self::Download { .. } => "python.runtime.download",
            Self::Debian(error) => error.code(),
            Self::File(_) => "python.file",
        }
    }

    /// What the user can do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoInterpreter { .. } => {
                "install a fitting Python, name one with --python PATH, or let uv download one with --python uv"
            }
            Self::NotUsable { .. } | Self::RequiresPython { .. } => {
                "name a fitting CPython with --python PATH, or use --python uv"
            }
            Self::LibraryMissing { .. } => "repair that Python's installation, or name another with --python PATH",
            Self::Rewrite { .. } => "name another interpreter with --python PATH, or use --python uv",
            Self::Download { .. } => "name an installed interpreter with --python PATH",
            Self::Debian(error) => return error.hint().map(str::to_owned),
            Self::File(_) => return None,
        };
        Some(hint.to_owned())
    }
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
    let mut all_tried = Vec::new();
    for provider in providers(choice) {
        match ask(&*provider) {
            Err(RuntimeError::NoInterpreter { tried, .. }) => all_tried.extend(tried),
            other => return other,
        }
    }
    Err(no_interpreter(request, all_tried))
}

fn no_interpreter(request: &RuntimeRequest<'_>, tried: Vec<String>) -> RuntimeError {
    RuntimeError::NoInterpreter { required: request.requires_python.map(ToString::to_string), tried }
}

/// An interpreter of this machine.
#[derive(Clone, Debug, Default)]
pub struct LocalProvider {
    /// This one; otherwise the first fitting one on `PATH`.
    pub path: Option<PathBuf>,
    /// Only of this version, such as `3.12`.
    pub version: Option<String>,
}

impl RuntimeProvider for LocalProvider {
    fn name(&self) -> &'static str {
        "local"
    }

    fn check(&self, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError> {
        self.interpreter(request).map(drop)
    }

    fn provide(&self, request: &RuntimeRequest<'_>, into: &Path) -> Result<Runtime, RuntimeError> {
        relocate_with_progress(&self.interpreter(request)?, self.name(), request, into)
    }
}

fn relocate_with_progress(
    python: &Interpreter,
    provider: &'static str,
    request: &RuntimeRequest<'_>,
    into: &Path,
) -> Result<Runtime, RuntimeError> {
    request.progress.step(&format!("Copy Python {} from {}", python.version_text(), python.base_prefix.display()));
    relocate::relocate(python, provider, request, into)
}

fn chosen(path: &Path, request: &RuntimeRequest<'_>) -> Result<Interpreter, RuntimeError> {
    // A bare name is looked up as a shell would.
    let found = process::all_on_path(&path.to_string_lossy(), env::var_os("PATH").as_deref()).into_iter().next();
    let file = if path.components().count() == 1 && !path.exists() {
        found.unwrap_or_else(|| path.to_owned())
    } else {
        path.to_owned()
    };
    if !process::is_executable(&file) {
        let reason = if file.exists() { "it is not an executable file" } else { "it does not exist" };
        return Err(RuntimeError::NotUsable { path: file, reason: reason.to_owned() });
    }
    let python = Interpreter::probe(&file)
        .map_err(|error| RuntimeError::NotUsable { path: file.clone(), reason: error.to_string() })?;
    match request.requires_python {
        Some(required) if !fits(&python, required) => Err(RuntimeError::RequiresPython {
            path: file,
            found: python.version_text(),
            required: required.to_string(),
        }),
        _ => Ok(python),
    }
}

impl LocalProvider {
    pub(super) fn interpreter(&self, request: &RuntimeRequest<'_>) -> Result<Interpreter, RuntimeError> {
        self.path.as_ref().map_or_else(|| self.first_fitting(request), |path| chosen(path, request))
    }

    fn first_fitting(&self, request: &RuntimeRequest<'_>) -> Result<Interpreter, RuntimeError> {
        let path = env::var_os("PATH");
        let mut names = vec!["python3".to_owned()];
        match &self.version {
            Some(version) => names.insert(0, format!("python{}", minor_of(version))),
            None => names.extend((8..=20).rev().map(|minor| format!("python3.{minor}"))),
        }
        let mut tried = Vec::new();
        for file in names.iter().flat_map(|name| process::all_on_path(name, path.as_deref())) {
            match Interpreter::probe(&file) {
                Ok(python) if !self.has_version(&python) => {
                    tried.push(format!("{}: Python {}", file.display(), python.version_text()));
                }
                Ok(python) if request.requires_python.is_some_and(|required| !fits(&python, required)) => {
                    tried.push(format!("{}: Python {}", file.display(), python.version_text()));
                }
                Ok(python) => return Ok(python),
                // Version managers put programs on PATH for versions that are not active.
                Err(ProbeError::NoAnswer(_)) => {}
                Err(error) => tried.push(format!("{}: {error}", file.display())),
            }
        }
        Err(no_interpreter(request, tried))
    }

    fn has_version(&self, python: &Interpreter) -> bool {
        self.version.as_ref().is_none_or(|version| {
            let found = python.version_text();
            found == *version || found.strip_prefix(version.as_str()).is_some_and(|rest| rest.starts_with('.'))
        })
    }
}

fn minor_of(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

fn fits(python: &Interpreter, required: &VersionSpecifiers) -> bool {
    let (major, minor, patch) = python.version;
    required.contains(&Version::new([major, minor, patch].map(u64::from)))
}

/// An interpreter that uv manages (python-build-standalone).
#[derive(Clone, Debug, Default)]
pub struct UvProvider {
    /// Only of this version.
    pub version: Option<String>,
    /// Whether uv may download it. It is given up soon, without a second try.
    pub download: bool,
}

impl RuntimeProvider for UvProvider {
    fn name(&self) -> &'static str {
        "uv"
    }

    fn check(&self, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError> {
        match find_managed(&self.wanted(request), request) {
            Some(path) => chosen(&path, request).map(drop),
            None if self.download => Ok(()),
            None => Err(no_interpreter(request, Vec::new())),
        }
    }

    fn provide(&self, request: &RuntimeRequest<'_>, into: &Path) -> Result<Runtime, RuntimeError> {
        let wanted = self.wanted(request);
        let mut found = find_managed(&wanted, request);
        if found.is_none() && self.download {
            request.progress.step(&format!("Download Python {wanted}"));
            download(&wanted, request).map_err(|source| RuntimeError::Download { version: wanted.clone(), source })?;
            found = find_managed(&wanted, request);
        }
        let Some(path) = found else { return Err(no_interpreter(request, Vec::new())) };
        relocate_with_progress(&chosen(&path, request)?, self.name(), request, into)
    }
}

impl UvProvider {
    /// One that it has already.
    pub(super) fn installed(&self, request: &RuntimeRequest<'_>) -> Option<PathBuf> {
        find_managed(&self.wanted(request), request)
    }

    /// As uv takes it.
    fn wanted(&self, request: &RuntimeRequest<'_>) -> String {
        let required = request.requires_python.map(ToString::to_string).filter(|specifiers| !specifiers.is_empty());
        self.version.clone().or(required).unwrap_or_else(|| format!(">={}.{}", OLDEST.0, OLDEST.1))
    }
}

fn find_managed(wanted: &str, request: &RuntimeRequest<'_>) -> Option<PathBuf> {
    let mut command = request.uv.command();
    command
        .args(["python", "find", "--managed-python", "--no-python-downloads", "--no-project", wanted])
        .current_dir("/");
    let finished = Uv::run(&mut command, FIND_LIMIT, Path::new("/")).ok()?;
    let path = PathBuf::from(String::from_utf8(finished.stdout).ok()?.trim());
    path.is_absolute().then_some(path)
}

fn download(wanted: &str, request: &RuntimeRequest<'_>) -> Result<(), UvError> {
    let mut command = request.uv.command();
    command.args(["python", "install", "--no-bin", "--no-progress", "--color", "never", wanted]).current_dir("/");
    command.env("UV_HTTP_RETRIES", "0").env("UV_HTTP_TIMEOUT", DOWNLOAD_SILENCE);
    Uv::run(&mut command, DOWNLOAD_LIMIT, Path::new("/")).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_from_words() {
        assert_eq!(PythonChoice::parse("auto"), PythonChoice::Auto);
        assert_eq!(PythonChoice::parse("uv"), PythonChoice::Uv);
        assert_eq!(PythonChoice::parse("debian"), PythonChoice::Debian(None));
        assert_eq!(PythonChoice::parse("debian:3.11"), PythonChoice::Debian(Some("3.11".to_owned())));
        assert_eq!(PythonChoice::parse("3.12"), PythonChoice::Version("3.12".to_owned()));
        assert_eq!(PythonChoice::parse("/opt/3/bin/python"), PythonChoice::Path("/opt/3/bin/python".into()));
        assert_eq!(PythonChoice::parse("python3.11"), PythonChoice::Path("python3.11".into()));
        assert_eq!(PythonChoice::parse("./3.12"), PythonChoice::Path("./3.12".into()));
    }

    #[test]
    fn what_was_looked_at_is_named() {
        let error = RuntimeError::NoInterpreter {
            required: Some(">=3.99".to_owned()),
            tried: vec!["/usr/bin/python3: Python 3.11.2".to_owned()],
        };
        let text = error.to_string();
        assert!(text.contains(">=3.99") && text.contains("/usr/bin/python3: Python 3.11.2"), "{text}");
        assert_eq!(error.code(), "python.runtime.none");
    }
}
