//! What can be said of a package from its head: a few reads, whatever the file's size.

use crate::{
    failure::Failure,
    launcher_kind::{LAUNCHER_HEAD, LauncherKind},
    task::{Output, Task, json},
    verification::supply,
};
use pspf_nostd::{
    json::Json,
    offsets::{ByteRange, length},
    report::Report,
    starts::{Line, starts},
    verify::{Outcome, Scope, TrustedKeys, Verification},
};
use serde::Serialize;

#[derive(Serialize)]
struct Launcher {
    size: u64,
    /// By its first bytes, which were not verified.
    #[serde(flatten)]
    kind: LauncherKind,
}

/// What was found, as JSON.
#[derive(Serialize)]
struct Document<'a> {
    /// Whether trailer, metadata and slot table are consistent and validly signed. The content was not read.
    authenticated: bool,
    /// The whole signed document, or as it is in the file where it did not prove authentic.
    metadata: Option<&'a Json>,
    launcher: Option<Launcher>,
    /// What happens when it is started, in words.
    starts: Vec<Line>,
    report: &'a Report,
}

/// Reads trailer, metadata, slot table and the first bytes of the launcher.
pub struct Inspection {
    stage: Stage,
    size: u64,
}

enum Stage {
    Head(Box<Verification>),
    Launcher { outcome: Box<Outcome>, range: ByteRange, held: Vec<u8> },
}

impl Inspection {
    /// Begins with a file of `size` bytes.
    #[must_use]
    pub fn new(size: u64, trusted: TrustedKeys) -> Self {
        let verification = Verification::new(size, Scope::Head, trusted);
        let mut inspection = Self { stage: Stage::Head(Box::new(verification)), size };
        inspection.advance();
        inspection
    }

    fn advance(&mut self) {
        let Stage::Head(verification) = &mut self.stage else { return };
        if verification.wants().is_some() {
            return;
        }
        let done = Verification::new(0, Scope::Head, TrustedKeys::default());
        let outcome = Box::new(core::mem::replace(&mut **verification, done).finish());
        let launcher = outcome.report.package.as_ref().map_or(0, |package| package.launcher_size);
        let range = ByteRange { start: 0, end: launcher.min(LAUNCHER_HEAD).min(self.size) };
        self.stage = Stage::Launcher { outcome, range, held: Vec::new() };
    }
}

impl Task for Inspection {
    fn wants(&self) -> Option<ByteRange> {
        match &self.stage {
            Stage::Head(verification) => verification.wants(),
            Stage::Launcher { range, held, .. } => {
                let rest = ByteRange { start: length(held), end: range.end };
                (!rest.is_empty()).then_some(rest)
            }
        }
    }

    fn supply(&mut self, bytes: &[u8], _: &mut Output<'_>) -> Result<(), Failure> {
        match &mut self.stage {
            Stage::Head(verification) => supply(verification, bytes)?,
            Stage::Launcher { held, .. } => held.extend_from_slice(bytes),
        }
        self.advance();
        Ok(())
    }

    fn done(&self) -> u64 {
        if self.wants().is_some() { 0 } else { self.size }
    }

    fn total(&self) -> u64 {
        self.size
    }

    fn finish(self: Box<Self>) -> Result<String, Failure> {
        let Stage::Launcher { outcome, held, .. } = self.stage else {
            return Err(Failure::new("engine.incomplete", "the inspection was ended before the head was read"));
        };
        let size = outcome.report.package.as_ref().map(|package| package.launcher_size);
        let starts = outcome.metadata_hint.as_ref().map(|metadata| starts(metadata.document())).unwrap_or_default();
        json(&Document {
            authenticated: outcome.authenticated.is_some(),
            metadata: outcome.metadata_hint.as_ref().map(|metadata| metadata.document()),
            launcher: size.map(|size| Launcher { size, kind: LauncherKind::of(&held) }),
            starts,
            report: &outcome.report,
        })
    }
}
