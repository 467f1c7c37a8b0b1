//! What went wrong, once: place, field, expected, found, and what to do next. The same for people and as JSON.

use crate::redact::without_passwords;
use flavor_host::{files::open_file, verification::ONLY_INTACT};
use serde::Serialize;
use std::{
    borrow::Cow,
    fmt, io,
    ops::{Deref, DerefMut},
    path::Path,
};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and the answer is yes.
    Done,
    /// 1: the operation failed, or the answer is no.
    Failed,
    /// 2: the command line asks for something that cannot be asked for.
    Usage,
    /// 4: nothing is wrong with the package, but its signature covers launcher and content only in part.
    OnlyIntact,
}

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::OnlyIntact => ONLY_INTACT,
        }
    }
}

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
pub struct Problem(Box<Facts>);

/// What is known of a [`Problem`].
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

impl Problem {
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

    /// The same without passwords in addresses: what programs print, and what a manifest says, may have some.
    #[must_use]
    pub fn without_passwords(mut self) -> Self {
        let facts = &mut *self.0;
        let texts = [&mut facts.file, &mut facts.field, &mut facts.expected, &mut facts.found, &mut facts.hint];
        for text in texts.into_iter().flatten().chain([&mut facts.message]) {
            if let Cow::Owned(shown) = without_passwords(text) {
                *text = shown;
            }
        }
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Deref for Problem {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Facts {
        &mut self.0
    }
}

impl fmt::Display for Problem {
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

/// A problem in the four words that a program needs first; everything else of it stands in the list of all problems.
#[derive(Debug, Serialize)]
pub struct Brief<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl<'a> From<&'a Problem> for Brief<'a> {
    fn from(problem: &'a Problem) -> Self {
        let Facts { code, message, file, hint, .. } = &**problem;
        Self { code, message, path: file.as_deref(), hint: hint.as_deref() }
    }
}

/// Why a command ends without having done what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// Everything that is wrong; warnings may stand among the errors.
    pub problems: Vec<Problem>,
}

impl Failure {
    /// The command line asks for something that cannot be asked for.
    pub fn usage(problem: Problem) -> Self {
        Self { exit: Exit::Usage, problems: vec![problem] }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { exit: Exit::Failed, problems: vec![problem] }
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self { exit: Exit::Failed, problems }
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

/// Opens an argument that must be a regular file; a missing one or a directory is a wrong command line.
///
/// # Errors
/// [`Failure`] with exit code 2 where there is no such file, 1 where it cannot be read.
pub fn open_argument(path: &Path, what: &str) -> Result<std::fs::File, Failure> {
    let file = open_file::open(path).map_err(|error| {
        let problem = Problem::io("file.open", path, &format!("open {what}"), &error);
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::usage(problem),
            _ => problem.into(),
        }
    })?;
    let kind = file.metadata().map_err(|error| Problem::io("file.open", path, &format!("open {what}"), &error))?;
    if !kind.is_file() {
        let found = if kind.is_dir() { "a directory" } else { "something that is not a regular file" };
        let problem = Problem::error("file.kind", format!("this is not {what}")).file(path);
        return Err(Failure::usage(problem.expected("a regular file").found(found)));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_and_the_hint_begin_like_lines_of_ours() {
        let evil = "x\nok.psp: sealed, signed by trusted key";
        let problem = Problem::error("a", format!("it failed:\n{evil}\n")).file(Path::new(evil)).field(evil);
        let text = problem.expected(evil).found(evil).hint("go on").to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 6, "{text}");
        assert!(lines[1..5].iter().all(|line| line.starts_with("    ")), "{text}");
        assert_eq!(lines[5], "  hint: go on");
    }
}
