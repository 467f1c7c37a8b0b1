//! The DER (X.690) of key files: SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) and PKCS#8 (RFC 5958), and nothing else.

use alloc::string::{String, ToString};

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// Attributes of a PKCS#8 key.
const CONTEXT_0: u8 = 0xa0;
/// Public key of a PKCS#8 v2 key: an implicit BIT STRING.
const CONTEXT_1: u8 = 0x81;

/// An AlgorithmIdentifier.
pub(super) struct Algorithm<'a> {
    /// Content of the object identifier.
    pub(super) oid: &'a [u8],
    /// Whether anything follows the identifier; RFC 8410 §3 forbids it for Ed25519.
    pub(super) parameters: bool,
}

/// A SubjectPublicKeyInfo: algorithm, and the bits of the key where they are whole bytes.
pub(super) struct PublicKeyInfo<'a> {
    pub(super) algorithm: Algorithm<'a>,
    pub(super) key: Option<&'a [u8]>,
}

/// A PKCS#8 key: algorithm, key octets, and the public key's bits where a v2 key has them.
pub(super) struct PrivateKeyInfo<'a> {
    pub(super) algorithm: Algorithm<'a>,
    pub(super) key: &'a [u8],
    /// The inner option as in [`PublicKeyInfo::key`].
    pub(super) public: Option<Option<&'a [u8]>>,
}

impl<'a> PublicKeyInfo<'a> {
    /// Reads the structure that fills `der`; `None` for anything else.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut fields = whole(der, SEQUENCE)?;
        let algorithm = Algorithm::read(&mut fields)?;
        let key = bits(value(&mut fields, BIT_STRING)?)?;
        fields.is_empty().then_some(Self { algorithm, key })
    }
}

impl<'a> PrivateKeyInfo<'a> {
    /// Reads the structure that fills `der`; `None` for anything else.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let mut fields = whole(der, SEQUENCE)?;
        let second = match value(&mut fields, INTEGER)? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        let algorithm = Algorithm::read(&mut fields)?;
        let key = value(&mut fields, OCTET_STRING)?;
        if fields.first() == Some(&CONTEXT_0) {
            value(&mut fields, CONTEXT_0)?;
        }
        let public = match fields.first() {
            Some(&CONTEXT_1) => Some(bits(value(&mut fields, CONTEXT_1)?)?),
            _ => None,
        };
        // Fields of later versions.
        while let Some(tag) = fields.first().copied().filter(|tag| tag & 0xc0 == 0x80) {
            value(&mut fields, tag)?;
        }
        // A v2 key has the public key, and only a v2 key has it (RFC 5958 §2).
        (fields.is_empty() && second == public.is_some()).then_some(Self { algorithm, key, public })
    }
}

impl<'a> Algorithm<'a> {
    fn read(fields: &mut &'a [u8]) -> Option<Self> {
        let mut fields = value(fields, SEQUENCE)?;
        let oid = value(&mut fields, OBJECT_IDENTIFIER)?;
        let parameters = !fields.is_empty();
        if parameters {
            let tag = *fields.first()?;
            value(&mut fields, tag)?;
        }
        (fields.is_empty() && is_identifier(oid)).then_some(Self { oid, parameters })
    }
}

/// Whether this is the content of an object identifier: its numbers are complete, without leading zeros, and below 2^35.
fn is_identifier(oid: &[u8]) -> bool {
    let number = |bytes: &[u8]| bytes.len() <= 5 && bytes.first() != Some(&0x80) && bytes.last().is_some_and(is_last);
    !oid.is_empty() && oid.split_inclusive(is_last).all(number)
}

/// Whether this is the last byte of a number in an object identifier.
fn is_last(byte: &u8) -> bool {
    byte & 0x80 == 0
}

/// The content of the one OCTET STRING that fills `der`.
pub(super) fn octets(der: &[u8]) -> Option<&[u8]> {
    whole(der, OCTET_STRING)
}

/// An object identifier in dotted numbers (X.690 §8.19).
pub(super) fn dotted(oid: &[u8]) -> String {
    let mut text = String::new();
    let mut arc: u64 = 0;
    for byte in oid {
        arc = (arc << 7) | u64::from(byte & 0x7f);
        if !is_last(byte) {
            continue;
        }
        if text.is_empty() {
            let first = (arc / 40).min(2);
            text.push_str(&first.to_string());
            arc = arc.saturating_sub(first.saturating_mul(40));
        }
        text.push('.');
        text.push_str(&arc.to_string());
        arc = 0;
    }
    text
}

/// The bits of a BIT STRING; the inner option is `None` where they are not whole bytes.
fn bits(content: &[u8]) -> Option<Option<&[u8]>> {
    match content.split_first()? {
        (0, bytes) => Some(Some(bytes)),
        (1..=7, [_, ..]) => Some(None),
        _ => None,
    }
}

fn whole(der: &[u8], tag: u8) -> Option<&[u8]> {
    let mut rest = der;
    let content = value(&mut rest, tag)?;
    rest.is_empty().then_some(content)
}

/// Takes one value of this tag from the front. Lengths of more than two bytes do not occur in a file of 16 KiB.
fn value<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (length, behind) = match **rest {
        [found, ref behind @ ..] if found == tag => match *behind {
            [length @ 0..=0x7f, ref behind @ ..] => (usize::from(length), behind),
            // The shortest form is the only one (X.690 §10.1).
            [0x81, length, ref behind @ ..] if length > 0x7f => (usize::from(length), behind),
            [0x82, high, low, ref behind @ ..] if high > 0 => (usize::from(u16::from_be_bytes([high, low])), behind),
            _ => return None,
        },
        _ => return None,
    };
    let (content, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    Some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_written_with_dots() {
        assert_eq!(dotted(&[0x2b, 0x65, 0x70]), "1.3.101.112");
        assert_eq!(dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]), "1.2.840.113549.1.1.1");
        assert_eq!(dotted(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17]), "2.16.840.1.101.3.4.3.17");
    }

    #[test]
    fn identifiers_are_complete_and_have_no_leading_zeros() {
        assert!(is_identifier(&[0x2b, 0x65, 0x70]));
        for wrong in [&[][..], &[0x2b, 0x86], &[0x2b, 0x80, 1], &[0x2b, 0x81, 0x81, 0x81, 0x81, 0x81, 1]] {
            assert!(!is_identifier(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn lengths_have_one_form() {
        let long = [&[OCTET_STRING, 0x81, 0x80][..], &[7; 128]].concat();
        assert_eq!(octets(&long), Some(&[7; 128][..]));
        let longer = [&[OCTET_STRING, 0x82, 1, 0][..], &[7; 256]].concat();
        assert_eq!(octets(&longer), Some(&[7; 256][..]));
        let short = [&[OCTET_STRING, 0x81, 0x7f][..], &[7; 127]].concat();
        assert_eq!(octets(&short), None);
        for wrong in [&[OCTET_STRING, 0x81, 1, 7][..], &[OCTET_STRING, 0x82, 0, 1, 7], &[OCTET_STRING, 0x80, 0, 0]] {
            assert_eq!(octets(wrong), None, "{wrong:?}");
        }
        for wrong in [&[OCTET_STRING, 2, 7][..], &[OCTET_STRING, 1, 7, 7], &[OCTET_STRING], &[]] {
            assert_eq!(octets(wrong), None, "{wrong:?}");
        }
    }
}
