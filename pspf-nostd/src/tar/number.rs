//! The numeric fields of a header: octal text, or GNU's base-256.

use core::fmt;

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumberFault {
    /// No digit at all.
    Missing,
    /// Something that is neither a digit nor, behind the digits, blank or NUL.
    Garbage,
    /// Below zero.
    Negative,
    /// Above 2^63 - 1.
    TooLarge,
}

impl fmt::Display for NumberFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "has no digits",
            Self::Garbage => "holds something besides its digits",
            Self::Negative => "is negative",
            Self::TooLarge => "is above 2^63 - 1",
        })
    }
}

/// Largest number accepted: what readers with signed offsets can hold.
pub(super) const NUMBER_MAX: u64 = u64::MAX >> 1;

/// The number in `field`.
///
/// Octal: blanks, digits, then blanks and NULs only. Leading NULs are refused, as readers disagree on them. Base-256: 0x80 and a big-endian
/// number; other first bytes above 0x80 are a sign or more digits, depending on who reads.
pub(super) fn parse(field: &[u8]) -> Result<u64, NumberFault> {
    match field.split_first() {
        Some((&first, digits)) if first >= 0x80 => base_256(first, digits),
        _ => octal(field),
    }
}

/// As [`parse`], for fields that hold nothing we need: absent is right too, wrong is not.
pub(super) fn parse_unused(field: &[u8]) -> Result<(), NumberFault> {
    match parse(field) {
        Ok(_) | Err(NumberFault::Missing) => Ok(()),
        Err(fault) => Err(fault),
    }
}

fn octal(field: &[u8]) -> Result<u64, NumberFault> {
    let start = field.iter().position(|&byte| byte != b' ').unwrap_or(field.len());
    let text = field.get(start..).unwrap_or(&[]);
    let end = text.iter().position(|byte| !matches!(byte, b'0'..=b'7')).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or((text, &[]));
    if rest.iter().any(|byte| !matches!(byte, b' ' | 0)) {
        return Err(NumberFault::Garbage);
    }
    if digits.is_empty() {
        return Err(NumberFault::Missing);
    }
    digits.iter().try_fold(0_u64, |value, digit| {
        value
            .checked_mul(8)
            .map(|value| value | u64::from(digit & 7))
            .filter(|&value| value <= NUMBER_MAX)
            .ok_or(NumberFault::TooLarge)
    })
}

fn base_256(first: u8, digits: &[u8]) -> Result<u64, NumberFault> {
    if first & 0x40 != 0 {
        return Err(NumberFault::Negative);
    }
    if first != 0x80 {
        return Err(NumberFault::TooLarge);
    }
    digits.iter().try_fold(0_u64, |value, &digit| {
        value
            .checked_mul(256)
            .map(|value| value | u64::from(digit))
            .filter(|&value| value <= NUMBER_MAX)
            .ok_or(NumberFault::TooLarge)
    })
}

#[cfg(test)]
mod tests {
    use super::{NUMBER_MAX, NumberFault, parse, parse_unused};

    #[test]
    fn octal_numbers() {
        for (field, number) in [
            (&b"0000644\0"[..], 0o644),
            (b"000644 \0", 0o644),
            (b"   644 \0", 0o644),
            (b"0000644 ", 0o644),
            (b"77777777", 0o7777_7777),
            (b"777777777777", 0o7777_7777_7777),
            (b"0\0\0\0\0\0\0\0", 0),
        ] {
            assert_eq!(parse(field), Ok(number), "{}", field.escape_ascii());
        }
    }

    #[test]
    fn wrong_numbers() {
        for (field, fault) in [
            (&b"\0\0\0\0\0\0\0\0"[..], NumberFault::Missing),
            (b"        ", NumberFault::Missing),
            (b"\0\0 0644\0", NumberFault::Garbage),
            (b"0000648\0", NumberFault::Garbage),
            (b"0644\x00644", NumberFault::Garbage),
            (b"0644 644", NumberFault::Garbage),
            (b"-000644\0", NumberFault::Garbage),
            (b"+000644\0", NumberFault::Garbage),
            (b"0o00644\0", NumberFault::Garbage),
            (b"0_00644\0", NumberFault::Garbage),
            (b"\t00644\0 ", NumberFault::Garbage),
            (&[0xff; 12], NumberFault::Negative),
            (b"\xc0\0\0\0\0\0\0\0\0\0\0\x01", NumberFault::Negative),
            (b"\x81\0\0\0\0\0\0\0\0\0\0\x01", NumberFault::TooLarge),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", NumberFault::TooLarge),
            (b"\x80\x01\0\0\0\0\0\0\0\0\0\0", NumberFault::TooLarge),
        ] {
            assert_eq!(parse(field), Err(fault), "{}", field.escape_ascii());
        }
    }

    #[test]
    fn base_256_numbers() {
        assert_eq!(parse(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Ok(8 << 30));
        assert_eq!(parse(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"), Ok(NUMBER_MAX));
        assert_eq!(parse(b"\x80\0\0\0\0\0\0\x05"), Ok(5));
    }

    #[test]
    fn unused_numbers_may_be_absent_but_not_wrong() {
        assert_eq!(parse_unused(&[0; 8]), Ok(()));
        assert_eq!(parse_unused(b"0000000\0"), Ok(()));
        assert_eq!(parse_unused(b"abc\0\0\0\0\0"), Err(NumberFault::Garbage));
    }
}
