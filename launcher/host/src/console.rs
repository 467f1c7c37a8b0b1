//! What the launcher writes to its standard streams, and the progress line of a long extraction.

use std::{
    io::{self, IsTerminal as _, Write as _},
    time::{Duration, Instant},
};

use pspf_nostd::quoted::visible;

/// A line for people, on standard error, with control characters of names made visible. Failures to write are
/// ignored: there is nobody to tell.
pub fn tell(line: &str) {
    tell_part(&[&visible(line), "\n"].concat());
}

/// A part of a line.
pub fn tell_part(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Whether standard error is a terminal.
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// An answer, on standard output.
///
/// # Errors
/// Those of writing; [`io::ErrorKind::BrokenPipe`] if the reader has gone.
pub fn answer(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// How long nothing is shown: most extractions are over by then.
const PATIENCE: Duration = Duration::from_millis(500);

/// Time between two changes of the line.
const PACE: Duration = Duration::from_millis(100);

/// Progress of one piece of work, shown on standard error where that is a terminal. Dropping it takes the line away.
#[derive(Debug)]
pub struct Progress {
    label: String,
    start: Instant,
    /// `None` until something is due to be shown.
    terminal: Option<bool>,
    line: Line,
}

/// When the line was last drawn.
#[derive(Debug, Default)]
struct Line {
    drawn: Option<Duration>,
}

impl Progress {
    /// Starts the clock.
    #[must_use]
    pub fn new(label: &str) -> Self {
        Self { label: visible(label), start: Instant::now(), terminal: None, line: Line::default() }
    }

    /// `done` of `total` bytes are done.
    pub fn update(&mut self, done: u64, total: u64) {
        let Some(percent) = self.line.due(self.start.elapsed(), done, total) else { return };
        if *self.terminal.get_or_insert_with(is_watched) {
            tell_part(&["\r", &self.label, " ", &percent.to_string(), "%\x1b[K"].concat());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal == Some(true) {
            tell_part("\r\x1b[K");
        }
    }
}

impl Line {
    /// The percentage to draw, if it is time to draw.
    fn due(&mut self, elapsed: Duration, done: u64, total: u64) -> Option<u64> {
        let next = self.drawn.map_or(PATIENCE, |drawn| drawn + PACE);
        if elapsed < next {
            return None;
        }
        self.drawn = Some(elapsed);
        Some(done.min(total).saturating_mul(100).checked_div(total).unwrap_or(100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_work_says_nothing_and_long_work_not_too_often() {
        let mut line = Line::default();
        let mut at = |milliseconds, done| line.due(Duration::from_millis(milliseconds), done, 200);
        let drawn = [at(0, 0), at(499, 100), at(500, 101), at(599, 102), at(600, 200), at(700, 999)];
        assert_eq!(drawn, [None, None, Some(50), None, Some(100), Some(100)]);
        assert_eq!(Line::default().due(Duration::from_secs(1), 0, 0), Some(100));
    }
}
