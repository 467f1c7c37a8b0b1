//! A start of the package: find itself, authenticate, find or make the work environment, become the program.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    io::{self, Write},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use pspf_nostd::{
    report::Report,
    verify::{Authenticated, Checked, Outcome, Scope, TrustedKeys},
};

use crate::{
    base_dir::{self, BaseDir, BaseDirError},
    command::CommandError,
    config_slots,
    driver::{verify_file, verify_head},
    environment::Facts,
    execution::Program,
    extract,
    extraction_root::ExtractionRoot,
    io_failure::IoFailure,
    lazy_slot,
    lifecycle::{Content, Place, Plan},
    own_commands,
    own_file::OwnFile,
    placeholders::Placeholders,
    resource_limits,
    spawn::{self, Ended},
    start_dir::StartDir,
    workenv::{Workenv, WorkenvError, reuse_is_allowed},
};

/// Every launcher of this project carries this text, so that `flavor pack` can tell it from any other program.
pub const LAUNCHER_MARKER: &str = "PSPF/2025 launcher (flavor)";

/// Why a start failed.
#[derive(Debug)]
pub enum LaunchError {
    /// The package's own file cannot be opened or read.
    OwnFile(io::Error),
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
    Base(BaseDirError),
    /// The content cannot be extracted or set up.
    Workenv(WorkenvError),
    /// The command is wrong.
    Command(CommandError),
    /// The system refused something else.
    Io(IoFailure),
    /// The program cannot be executed.
    Execute {
        /// The program.
        program: PathBuf,
        /// The system's answer.
        error: io::Error,
    },
}

impl LaunchError {
    /// The exit code for this error, for the launcher's callers to tell them apart (docs/launcher.md).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotAPackage { .. } => 102,
            Self::Workenv(WorkenvError::Extract(_) | WorkenvError::Busy { .. }) => 103,
            Self::Command(CommandError::Directory { .. }) | Self::Io(_) => 106,
            Self::Command(_) | Self::Execute { .. } | Self::Workenv(WorkenvError::Setup(_)) => 104,
            Self::OwnFile(_) | Self::Base(_) | Self::Workenv(WorkenvError::Base(_) | WorkenvError::Io(_)) => 106,
            Self::Verification { .. } => 107,
        }
    }

    /// What went wrong, and what the user can do about it.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::OwnFile(_) => ("the package cannot be read", "check that you may read it, not only execute it"),
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
            Self::Command(CommandError::Directory { .. }) => {
                ("there is no place for what the program keeps", "set that variable to a directory that you own")
            }
            Self::Command(CommandError::NoHome) => ("the package cannot be run", "set HOME"),
            Self::Io(_) => ("the package cannot be run", "check that the path is there and that you may use it"),
            Self::Command(_) => ("the package cannot be run", "tell its publisher"),
            Self::Execute { .. } => (
                "the program cannot be executed",
                "check that the file system allows executing, and the machine's type",
            ),
        }
    }
}

impl fmt::Display for LaunchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnFile(error) => error.fmt(f),
            Self::NotAPackage { why } | Self::Verification { why } => f.write_str(why),
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

impl std::error::Error for LaunchError {}

impl From<WorkenvError> for LaunchError {
    fn from(error: WorkenvError) -> Self {
        Self::Workenv(error)
    }
}

impl From<IoFailure> for LaunchError {
    fn from(failure: IoFailure) -> Self {
        Self::Io(failure)
    }
}

impl From<CommandError> for LaunchError {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

/// The launcher. Returns only where there is no program to become.
#[must_use]
pub fn main() -> ExitCode {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let called = if arguments.is_empty() { OsString::new() } else { arguments.remove(0) };
    let own = match OwnFile::open(&called) {
        Ok(own) => own,
        Err((path, error)) => return fail(&path, &LaunchError::OwnFile(error)),
    };
    if base_dir::variable("FLAVOR_LAUNCHER_CLI").is_some_and(|value| is_on(&value)) {
        match own_commands::run(&own, &arguments) {
            own_commands::Done::Ended(code) => return code,
            own_commands::Done::Slot(id) => return finish(&own, print_slot(&own, &id)),
            own_commands::Done::RunProgram => drop(arguments.remove(0)),
        }
    }
    finish(&own, start(&own, &arguments))
}

/// Ends the launcher as the program has ended, or with what went wrong.
fn finish(own: &OwnFile, outcome: Result<Ended, LaunchError>) -> ExitCode {
    match outcome {
        Ok(ended) => spawn::end_as(ended),
        Err(error) => fail(own.path(), &error),
    }
}

fn fail(path: &Path, error: &LaunchError) -> ExitCode {
    let (what, remedy) = error.words();
    // Nobody is left to tell if this fails.
    let _ = writeln!(io::stderr(), "flavor: {what} ({}): {error}; {remedy}", path.display());
    ExitCode::from(error.exit_code())
}

/// Starts the program; returns only where the launcher has outlived it.
fn start(own: &OwnFile, arguments: &[OsString]) -> Result<Ended, LaunchError> {
    let package = authenticate(own)?;
    let (bases, plan) = (bases()?, plan(&package));
    let workenv = work_environment(own, &package, &bases, Content::work_environment(&plan))?;
    if let Some(id) = lazy_slot::asked_for_inside(arguments, &package, &plan, &workenv) {
        return print_path(&lazy_slot::locate(own, &package, &bases, &plan, id)?);
    }
    let start_dir = StartDir::new(workenv.base().clone());
    let placeholders = workenv.placeholders().during(&start_dir);
    install_config(own, &package, &plan, &placeholders)?;
    if plan.slots_at(Place::Fresh).next().is_some() {
        let mut root = start_dir.create()?;
        add_slots(own, &package, &mut root, |slot| plan.place(slot) == Place::Fresh)?;
    }
    let program = Program::new(&placeholders, &facts(own, &workenv), arguments)?;
    let execution = package.metadata().execution.clone().unwrap_or_default();
    if let Some(directory) = program.directory() {
        std::env::set_current_dir(directory).map_err(IoFailure::of("enter the working directory", directory))?;
    }
    resource_limits::apply(&execution)?;
    let timeout = execution.timeout.filter(|seconds| *seconds > 0);
    let asked = base_dir::variable("FLAVOR_EXEC_MODE").is_some_and(|mode| mode.eq_ignore_ascii_case("spawn"));
    let failed = |error| LaunchError::Execute { program: program.file().to_owned(), error };
    if asked || timeout.is_some() || plan.needs_parent() {
        let ended = program.run(timeout).map_err(failed)?;
        if ended == Ended::TimedOut {
            let seconds = timeout.unwrap_or_default();
            let _ = writeln!(io::stderr(), "flavor: the program was ended after {seconds} seconds (its `timeout`)");
        }
        return Ok(ended);
    }
    start_dir.outlive_exec();
    match program.replace_launcher().map_err(failed)? {}
}

fn bases() -> Result<Vec<BaseDir>, LaunchError> {
    BaseDir::candidates(base_dir::variable).map_err(LaunchError::Base)
}

fn plan(package: &Authenticated) -> Plan {
    Plan::new(package, base_dir::variable("FLAVOR_DEV").is_some_and(|value| is_on(&value)))
}

/// `slot ID`.
fn print_slot(own: &OwnFile, id: &str) -> Result<Ended, LaunchError> {
    let package = authenticate(own)?;
    print_path(&lazy_slot::locate(own, &package, &bases()?, &plan(&package), id)?)
}

fn print_path(path: &Path) -> Result<Ended, LaunchError> {
    let line = [path.as_os_str().as_bytes(), b"\n"].concat();
    let mut out = io::stdout().lock();
    out.write_all(&line).and_then(|()| out.flush()).map_err(IoFailure::of("print the path", path))?;
    Ok(Ended::Code(0))
}

pub(crate) fn install_config(
    own: &OwnFile,
    package: &Authenticated,
    plan: &Plan,
    placeholders: &Placeholders<'_>,
) -> Result<(), LaunchError> {
    config_slots::install(package, plan, placeholders, |root, slot| {
        add_slots(own, package, root, |other| other == slot)
    })
}

/// Extracts slots into a directory of their own, with the whole package verified.
fn add_slots(
    own: &OwnFile,
    package: &Authenticated,
    root: &mut ExtractionRoot,
    wanted: impl Fn(usize) -> bool,
) -> Result<(), LaunchError> {
    let checked = check(own, package)?;
    extract::add_slots(root, own.file(), &checked, wanted).map_err(|error| WorkenvError::Extract(error).into())
}

fn facts<'a>(own: &'a OwnFile, workenv: &'a Workenv<'_>) -> Facts<'a> {
    Facts {
        workenv: workenv.path(),
        base: workenv.base().path(),
        launcher: own.path(),
        command_name: own.command_name(),
    }
}

/// The work environment: a valid one wherever it is, else a new one in the first place that can hold it.
pub(crate) fn work_environment<'a>(
    own: &OwnFile,
    package: &'a Authenticated,
    bases: &'a [BaseDir],
    content: Content<'a>,
) -> Result<Workenv<'a>, LaunchError> {
    let reuse = reuse_is_allowed(base_dir::variable("FLAVOR_WORKENV_CACHE").as_ref());
    if reuse {
        for base in bases {
            let workenv = Workenv::new(base, package, content);
            if workenv.is_valid()? {
                return Ok(workenv);
            }
        }
    }
    let mut refused = LaunchError::Command(CommandError::Missing);
    // Where nothing can be executed is better than nowhere: the program may be run by an interpreter from elsewhere.
    let (executable, others): (Vec<_>, Vec<_>) = bases.iter().partition(|base| !base.is_noexec());
    for base in executable.into_iter().chain(others) {
        let workenv = Workenv::new(base, package, content);
        let begin = || verify_head(own.file(), TrustedKeys::default()).map_err(LaunchError::OwnFile);
        let accept = |outcome| accept(outcome, package);
        match workenv.create(own.file(), &facts(own, &workenv), reuse, begin, accept) {
            Ok(()) => return Ok(workenv),
            Err(error @ LaunchError::Workenv(WorkenvError::Base(_))) => refused = error,
            Err(error) => return Err(error),
        }
    }
    Err(refused)
}

/// Reads trailer, metadata and slot table: who signed what.
fn authenticate(own: &OwnFile) -> Result<Authenticated, LaunchError> {
    let outcome = verify(own, Scope::Head)?;
    outcome.authenticated.ok_or_else(|| refusal(&outcome.report))
}

/// Reads every byte.
fn check(own: &OwnFile, package: &Authenticated) -> Result<Checked, LaunchError> {
    accept(verify(own, Scope::Content)?, package)
}

/// The proof that every byte was read and nothing failed, and that it is still the package that was looked at first.
fn accept(outcome: Outcome, package: &Authenticated) -> Result<Checked, LaunchError> {
    let checked = outcome.checked.ok_or_else(|| refusal(&outcome.report))?;
    if checked.content_id() != package.content_id() {
        return Err(LaunchError::Verification { why: "the file has changed while it was being read".to_owned() });
    }
    Ok(checked)
}

fn verify(own: &OwnFile, scope: Scope) -> Result<Outcome, LaunchError> {
    verify_file(own.file(), scope, TrustedKeys::default(), |_, _| ()).map_err(LaunchError::OwnFile)
}

fn refusal(report: &Report) -> LaunchError {
    match report.errors().next() {
        Some(finding) => {
            let why = [&finding.message, " [", finding.code, "]"].concat();
            if finding.part == "trailer" { LaunchError::NotAPackage { why } } else { LaunchError::Verification { why } }
        }
        None => LaunchError::Verification { why: "it is not signed [signature.absent]".to_owned() },
    }
}

/// Whether a variable's value switches something on.
fn is_on(value: &OsStr) -> bool {
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
