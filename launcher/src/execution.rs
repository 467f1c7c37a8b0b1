//! The program with everything that it is started with, and its start.

use std::{
    convert::Infallible,
    ffi::{OsStr, OsString},
    io,
    os::unix::{ffi::OsStringExt, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use crate::spawn::{self, Ended};
use flavor_host::{
    command::{
        self, CommandError, CommandFault,
        environment::{self, Environment, Facts},
        placeholders::Placeholders,
    },
    files::open_file::{open, read_start},
    signals::Inherited,
};

/// Bytes of a program that are looked at to tell a script from a binary: shells look at no more.
const LOOKED_AT: usize = 128;

/// What runs scripts that name no interpreter, as in any shell.
const SHELL: &str = "/bin/sh";

/// The program of a package, ready to start.
#[derive(Debug)]
pub(crate) struct Program {
    file: PathBuf,
    arguments: Vec<OsString>,
    environment: Environment,
    directory: Option<PathBuf>,
}

impl Program {
    /// From the signed `execution`, with the user's arguments last.
    ///
    /// # Errors
    /// [`CommandError`].
    pub(crate) fn new(
        placeholders: &Placeholders<'_>,
        facts: &Facts<'_>,
        user_arguments: &[OsString],
    ) -> Result<Self, CommandError> {
        let execution = placeholders.metadata.execution.as_ref().ok_or(CommandFault::Missing)?;
        let mut words = command::words(&execution.command, placeholders)?;
        for word in &execution.args {
            words.push(OsString::from_vec(placeholders.fill(word)?));
        }
        let environment = environment::for_program(std::env::vars_os(), placeholders, facts)?;
        let search = environment.get("PATH");
        let (name, fixed) = words.split_first().ok_or(CommandFault::Missing)?;
        let file = command::resolve(name, &placeholders.workenv, search)?;
        let directory = match execution.working_directory.as_deref().filter(|directory| !directory.is_empty()) {
            Some(directory) => {
                let directory = OsString::from_vec(placeholders.fill(directory)?);
                Some(placeholders.workenv.join(directory))
            }
            None => None,
        };
        let arguments = fixed.iter().chain(user_arguments).cloned().collect();
        Ok(Self { file, arguments, environment, directory })
    }

    /// The file that is executed.
    #[must_use]
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Names of variables of the caller that the package does not want.
    #[must_use]
    pub(crate) fn removed_variables(&self) -> Option<&OsStr> {
        self.environment.get(environment::UNSET)
    }

    /// The directory that it is started in, where that is not the caller's.
    #[must_use]
    pub(crate) fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Makes this process the program.
    ///
    /// # Errors
    /// Those of executing it; it does not return otherwise.
    pub(crate) fn replace_launcher(&self) -> Result<Infallible, io::Error> {
        let inherited = Inherited::now()?;
        self.start(&mut |mut program| {
            inherited.pass_to(&mut program);
            Err(program.exec())
        })
    }

    /// Runs it as a child, for at most `timeout` seconds.
    ///
    /// # Errors
    /// Those of executing it.
    pub(crate) fn run(&self, timeout: Option<u64>) -> io::Result<Ended> {
        self.start(&mut |program| spawn::run(program, timeout))
    }

    /// A script without `#!` is given to the shell; the kernel knows only those with it.
    fn start<T>(&self, start: &mut dyn FnMut(Command) -> io::Result<T>) -> io::Result<T> {
        match start(self.command(&self.file, None)) {
            Err(error) if error.raw_os_error() == Some(libc::ENOEXEC) && is_text(&self.file) => {
                start(self.command(Path::new(SHELL), Some(&self.file)))
            }
            outcome => outcome,
        }
    }

    fn command(&self, program: &Path, script: Option<&Path>) -> Command {
        let mut command = Command::new(program);
        command.args(script).args(&self.arguments);
        command.env_clear().envs(self.environment.iter());
        command
    }
}

fn is_text(path: &Path) -> bool {
    open(path).and_then(|file| read_start(&file, LOOKED_AT)).is_ok_and(|start| !start.contains(&0))
}
