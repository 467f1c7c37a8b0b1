//! Checksums and digests of the format: Adler-32 of the index block, SHA-256 whole, truncated and streamed, lower-case hex.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use sha2::{Digest, Sha256};

/// Adler-32 (zlib, initial value 1) of a whole byte string.
#[must_use]
pub fn adler32(bytes: &[u8]) -> u32 {
    adler2::adler32_slice(bytes)
}

/// The index checksum: Adler-32 of the 8192 index bytes with bytes 4..8, its own field, taken as zero (docs/format.md §2).
#[must_use]
pub fn index_checksum(block: &[u8; 8192]) -> u32 {
    let mut block = *block;
    block[4..8].fill(0);
    adler32(&block)
}

/// SHA-256 of a byte string held in memory.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Sha256Digest {
    Sha256Digest(Sha256::digest(bytes).into())
}

/// The 64-bit name hash and slot checksum: the first eight bytes of SHA-256, read as a little-endian integer (docs/format.md §3).
#[must_use]
pub fn trunc64(bytes: &[u8]) -> u64 {
    sha256(bytes).trunc64()
}

/// A SHA-256 digest. Written and parsed as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest(pub [u8; 32]);

impl Sha256Digest {
    /// The first eight bytes as a little-endian integer, as a slot descriptor carries them.
    #[must_use]
    pub fn trunc64(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Digest({self})")
    }
}

impl FromStr for Sha256Digest {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        unhex(text).map(Self)
    }
}

/// SHA-256 of a stream, with the number of bytes seen.
#[derive(Clone, Default)]
pub struct StreamingSha256 {
    hasher: Sha256,
    length: u64,
}

impl StreamingSha256 {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        // 2^64 bytes cannot pass through here in the lifetime of a machine; saturating keeps the count honest even so.
        self.length = self.length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    /// Bytes taken so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The digest of everything taken.
    #[must_use]
    pub fn finish(self) -> Sha256Digest {
        Sha256Digest(self.hasher.finalize().into())
    }
}

impl fmt::Debug for StreamingSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamingSha256").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Lower-case hex of bytes, two digits each.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for &byte in bytes {
        text.push(hex_digit(byte >> 4));
        text.push(hex_digit(byte & 0x0f));
    }
    text
}

/// Writes lower-case hex without allocating.
///
/// # Errors
/// Those of the formatter.
pub(crate) fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn hex_digit(nibble: u8) -> char {
    char::from(if nibble < 10 { b'0'.saturating_add(nibble) } else { b'a'.saturating_sub(10).saturating_add(nibble) })
}

/// Exactly `N` bytes from `2 N` lower-case hex digits; upper case is refused, as no writer of the format produces it.
///
/// # Errors
/// [`HexError`] if the length or a digit is wrong.
pub fn unhex<const N: usize>(text: &str) -> Result<[u8; N], HexError> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return Err(HexError::Length { expected: N.saturating_mul(2), found: text.len() });
    }
    let mut bytes = [0; N];
    for (at, (byte, &[high, low])) in bytes.iter_mut().zip(pairs).enumerate() {
        let at = at.saturating_mul(2);
        *byte = (nibble(high, at)? << 4) | nibble(low, at.saturating_add(1))?;
    }
    Ok(bytes)
}

fn nibble(digit: u8, position: usize) -> Result<u8, HexError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(HexError::Digit { position }),
    }
}

/// Why a text is not the expected lower-case hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HexError {
    /// Wrong number of characters.
    Length {
        /// Hex digits expected.
        expected: usize,
        /// Bytes of text found.
        found: usize,
    },
    /// A character that is not one of `0-9a-f`.
    Digit {
        /// Its position in the text, counted from 0, in bytes.
        position: usize,
    },
}

impl fmt::Display for HexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, found } => write!(f, "expected {expected} hex digits, found {found} characters"),
            Self::Digit { position } => write!(f, "the character at position {position} is not a lower-case hex digit"),
        }
    }
}

impl core::error::Error for HexError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_checksum_ignores_its_own_field_only() {
        let mut block = [7u8; 8192];
        let base = index_checksum(&block);
        block[4..8].fill(0xff);
        assert_eq!(index_checksum(&block), base);
        block[4..8].fill(0);
        assert_eq!(adler32(&block), base);
        for at in [0, 3, 8, 8191] {
            let mut changed = block;
            changed[at] ^= 1;
            assert_ne!(index_checksum(&changed), base, "byte {at}");
        }
    }

    #[test]
    fn streaming_gives_the_digest_of_the_whole_and_counts_bytes() {
        let bytes: alloc::vec::Vec<u8> = (0..=255).cycle().take(10_000).collect();
        for chunk in [1, 63, 64, 65, 4096] {
            let mut streaming = StreamingSha256::new();
            bytes.chunks(chunk).for_each(|part| streaming.update(part));
            assert_eq!(streaming.length(), 10_000);
            assert_eq!(streaming.finish(), sha256(&bytes));
        }
    }

    #[test]
    fn hex_is_strict_about_length_and_case() {
        assert_eq!(unhex::<2>("0aff"), Ok([0x0a, 0xff]));
        assert_eq!(hex(&[0x0a, 0xff]), "0aff");
        assert_eq!(unhex::<2>("0af"), Err(HexError::Length { expected: 4, found: 3 }));
        assert_eq!(unhex::<2>("0afff"), Err(HexError::Length { expected: 4, found: 5 }));
        assert_eq!(unhex::<2>("0aFf"), Err(HexError::Digit { position: 2 }));
        assert_eq!(unhex::<2>("0a:g"), Err(HexError::Digit { position: 2 }));
        assert_eq!(unhex::<2>("é00"), Err(HexError::Digit { position: 0 }));
        let text = "9cd6f6b4b6a956c15add65c28ae19feb99857ec30c8daf65f4999f705cfc89a5";
        assert_eq!(text.parse::<Sha256Digest>().map(|digest| alloc::format!("{digest}")).as_deref(), Ok(text));
    }
}
