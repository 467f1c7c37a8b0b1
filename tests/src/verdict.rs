//! What an implementation said of a package, and whether that is what it has to say.

use crate::kit::Expected;
use pspf_nostd::report::Report;
use serde::Deserialize;

/// What an implementation said: the parts of the JSON report that the cases are about.
#[derive(Clone, Debug, Deserialize)]
pub struct Verdict {
    /// Whether the package is good.
    pub ok: bool,
    /// What is proved of the bytes.
    pub state: String,
    /// What was noticed.
    pub findings: Vec<Noticed>,
}

/// One finding.
#[derive(Clone, Debug, Deserialize)]
pub struct Noticed {
    /// Its code.
    pub code: String,
    /// The part it is about.
    pub part: String,
}

impl Verdict {
    /// The verdict in a JSON report.
    ///
    /// # Errors
    /// What is missing in the text.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// The verdict of the engine in this process, by way of the JSON that everybody else reads.
    ///
    /// # Panics
    /// Where a report does not come back from its own JSON.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let json = serde_json::to_vec(report).expect("a report serialises");
        Self::parse(&json).expect("a report's own JSON")
    }

    /// Compares with what has to be said.
    ///
    /// # Errors
    /// The first difference, in words.
    pub fn check(&self, expected: &Expected) -> Result<(), String> {
        if (self.ok, self.state.as_str()) != (expected.ok, expected.state.as_str()) {
            return Err(format!(
                "ok {}, state {}; expected ok {}, state {}; found {}",
                self.ok,
                self.state,
                expected.ok,
                expected.state,
                self.list()
            ));
        }
        if let Some(code) = expected.codes.iter().find(|code| !self.findings.iter().any(|found| found.code == **code)) {
            return Err(format!("`{code}` is not among the findings: {}", self.list()));
        }
        let located = |found: &Noticed| expected.codes.contains(&found.code) && found.part.starts_with(&expected.part);
        if !expected.part.is_empty() && !self.findings.iter().any(located) {
            return Err(format!("no finding is about `{}`: {}", expected.part, self.list()));
        }
        Ok(())
    }

    fn list(&self) -> String {
        let found: Vec<String> = self.findings.iter().map(|found| format!("{} ({})", found.code, found.part)).collect();
        if found.is_empty() { "no findings".to_owned() } else { found.join(", ") }
    }
}
