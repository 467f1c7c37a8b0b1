//! The Ed25519 rule against Wycheproof (151 cases), ed25519-speccheck (12 cases) and hand-made encodings.

use pspf_nostd::digest::unhex;
use pspf_nostd::key::{PublicKey, SigningKey};
use pspf_nostd::signature::{SignatureError, check_key, verify_strict};
use serde_json::Value;
use wycheproof::{TestResult, eddsa};

#[test]
fn wycheproof_agrees_on_all_cases() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).expect("the vectors load");
    let (mut cases, mut valid) = (0, 0);
    for group in &set.test_groups {
        let public = PublicKey(group.key.pk.as_ref().try_into().expect("32 bytes"));
        for case in &group.tests {
            cases += 1;
            // Signatures of another length cannot be expressed: the index field and the API take exactly 64 bytes.
            let accepted = <&[u8; 64]>::try_from(case.sig.as_ref())
                .is_ok_and(|signature| verify_strict(&public, &case.msg, signature).is_ok());
            assert_eq!(accepted, case.result == TestResult::Valid, "case {}: {}", case.tc_id, case.comment);
            valid += usize::from(accepted);
        }
    }
    assert_eq!(cases, 151);
    assert!(valid > 80, "{valid} valid cases");
}

fn speccheck() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../../tests/vectors/ed25519/speccheck.json")).expect("JSON");
    file["cases"].as_array().expect("a list").clone()
}

fn field<const N: usize>(case: &Value, name: &str) -> [u8; N] {
    unhex(case[name].as_str().expect("a string")).expect("hex")
}

#[test]
fn speccheck_is_answered_by_the_strict_row() {
    let cases = speccheck();
    assert_eq!(cases.len(), 12);
    for case in &cases {
        let (message, key, signature) =
            (field::<32>(case, "message"), PublicKey(field(case, "public_key")), field(case, "signature"));
        let verdict = verify_strict(&key, &message, &signature);
        assert_eq!(verdict.is_ok(), case["accept"] == true, "{verdict:?}: {case}");
    }
    let accepted: Vec<_> = cases.iter().filter(|case| case["accept"] == true).map(|case| &case["case"]).collect();
    assert_eq!(accepted, [3]);
}

#[test]
fn speccheck_refusals_name_the_flaw() {
    use SignatureError::{KeyNotCanonical, KeySmallOrder, Mismatch, RNotCanonical, RSmallOrder, ScalarOutOfRange};
    let expected = [
        Some(KeySmallOrder),
        Some(KeySmallOrder),
        Some(RSmallOrder),
        None,
        Some(Mismatch),
        Some(Mismatch),
        Some(ScalarOutOfRange),
        Some(ScalarOutOfRange),
        Some(RNotCanonical),
        Some(RNotCanonical),
        Some(KeyNotCanonical),
        Some(KeyNotCanonical),
    ];
    for (case, expected) in speccheck().iter().zip(expected) {
        let key = PublicKey(field(case, "public_key"));
        let verdict = verify_strict(&key, &field::<32>(case, "message"), &field(case, "signature"));
        assert_eq!(verdict.err(), expected, "{case}");
    }
}

/// Why the verdict does not come from ed25519-compact: if this fails, a new release may have changed its rule.
#[test]
fn the_two_libraries_differ_as_documented() {
    use ed25519_dalek::Verifier as _;
    for case in &speccheck() {
        let (message, key, signature) =
            (field::<32>(case, "message"), field::<32>(case, "public_key"), field::<64>(case, "signature"));
        let compact =
            ed25519_compact::PublicKey::new(key).verify(message, &ed25519_compact::Signature::new(signature)).is_ok();
        assert_eq!(compact, case["ed25519_compact_2_6"] == true, "compact: {case}");
        let dalek = ed25519_dalek::VerifyingKey::from_bytes(&key)
            .and_then(|key| key.verify(&message, &ed25519_dalek::Signature::from_bytes(&signature)))
            .is_ok();
        assert_eq!(dalek, case["dalek_verify_3_0"] == true, "dalek: {case}");
    }
}

/// The encodings of y and y + p name the same point; only the first is canonical. For small y both fit 255 bits.
#[test]
fn keys_with_y_not_below_p_are_refused() {
    let (mut canonical, mut shifted) = (0, 0);
    for y in 0..19u8 {
        for sign in [0, 0x80] {
            let mut low = [0; 32];
            (low[0], low[31]) = (y, sign);
            let mut high = [0xff; 32];
            (high[0], high[31]) = (0xed + y, 0x7f | sign);
            canonical += usize::from(check_key(&PublicKey(low)).is_ok());
            if ed25519_dalek::VerifyingKey::from_bytes(&high).is_ok() {
                shifted += 1;
                assert_eq!(check_key(&PublicKey(high)), Err(SignatureError::KeyNotCanonical), "y = {y} + p");
            } else {
                assert_eq!(check_key(&PublicKey(high)), Err(SignatureError::KeyNotAPoint), "y = {y} + p");
            }
        }
    }
    // dalek itself takes such keys, and some of them are not of small order: its own rule would let them through.
    assert!(canonical > 0 && shifted > canonical, "{canonical} {shifted}");
}

#[test]
fn zeros_are_unsigned_not_invalid() {
    let key = SigningKey::from_seed_text("s").expect("a key");
    let signature = key.sign(b"m");
    assert_eq!(verify_strict(&PublicKey([0; 32]), b"m", &signature), Err(SignatureError::Unsigned));
    assert_eq!(verify_strict(&key.public_key(), b"m", &[0; 64]), Err(SignatureError::Unsigned));
    assert_eq!(check_key(&PublicKey([0; 32])), Err(SignatureError::Unsigned));
}

#[test]
fn any_flipped_bit_is_refused() {
    let key = SigningKey::from_seed_text("s").expect("a key");
    let (message, signature) = (*b"metadata", key.sign(b"metadata"));
    for bit in 0..512 {
        let mut changed = signature;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(verify_strict(&key.public_key(), &message, &changed).is_err(), "signature bit {bit}");
    }
    for bit in 0..256 {
        let mut changed = key.public_key();
        changed.0[bit / 8] ^= 1 << (bit % 8);
        assert!(verify_strict(&changed, &message, &signature).is_err(), "key bit {bit}");
    }
    for bit in 0..64 {
        let mut changed = message;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verify_strict(&key.public_key(), &changed, &signature), Err(SignatureError::Mismatch));
    }
}

#[test]
fn every_refusal_has_its_code_and_sentence() {
    use SignatureError::{
        KeyNotAPoint, KeyNotCanonical, KeySmallOrder, Mismatch, RNotAPoint, RNotCanonical, RSmallOrder,
        ScalarOutOfRange, Unsigned,
    };
    for (error, code, sentence) in [
        (Unsigned, "signature.unsigned", "not signed: the public key or the signature is all zeros"),
        (KeyNotAPoint, "signature.key.not_a_point", "the public key is not an Ed25519 curve point"),
        (KeyNotCanonical, "signature.key.not_canonical", "the public key is not canonically encoded"),
        (
            KeySmallOrder,
            "signature.key.small_order",
            "the public key has small order: one signature would fit every message",
        ),
        (RNotAPoint, "signature.r.not_a_point", "the signature's first half is not an Ed25519 curve point"),
        (RNotCanonical, "signature.r.not_canonical", "the signature's first half is not canonically encoded"),
        (RSmallOrder, "signature.r.small_order", "the signature's first half has small order"),
        (ScalarOutOfRange, "signature.s.out_of_range", "the signature's second half is not below the group order"),
        (Mismatch, "signature.mismatch", "the signature was not made by this key over these bytes"),
    ] {
        assert_eq!((error.code(), error.to_string().as_str()), (code, sentence));
    }
}

/// The group order itself and the numbers beside it, little-endian; a scalar must be below it.
#[test]
fn the_scalar_is_below_the_group_order() {
    let key = SigningKey::from_seed_text("s").expect("a key");
    let mut signature = key.sign(b"m");
    let order = unhex::<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").expect("hex");
    let mut scalar = order;
    for (lowest, expected) in [
        (0xec, SignatureError::Mismatch),
        (0xed, SignatureError::ScalarOutOfRange),
        (0xee, SignatureError::ScalarOutOfRange),
    ] {
        scalar[0] = lowest;
        signature[32..].copy_from_slice(&scalar);
        assert_eq!(verify_strict(&key.public_key(), b"m", &signature), Err(expected), "{lowest:#x}");
    }
}

#[test]
fn an_r_that_is_not_a_point_is_named() {
    let key = SigningKey::from_seed_text("s").expect("a key");
    let mut signature = key.sign(b"m");
    let not_a_point = (0..=255_u8).find(|first| {
        let mut encoding = [0; 32];
        encoding[0] = *first;
        ed25519_dalek::VerifyingKey::from_bytes(&encoding).is_err()
    });
    signature[..32].fill(0);
    signature[0] = not_a_point.expect("half of all numbers are not on the curve");
    assert_eq!(verify_strict(&key.public_key(), b"m", &signature), Err(SignatureError::RNotAPoint));
}
