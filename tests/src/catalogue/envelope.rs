//! Damage to launcher, trailer and index: rows of `format/corruptions.json`.

use super::{Case, PYTHON, broken, case};
use crate::{base::Base::Python, sample::Sample};
use pspf_nostd::{
    index,
    offsets::{length, position},
};

const INDEX_FIELD: &[&str] = &["index.field"];

fn replace_launcher(sample: &mut Sample) {
    let mut script = b"#!/bin/sh\nexit 99\n".to_vec();
    script.resize(position(sample.word(index::LAUNCHER_SIZE)), b'#');
    sample.put(0, &script);
}

pub(super) const CASES: &[Case] = &[
    case("control", Python, PYTHON, "Nothing is changed.", |_| {}).row("00 control"),
    case(
        "launcher-bit",
        Python,
        broken(&["launcher.digest"], "launcher"),
        "A bit of the launcher is flipped, where an ELF header has padding.",
        |s| s.flip(9),
    )
    .row("launcher: ELF e_ident pad byte flipped"),
    case(
        "trailer-start-magic",
        Python,
        broken(&["trailer.start_magic"], "trailer"),
        "A bit of the start magic is flipped.",
        |s| {
            let at = s.trailer();
            s.flip(at);
        },
    )
    .row("trailer: start magic byte flipped"),
    case(
        "trailer-end-magic",
        Python,
        broken(&["trailer.end_magic"], "trailer"),
        "A bit of the end magic is flipped.",
        |s| {
            let at = s.bytes.len() - 1;
            s.flip(at);
        },
    )
    .row("trailer: end magic byte flipped"),
    case("file-truncated", Python, broken(&["trailer.start_magic"], "trailer"), "The last byte is cut off.", |s| {
        s.bytes.pop();
    })
    .row("file truncated by 1"),
    case("file-extended", Python, broken(&["trailer.start_magic"], "trailer"), "A byte follows the trailer.", |s| {
        s.bytes.push(0);
    })
    .row("1 byte appended after end magic"),
    case(
        "index-bit",
        Python,
        broken(&["index.checksum"], "index"),
        "A bit of the reserved index bytes is flipped, Adler-32 kept.",
        |s| {
            let at = s.field(index::RESERVED).start;
            s.flip(at);
        },
    )
    .row("index byte flipped in reserved, adler not fixed"),
    case("index-checksum-zero", Python, broken(&["index.checksum"], "index"), "The Adler-32 field is zero.", |s| {
        let at = s.field(index::CHECKSUM).start;
        s.put(at, &[0; 4]);
    })
    .row("index checksum field itself zeroed"),
    case(
        "index-checksum-zero-and-reserved",
        Python,
        broken(&["index.checksum"], "index"),
        "The Adler-32 field is zero and a reserved byte is set.",
        |s| {
            let (checksum, reserved) = (s.field(index::CHECKSUM).start, s.field(index::RESERVED).start);
            s.put(checksum, &[0; 4]);
            s.put(reserved, &[1]);
        },
    )
    .row("index_checksum zeroed + reserved byte set"),
    case(
        "index-version-next",
        Python,
        broken(&["index.version"], "index.format_version"),
        "The format version is one higher.",
        |s| {
            s.set(index::VERSION, &0x2025_0002_u32.to_le_bytes());
        },
    )
    .row("format_version 0x20250002 (adler fixed)"),
    case(
        "index-version-zero",
        Python,
        broken(&["index.version"], "index.format_version"),
        "The format version is zero.",
        |s| s.set(index::VERSION, &[0; 4]),
    )
    .row("format_version 0 (adler fixed)"),
    case(
        "index-package-size",
        Python,
        broken(&["index.package_size"], "index.package_size"),
        "The package size is one too large.",
        |s| {
            let size = length(&s.bytes);
            s.set_word(index::PACKAGE_SIZE, size + 1);
        },
    )
    .row("package_size +1 (adler fixed)"),
    case(
        "index-launcher-size",
        Python,
        broken(&["launcher.size"], "index.launcher_size"),
        "The launcher size is one too small.",
        |s| {
            let size = s.word(index::LAUNCHER_SIZE);
            s.set_word(index::LAUNCHER_SIZE, size - 1);
        },
    )
    .row("launcher_size changed (adler fixed)"),
    case("index-flags", Python, broken(INDEX_FIELD, "index.flags"), "All flags are set.", |s| {
        s.set(index::FLAGS, &[0xff; 4]);
    })
    .row("flags=0xffffffff (adler fixed)"),
    case(
        "index-table-size",
        Python,
        broken(INDEX_FIELD, "index.slot_table_size"),
        "The slot table size does not fit the number of slots.",
        |s| {
            let size = s.word(index::SLOT_TABLE_SIZE);
            s.set_word(index::SLOT_TABLE_SIZE, size + 64);
        },
    )
    .row("slot_table_size wrong (adler fixed)"),
    case(
        "slot-count-less",
        Python,
        broken(&["slots.count"], "index.slot_count"),
        "The last slot is not counted.",
        |s| s.set(index::SLOT_COUNT, &[3]),
    )
    .row("slot_count -1 (adler fixed)"),
    case("slot-count-zero", Python, broken(&["slots.count"], "index.slot_count"), "No slot is counted.", |s| {
        s.set(index::SLOT_COUNT, &[0]);
    })
    .row("slot_count 0 (adler fixed)"),
    case(
        "slot-count-more",
        Python,
        broken(&["slots.count"], "index.slot_count"),
        "One slot too many is counted.",
        |s| s.set(index::SLOT_COUNT, &[5]),
    )
    .row("slot_count +1 (adler fixed)"),
    case(
        "slot-count-most",
        Python,
        broken(&["slots.limit"], "index.slot_count"),
        "The slot count is the largest number.",
        |s| s.set(index::SLOT_COUNT, &[0xff; 4]),
    )
    .row("slot_count 0xffffffff (adler fixed)"),
    case(
        "index-capabilities",
        Python,
        broken(INDEX_FIELD, "index.capabilities"),
        "The capabilities are zero, the protocol version is 99.",
        |s| {
            s.set_word(index::CAPABILITIES, 0);
            s.set(index::PROTOCOL_VERSION, &99_u32.to_le_bytes());
        },
    )
    .row("capabilities 0, protocol_version 99 (adler fixed)"),
    case(
        "index-timestamp",
        Python,
        broken(INDEX_FIELD, "index.build_timestamp"),
        "A build time is set, which no builder writes.",
        |s| {
            s.set_word(index::BUILD_TIMESTAMP, 1_700_000_000);
        },
    )
    .row("build_timestamp set (adler fixed)"),
    case(
        "index-hidden-data",
        Python,
        broken(INDEX_FIELD, "index.reserved"),
        "Reserved and unused index bytes hold data.",
        |s| {
            s.set(index::RESERVED, b"hidden");
            s.set(index::FUTURE_CRYPTO, b"hidden");
            s.set(index::PADDING_692, b"hidden");
        },
    )
    .row("reserved/future_crypto/padding nonzero (adler fixed)"),
    case(
        "launcher-replaced",
        Python,
        broken(&["launcher.digest"], "launcher"),
        "The launcher is replaced by a script of the same length.",
        replace_launcher,
    )
    .row("launcher bytes fully replaced by a script of the same size"),
    case(
        "slot-count-zero-digest-zero",
        Python,
        broken(&["slots.count"], "index.slot_count"),
        "No slot is counted and the attestation's digest is zero.",
        |s| {
            s.set(index::SLOT_COUNT, &[0]);
            s.set(index::SBOM_DIGEST, &[0; 64]);
        },
    )
    .row("slot_count 0 and attestation_sbom_digest zeroed"),
];
