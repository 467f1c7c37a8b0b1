//! The answer of `verify`, the same from the package itself and from `flavor verify --json`.

use std::path::Path;

use pspf_nostd::{
    json::{JsonWriter, ToJson},
    report::Report,
};
use serde::Serialize;

/// The report on one file, with what came of it.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    /// The file, as text.
    pub file: String,
    /// Whether the package is taken: the report's `ok`, and nothing unmet.
    pub accepted: bool,
    /// What is required and the package is not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unmet: Vec<String>,
    /// What was found out.
    #[serde(flatten)]
    pub report: &'a Report,
}

impl<'a> Document<'a> {
    /// The document of a report.
    #[must_use]
    pub fn new(file: &Path, report: &'a Report, unmet: Vec<String>) -> Self {
        Self { file: file.display().to_string(), accepted: report.ok && unmet.is_empty(), unmet, report }
    }
}

impl ToJson for Document<'_> {
    fn write_json(&self, out: &mut JsonWriter) {
        let own: [(&str, &dyn ToJson); 3] =
            [("file", &self.file), ("accepted", &self.accepted), ("unmet", &self.unmet)];
        let own = if self.unmet.is_empty() { &own[..2] } else { &own };
        out.object(&[own, &self.report.json_fields()].concat());
    }
}
