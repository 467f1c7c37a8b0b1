//! Where the output goes: answers to standard output, everything else to standard error; colour on terminals only.

use crate::{
    arguments::{Colour, OutputOptions},
    problem::{Brief, Failure},
    redact::{self, without_passwords},
};
use flavor_manifest::{Diagnostic, Weight, io_text};
use pspf_nostd::quoted::visible;
use serde::Serialize;
use std::{
    env,
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
};

/// Standard output and standard error of one command.
#[derive(Debug)]
pub struct Console {
    json: bool,
    quiet: bool,
    verbose: bool,
    stdout_colour: bool,
    stderr_colour: bool,
    stderr_terminal: bool,
    /// The reader of standard output has gone; nothing more is written to it.
    closed: bool,
    failed: Option<io::Error>,
    /// Warnings that a JSON document will carry.
    warnings: Vec<Diagnostic>,
}

/// How a piece of text is set off on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Headings and names.
    Bold,
    /// Broken.
    Red,
    /// Proved and trusted.
    Green,
    /// Good bytes, but something is left to decide.
    Yellow,
    /// Of less weight.
    Dim,
}

impl Console {
    /// A console for a command with (`true`) or without JSON output.
    #[must_use]
    pub fn new(json: bool, options: OutputOptions) -> Self {
        let plain = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let wanted = !plain("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb");
        let colour = |is_terminal: bool| match options.color {
            Colour::Auto => wanted && is_terminal,
            Colour::Always => true,
            Colour::Never => false,
        };
        let stderr_terminal = io::stderr().is_terminal();
        Self {
            json,
            quiet: options.quiet,
            verbose: options.verbose,
            stdout_colour: colour(io::stdout().is_terminal()),
            stderr_colour: colour(stderr_terminal),
            stderr_terminal,
            closed: false,
            failed: None,
            warnings: Vec::new(),
        }
    }

    /// Whether answers are JSON documents.
    #[must_use]
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether nothing is said that nobody asked for.
    #[must_use]
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Whether it is said what goes on.
    #[must_use]
    pub fn verbose(&self) -> bool {
        self.verbose
    }

    /// Whether progress bars make sense: somebody watches, and wants words rather than a document.
    #[must_use]
    pub fn interactive(&self) -> bool {
        self.stderr_terminal && !self.quiet && !self.json
    }

    /// Asks before something goes that somebody may want to keep; `yes` answers beforehand.
    ///
    /// # Errors
    /// Where nobody can be asked, and with JSON output.
    pub fn confirm(&self, yes: bool, question: &str) -> Result<bool, Failure> {
        if yes {
            return Ok(true);
        }
        if !self.interactive() || !io::stdin().is_terminal() {
            let problem =
                Diagnostic::error("usage", "this asks before it removes anything, and there is nobody to ask");
            return Err(Failure::usage(problem.field("--yes").hint("say --yes, or look first with --dry-run")));
        }
        let mut stderr = io::stderr();
        let _ = write!(stderr, "{question} [y/N] ");
        let _ = stderr.flush();
        let mut answer = String::new();
        // The end of the input is a no.
        let _ = io::stdin().read_line(&mut answer);
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    /// Text set off on standard output, where that is a terminal.
    #[must_use]
    pub fn styled(&self, style: Style, text: &str) -> String {
        styled(self.stdout_colour, style, text)
    }

    /// Says a line, or several, on standard output, unless only documents are wanted.
    pub fn say(&mut self, text: &str) {
        if !self.quiet {
            self.answer(&without_passwords(text));
        }
    }

    /// Writes what an option asks for to standard output.
    pub fn answer(&mut self, text: &str) {
        let mut stdout = io::stdout().lock();
        if self.closed || self.failed.is_some() {
            return;
        }
        if let Err(error) = writeln!(stdout, "{text}") {
            self.broken(error);
        }
    }

    /// Writes one JSON document on one line.
    pub fn document(&mut self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.answer(&text),
            Err(error) => self.broken(error.into()),
        }
    }

    /// Writes a line to standard error; whether anyone reads it makes no difference.
    pub fn note(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{}", without_passwords(text));
    }

    /// Says on standard error what goes on, where that is wanted.
    pub fn detail(&self, text: &str) {
        if self.verbose {
            self.note(&styled(self.stderr_colour, Style::Dim, &printable(text)));
        }
    }

    /// Shows a warning at once, or keeps it for the JSON document.
    pub fn warn(&mut self, problem: Diagnostic) {
        if self.json {
            self.warnings.push(redact::diagnostic(problem));
        } else {
            self.note(&self.problem(&problem));
        }
    }

    /// The warnings kept so far.
    pub fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }

    /// Shows why the command failed.
    pub fn failure(&mut self, failure: &Failure) {
        if self.json {
            let mut problems = self.take_warnings();
            problems.extend(failure.problems.iter().cloned().map(redact::diagnostic));
            let (errors, warnings): (Vec<_>, Vec<_>) =
                problems.into_iter().partition(|problem| problem.severity == Weight::Error);
            let error = errors.first().map(Brief::from);
            self.document(&FailureDocument { ok: false, error, errors: &errors, warnings: &warnings });
        } else {
            for problem in &failure.problems {
                self.note(&self.problem(problem));
            }
        }
    }

    /// Ends the output.
    ///
    /// # Errors
    /// Where standard output could not take everything; a closed pipe is not such an error.
    pub fn finish(&mut self) -> Result<(), Failure> {
        if let Err(error) = io::stdout().flush() {
            self.broken(error);
        }
        match self.failed.take() {
            Some(error) => {
                self.closed = true;
                Err(Diagnostic::error("output.write", format!("cannot write to standard output: {}", io_text(&error)))
                    .into())
            }
            None => Ok(()),
        }
    }

    fn broken(&mut self, error: io::Error) {
        match error.kind() {
            io::ErrorKind::BrokenPipe => self.closed = true,
            _ => self.failed = Some(error),
        }
    }

    fn problem(&self, problem: &Diagnostic) -> String {
        let text = printable_lines(&problem.to_string());
        let (word, style) = match problem.severity {
            Weight::Error => ("error:", Style::Red),
            Weight::Warning => ("warning:", Style::Yellow),
        };
        text.replacen(word, &styled(self.stderr_colour, style, word), 1)
    }
}

#[derive(Serialize)]
struct FailureDocument<'a> {
    ok: bool,
    /// The first of `errors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Brief<'a>>,
    errors: &'a [Diagnostic],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    warnings: &'a [Diagnostic],
}

fn styled(colour: bool, style: Style, text: &str) -> String {
    let code = match style {
        Style::Bold => "1",
        Style::Red => "1;31",
        Style::Green => "32",
        Style::Yellow => "33",
        Style::Dim => "2",
    };
    if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Text of a package, safe on a terminal and on one line: what is not seen, or hides or reorders what stands around it, is shown as
/// an escape, by the rule of the core.
#[must_use]
pub fn printable(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// A size in bytes for people: `11.2 MB` with decimal units, exact below 10 kB.
#[must_use]
pub fn size(bytes: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in units {
        if bytes >= unit && bytes >= 10_000 {
            let tenths = bytes / (unit / 10);
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} B")
}

/// Characters to which a column is padded at most. A longer cell moves the rest of its own row only; and what a package says of
/// itself may be longer than the 65,535 characters to which the standard library pads.
const COLUMN_MAX: usize = 120;

/// A table with two blanks between columns; the last column is not padded. `right` lists right-aligned columns.
#[must_use]
pub fn table(rows: &[Vec<String>], right: &[usize], indent: &str) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
            .min(COLUMN_MAX)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        let mut line = indent.to_owned();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if column > 0 {
                line.push_str("  ");
            }
            let _ = match right.contains(&column) {
                true => write!(line, "{cell:>width$}"),
                false => write!(line, "{cell:<width$}"),
            };
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_or_so() {
        for (bytes, text) in
            [(0, "0 B"), (9_999, "9999 B"), (10_000, "10.0 kB"), (11_249_999, "11.2 MB"), (1_073_741_824, "1.0 GB")]
        {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn hostile_text_cannot_move_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\n");
        assert_eq!(printable("\u{200b}\u{2028}\u{feff}\u{e0041}"), "\\u{200b}\\u{2028}\\u{feff}\\u{e0041}");
        assert_eq!(printable("ü C:\\it's \"x\""), "ü C:\\it's \"x\"");
    }

    #[test]
    fn tables_align() {
        let rows = [vec!["a".into(), "1".into(), "x".into()], vec!["bcd".into(), "10".into(), String::new()]];
        assert_eq!(table(&rows, &[1], " "), " a     1  x\n bcd  10");
    }

    #[test]
    fn a_cell_may_be_of_any_length() {
        let long = "x".repeat(100_000);
        let rows = [vec!["a".into(), "1".into()], vec![long.clone(), "2".into()]];
        assert_eq!(table(&rows, &[], ""), format!("{:120}  1\n{long}  2", "a"));
        assert_eq!(table(&rows, &[0], ""), format!("{:>120}  1\n{long}  2", "a"));
    }
}
