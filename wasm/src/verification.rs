//! The full verification of a package.

use crate::{
    failure::Failure,
    task::{Output, Task, json},
};
use pspf_nostd::{
    codec::PureCodecs,
    key::{Fingerprint, read_revoked},
    offsets::ByteRange,
    quoted::quoted,
    verify::{Contents, Outcome, Scope, TrustedKeys, Verification},
};

/// Reads every byte, then looks through the slots; its result is the report, the same text as the command's.
pub struct FullVerification {
    stage: Stage,
    size: u64,
    /// Stored bytes that the contents read after the file's own.
    more: u64,
    /// Decoded bytes that are looked at; `None` where the contents are not asked for.
    unpacked_max: Option<u64>,
}

enum Stage {
    Bytes(Box<Verification>),
    Contents(Box<Outcome>, Box<Contents>),
    Done(Box<Outcome>),
}

impl FullVerification {
    /// Begins with a file of `size` bytes. Contents of more than `unpacked_max` decoded bytes are not looked at, and without it none.
    #[must_use]
    pub fn new(size: u64, trusted: TrustedKeys, unpacked_max: Option<u64>) -> Self {
        let verification = Box::new(Verification::new(size, Scope::Content, trusted));
        let mut full = Self { stage: Stage::Bytes(verification), size, more: 0, unpacked_max };
        full.advance();
        full
    }

    fn advance(&mut self) {
        let Stage::Bytes(verification) = &mut self.stage else { return };
        if verification.wants().is_some() {
            return;
        }
        let done = Verification::new(0, Scope::Head, TrustedKeys::default());
        let outcome = Box::new(core::mem::replace(&mut **verification, done).finish());
        let contents = self.unpacked_max.and_then(|most| outcome.contents(&PureCodecs, most, &mut ()));
        self.stage = match contents {
            Some(contents) => {
                self.more = contents.total();
                Stage::Contents(outcome, Box::new(contents))
            }
            None => Stage::Done(outcome),
        };
    }
}

impl Task for FullVerification {
    fn wants(&self) -> Option<ByteRange> {
        match &self.stage {
            Stage::Bytes(verification) => verification.wants(),
            Stage::Contents(_, contents) => contents.wants(),
            Stage::Done(_) => None,
        }
    }

    fn supply(&mut self, bytes: &[u8], _: &mut Output<'_>) -> Result<(), Failure> {
        match &mut self.stage {
            Stage::Bytes(verification) => supply(verification, bytes)?,
            Stage::Contents(_, contents) => contents.supply(bytes, &mut ()),
            Stage::Done(_) => return Err(Failure::new("engine.supply", "no bytes were asked for")),
        }
        self.advance();
        Ok(())
    }

    fn done(&self) -> u64 {
        match &self.stage {
            Stage::Bytes(verification) => verification.progress(),
            // Slots that are refused, or need not be read, are done with all the same.
            Stage::Contents(_, contents) if contents.wants().is_none() => self.total(),
            Stage::Contents(_, contents) => self.size.saturating_add(contents.done()),
            Stage::Done(_) => self.total(),
        }
    }

    fn total(&self) -> u64 {
        self.size.saturating_add(self.more)
    }

    fn finish(self: Box<Self>) -> Result<String, Failure> {
        let outcome = match self.stage {
            Stage::Bytes(verification) => verification.finish(),
            Stage::Contents(outcome, contents) => outcome.with_contents(*contents),
            Stage::Done(outcome) => *outcome,
        };
        json(&outcome.report)
    }
}

/// Hands bytes to the engine.
///
/// # Errors
/// `engine.supply` where they were not asked for: a fault of the driver, not of the package.
pub(crate) fn supply(verification: &mut Verification, bytes: &[u8]) -> Result<(), Failure> {
    verification.supply(bytes).map_err(|error| Failure::new("engine.supply", error.to_string()))
}

/// The keys that a caller trusts, and those that are revoked: fingerprints of 64 hexadecimal digits, with or without `sha256:` in front.
///
/// # Errors
/// `key.fingerprint` names the first text that is none.
pub fn known_keys<T: AsRef<str>>(trusted: &[T], revoked: &[T]) -> Result<TrustedKeys, Failure> {
    let read = |texts: &[T]| texts.iter().map(|text| fingerprint(text.as_ref())).collect::<Result<_, _>>();
    Ok(TrustedKeys { pinned: read(trusted)?, store: Vec::new(), revoked: read(revoked)? })
}

/// The fingerprints in a list of revoked keys (docs/policy.md), as JSON.
///
/// # Errors
/// `key.revocations` names the line that is not understood: the whole list is refused for it.
pub fn revoked_from_list(list: &[u8]) -> Result<String, Failure> {
    let revoked = read_revoked(list).map_err(|error| Failure::new("key.revocations", error.to_string()))?;
    json(&revoked.iter().map(|key| key.fingerprint.to_string()).collect::<Vec<_>>())
}

/// One fingerprint.
///
/// # Errors
/// `key.fingerprint`, with the text.
pub fn fingerprint(text: &str) -> Result<Fingerprint, Failure> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    digits.parse().map_err(|error| {
        Failure::new(
            "key.fingerprint",
            format!("{} is not a fingerprint of 64 hexadecimal digits: {error}", quoted(text)),
        )
    })
}
