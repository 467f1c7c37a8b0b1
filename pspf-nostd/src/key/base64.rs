//! Base64 of key files (RFC 4648 §4): padded, and in the one form that an encoder writes.

use alloc::{string::String, vec::Vec};
use zeroize::Zeroizing;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes that a text stands for; `None` where it is not the text that [`encode`] makes of them.
pub(super) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut word, mut bits) = (0_u32, 0_u32);
    for character in text.trim_end_matches('=').bytes() {
        let digit = DIGITS.iter().position(|digit| *digit == character)?;
        word = word << 6 | u32::try_from(digit).ok()?;
        bits = bits.saturating_add(6);
        if let Some(left) = bits.checked_sub(8) {
            let [.., byte] = (word >> left).to_be_bytes();
            bytes.push(byte);
            bits = left;
        }
    }
    (encode(&bytes).as_str() == text).then_some(bytes)
}

/// The text of some bytes.
pub(super) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().saturating_mul(2).saturating_add(4)));
    for group in bytes.chunks(3) {
        let mut word = group.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        let digits = group.len().saturating_add(1);
        // As if zeros followed.
        for _ in group.len()..3 {
            word <<= 8;
        }
        for at in 0..4_usize {
            let [.., digit] = (word >> 18 & 0x3f).to_be_bytes();
            word <<= 6;
            let digit = DIGITS.get(usize::from(digit)).filter(|_| at < digits);
            text.push(digit.map_or('=', |digit| char::from(*digit)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use alloc::vec::Vec;
    use base64ct::{Base64, Encoding};

    #[test]
    fn texts_are_those_of_base64() {
        let bytes: Vec<u8> = (0..=255_u8).chain((0..=255).rev()).collect();
        for (start, length) in
            (0..200_usize).flat_map(|start| [0, 1, 2, 3, 4, 31, 32, 48].map(|length| (start, length)))
        {
            let part = &bytes[start..start + length];
            assert_eq!(*encode(part), Base64::encode_string(part));
            assert_eq!(decode(&encode(part)).as_deref().map(Vec::as_slice), Some(part));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "A", "AA", "AAA", "AAAAA", "AB==", "AAB=", "AA=A", "=AAA", "AA==AA==", "A===", "====", "AAA-", "AAA ",
            "AAAA=",
        ] {
            assert!(decode(text).is_none(), "{text}");
            assert!(Base64::decode_vec(text).is_err(), "{text}");
        }
    }
}
