//! Why a program cannot be run.

use std::{ffi::OsString, fmt, path::PathBuf};

use pspf_nostd::quoted::escaped;

/// Why a command cannot be run; boxed to keep results small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError(Box<CommandFault>);

impl CommandError {
    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> &CommandFault {
        &self.0
    }
}

impl From<CommandFault> for CommandError {
    #[cold]
    fn from(fault: CommandFault) -> Self {
        Self(Box::new(fault))
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for CommandError {}

/// What is wrong with a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandFault {
    /// The package has no `execution.command`, or a blank one.
    Missing,
    /// A quote is not closed.
    Quote {
        /// The quote character.
        quote: char,
        /// The command.
        command: String,
    },
    /// A backslash at the end.
    Backslash {
        /// The command.
        command: String,
    },
    /// `{slot:N}` where there is no slot N.
    UnknownSlot {
        /// The text in the place of N.
        number: String,
    },
    /// A slot that is not extracted.
    AbsentSlot {
        /// Its identifier.
        id: String,
        /// Why it is not there.
        why: &'static str,
    },
    /// Two slots whose identifiers make the same variable.
    SameVariable {
        /// The variable.
        variable: String,
    },
    /// A value of a placeholder that a shell would take apart.
    Unquoted {
        /// The value.
        value: OsString,
    },
    /// `{home}` where `HOME` is not set.
    NoHome,
    /// A directory that the command needs cannot be made.
    Directory {
        /// The variable that says where it is.
        variable: &'static str,
        /// What prevents it.
        why: String,
    },
    /// The machine has less memory than `execution.min_memory`, in bytes.
    TooLittleMemory {
        /// What the package wants.
        wanted: u64,
        /// What is there.
        found: u64,
    },
    /// The file to run is not there, or is not executable.
    NotFound {
        /// The program as the command names it.
        program: PathBuf,
        /// Where it was looked for.
        searched: &'static str,
    },
}

impl fmt::Display for CommandFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the package names no command to run (`execution.command`)"),
            Self::Quote { quote, command } => {
                write!(f, "the quote {quote} is not closed in the command: {}", escaped(command))
            }
            Self::Backslash { command } => write!(f, "a backslash ends the command: {}", escaped(command)),
            Self::UnknownSlot { number } => write!(f, "there is no slot for the placeholder {{slot:{number}}}"),
            Self::AbsentSlot { id, why } => write!(f, "the slot `{id}` {why}"),
            Self::SameVariable { variable } => write!(f, "two slots have the same variable, {variable}"),
            Self::Unquoted { value } => {
                write!(f, "{} has characters that mean something to the shell", value.display())
            }
            Self::NoHome => f.write_str("the package asks for {home}, and HOME is not set"),
            Self::Directory { variable, why } => write!(f, "{why} (its place is set by {variable})"),
            Self::TooLittleMemory { wanted, found } => {
                write!(f, "the program wants a machine with {wanted} bytes of memory; this one has {found}")
            }
            Self::NotFound { program, searched } => {
                write!(f, "the program {} {searched}", program.display())
            }
        }
    }
}
