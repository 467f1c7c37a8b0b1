//! Why a start failed: the words for the user, and the exit code.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use flavor_host::{
    command::{CommandError, CommandFault},
    files::{config_dir::ConfigError, io_failure::IoFailure, safe_path::PathError},
    workenv::WorkenvError,
};

/// Why a start failed; boxed to keep results small.
#[derive(Debug)]
pub(crate) struct LaunchError(Box<LaunchFault>);

impl LaunchError {
    /// What is wrong.
    #[must_use]
    pub(crate) fn fault(&self) -> &LaunchFault {
        &self.0
    }
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for LaunchError {}

/// The reasons.
#[derive(Debug)]
pub(crate) enum LaunchFault {
    /// The package's own file cannot be opened or read.
    OwnFile(io::Error),
    /// The package from which a tree was made is not where it was when it was last started.
    Gone(io::Error),
    /// There is another package in its place.
    Replaced,
    /// The records of the tree that asks are not whole.
    NoRecords,
    /// The program would have more rights than its caller, whose environment decides what is run.
    MoreRights,
    /// The file is a launcher without a package.
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
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::NotAPackage { .. } => 102,
            Self::Workenv(WorkenvError::Extract(_) | WorkenvError::Busy { .. }) => 103,
            Self::Command(error) if matches!(error.fault(), CommandFault::Directory { .. }) => 106,
            Self::Io(_) => 106,
            Self::Command(_) | Self::Execute { .. } | Self::Workenv(WorkenvError::Setup(_)) => 104,
            Self::MoreRights => 104,
            Self::Gone(_) | Self::Replaced | Self::NoRecords => 106,
            Self::OwnFile(_) | Self::Base(_) | Self::Workenv(WorkenvError::Base(_) | WorkenvError::Io(_)) => 106,
            Self::Verification { .. } => 107,
            Self::Policy { .. } => 108,
            Self::Config(_) => 109,
        }
    }

    /// What went wrong, and what the user can do.
    pub(crate) fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::OwnFile(_) => ("the package cannot be read", "check that you may read it, not only execute it"),
            Self::Gone(_) => (
                "the package is not there any more, and this part of it was not unpacked yet",
                "start it again from where it is now",
            ),
            Self::Replaced => (
                "there is another package in its place now, and this part of the old one was not unpacked yet",
                "start the program again",
            ),
            Self::NoRecords => ("the package cannot be found", "start it again"),
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
            Self::Execute { program, error } if lacks_loader(program, error) => (
                "the program cannot be executed: it needs glibc, which this system does not have",
                "run it on a Linux with glibc, or ask its publisher for one packed with `flavor pack --python debian`, which needs none",
            ),
            Self::Execute { .. } => (
                "the program cannot be executed",
                "check that the file system allows executing, and the machine's type",
            ),
        }
    }
}

/// Whether the kernel has found the program, and not the loader that it names.
fn lacks_loader(program: &Path, error: &io::Error) -> bool {
    let is_elf = || {
        let mut magic = [0; 4];
        File::open(program).and_then(|mut file| file.read_exact(&mut magic)).is_ok() && magic == *b"\x7fELF"
    };
    error.kind() == io::ErrorKind::NotFound && is_elf()
}

impl fmt::Display for LaunchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnFile(error) | Self::Gone(error) => error.fmt(f),
            Self::Replaced => f.write_str("its content is not what the running program was unpacked from"),
            Self::NoRecords => f.write_str("the records of what was unpacked, in `.pspf`, are missing or damaged"),
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
                    io::ErrorKind::NotFound if lacks_loader(program, error) => {
                        f.write_str(" (it is there; the loader that it names, which comes with glibc, is not)")
                    }
                    io::ErrorKind::NotFound if program.exists() => {
                        f.write_str(" (it is there; the interpreter that it names is not)")
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
