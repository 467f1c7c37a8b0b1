//! What a scan found, with what it weighs under the policy.

use crate::{failure::Failure, policy::Policy};
use pspf_nostd::{
    findings::{LEFT_OUT, errors_first},
    limits::FINDINGS_MAX,
    offsets::ByteRange,
    report::{Finding, Severity},
};
use serde::Serialize;

/// A finding of the verification, of the content or of the policy.
#[derive(Clone, Debug, Serialize)]
pub struct ScanFinding {
    /// Stable code.
    pub code: String,
    /// Weight under the policy.
    pub severity: Severity,
    /// The part it is about.
    pub part: String,
    /// The bytes it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<ByteRange>,
    /// The file in the slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What was expected and what was found.
    pub message: String,
}

/// Findings, at most [`FINDINGS_MAX`] of them; what is dropped still counts.
#[derive(Debug, Default)]
pub struct ScanFindings {
    kept: Vec<ScanFinding>,
    dropped: usize,
    /// Whether one of those dropped rejects.
    dropped_error: bool,
}

impl ScanFindings {
    fn add(&mut self, finding: ScanFinding) {
        if self.kept.len() < FINDINGS_MAX {
            self.kept.push(finding);
        } else {
            self.dropped = self.dropped.saturating_add(1);
            self.dropped_error |= finding.severity == Severity::Error;
        }
    }

    /// A finding about a part of the package.
    pub fn push(&mut self, policy: &Policy, own: Severity, code: &str, part: &str, message: String) {
        let severity = policy.severity(code, own);
        let (code, part) = (code.to_owned(), part.to_owned());
        self.add(ScanFinding { code, severity, part, range: None, path: None, message });
    }

    /// A finding about a file in a slot.
    pub fn push_file(&mut self, policy: &Policy, code: &str, slot: usize, path: &str, message: String) {
        let severity = policy.severity(code, Severity::Error);
        let (code, part, path) = (code.to_owned(), format!("slot {slot}"), Some(path.to_owned()));
        self.add(ScanFinding { code, severity, part, range: None, path, message });
    }

    /// A finding of the verification; `allowed` makes it one that is worth knowing only.
    pub fn adopt(&mut self, policy: &Policy, finding: &Finding, allowed: bool) {
        let own = if allowed { Severity::Info } else { finding.severity };
        self.add(ScanFinding {
            code: finding.code.to_owned(),
            severity: policy.severity(finding.code, own),
            part: finding.part.clone(),
            range: finding.range,
            path: None,
            message: finding.message.clone(),
        });
    }

    /// A slot that codec or archive refuse: nothing of it would be extracted.
    pub fn refused(&mut self, policy: &Policy, slot: usize, failure: &Failure) {
        self.push(policy, Severity::Error, &failure.code, &format!("slot {slot}"), failure.message.clone());
    }

    /// All of them, errors first.
    pub fn sorted(&mut self) -> Vec<ScanFinding> {
        let mut findings = core::mem::take(&mut self.kept);
        if self.dropped > 0 {
            findings.push(ScanFinding {
                code: LEFT_OUT.to_owned(),
                severity: if self.dropped_error { Severity::Error } else { Severity::Info },
                part: "package".to_owned(),
                range: None,
                path: None,
                message: format!("{} more findings were left out, the limit is {FINDINGS_MAX}", self.dropped),
            });
        }
        errors_first(findings, |finding| finding.severity)
    }
}
