//! The function that the package runs, and the proof that the tree has it.

use super::{
    environment::Environment,
    error::{FileContext as _, PythonError},
    process,
    provider::Runtime,
    tree_files,
};
use serde::Deserialize;
use std::{fmt, fs, path::Path, time::Duration};

const CHECK: &str = include_str!("check_entry_point.py");

/// Importing an application takes seconds at most; one that waits for something would wait forever.
const CHECK_LIMIT: Duration = Duration::from_secs(120);

/// `module:function`; the function may be a dotted name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPoint {
    module: String,
    function: String,
}

/// Why an entry point cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryPointError {
    /// It does not name a function.
    #[error("the entry point {text:?} is not of the form \"module:function\"")]
    Syntax {
        /// What was given.
        text: String,
    },
    /// The module is not in the tree.
    #[error("the entry point's module {module} is not in the package{}", close(matches))]
    NoModule {
        /// The module.
        module: String,
        /// Names that are there.
        matches: Vec<String>,
    },
    /// A module of the standard library has its name, and is found before it.
    #[error("the entry point's module {module} is Python's own {shadow}, which is found before the project's")]
    Shadowed {
        /// The module.
        module: String,
        /// Its first name.
        shadow: String,
    },
    /// The module is there but fails when it is imported.
    #[error("the entry point's module {module} cannot be imported: {reason}")]
    Import {
        /// The module.
        module: String,
        /// The exception.
        reason: String,
    },
    /// The module does not have the function.
    #[error("the module {module} has no {function}{}", close(matches))]
    NoFunction {
        /// The module.
        module: String,
        /// The function.
        function: String,
        /// Names that are there.
        matches: Vec<String>,
    },
    /// It is something else than a function.
    #[error("{function} in the module {module} cannot be called: it is {kind}")]
    NotCallable {
        /// The module.
        module: String,
        /// The name.
        function: String,
        /// Its type.
        kind: String,
    },
    /// The import did not end.
    #[error("importing the entry point's module {module} did not end within {} seconds", limit.as_secs())]
    TimedOut {
        /// The module.
        module: String,
        /// The limit.
        limit: Duration,
    },
}

fn close(matches: &[String]) -> String {
    if matches.is_empty() { String::new() } else { format!("; close names: {}", matches.join(", ")) }
}

impl EntryPointError {
    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "python.entry_point.syntax",
            Self::NoModule { .. } | Self::Shadowed { .. } => "python.entry_point.module",
            Self::Import { .. } => "python.entry_point.import",
            Self::NoFunction { .. } => "python.entry_point.function",
            Self::NotCallable { .. } => "python.entry_point.callable",
            Self::TimedOut { .. } => "python.entry_point.timeout",
        }
    }

    /// What the user can do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Syntax { .. } => "write it like \"my_package.cli:main\"",
            Self::NoModule { .. } => "check the name, and that the build backend packs the module",
            Self::Shadowed { .. } => "give the module another name",
            Self::Import { reason, .. } if reason.starts_with("ModuleNotFoundError") => {
                "a module that is missing must be one of project.dependencies"
            }
            Self::Import { reason, .. } if reason.starts_with("FileNotFoundError") => {
                "files beside modules must be package data for the build backend; slots are not there yet"
            }
            Self::Import { .. } => {
                "work belongs into the function: the module is imported without slots and variables of the caller"
            }
            Self::TimedOut { .. } => "the module must not do its work when it is imported",
            Self::NoFunction { .. } | Self::NotCallable { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl EntryPoint {
    /// Reads `module:function`.
    ///
    /// # Errors
    /// [`EntryPointError::Syntax`] if one of them is not a dotted name.
    pub fn parse(text: &str) -> Result<Self, EntryPointError> {
        let wrong = || EntryPointError::Syntax { text: text.to_owned() };
        let (module, function) = text.split_once(':').ok_or_else(wrong)?;
        // `module:function [extra]` is allowed in entry points of distributions; extras are chosen elsewhere.
        let (module, function) = (module.trim(), function.split('[').next().unwrap_or_default().trim());
        if !is_dotted_name(module) || !is_dotted_name(function) {
            return Err(wrong());
        }
        Ok(Self { module: module.to_owned(), function: function.to_owned() })
    }

    /// The module's dotted name.
    #[must_use]
    pub fn module(&self) -> &str {
        &self.module
    }

    /// The function's name in the module, dotted if it is a method.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.function
    }
}

impl fmt::Display for EntryPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.module, self.function)
    }
}

/// It goes into a script, so nothing but identifiers may pass.
fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        part.chars().all(|c| c == '_' || c.is_alphanumeric())
            && part.starts_with(|c: char| c == '_' || c.is_alphabetic())
    })
}

#[derive(Deserialize)]
struct Answer {
    outcome: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    matches: Vec<String>,
}

/// Whether this machine runs the tree's interpreter: always one of its own, and one of another processor with an emulator.
pub(super) fn can_run(runtime: &Runtime) -> bool {
    let mut command = process::command(runtime.executable());
    command.args(["-I", "-S", "-c", ""]).env_clear();
    runtime.foreign.is_none() || process::run(&mut command, b"", CHECK_LIMIT).is_ok_and(|finished| finished.success())
}

/// Looks for the module's file, where the function cannot be imported.
pub(super) fn find(runtime: &Runtime, entry_point: &EntryPoint) -> Result<(), PythonError> {
    let (parents, name) = entry_point.module.rsplit_once('.').unwrap_or(("", &entry_point.module));
    let is_module = |path: &Path| {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (stem, rest) = file.split_once('.').unwrap_or((&file, ""));
        // Extension modules name their interpreter and processor between the two.
        stem == name && (["py", "pyc"].contains(&rest) || rest.split('.').next_back() == Some("so"))
            || file == name && ["__init__.py", "__init__.pyc"].iter().any(|file| path.join(file).is_file())
    };
    for folder in [runtime.site_packages(), runtime.root.join(&runtime.stdlib)] {
        let folder = folder.join(parents.replace('.', "/"));
        let mut files = fs::read_dir(&folder).into_iter().flatten().flatten();
        if files.any(|file| is_module(&file.path())) {
            return Ok(());
        }
    }
    Err(EntryPointError::NoModule { module: entry_point.module.clone(), matches: Vec::new() }.into())
}

/// Imports the function in the tree's own interpreter, in the environment that the package will have: `run_env` is what it sets.
pub(super) fn check(
    runtime: &Runtime,
    entry_point: &EntryPoint,
    run_env: &[(String, String)],
    work: &Path,
) -> Result<(), PythonError> {
    let home = work.join("check");
    tree_files::create_dir(&home)?;
    let home = std::path::absolute(&home).on("read", &home)?;
    let answer_file = home.join("answer.json");
    let mut command = process::command(runtime.executable());
    command.args(["-I", "-B", "-c", CHECK]).arg(&answer_file).args([&entry_point.module, &entry_point.function]);
    command
        .env_clear()
        .env("HOME", &home)
        .env("TMPDIR", &home)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir(&home);
    command.envs(Environment::of_package().set);
    let workenv = runtime.root.to_string_lossy();
    command.envs(run_env.iter().map(|(name, value)| (name, value.replace("{workenv}", &workenv))));
    let task = "import the entry point";
    let finished = process::run(&mut command, b"", CHECK_LIMIT)
        .map_err(|error| PythonError::Interpreter { task, output: error.to_string() })?;
    let module = entry_point.module.clone();
    if finished.timed_out {
        return Err(EntryPointError::TimedOut { module, limit: CHECK_LIMIT }.into());
    }
    let answer = fs::read(&answer_file).ok().and_then(|text| serde_json::from_slice::<Answer>(&text).ok());
    let Some(Answer { outcome, detail, matches }) = answer else {
        return Err(PythonError::Interpreter { task, output: finished.last_error_lines(3) });
    };
    let function = entry_point.function.clone();
    let first = module.split('.').next().unwrap_or_default();
    let is_in = |folder: &Path| folder.join(first).is_dir() || folder.join(format!("{first}.py")).is_file();
    let library = runtime
        .site_packages()
        .parent()
        .is_some_and(|library| is_in(library) || library.join(format!("{first}.pyc")).is_file());
    if outcome.starts_with("no-") && library && is_in(&runtime.site_packages()) {
        let shadow = first.to_owned();
        return Err(EntryPointError::Shadowed { module, shadow }.into());
    }
    Err(match outcome.as_str() {
        "callable" => return Ok(()),
        "no-module" => EntryPointError::NoModule { module, matches },
        "no-function" => EntryPointError::NoFunction { module, function, matches },
        "not-callable" => EntryPointError::NotCallable { module, function, kind: detail },
        _ => EntryPointError::Import { module, reason: detail },
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dotted_names_pass() {
        let entry_point = EntryPoint::parse(" app.cli : Main.run [extra]").unwrap();
        assert_eq!((entry_point.module(), entry_point.function()), ("app.cli", "Main.run"));
        for text in
            ["app", "app:", ":f", "app:f()", "app:f;import os", "a b:f", "app.:f", "1a:f", "a-b:f", "app:f\nimport os"]
        {
            assert!(EntryPoint::parse(text).is_err(), "{text:?}");
        }
    }
}
