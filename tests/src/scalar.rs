//! Signatures that lax verifiers accept: arithmetic on the Ed25519 scalar field (RFC 8032 §5.1).

use crate::sample::Sample;
use curve25519_dalek::{Scalar, edwards::EdwardsPoint, traits::Identity};
use pspf_nostd::{index, key::PublicKey};
use sha2::{Digest, Sha512};

/// The order L of the base point, little-endian.
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn set_key(sample: &mut Sample, key: PublicKey) {
    sample.set(index::PUBLIC_KEY, &key.0);
    sample.set(index::KEY_FINGERPRINT, key.fingerprint().to_string().as_bytes());
}

/// Makes the neutral point the public key: R neutral and S = 0 then fit every message.
pub(crate) fn small_order_key(sample: &mut Sample) {
    neutral_key(sample, &[1, 0, 0]);
}

/// Signs with R neutral and S = 0 under a key of these first, middle and last bytes.
pub(crate) fn neutral_key(sample: &mut Sample, [first, middle, last]: &[u8; 3]) {
    let mut key = [*middle; 32];
    (key[0], key[31]) = (*first, *last);
    set_key(sample, PublicKey(key));
    let mut signature = [0; 64];
    signature[0] = 1;
    sample.set(index::SIGNATURE, &signature);
}

/// Signs with R neutral: S = k a satisfies S B = R + k A.
pub(crate) fn small_order_r(sample: &mut Sample) {
    let r = EdwardsPoint::identity().compress();
    let seed = sample.key.private_seed();
    let mut secret: [u8; 32] = Sha512::digest(*seed)[..32].try_into().expect("32 bytes");
    secret[0] &= 248;
    secret[31] = (secret[31] & 127) | 64;
    let a = Scalar::from_bytes_mod_order(secret);
    let mut hash = Sha512::new();
    hash.update(r.as_bytes());
    hash.update(sample.key.public_key().0);
    hash.update(sample.json());
    let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
    sample.set(index::SIGNATURE, &[r.to_bytes(), (k * a).to_bytes()].concat());
}

/// Replaces S by S + L, which is the same scalar (RFC 8032 §8.4).
pub(crate) fn add_group_order(sample: &mut Sample) {
    let start = sample.field(index::SIGNATURE).start + 32;
    let mut carry = 0;
    for (byte, order) in sample.bytes[start..start + 32].iter_mut().zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    sample.fix_adler();
}
