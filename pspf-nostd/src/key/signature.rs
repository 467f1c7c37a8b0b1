//! Ed25519 signatures, verified by the strictest rule in use.
//!
//! Implementations of RFC 8032 disagree on rare inputs. A verdict of this crate must not bless what another serious verifier
//! refuses, so it accepts the intersection: canonical encodings of key, R and S (`S < L`), no small-order key or R, and the
//! equation without cofactor, `[S]B = R + [k]A`. That is `verify_strict` of ed25519-dalek, plus a check that the key's own
//! encoding is canonical, which dalek leaves out (it decodes keys by the rules of ZIP 215).
//!
//! Why not ed25519-compact, which signs here: its verifier (2.6.0) multiplies by the cofactor and accepts cases 4 and 5 of
//! ed25519-speccheck, which dalek, ring, OpenSSL and Go refuse. Its public interface returns only the verdict; neither the
//! point `[S]B - [k]A` nor the scalar `k` can be had from it to repeat the equation without cofactor, and asking in addition
//! for torsion-free A and R would refuse case 3, which all of them accept. `tests/ed25519_strictness.rs` keeps the evidence.

use core::cmp::Ordering;
use core::fmt;

use ed25519_dalek::{Signature, VerifyingKey};

use super::PublicKey;

/// The order L of the base point, little-endian (RFC 8032 §5.1).
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Verifies an Ed25519 signature by the rule in the module's text.
///
/// # Errors
/// What is wrong with key or signature; an all-zero key or signature is [`SignatureError::Unsigned`].
pub fn verify_strict(public: &PublicKey, message: &[u8], signature: &[u8; 64]) -> Result<(), SignatureError> {
    if signature.iter().all(|&byte| byte == 0) {
        return Err(SignatureError::Unsigned);
    }
    let key = decode_key(public)?;
    let signature = Signature::from_bytes(signature);
    match decode(signature.r_bytes()) {
        Err(Flaw::NotAPoint) => return Err(SignatureError::RNotAPoint),
        Err(Flaw::NotCanonical) => return Err(SignatureError::RNotCanonical),
        Err(Flaw::SmallOrder) => return Err(SignatureError::RSmallOrder),
        Ok(_) => {}
    }
    if signature.s_bytes().iter().rev().cmp(GROUP_ORDER.iter().rev()) != Ordering::Less {
        return Err(SignatureError::ScalarOutOfRange);
    }
    key.verify_strict(message, &signature).map_err(|_| SignatureError::Mismatch)
}

/// Checks that a public key can verify signatures at all: the canonical encoding of a point that is not of small order.
///
/// # Errors
/// What is wrong with the key; an all-zero key is [`SignatureError::Unsigned`].
pub fn check_key(public: &PublicKey) -> Result<(), SignatureError> {
    decode_key(public).map(|_| ())
}

fn decode_key(public: &PublicKey) -> Result<VerifyingKey, SignatureError> {
    if public.0 == [0; 32] {
        return Err(SignatureError::Unsigned);
    }
    decode(&public.0).map_err(|flaw| match flaw {
        Flaw::NotAPoint => SignatureError::KeyNotAPoint,
        Flaw::NotCanonical => SignatureError::KeyNotCanonical,
        Flaw::SmallOrder => SignatureError::KeySmallOrder,
    })
}

enum Flaw {
    NotAPoint,
    NotCanonical,
    SmallOrder,
}

/// Decodes a point; R is one like the key, so the key type serves for both.
fn decode(bytes: &[u8; 32]) -> Result<VerifyingKey, Flaw> {
    let point = VerifyingKey::from_bytes(bytes).map_err(|_| Flaw::NotAPoint)?;
    if point.to_edwards().compress().as_bytes() != bytes {
        return Err(Flaw::NotCanonical);
    }
    if point.is_weak() {
        return Err(Flaw::SmallOrder);
    }
    Ok(point)
}

/// Why a signature is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureError {
    /// Public key or signature is all zeros: nothing was signed.
    Unsigned,
    /// The public key is not the encoding of a curve point.
    KeyNotAPoint,
    /// The public key encodes a point in another than the one canonical way.
    KeyNotCanonical,
    /// The public key has small order: one signature would verify for every message.
    KeySmallOrder,
    /// The signature's R is not the encoding of a curve point.
    RNotAPoint,
    /// The signature's R encodes a point in another than the one canonical way.
    RNotCanonical,
    /// The signature's R has small order.
    RSmallOrder,
    /// The signature's scalar S is not below the group order (RFC 8032 §5.1.7).
    ScalarOutOfRange,
    /// Well formed, but not made by this key over these bytes.
    Mismatch,
}

impl SignatureError {
    /// A stable code for reports.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unsigned => "signature.unsigned",
            Self::KeyNotAPoint => "signature.key.not_a_point",
            Self::KeyNotCanonical => "signature.key.not_canonical",
            Self::KeySmallOrder => "signature.key.small_order",
            Self::RNotAPoint => "signature.r.not_a_point",
            Self::RNotCanonical => "signature.r.not_canonical",
            Self::RSmallOrder => "signature.r.small_order",
            Self::ScalarOutOfRange => "signature.s.out_of_range",
            Self::Mismatch => "signature.mismatch",
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsigned => "not signed: the public key or the signature is all zeros",
            Self::KeyNotAPoint => "the public key is not an Ed25519 curve point",
            Self::KeyNotCanonical => "the public key is not canonically encoded",
            Self::KeySmallOrder => "the public key has small order: one signature would fit every message",
            Self::RNotAPoint => "the signature's first half is not an Ed25519 curve point",
            Self::RNotCanonical => "the signature's first half is not canonically encoded",
            Self::RSmallOrder => "the signature's first half has small order",
            Self::ScalarOutOfRange => "the signature's second half is not below the group order",
            Self::Mismatch => "the signature was not made by this key over these bytes",
        })
    }
}

impl core::error::Error for SignatureError {}
