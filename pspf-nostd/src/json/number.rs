//! Numbers, kept as the text that they were read from: nothing is rounded, and no tables of powers are needed.

use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;
use serde::{Serialize, Serializer};

/// A JSON number, digit for digit as in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number(String);

/// Digits of the largest `f64`, 1.7976931348623157e308. A number that begins with more is an infinity for common readers.
const LARGEST: &[u8] = b"17976931348623158";
/// Power of ten of its first digit.
const LARGEST_POWER: i64 = 308;

impl Number {
    /// The number of a text that follows the grammar (RFC 8259 §6); `None` where common readers make an infinity of it.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        is_finite(text).then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The value of a non-negative integer.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }
}

fn is_finite(text: &str) -> bool {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, ""));
    let mantissa = mantissa.trim_start_matches('-');
    let integer = mantissa.bytes().take_while(|byte| *byte != b'.').count();
    let digits: Vec<u8> = mantissa.bytes().filter(|byte| *byte != b'.').collect();
    let Some(zeros) = digits.iter().position(|digit| *digit != b'0') else { return true };
    let power = exponent
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0i64, |power, digit| power.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0'))));
    let power = if exponent.starts_with('-') { power.saturating_neg() } else { power };
    // What is held in memory is far shorter than an i64 counts.
    let places = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let first = power.saturating_add(places(integer)).saturating_sub(places(zeros)).saturating_sub(1);
    first < LARGEST_POWER || (first == LARGEST_POWER && digits.get(zeros..).is_some_and(|digits| digits < LARGEST))
}

impl From<u64> for Number {
    fn from(value: u64) -> Self {
        Self(value.to_string())
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.to_string())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // `-0` is a number that no integer type has.
        match (self.0.parse::<u64>(), self.0.parse::<i64>(), self.0.parse::<f64>()) {
            (Ok(value), ..) => serializer.serialize_u64(value),
            (_, Ok(value), _) if value != 0 => serializer.serialize_i64(value),
            (.., Ok(value)) => serializer.serialize_f64(value),
            _ => Err(serde::ser::Error::custom("not a number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_finite;

    #[test]
    fn infinities_are_told_from_numbers() {
        for text in [
            "0",
            "-0.0e99999999999999999999",
            "1e308",
            "-1.7976931348623157e308",
            "0.00017976931348623157e312",
            "17976931348623157e+292",
            "1e-99999999999999999999",
        ] {
            assert!(is_finite(text), "{text}");
        }
        for text in ["1e309", "-1.7976931348623159e308", "0.001e312", "1000e306", "1E99999999999999999999"] {
            assert!(!is_finite(text), "{text}");
        }
    }
}
