//! Levels of validation below strict: which findings a caller may choose to live with, and the one place where a proof is
//! made in spite of them.

use super::{Authenticated, Checked, Outcome};
use crate::{
    digest::StreamingSha256,
    report::{Report, Severity, Trust},
};
use alloc::{boxed::Box, string::String, vec::Vec};

/// How much must hold before a package is run. Each level tolerates what the ones before it do, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything holds.
    #[default]
    Strict,
    /// Tolerates what can neither be run nor change what is run: a stale Adler-32 of the index, bytes between sections.
    Standard,
    /// Tolerates a package that nobody signed.
    Relaxed,
    /// Tolerates a launcher that is not the signed one: it runs already.
    Minimal,
    /// Tolerates a signature that is not valid, as if there were none.
    None,
}

impl Level {
    /// All levels with the words by which they are chosen.
    pub const WORDS: [(&str, Self); 5] = [
        ("strict", Self::Strict),
        ("standard", Self::Standard),
        ("relaxed", Self::Relaxed),
        ("minimal", Self::Minimal),
        ("none", Self::None),
    ];

    /// The level of a word, in any case.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, level)| *level)
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, level)| *level == self).map_or("strict", |(word, _)| word)
    }

    /// Whether a package with an error of this code may be run. Slots, their table, the index and the metadata's form are on
    /// no level's list: what they say is what is extracted and executed.
    #[must_use]
    pub fn tolerates(self, code: &str) -> bool {
        let from = match code {
            "index.checksum" | "padding.nonzero" => Self::Standard,
            "signature.absent" => Self::Relaxed,
            "launcher.digest" => Self::Minimal,
            "signature.invalid" => Self::None,
            _ => return false,
        };
        self >= from
    }
}

/// A package that is accepted at some level, with what was found out about it.
#[derive(Debug)]
#[must_use]
pub struct Accepted {
    /// The report, as if no level had been chosen.
    pub report: Report,
    /// The package.
    pub package: Authenticated,
    /// The proof for extraction; `None` in head scope.
    pub checked: Option<Checked>,
    /// What was tolerated, in words with the finding's code; empty where the package holds.
    pub tolerated: Vec<String>,
}

impl Outcome {
    /// Hands out the proofs at a level. At [`Level::Strict`] these are [`Outcome::authenticated`] and [`Outcome::checked`].
    ///
    /// A package without a valid signature gets a content id that no signed package has, so that what was extracted from it
    /// never serves a signed one.
    ///
    /// # Errors
    /// The report, where something is wrong that the level does not tolerate.
    pub fn accept(self, level: Level) -> Result<Accepted, Box<Report>> {
        if let Some(package) = self.authenticated {
            return Ok(Accepted { report: self.report, package, checked: self.checked, tolerated: Vec::new() });
        }
        let Some(mut package) = self.candidate else { return Err(Box::new(self.report)) };
        let unsigned = package.trust == Trust::Unsigned;
        let wrong: Vec<_> = (self.report.findings.iter())
            .filter(|finding| finding.severity == Severity::Error || (unsigned && finding.code == "signature.absent"))
            .collect();
        if wrong.is_empty() || !wrong.iter().all(|finding| level.tolerates(finding.code)) {
            return Err(Box::new(self.report));
        }
        let tolerated = wrong.iter().map(|finding| alloc::format!("{} [{}]", finding.message, finding.code)).collect();
        if unsigned {
            let mut id = StreamingSha256::new();
            id.update(b"pspf content id without signature v1\0");
            id.update(&package.content_id.0);
            package.content_id = id.finish();
        }
        let checked = self.content_read.then(|| Checked::new(package.clone(), self.report.state));
        Ok(Accepted { report: self.report, package, checked, tolerated })
    }
}
