//! The launcher as a program: what it is asked for, why it fails, and what it exits with.

use std::{
    ffi::{OsStr, OsString},
    fmt, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use crate::{
    base_dir,
    command::{CommandError, CommandFault},
    config_error::ConfigError,
    console,
    io_failure::IoFailure,
    log::{self, Severity},
    own_commands,
    own_file::OwnFile,
    rights,
    safe_path::PathError,
    spawn::{self, Ended},
    start,
    workenv_error::WorkenvError,
};

/// Every launcher of this project carries this text, so that `flavor pack` can tell it from any other program.
pub const LAUNCHER_MARKER: &str = "PSPF/2025 launcher (flavor)";

/// Why a start failed; small to hand on.
#[derive(Debug)]
pub struct LaunchError(Box<LaunchFault>);

impl LaunchError {
    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> &LaunchFault {
        &self.0
    }
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for LaunchError {}

/// What keeps a program from being started.
#[derive(Debug)]
pub enum LaunchFault {
    /// The package's own file cannot be opened or read.
    OwnFile(io::Error),
    /// The program would have more rights than its caller, whose variables say what is run.
    MoreRights,
    /// There is no package behind the launcher.
    NotAPackage {
        /// What the engine found.
        why: String,
    },
    /// The package is not what its publisher signed.
    Verification {
        /// What the engine found first, with its code.
        why: String,
    },
    /// There is no place for a work environment.
    Base(PathError),
    /// The content cannot be extracted or set up.
    Workenv(WorkenvError),
    /// The command is wrong.
    Command(CommandError),
    /// The system refused something else.
    Io(IoFailure),
    /// A policy, or a rule of the package itself, is not met.
    Policy {
        /// Which, and whose.
        why: String,
    },
    /// A policy or trust file cannot be used.
    Config(ConfigError),
    /// The program cannot be executed.
    Execute {
        /// The program.
        program: PathBuf,
        /// The system's answer.
        error: io::Error,
    },
}

impl LaunchFault {
    /// The exit code for this error, for the launcher's callers to tell them apart (docs/launcher.md).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotAPackage { .. } => 102,
            Self::Workenv(WorkenvError::Extract(_) | WorkenvError::Busy { .. }) => 103,
            Self::Command(error) if matches!(error.fault(), CommandFault::Directory { .. }) => 106,
            Self::Io(_) => 106,
            Self::Command(_) | Self::Execute { .. } | Self::Workenv(WorkenvError::Setup(_)) => 104,
            Self::MoreRights => 104,
            Self::OwnFile(_) | Self::Base(_) | Self::Workenv(WorkenvError::Base(_) | WorkenvError::Io(_)) => 106,
            Self::Verification { .. } => 107,
            Self::Policy { .. } => 108,
            Self::Config(_) => 109,
        }
    }

    /// What went wrong, and what the user can do about it.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::OwnFile(_) => ("the package cannot be read", "check that you may read it, not only execute it"),
            Self::MoreRights => (
                "packages do not run with more rights than their caller has",
                "take the set-uid and set-gid bits and the capabilities off the file; use sudo to run it as another user",
            ),
            Self::NotAPackage { .. } => ("this is not a whole package", "get it again from its publisher"),
            Self::Verification { .. } => {
                ("the package is not what its publisher signed", "do not use it; get it again from its publisher")
            }
            Self::Base(_) | Self::Workenv(WorkenvError::Base(_)) => {
                ("there is no place to unpack to", "set FLAVOR_CACHE_DIR to a directory that you own and can write to")
            }
            Self::Workenv(WorkenvError::Extract(error)) if !error.is_of_the_system() => {
                ("the package cannot be unpacked", "tell its publisher")
            }
            Self::Workenv(WorkenvError::Io(_) | WorkenvError::Extract(_)) => (
                "the package cannot be unpacked",
                "check space and rights there, or set FLAVOR_CACHE_DIR to another place",
            ),
            Self::Workenv(WorkenvError::Busy { .. }) => {
                ("the package is being set up elsewhere", "wait for that process, or end it")
            }
            Self::Workenv(WorkenvError::Setup(_)) => {
                ("the package cannot be set up", "start it again, or tell its publisher")
            }
            Self::Command(error) if matches!(error.fault(), CommandFault::Directory { .. }) => {
                ("there is no place for what the program keeps", "set that variable to a directory that you own")
            }
            Self::Policy { .. } => (
                "the package may not be run here",
                "ask who wrote the policy, or get another package from its publisher",
            ),
            Self::Config(_) => {
                ("a policy cannot be read, so nothing is run", "put that file right, or ask who wrote it")
            }
            Self::Command(error) if matches!(error.fault(), CommandFault::NoHome) => {
                ("the package cannot be run", "set HOME")
            }
            Self::Io(_) => ("the package cannot be run", "check that the path is there and that you may use it"),
            Self::Command(_) => ("the package cannot be run", "tell its publisher"),
            Self::Execute { .. } => (
                "the program cannot be executed",
                "check that the file system allows executing, and the machine's type",
            ),
        }
    }
}

impl fmt::Display for LaunchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnFile(error) => error.fmt(f),
            Self::MoreRights => f.write_str(
                "it was started set-uid, set-gid, with file capabilities or into another security domain, \
                 and the caller's variables choose what it runs",
            ),
            Self::NotAPackage { why } | Self::Verification { why } | Self::Policy { why } => f.write_str(why),
            Self::Config(error) => error.fmt(f),
            Self::Base(error) => error.fmt(f),
            Self::Workenv(error) => error.fmt(f),
            Self::Command(error) => error.fmt(f),
            Self::Io(failure) => failure.fmt(f),
            Self::Execute { program, error } => {
                write!(f, "{}: {error}", program.display())?;
                match error.kind() {
                    io::ErrorKind::NotFound if program.exists() => {
                        f.write_str(" (it is there; the interpreter or loader that it names is not)")
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

impl From<LaunchFault> for LaunchError {
    #[cold]
    fn from(fault: LaunchFault) -> Self {
        Self(Box::new(fault))
    }
}

impl From<WorkenvError> for LaunchError {
    fn from(error: WorkenvError) -> Self {
        LaunchFault::Workenv(error).into()
    }
}

impl From<IoFailure> for LaunchError {
    fn from(failure: IoFailure) -> Self {
        LaunchFault::Io(failure).into()
    }
}

impl From<ConfigError> for LaunchError {
    fn from(error: ConfigError) -> Self {
        LaunchFault::Config(error).into()
    }
}

impl From<CommandError> for LaunchError {
    fn from(error: CommandError) -> Self {
        LaunchFault::Command(error).into()
    }
}

/// The launcher; the first argument is the name that it was called by. Returns only where there is no program to become: with
/// the exit code.
#[must_use]
pub fn main(arguments: Vec<OsString>) -> u8 {
    let mut arguments = arguments;
    let called = if arguments.is_empty() { OsString::new() } else { arguments.remove(0) };
    let own = match OwnFile::open(&called) {
        Ok(own) => own,
        Err((path, error)) => return fail(&path, &LaunchFault::OwnFile(error)),
    };
    // Before anything is looked at that the caller chooses.
    if rights::more_than_the_caller() {
        return fail(own.path(), &LaunchFault::MoreRights);
    }
    if let Some(problem) = log::open(base_dir::variable) {
        warn(&own, &problem);
    }
    if base_dir::variable("FLAVOR_LAUNCHER_CLI").is_some_and(|value| is_on(&value)) {
        match own_commands::run(&own, &arguments) {
            own_commands::Done::Ended(code) => return code,
            own_commands::Done::Slot(id) => return finish(&own, start::print_slot(&own, &id)),
            own_commands::Done::RunProgram => drop(arguments.remove(0)),
        }
    }
    finish(&own, start::program(&own, &arguments))
}

/// Ends the launcher as the program has ended, or with what went wrong.
fn finish(own: &OwnFile, outcome: Result<Ended, LaunchError>) -> u8 {
    match outcome {
        Ok(ended) => spawn::end_as(ended),
        Err(error) => fail(own.path(), error.fault()),
    }
}

pub(crate) fn fail(path: &Path, error: &LaunchFault) -> u8 {
    let (what, remedy) = error.words();
    let facts: [(&str, &dyn fmt::Display); 4] =
        [("package", &path.display()), ("why", error), ("remedy", &remedy), ("exit_code", &error.exit_code())];
    if !log::event(Severity::Error, what, &facts) {
        console::tell(&format!("flavor: {what} ({}): {error}; {remedy}", path.display()));
    }
    error.exit_code()
}

/// One line that does not end the start.
pub(crate) fn warn(own: &OwnFile, text: &str) {
    if !log::event(Severity::Warn, text, &[("package", &own.path().display())]) {
        console::tell(&["flavor: warning (", &own.path().display().to_string(), "): ", text].concat());
    }
}

/// Whether a variable's value switches something on.
pub(crate) fn is_on(value: &OsStr) -> bool {
    let value = value.to_str().unwrap_or_default();
    ["1", "true", "t", "yes", "on"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether a program's bytes are those of a launcher of this project.
#[must_use]
pub fn is_own_launcher(program: &[u8]) -> bool {
    program.windows(LAUNCHER_MARKER.len()).any(|window| window == LAUNCHER_MARKER.as_bytes())
}

/// The last component of what the caller typed.
#[must_use]
pub(crate) fn base_name(called: &OsStr) -> &OsStr {
    OsStr::from_bytes(called.as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default())
}
