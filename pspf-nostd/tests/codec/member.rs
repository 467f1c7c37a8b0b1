//! The single members of the metadata.

use pspf_nostd::codec::{DecodeError, GunzipOne, LimitKind, gunzip_one, gzip_stored};

use super::samples::{gzip, noise, words};

#[test]
fn the_canonical_member_of_nothing_is_23_bytes() {
    let member = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, // header
        1, 0, 0, 0xff, 0xff, // one final stored block of length 0
        0, 0, 0, 0, 0, 0, 0, 0, // CRC-32, ISIZE
    ];
    assert_eq!(gzip_stored(b""), member);
}

#[test]
fn stored_blocks_are_as_long_as_they_can_be() {
    for (length, blocks) in
        [(1, vec![1]), (65_535, vec![65_535]), (65_536, vec![65_535, 1]), (131_070, vec![65_535; 2])]
    {
        let content = noise(length, 8);
        let member = gzip_stored(&content);
        let mut rest = &member[10..];
        for (index, &block) in blocks.iter().enumerate() {
            let count = u16::try_from(block).unwrap();
            assert_eq!(rest[0], u8::from(index + 1 == blocks.len()));
            assert_eq!(rest[1..5], [count.to_le_bytes(), (!count).to_le_bytes()].concat());
            rest = &rest[5 + block..];
        }
        assert_eq!(rest.len(), 8);
        assert_eq!(gunzip_one(&member, length.try_into().unwrap()).unwrap().data, content);
    }
}

#[test]
fn another_gzip_reader_reads_the_canonical_member() {
    for content in [Vec::new(), words(10), words(200_000)] {
        let member = gzip_stored(&content);
        let mut read = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(member.as_slice()), &mut read).unwrap();
        assert_eq!(read, content);
    }
}

#[test]
fn one_member_is_read_and_what_follows_is_left() {
    for (content, member) in [(words(40_000), gzip(&words(40_000), 9)), (words(10), gzip_stored(&words(10)))] {
        let header = member[..10].try_into().unwrap();
        let expected = GunzipOne { data: content, consumed: member.len(), header };
        for after in [&b""[..], b"\0", b"anything at all", &member] {
            assert_eq!(gunzip_one(&[&member, after].concat(), 40_000), Ok(expected.clone()));
        }
    }
}

#[test]
fn a_member_longer_than_the_limit_is_refused() {
    let member = gzip(&words(40_000), 9);
    assert!(gunzip_one(&member, 40_000).is_ok());
    let error = gunzip_one(&member, 39_999).unwrap_err();
    assert!(matches!(error, DecodeError::Limit { limit: LimitKind::Output, max: 39_999, .. }), "{error}");
}

#[test]
fn a_cut_member_is_truncated() {
    let member = gzip(&words(300), 6);
    for end in 0..member.len() {
        assert!(matches!(gunzip_one(&member[..end], 300), Err(DecodeError::Truncated { .. })), "{end}");
    }
}
