//! gzip's header fields and trailer.

use flate2::{Compression, GzBuilder};
use pspf_nostd::codec::{Codec, DecodeError, LimitKind};
use pspf_nostd::limits::GZIP_TEXT_MAX;
use std::io::Write;

use super::samples::gzip;
use super::{decode, decode_in};

const CONTENT: &[u8] = b"the content of the member";

fn finish(builder: GzBuilder) -> Vec<u8> {
    let mut encoder = builder.write(Vec::new(), Compression::fast());
    encoder.write_all(CONTENT).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn all_header_fields_are_skipped() {
    for member in [
        finish(GzBuilder::new().filename("name")),
        finish(GzBuilder::new().comment("comment")),
        finish(GzBuilder::new().extra(vec![])),
        finish(GzBuilder::new().extra(vec![1; 65_535])),
        finish(
            GzBuilder::new().extra(b"extra".to_vec()).filename("name").comment("comment").mtime(12).operating_system(3),
        ),
    ] {
        for pieces in [1, 3, usize::MAX] {
            assert_eq!(decode_in(Codec::Gzip, &member, &[pieces]), Ok(CONTENT.to_vec()));
        }
        let twice = member.repeat(2);
        assert_eq!(decode(Codec::Gzip, &twice), Ok(CONTENT.repeat(2)));
    }
}

/// A member with every optional field, and a header CRC that is right if `damage` is 0.
fn with_header_crc(damage: u8) -> Vec<u8> {
    let plain = gzip(CONTENT, 6);
    let mut member = plain[..10].to_vec();
    member[3] = 0b1_1111;
    member.extend(b"\x03\0abcname\0comment\0");
    let crc = crc32fast::hash(&member).to_le_bytes();
    member.extend([crc[0] ^ damage, crc[1]]);
    member.extend(&plain[10..]);
    member
}

#[test]
fn the_header_crc_is_compared() {
    assert_eq!(decode(Codec::Gzip, &with_header_crc(0)), Ok(CONTENT.to_vec()));
    assert_eq!(decode_in(Codec::Gzip, &with_header_crc(0), &[1]), Ok(CONTENT.to_vec()));
    let error = decode(Codec::Gzip, &with_header_crc(1)).unwrap_err();
    assert!(matches!(error, DecodeError::Checksum { what: "the header CRC", .. }), "{error}");
}

#[test]
fn a_name_may_be_as_long_as_the_limit_and_no_longer() {
    let longest = usize::try_from(GZIP_TEXT_MAX).unwrap();
    let member = finish(GzBuilder::new().filename(vec![b'n'; longest]));
    assert_eq!(decode(Codec::Gzip, &member), Ok(CONTENT.to_vec()));
    let member = finish(GzBuilder::new().filename(vec![b'n'; longest + 1]));
    for pieces in [1, usize::MAX] {
        let error = decode_in(Codec::Gzip, &member, &[pieces]).unwrap_err();
        assert!(matches!(error, DecodeError::Limit { limit: LimitKind::HeaderText, .. }), "{error}");
    }
}

#[test]
fn reserved_flags_and_methods_are_refused() {
    for (at, value) in [(2, 7), (3, 0x20), (3, 0x40), (3, 0x80)] {
        let mut member = gzip(CONTENT, 6);
        member[at] = value;
        assert!(matches!(decode(Codec::Gzip, &member), Err(DecodeError::Corrupt { at: 0, .. })), "{at} {value}");
    }
}

#[test]
fn a_wrong_trailer_of_a_later_member_is_found_there() {
    let first = gzip(CONTENT, 6);
    for (from_end, what) in [(1, "the length (ISIZE)"), (5, "the CRC-32")] {
        let mut both = first.repeat(2);
        let at = both.len() - from_end;
        both[at] ^= 1;
        match decode(Codec::Gzip, &both) {
            Err(DecodeError::Checksum { at, what: found, .. }) => {
                assert_eq!((at, found), (first.len().try_into().unwrap(), what));
            }
            other => panic!("{other:?}"),
        }
    }
}
