//! bzip2 beyond what one encoder writes by default.

use pspf_nostd::codec::{Codec, DecodeError};

use super::samples::{bzip2, noise, runs, words};
use super::{decode, decode_in};

#[test]
fn blocks_of_every_size_decode() {
    let content = [words(250_000), noise(250_000, 21), runs(), vec![b'a'; 2_000_000]].concat();
    for level in 1..=9 {
        let stream = bzip2(&content, level);
        assert!(decode(Codec::Bzip2, &stream) == Ok(content.clone()), "level {level}");
        assert!(decode_in(Codec::Bzip2, &stream, &[4_093]) == Ok(content.clone()), "level {level}");
    }
}

#[test]
fn repetitive_content_that_is_hard_to_sort_decodes() {
    for content in [b"ab".repeat(200_000), b"aaaab".repeat(50_000), [b"x".repeat(99_999), b"y".to_vec()].concat()] {
        assert!(decode(Codec::Bzip2, &bzip2(&content, 1)) == Ok(content));
    }
}

#[test]
fn levels_outside_1_to_9_are_refused() {
    for level in [b'0', b':', 0] {
        let mut stream = bzip2(b"content", 9);
        stream[3] = level;
        assert!(matches!(decode(Codec::Bzip2, &stream), Err(DecodeError::Corrupt { at: 0, .. })));
    }
}

#[test]
fn a_randomised_block_is_named_as_unsupported() {
    let mut stream = bzip2(b"content", 9);
    // Magic 4, block magic 6, block CRC 4, then the bit.
    stream[14] |= 0x80;
    let error = decode(Codec::Bzip2, &stream).unwrap_err();
    assert!(matches!(error, DecodeError::Unsupported { what: "randomised blocks", .. }), "{error}");
}

#[test]
fn an_origin_outside_the_block_is_refused() {
    let mut stream = bzip2(b"content", 9);
    stream[14] |= 0x7f;
    let error = decode(Codec::Bzip2, &stream).unwrap_err();
    assert!(matches!(error, DecodeError::Corrupt { what: "the origin of a block lies outside it", .. }), "{error}");
}

#[test]
fn a_block_longer_than_its_level_allows_is_refused() {
    let mut stream = bzip2(&noise(300_000, 22), 9);
    assert!(decode(Codec::Bzip2, &stream).is_ok());
    stream[3] = b'2';
    let error = decode(Codec::Bzip2, &stream).unwrap_err();
    assert!(matches!(error, DecodeError::Corrupt { what: "a block is longer than its stream allows", .. }), "{error}");
}

#[test]
fn block_and_stream_checksums_are_both_compared() {
    let mut stream = bzip2(b"content", 9);
    stream[10] ^= 1;
    let error = decode(Codec::Bzip2, &stream).unwrap_err();
    assert!(matches!(error, DecodeError::Checksum { what: "the CRC of a block", .. }), "{error}");
    // An empty stream has only the stream's CRC, which is 0.
    let mut stream = bzip2(b"", 9);
    assert_eq!(decode(Codec::Bzip2, &stream), Ok(Vec::new()));
    stream[13] ^= 1;
    let error = decode(Codec::Bzip2, &stream).unwrap_err();
    let expected =
        DecodeError::Checksum { codec: Codec::Bzip2, at: 4, what: "the CRC of a stream", stored: 1, computed: 0 };
    assert_eq!(error, expected);
}
