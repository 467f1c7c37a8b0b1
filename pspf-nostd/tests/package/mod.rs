//! Packages made in memory for the tests of this crate.
#![allow(dead_code, reason = "each test file uses its own part")]

use pspf_nostd::{
    codec::gzip_stored,
    digest::sha256,
    index,
    json::Json,
    key::SigningKey,
    metadata::Metadata,
    offsets::{ByteRange, length},
    profile::Profile,
    report::Report,
    verify::{Outcome, Scope, TrustedKeys, verify_slice},
    writer::{Assembly, EncodedSlot, PackagePlan, Segment, SlotPlan, assemble},
};

/// The seed of the format's own vectors (docs/format.md §6).
pub(crate) const SEED: &str = "test123";

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed_text(SEED).unwrap()
}

/// The file that an assembly describes.
pub(crate) fn write(assembly: &Assembly, launcher: &[u8], slots: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    for segment in &assembly.segments {
        match segment {
            Segment::Launcher => file.extend_from_slice(launcher),
            Segment::Slot(number) => file.extend_from_slice(slots[*number]),
            Segment::Bytes(bytes) => file.extend_from_slice(bytes),
            Segment::Zeros(count) => file.resize(file.len() + usize::try_from(*count).unwrap(), 0),
        }
    }
    file
}

pub(crate) fn encoded(stored: &[u8], original_size: usize) -> EncodedSlot {
    EncodedSlot {
        size: u64::try_from(stored.len()).unwrap(),
        original_size: u64::try_from(original_size).unwrap(),
        sha256: sha256(stored),
    }
}

pub(crate) fn object(entries: &[(&str, Json)]) -> Json {
    Json::Object(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

/// A launcher whose length is no multiple of 8, so that padding follows it.
pub(crate) const LAUNCHER: &[u8] = b"#!/bin/sh\necho launcher\nexit 0\n";

/// Id, operations, lifecycle, mode and stored bytes of the sample's slots: none, one and some bytes long.
pub(crate) const SLOTS: [(&str, &str, &str, u16, &[u8]); 5] = [
    ("script", "none", "runtime", 0o755, b"#!/bin/sh\necho hello\n"),
    ("empty", "none", "init", 0o644, b""),
    ("one", "none", "cache", 0o600, b"x"),
    ("zeros", "none", "lazy", 0o444, &[0; 9]),
    ("attested", "none", "attestation", 0o644, b"{\"sbom\":{}}"),
];

/// The plan of a small sealed package of [`SLOTS`].
pub(crate) fn plan() -> PackagePlan {
    let slot = |&(id, operations, lifecycle, permissions, stored): &(&str, &str, &str, u16, &[u8])| SlotPlan {
        id: id.to_owned(),
        source: id.to_owned(),
        target: format!("files/{id}"),
        operations: operations.to_owned(),
        purpose: "data".to_owned(),
        lifecycle: lifecycle.to_owned(),
        permissions,
        extra: Vec::new(),
        encoded: encoded(stored, stored.len()),
    };
    PackagePlan {
        package: vec![("name".to_owned(), "sample".into()), ("version".to_owned(), "1.0".into())],
        slots: SLOTS.iter().map(slot).collect(),
        execution: object(&[("command", "{workenv}/files/script".into()), ("env", object(&[]))]),
        build: vec![("timestamp".to_owned(), "2025-01-01T00:00:00+00:00".into())],
        launcher_tool: "sample-launcher".to_owned(),
        launcher_version: "0".to_owned(),
        launcher: encoded(LAUNCHER, LAUNCHER.len()),
        extra: vec![("policy".to_owned(), object(&[("refuse_root", true.into())]))],
    }
}

/// A small sealed package and where everything in it is.
pub(crate) fn sealed() -> (Vec<u8>, Assembly) {
    let assembly = plan().assemble(&key()).unwrap();
    let stored: Vec<&[u8]> = SLOTS.iter().map(|slot| slot.4).collect();
    (write(&assembly, LAUNCHER, &stored), assembly)
}

/// A package by a builder's conventions around these metadata; of each slot the stored bytes and the length before encoding.
pub(crate) fn by_builder(
    profile: Profile,
    json: &str,
    launcher: &[u8],
    slots: &[(&[u8], usize)],
) -> (Vec<u8>, Assembly) {
    let metadata = Metadata::parse(json.as_bytes().to_vec()).unwrap();
    let encoded: Vec<EncodedSlot> = slots.iter().map(|(stored, original)| encoded(stored, *original)).collect();
    let blob = gzip_stored(metadata.raw());
    let assembly = assemble(profile, &metadata, blob, length(launcher), &encoded, &key()).unwrap();
    let stored: Vec<&[u8]> = slots.iter().map(|slot| slot.0).collect();
    (write(&assembly, launcher, &stored), assembly)
}

/// Takes the signature away and recomputes the Adler-32.
pub(crate) fn unsign(file: &mut [u8]) {
    set_field(file, index::SIGNATURE, &[0; 64]);
}

/// Overwrites the start of an index field and recomputes the Adler-32.
pub(crate) fn set_field(file: &mut [u8], field: index::Field, value: &[u8]) {
    let at = file.len() - 8196 + field.offset;
    file[at..at + value.len()].copy_from_slice(value);
    fix_adler(file);
}

pub(crate) fn verify(file: &[u8]) -> Outcome {
    verify_slice(file, Scope::Content, TrustedKeys::default())
}

/// The codes of all findings, most severe first.
pub(crate) fn codes(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code).collect()
}

/// Panics unless the coverage map covers the file once, in order.
pub(crate) fn assert_coverage_is_exact(report: &Report) {
    let mut end = 0;
    for part in &report.coverage {
        assert_eq!(part.range.start, end, "gap or overlap at {}", part.range);
        assert!(!part.range.is_empty(), "empty part at {}", part.range);
        end = part.range.end;
    }
    assert_eq!(end, report.size);
}

/// Recomputes the Adler-32 of the index block at the end of the file.
pub(crate) fn fix_adler(file: &mut [u8]) {
    let index = file.len() - 8196;
    let block: &mut [u8; 8192] = (&mut file[index..index + 8192]).try_into().unwrap();
    let sum = pspf_nostd::digest::index_checksum(block);
    block[4..8].copy_from_slice(&sum.to_le_bytes());
}

/// Stores the SHA-256 of the bytes that the index calls metadata, then the Adler-32.
pub(crate) fn fix_checksums(file: &mut [u8]) {
    let index = file.len() - 8196;
    let word = |at: usize| u64::from_le_bytes(file[index + at..index + at + 8].try_into().unwrap());
    let range = ByteRange::new(word(24), word(32));
    let blob = range.and_then(|range| {
        file.get(usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()).map(sha256)
    });
    if let Some(digest) = blob {
        file[index + 96..index + 128].copy_from_slice(digest.as_bytes());
    }
    fix_adler(file);
}
