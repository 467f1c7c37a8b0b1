//! What ran, how it ended and how long it took.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// The steps of one task in their order.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    steps: Vec<(String, Outcome, Duration)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Ok,
    Failed,
    Skipped,
}

impl Summary {
    /// Runs a step; its failure is shown and remembered, and later steps still run.
    pub(crate) fn step(&mut self, name: &str, body: impl FnOnce() -> Result<()>) {
        let _ = self.required(name, body);
    }

    /// Runs a step that others need; its failure is remembered and also returned.
    pub(crate) fn required<T>(&mut self, name: &str, body: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("\n==> {name}");
        let start = Instant::now();
        let result = body();
        if let Err(error) = &result {
            eprintln!("==> {name} FAILED: {error:#}");
        }
        let outcome = if result.is_ok() { Outcome::Ok } else { Outcome::Failed };
        self.steps.push((name.to_owned(), outcome, start.elapsed()));
        result
    }

    /// Notes a step that could not run here.
    pub(crate) fn skipped(&mut self, name: &str, reason: &str) {
        self.steps.push((format!("{name}: {reason}"), Outcome::Skipped, Duration::ZERO));
    }

    /// Prints all steps; an error when one failed.
    pub(crate) fn finish(&self) -> Result<()> {
        println!("\n{self}");
        let failed = self.steps.iter().filter(|(_, outcome, _)| *outcome == Outcome::Failed).count();
        if failed > 0 {
            bail!("{failed} of {} steps failed", self.steps.len());
        }
        Ok(())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, outcome, time) in &self.steps {
            let outcome = match outcome {
                Outcome::Ok => "ok",
                Outcome::Failed => "FAILED",
                Outcome::Skipped => "SKIPPED",
            };
            writeln!(f, "{outcome:<8}{:>6} s  {name}", time.as_secs())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_whole_and_later_ones_still_run() {
        let mut summary = Summary::default();
        let mut ran = false;
        summary.step("first", || bail!("broken"));
        summary.step("second", || {
            ran = true;
            Ok(())
        });
        assert!(ran);
        assert_eq!(summary.finish().unwrap_err().to_string(), "1 of 2 steps failed");
    }

    #[test]
    fn a_skipped_step_is_shown_and_is_no_failure() {
        let mut summary = Summary::default();
        summary.skipped("dependencies", "cargo-deny is not installed");
        assert!(summary.to_string().contains("SKIPPED"));
        summary.finish().unwrap();
    }
}
