//! Ed25519 keys: the pair that signs, the public half, its fingerprint, and their files (docs/format.md §6).

mod der;
mod error;
mod found;
mod pem;
mod revoked;
pub mod signature;
mod trusted;

pub use error::{KeyError, PemFault};
pub use found::{FoundFormat, KeyRole};
pub use revoked::{RevocationError, RevokedKey, read_revoked};
pub use trusted::{LineFault, TrustedKeyError, TrustedKeyFile, is_name};

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use ed25519_compact::{KeyPair, Seed};
use zeroize::Zeroizing;

use self::signature::SignatureError;
use crate::digest::{self, HexError, Sha256Digest};

/// A raw Ed25519 public key, as the index block holds it. Not necessarily a usable one: see [`check`](Self::check).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The key's fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(digest::sha256(&self.0))
    }

    /// Checks that the key can verify signatures at all.
    ///
    /// # Errors
    /// Those of [`signature::check_key`].
    pub fn check(&self) -> Result<(), SignatureError> {
        signature::check_key(self)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        digest::write_hex(f, &self.0)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// SHA-256 of the raw 32-byte public key. Written and parsed as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub Sha256Digest);

impl Fingerprint {
    /// The first 16 hex digits, by which trust stores name their files.
    #[must_use]
    pub fn short(&self) -> String {
        digest::hex(&self.0.trunc64().to_le_bytes())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        text.parse().map(Self)
    }
}

/// A key pair that signs. Its secret is wiped from memory on drop and never printed.
#[derive(Clone)]
pub struct SigningKey {
    pair: KeyPair,
}

impl SigningKey {
    /// The key of a seed text, as `--key-seed` makes it: the private seed is SHA-256 of the text's UTF-8 bytes.
    ///
    /// # Errors
    /// [`KeyError::ZeroSeed`], for which no text is known.
    pub fn from_seed_text(text: &str) -> Result<Self, KeyError> {
        Self::from_private_seed(digest::sha256(text.as_bytes()).0)
    }

    /// The key of a 32-byte private seed (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`KeyError::ZeroSeed`] if all bytes are zero.
    pub fn from_private_seed(seed: [u8; 32]) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(seed);
        let mut seed = Seed::new(*bytes);
        let pair = KeyPair::try_from_seed(seed).map_err(|_| KeyError::ZeroSeed);
        seed.wipe_mut();
        pair.map(|pair| Self { pair })
    }

    /// The private seed.
    #[must_use]
    pub fn private_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.pair.sk.seed())
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(*self.pair.pk)
    }

    /// Signs a message: pure Ed25519 (RFC 8032 §5.1.6), deterministic.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        *self.pair.sk.sign(message, None)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public_key()).finish_non_exhaustive()
    }
}
