//! Why a tree could not be built: for the whole, for its interpreter, and for one from Debian.

use super::{entry_point::EntryPointError, file_error::FileError, lock::LockError, uv::UvError};
use std::path::PathBuf;

/// Why a tree could not be built. [`PythonError::code`] is stable, the text is for people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PythonError {
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The project's folder does not hold a Python project.
    #[error("{} is not a Python project: it has neither pyproject.toml nor setup.py", path.display())]
    NotAProject {
        /// The folder.
        path: PathBuf,
    },
    /// `pyproject.toml` cannot be used.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        reason: String,
    },
    /// The name cannot be a program in the tree.
    #[error("the program name {name:?} cannot be used: {reason}")]
    ScriptName {
        /// The name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// No interpreter, or it could not be made relocatable.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// uv is missing or failed.
    #[error(transparent)]
    Uv(#[from] UvError),
    /// A lock cannot be honoured.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The entry point cannot be called.
    #[error(transparent)]
    EntryPoint(#[from] EntryPointError),
    /// Nothing that is installed can serve the application.
    #[error("`tool.flavor.{key}`: there is no server among the dependencies; expected one of {}", known.join(", "))]
    NoServer {
        /// `wsgi` or `asgi`.
        key: &'static str,
        /// Servers that would do.
        known: Vec<&'static str>,
    },
    /// A server runs an application, not a module or file.
    #[error(
        "`tool.flavor.{key}`: the entry point must be \"module:application\" or \"module:factory\", and is {entry_point}"
    )]
    NotServable {
        /// `wsgi` or `asgi`.
        key: &'static str,
        /// The entry point.
        entry_point: String,
    },
    /// A command of the manifest failed.
    #[error("the command `{command}` of {key} {reason}{}{output}", if output.is_empty() { "" } else { ":\n" })]
    Hook {
        /// Where it is in the manifest.
        key: &'static str,
        /// The command.
        command: String,
        /// How it ended.
        reason: String,
        /// The last lines that it printed.
        output: String,
    },
    /// Something was built for this machine, and the tree is for another one.
    #[error("{project} {version} has no wheel for {platform} and was built here, for this machine: {found}")]
    ForeignCode {
        /// The distribution.
        project: String,
        /// Its version.
        version: String,
        /// What shows it.
        found: String,
        /// What the tree is for.
        platform: String,
    },
    /// pip can only install for the interpreter that runs it.
    #[error("`tool.flavor.build.use_pip`: pip cannot install for {platform} on this machine")]
    ForeignPip {
        /// What the tree is for.
        platform: String,
    },
    /// pip takes the highest version of all indexes.
    #[error(
        "`tool.flavor.build.use_pip` with {place}: pip ranks no index before another, so that a stranger's distribution could take the place of one of yours"
    )]
    PipIndexes {
        /// What names a further index.
        place: String,
    },
    /// pip wants hashes of all or of none.
    #[error(
        "`tool.flavor.build.use_pip` with {place}: what is not in uv.lock has no hash there, and pip checks hashes of all or of none"
    )]
    PipUnlocked {
        /// What is installed besides.
        place: String,
    },
    /// pip does not read `tool.uv`.
    #[error(
        "`tool.flavor.build.use_pip`: pip does not know `tool.uv.sources.{name}`, and would take {name} from the index"
    )]
    PipSource {
        /// The distribution.
        name: String,
    },
    /// pip did not say what it has installed.
    #[error("pip does not say what it has installed: {reason}")]
    PipReport {
        /// Why.
        reason: String,
    },
    /// Debugging symbols were to be removed, and nothing can do that.
    #[error("`{program}` was not found, and the manifest or --strip asks for it")]
    NoStrip {
        /// The program's name.
        program: String,
    },
    /// Something was installed as a pointer to a folder of this machine.
    #[error("{name} is installed as editable: the package would look for it in a folder of this machine")]
    Editable {
        /// Its folder in the tree.
        name: String,
    },
    /// The interpreter in the tree failed at a task of ours.
    #[error("the bundled interpreter failed to {task}: {output}")]
    Interpreter {
        /// What it should have done.
        task: &'static str,
        /// The last lines that it printed.
        output: String,
    },
}

impl PythonError {
    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "python.file",
            Self::NotAProject { .. } => "python.project.missing",
            Self::Manifest { .. } => "python.project.manifest",
            Self::ScriptName { .. } => "python.script.name",
            Self::Runtime(error) => error.code(),
            Self::Uv(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::EntryPoint(error) => error.code(),
            Self::NoServer { .. } => "python.server.missing",
            Self::NotServable { .. } => "python.server.application",
            Self::Hook { .. } => "hook.failed",
            Self::NoStrip { .. } => "python.strip.missing",
            Self::ForeignCode { .. } => "python.foreign.code",
            Self::ForeignPip { .. } => "python.foreign.pip",
            Self::PipIndexes { .. } => "python.pip.indexes",
            Self::PipUnlocked { .. } => "python.pip.unlocked",
            Self::PipSource { .. } => "python.pip.source",
            Self::PipReport { .. } => "python.pip.report",
            Self::Editable { .. } => "python.editable",
            Self::Interpreter { .. } => "python.interpreter.failed",
        }
    }

    /// What the user can do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Runtime(error) => error.hint(),
            Self::Uv(error) => error.hint(),
            Self::Lock(error) => Some(error.hint()),
            Self::EntryPoint(error) => error.hint(),
            Self::NoServer { known, .. } => {
                Some(format!("add {:?} to project.dependencies", known.first().copied().unwrap_or_default()))
            }
            Self::NoStrip { program } => Some(match program.strip_suffix("-linux-gnu-strip") {
                Some(processor) => format!("install it (package binutils-{processor}-linux-gnu)"),
                None => "install it (package binutils)".to_owned(),
            }),
            Self::ForeignCode { project, platform, .. } => Some(format!(
                "take a version of {project} that has a wheel for {platform}, put one that was built there into an index of the \
                 manifest, or pack on a machine that is {platform}"
            )),
            Self::ForeignPip { .. } | Self::PipUnlocked { .. } | Self::PipSource { .. } => {
                Some("leave `use_pip` out: uv can".to_owned())
            }
            Self::PipIndexes { .. } => Some(
                "leave `use_pip` out: uv takes a distribution from the first index that has it; or name one index that holds all".to_owned(),
            ),
            Self::PipReport { .. } => Some("pip 23 or newer is needed".to_owned()),
            Self::Editable { .. } => Some(
                "take away the `-e` in the requirements file, or use a newer uv, which installs it whole".to_owned(),
            ),
            _ => None,
        }
    }
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
        /// What there is, and how to ask for it.
        available: Vec<String>,
    },
    /// Only Debian's interpreters can be had for other processors than this machine's.
    #[error("a Python project is packed for linux_{processor} on another machine with Debian's Python only")]
    Foreign {
        /// The processor that the package is for.
        processor: &'static str,
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
        /// What there is, and how to ask for it.
        available: Vec<String>,
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
            Self::Foreign { .. } => "python.platform",
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
            Self::NoInterpreter { available, .. } | Self::Download { available, .. } if !available.is_empty() => {
                return Some(format!("what there is: {}", available.join(", ")));
            }
            Self::NoInterpreter { .. } => {
                "install a fitting Python, name one with --python PATH, or let uv download one with --python uv"
            }
            Self::Foreign { processor } => {
                return Some(format!("use --python debian, or pack it on a machine that is linux_{processor}"));
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

/// Why there is no interpreter from Debian.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DebianError {
    /// Not a machine that Debian has packages for which we take.
    #[error("Debian's packages are for Linux on amd64 and arm64; this is {os} on {arch}")]
    Platform {
        /// The operating system.
        os: &'static str,
        /// The processor.
        arch: &'static str,
    },
    /// Nothing may be downloaded.
    #[error("Debian's archive is not asked: offline")]
    Offline,
    /// There is no gpgv.
    #[error("gpgv, which verifies the signature of Debian's archive, was not found on PATH")]
    NoGpgv,
    /// There are no keys.
    #[error("the keys of Debian's archive are missing: {}", path.display())]
    NoKeyring {
        /// Where they were looked for.
        path: PathBuf,
    },
    /// The mirror did not answer, or not as it should.
    #[error("{url} could not be read: {reason}")]
    Download {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The signature is not good.
    #[error("{url} is not signed by Debian: {reason}")]
    Signature {
        /// The address.
        url: String,
        /// gpgv's words.
        reason: String,
    },
    /// The list is out of date.
    #[error("{url} was valid until {until} only: the mirror is out of date, or somebody holds updates back")]
    Expired {
        /// The address.
        url: String,
        /// When.
        until: String,
    },
    /// The list does not say what it should.
    #[error("{url}: {reason}")]
    Content {
        /// The address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A file is not the one that was signed for.
    #[error("{url} is not the file that Debian signed for: expected SHA-256 {expected}, found {found}")]
    Digest {
        /// The address.
        url: String,
        /// In the signed list.
        expected: String,
        /// Of the file.
        found: String,
    },
    /// The archive is being updated.
    #[error("Debian {release} has another Python for {} than for {}", architectures[1], architectures[0])]
    Versions {
        /// The release.
        release: &'static str,
        /// This machine's, and the one that the tree is for.
        architectures: [&'static str; 2],
    },
    /// A package is not in the list.
    #[error("Debian's list has no package {package}")]
    Missing {
        /// Its name.
        package: String,
    },
    /// A package cannot be unpacked.
    #[error("the package {package} cannot be unpacked: {reason}")]
    Package {
        /// Its file.
        package: String,
        /// Why not.
        reason: String,
    },
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl DebianError {
    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Platform { .. } => "python.debian.platform",
            Self::Offline => "python.debian.offline",
            Self::NoGpgv => "python.debian.gpgv",
            Self::NoKeyring { .. } => "python.debian.keyring",
            Self::Download { .. } => "python.debian.download",
            Self::Signature { .. } | Self::Expired { .. } => "python.debian.signature",
            Self::Digest { .. } => "python.debian.digest",
            Self::Content { .. } | Self::Versions { .. } | Self::Missing { .. } | Self::Package { .. } => {
                "python.debian.archive"
            }
            Self::File(_) => "python.file",
        }
    }

    /// What the user can do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Platform { .. } => "name an installed interpreter with --python PATH",
            Self::Offline => "use --python local, or pack without --offline and UV_OFFLINE",
            Self::NoGpgv => "install gpgv (Debian, Ubuntu) or gnupg, or use another --python",
            Self::NoKeyring { .. } => {
                "install debian-archive-keyring, or set FLAVOR_DEBIAN_KEYRING to a copy of its debian-archive-keyring.gpg"
            }
            Self::Download { .. } | Self::Expired { .. } => {
                "check the network (http_proxy is used), or set FLAVOR_DEBIAN_MIRROR to another mirror, such as http://deb.debian.org/debian"
            }
            Self::Signature { .. } | Self::Digest { .. } => {
                "do not use this mirror; set FLAVOR_DEBIAN_MIRROR to another one"
            }
            Self::Versions { .. } => "try it again in an hour: an update is on its way to the mirrors",
            Self::Content { .. } | Self::Missing { .. } | Self::Package { .. } | Self::File(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_at_is_named() {
        let error = RuntimeError::NoInterpreter {
            required: Some(">=3.99".to_owned()),
            tried: vec!["/usr/bin/python3: Python 3.11.2".to_owned()],
            available: vec!["3.11.2 (--python /usr/bin/python3)".to_owned()],
        };
        let text = error.to_string();
        assert!(text.contains(">=3.99") && text.contains("/usr/bin/python3: Python 3.11.2"), "{text}");
        assert_eq!(error.code(), "python.runtime.none");
        assert!(error.hint().unwrap().contains("3.11.2 (--python /usr/bin/python3)"));
    }
}
