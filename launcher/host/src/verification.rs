//! The answer of `verify`, the same from the package itself and from `flavor verify --json`.

use std::path::Path;

use pspf_nostd::report::{Integrity, Report};
use serde::Serialize;

/// Exit code for a package of which nothing is wrong, but which anybody could have given another launcher or other content:
/// its signature covers them only in part. 0 would be read as "run it", 1 as "broken".
pub const ONLY_INTACT: u8 = 4;

/// The report on one file, with what came of it.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    /// The file, as text.
    pub file: String,
    /// Whether the package is taken: it is validly signed, as much is proved as is asked for, and nothing is unmet.
    pub accepted: bool,
    /// What is required and the package is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<String>,
    /// What was found out.
    #[serde(flatten)]
    pub report: &'a Report,
}

impl<'a> Document<'a> {
    /// The document of a report on a package of which at least `least` must be proved.
    #[must_use]
    pub fn new(file: &Path, report: &'a Report, least: Integrity, unmet: Vec<String>) -> Self {
        let accepted = report.proves(least) && unmet.is_empty();
        Self { file: file.display().to_string(), accepted, unmet, report }
    }

    /// Whether the package was taken if [`Integrity::Intact`] were enough.
    #[must_use]
    pub fn only_intact(&self) -> bool {
        !self.accepted && self.unmet.is_empty() && self.report.proves(Integrity::Intact)
    }
}
