//! Damage to slots, their descriptors and what is between them: rows of `format/corruptions.json`.

use super::{Case, Expect, broken, built, case, limits};
use crate::{
    base::Base::{Handmade, Python, Rust},
    sample::Sample,
};
use pspf_nostd::{
    digest::sha256,
    index,
    offsets::{length, position},
};

/// Stands at the start of a replaced program or launcher.
const ATTACK: &[u8] = b"#!/bin/sh\nexit 66\n";

const DESCRIPTOR: &[&str] = &["slot.descriptor"];
const PADDING: Expect = broken(&["padding.nonzero"], "padding");

fn replace_attestation(sample: &mut Sample) {
    let at = sample.slot(3).start + 20;
    sample.flip(at);
    sample.fix_slot_checksum(3);
}

fn zero_sbom_digest(sample: &mut Sample) {
    sample.set(index::SBOM_DIGEST, &[0; 64]);
}

pub(super) const CASES: &[Case] = &[
    case(
        "attestation-digest",
        Python,
        broken(&["attestation.digest"], "index.attestation_sbom_digest"),
        "The digest of the attestation slot is another.",
        |s| {
            s.set(index::SBOM_DIGEST, sha256(b"other").to_string().as_bytes());
        },
    )
    .row("attestation_sbom_digest changed (adler fixed)"),
    case(
        "attestation-digest-zero",
        Python,
        broken(&["attestation.digest"], "index.attestation_sbom_digest"),
        "The digest of the attestation slot is zero.",
        zero_sbom_digest,
    )
    .row("attestation_sbom_digest zeroed (adler fixed)"),
    case("slot-bit", Python, broken(&["slot.digest.signed"], "slot 0"), "A bit of a slot is flipped.", |s| {
        let at = s.slot(0).start + 20;
        s.flip(at);
    })
    .row("slot data: 1 byte flipped"),
    case(
        "slot-replaced",
        Python,
        broken(&["slot.digest.signed"], "slot 0"),
        "A slot is replaced and the checksum in its descriptor put right: only the signed digest tells.",
        |s| {
            s.replace_slot(0, ATTACK);
            s.fix_slot_checksum(0);
        },
    )
    .row("slot data REPLACED + 8-byte descriptor checksum fixed"),
    case(
        "slot-replaced-elsewhere",
        Python,
        broken(&["slot.digest.signed"], "slot 0"),
        "A slot is replaced by longer bytes elsewhere in the file, its descriptor put right.",
        |s| {
            let attack = [ATTACK, &[b'#'; 200]].concat();
            let start = s.append(&attack);
            s.set_row_word(0, 16, u64::try_from(start).expect("a file offset"));
            s.set_row_word(0, 24, length(&attack));
            s.set_row_word(0, 32, length(&attack));
            s.fix_slot_checksum(0);
        },
    )
    .row("slot data replaced by longer data stored elsewhere + fixed"),
    case(
        "slot-checksum-zero",
        Python,
        broken(&["slot.digest.descriptor"], "slot 0"),
        "A descriptor's checksum is zero.",
        |s| s.set_row_word(0, 48, 0),
    )
    .row("slot checksum field zeroed"),
    case(
        "slot-changed-checksum-zero",
        Python,
        broken(&["slot.digest.signed", "slot.digest.descriptor"], "slot 0"),
        "A slot is changed and its descriptor's checksum zero.",
        |s| {
            s.replace_slot(0, ATTACK);
            s.set_row_word(0, 48, 0);
        },
    )
    .row("slot checksum zeroed + data changed"),
    case(
        "descriptor-id",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.id"),
        "A descriptor's number is another.",
        |s| s.set_row_word(0, 0, 77),
    )
    .row("descriptor: id changed"),
    case(
        "descriptor-name-hash",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.name_hash"),
        "A descriptor's name hash is another.",
        |s| s.set_row_word(0, 8, 77),
    )
    .row("descriptor: name_hash changed"),
    case(
        "descriptor-original-size",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.original_size"),
        "A descriptor's original size is another.",
        |s| s.set_row_word(0, 32, 77),
    )
    .row("descriptor: original_size changed"),
    case(
        "descriptor-purpose",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.purpose"),
        "A descriptor's purpose is 255.",
        |s| s.set_row(0, 56, &[255]),
    )
    .row("descriptor: purpose 255"),
    case(
        "descriptor-lifecycle",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.lifecycle"),
        "A descriptor's lifecycle is 255.",
        |s| s.set_row(0, 57, &[255]),
    )
    .row("descriptor: lifecycle 255"),
    case(
        "descriptor-priority",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.priority"),
        "A descriptor's priority, platform and reserved bytes are set.",
        |s| {
            s.set_row(0, 58, &[9, 9, 9, 9]);
        },
    )
    .row("descriptor: priority/platform/reserved changed"),
    case(
        "descriptor-set-user-id",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.permissions"),
        "A descriptor asks for mode 4777.",
        |s| {
            s.set_row(0, 62, &0o4777_u16.to_le_bytes());
        },
    )
    .row("descriptor: permissions 04777"),
    case(
        "descriptor-mode-zero",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.permissions"),
        "A descriptor's mode is zero.",
        |s| s.set_row(0, 62, &[0, 0]),
    )
    .row("descriptor: permissions 0"),
    case(
        "descriptor-gzip-to-none",
        Python,
        broken(DESCRIPTOR, "slot 1 descriptor.operations"),
        "The descriptor of a gzip slot names no operation.",
        |s| s.set_row_word(1, 40, 0),
    )
    .row("descriptor: operations gzip->none (slot1)"),
    case(
        "descriptor-none-to-gzip",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.operations"),
        "The descriptor of a raw slot names gzip.",
        |s| s.set_row_word(0, 40, 0x10),
    )
    .row("descriptor: operations none->gzip (slot0)"),
    case(
        "descriptor-unknown-operation",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.operations"),
        "A descriptor names operation 0x99.",
        |s| s.set_row_word(0, 40, 0x99),
    )
    .row("descriptor: operations unknown 0x99 (slot0)"),
    case(
        "descriptor-none-to-bzip2",
        Python,
        broken(DESCRIPTOR, "slot 0 descriptor.operations"),
        "The descriptor of a raw slot names bzip2.",
        |s| s.set_row_word(0, 40, 0x13),
    )
    .row("descriptor: operations bzip2 0x13 (slot0, not bz2)"),
    case(
        "descriptor-operation-hole",
        Python,
        broken(DESCRIPTOR, "slot 1 descriptor.operations"),
        "An operation follows the end of a descriptor's chain.",
        |s| s.set_row_word(1, 40, 0x1000),
    )
    .row("descriptor: operations 0x1000 (hole: 00 then gzip; slot1)"),
    case("descriptor-size-huge", Python, broken(&["slot.range"], "slot 0"), "A descriptor's size is 2^62.", |s| {
        s.set_row_word(0, 24, 1 << 62);
    })
    .row("descriptor: size 2^62"),
    case(
        "descriptor-size-outside",
        Python,
        broken(&["slot.range"], "slot 0"),
        "A slot ends behind the end of the file.",
        |s| {
            let size = length(&s.bytes);
            s.set_row_word(0, 24, size);
        },
    )
    .row("descriptor: size runs past EOF"),
    case(
        "descriptor-offset-outside",
        Python,
        broken(&["slot.range"], "slot 0"),
        "A slot starts behind the end of the file.",
        |s| {
            let size = length(&s.bytes);
            s.set_row_word(0, 16, size);
        },
    )
    .row("descriptor: offset past EOF"),
    case(
        "descriptor-overlap",
        Python,
        broken(&["layout.overlap"], "slot"),
        "Two descriptors name the same bytes.",
        |s| {
            let other = s.slot(1);
            s.set_row_word(0, 16, u64::try_from(other.start).expect("a file offset"));
            s.set_row_word(0, 24, u64::try_from(other.len()).expect("a length"));
            s.fix_slot_checksum(0);
        },
    )
    .row("descriptor: slot0 points at slot1 bytes (overlap, sum fixed)"),
    case("padding-metadata-table", Python, PADDING, "The padding between metadata and slot table holds data.", |s| {
        let at = s.metadata().end;
        s.put(at, b"hid");
    })
    .row("padding between metadata and table nonzero"),
    case("padding-slots", Python, PADDING, "The padding between two slots holds data.", |s| {
        let at = s.slot(0).end;
        s.put(at, b"hidden");
    })
    .row("padding between slots nonzero"),
    case(
        "padding-trailer",
        Python,
        broken(&["padding.nonzero", "layout.size", "index.package_size"], "padding"),
        "Data are between the slots and the trailer.",
        |s| {
            s.append(b"hidden between slots and trailer");
        },
    )
    .row("junk inserted between slots and trailer, package_size fixed"),
    case(
        "attestation-replaced",
        Python,
        broken(&["slot.digest.signed", "attestation.digest"], "slot 3"),
        "The attestation slot is changed, its descriptor put right.",
        replace_attestation,
    )
    .row("attestation slot replaced, descriptor fixed, digest stale"),
    case(
        "attestation-replaced-digest",
        Python,
        broken(&["slot.digest.signed"], "slot 3"),
        "The attestation slot is changed, its descriptor and the digest in the index put right.",
        |s| {
            replace_attestation(s);
            let digest = sha256(&s.bytes[s.slot(3)]).to_string();
            s.set(index::SBOM_DIGEST, digest.as_bytes());
        },
    )
    .row("attestation slot replaced, descriptor+digest fixed"),
    case(
        "attestation-lifecycle",
        Python,
        broken(DESCRIPTOR, "slot 3 descriptor.lifecycle"),
        "The attestation's descriptor has another lifecycle, so that readers do not find it.",
        |s| {
            s.set_row(3, 57, &[2]);
        },
    )
    .row("attestation lifecycle byte changed to 2 (digest kept)"),
    case(
        "attestation-lifecycle-digest-zero",
        Python,
        broken(DESCRIPTOR, "slot 3 descriptor.lifecycle"),
        "The attestation's descriptor has another lifecycle and its digest is zero.",
        |s| {
            s.set_row(3, 57, &[2]);
            zero_sbom_digest(s);
        },
    )
    .row("attestation lifecycle byte changed + digest zeroed"),
    case(
        "padding-rust-hole",
        Rust,
        PADDING,
        "The 8192 bytes that the Rust builder leaves behind the launcher hold data.",
        |s| {
            let start = position(s.word(index::LAUNCHER_SIZE));
            s.bytes[start..start + 8192].fill(0xaa);
        },
    )
    .row("rs builder's 8192-byte hole filled with data"),
    built(
        "variant-124-slots",
        Handmade,
        limits::HANDMADE,
        "A package of 124 slots, as good as one of three.",
        |launcher| limits::slots(launcher, 124),
    )
    .row("124 or more slots (valid package)"),
];
