//! Findings as they are collected: bounded in number, all counted, given out errors first.

use crate::{
    limits::FINDINGS_MAX,
    offsets::{ByteRange, in_order},
    report::{Finding, Severity},
};
use alloc::{borrow::ToOwned, string::String, vec::Vec};

/// Code of the finding that says that others were left out.
pub const LEFT_OUT: &str = "findings.limit";

/// Every code of a verification, with what its findings weigh. Errors make a package broken (docs/findings.md).
pub const CODES: &[(&str, Severity)] = &[
    ("trailer.missing", Severity::Error),
    ("trailer.start_magic", Severity::Error),
    ("trailer.end_magic", Severity::Error),
    ("index.checksum", Severity::Error),
    ("index.version", Severity::Error),
    ("index.package_size", Severity::Error),
    ("index.field", Severity::Error),
    ("launcher.size", Severity::Error),
    ("launcher.digest", Severity::Error),
    ("launcher.digest.missing", Severity::Warning),
    ("metadata.range", Severity::Error),
    ("metadata.limit", Severity::Error),
    ("metadata.gzip", Severity::Error),
    ("metadata.gzip_header", Severity::Error),
    ("metadata.trailing", Severity::Error),
    ("metadata.json", Severity::Error),
    ("metadata.checksum", Severity::Error),
    ("signature.absent", Severity::Warning),
    ("signature.coverage", Severity::Warning),
    ("signature.invalid", Severity::Error),
    ("key.revoked", Severity::Error),
    ("key.fingerprint", Severity::Error),
    ("table.range", Severity::Error),
    ("slots.count", Severity::Error),
    ("slots.limit", Severity::Error),
    ("slot.range", Severity::Error),
    ("slot.number", Severity::Error),
    ("slot.operations", Severity::Error),
    ("slot.descriptor", Severity::Error),
    ("slot.digest.descriptor", Severity::Error),
    ("slot.digest.signed", Severity::Error),
    ("slot.digest.short", Severity::Warning),
    ("slot.digest.missing", Severity::Warning),
    ("slot.digest.malformed", Severity::Warning),
    ("slot.checksum", Severity::Error),
    ("slot.original_size", Severity::Error),
    ("layout.overlap", Severity::Error),
    ("layout.size", Severity::Error),
    ("padding.nonzero", Severity::Error),
    ("attestation.digest", Severity::Error),
    ("policy.hash", Severity::Error),
    ("profile.unknown", Severity::Info),
    ("seal.version", Severity::Error),
    ("seal.signer", Severity::Error),
    ("seal.launcher", Severity::Error),
    ("seal.slot", Severity::Error),
    ("seal.gzip", Severity::Error),
    ("findings.limit", Severity::Info),
    ("verify.incomplete", Severity::Error),
];

/// What the findings with a code of the verification weigh; `None` for other codes.
#[must_use]
pub fn severity_of(code: &str) -> Option<Severity> {
    CODES.iter().find(|(known, _)| *known == code).map(|(_, severity)| *severity)
}

/// The findings so far, at most [`FINDINGS_MAX`] of each severity, and all that failed.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    /// How many of each severity there were, in the order of [`Severity`].
    counts: [usize; 3],
    /// What the errors are about, kept and dropped ones.
    failed: Vec<ByteRange>,
}

impl Findings {
    /// Adds one; `range` is the bytes it is about, where there are any.
    pub fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        part: &str,
        range: Option<ByteRange>,
        message: String,
    ) {
        let [errors, warnings, infos] = &mut self.counts;
        let count = match severity {
            Severity::Error => errors,
            Severity::Warning => warnings,
            Severity::Info => infos,
        };
        *count = count.saturating_add(1);
        if *count <= FINDINGS_MAX {
            self.kept.push(Finding { code, severity, part: part.to_owned(), range, message });
        }
        if let (Severity::Error, Some(range)) = (severity, range) {
            match self.failed.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => self.failed.push(range),
            }
        }
    }

    /// Adds an error.
    pub fn error(&mut self, code: &'static str, part: &str, range: Option<ByteRange>, message: String) {
        self.push(Severity::Error, code, part, range, message);
    }

    /// Adds a warning.
    pub fn warning(&mut self, code: &'static str, part: &str, range: Option<ByteRange>, message: String) {
        self.push(Severity::Warning, code, part, range, message);
    }

    /// Whether there is an error, kept or not.
    #[must_use]
    pub fn any_error(&self) -> bool {
        let [errors, ..] = self.counts;
        errors > 0
    }

    /// Whether no error was left out for their number.
    #[must_use]
    pub fn all_kept(&self) -> bool {
        let [errors, ..] = self.counts;
        errors <= FINDINGS_MAX
    }

    /// The stretches of the file that errors are about, in order, without overlap.
    pub(crate) fn failed(&self) -> Vec<ByteRange> {
        let mut ranges: Vec<ByteRange> = in_order(self.failed.iter()).into_iter().map(|(range, _)| range).collect();
        ranges.retain(|range| !range.is_empty());
        ranges.dedup_by(|next, kept| {
            let joined = next.start <= kept.end;
            kept.end = if joined { kept.end.max(next.end) } else { kept.end };
            joined
        });
        ranges
    }

    /// The kept ones, errors first; behind them one that counts those that were left out, which has its place whatever else
    /// there is.
    pub fn sorted(&mut self) -> Vec<Finding> {
        let dropped: usize = self.counts.iter().map(|count| count.saturating_sub(FINDINGS_MAX)).sum();
        let mut findings = errors_first(core::mem::take(&mut self.kept), |finding| finding.severity);
        if dropped > 0 {
            findings.push(Finding {
                code: LEFT_OUT,
                severity: Severity::Info,
                part: "package".to_owned(),
                range: None,
                message: alloc::format!(
                    "{dropped} more findings were left out, the limit is {FINDINGS_MAX} of one severity"
                ),
            });
        }
        findings
    }
}

/// The same things, those that are errors first, then warnings; of one severity in the order in which they came. (A third of
/// the code of a stable sort.)
pub fn errors_first<T>(things: Vec<T>, severity: impl Fn(&T) -> Severity) -> Vec<T> {
    let (mut sorted, mut warnings, mut infos) = (Vec::new(), Vec::new(), Vec::new());
    for thing in things {
        match severity(&thing) {
            Severity::Error => &mut sorted,
            Severity::Warning => &mut warnings,
            Severity::Info => &mut infos,
        }
        .push(thing);
    }
    sorted.append(&mut warnings);
    sorted.append(&mut infos);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn what_was_left_out_is_said_even_where_infos_fill_the_list() {
        let mut findings = Findings::default();
        for number in 0..FINDINGS_MAX + 3 {
            findings.push(Severity::Info, "a.b", "package", None, number.to_string());
        }
        findings.error("c.d", "package", None, "last".to_owned());
        assert!(findings.any_error() && findings.all_kept());
        let sorted = findings.sorted();
        assert_eq!(sorted.len(), FINDINGS_MAX + 2);
        let codes: Vec<&str> = sorted.iter().map(|finding| finding.code).collect();
        assert_eq!((codes[0], codes[1], codes[FINDINGS_MAX + 1]), ("c.d", "a.b", LEFT_OUT));
        assert!(sorted[FINDINGS_MAX + 1].message.starts_with("3 more"), "{:?}", sorted.last());
    }

    #[test]
    fn errors_that_were_left_out_still_count() {
        let mut findings = Findings::default();
        for _ in 0..=FINDINGS_MAX {
            findings.error("a.b", "package", None, String::new());
        }
        assert!(findings.any_error() && !findings.all_kept());
    }

    #[test]
    fn the_order_of_one_severity_stays() {
        let things = [(Severity::Info, 1), (Severity::Error, 2), (Severity::Warning, 3), (Severity::Error, 4)];
        let sorted = errors_first(things.to_vec(), |thing| thing.0);
        assert_eq!(sorted.iter().map(|thing| thing.1).collect::<Vec<_>>(), [2, 4, 3, 1]);
    }
}
