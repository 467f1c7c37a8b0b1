//! `setup_commands` and `workenv.directories`: what packages of the published Python builder still do on the machine of
//! the user (docs/launcher.md, "Setup"). They run in the work environment's final place, before its record is written.

use std::{
    ffi::OsString,
    fmt,
    fs::{self, DirBuilder, Permissions},
    io::{self, Read, Write},
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::{DirBuilderExt, PermissionsExt},
        process::ExitStatusExt,
    },
    path::{Component, Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use pspf_nostd::{glob, json::Json, placement::inside_workenv};

use crate::{
    command::{self, environment::Environment, error::CommandError, placeholders::Placeholders},
    files::{
        io_failure::IoFailure,
        open_file::{create_new, open, read_start},
    },
    signals::{Heard, Inherited},
};

/// Bytes of a failed command's output that are shown: the reason is usually at its end.
const OUTPUT_SHOWN: usize = 4 << 10;

/// What runs commands of type `shell`.
const SHELL: &str = "/bin/sh";

/// Bytes of a `check_file` that are looked at.
const CONTENT_MAX: usize = 1 << 20;

/// Why setting up failed.
#[derive(Debug)]
pub enum SetupError {
    /// A command is not of a form that is known.
    Form {
        /// JSON path.
        place: String,
        /// What is expected there.
        expected: &'static str,
    },
    /// A path leads out of the work environment.
    Outside {
        /// JSON path.
        place: String,
        /// The path.
        path: PathBuf,
    },
    /// A command line is wrong.
    Command {
        /// JSON path.
        place: String,
        /// What is wrong.
        error: CommandError,
    },
    /// A program failed.
    Failed(Box<FailedProgram>),
    /// The system refused.
    Io(IoFailure),
}

/// How a program failed.
#[derive(Debug)]
pub struct FailedProgram {
    /// JSON path.
    pub place: String,
    /// The program.
    pub program: PathBuf,
    /// Exit code or signal, in words.
    pub status: String,
    /// The end of what it printed.
    pub output: String,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { place, expected } => write!(f, "`{place}`: expected {expected}"),
            Self::Outside { place, path } => {
                write!(f, "`{place}`: {} is not inside the work environment", path.display())
            }
            Self::Command { place, error } => write!(f, "`{place}`: {error}"),
            Self::Failed(failed) => {
                let FailedProgram { place, program, status, output } = &**failed;
                write!(f, "`{place}`: {} ended with {status}", program.display())?;
                if output.is_empty() { Ok(()) } else { write!(f, "; it printed:\n{output}\n") }
            }
            Self::Io(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for SetupError {}

impl From<IoFailure> for SetupError {
    fn from(failure: IoFailure) -> Self {
        Self::Io(failure)
    }
}

/// Makes the directories of `workenv.directories` that are not there, and gives the paths of all of them.
///
/// # Errors
/// [`SetupError`].
pub fn make_directories(placeholders: &Placeholders<'_>) -> Result<Vec<PathBuf>, SetupError> {
    let mut made = Vec::new();
    let workenv = &placeholders.metadata.workenv;
    let umask = workenv.umask.as_deref().map_or(Some(0o077), octal);
    let wrong = || SetupError::Form { place: "workenv.umask".to_owned(), expected: "an octal mask" };
    let default = 0o777 & !umask.ok_or_else(wrong)?;
    for (number, (path, mode)) in workenv.directories.iter().enumerate() {
        let place = format!("workenv.directories[{number}]");
        let path = inner_path(placeholders, &place, path)?;
        let mode = mode.as_deref().filter(|mode| !mode.is_empty()).map_or(Some(default), octal);
        let mode = mode.ok_or(SetupError::Form { place, expected: "an octal mode" })?;
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o755).create(&path).map_err(IoFailure::of("create the directory", &path))?;
        set_mode(&path, mode | 0o700)?;
        made.push(path);
    }
    Ok(made)
}

/// Runs `setup_commands`, one after the other.
///
/// # Errors
/// [`SetupError`] of the first that fails.
pub fn run(placeholders: &Placeholders<'_>, environment: &Environment) -> Result<(), SetupError> {
    let _heard = Heard::default();
    for (number, command) in placeholders.metadata.setup_commands.iter().enumerate() {
        let step = Step { command, place: format!("setup_commands[{number}]"), placeholders, environment };
        match step.text("type")? {
            "execute" => step.execute(&step.words("command")?)?,
            "shell" => step.execute(&step.script()?)?,
            "enumerate_and_execute" => step.execute_for_each()?,
            "write_file" => step.write_file()?,
            "chmod" => step.chmod()?,
            _ => {
                return Err(step.form("type", "one of execute, shell, enumerate_and_execute, write_file, chmod"));
            }
        }
    }
    Ok(())
}

/// Whether `cache_validation` holds: the file is there with the expected content, blanks around it left out.
///
/// # Errors
/// A path outside the work environment.
pub fn cache_is_valid(placeholders: &Placeholders<'_>) -> Result<bool, SetupError> {
    let Some(validation) = &placeholders.metadata.cache_validation else { return Ok(true) };
    let path = inner_path(placeholders, "cache_validation.check_file", &validation.check_file)?;
    let place = "cache_validation.expected_content";
    let expected = fill(placeholders, place, &validation.expected_content)?;
    let content = open(&path).and_then(|file| read_start(&file, CONTENT_MAX));
    Ok(content.is_ok_and(|content| content.trim_ascii() == expected.trim_ascii()))
}

struct Step<'a> {
    command: &'a Json,
    place: String,
    placeholders: &'a Placeholders<'a>,
    environment: &'a Environment,
}

impl Step<'_> {
    fn form(&self, key: &str, expected: &'static str) -> SetupError {
        SetupError::Form { place: format!("{}.{key}", self.place), expected }
    }

    fn text(&self, key: &str) -> Result<&str, SetupError> {
        self.command.get(key).and_then(Json::as_str).ok_or_else(|| self.form(key, "a string"))
    }

    fn inner_path(&self, text: &str) -> Result<PathBuf, SetupError> {
        inner_path(self.placeholders, &self.place, text)
    }

    fn words(&self, key: &str) -> Result<Vec<OsString>, SetupError> {
        command::words(self.text(key)?, self.placeholders).map_err(|error| wrong_command(&self.place, error))
    }

    fn execute(&self, words: &[OsString]) -> Result<(), SetupError> {
        let workenv = &self.placeholders.workenv;
        let (name, arguments) = words.split_first().ok_or_else(|| self.form("command", "a command"))?;
        let program = command::resolve(name, workenv, self.environment.get("PATH"))
            .map_err(|error| wrong_command(&self.place, error))?;
        let mut command = Command::new(&program);
        command.args(arguments).env_clear().envs(self.environment.iter()).current_dir(workenv);
        let (status, printed) = run_quietly(command).map_err(IoFailure::of("run", &program))?;
        let status = match (status.code(), status.signal()) {
            (Some(0), _) => return Ok(()),
            (Some(code), _) => format!("exit code {code}"),
            (None, signal) => format!("signal {}", signal.unwrap_or_default()),
        };
        Err(SetupError::Failed(Box::new(FailedProgram {
            place: self.place.clone(),
            program,
            status,
            output: String::from_utf8_lossy(printed.trim_ascii_end()).into_owned(),
        })))
    }

    /// The command as a shell is given it. The value of a placeholder must be plain text to the shell: quotes would be
    /// right in one place and wrong in the next.
    fn script(&self) -> Result<[OsString; 3], SetupError> {
        let text = self.text("command")?;
        let script = self.placeholders.fill_checked(text, &|value| {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte > 127 || b"/._-+:@%,=~".contains(byte);
            value.as_bytes().iter().all(plain)
        });
        let script = script.map_err(|error| wrong_command(&self.place, error))?;
        Ok([SHELL.into(), "-c".into(), OsString::from_vec(script)])
    }

    /// Runs the command once for each matching file, sorted by name: `{file}` in it is replaced by the file, else the file is the last argument.
    fn execute_for_each(&self) -> Result<(), SetupError> {
        let enumerate = self.command.get("enumerate").ok_or_else(|| self.form("enumerate", "an object"))?;
        let text = |key: &str| enumerate.get(key).and_then(Json::as_str);
        let directory = self.inner_path(text("path").ok_or_else(|| self.form("enumerate.path", "a string"))?)?;
        let words = self.words("command")?;
        for file in self.matching(&directory, text("pattern").unwrap_or("*").as_bytes())? {
            let mut named = false;
            let mut all: Vec<OsString> = words
                .iter()
                .map(|word| {
                    let (word, found) = replace(word.as_bytes(), b"{file}", file.as_os_str().as_bytes());
                    named |= found;
                    OsString::from_vec(word)
                })
                .collect();
            if !named {
                all.push(file.into_os_string());
            }
            self.execute(&all)?;
        }
        Ok(())
    }

    fn write_file(&self) -> Result<(), SetupError> {
        let path = self.inner_path(self.text("path")?)?;
        let content = fill(self.placeholders, &self.place, self.text("content")?)?;
        let mode = match self.command.get("mode") {
            None | Some(Json::Null) => 0o644,
            Some(Json::String(text)) => octal(text).ok_or_else(|| self.form("mode", "an octal mode"))?,
            Some(number) => number
                .as_u64()
                .and_then(|mode| u32::try_from(mode).ok())
                .ok_or_else(|| self.form("mode", "an octal mode"))?,
        };
        if let Some(parent) = path.parent() {
            let mut builder = DirBuilder::new();
            builder
                .recursive(true)
                .mode(0o755)
                .create(parent)
                .map_err(IoFailure::of("create the directory", parent))?;
        }
        // Made anew: what is there may be a link.
        let _ = fs::remove_file(&path);
        create_new(&path, 0o600)
            .and_then(|mut file| file.write_all(&content))
            .map_err(IoFailure::of("write", &path))?;
        Ok(set_mode(&path, mode)?)
    }

    /// Changes modes; the last component of the path may be a pattern.
    fn chmod(&self) -> Result<(), SetupError> {
        let text = self.text("path")?;
        let mode = self.command.get("mode").and_then(Json::as_str).and_then(octal);
        let mode = mode.ok_or_else(|| self.form("mode", "an octal mode"))?;
        let (directory, name) = text.rsplit_once('/').unwrap_or(("", text));
        if !glob::is_pattern(name.as_bytes()) {
            return Ok(set_mode(&self.inner_path(text)?, mode)?);
        }
        for file in self.matching(&self.inner_path(directory)?, name.as_bytes())? {
            // Through a link it would be the mode of something else.
            if !file.is_symlink() {
                set_mode(&file, mode)?;
            }
        }
        Ok(())
    }

    fn matching(&self, directory: &Path, pattern: &[u8]) -> Result<Vec<PathBuf>, SetupError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(directory).map_err(IoFailure::of("list", directory))? {
            let entry = entry.map_err(IoFailure::of("list", directory))?;
            if glob::matches(pattern, entry.file_name().as_bytes()) {
                found.push(entry.path());
            }
        }
        found.sort_unstable_by(|left, right| left.as_os_str().cmp(right.as_os_str()));
        Ok(found)
    }
}

/// Runs a command without input to its end; gives the end of what it printed, at most [`OUTPUT_SHOWN`] bytes.
fn run_quietly(mut command: Command) -> io::Result<(ExitStatus, Vec<u8>)> {
    Inherited::now()?.pass_to(&mut command);
    let (mut read, write) = io::pipe()?;
    let mut child = command.stdin(Stdio::null()).stdout(write.try_clone()?).stderr(write).spawn()?;
    // It holds our ends for writing.
    drop(command);
    let (mut printed, mut piece) = (Vec::new(), [0; 4 << 10]);
    loop {
        match read.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => printed.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
        let excess = printed.len().saturating_sub(OUTPUT_SHOWN);
        printed.drain(..excess);
    }
    Ok((child.wait()?, printed))
}

fn fill(placeholders: &Placeholders<'_>, place: &str, text: &str) -> Result<Vec<u8>, SetupError> {
    placeholders.fill(text).map_err(|error| wrong_command(place, error))
}

fn wrong_command(place: &str, error: CommandError) -> SetupError {
    SetupError::Command { place: place.to_owned(), error }
}

/// A path of the metadata below the work environment; relative ones are taken from there.
fn inner_path(placeholders: &Placeholders<'_>, place: &str, text: &str) -> Result<PathBuf, SetupError> {
    let filled = PathBuf::from(OsString::from_vec(fill(placeholders, place, inside_workenv(text))?));
    let relative = filled.strip_prefix(&placeholders.workenv).unwrap_or(&filled);
    let normal = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !normal || filled.as_os_str().as_bytes().contains(&0) {
        return Err(SetupError::Outside { place: place.to_owned(), path: filled });
    }
    Ok(placeholders.workenv.join(relative))
}

fn octal(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    u32::from_str_radix(digits, 8).ok().map(|mode| mode & 0o777)
}

fn set_mode(path: &Path, mode: u32) -> Result<(), IoFailure> {
    fs::set_permissions(path, Permissions::from_mode(mode & 0o777)).map_err(IoFailure::of("set the mode of", path))
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> (Vec<u8>, bool) {
    let (mut out, mut rest, mut found) = (Vec::with_capacity(text.len()), text, false);
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
        found = true;
    }
    out.extend_from_slice(rest);
    (out, found)
}
