//! Numbers and sizes at their limits and past them.

use super::{Case, Expect, broken, built, case, intact};
use crate::{
    base::{
        Base::{Handmade, Sealed},
        encode, key, package,
    },
    sample::Sample,
};
use pspf_nostd::{
    digest::sha256,
    index,
    limits::{METADATA_JSON_MAX, METADATA_STORED_MAX, SLOT_COUNT_MAX},
    offsets::position,
    profile::Profile,
};

/// Accepted although `build` and `launcher` are missing.
pub(super) const HANDMADE: Expect = intact(&["launcher.digest.missing", "signature.coverage", "profile.unknown"]);

/// A package with so many slots of the same content.
pub(super) fn slots(launcher: &[u8], count: usize) -> Sample {
    let content = b"one of many\n".as_slice();
    let entry = |number: usize| {
        format!(
            r#"{{"slot":{number},"id":"s{number}","source":"","target":"s{number}","size":{},"checksum":"sha256:{}","operations":"none","purpose":"data","lifecycle":"runtime"}}"#,
            content.len(),
            sha256(content)
        )
    };
    let entries: Vec<String> = (0..count).map(entry).collect();
    let json = format!(
        r#"{{"format":"PSPF/2025","package":{{"name":"many","version":"1"}},"slots":[{}],"execution":{{"command":"{{workenv}}/s0"}}}}"#,
        entries.join(",")
    );
    package(Profile::Rust, &json, launcher, &vec![content; count], &vec![encode(content, content.len()); count])
}

/// The handmade package with its metadata brought to this length by blanks.
fn metadata_of_length(sample: &mut Sample, length: u64) {
    let mut json = sample.json();
    json.resize(position(length), b' ');
    sample.store_signed_json(&json);
}

/// Bytes that are not a package.
fn bytes(bytes: Vec<u8>) -> Sample {
    Sample { bytes, key: key(), profile: Profile::Rust }
}

pub(super) const CASES: &[Case] = &[
    case("limit-metadata-longest", Handmade, HANDMADE, "The metadata are as long as they may be.", |s| {
        metadata_of_length(s, METADATA_JSON_MAX);
    }),
    case(
        "limit-metadata-too-long",
        Handmade,
        broken(&["metadata.gzip"], "metadata"),
        "The metadata unpack to one byte more than they may have.",
        |s| {
            metadata_of_length(s, METADATA_JSON_MAX + 1);
        },
    ),
    case(
        "limit-metadata-bomb",
        Handmade,
        broken(&["metadata.gzip"], "metadata"),
        "The metadata unpack to 64 MiB.",
        |s| metadata_of_length(s, 64 << 20),
    ),
    case(
        "limit-metadata-stored-too-long",
        Handmade,
        broken(&["metadata.limit"], "metadata"),
        "The stored metadata are longer than they may be.",
        |s| {
            let blob = vec![0; position(METADATA_STORED_MAX) + 1];
            s.store_metadata(&blob);
        },
    ),
    built("limit-slots-many", Handmade, HANDMADE, "A package of 600 slots.", |launcher| slots(launcher, 600)),
    case(
        "limit-slots-too-many",
        Handmade,
        broken(&["slots.limit"], "index.slot_count"),
        "One slot more than allowed is counted.",
        |s| {
            s.set(index::SLOT_COUNT, &(SLOT_COUNT_MAX + 1).to_le_bytes());
        },
    ),
    case(
        "limit-slots-outside",
        Handmade,
        broken(&["table.range"], "index.slot_table_offset"),
        "The slot table of as many slots as allowed does not fit the file.",
        |s| {
            s.set(index::SLOT_COUNT, &SLOT_COUNT_MAX.to_le_bytes());
        },
    ),
    case(
        "limit-table-offset",
        Handmade,
        broken(&["table.range"], "index.slot_table_offset"),
        "The slot table starts at the largest number.",
        |s| {
            s.set_word(index::SLOT_TABLE_OFFSET, u64::MAX);
        },
    ),
    case(
        "limit-metadata-offset",
        Handmade,
        broken(&["metadata.range"], "index.metadata_offset"),
        "The metadata start at the largest number.",
        |s| {
            s.set_word(index::METADATA_OFFSET, u64::MAX);
        },
    ),
    case(
        "limit-metadata-empty",
        Handmade,
        broken(&["metadata.range"], "index.metadata_offset"),
        "The metadata have no bytes.",
        |s| s.set_word(index::METADATA_SIZE, 0),
    ),
    case(
        "limit-metadata-trailer",
        Handmade,
        broken(&["metadata.range"], "index.metadata_offset"),
        "The metadata reach into the trailer.",
        |s| {
            let room = s.trailer() - s.metadata().start;
            s.set_word(index::METADATA_SIZE, u64::try_from(room + 1).expect("a length"));
        },
    ),
    case(
        "limit-launcher-size",
        Handmade,
        broken(&["layout.size"], "package"),
        "The launcher is as long as the largest number.",
        |s| s.set_word(index::LAUNCHER_SIZE, u64::MAX),
    ),
    case(
        "limit-slot-offset",
        Handmade,
        broken(&["slot.range"], "slot 0"),
        "A slot starts at the largest number.",
        |s| s.set_row_word(0, 16, u64::MAX),
    ),
    case(
        "limit-slot-size",
        Handmade,
        broken(&["slot.range"], "slot 0"),
        "A slot is as long as the largest number.",
        |s| s.set_row_word(0, 24, u64::MAX),
    ),
    case(
        "limit-slot-offset-sealed",
        Sealed,
        broken(&["slot.range"], "slot 0"),
        "A slot of a sealed package starts at the largest number.",
        |s| s.set_row_word(0, 16, u64::MAX),
    ),
    case(
        "limit-package-size",
        Handmade,
        broken(&["index.package_size"], "index.package_size"),
        "The package size is the largest number.",
        |s| s.set_word(index::PACKAGE_SIZE, u64::MAX),
    ),
    built("file-empty", Handmade, broken(&["trailer.missing"], "trailer"), "A file without bytes.", |_| {
        bytes(Vec::new())
    }),
    built(
        "file-too-short",
        Handmade,
        broken(&["trailer.missing"], "trailer"),
        "A file one byte shorter than a trailer.",
        |_| bytes(vec![0; 8199]),
    ),
    built("file-zeros", Handmade, broken(&["trailer.start_magic"], "trailer"), "A file of zeros.", |_| {
        bytes(vec![0; 9000])
    }),
    built(
        "file-other",
        Handmade,
        broken(&["trailer.start_magic"], "trailer"),
        "A launcher without a package.",
        |launcher| bytes([launcher, &[b'\n'; 8200]].concat()),
    ),
    built(
        "file-trailer-only",
        Handmade,
        broken(&["index.checksum", "index.version"], "index"),
        "Both magic numbers around zeros.",
        |_| {
            let mut sample = bytes(vec![0; 8200]);
            sample.put(0, &index::START_MAGIC);
            sample.put(8196, &index::END_MAGIC);
            sample
        },
    ),
];
