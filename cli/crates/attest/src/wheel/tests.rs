use super::*;
use flate2::{Compression, write::DeflateEncoder};
use pspf_nostd::digest::sha256;
use std::io::Write as _;

/// One file of a zip archive, as list and local header describe it.
#[derive(Clone, Default)]
struct Part {
    name: String,
    /// Where the local header has another.
    local_name: Option<String>,
    content: Vec<u8>,
    deflate: bool,
    flags: u16,
    /// Unix mode with its type; zero for archives that were not made on Unix.
    mode: u32,
    /// Where it differs from the content's.
    claimed_size: Option<u32>,
    /// Behind the compressed bytes, counted as theirs.
    junk: Vec<u8>,
    /// Behind them, counted as nobody's.
    gap: Vec<u8>,
    zip64: bool,
    /// An extra field of the local header.
    extra: Vec<u8>,
    /// Whether the local header of a described file says sizes all the same, and which.
    early: Option<u32>,
}

fn part(name: &str, content: impl Into<Vec<u8>>) -> Part {
    Part { name: name.to_owned(), content: content.into(), ..Part::default() }
}

const DESCRIBED: u16 = 1 << 3;

/// The archive of `parts`; those in `again` are listed once more.
fn zip(parts: &[Part], again: &[usize]) -> Vec<u8> {
    let (mut bytes, mut records) = (Vec::new(), Vec::new());
    for part in parts {
        let start = u32::try_from(bytes.len()).unwrap();
        let mut stored = part.content.clone();
        if part.deflate {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&part.content).unwrap();
            stored = encoder.finish().unwrap();
        }
        stored.extend_from_slice(&part.junk);
        let size = part.claimed_size.unwrap_or_else(|| u32::try_from(part.content.len()).unwrap());
        let sizes = [u32::try_from(stored.len()).unwrap(), size];
        let mut crc = flate2::Crc::new();
        crc.update(&part.content);
        let words = |values: &[u16]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let doubles = |values: &[u32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let header = |name: &str, hidden: bool| {
            let method = if part.deflate { 8 } else { 0 };
            let extra = if part.zip64 {
                let long = [u64::from(sizes[1]), u64::from(sizes[0])];
                [words(&[1, 16]), long.iter().flat_map(|value| value.to_le_bytes()).collect()].concat()
            } else {
                Vec::new()
            };
            let known = match (hidden, part.zip64) {
                (true, _) => doubles(&part.early.map_or([0; 3], |size| [crc.sum(), sizes[0], size])),
                (false, true) => doubles(&[crc.sum(), u32::MAX, u32::MAX]),
                (false, false) => doubles(&[crc.sum(), sizes[0], sizes[1]]),
            };
            let lengths = words(&[u16::try_from(name.len()).unwrap(), u16::try_from(extra.len()).unwrap()]);
            ([words(&[20, part.flags, method, 0, 0]), known, lengths].concat(), extra)
        };
        let name = part.local_name.as_deref().unwrap_or(&part.name);
        let (mut fixed, mut extra) = header(name, part.flags & DESCRIBED != 0);
        extra.extend_from_slice(&part.extra);
        let length = u16::try_from(extra.len()).unwrap().to_le_bytes();
        let end = fixed.len();
        fixed[end - 2..].copy_from_slice(&length);
        bytes.extend([b"PK\x03\x04".as_slice(), &fixed, name.as_bytes(), &extra, &stored].concat());
        if part.flags & DESCRIBED != 0 {
            bytes.extend([b"PK\x07\x08".as_slice(), &doubles(&[crc.sum(), sizes[0], sizes[1]])].concat());
        }
        bytes.extend_from_slice(&part.gap);
        let (fixed, extra) = header(&part.name, false);
        let made_by = if part.mode == 0 { 20_u16 } else { 20 | 3 << 8 };
        let rest = [words(&[0, 0, 0]), doubles(&[part.mode << 16, start])].concat();
        let made_by = made_by.to_le_bytes();
        records.push([b"PK\x01\x02".as_slice(), &made_by, &fixed, &rest, part.name.as_bytes(), &extra].concat());
    }
    let directory = u32::try_from(bytes.len()).unwrap();
    let repeated = again.iter().map(|number| records[*number].clone()).collect::<Vec<_>>();
    let records = [records, repeated].concat();
    let count = u16::try_from(records.len()).unwrap().to_le_bytes();
    let records = records.concat();
    let size = u32::try_from(records.len()).unwrap().to_le_bytes();
    let end = [b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &size, &directory.to_le_bytes(), &[0, 0]].concat();
    [bytes, records, end].concat()
}

/// The line of a file in `RECORD`.
fn line(name: &str, content: &[u8]) -> String {
    let digest = Base64UrlUnpadded::encode_string(sha256(content).as_bytes());
    format!("{name},sha256={digest},{}\n", content.len())
}

const METADATA: &str = "Metadata-Version: 2.1\nName: Good_One\nVersion: 1.0\n\nwords\n";

/// A wheel as it should be, with more files.
fn good(more: &[Part]) -> Vec<Part> {
    let mut parts = vec![part("good_one/__init__.py", "x = 1\n"), part("good_one-1.0.dist-info/METADATA", METADATA)];
    parts.extend_from_slice(more);
    let mut record: String = parts.iter().map(|part| line(&part.name, &part.content)).collect();
    record.push_str("good_one-1.0.dist-info/RECORD,,\n");
    parts.push(part("good_one-1.0.dist-info/RECORD", record));
    parts
}

fn look(bytes: &[u8], name: &str, budget: u64) -> Wheel {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let mut budget = budget;
    examine(file, u64::try_from(bytes.len()).unwrap(), name, &mut budget)
}

const NAME: &str = "good_one-1.0-py3-none-any.whl";

fn faults(bytes: &[u8]) -> Vec<Fault> {
    look(bytes, NAME, WHEELS_TOTAL_MAX).faults
}

#[track_caller]
fn refused(bytes: &[u8], rule: Rule, words: &str) {
    let found = faults(bytes);
    assert!(found.iter().any(|fault| fault.rule == rule && fault.message.contains(words)), "{words}: {found:#?}");
}

#[test]
fn a_wheel_as_it_should_be_has_no_faults() {
    let zeros = Part { deflate: true, mode: 0o100_755, ..part("good_one/zeros", vec![0; 100_000]) };
    let described = Part { flags: DESCRIBED, deflate: true, ..part("good_one/described", "words ".repeat(99)) };
    let long = Part { zip64: true, ..part("good_one/long", "words") };
    let marked = Part { flags: 1 << 11, ..part("good_one/gr\u{fc}n", "words") };
    let quoted = part("good_one/a b", "words");
    let early = Part { flags: DESCRIBED, early: Some(5), ..part("good_one/early", "words") };
    let folder = |name| Part { mode: 0o040_755, ..part(name, "") };
    let folders = [folder("good_one/sub/"), folder("good_one/")];
    let mut parts = good(&[vec![zeros, described, long, marked, quoted, early], folders.to_vec()].concat());
    // A folder is in no RECORD.
    let record = parts.last_mut().unwrap();
    let text = String::from_utf8(record.content.clone()).unwrap();
    record.content = text.lines().filter(|line| !line.contains("/,")).collect::<Vec<_>>().join("\r\n").into();
    let wheel = look(&zip(&parts, &[]), NAME, WHEELS_TOTAL_MAX);
    assert_eq!((wheel.faults, wheel.files), (vec![], 9));
    assert_eq!((wheel.name.as_str(), wheel.version.as_str()), ("Good_One", "1.0"));
}

#[test]
fn archives_that_readers_understand_differently_are_refused() {
    let extra = |change: &dyn Fn(&mut Part)| {
        let mut one = part("good_one/more.py", "y = 2\n");
        change(&mut one);
        zip(&good(&[one]), &[])
    };
    for (bytes, words) in [
        (b"PK".to_vec(), "end of central directory"),
        (extra(&|part| part.local_name = Some("good_one/MORE.py".to_owned())), "local header"),
        (extra(&|part| part.gap = b"gap".to_vec()), "bytes of no file"),
        (extra(&|part| (part.deflate, part.junk) = (true, b"junk".to_vec())), "4 bytes follow its compressed data"),
        (extra(&|part| part.claimed_size = Some(3)), "size"),
        (extra(&|part| (part.deflate, part.claimed_size) = (true, Some(3))), "3"),
        (extra(&|part| (part.deflate, part.claimed_size) = (true, Some(30))), "30"),
        (extra(&|part| (part.flags, part.early) = (DESCRIBED, Some(7))), "local header"),
        (extra(&|part| part.extra = b"\x75\x70\x09\x00\x01\x00\x00\x00\x00x.py".to_vec()), "a second name"),
        (extra(&|part| part.name = "good_one-1.0.dist-info/RECORD/x".to_owned()), "a file and a folder"),
        (extra(&|part| part.flags = 1), "encrypted"),
        (extra(&|part| part.mode = 0o120_777), "neither a file"),
        (extra(&|part| part.mode = 0o020_666), "neither a file"),
        (extra(&|part| part.name = "../more.py".to_owned()), "`..`"),
        (extra(&|part| part.name = "/more.py".to_owned()), "absolute"),
        (extra(&|part| part.name = "./more.py".to_owned()), "`.`"),
        (extra(&|part| part.name = "a//more.py".to_owned()), "empty"),
        (extra(&|part| part.name = "a\\more.py".to_owned()), "backslash"),
        (extra(&|part| part.name = "a\nmore.py".to_owned()), "control"),
        (extra(&|part| part.name = "gr\u{fc}n.py".to_owned()), "not marked"),
        (extra(&|part| part.name = format!("{}x", "a/".repeat(200))), "128 components"),
        (extra(&|part| part.name = "x".repeat(5000)), "5000 bytes"),
        (extra(&|part| part.name = "good_one".to_owned()), "a file and a folder"),
        (extra(&|part| part.name = "good_one/__init__.py".to_owned()), "listed twice"),
        (zip(&good(&[]), &[0]), "listed twice"),
        ([b"#!/bin/sh\n".as_slice(), &zip(&good(&[]), &[])].concat(), ""),
        ([zip(&good(&[]), &[]).as_slice(), b"more"].concat(), ""),
        ([zip(&good(&[]), &[]).as_slice(), &zip(&good(&[]), &[])].concat(), ""),
    ] {
        refused(&bytes, Rule::Zip, words);
    }
    // Two names for the bytes of one file, as in the bombs that need no recursion.
    let mut bytes = zip(&good(&[part("good_one/__init__.pz", "x = 1\n")]), &[]);
    let second =
        bytes.windows(4).enumerate().filter(|(_, four)| four == b"PK\x01\x02").map(|(at, _)| at).nth(2).unwrap();
    bytes[second + 42..second + 46].copy_from_slice(&[0; 4]);
    refused(&bytes, Rule::Zip, "in its local header");
    // Damage anywhere is found, or makes no difference to anyone who unpacks it: times and versions are not read.
    let whole = zip(&good(&[Part { deflate: true, ..part("good_one/more.py", "words ".repeat(9)) }]), &[]);
    let mut unseen = 0;
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        unseen += usize::from(faults(&damaged).is_empty());
    }
    let headers = whole.windows(2).filter(|two| two == b"PK").count();
    assert!(unseen < headers * 16, "{unseen} of {} bytes, {headers} headers", whole.len());
    for length in 0..whole.len() {
        assert!(!faults(&whole[..length]).is_empty(), "{length}");
    }
}

#[test]
fn folders_that_only_paths_name_count_as_names() {
    // 127 folders of 30 bytes above each file: a path has 4,000 bytes, what is above it 250,000.
    let parts: Vec<Part> = (0..400)
        .map(|number| {
            let top = format!("{number:030}");
            part(&format!("{}x", format!("{top}/").repeat(127)), "")
        })
        .collect();
    refused(&zip(&parts, &[]), Rule::Zip, "lists more than");
}

#[test]
fn bombs_are_not_decoded() {
    let zeros = Part { deflate: true, ..part("good_one/zeros", vec![0; 20 << 20]) };
    refused(&zip(&good(&[zeros]), &[]), Rule::Zip, "bombs");
    let words = zip(&good(&[part("good_one/more", vec![1; 1000])]), &[]);
    let wheel = look(&words, NAME, 1000);
    assert!(wheel.faults[0].message.contains("1000 bytes that are left"), "{:?}", wheel.faults);
    let mut budget = 10_000;
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&words).unwrap();
    assert!(examine(file, u64::try_from(words.len()).unwrap(), NAME, &mut budget).faults.is_empty());
    assert!((8_000..9_000).contains(&budget), "{budget}");
}

#[test]
fn record_is_held_against_the_files() {
    let with_record = |change: &dyn Fn(&str) -> String| {
        let mut parts = good(&[part("good_one/more.py", "y = 2\n")]);
        let record = parts.last_mut().unwrap();
        record.content = change(std::str::from_utf8(&record.content).unwrap()).into_bytes();
        zip(&parts, &[])
    };
    let without = |name: &str| {
        let mut parts = good(&[part("good_one/more.py", "y = 2\n")]);
        parts.retain(|part| part.name != name);
        zip(&parts, &[])
    };
    for (bytes, words) in [
        (
            with_record(&|text| text.replacen("good_one/more.py,", "good_one/less.py,", 1)),
            "`good_one/more.py` is not listed",
        ),
        (
            with_record(&|text| text.replacen("good_one/more.py,", "good_one/less.py,", 1)),
            "lists `good_one/less.py`, and",
        ),
        (with_record(&|text| text.replacen(",6\n", ",7\n", 1)), "has 6 bytes, RECORD says \"7\""),
        (with_record(&|text| text.replacen("sha256=", "sha256=A", 1)), "RECORD says sha256=A"),
        (with_record(&|text| text.replacen("sha256=", "md5=", 1)), "RECORD says no SHA-256"),
        (with_record(&|text| [text, &line("good_one/more.py", b"y = 2\n")].concat()), "`good_one/more.py` twice"),
        (without("good_one/more.py"), "lists `good_one/more.py`, and there is no such file"),
        (without("good_one-1.0.dist-info/RECORD"), "no good_one-1.0.dist-info/RECORD"),
    ] {
        refused(&bytes, Rule::Record, words);
    }
}

#[test]
fn names_agree() {
    let good_one = zip(&good(&[]), &[]);
    for name in ["good.one-1.0-py3-none-any.whl", "Good_One-1.0.0-1-py3-none-any.whl"] {
        assert_eq!(look(&good_one, name, WHEELS_TOTAL_MAX).faults, [], "{name}");
    }
    for name in ["good_one-1.1-py3-none-any.whl", "bad_one-1.0-py3-none-any.whl", "good_one.whl", "x.whl"] {
        let found = look(&good_one, name, WHEELS_TOTAL_MAX).faults;
        assert!(matches!(found.as_slice(), [Fault { rule: Rule::Name, .. }]), "{name}: {found:?}");
    }
    let other = part("other-1.0.dist-info/METADATA", METADATA);
    refused(&zip(&good(&[other]), &[]), Rule::Name, "2 .dist-info folders");
    refused(&zip(&[part("good_one.py/x", "")], &[]), Rule::Name, "0 .dist-info folders");
    let mut nameless = good(&[]);
    nameless[1].content = b"Metadata-Version: 2.1\n".to_vec();
    refused(&zip(&nameless, &[]), Rule::Name, "no Name or no Version");
}
