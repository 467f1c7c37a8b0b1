//! Lists of revoked keys: text with one fingerprint a line, then a reason; `#` begins a comment line.
//!
//! A list is understood as a whole or refused: a key whose revocation is lost would be trusted.

use super::Fingerprint;
use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

/// A key that nobody is to trust any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedKey {
    /// The key.
    pub fingerprint: Fingerprint,
    /// Why; empty where the list does not say.
    pub reason: String,
}

/// A line of a list that is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: &'static str,
}

impl fmt::Display for RevocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl core::error::Error for RevocationError {}

/// Reads a list of revoked keys.
///
/// # Errors
/// The first line that is not understood.
pub fn read_revoked(list: &[u8]) -> Result<Vec<RevokedKey>, RevocationError> {
    let mut revoked = Vec::new();
    for (line, text) in (1..).zip(list.split(|byte| *byte == b'\n')) {
        let wrong = |message| RevocationError { line, message };
        let text = core::str::from_utf8(text).map_err(|_| wrong("this is not UTF-8 text"))?;
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.chars().any(|found| (found.is_control() && found != '\t') || matches!(found, '\u{2028}' | '\u{2029}')) {
            return Err(wrong("this line has a control character, behind which a key could be missed"));
        }
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (digits, reason) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        let fingerprint =
            fingerprint(digits).ok_or_else(|| wrong("expected the 64 hexadecimal digits of a key's fingerprint"))?;
        let reason = reason.trim();
        if reason.split([' ', '\t', ',', ';']).any(|word| self::fingerprint(word).is_some()) {
            return Err(wrong("this line has a second fingerprint; give it a line of its own"));
        }
        revoked.push(RevokedKey { fingerprint, reason: reason.to_string() });
    }
    Ok(revoked)
}

fn fingerprint(text: &str) -> Option<Fingerprint> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    digits.to_ascii_lowercase().parse().ok()
}
