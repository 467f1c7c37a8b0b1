//! The coverage map: what is said of every field and section, for every profile, signed and unsigned.

use super::{
    package::{assert_coverage_is_exact, codes, fix_adler, unsign, verify},
    samples::*,
};
use pspf_nostd::{
    descriptor, index,
    offsets::{ByteRange, length, position},
    profile::{Placement, Profile},
    report::{Integrity, Protection, Report},
    verify::{Scope, TrustedKeys, verify_slice},
};

/// Every field of the index, in each profile with a signed launcher digest and without an attestation.
#[rustfmt::skip]
const INDEX: [(&str, [Class; 4]); 42] = [
    //                          sealed   Python     Rust       Go
    ("format_version",          [DERIVED; 4]),
    ("index_checksum",          [DERIVED, CHECKSUM,  CHECKSUM,  CHECKSUM]),
    ("package_size",            [DERIVED, LENGTHS,   LENGTHS,   LENGTHS]),
    ("launcher_size",           [DERIVED; 4]),
    ("metadata_offset",         [DERIVED; 4]),
    ("metadata_size",           [DERIVED, LENGTHS,   LENGTHS,   LENGTHS]),
    ("slot_table_offset",       [DERIVED, LENGTHS,   LENGTHS,   LENGTHS]),
    ("slot_table_size",         [DERIVED; 4]),
    ("slot_count",              [DERIVED; 4]),
    ("flags",                   [DERIVED; 4]),
    ("public_key",              [SIGNER; 4]),
    ("metadata_checksum",       [DERIVED, CHECKSUM,  CHECKSUM,  CHECKSUM]),
    ("signature",               [SIGNER; 4]),
    ("signature_padding",       [DERIVED; 4]),
    ("access_mode",             [DERIVED; 4]),
    ("cache_strategy",          [DERIVED; 4]),
    ("hint_642",                [DERIVED; 4]),
    ("hint_643",                [DERIVED; 4]),
    ("page_size",               [DERIVED; 4]),
    ("max_memory",              [DERIVED; 4]),
    ("min_memory",              [DERIVED; 4]),
    ("cpu_features",            [DERIVED; 4]),
    ("gpu_requirements",        [DERIVED; 4]),
    ("numa_hints",              [DERIVED; 4]),
    ("stream_chunk_size",       [DERIVED; 4]),
    ("padding_692",             [DERIVED; 4]),
    ("build_timestamp",         [DERIVED; 4]),
    ("build_machine",           [DERIVED; 4]),
    ("source_hash",             [DERIVED; 4]),
    ("dependency_hash",         [DERIVED; 4]),
    ("license_id",              [DERIVED; 4]),
    ("provenance_uri",          [DERIVED; 4]),
    ("capabilities",            [DERIVED, OPTIONS,   DERIVED,   DERIVED]),
    ("requirements",            [DERIVED; 4]),
    ("extensions",              [DERIVED; 4]),
    ("compatibility",           [DERIVED; 4]),
    ("protocol_version",        [DERIVED; 4]),
    ("future_crypto",           [DERIVED; 4]),
    ("attestation_key_fp",      [DERIVED; 4]),
    ("attestation_sbom_digest", [DERIVED; 4]),
    ("attestation_policy_hash", [DERIVED; 4]),
    ("reserved",                [DERIVED; 4]),
];

const PROFILES: [Profile; 4] = [Profile::Sealed, Profile::Python, Profile::Rust, Profile::Go];

impl Sample {
    fn column(&self) -> usize {
        PROFILES.iter().position(|profile| *profile == self.profile).unwrap()
    }

    /// The whole map, neighbours of one kind joined.
    fn expected(&self, placement: &Placement, signed: bool) -> Vec<(ByteRange, String, Class)> {
        let sealed = self.profile == Profile::Sealed;
        let unnamed = self.tool.is_none() && !sealed;
        let derived = |class: Class| if unnamed && class == DERIVED { UNNAMED } else { class };
        let mut parts: Vec<(ByteRange, String, Class)> = Vec::new();
        let launcher = ByteRange { start: 0, end: placement.launcher_size };
        parts.push((launcher, "launcher".to_owned(), if self.launcher_signed { DIGEST } else { ANY_LAUNCHER }));
        parts.push((placement.metadata, "metadata".to_owned(), if sealed { CANONICAL } else { COMPRESSED }));
        for (number, slot) in self.slots.iter().enumerate() {
            parts.push((placement.slots[number], format!("slot {number}"), slot.content));
            let row = placement.table.start + 64 * u64::try_from(number).unwrap();
            for (name, bytes) in descriptor::FIELDS {
                let class = slot.columns.iter().find(|(column, _)| column == name).map_or(DERIVED, |(_, class)| *class);
                // The start of a signed digest, whoever built the package.
                let class = if *name == "checksum" { class } else { derived(class) };
                let start = row + u64::try_from(bytes.start).unwrap();
                let range = ByteRange { start, end: row + u64::try_from(bytes.end).unwrap() };
                parts.push((range, "slot table".to_owned(), class));
            }
        }
        let trailer = placement.package_size - 8200;
        parts.push((ByteRange::new(trailer, 4).unwrap(), "trailer".to_owned(), FIXED));
        for (field, (name, classes)) in index::FIELDS.iter().zip(INDEX) {
            assert_eq!(field.name, name);
            let class = self.index.iter().find(|(field, _)| *field == name);
            let class = derived(class.map_or(classes[self.column()], |(_, class)| *class));
            let start = trailer + 4 + u64::try_from(field.offset).unwrap();
            let range = ByteRange::new(start, u64::try_from(field.size).unwrap()).unwrap();
            parts.push((range, "index".to_owned(), class));
        }
        parts.push((ByteRange::new(trailer + 8196, 4).unwrap(), "trailer".to_owned(), FIXED));
        parts.retain(|(range, ..)| !range.is_empty());
        parts.sort_by_key(|(range, ..)| range.start);
        let mut whole: Vec<(ByteRange, String, Class)> = Vec::new();
        let mut end = 0;
        for part in parts {
            if part.0.start > end {
                whole.push((ByteRange { start: end, end: part.0.start }, "padding".to_owned(), ZERO));
            }
            end = part.0.end;
            whole.push(part);
        }
        for (_, _, class) in &mut whole {
            if !signed && class.0 == Protection::Authenticated {
                *class = UNSIGNED;
            }
        }
        join(whole)
    }
}

fn join(parts: Vec<(ByteRange, String, Class)>) -> Vec<(ByteRange, String, Class)> {
    let mut joined: Vec<(ByteRange, String, Class)> = Vec::new();
    for (range, part, class) in parts {
        match joined.last_mut() {
            Some(last) if last.1 == part && last.2 == class => last.0.end = range.end,
            _ => joined.push((range, part, class)),
        }
    }
    joined
}

fn found(report: &Report) -> Vec<(ByteRange, String, (Protection, String))> {
    let part = |part: &pspf_nostd::report::Coverage| {
        (part.range, part.part.clone(), (part.class, part.reason.clone().into_owned()))
    };
    report.coverage.iter().map(part).collect()
}

fn owned(parts: Vec<(ByteRange, String, Class)>) -> Vec<(ByteRange, String, (Protection, String))> {
    parts.into_iter().map(|(range, part, class)| (range, part, (class.0, class.1.to_owned()))).collect()
}

#[test]
fn every_field_and_section_of_every_profile_has_its_class_and_reason() {
    for (sample, file, placement) in all() {
        let report = verify(&file).report;
        let mut expected = sample.codes.to_vec();
        if sample.state == Integrity::Intact {
            // Behind the other warnings, before what is only worth knowing.
            let at = expected.iter().position(|code| *code == "profile.unknown").unwrap_or(expected.len());
            expected.insert(at, "signature.coverage");
        }
        assert_eq!(codes(&report), expected, "{}", sample.name);
        assert_eq!((report.ok, report.state), (sample.state > Integrity::Intact, sample.state), "{}", sample.name);
        assert_eq!(found(&report), owned(sample.expected(&placement, true)), "{}", sample.name);
    }
}

#[test]
fn nothing_of_an_unsigned_package_is_authenticated() {
    for (sample, mut file, placement) in all() {
        unsign(&mut file);
        let report = verify(&file).report;
        let mut found_codes = codes(&report);
        let mut expected = [sample.codes, &["signature.absent"]].concat();
        found_codes.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found_codes, expected, "{}", sample.name);
        assert_eq!((report.ok, report.state), (false, Integrity::Intact), "{}", sample.name);
        assert_eq!(found(&report), owned(sample.expected(&placement, false)), "{}", sample.name);
        assert_eq!(report.covered_bytes()[0], 0);
    }
}

#[test]
fn bytes_that_were_not_read_are_not_protected() {
    let short = verify(&[0; 100]).report;
    for report in [&short].into_iter().chain(&all().iter().map(|(_, file, _)| head(file)).collect::<Vec<_>>()) {
        let whole = ByteRange { start: 0, end: report.size };
        assert_eq!(
            found(report),
            owned(vec![(whole, "package".to_owned(), if report.size == 100 { FAILED } else { NOT_READ })])
        );
        assert_eq!(report.covered_bytes(), [0, 0, report.size]);
    }
}

fn head(file: &[u8]) -> Report {
    verify_slice(file, Scope::Head, TrustedKeys::default()).report
}

/// What an error is about proves nothing; all the rest keeps its class.
#[test]
fn only_the_part_that_failed_loses_its_protection() {
    for (sample, file, placement) in all() {
        let whole = sample.expected(&placement, true);
        let mut places: Vec<u64> =
            placement.slots.iter().filter(|range| !range.is_empty()).map(|range| range.end - 1).collect();
        places.push(placement.package_size - 8196 + 60);
        if sample.launcher_signed {
            places.push(0);
        }
        let padding = whole.iter().find(|(_, part, _)| part == "padding").unwrap().0;
        places.push(padding.end - 1);
        for at in places {
            let mut damaged = file.clone();
            damaged[position(at)] ^= 1;
            if at >= length(&file) - 8200 {
                fix_adler(&mut damaged);
            }
            let report = verify(&damaged).report;
            assert_eq!(report.state, Integrity::Broken, "{}, byte {at}", sample.name);
            assert_coverage_is_exact(&report);
            let expected = whole.clone().into_iter().map(|(range, part, class)| {
                let failed = range.start <= at && at < range.end;
                (range, part, if failed { FAILED } else { class })
            });
            assert_eq!(found(&report), owned(expected.collect()), "{}, byte {at}", sample.name);
        }
    }
}
