//! zstd frames that no encoder writes by default.

use pspf_nostd::codec::{Codec, DecodeError};

use super::samples::{words, zstd};
use super::{decode, decode_in};

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

fn skippable(low: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    [&[0x50 | low, 0x2a, 0x4d, 0x18][..], &length.to_le_bytes(), content].concat()
}

/// A frame of one raw block, in a single segment, whose header gives `size`.
fn raw_frame(size: u8, content: &[u8]) -> Vec<u8> {
    let block = (u32::try_from(content.len()).unwrap() << 3 | 1).to_le_bytes();
    [&MAGIC[..], &[0b10_0000, size], &block[..3], content].concat()
}

fn corrupt(bytes: &[u8]) -> &'static str {
    match decode(Codec::Zstd, bytes) {
        Err(DecodeError::Corrupt { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn skippable_frames_are_skipped_wherever_they_stand() {
    let content = words(9_000);
    let frame = zstd(&content, 3, true);
    let all = [
        skippable(0, b"in front"),
        frame.clone(),
        skippable(7, b""),
        skippable(15, &[0; 70_000]),
        frame,
        skippable(3, b"behind"),
    ]
    .concat();
    for pieces in [1, 5, usize::MAX] {
        assert_eq!(decode_in(Codec::Zstd, &all, &[pieces]), Ok(content.repeat(2)));
    }
    assert_eq!(decode(Codec::Zstd, &skippable(0, b"alone")), Ok(Vec::new()));
    assert!(matches!(decode(Codec::Zstd, &all[..all.len() - 1]), Err(DecodeError::Truncated { .. })));
}

#[test]
fn the_content_size_must_be_right() {
    assert_eq!(decode(Codec::Zstd, &raw_frame(5, b"hello")), Ok(b"hello".to_vec()));
    assert_eq!(corrupt(&raw_frame(6, b"hello")), "a frame is shorter than its header says");
    // A block cannot be longer than the window, which here is the content size.
    assert_eq!(corrupt(&raw_frame(4, b"hello")), "a block is invalid");
}

#[test]
fn content_longer_than_its_header_says_is_refused() {
    // Two raw blocks of five bytes, content size 6.
    let block = |last: u32| (5_u32 << 3 | last).to_le_bytes();
    let frame = [&MAGIC[..], &[0b10_0000, 6], &block(0)[..3], b"hello", &block(1)[..3], b"world"].concat();
    assert_eq!(corrupt(&frame), "a frame is longer than its header says");
}

#[test]
fn dictionaries_are_refused() {
    let named = [&MAGIC[..], &[0b10_0001, 9, 5, 1, 0, 0]].concat();
    let error = decode(Codec::Zstd, &named).unwrap_err();
    assert!(matches!(error, DecodeError::Unsupported { what: "a dictionary", .. }), "{error}");
    // A frame made with a dictionary that it names.
    let samples: Vec<Vec<u8>> =
        (0..200).map(|nth| format!("sample {nth}: {nth}{nth}{nth} and some more text").into()).collect();
    let dictionary = words(2_000);
    let mut compressor = ::zstd::bulk::Compressor::with_dictionary(3, &dictionary).unwrap();
    let unnamed = compressor.compress(&[samples.concat(), dictionary].concat()).unwrap();
    // It names none, so all that can be said is that it refers to bytes before its beginning.
    assert_eq!(corrupt(&unnamed), "a block is invalid");
}

#[test]
fn a_dictionary_id_of_zero_is_none() {
    let frame = [&MAGIC[..], &[0b10_0001, 0, 5, 0x29, 0, 0], b"hello"].concat();
    assert_eq!(decode(Codec::Zstd, &frame), Ok(b"hello".to_vec()));
}

#[test]
fn reserved_bits_and_block_types_are_refused() {
    let mut frame = raw_frame(5, b"hello");
    frame[4] |= 0b1000;
    assert_eq!(corrupt(&frame), "the reserved bit of a frame header is set");
    let mut frame = raw_frame(5, b"hello");
    frame[6] |= 0b110;
    assert_eq!(corrupt(&frame), "a block has the reserved type");
}

#[test]
fn a_block_longer_than_128_kib_is_refused_by_its_header() {
    let block = ((128_u32 << 10) + 1) << 3;
    let frame = [&MAGIC[..], &[0, 0x58], &block.to_le_bytes()[..3]].concat();
    assert_eq!(corrupt(&frame), "a block is longer than 128 KiB");
}

#[test]
fn the_content_checksum_is_compared() {
    let mut frame = zstd(&words(500), 3, true);
    let end = frame.len() - 1;
    frame[end] ^= 0x80;
    for pieces in [1, usize::MAX] {
        let error = decode_in(Codec::Zstd, &frame, &[pieces]).unwrap_err();
        assert!(matches!(error, DecodeError::Checksum { what: "the content checksum", .. }), "{error}");
    }
}

#[test]
fn matches_across_a_whole_long_window_decode() {
    let mut encoder = ::zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(23).unwrap();
    encoder.long_distance_matching(true).unwrap();
    let content = [super::samples::noise(5 << 20, 12), super::samples::noise(5 << 20, 12)].concat();
    std::io::Write::write_all(&mut encoder, &content).unwrap();
    let frame = encoder.finish().unwrap();
    assert!(frame.len() < content.len() * 2 / 3, "the second half must refer to the first");
    assert!(decode(Codec::Zstd, &frame) == Ok(content));
}
