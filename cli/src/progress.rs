//! Progress on standard error: a line per step, and bars where that is a terminal.

use crate::terminal::size;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    cell::{Cell, RefCell},
    io::{self, Write as _},
    time::{Duration, Instant},
};

/// A bar over a known number of bytes; silent where nobody watches.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar of `total` bytes, drawn if `shown`.
    #[must_use]
    pub fn bytes(shown: bool, label: &str, total: u64) -> Self {
        if !shown {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg} [{bar:30}] {decimal_bytes}/{decimal_total_bytes}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.set_message(label.to_owned());
        Self(bar)
    }

    /// A spinner for work of unknown length, drawn if `shown`.
    #[must_use]
    pub fn spinner(shown: bool, label: &str) -> Self {
        if !shown {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()).tick_chars("|/-\\ "));
        bar.set_message(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// So many bytes are done.
    pub fn at(&self, bytes: u64) {
        self.0.set_position(bytes);
    }

    /// So many more bytes are done.
    pub fn add(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The steps of a long command, one line each; a spinner beside the current one where that is a terminal.
#[derive(Debug)]
pub struct Steps {
    shown: bool,
    interactive: bool,
    /// Whether it is said how long each takes.
    timed: bool,
    /// The current step's name, where it is still to be printed, and its spinner.
    spinner: RefCell<Option<(String, Bar)>>,
    begin: Cell<Option<Instant>>,
}

impl Steps {
    /// Steps that are printed if `shown`, with spinners if `interactive`.
    #[must_use]
    pub fn new(shown: bool, interactive: bool) -> Self {
        let interactive = shown && interactive;
        Self { shown, interactive, timed: false, spinner: RefCell::default(), begin: Cell::default() }
    }

    /// The same, with the seconds that each takes if `timed`.
    #[must_use]
    pub fn timed(mut self, timed: bool) -> Self {
        self.timed = timed;
        self
    }

    /// A step begins; the one before it is done.
    pub fn begin(&self, text: &str) {
        if !self.interactive {
            self.begin_with_bar(text);
            return;
        }
        self.end();
        // The spinner shows it until it is done: never two lines at a time.
        *self.spinner.borrow_mut() = Some((text.to_owned(), Bar::spinner(true, text)));
        self.begin.set(Some(Instant::now()));
    }

    /// The same for a step that shows a bar of its own.
    pub fn begin_with_bar(&self, text: &str) {
        self.end();
        if self.shown {
            // Nobody has to read along.
            let _ = writeln!(io::stderr(), "{text}");
        }
        self.begin.set(Some(Instant::now()));
    }

    /// The current step is done.
    pub fn end(&self) {
        if let Some((text, spinner)) = self.spinner.borrow_mut().take() {
            spinner.clear();
            let _ = writeln!(io::stderr(), "{text}");
        }
        if let Some(begin) = self.begin.take().filter(|_| self.timed) {
            let _ = writeln!(io::stderr(), "  {:.3} s", begin.elapsed().as_secs_f64());
        }
    }
}

impl flavor_python::Progress for Steps {
    fn step(&self, text: &str) {
        self.begin(text);
    }

    fn done(&self) {
        self.end();
    }
}

impl flavor_pack::Progress for Steps {
    fn encoding(&self, slots: usize, bytes: u64) -> Box<dyn Fn(u64) + Sync> {
        self.begin_with_bar(&format!("Encoding {slots} slots, {}", size(bytes)));
        let bar = Bar::bytes(self.interactive, "encoding", bytes);
        Box::new(move |done| bar.add(done))
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.end();
    }
}
