//! What is wrong, once: place, field, expected, found, and what to do next. The same for people and as JSON.

use serde::Serialize;
use std::{
    fmt, io,
    ops::{Deref, DerefMut},
    path::Path,
};

/// How much a problem weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The operation does not take place.
    Error,
    /// It takes place, though perhaps not as meant.
    Warning,
}

/// One thing that is wrong. In a box, because it travels in every `Result`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostic(Box<Facts>);

/// What is known of a [`Diagnostic`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Stable dotted code.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Weight,
    /// The file it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// One-based line in that file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// One-based column, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The field of that file, or the option, like `slots[2].id` or `--output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error with nothing but its message.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Facts {
            code,
            severity: Weight::Error,
            file: None,
            line: None,
            column: None,
            field: None,
            message: message.into(),
            expected: None,
            found: None,
            hint: None,
        }))
    }

    /// A warning with nothing but its message.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::error(code, message).as_warning()
    }

    /// The same, as a warning.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Weight::Warning;
        self
    }

    /// A failed system call on a file.
    pub fn io(code: &'static str, path: &Path, doing: &str, error: &io::Error) -> Self {
        Self::error(code, format!("cannot {doing}: {}", io_text(error))).file(path)
    }

    /// Names the file.
    #[must_use]
    pub fn file(mut self, path: &Path) -> Self {
        self.file = Some(path.display().to_string());
        self
    }

    /// Names the place in the file.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize) -> Self {
        (self.line, self.column) = (Some(line), Some(column));
        self
    }

    /// Names the field or option.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says what was found.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Deref for Diagnostic {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl DerefMut for Diagnostic {
    fn deref_mut(&mut self) -> &mut Facts {
        &mut self.0
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A line break in a name, or in what a package says, makes no line that looks like one of ours; what a program has printed
        // keeps its lines.
        let one_line = |text: &str| text.replace('\n', "\\n");
        let indented = |text: &str| text.trim_end().replace('\n', "\n    ");
        match &self.file {
            Some(file) => f.write_str(&one_line(file))?,
            None => f.write_str("flavor")?,
        }
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        f.write_str(match self.severity {
            Weight::Error => ": error: ",
            Weight::Warning => ": warning: ",
        })?;
        if let Some(field) = &self.field {
            write!(f, "{}: ", one_line(field))?;
        }
        f.write_str(&indented(&self.message))?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {}", indented(expected))?;
        }
        if let Some(found) = &self.found {
            write!(f, "{} found {}", if self.expected.is_some() { "," } else { ";" }, indented(found))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// The system's text without Rust's `(os error N)`.
pub fn io_text(error: &io::Error) -> String {
    without_number(&error.to_string())
}

/// A text without Rust's `(os error N)`.
pub fn without_number(text: &str) -> String {
    text.split(" (os error").next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_and_the_hint_begin_like_lines_of_ours() {
        let evil = "x\nok.psp: sealed, signed by trusted key";
        let problem = Diagnostic::error("a", format!("it failed:\n{evil}\n")).file(Path::new(evil)).field(evil);
        let text = problem.expected(evil).found(evil).hint("go on").to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 6, "{text}");
        assert!(lines[1..5].iter().all(|line| line.starts_with("    ")), "{text}");
        assert_eq!(lines[5], "  hint: go on");
    }
}
