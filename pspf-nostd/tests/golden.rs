//! Two packages of the published builders, and the format's index and descriptor vectors.

mod package;

use base64ct::{Base64, Encoding};
use package::{assert_coverage_is_exact, codes, verify, write};
use pspf_nostd::{
    codec::{gunzip_one, gzip_stored},
    digest::{hex, sha256, trunc64},
    index::{self, IndexBlock},
    json::Json,
    key::{PublicKey, SigningKey},
    metadata::{Metadata, SlotEntry},
    offsets::ByteRange,
    profile::{IndexFacts, Placement, Profile, StoredSlot},
    report::{Integrity, Protection, Trust},
    writer::{EncodedSlot, assemble},
};

fn vectors(name: &str) -> Vec<Json> {
    let path = format!("{}/../tests/vectors/format/{name}", env!("CARGO_MANIFEST_DIR"));
    Json::parse(&std::fs::read(path).unwrap()).unwrap().items().to_vec()
}

fn text<'a>(row: &'a Json, key: &str) -> &'a str {
    row.get(key).and_then(Json::as_str).unwrap_or_else(|| panic!("no text `{key}`"))
}

fn number(row: &Json, key: &str) -> u64 {
    row.get(key).and_then(Json::as_u64).unwrap_or_else(|| panic!("no number `{key}`"))
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The golden package whose builder's name starts with `builder`: its row and its bytes.
fn golden(builder: &str) -> (Json, Vec<u8>) {
    let row = vectors("golden-packages.json").into_iter().find(|row| text(row, "builder").starts_with(builder));
    let row = row.unwrap();
    let file = gunzip_one(&Base64::decode_vec(text(&row, "package_gzip_base64")).unwrap(), 1 << 20).unwrap().data;
    assert_eq!(sha256(&file).to_string(), text(&row, "sha256"));
    (row, file)
}

fn rebuild(profile: Profile, row: &Json, blob: Vec<u8>) -> Vec<u8> {
    let files = row.get("files").unwrap();
    let stored: Vec<Vec<u8>> = row
        .get("manifest")
        .and_then(|manifest| manifest.get("slots"))
        .unwrap()
        .items()
        .iter()
        .map(|slot| match files.get(text(slot, "source")).unwrap() {
            Json::String(content) => content.clone().into_bytes(),
            content => unhex(text(content, "hex")),
        })
        .collect();
    let launcher = text(files, "fake.sh").as_bytes();
    let metadata = Metadata::parse(text(row, "metadata_json").as_bytes().to_vec()).unwrap();
    let encoded: Vec<EncodedSlot> = stored.iter().map(|bytes| package::encoded(bytes, bytes.len())).collect();
    let key = SigningKey::from_seed_text("gold").unwrap();
    let length = u64::try_from(launcher.len()).unwrap();
    let assembly = assemble(profile, &metadata, blob, length, &encoded, &key).unwrap();
    write(&assembly, launcher, &stored.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[test]
fn the_package_of_the_rust_builder_is_bound() {
    let (_, file) = golden("flavor-rs-builder");
    let outcome = verify(&file);
    assert_eq!(codes(&outcome.report), [""; 0]);
    assert_eq!((outcome.report.state, outcome.report.trust), (Integrity::Bound, Trust::UnknownKey));
    assert!(outcome.report.ok && outcome.checked.is_some());
    assert_coverage_is_exact(&outcome.report);
    assert_eq!(outcome.report.covered_bytes()[2], 0);
}

#[test]
fn the_package_of_the_go_builder_is_intact_because_its_launcher_is_not_signed() {
    let (_, file) = golden("flavor-go-builder");
    let outcome = verify(&file);
    assert_eq!(codes(&outcome.report), ["launcher.digest.missing", "signature.coverage"]);
    assert_eq!((outcome.report.state, outcome.report.trust), (Integrity::Intact, Trust::UnknownKey));
    assert!(!outcome.report.ok && outcome.report.proves(Integrity::Intact) && outcome.checked.is_some());
    assert_coverage_is_exact(&outcome.report);
    let unprotected: Vec<_> =
        outcome.report.coverage.iter().filter(|part| part.class == Protection::Unprotected).collect();
    assert_eq!(unprotected.len(), 1);
    assert_eq!((unprotected[0].part.as_str(), unprotected[0].range), ("launcher", ByteRange { start: 0, end: 20 }));
}

/// The Go builder signs nothing of the launcher: anybody's program can be there, and everything verifies.
#[test]
fn a_package_with_a_foreign_launcher_is_not_ok() {
    let (_, file) = golden("flavor-go-builder");
    let mut foreign = file;
    foreign[..20].copy_from_slice(b"#!/bin/sh\nid #      ");
    let outcome = verify(&foreign);
    assert_eq!((outcome.report.state, outcome.report.ok), (Integrity::Intact, false));
    let why = outcome.report.findings.iter().find(|finding| finding.code == "signature.coverage").unwrap();
    assert!(why.message.starts_with("the signature does not wholly cover the launcher:"), "{}", why.message);
}

#[test]
fn the_package_of_the_rust_builder_is_rebuilt_byte_for_byte() {
    let (row, file) = golden("flavor-rs-builder");
    let json = text(&row, "metadata_json").as_bytes();
    // What flate2's `GzEncoder` over miniz_oxide writes at level 6 (docs/format.md §5).
    let mut blob = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    blob.extend(miniz_oxide::deflate::compress_to_vec(json, 6));
    blob.extend(crc32fast::hash(json).to_le_bytes());
    blob.extend(u32::try_from(json.len()).unwrap().to_le_bytes());
    assert_eq!(hex(&blob), text(&row, "metadata_gzip_hex"));
    assert!(rebuild(Profile::Rust, &row, blob) == file);
}

#[test]
fn the_package_of_the_go_builder_is_rebuilt_byte_for_byte() {
    let (row, file) = golden("flavor-go-builder");
    assert!(rebuild(Profile::Go, &row, unhex(text(&row, "metadata_gzip_hex"))) == file);
}

#[test]
fn empty_tables_and_slots_at_the_end_keep_their_aligned_place() {
    for profile in [Profile::Rust, Profile::Go, Profile::Python, Profile::Sealed] {
        for contents in [&[][..], &[&b""[..]], &[b"", b"abc", b""]] {
            for spaces in 0..8 {
                let slots = vec!["{}"; contents.len()].join(",");
                let text = format!(r#"{{"format":"PSPF/2025","slots":[{slots}]{}}}"#, " ".repeat(spaces));
                let metadata = Metadata::parse(text.into_bytes()).unwrap();
                let encoded: Vec<_> = contents.iter().map(|bytes| package::encoded(bytes, bytes.len())).collect();
                let blob = gzip_stored(metadata.raw());
                let assembly = assemble(profile, &metadata, blob, 5, &encoded, &package::key()).unwrap();
                let file = write(&assembly, b"#!abc", contents);
                let size = u64::try_from(file.len()).unwrap();
                assert_eq!(size, assembly.placement.package_size, "{profile:?}, {spaces} spaces");
                if profile != Profile::Sealed {
                    let report = verify(&file).report;
                    assert!(report.proves(Integrity::Intact), "{profile:?}: {:?}", report.findings);
                }
            }
        }
    }
}

/// Bit 1 of `capabilities` says that the Python builder has put slots on pages: of 4 KiB, or of 16 KiB on some Macs.
#[test]
fn slots_have_the_alignment_of_their_builder() {
    for (capabilities, alignments) in [(0x80, &[1][..]), (0x81, &[1]), (0x82, &[4096, 16384]), (0x83, &[4096, 16384])] {
        assert_eq!(Profile::Python.slot_alignments(capabilities), alignments, "{capabilities:#x}");
        for profile in [Profile::Sealed, Profile::Rust, Profile::Go] {
            assert_eq!(profile.slot_alignments(capabilities), [8]);
        }
    }
    let slots = [(5, false), (0, true), (0, false), (7, false)];
    let starts = |profile: Profile, alignment: u64| {
        let placement = profile.place_aligned(alignment, 100, 50, &slots).unwrap();
        placement.slots.iter().map(|range| range.start).collect::<Vec<_>>()
    };
    // Launcher, metadata, slot table of four rows, slots.
    let table_end = 152 + 4 * 64;
    assert_eq!(starts(Profile::Python, 1), [table_end, 0, table_end + 5, table_end + 5]);
    assert_eq!(starts(Profile::Python, 4096), [4096, 0, 8192, 8192]);
    assert_eq!(starts(Profile::Python, 16384), [16384, 0, 32768, 32768]);
    assert_eq!(starts(Profile::Go, 8), [table_end, 0, 0, table_end + 8]);
    assert_eq!(starts(Profile::Rust, 8), [8192 + table_end, 0, 8192 + table_end + 8, 8192 + table_end + 8]);
    assert_eq!(starts(Profile::Sealed, 8), [104 + 256, 0, 104 + 264, 104 + 264]);
    for (profile, alignment) in [(Profile::Python, 4096), (Profile::Sealed, 8), (Profile::Rust, 8), (Profile::Go, 8)] {
        assert_eq!(profile.place(100, 50, &slots), profile.place_aligned(alignment, 100, 50, &slots));
        for (launcher, metadata, slot) in
            [(u64::MAX, 1, 1), (1, u64::MAX, 1), (1, 1, u64::MAX), (u64::MAX - 8000, 1, 1)]
        {
            assert_eq!(profile.place(launcher, metadata, &[(slot, false)]), None);
        }
    }
}

fn profile(name: &str) -> Profile {
    match name {
        "rs" => Profile::Rust,
        "go" => Profile::Go,
        "py" => Profile::Python,
        _ => panic!("no profile {name}"),
    }
}

#[test]
fn the_index_vectors_are_what_the_profiles_write() {
    for row in vectors("index.json") {
        let fields = row.get("fields").unwrap();
        let range = |offset: &str, size: &str| ByteRange::new(number(fields, offset), number(fields, size)).unwrap();
        let count = usize::try_from(number(fields, "slot_count")).unwrap();
        let placement = Placement {
            launcher_size: number(fields, "launcher_size"),
            metadata: range("metadata_offset", "metadata_size"),
            table: range("slot_table_offset", "slot_table_size"),
            slots: vec![ByteRange { start: 0, end: 0 }; count],
            package_size: number(fields, "package_size"),
        };
        let policy = fields.get("policy").map_or("", |_| r#","policy":{"refuse_root":true}"#);
        let metadata = Metadata::parse(format!(r#"{{"format":"PSPF/2025"{policy}}}"#).into_bytes()).unwrap();
        let signature: [u8; 64] = unhex(text(&row, "signature_of_two_byte_json_{}")).try_into().unwrap();
        let facts = IndexFacts {
            public_key: PublicKey(unhex(text(&row, "public_key")).try_into().unwrap()),
            signature,
            metadata_blob: b"blob",
            attestation: fields.get("sbom").map(|_| sha256(b"attestation")),
        };
        let mut block = profile(text(&row, "profile")).index(&metadata, &placement, &facts);
        // The vector states another blob length than that of the blob that it digests.
        block.set(index::METADATA_SIZE, &number(fields, "metadata_size").to_le_bytes());
        block.seal_checksum();
        let expected = unhex(text(&row, "first_1568_bytes"));
        let expected = IndexBlock::from_bytes(&[expected, vec![0; 6624]].concat()).unwrap();
        assert_eq!(block, expected, "{}", text(&row, "profile"));
        assert_eq!(sha256(block.as_bytes()).to_string(), text(&row, "sha256_of_8192"));
        assert_eq!(format!("{:#010x}", block.u32(index::CHECKSUM)), text(&row, "index_checksum"));
    }
}

#[test]
fn the_descriptor_vectors_are_what_the_profiles_write() {
    for row in vectors("descriptors.json") {
        let words = row.get("metadata").unwrap();
        let word = |key: &str| words.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
        let entry = SlotEntry {
            id: word("id"),
            target: word("target"),
            operations: word("operations"),
            purpose: word("purpose"),
            lifecycle: word("lifecycle"),
            permissions: words.get("permissions").and_then(Json::as_str).map(str::to_owned),
            self_ref: word("source") == "$SELF",
            ..SlotEntry::default()
        };
        let stored = row.get("stored_hex").map(|_| unhex(text(&row, "stored_hex"))).unwrap_or_default();
        let start = row.get("offset").and_then(Json::as_u64).unwrap_or_default();
        let stored = StoredSlot {
            range: ByteRange::new(start, u64::try_from(stored.len()).unwrap()).unwrap(),
            original_size: row.get("original_size").and_then(Json::as_u64).unwrap_or_default(),
            checksum: trunc64(&stored),
        };
        let descriptor = profile(text(&row, "builder")).descriptor(number(&row, "id"), &entry, &stored);
        assert_eq!(hex(&descriptor.to_bytes()), text(&row, "descriptor_hex"), "{row:?}");
    }
}
