//! Signatures on which Ed25519 implementations disagree, and keys that are none. A strict verifier refuses them all.

use super::{Case, Expect, broken, case};
use crate::{base::Base::Handmade, scalar};
use pspf_nostd::index;

const INVALID: Expect = broken(&["signature.invalid"], "index.signature");

pub(super) const CASES: &[Case] = &[
    case(
        "signature-small-order-r",
        Handmade,
        INVALID,
        "R is the neutral point and S fits it: verifiers without a check of R accept.",
        scalar::small_order_r,
    ),
    case(
        "signature-key-not-canonical",
        Handmade,
        INVALID,
        "The public key is the neutral point, encoded with a y that is not reduced.",
        |s| {
            scalar::neutral_key(s, &[0xee, 0xff, 0x7f]);
        },
    ),
    case("signature-key-not-a-point", Handmade, INVALID, "The public key is on no point of the curve.", |s| {
        scalar::neutral_key(s, &[2, 0, 0]);
    }),
    case("signature-r-not-canonical", Handmade, INVALID, "R of the signature is not reduced.", |s| {
        let mut r = [0xff; 32];
        (r[0], r[31]) = (0xee, 0x7f);
        s.set(index::SIGNATURE, &r);
    }),
    case("signature-scalar-largest", Handmade, INVALID, "The scalar S is the largest 256-bit number.", |s| {
        let at = s.field(index::SIGNATURE).start + 32;
        s.put(at, &[0xff; 32]);
        s.fix_adler();
    }),
    case("signature-scalar-zero", Handmade, INVALID, "The scalar S is zero.", |s| {
        let at = s.field(index::SIGNATURE).start + 32;
        s.put(at, &[0; 32]);
        s.fix_adler();
    }),
    case(
        "signature-over-compressed",
        Handmade,
        INVALID,
        "The signature is over the compressed metadata, not over the JSON.",
        |s| {
            let blob = s.bytes[s.metadata()].to_vec();
            s.sign(&blob);
        },
    ),
    case(
        "signature-key-zero",
        Handmade,
        broken(&["signature.absent", "key.fingerprint"], "index"),
        "The public key is zero, the signature and the fingerprint are not.",
        |s| {
            s.set(index::PUBLIC_KEY, &[0; 32]);
        },
    ),
];
