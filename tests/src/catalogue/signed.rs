//! Damage to metadata, signature and key: rows of `format/corruptions.json`.

use super::{Case, Expect, PYTHON, broken, case};
use crate::{
    base::Base::Python,
    sample::{Sample, gzip},
    scalar,
};
use pspf_nostd::{codec::gzip_stored, digest::sha256, index, key::SigningKey, offsets::length};

const UNSIGNED: Expect = Expect { ok: false, state: "intact", codes: &["signature.absent"], part: "index.signature" };

/// Another key than that of the bases.
pub(super) fn stranger() -> SigningKey {
    SigningKey::from_seed_text("stranger").expect("a seed text gives a key")
}

fn change_command(sample: &mut Sample) {
    let json = sample.edited_json("{workenv}/run.sh", "{workenv}/other");
    sample.store_json(&json);
}

pub(super) const CASES: &[Case] = &[
    case(
        "metadata-size-huge",
        Python,
        broken(&["metadata.range"], "index.metadata"),
        "The metadata size is 2^62.",
        |s| s.set_word(index::METADATA_SIZE, 1 << 62),
    )
    .row("metadata_size 2^62 (adler fixed)"),
    case(
        "metadata-offset-outside",
        Python,
        broken(&["metadata.range"], "index.metadata"),
        "The metadata are behind the end of the file.",
        |s| {
            let size = length(&s.bytes);
            s.set_word(index::METADATA_OFFSET, size + 1);
        },
    )
    .row("metadata_offset beyond EOF (adler fixed)"),
    case(
        "signature-bit",
        Python,
        broken(&["signature.invalid"], "index.signature"),
        "A bit of the signature is flipped.",
        |s| {
            let at = s.field(index::SIGNATURE).start;
            s.flip(at);
            s.fix_adler();
        },
    )
    .row("signature byte flipped (adler fixed)"),
    case(
        "signature-padding",
        Python,
        broken(&["index.field"], "index.signature_padding"),
        "The 448 bytes behind the signature hold data.",
        |s| {
            s.set(index::SIGNATURE_PADDING, b"hidden");
        },
    )
    .row("signature padding nonzero (adler fixed)"),
    case("signature-zero", Python, UNSIGNED, "The signature is zero: the package is not signed.", |s| {
        s.set(index::SIGNATURE, &[0; 64]);
    })
    .row("signature all zero (adler fixed)"),
    case(
        "signature-key-fingerprint-zero",
        Python,
        broken(&["signature.absent", "key.fingerprint"], "index"),
        "Signature, public key and fingerprint are zero.",
        |s| {
            s.set(index::SIGNATURE, &[0; 64]);
            s.set(index::PUBLIC_KEY, &[0; 32]);
            s.set(index::KEY_FINGERPRINT, &[0; 64]);
        },
    )
    .row("signature + public key + fp all zero (adler fixed)"),
    case(
        "key-replaced",
        Python,
        broken(&["signature.invalid", "key.fingerprint"], "index"),
        "Another public key is in the index.",
        |s| {
            s.set(index::PUBLIC_KEY, &stranger().public_key().0);
        },
    )
    .row("public key replaced, fp kept (adler fixed)"),
    case(
        "key-fingerprint-digit",
        Python,
        broken(&["key.fingerprint"], "index.attestation_key_fp"),
        "One digit of the fingerprint is another.",
        |s| {
            let at = s.field(index::KEY_FINGERPRINT).start;
            s.flip(at);
            s.fix_adler();
        },
    )
    .row("attestation_key_fp one hex digit changed (adler fixed)"),
    case(
        "key-fingerprint-zero",
        Python,
        broken(&["key.fingerprint"], "index.attestation_key_fp"),
        "The fingerprint is zero.",
        |s| s.set(index::KEY_FINGERPRINT, &[0; 64]),
    )
    .row("attestation_key_fp zeroed (adler fixed)"),
    case(
        "policy-hash-without-policy",
        Python,
        broken(&["policy.hash"], "index.attestation_policy_hash"),
        "A policy hash is set, the metadata have no policy.",
        |s| {
            s.set(index::POLICY_HASH, sha256(b"{}").to_string().as_bytes());
        },
    )
    .row("attestation_policy_hash set, no policy (adler fixed)"),
    case(
        "metadata-bit",
        Python,
        broken(&["metadata.gzip"], "metadata"),
        "A bit of the compressed metadata is flipped.",
        |s| {
            let at = s.metadata().start + 40;
            s.flip(at);
        },
    )
    .row("metadata: gzip byte flipped, nothing fixed"),
    case(
        "metadata-gzip-time",
        Python,
        broken(&["metadata.gzip_header"], "metadata"),
        "The gzip header carries a time.",
        |s| {
            let at = s.metadata().start + 4;
            s.put(at, &1_700_000_000_u32.to_le_bytes());
            s.fix_metadata_checksum();
        },
    )
    .row("metadata: gzip mtime field changed, sha+adler fixed"),
    case(
        "metadata-recompressed",
        Python,
        PYTHON,
        "The metadata are compressed in another way; what they say is unchanged.",
        |s| {
            let blob = gzip_stored(&s.json());
            s.store_metadata(&blob);
        },
    )
    .row("metadata: recompressed, sha+size+adler fixed"),
    case(
        "metadata-behind-slots",
        Python,
        broken(&["index.field", "layout.size"], "index.metadata_offset"),
        "The metadata are behind the slots, zeros where they were: no builder puts them there.",
        |s| {
            let old = s.metadata();
            let blob = s.bytes[old.clone()].to_vec();
            s.bytes[old].fill(0);
            let start = s.append(&blob);
            s.set_word(index::METADATA_OFFSET, u64::try_from(start).expect("a file offset"));
        },
    )
    .row("metadata: stored after slots, zero-filled old place"),
    case(
        "metadata-second-member",
        Python,
        broken(&["metadata.trailing"], "metadata"),
        "A second gzip member follows the metadata.",
        |s| {
            let blob = [&s.bytes[s.metadata()], &gzip(b" ")].concat();
            s.store_metadata(&blob);
        },
    )
    .row("metadata: 2nd gzip member appended, fixed"),
    case(
        "metadata-trailing-bytes",
        Python,
        broken(&["metadata.trailing"], "metadata"),
        "Bytes follow the gzip member of the metadata.",
        |s| {
            let blob = [&s.bytes[s.metadata()], b"trailing".as_slice()].concat();
            s.store_metadata(&blob);
        },
    )
    .row("metadata: garbage after gzip stream, fixed"),
    case(
        "metadata-checksum-zero",
        Python,
        broken(&["metadata.checksum"], "index.metadata_checksum"),
        "The SHA-256 of the metadata is zero.",
        |s| {
            s.set(index::METADATA_CHECKSUM, &[0; 32]);
        },
    )
    .row("metadata: checksum zeroed (adler fixed)"),
    case(
        "metadata-changed",
        Python,
        broken(&["signature.invalid"], "index.signature"),
        "The command is another, checksums are put right, the signature is the old one.",
        change_command,
    )
    .row("metadata: command changed, sha fixed, sig stale"),
    case(
        "metadata-changed-checksum-zero",
        Python,
        broken(&["signature.invalid", "metadata.checksum"], "index"),
        "The command is another, the SHA-256 of the metadata is zero.",
        |s| {
            change_command(s);
            s.set(index::METADATA_CHECKSUM, &[0; 32]);
        },
    )
    .row("metadata: changed + checksum zeroed, sig stale"),
    case(
        "metadata-signed-by-another",
        Python,
        PYTHON,
        "Changed and signed by another key: a sound package by another signer, for the reader's trust to judge.",
        |s| {
            let json = s.edited_json("{workenv}/run.sh", "{workenv}/other");
            s.change_key(stranger());
            s.store_signed_json(&json);
        },
    )
    .row("metadata: changed and re-signed by another key + fp"),
    case(
        "metadata-not-compressed",
        Python,
        broken(&["metadata.gzip"], "metadata"),
        "The metadata are stored as plain JSON.",
        |s| {
            let json = s.json();
            s.store_metadata(&json);
        },
    )
    .row("metadata: signed by same key, not gzip (raw JSON)"),
    case(
        "signature-small-order-key",
        Python,
        broken(&["signature.invalid"], "index.signature"),
        "The metadata are changed; a public key of small order makes one signature fit them all.",
        |s| {
            change_command(s);
            scalar::small_order_key(s);
        },
    )
    .row("metadata rewritten, public key = small-order point, universal signature"),
    case(
        "signature-scalar-plus-order",
        Python,
        broken(&["signature.invalid"], "index.signature"),
        "The scalar S of the signature is replaced by S + L.",
        scalar::add_group_order,
    )
    .row("signature scalar S replaced by S+L"),
    case("metadata-over-one-mebibyte", Python, PYTHON, "The metadata are 2^20 + 1 bytes long and signed.", |s| {
        let mut json = s.json();
        json.resize((1 << 20) + 1, b' ');
        s.store_signed_json(&json);
    })
    .row("metadata JSON padded to 1048577 bytes, properly signed"),
    case(
        "metadata-signed-in-part",
        Python,
        broken(&["signature.invalid"], "index.signature"),
        "The metadata are longer than 2^20 bytes, the signature is over the first 2^20 of them only.",
        |s| {
            let mut json = s.json();
            json.resize((1 << 20) + 100, b' ');
            s.store_json(&json);
            s.sign(&json[..1 << 20]);
        },
    )
    .row("JSON > 1 MiB, signature made over the first 2^20 bytes only"),
];
