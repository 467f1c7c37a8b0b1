//! Each finding of the head: its code, the part and the bytes it is about, and the whole sentence.

use super::{
    package::{self, LAUNCHER, fix_adler, fix_checksums, set_field, verify},
    samples::samples,
};
use pspf_nostd::{
    codec::gzip_stored,
    index,
    offsets::{ByteRange, length, position},
    profile::Placement,
    report::{Finding, Severity},
};

/// A sample by its name, and where its sections are.
fn sample(name: &str) -> (Vec<u8>, Placement) {
    samples().into_iter().find(|sample| sample.name == name).unwrap().make()
}

fn rust() -> (Vec<u8>, Placement) {
    sample("Rust, all signed")
}

fn finding(file: &[u8], code: &str) -> Finding {
    let findings = verify(file).report.findings;
    findings.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("no {code}: {findings:?}")).clone()
}

/// Asserts what is said under `code`: part, first byte and length (from the start of the trailer where `trailer`), sentence.
fn assert_said(file: &[u8], code: &str, part: &str, range: Option<(u64, u64)>, sentence: &str) {
    let said = finding(file, code);
    let range = range.map(|(start, length)| ByteRange::new(start, length).unwrap());
    assert_eq!((said.part.as_str(), said.range), (part, range), "{code}: {}", said.message);
    assert_eq!(said.message, sentence, "{code}");
}

fn trailer(file: &[u8]) -> u64 {
    length(file) - 8200
}

#[test]
fn files_that_end_in_no_trailer() {
    let short = "the file has 8199 bytes, a package has at least 8200";
    assert_said(&[0; 8199], "trailer.missing", "trailer", Some((0, 8199)), short);
    let nothing = "not a PSPF/2025 package: the file does not end in a trailer";
    assert_said(&[0; 9000], "trailer.start_magic", "trailer", Some((800, 4)), nothing);
    assert_said(&[0; 8200], "trailer.start_magic", "trailer", Some((0, 4)), nothing);
    let (file, _) = package::sealed();
    let end = length(&file);
    for cut in [1, 7, 100, 1000] {
        let message = format!("not a whole package: the file is {cut} bytes shorter than the package that it holds");
        assert_said(
            &file[..file.len() - cut],
            "trailer.start_magic",
            "trailer",
            Some((end - u64::try_from(cut).unwrap() - 8200, 4)),
            &message,
        );
    }
    for more in [1, 7, 100, 8000] {
        let longer = [&file[..], &vec![b'x'; more]].concat();
        let message = format!("a package ends {more} bytes before the end of the file; nothing may follow it");
        assert_said(&longer, "trailer.start_magic", "trailer", Some((trailer(&longer), 4)), &message);
    }
    let damaged = "the trailer is damaged: one of its two magic numbers is there, the other is not";
    let mut start = file.clone();
    start[position(trailer(&file))] ^= 1;
    assert_said(&start, "trailer.start_magic", "trailer", Some((trailer(&file), 4)), damaged);
    let mut last = file.clone();
    *last.last_mut().unwrap() ^= 1;
    assert_said(&last, "trailer.end_magic", "trailer", Some((end - 4, 4)), damaged);
}

#[test]
fn the_index_itself() {
    let (file, placement) = rust();
    let at = trailer(&file);
    let mut sum = file.clone();
    sum[position(at) + 8] ^= 1;
    let stated = u32::from_le_bytes(sum[position(at) + 8..][..4].try_into().unwrap());
    let message = format!("Adler-32 of the index is {:#010x}, its checksum field says {stated:#010x}", stated ^ 1);
    assert_said(&sum, "index.checksum", "index", Some((at + 4, 8192)), &message);

    let mut version = file.clone();
    set_field(&mut version, index::VERSION, &0x2025_0002_u32.to_le_bytes());
    let message = "format version is 0x20250002, expected 0x20250001";
    assert_said(&version, "index.version", "index.format_version", Some((at + 4, 4)), message);

    let outside = "metadata_offset and metadata_size do not name bytes in front of the trailer";
    for (field, value) in [
        (index::METADATA_SIZE, 0),
        (index::METADATA_SIZE, at - placement.metadata.start + 1),
        (index::METADATA_SIZE, u64::MAX),
        (index::METADATA_OFFSET, at - placement.metadata.len() + 1),
    ] {
        let mut range = file.clone();
        set_field(&mut range, field, &value.to_le_bytes());
        assert_said(&range, "metadata.range", "index.metadata_offset", Some((at + 28, 16)), outside);
    }
    // Metadata that reach up to the trailer are read, and are not one gzip member.
    let mut range = file.clone();
    set_field(&mut range, index::METADATA_SIZE, &(at - placement.metadata.start).to_le_bytes());
    assert!(!package::codes(&verify(&range).report).contains(&"metadata.range"));
    assert_eq!(finding(&range, "metadata.trailing").severity, Severity::Error);

    let mut count = file.clone();
    set_field(&mut count, index::SLOT_COUNT, &65_536_u32.to_le_bytes());
    assert_said(&count, "slots.limit", "index.slot_count", None, "slot_count is 65536, the limit is 65535");
    let mut count = file.clone();
    set_field(&mut count, index::SLOT_COUNT, &65_535_u32.to_le_bytes());
    let message = "a slot table of 65535 slots at slot_table_offset does not fit in front of the trailer";
    assert_said(&count, "table.range", "index.slot_table_offset", None, message);
    let mut count = file.clone();
    set_field(&mut count, index::SLOT_COUNT, &3_u32.to_le_bytes());
    assert_said(&count, "slots.count", "index.slot_count", None, "slot_count is 3, the metadata list 4");
    let table = at - 4 * 64;
    for (offset, fits) in [(table, true), (table + 1, false), (u64::MAX, false)] {
        let mut moved = file.clone();
        set_field(&mut moved, index::SLOT_TABLE_OFFSET, &offset.to_le_bytes());
        assert_eq!(!package::codes(&verify(&moved).report).contains(&"table.range"), fits, "{offset}");
    }
}

#[test]
fn fields_of_the_index_are_compared_one_by_one() {
    let (file, _) = rust();
    let start = trailer(&file) + 4;
    for field in index::FIELDS {
        let special = match field.name {
            "format_version" | "index_checksum" | "public_key" | "signature" | "metadata_offset" | "metadata_size"
            | "slot_table_offset" | "slot_count" => continue,
            "package_size" => "index.package_size",
            "metadata_checksum" => "metadata.checksum",
            "attestation_key_fp" => "key.fingerprint",
            "attestation_sbom_digest" => "attestation.digest",
            "attestation_policy_hash" => "policy.hash",
            "launcher_size" => "launcher.size",
            _ => "index.field",
        };
        // The second byte of the field, or its only one.
        let at = usize::from(field.size > 1);
        let mut changed = file.clone();
        let place = position(start) + field.offset + at;
        changed[place] ^= 0x10;
        fix_adler(&mut changed);
        let said = finding(&changed, special);
        assert_eq!(said.part, format!("index.{}", field.name));
        let first = start + u64::try_from(field.offset + at).unwrap();
        assert_eq!(said.range, ByteRange::new(first, 1), "{}", field.name);
        let message = if field.size <= 8 {
            let word = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
            let value = |file: &[u8]| word(&file[place - at..][..field.size]);
            format!("`{}` is {:#x}, expected {:#x}", field.name, value(&changed), value(&file))
        } else {
            let byte = |file: &[u8]| format!("{:02x}", file[place]);
            format!("`{}` differs from byte {at}: found {}, expected {}", field.name, byte(&changed), byte(&file))
        };
        assert_eq!(said.message, message);
    }
    // From the first to the last byte that differs; eight of them are shown.
    let mut changed = file.clone();
    let field = position(start) + index::SOURCE_HASH.offset;
    changed[field + 3..field + 23].fill(0xab);
    changed[field + 10] = 0;
    fix_adler(&mut changed);
    let said = finding(&changed, "index.field");
    assert_eq!(said.range, ByteRange::new(u64::try_from(field).unwrap() + 3, 20));
    assert_eq!(said.message, "`source_hash` differs from byte 3: found ababababababab00, expected 0000000000000000");
}

/// The sample with another stored form of its metadata in the place of the old one.
fn with_blob(change: impl FnOnce(&mut Vec<u8>)) -> (Vec<u8>, ByteRange) {
    let (mut file, placement) = rust();
    let (start, end) = (position(placement.metadata.start), position(placement.metadata.end));
    let mut blob = file[start..end].to_vec();
    change(&mut blob);
    assert!(blob.len() <= end - start + 1, "no place for a longer one");
    file[start..start + blob.len()].copy_from_slice(&blob);
    set_field(&mut file, index::METADATA_SIZE, &length(&blob).to_le_bytes());
    fix_checksums(&mut file);
    (file, ByteRange::new(placement.metadata.start, length(&blob)).unwrap())
}

#[test]
fn the_stored_metadata() {
    let (file, range) = with_blob(|blob| blob[0] = 0);
    let said = finding(&file, "metadata.gzip");
    assert_eq!((said.part.as_str(), said.range), ("metadata", Some(range)));
    assert!(said.message.starts_with("not one gzip member: "), "{}", said.message);

    let (file, range) = with_blob(|blob| blob.push(0));
    let place = Some((range.start, range.len()));
    assert_said(&file, "metadata.trailing", "metadata", place, "1 bytes follow the gzip member of the metadata");

    // Extra flags say how hard the compressor tried: 0, 2 and 4 are in use.
    for (at, value, right) in [
        (8, 0, true),
        (8, 2, true),
        (8, 4, true),
        (9, 3, true),
        (9, 255, true),
        (4, 1, false),
        (7, 9, false),
        (8, 1, false),
        (8, 3, false),
    ] {
        let (file, range) = with_blob(|blob| blob[at] = value);
        let codes = package::codes(&verify(&file).report).join(" ");
        assert_eq!(!codes.contains("metadata.gzip_header"), right, "byte {at} = {value}: {codes}");
        if !right {
            let said = finding(&file, "metadata.gzip_header");
            assert_eq!((said.part.as_str(), said.range), ("metadata", Some(range)));
            assert!(
                said.message.starts_with("gzip header 1f8b0800")
                    && said.message.ends_with("is not one that a builder writes")
            );
        }
    }
    // A flag, with what it announces: CRC-16 of the header.
    let (file, _) = with_blob(|blob| {
        let json = pspf_nostd::codec::gunzip_one(blob, 1 << 20).unwrap().data;
        let small = &json[..json.len() - 10];
        let mut member = gzip_stored(small);
        member[3] = 2;
        let sum = crc32fast::hash(&member[..10]).to_le_bytes();
        member.splice(10..10, [sum[0], sum[1]]);
        *blob = member;
    });
    assert_eq!(finding(&file, "metadata.gzip_header").severity, Severity::Error);

    let (file, range) = with_blob(|blob| *blob = gzip_stored(b"{}"));
    let message = "metadata `format`: expected the string \"PSPF/2025\", found nothing";
    assert_said(&file, "metadata.json", "metadata", Some((range.start, range.len())), message);
}

#[test]
fn the_signature() {
    let (mut file, _) = rust();
    let at = trailer(&file) + 4 + 128;
    let signature: [u8; 64] = file[position(at)..][..64].try_into().unwrap();
    package::unsign(&mut file);
    let message = "the package is not signed: signature or public key is all zero";
    assert_said(&file, "signature.absent", "index.signature", Some((at, 64)), message);
    assert_eq!(finding(&file, "signature.absent").severity, Severity::Warning);
    let mut other = signature;
    other[0] ^= 1;
    set_field(&mut file, index::SIGNATURE, &other);
    let said = finding(&file, "signature.invalid");
    assert_eq!((said.part.as_str(), said.range), ("index.signature", ByteRange::new(at, 64)));
    assert_eq!(said.severity, Severity::Error);
}

#[test]
fn slots_of_the_metadata_and_rows_of_the_table() {
    let make = |entry: &str| {
        let json = format!(r#"{{"format":"PSPF/2025","build":{{"tool":"flavor-rs"}},"slots":[{entry}]}}"#);
        package::by_builder(pspf_nostd::profile::Profile::Rust, &json, LAUNCHER, &[(b"content", 7)])
    };
    let digest = pspf_nostd::digest::sha256(b"content");
    let (file, _) = make(&format!(r#"{{"slot":1,"size":7,"checksum":"{digest}","operations":"none"}}"#));
    assert_said(&file, "slot.number", "slot 0", None, "the metadata number slot 0 as 1");
    for checksum in ["12", "md5:00", &digest.to_string()[..63], &format!("sha256:sha256:sha256:{digest}")] {
        let (file, _) = make(&format!(r#"{{"size":7,"checksum":"{checksum}","operations":"none"}}"#));
        let message = format!("`slots[0].checksum` is not a SHA-256 digest: \"{checksum}\"");
        assert_said(&file, "slot.digest.malformed", "slot 0", None, &message);
    }
    for checksum in [format!("sha256:{digest}"), format!("sha256:sha256:{digest}"), digest.to_string()] {
        let (file, _) = make(&format!(r#"{{"slot":0,"size":7,"checksum":"{checksum}","operations":"none"}}"#));
        assert_eq!(package::codes(&verify(&file).report), ["launcher.digest.missing", "signature.coverage"]);
    }
    let json = r#"{"format":"PSPF/2025","build":{"tool":"flavor-python"},"slots":[{"operations":"nonsense"}]}"#;
    let (file, _) = package::by_builder(pspf_nostd::profile::Profile::Python, json, LAUNCHER, &[(b"", 0)]);
    let message = "`slots[0].operations` is not an operation chain: \"nonsense\"";
    assert_said(&file, "slot.operations", "slot 0", None, message);

    let (file, assembly) = make(&format!(r#"{{"id":"x","size":7,"checksum":"{digest}","operations":"none"}}"#));
    let row = assembly.placement.table.start;
    for (name, bytes) in pspf_nostd::descriptor::FIELDS {
        let mut changed = file.clone();
        changed[position(row) + bytes.start] ^= 0x40;
        let code = if *name == "checksum" { "slot.digest.descriptor" } else { "slot.descriptor" };
        let said = verify(&changed)
            .report
            .findings
            .into_iter()
            .find(|finding| finding.code == code && finding.part == format!("slot 0 descriptor.{name}"));
        let Some(said) = said else { panic!("{name} is not compared") };
        let start = row + u64::try_from(bytes.start).unwrap();
        assert_eq!(said.range, ByteRange::new(start, u64::try_from(bytes.len()).unwrap()), "{name}");
        let value = |file: &[u8]| {
            file[position(row)..][bytes.clone()].iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte))
        };
        let message = format!(
            "descriptor field `{name}` is {:#x}, the signed metadata imply {:#x}",
            value(&changed),
            value(&file)
        );
        assert_eq!(said.message, message);
    }
}

#[test]
fn what_the_content_should_have_been() {
    let (file, placement) = rust();
    let slot = placement.slots[0];
    let (signed, digest) = (pspf_nostd::digest::sha256(b"raw bytes"), pspf_nostd::digest::sha256(b"sbw bytes"));
    let mut changed = file.clone();
    changed[position(slot.start)..][..3].copy_from_slice(b"sbw");
    let message = format!("slot `raw` has SHA-256 {digest}, the signed metadata say {signed}");
    assert_said(&changed, "slot.digest.signed", "slot 0", Some((slot.start, slot.len())), &message);

    let mut changed = file.clone();
    changed[0] = b' ';
    let launcher = |file: &[u8]| pspf_nostd::digest::sha256(&file[..LAUNCHER.len()]);
    let message = format!("SHA-256 is {}, the signed metadata say {}", launcher(&changed), launcher(&file));
    assert_said(&changed, "launcher.digest", "launcher", Some((0, length(LAUNCHER))), &message);

    let hidden = "bytes between the sections must be zero; something is hidden here";
    let (start, end) = (LAUNCHER.len() + 10, LAUNCHER.len() + 21);
    let mut changed = file.clone();
    (changed[start], changed[end - 1]) = (1, 0x80);
    let place = Some((u64::try_from(start).unwrap(), 11));
    assert_said(&changed, "padding.nonzero", "padding", place, hidden);
}

#[test]
fn a_seal_that_does_not_hold() {
    let (file, assembly) = package::sealed();
    let (metadata, _) = (assembly.placement.metadata, assembly.placement.table);
    let mut other = file.clone();
    other[position(metadata.start) + 9] = 3;
    fix_checksums(&mut other);
    let message = "the stored metadata are not the canonical gzip member of a sealed package";
    assert_said(&other, "seal.gzip", "metadata", Some((metadata.start, metadata.len())), message);
    let signer = package::key().public_key().fingerprint();
    let json = |version: u64, signer: &str, launcher: &str, slot: &str| {
        format!(
            r#"{{"format":"PSPF/2025","build":{{"tool":"flavor"}},"launcher":{{"size":{},"checksum":"{launcher}"}},"slots":[{slot}],"seal":{{"version":{version},"signer":"{signer}"}}}}"#,
            LAUNCHER.len()
        )
    };
    let launcher = pspf_nostd::digest::sha256(LAUNCHER).to_string();
    let digest = pspf_nostd::digest::sha256(b"content").to_string();
    let whole = format!(r#"{{"size":7,"original_size":7,"checksum":"{digest}"}}"#);
    let make =
        |json: &str| package::by_builder(pspf_nostd::profile::Profile::Sealed, json, LAUNCHER, &[(b"content", 7)]).0;
    let right = make(&json(1, &signer.to_string(), &launcher, &whole));
    assert!(verify(&right).report.findings.is_empty());
    let file = make(&json(2, &signer.to_string(), &launcher, &whole));
    assert_said(&file, "seal.version", "metadata", None, "seal version is 2, this verifier knows version 1");
    let file = make(&json(1, "ab", &launcher, &whole));
    let message = format!("sealed for signer ab, signed by {signer}");
    assert_said(&file, "seal.signer", "index.public_key", None, &message);
    for checksum in ["", &launcher[..16], "no digest"] {
        let file = make(&json(1, &signer.to_string(), checksum, &whole));
        let message = "the signed metadata carry no SHA-256 of the launcher";
        assert_said(&file, "seal.launcher", "launcher", None, message);
    }
    for slot in [
        format!(r#"{{"original_size":7,"checksum":"{digest}"}}"#),
        format!(r#"{{"size":7,"checksum":"{digest}"}}"#),
        r#"{"size":7,"original_size":7}"#.to_owned(),
        format!(r#"{{"size":7,"original_size":7,"checksum":"{}"}}"#, &digest[..16]),
    ] {
        let file = make(&json(1, &signer.to_string(), &launcher, &slot));
        let message = "slot 0 of a sealed package lacks size, original_size or a full SHA-256";
        assert_said(&file, "seal.slot", "slot 0", None, message);
    }
}

#[test]
fn a_file_of_another_length() {
    let (file, placement) = rust();
    let (size, end) = (length(&file), placement.package_size - 8200);
    assert_eq!(size, placement.package_size);
    for more in [1, 8, 4096] {
        let mut longer = file.clone();
        longer.splice(position(end)..position(end), vec![0; more]);
        let more = u64::try_from(more).unwrap();
        let message = format!("the file has {} bytes, the package that it holds takes {size}", size + more);
        assert_said(&longer, "layout.size", "package", Some((end, more)), &message);
    }
    let mut shorter = file;
    shorter.drain(position(end) - 8..position(end));
    let message = format!("the file has {} bytes, the package that it holds takes {size}", size - 8);
    assert_said(&shorter, "layout.size", "package", None, &message);
}

#[test]
fn sections_that_share_bytes_are_named() {
    let (file, placement) = rust();
    let (metadata, table) = (placement.metadata, placement.table);
    // The first slot is said to begin in front of another section and to reach into it.
    for (start, range, part) in
        [(placement.launcher_size + 8, metadata, "metadata"), (metadata.end, table, "slot table")]
    {
        let mut shared = file.clone();
        let row = position(table.start);
        shared[row + 16..row + 24].copy_from_slice(&start.to_le_bytes());
        shared[row + 24..row + 32].copy_from_slice(&(range.start + 1 - start).to_le_bytes());
        let message = format!("{part} at {range} overlaps what is before it");
        assert_said(&shared, "layout.overlap", part, Some((range.start, range.len())), &message);
    }
}

#[test]
fn sizes_that_no_file_has() {
    let message = "the sections cannot be in a file: a size is too large";
    let (file, placement) = sample("Rust, sizes missing");
    let size = position(placement.table.start) + 24;
    for large in [u64::MAX, u64::MAX - 8192] {
        let mut slot = file.clone();
        slot[size..size + 8].copy_from_slice(&large.to_le_bytes());
        assert_said(&slot, "slot.range", "slot 0", None, message);
        let mut launcher = file.clone();
        set_field(&mut launcher, index::LAUNCHER_SIZE, &large.to_le_bytes());
        assert_said(&launcher, "layout.size", "package", None, message);
    }
}

#[test]
fn stored_metadata_may_have_all_bytes_that_the_limit_allows() {
    let (good, _) = rust();
    let limit = pspf_nostd::limits::METADATA_STORED_MAX;
    for (size, code) in [(limit, "metadata.gzip"), (limit + 1, "metadata.limit")] {
        let mut file = vec![0; position(size)];
        file.extend_from_slice(&good[good.len() - 8200..]);
        set_field(&mut file, index::METADATA_OFFSET, &0_u64.to_le_bytes());
        set_field(&mut file, index::METADATA_SIZE, &size.to_le_bytes());
        assert_eq!(package::codes(&verify(&file).report), [code], "{size} bytes");
    }
}
