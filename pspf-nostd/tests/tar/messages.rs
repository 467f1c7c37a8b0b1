//! The code and the sentence of every refusal.

use super::{
    archive::{archive, file},
    listing::ours,
};
use pspf_nostd::tar::{HeaderError, NumberFault, PathFault, TarError, TarFault};

#[test]
fn every_fault_has_its_code_and_sentence() {
    let number = |fault| TarFault::Number { field: "size", fault };
    let path = |fault| TarFault::Path { of: "link target", fault };
    let below = TarFault::BelowNonDirectory { parent: b"a\n\xff".to_vec() };
    let link = TarFault::HardLinkTarget { target: b"b".to_vec() };
    let keyword = TarFault::PaxKeyword { keyword: "a\u{202e}".to_owned(), problem: "is odd" };
    let faults = [
        (TarFault::Stopped, "tar.stopped", "reading was stopped"),
        (TarFault::Magic, "tar.magic", "not a header: expected the magic of ustar or GNU tar"),
        (TarFault::Checksum { stated: 1, computed: 2 }, "tar.checksum", "the header's checksum is 2, it states 1"),
        (number(NumberFault::Missing), "tar.number", "the header's size has no digits"),
        (number(NumberFault::Garbage), "tar.number", "the header's size holds something besides its digits"),
        (number(NumberFault::Negative), "tar.number", "the header's size is negative"),
        (number(NumberFault::TooLarge), "tar.number", "the header's size is above 2^63 - 1"),
        (TarFault::NotZero { field: "here" }, "tar.not_zero", "the header has bytes in here, expected zeros"),
        (path(PathFault::Empty), "tar.path", "the link target is empty"),
        (path(PathFault::Absolute), "tar.path", "the link target is absolute"),
        (path(PathFault::Parent), "tar.path", "the link target has a `..` component"),
        (path(PathFault::NotNormal), "tar.path", "the link target has an empty or a `.` component"),
        (path(PathFault::Nul), "tar.path", "the link target holds a NUL"),
        (path(PathFault::TrailingSlash), "tar.path", "the link target ends with `/` but is not a directory"),
        (TarFault::Type { flag: 7, name: "odd" }, "tar.type", "type `\\x07` (odd) is not supported"),
        (TarFault::PaxForm { at: 3, problem: "is odd" }, "tar.pax_form", "pax header, byte 3: is odd"),
        (keyword, "tar.pax_keyword", "pax keyword `a\\u{202e}`: is odd"),
        (
            TarFault::SizeConflict { header: 1, pax: 2 },
            "tar.size_conflict",
            "the header says 1 bytes, the pax header 2",
        ),
        (
            TarFault::SizeWithoutContent { kind: "directory", size: 3 },
            "tar.size_without_content",
            "a directory states a size of 3 bytes, expected 0",
        ),
        (TarFault::Extension { problem: "two of them" }, "tar.extension", "two of them"),
        (TarFault::Duplicate, "tar.duplicate", "duplicate path"),
        (TarFault::WasDirectory, "tar.was_directory", "the path was used as a directory before"),
        (below, "tar.below_non_directory", "the path lies below `a\\n\\xff`, which is not a directory"),
        (link, "tar.hard_link_target", "the hard link's target `b` is not an earlier regular file of the archive"),
        (TarFault::Padding, "tar.padding", "the padding is not zero"),
        (
            TarFault::LoneZeroBlock,
            "tar.lone_zero_block",
            "a single zero block inside the archive, expected two and the end",
        ),
        (TarFault::AfterEnd, "tar.after_end", "more than zeros behind the end marker"),
        (TarFault::Truncated { place: "early" }, "tar.truncated", "the archive ends early"),
        (TarFault::Length, "tar.length", "the archive's length is not a multiple of 512 bytes"),
        (TarFault::Limit { what: "entries", limit: 9 }, "tar.limit", "more than the limit of 9 entries"),
    ];
    for (fault, code, sentence) in faults {
        assert_eq!((fault.code(), fault.to_string().as_str()), (code, sentence));
        let error = TarError { offset: 512, entry: Vec::new(), fault: fault.clone() };
        assert_eq!(error.to_string(), format!("tar archive, byte 512: {sentence}"));
        let error = TarError { entry: b"x\x1b\xc3\xa9\xff".to_vec(), ..error };
        assert_eq!(error.to_string(), format!("tar archive, byte 512, entry `x\\u{{1b}}é\\xff`: {sentence}"));
    }
}

#[test]
fn every_reason_not_to_write_has_its_sentence() {
    for (error, sentence) in [
        (HeaderError::Path(PathFault::Absolute), "the path is absolute"),
        (HeaderError::Target(PathFault::Nul), "the link target holds a NUL"),
        (HeaderError::SizeWithoutContent, "only files have a size"),
        (HeaderError::TooLarge, "the size or time is above 2^63 - 1"),
        (
            HeaderError::Newline,
            "the path or link target is long and holds a newline, which many readers do not understand",
        ),
    ] {
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn bytes_without_a_first_header_were_never_an_archive() {
    let never = |bytes: &[u8]| ours(bytes).expect_err("refused").is_no_archive();
    let whole = archive(&[file(b"a", b"x")]);
    let mut other_checksum = whole.clone();
    other_checksum[0] ^= 1;
    let mut second = whole[..1024].to_vec();
    second.extend([b'x'; 512]);
    assert!(never(b"") && never(b"#!/bin/sh\n") && never(&[b'x'; 512]) && never(&[b'x'; 5000]));
    assert!(never(&whole[..511]) && never(&[0; 511]));
    assert!(!never(&whole[..512]) && !never(&whole[..1000]) && !never(&other_checksum) && !never(&second));
    assert!(!never(&[0; 512]) && !never(&[&whole[..], &[0; 100]].concat()));
}
