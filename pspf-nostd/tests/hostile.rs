//! Input that nobody wrote: random bytes, random damage, numbers at the ends of their range, structures at their limits.

mod package;

use package::{assert_coverage_is_exact, codes, encoded, fix_adler, fix_checksums, key, sealed, verify, write};
use proptest::prelude::*;
use pspf_nostd::{
    codec::gzip_stored,
    descriptor,
    index::{self, END_MAGIC, IndexBlock, START_MAGIC},
    limits::{FINDINGS_MAX, READ_WINDOW},
    metadata::Metadata,
    offsets::{ByteRange, length, position},
    profile::Profile,
    report::{Integrity, Report},
    verify::{Scope, TrustedKeys, Verification, verify_slice},
    writer::assemble,
};

/// What must hold of any report.
fn assert_sound(report: &Report) {
    assert_coverage_is_exact(report);
    serde_json::to_vec(report).unwrap();
    assert_eq!(report.state == Integrity::Broken, report.errors().next().is_some());
    assert_eq!(report.ok, report.proves(Integrity::Bound));
    assert!(!report.ok || report.state > Integrity::Intact);
}

/// Runs both scopes; the sample's own signature can only be valid over the sample's own metadata.
fn assert_survives(file: &[u8]) {
    for scope in [Scope::Head, Scope::Content] {
        let outcome = verify_slice(file, scope, TrustedKeys::default());
        assert_sound(&outcome.report);
        assert_eq!(outcome.checked.is_some(), outcome.report.proves(Integrity::Intact));
        assert!(outcome.checked.is_none() || outcome.authenticated.is_some());
    }
}

/// A trailer with a right Adler-32 around an index block that starts with these bytes.
fn trailer(start: &[u8]) -> Vec<u8> {
    let mut block = IndexBlock::from_bytes(&[start, &vec![0; 8192 - start.len()]].concat()).unwrap();
    block.set(index::VERSION, &index::FORMAT_VERSION.to_le_bytes());
    block.seal_checksum();
    [&START_MAGIC[..], block.as_bytes(), &END_MAGIC].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..10_000)) {
        assert_survives(&bytes);
        prop_assert!(!verify(&bytes).report.ok);
    }

    #[test]
    fn a_random_index_is_refused(
        before in prop::collection::vec(any::<u8>(), 0..200),
        words in prop::collection::vec(prop_oneof![0_u64..300, any::<u64>()], 32),
    ) {
        let words: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let file = [before, trailer(&words)].concat();
        assert_survives(&file);
        prop_assert!(!verify(&file).report.ok);
    }

    #[test]
    fn random_damage_to_a_sealed_package_is_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
        fix in any::<bool>(),
    ) {
        let (original, _) = sealed();
        let mut file = original.clone();
        for (at, value) in edits {
            let at = at.index(file.len());
            file[at] = value;
        }
        if let Some(cut) = cut {
            file.remove(cut.index(file.len()));
        }
        if fix {
            fix_checksums(&mut file);
        }
        assert_survives(&file);
        prop_assert_eq!(verify(&file).report.ok, file == original);
    }

    #[test]
    fn random_words_in_index_and_table_are_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), extreme()), 1..4),
    ) {
        let (mut file, _) = sealed();
        let places = word_places(&file);
        for (place, value) in edits {
            let at = *place.get(&places);
            file[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        fix_checksums(&mut file);
        assert_survives(&file);
        prop_assert!(!verify(&file).report.ok || file == sealed().0);
    }
}

/// Numbers around the ends of the ranges that offsets and sizes have.
const EXTREMES: [u64; 14] = [
    u64::MAX,
    u64::MAX - 1,
    u64::MAX - 63,
    u64::MAX - 8199,
    u64::MAX - 8200,
    u64::MAX / 2,
    u64::MAX / 2 + 1,
    u64::MAX / 64,
    1 << 62,
    1 << 32,
    (1 << 32) - 1,
    1 << 31,
    1,
    0,
];

fn extreme() -> impl Strategy<Value = u64> {
    prop_oneof![prop::sample::select(EXTREMES.to_vec()), 0_u64..20_000, any::<u64>()]
}

/// Where the 64-bit words of the sample's index and descriptors are.
fn word_places(file: &[u8]) -> Vec<usize> {
    let table = position(sealed().1.placement.table.start);
    let index = file.len() - 8196;
    let words = index::FIELDS.iter().filter(|field| field.size == 8).map(|field| index + field.offset);
    let columns = descriptor::FIELDS.iter().filter(|(_, bytes)| bytes.len() == 8);
    let rows = columns.flat_map(|(_, bytes)| (0..5).map(move |row| table + 64 * row + bytes.start));
    words.chain(rows).collect()
}

#[test]
fn extreme_numbers_in_every_word_are_refused() {
    let (file, _) = sealed();
    for at in word_places(&file) {
        for value in EXTREMES {
            let mut copy = file.clone();
            copy[at..at + 8].copy_from_slice(&value.to_le_bytes());
            fix_checksums(&mut copy);
            assert_survives(&copy);
            assert_eq!(verify(&copy).report.ok, copy == file, "{value:#x} at {at}");
        }
    }
}

/// A file of a claimed size with zeros in front of a trailer, read through the engine's own questions.
#[test]
fn files_as_long_as_numbers_go_are_refused() {
    for size in [8200, 8201, 1 << 32, 1 << 62, u64::MAX - 1, u64::MAX] {
        for word in EXTREMES {
            let words: Vec<u8> =
                [0, size, word, word, word, word, word, word].iter().flat_map(|w| w.to_le_bytes()).collect();
            let trailer = trailer(&words);
            let mut verification = Verification::new(size, Scope::Content, TrustedKeys::default());
            for _ in 0..64 {
                let Some(range) = verification.wants() else { break };
                assert!(range.len() <= READ_WINDOW && range.end <= size && !range.is_empty());
                let byte = |at: u64| at.checked_sub(size - 8200).map_or(0, |at| trailer[position(at)]);
                let bytes: Vec<u8> = (range.start..range.end).map(byte).collect();
                verification.supply(&bytes).unwrap();
            }
            let outcome = verification.finish();
            assert!(!outcome.report.ok && outcome.authenticated.is_none());
            assert_sound(&outcome.report);
        }
    }
}

/// A Rust-profile package around this JSON, signed, its slots all empty.
fn package(json: String, slots: usize) -> Vec<u8> {
    let metadata = Metadata::parse(json.into_bytes()).unwrap();
    let blob = gzip_stored(metadata.raw());
    let assembly = assemble(Profile::Rust, &metadata, blob, 0, &vec![encoded(b"", 0); slots], &key()).unwrap();
    write(&assembly, b"", &vec![&b""[..]; slots])
}

#[test]
fn as_many_slots_as_allowed_are_read_and_one_more_is_refused() {
    let slots = |count: usize| format!(r#"{{"format":"PSPF/2025","slots":[{}]}}"#, vec!["{}"; count].join(","));
    let most = verify(&package(slots(65_535), 65_535)).report;
    assert!(most.proves(Integrity::Intact), "{:?}", most.findings.first());
    assert_eq!(most.slots.len(), 65_535);
    let mut file = package(slots(65_536), 65_536);
    let report = verify(&file).report;
    assert!(codes(&report).contains(&"slots.limit"));
    // Every field of every descriptor is wrong: the report must not grow with the damage.
    let table = file.len() - 8200 - 65_536 * 64;
    file[table..table + 65_536 * 64].fill(0xff);
    let count = file.len() - 8196 + 56;
    file[count..count + 4].copy_from_slice(&65_535_u32.to_le_bytes());
    fix_adler(&mut file);
    assert!(!verify(&file).report.ok);
    let mut file = package(slots(65_535), 65_535);
    let table = file.len() - 8200 - 65_535 * 64;
    for row in file[table..table + 65_535 * 64].chunks_exact_mut(64) {
        // All fields but offset and size, so that the content is read as well.
        row[..16].fill(0xee);
        row[32..].fill(0xee);
    }
    let report = verify(&file).report;
    assert_sound(&report);
    assert!(!report.ok);
    assert!(report.findings.len() <= 3 * FINDINGS_MAX + 1, "{} findings", report.findings.len());
    assert!(codes(&report).contains(&"findings.limit"));
    // One error behind thousands of warnings is still an error.
    let mut file = package(slots(65_535), 65_535);
    file[table + 65_534 * 64 + 48] ^= 1;
    let report = verify(&file).report;
    assert!(!report.ok && codes(&report).first() == Some(&"slot.checksum"));
}

#[test]
fn metadata_full_of_environment_names_are_read_in_one_go() {
    let names: Vec<String> = (0..140_000).map(|number| format!(r#""v{number}":"""#)).collect();
    let names = names.join(",");
    let json = format!(r#"{{"format":"PSPF/2025","execution":{{"command":"x","env":{{{names}}}}}}}"#);
    let report = verify(&package(json, 0)).report;
    assert!(report.proves(Integrity::Intact), "{:?}", report.findings);
}

#[test]
fn a_slot_that_stands_for_the_package_itself_holds_no_bytes() {
    // Such a slot has no digest; bytes in it would be bytes that nobody signed (docs/format.md §3, `$SELF`).
    let json = r#"{"format":"PSPF/2025","build":{"tool":"flavor-go"},"slots":[{"id":"self","target":"self","self_ref":true}]}"#;
    let metadata = Metadata::parse(json.as_bytes().to_vec()).unwrap();
    let assembly =
        assemble(Profile::Go, &metadata, gzip_stored(metadata.raw()), 0, &[encoded(b"", 0)], &key()).unwrap();
    let honest = write(&assembly, b"", &[b""]);
    assert!(verify(&honest).report.proves(Integrity::Intact));
    let table = position(assembly.placement.table.start);
    let trailer = honest.len() - 8200;
    let mut file = honest.clone();
    file.splice(trailer..trailer, *b"hidden!!");
    let range = ByteRange::new(u64::try_from(trailer).unwrap(), 8).unwrap();
    for (at, word) in [(16, range.start), (24, 8), (32, 8)] {
        file[table + at..table + at + 8].copy_from_slice(&word.to_le_bytes());
    }
    let index = file.len() - 8196;
    let size = length(&file);
    file[index + 8..index + 16].copy_from_slice(&size.to_le_bytes());
    fix_adler(&mut file);
    let report = verify(&file).report;
    assert!(!report.ok && report.state == Integrity::Broken, "{report:?}");
}
