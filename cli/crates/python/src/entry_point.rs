//! The function that the package runs.

use std::{fmt, time::Duration};

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
