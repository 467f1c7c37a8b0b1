//! `--test-command`: the finished package is run once before it is put in place.

use super::{job::Source, launcher_file::Launcher, preflight::host_platform};
use crate::{
    problem::{Failure, Problem},
    python::process::{self, Finished},
};
use flavor_launcher::command;
use std::{fs, path::Path, process::Command, time::Duration};

/// A test that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(3600);
/// So many of the last lines that a failed test has written are shown.
const LINES: usize = 20;
/// Stands for the package in the words of another program.
const PACKAGE: &str = "{package}";

/// Variables by which the caller could make the package do something else.
const MISLEADING: [&str; 6] = [
    "FLAVOR_COMMAND",
    "FLAVOR_LAUNCHER_CLI",
    "FLAVOR_TRUSTED_KEYS_DIR",
    "FLAVOR_VALIDATION",
    "FLAVOR_WORKENV",
    "FLAVOR_WORKENV_CACHE",
];

/// What is run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trial {
    /// As it was given.
    text: String,
    words: Vec<String>,
    /// The first word is one of the package's commands.
    names_command: bool,
}

impl Trial {
    /// Reads the option.
    ///
    /// # Errors
    /// Quotes that are not closed, no words for another program, and a launcher that does not run here.
    pub(super) fn new(text: &str, source: &Source, launcher: &Launcher) -> Result<Self, Failure> {
        let commands: Vec<&str> = match source {
            Source::Files(_) => Vec::new(),
            Source::Python(project) => {
                let commands = &project.spec.commands;
                commands.default.iter().chain(&commands.others).map(|script| script.name.as_str()).collect()
            }
        };
        let platform = (launcher.os, launcher.arch);
        if platform != host_platform() {
            let message = format!("packages for {}_{} cannot be run on this machine", platform.0, platform.1);
            return Err(Problem::error("pack.test.platform", message).field("--test-command").into());
        }
        Self::parse(text, &commands)
    }

    fn parse(text: &str, commands: &[&str]) -> Result<Self, Failure> {
        let words = command::split(text)
            .map_err(|error| Failure::usage(Problem::error("usage", error.to_string()).field("--test-command")))?;
        let names_command = words.first().is_some_and(|word| commands.contains(&word.as_str()));
        Ok(Self { text: text.to_owned(), words, names_command })
    }

    /// Takes commands that are known only when the project is built.
    pub(super) fn with_commands(&mut self, commands: &[String]) {
        self.names_command |= self.words.first().is_some_and(|word| commands.contains(word));
    }

    fn command(&self, package: &Path) -> Command {
        let of_package = |words: &[String]| {
            let mut command = Command::new(package);
            command.args(words);
            command
        };
        match self.words.split_first() {
            Some((name, rest)) if self.names_command => {
                let mut command = of_package(rest);
                command.env("FLAVOR_COMMAND", name);
                command
            }
            Some((program, rest)) if self.words.iter().any(|word| word.contains(PACKAGE)) => {
                let path = package.to_string_lossy();
                let filled = |word: &String| word.replace(PACKAGE, &path);
                let mut command = Command::new(filled(program));
                command.args(rest.iter().map(filled));
                command
            }
            _ => of_package(&self.words),
        }
    }

    /// Runs it. Work environments, configuration and state of the user are left out; they come into `scratch`, which must be new.
    ///
    /// # Errors
    /// Where it cannot be run, or fails.
    pub(super) fn run(&self, package: &Path, scratch: &Path) -> Result<(), Failure> {
        let failed = |error: &std::io::Error| Problem::io("pack.test.run", package, "run the test command", error);
        let package = std::path::absolute(package).map_err(|error| failed(&error))?;
        let scratch = std::path::absolute(scratch).map_err(|error| failed(&error))?;
        let (cache, config, state) = (scratch.join("cache"), scratch.join("config"), scratch.join("state"));
        for folder in [&scratch, &cache, &config, &state] {
            fs::create_dir(folder).map_err(|error| failed(&error))?;
        }
        let mut command = self.command(&package);
        let chosen = command.get_envs().any(|(name, _)| name == "FLAVOR_COMMAND");
        for name in MISLEADING.iter().filter(|name| **name != "FLAVOR_COMMAND" || !chosen) {
            command.env_remove(name);
        }
        // The last but one is the published Go launcher's.
        command.env("FLAVOR_CACHE_DIR", &cache).env("FLAVOR_CONFIG_DIR", &config);
        command.env("FLAVOR_CACHE", cache.join("workenv")).env("XDG_STATE_HOME", &state);
        let finished = process::run(&mut command, b"", LIMIT).map_err(|error| failed(&error))?;
        if finished.success() { Ok(()) } else { Err(self.failure(&finished)) }
    }

    fn failure(&self, finished: &Finished) -> Failure {
        let how = if finished.timed_out {
            format!("did not end within {} seconds", LIMIT.as_secs())
        } else {
            match finished.status.code() {
                Some(code) => format!("ended with exit code {code}"),
                None => format!("was ended: {}", finished.status),
            }
        };
        let message = format!("`{}` {how}; the package was not kept", self.text);
        let said = [&finished.stdout, &finished.stderr].map(|bytes| String::from_utf8_lossy(bytes));
        let lines: Vec<&str> = said.iter().flat_map(|text| text.lines()).collect();
        let last = lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default();
        let said = if last.is_empty() { "no output".to_owned() } else { format!("the output\n{}", last.join("\n")) };
        Problem::error("pack.test", message).field("--test-command").found(said).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(text: &str) -> (Vec<String>, Option<String>) {
        let command = Trial::parse(text, &["tool", "tool-admin"]).unwrap().command(Path::new("/p/tool.psp"));
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let name = command.get_envs().find(|(name, _)| *name == "FLAVOR_COMMAND").and_then(|(_, value)| value);
        let text = |word: &std::ffi::OsStr| word.to_str().unwrap().to_owned();
        (words.map(text).collect(), name.map(text))
    }

    #[test]
    fn words_are_arguments_a_command_of_the_package_or_another_program() {
        let of_package = |words: &[&str]| [&["/p/tool.psp"], words].concat().iter().map(ToString::to_string).collect();
        assert_eq!(started(""), (of_package(&[]), None));
        assert_eq!(started("--version 'a b'"), (of_package(&["--version", "a b"]), None));
        assert_eq!(started("tool-admin list"), (of_package(&["list"]), Some("tool-admin".into())));
        let (words, name) = started("pytest --exe={package} tests/");
        assert_eq!((words, name), (["pytest", "--exe=/p/tool.psp", "tests/"].map(str::to_owned).into(), None));
        assert!(Trial::parse("'open", &[]).is_err());
    }
}
