//! Damage to sealed packages: what other profiles leave open is refused here.

use super::{Case, broken, case, signed::stranger, sound};
use crate::{
    base::Base::Sealed,
    sample::{Sample, gzip},
};
use pspf_nostd::{codec::gzip_stored, index};

/// Stores and signs other metadata in the canonical form of sealed packages.
fn reseal(sample: &mut Sample, json: &[u8]) {
    sample.store_metadata(&gzip_stored(json));
    sample.sign(json);
}

pub(super) const CASES: &[Case] = &[
    case(
        "seal-metadata-recompressed",
        Sealed,
        broken(&["seal.gzip"], "metadata"),
        "The metadata are compressed, which a sealed package's never are.",
        |s| {
            let blob = gzip(&s.json());
            s.store_metadata(&blob);
        },
    ),
    case(
        "seal-gzip-header",
        Sealed,
        broken(&["seal.gzip"], "metadata"),
        "The gzip header names another system.",
        |s| {
            let at = s.metadata().start + 9;
            s.put(at, &[3]);
            s.fix_metadata_checksum();
        },
    ),
    case(
        "seal-signer",
        Sealed,
        broken(&["seal.signer"], "index.public_key"),
        "Another key signs the same metadata, which name the first signer.",
        |s| {
            let json = s.json();
            s.change_key(stranger());
            s.sign(&json);
        },
    ),
    case(
        "seal-signed-by-another",
        Sealed,
        sound("sealed", &[]),
        "Another key signs and seals: a sound package by another signer.",
        |s| {
            let (old, new) = (s.key.public_key().fingerprint(), stranger().public_key().fingerprint());
            let json = s.edited_json(&old.to_string(), &new.to_string());
            s.change_key(stranger());
            reseal(s, &json);
        },
    ),
    case(
        "seal-version",
        Sealed,
        broken(&["seal.version"], "metadata"),
        "The seal is of a version that does not exist.",
        |s| {
            let json = s.edited_json("\"version\": 1,", "\"version\": 2,");
            reseal(s, &json);
        },
    ),
    case(
        "seal-original-size-missing",
        Sealed,
        broken(&["seal.slot"], "slot 1"),
        "The signed metadata lack a slot's size before compression.",
        |s| {
            let json = s.edited_json("\"original_size\": 11,", "\"other_size__\": 11,");
            reseal(s, &json);
        },
    ),
    case(
        "seal-slot-digest-missing",
        Sealed,
        broken(&["seal.slot"], "slot 0"),
        "The signed metadata lack a slot's digest.",
        |s| {
            let json = s.edited_json("\"checksum\": ", "\"checkson\": ");
            reseal(s, &json);
        },
    ),
    case(
        "seal-launcher-digest-missing",
        Sealed,
        broken(&["seal.launcher"], "launcher"),
        "The signed metadata lack the launcher's digest.",
        |s| {
            let text = String::from_utf8(s.json()).expect("UTF-8");
            let at = text.rfind("\"checksum\"").expect("the launcher's digest");
            let json = [&text[..at], "\"checkson\"", &text[at + 10..]].concat();
            reseal(s, json.as_bytes());
        },
    ),
    case(
        "seal-gap",
        Sealed,
        broken(&["index.package_size"], "index.package_size"),
        "Zeros are between metadata and trailer; every size is put right.",
        |s| {
            s.append(&[0; 64]);
        },
    ),
    case(
        "seal-metadata-moved",
        Sealed,
        broken(&["index.field"], "index.metadata_offset"),
        "The metadata are elsewhere; every offset is put right.",
        |s| {
            let old = s.metadata();
            let blob = s.bytes[old].to_vec();
            let start = s.append(&blob);
            s.set_word(index::METADATA_OFFSET, u64::try_from(start).expect("a file offset"));
        },
    ),
    case(
        "seal-slot-moved",
        Sealed,
        broken(&["slot.descriptor"], "slot 2 descriptor.offset"),
        "A slot is elsewhere; its descriptor is put right.",
        |s| {
            let old = s.slot(2);
            let content = s.bytes[old.clone()].to_vec();
            s.bytes[old].fill(0);
            let start = s.append(&content);
            s.set_row_word(2, 16, u64::try_from(start).expect("a file offset"));
        },
    ),
    case(
        "seal-index-constant",
        Sealed,
        broken(&["index.field"], "index.capabilities"),
        "A constant of the index is another.",
        |s| s.set_word(index::CAPABILITIES, 0x83),
    ),
    case(
        "seal-padding",
        Sealed,
        broken(&["padding.nonzero"], "padding"),
        "The padding between two slots holds data.",
        |s| {
            let at = s.slot(0).end;
            s.put(at, b"!");
        },
    ),
    case(
        "seal-stripped",
        Sealed,
        broken(&["signature.invalid"], "index.signature"),
        "The seal is cut out of the metadata.",
        |s| {
            let json = s.edited_json("\"seal\"", "\"slea\"");
            s.store_metadata(&gzip_stored(&json));
        },
    ),
];
