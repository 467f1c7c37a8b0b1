//! `--smoke-args` and `--test-command`: the finished package is tried before it is put in place.
//!
//! The test is a command of its own. That it passes says something only if it can fail: it is run once more with a program in the
//! package's place that does nothing but fail, and must not pass then.

use super::launcher_file::{Launcher, host_platform};
use crate::{
    error::PackError,
    interrupt::{self, Scratch},
    options::Progress,
};
use flavor_host::command;
use flavor_manifest::Diagnostic;
use flavor_python::process::{self, Finished};
use std::{
    env,
    ffi::OsString,
    fs, io,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// A test that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(3600);
/// How much longer a test may take with the failing program than with the package: it may wait for an answer that never comes, and
/// then it has not passed.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many of the last lines that a failed test has written are shown.
const LINES: usize = 20;
/// The package's path in the words of a test.
const PACKAGE: &str = "{package}";
/// What is in the package's place when the test is tested.
const FAILING: &str =
    "#!/bin/sh\necho 'this program takes the place of the package, to see whether the test can fail' >&2\nexit 86\n";

/// Variables by which the caller could make the package do something else.
const MISLEADING: [&str; 6] = [
    "FLAVOR_COMMAND",
    "FLAVOR_LAUNCHER_CLI",
    "FLAVOR_TRUSTED_KEYS_DIR",
    "FLAVOR_VALIDATION",
    "FLAVOR_WORKENV",
    "FLAVOR_WORKENV_CACHE",
];

/// The words of an option.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    option: &'static str,
    /// As it was given.
    text: String,
    words: Vec<String>,
}

impl Line {
    fn read(option: &'static str, text: &str) -> Result<Self, PackError> {
        let words = command::split(text)
            .map_err(|error| PackError::usage(Diagnostic::error("usage", error.to_string()).field(option)))?;
        Ok(Self { option, text: text.to_owned(), words })
    }
}

/// What is run.
#[derive(Debug)]
pub(super) struct Trial {
    /// Arguments for the package's program.
    smoke: Option<Line>,
    /// A command.
    test: Option<Line>,
    /// The folder of the manifest.
    directory: PathBuf,
    /// Names under which the package is found.
    names: Vec<String>,
}

impl Trial {
    /// Reads the options; none where neither is given. The package is found under the names, and under others that may appear when it
    /// is built.
    ///
    /// # Errors
    /// Quotes that are not closed, a test without words or whose program is not there, and a launcher that does not run here.
    pub(super) fn new(
        smoke: Option<&str>,
        test: Option<&str>,
        directory: &Path,
        (names, may_appear): (Vec<String>, bool),
        launcher: &Launcher,
    ) -> Result<Option<Self>, PackError> {
        let smoke = smoke.map(|text| Line::read("--smoke-args", text)).transpose()?;
        let test = test.map(|text| Line::read("--test-command", text)).transpose()?;
        let Some(first) = test.as_ref().or(smoke.as_ref()) else { return Ok(None) };
        let platform = (launcher.os, launcher.arch);
        if platform != host_platform() {
            let message = format!("packages for {}_{} cannot be run on this machine", platform.0, platform.1);
            return Err(Diagnostic::error("pack.test.platform", message).field(first.option).into());
        }
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let trial = Self { smoke, test, directory: directory.to_owned(), names };
        if !may_appear {
            trial.test.iter().try_for_each(|test| trial.find_program(test))?;
        }
        Ok(Some(trial))
    }

    /// Takes commands that are known only when the project is built.
    pub(super) fn with_commands(&mut self, commands: &[String]) {
        self.names.extend(commands.iter().cloned());
    }

    fn find_program(&self, test: &Line) -> Result<(), PackError> {
        let problem = |message: String| Diagnostic::error("pack.test.program", message).field(test.option);
        let Some(program) = test.words.first() else {
            let problem = problem("has no words: there is nothing to run".to_owned());
            return Err(PackError::usage(problem.expected(
                "a command such as \"pytest tests/smoke/\"; arguments of the program are for --smoke-args",
            )));
        };
        let is_there = if program.contains(PACKAGE) {
            true
        } else if program.contains('/') {
            process::is_executable(&self.directory.join(program))
        } else {
            self.names.contains(program) || !process::all_on_path(program, env::var_os("PATH").as_deref()).is_empty()
        };
        if is_there {
            return Ok(());
        }
        let problem = problem(format!("there is no program {program:?}"));
        let problem = problem
            .expected("a program on PATH, a file of the project that can be executed, or a command of the package");
        Err(problem.hint("arguments of the package's program are for --smoke-args").into())
    }

    /// Tries the package.
    ///
    /// # Errors
    /// Where something cannot be run, or fails, or the test passes whatever the package does.
    pub(super) fn run(&self, package: &Path, progress: &dyn Progress) -> Result<(), PackError> {
        let package = std::path::absolute(package).map_err(|error| failed(package, &error))?;
        let temporary = env::temp_dir();
        let scratch = Scratch::new(&temporary, "flavor-trial-");
        let scratch = scratch.map_err(|error| Diagnostic::io("pack.temporary", &temporary, "write here", &error))?;
        if let Some(smoke) = &self.smoke {
            progress.step("Running the program with the --smoke-args");
            let bench = self.bench(&scratch.path().join("smoke"), &package)?;
            let mut command = bench.command(&package);
            let finished = bench.run(command.args(&smoke.words), LIMIT)?;
            if !finished.success() {
                return Err(failure(smoke, &finished));
            }
        }
        let Some(test) = &self.test else { return Ok(()) };
        self.find_program(test)?;
        progress.step("Running the test command");
        let begin = Instant::now();
        let finished = self.bench(&scratch.path().join("test"), &package)?.test(test, LIMIT)?;
        if !finished.success() {
            return Err(failure(test, &finished));
        }
        progress.step("Running it without the package, to see that it can fail");
        let limit = begin.elapsed().saturating_add(PATIENCE).min(LIMIT);
        let folder = scratch.path().join("control");
        let failing = folder.join("failing").join(package.file_name().unwrap_or_default());
        let bench = self.bench(&folder, &failing)?;
        let write = || {
            fs::create_dir(folder.join("failing"))?;
            fs::write(&failing, FAILING)?;
            fs::set_permissions(&failing, fs::Permissions::from_mode(0o755))
        };
        write().map_err(|error| failed(&failing, &error))?;
        if bench.test(test, limit)?.success() {
            let message = format!(
                "`{}` also passes with a program in the package's place that only fails: it cannot fail; the package was not kept",
                test.text
            );
            let problem = Diagnostic::error("pack.test.blind", message).field(test.option);
            let hint =
                "start the package by its command's name or as $FLAVOR_PACKAGE, and let its exit code or output decide";
            return Err(problem.hint(hint).into());
        }
        Ok(())
    }

    /// A copy of the project, and the package (or what is in its place) first on `PATH`.
    fn bench(&self, folder: &Path, package: &Path) -> Result<Bench, PackError> {
        let make = || {
            for name in ["", "bin", "cache", "config", "state"] {
                fs::create_dir(folder.join(name))?;
            }
            for name in &self.names {
                let link = folder.join("bin").join(name);
                // A name may come twice, from the manifest and from the build backend.
                if Path::new(name).file_name().is_some_and(|file| file == &**name) && link.symlink_metadata().is_err() {
                    symlink(package, link)?;
                }
            }
            Ok(())
        };
        make().map_err(|error: io::Error| failed(folder, &error))?;
        let project = flavor_python::copy_folder(&self.directory, &folder.join("project"), folder);
        let project = project.map_err(|error| {
            Diagnostic::error("pack.test.copy", format!("the project cannot be copied for the test: {error}"))
        })?;
        let mut path: OsString = folder.join("bin").into();
        if let Some(others) = env::var_os("PATH").filter(|others| !others.is_empty()) {
            path.push(":");
            path.push(others);
        }
        Ok(Bench { folder: folder.to_owned(), project, path, package: package.to_owned() })
    }
}

/// Where something is run. Work environments, configuration and state of the user are left out.
struct Bench {
    folder: PathBuf,
    project: PathBuf,
    path: OsString,
    package: PathBuf,
}

impl Bench {
    fn test(&self, test: &Line, limit: Duration) -> Result<Finished, PackError> {
        let path = self.package.to_string_lossy();
        let mut words = test.words.iter().map(|word| word.replace(PACKAGE, &path));
        let mut command = self.command(Path::new(&words.next().unwrap_or_default()));
        self.run(command.args(words), limit)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = process::command(program);
        for name in MISLEADING {
            command.env_remove(name);
        }
        command.current_dir(&self.project).env("PATH", &self.path).env("FLAVOR_PACKAGE", &self.package);
        let folder = |name: &str| self.folder.join(name);
        // The last but one is the published Go launcher's.
        command.env("FLAVOR_CACHE_DIR", folder("cache")).env("FLAVOR_CONFIG_DIR", folder("config"));
        command.env("FLAVOR_CACHE", folder("cache/workenv")).env("XDG_STATE_HOME", folder("state"));
        command
    }

    fn run(&self, command: &mut Command, limit: Duration) -> Result<Finished, PackError> {
        let finished = process::run(command, b"", limit).map_err(|error| failed(&self.package, &error))?;
        if finished.timed_out {
            // Only the first process has been ended so far.
            interrupt::end_children();
        }
        Ok(finished)
    }
}

fn failed(path: &Path, error: &io::Error) -> PackError {
    Diagnostic::io("pack.test.run", path, "run the test", error).into()
}

fn failure(line: &Line, finished: &Finished) -> PackError {
    let how = if finished.timed_out {
        format!("did not end within {} seconds", LIMIT.as_secs())
    } else {
        match finished.status.code() {
            Some(code) => format!("ended with exit code {code}"),
            None => format!("was ended: {}", finished.status),
        }
    };
    let message = format!("`{}` {how}; the package was not kept", line.text);
    let said = [&finished.stdout, &finished.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    let lines: Vec<&str> = said.iter().flat_map(|text| text.lines()).collect();
    let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
    let said = if last.is_empty() { "no output".to_owned() } else { format!("the output\n{}", last.join("\n")) };
    Diagnostic::error("pack.test", message).field(line.option).found(said).into()
}
