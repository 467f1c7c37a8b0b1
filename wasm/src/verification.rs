//! The full verification of a package.

use crate::{
    failure::Failure,
    task::{Output, Task, json},
};
use pspf_nostd::{
    key::{Fingerprint, read_revoked},
    offsets::ByteRange,
    quoted::quoted,
    verify::{Scope, TrustedKeys, Verification},
};

/// Reads every byte; its result is the report, the same text as the command's.
pub struct FullVerification {
    verification: Verification,
    size: u64,
}

impl FullVerification {
    /// Begins with a file of `size` bytes.
    #[must_use]
    pub fn new(size: u64, trusted: TrustedKeys) -> Self {
        Self { verification: Verification::new(size, Scope::Content, trusted), size }
    }
}

impl Task for FullVerification {
    fn wants(&self) -> Option<ByteRange> {
        self.verification.wants()
    }

    fn supply(&mut self, bytes: &[u8], _: &mut Output<'_>) -> Result<(), Failure> {
        supply(&mut self.verification, bytes)
    }

    fn done(&self) -> u64 {
        self.verification.progress()
    }

    fn total(&self) -> u64 {
        self.size
    }

    fn finish(self: Box<Self>) -> Result<String, Failure> {
        json(&self.verification.finish().report)
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
