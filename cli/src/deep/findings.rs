//! The findings of one examination.

use pspf_nostd::{
    limits::FINDINGS_MAX,
    report::{Finding, Severity},
};

/// Collects up to [`FINDINGS_MAX`] of each severity and counts the rest.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<Finding>,
    counts: [usize; 3],
}

impl Findings {
    pub(super) fn error(&mut self, code: &'static str, part: &str, message: String) {
        self.add(Severity::Error, code, part, message);
    }

    pub(super) fn add(&mut self, severity: Severity, code: &'static str, part: &str, message: impl Into<String>) {
        let [errors, warnings, infos] = &mut self.counts;
        let count = match severity {
            Severity::Error => errors,
            Severity::Warning => warnings,
            Severity::Info => infos,
        };
        *count = count.saturating_add(1);
        if *count <= FINDINGS_MAX {
            self.found.push(Finding { code, severity, part: part.to_owned(), range: None, message: message.into() });
        }
    }

    /// Whether there is no error, and the findings, errors first.
    pub(super) fn finish(mut self) -> (bool, Vec<Finding>) {
        let [errors, ..] = self.counts;
        let left_out: usize = self.counts.iter().map(|count| count.saturating_sub(FINDINGS_MAX)).sum();
        if left_out > 0 {
            let message = format!("{left_out} further findings are not listed");
            self.add(Severity::Info, "findings.limit", "package", message);
        }
        self.found.sort_by_key(|finding| finding.severity);
        (errors == 0, self.found)
    }
}
