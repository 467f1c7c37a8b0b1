//! The length before encoding, which the Python builder does not sign: it is counted where that can be done.

use super::{
    package::{LAUNCHER, by_builder, codes, verify},
    samples::gzip,
};
use pspf_nostd::{
    digest::sha256,
    offsets::{ByteRange, length, position},
    profile::Profile,
    report::{Integrity, Report},
    verify::{Scope, TrustedKeys, Verification, verify_slice},
};

/// A package with one slot whose descriptor claims a length before encoding, and where its descriptor is.
fn package(profile: Profile, operations: &str, stored: &[u8], claim: u64) -> (Vec<u8>, u64) {
    let tool = if profile == Profile::Python { "flavor-python" } else { "flavor-rs" };
    let (launcher, checksum) = (sha256(LAUNCHER), sha256(stored));
    let json = format!(
        r#"{{"format":"PSPF/2025","build":{{"tool":"{tool}"}},"launcher":{{"size":{},"checksum":"{launcher}"}},
        "slots":[{{"id":"a","size":{},"checksum":"{checksum}","operations":"{operations}"}}]}}"#,
        LAUNCHER.len(),
        stored.len()
    );
    let (mut file, assembly) = by_builder(profile, &json, LAUNCHER, &[(stored, stored.len())]);
    let row = assembly.placement.table.start;
    file[position(row) + 32..][..8].copy_from_slice(&claim.to_le_bytes());
    (file, row)
}

/// The report of the whole, which has to be the same however the bytes are cut.
fn report(file: &[u8]) -> Report {
    let whole = verify(file).report;
    for piece in [1, 7] {
        let mut verification = Verification::new(length(file), Scope::Content, TrustedKeys::default());
        while let Some(range) = verification.wants() {
            let wanted = &file[position(range.start)..position(range.end)];
            verification.supply(&wanted[..piece.min(wanted.len())]).unwrap();
        }
        assert_eq!(verification.finish().report, whole, "pieces of {piece}");
    }
    whole
}

const CONTENT: &[u8] = b"forty-two bytes of content for a gzip slot";

#[test]
fn a_gzip_slot_has_its_decoded_or_its_stored_length() {
    let (once, twice) = (gzip(CONTENT), gzip(&gzip(CONTENT)));
    for (operations, stored) in [("gzip", &once), ("tar|gzip", &once), ("tgz", &once), ("gzip|gzip", &twice)] {
        let decoded = length(CONTENT);
        assert_eq!(decoded, 42);
        for claim in [decoded, length(stored)] {
            let (file, _) = package(Profile::Python, operations, stored, claim);
            let report = report(&file);
            assert_eq!((codes(&report), report.state), (vec![], Integrity::Bound), "{operations}, {claim}");
        }
        for claim in [0, 1, 41, 43, length(stored) + 1, length(stored) - 1, decoded + (1 << 32), 1 << 40, u64::MAX] {
            let (file, row) = package(Profile::Python, operations, stored, claim);
            let report = report(&file);
            assert_eq!(
                (codes(&report), report.state),
                (vec!["slot.original_size"], Integrity::Broken),
                "{operations}, {claim}"
            );
            let said = &report.findings[0];
            assert_eq!(
                (said.part.as_str(), said.range),
                ("slot 0 descriptor.original_size", ByteRange::new(row + 32, 8))
            );
            let found =
                if claim < decoded && operations != "gzip|gzip" { "do not decode to that" } else { "decode to 42" };
            let message =
                format!("original_size of slot `a` is {claim}, but its {} stored bytes {found}", stored.len());
            assert_eq!(said.message, message);
            // The head is not enough to know.
            assert!(verify_slice(&file, Scope::Head, TrustedKeys::default()).report.findings.is_empty());
        }
    }
}

#[test]
fn what_does_not_decode_has_its_stored_length_only() {
    let member = gzip(CONTENT);
    let with_more = [&member[..], b"more"].concat();
    for stored in [&b"no gzip"[..], b"", &member[..member.len() - 1], &with_more] {
        let (file, _) = package(Profile::Python, "gzip", stored, length(stored));
        assert_eq!(report(&file).state, Integrity::Bound);
        for claim in [1, 42, u64::MAX] {
            let (file, _) = package(Profile::Python, "gzip", stored, claim);
            let report = report(&file);
            assert_eq!((codes(&report), report.state), (vec!["slot.original_size"], Integrity::Broken), "{claim}");
        }
    }
}

#[test]
fn an_unencoded_slot_has_its_stored_length() {
    for (operations, profile) in
        [("none", Profile::Python), ("tar", Profile::Python), ("tar", Profile::Rust), ("gzip", Profile::Rust)]
    {
        let stored = gzip(CONTENT);
        let (file, _) = package(profile, operations, &stored, length(&stored));
        assert_eq!(report(&file).state, Integrity::Bound, "{operations}");
        for claim in [0, 42, length(&stored) + 1, length(&stored) + (1 << 32)] {
            let (file, row) = package(profile, operations, &stored, claim);
            let report = report(&file);
            assert_eq!((codes(&report), report.state), (vec!["slot.descriptor"], Integrity::Broken), "{operations}");
            let said = &report.findings[0];
            assert_eq!(
                (said.part.as_str(), said.range),
                ("slot 0 descriptor.original_size", ByteRange::new(row + 32, 8))
            );
        }
    }
}

/// Such a package is never bound, and `provable` says so before anything is decoded.
#[test]
fn any_length_passes_where_only_other_decoders_could_tell() {
    for operations in ["bzip2", "tar|bzip2", "gzip|bzip2", "xz", "zstd"] {
        for claim in [0, 42, u64::MAX] {
            let (file, _) = package(Profile::Python, operations, b"anything", claim);
            let report = report(&file);
            assert_eq!(
                (codes(&report), report.ok, report.state),
                (vec!["signature.coverage"], false, Integrity::Intact),
                "{operations}"
            );
            let head = verify_slice(&file, Scope::Head, TrustedKeys::default()).authenticated.unwrap();
            assert_eq!(head.provable(), Integrity::Intact, "{operations}");
            assert_eq!(head.slots()[0].original_size(), None);
        }
    }
}
