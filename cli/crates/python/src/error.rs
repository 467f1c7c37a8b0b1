//! Why a tree could not be built.

use super::{entry_point::EntryPointError, file_error::FileError, runtime_error::RuntimeError, uv::UvError};
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
    /// The entry point cannot be called.
    #[error(transparent)]
    EntryPoint(#[from] EntryPointError),
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
            Self::EntryPoint(error) => error.code(),
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
            Self::EntryPoint(error) => error.hint(),
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
