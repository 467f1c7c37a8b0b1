//! What a command runs.

use std::{
    fmt,
    path::{Component, Path},
    time::Duration,
};

/// What a command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryPoint {
    /// `module:function`; the function may be a dotted name.
    Function {
        /// The module's dotted name.
        module: String,
        /// The function's name in the module, dotted if it is a method.
        function: String,
    },
    /// A module, as `python -m` runs it.
    Module(String),
    /// A file of the project, as `python FILE` runs it; relative to the project's folder.
    File(String),
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
    /// A package cannot be run as a module.
    #[error("the package {module} cannot be run as `python -m {module}`: it has no __main__")]
    NoMain {
        /// The package.
        module: String,
    },
    /// The file is not in the package.
    #[error("the script {path} is no file of the project")]
    NoFile {
        /// The file.
        path: String,
    },
    /// The file is no Python.
    #[error("the script {path} cannot be compiled: {reason}")]
    NoPython {
        /// The file.
        path: String,
        /// The exception.
        reason: String,
    },
    /// The file imports what is not there.
    #[error("{path}:{line} imports {name}, which is not in the package")]
    NoImport {
        /// The file.
        path: String,
        /// Its line.
        line: String,
        /// The module.
        name: String,
        /// Whether a file of that name is beside it.
        beside: bool,
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
            Self::Import { .. } | Self::NoImport { .. } => "python.entry_point.import",
            Self::NoMain { .. } => "python.entry_point.main",
            Self::NoFile { .. } | Self::NoPython { .. } => "python.entry_point.file",
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
            Self::NoMain { .. } => "add a `__main__.py` to it, or name a function with `entry_point`",
            Self::NoImport { beside: true, .. } => "it is beside the script: pack the folder, `flavor pack .`",
            Self::NoImport { .. } => "a distribution that has it must be among the dependencies",
            Self::NoFile { .. } => "name a file of the project, relative to its folder",
            Self::NoFunction { .. } | Self::NotCallable { .. } | Self::NoPython { .. } => return None,
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
        let wrong = || syntax(text);
        let (module, function) = text.split_once(':').ok_or_else(wrong)?;
        // `module:function [extra]` is allowed in entry points of distributions; extras are chosen elsewhere.
        let (module, function) = (module.trim(), function.split('[').next().unwrap_or_default().trim());
        if !is_dotted_name(module) || !is_dotted_name(function) {
            return Err(wrong());
        }
        Ok(Self::Function { module: module.to_owned(), function: function.to_owned() })
    }

    /// A module for `python -m`.
    ///
    /// # Errors
    /// [`EntryPointError::Syntax`] if it is no dotted name.
    pub fn module(name: &str) -> Result<Self, EntryPointError> {
        if is_dotted_name(name) { Ok(Self::Module(name.to_owned())) } else { Err(syntax(name)) }
    }

    /// A file for `python FILE`, relative to the project's folder.
    ///
    /// # Errors
    /// [`EntryPointError::Syntax`] if it leads out of that folder.
    pub fn file(path: &str) -> Result<Self, EntryPointError> {
        let path = path.strip_prefix("./").unwrap_or(path);
        let is_inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        let is_plain = !path.is_empty() && !path.chars().any(char::is_control);
        if is_inside && is_plain { Ok(Self::File(path.to_owned())) } else { Err(syntax(path)) }
    }
}

fn syntax(text: &str) -> EntryPointError {
    EntryPointError::Syntax { text: text.to_owned() }
}

impl fmt::Display for EntryPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function { module, function } => write!(f, "{module}:{function}"),
            Self::Module(module) => write!(f, "python -m {module}"),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// It goes into a script, so nothing but identifiers may pass.
fn is_dotted_name(text: &str) -> bool {
    text.split('.').all(|part| {
        part.chars().all(|c| c == '_' || c.is_alphanumeric())
            && part.starts_with(|c: char| c == '_' || c.is_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dotted_names_pass() {
        let entry_point = EntryPoint::parse(" app.cli : Main.run [extra]").unwrap();
        assert_eq!(entry_point.to_string(), "app.cli:Main.run");
        for text in
            ["app", "app:", ":f", "app:f()", "app:f;import os", "a b:f", "app.:f", "1a:f", "a-b:f", "app:f\nimport os"]
        {
            assert!(EntryPoint::parse(text).is_err(), "{text:?}");
        }
        assert!(EntryPoint::module("app.cli").is_ok() && EntryPoint::module("app-cli").is_err());
    }

    #[test]
    fn files_are_inside_of_the_project() {
        assert_eq!(EntryPoint::file("./bin/run.py").unwrap(), EntryPoint::File("bin/run.py".to_owned()));
        for path in ["", "../x.py", "/x.py", "a/../../x.py", "a\nb.py", "./"] {
            assert!(EntryPoint::file(path).is_err(), "{path:?}");
        }
    }
}
