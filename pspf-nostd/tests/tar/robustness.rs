//! Pieces of any size, archives cut anywhere, bits flipped anywhere.

use super::{
    archive::{archive, directory, file, global_pax, gnu_long, hard_link, pax, symlink},
    corpus,
    listing::{by_tar_crate, ours, ours_in_chunks},
};
use proptest::prelude::*;

/// One of everything that is read.
fn sample() -> Vec<u8> {
    archive(&[
        global_pax(&[("comment", b"c")]),
        directory(b"./"),
        directory(b"d/"),
        file(b"d/a", &[7; 1025]),
        pax(&[("path", b"d/long"), ("mtime", b"5.5"), ("size", b"3")]),
        file(b"d/short", b"abc"),
        gnu_long(b'L', b"d/link\0"),
        gnu_long(b'K', b"long\0"),
        symlink(b"l", b""),
        hard_link(b"h", b"d/a"),
        file(b"\xff\xc3\xa9", b""),
    ])
}

#[test]
fn the_sample_is_accepted() {
    assert_eq!(ours(&sample()).expect("accepted").len(), 6);
}

#[test]
fn truncated_anywhere_is_an_error() {
    let sample = sample();
    for length in 0..sample.len() {
        let (_, result) = ours_in_chunks(&sample[..length], usize::MAX);
        let error = result.expect_err("a truncated archive");
        assert_eq!((error.fault.code(), error.offset), ("tar.truncated", length as u64), "{error}");
    }
}

#[test]
fn archives_of_others_truncated_before_their_end_are_errors() {
    for made in corpus::by_python().into_iter().chain(corpus::by_tar_crate()) {
        let content =
            made.bytes.len() - made.bytes.iter().rev().position(|&byte| byte != 0).unwrap_or(made.bytes.len());
        let end = content.next_multiple_of(512) + 1024;
        assert!(end <= made.bytes.len());
        for length in (0..end).step_by(512).chain((1..made.bytes.len()).step_by(4099 * 2)) {
            assert!(ours(&made.bytes[..length]).is_err(), "{}, {length} bytes", made.by);
        }
    }
}

#[test]
fn any_one_bit_flipped_is_never_read_differently() {
    let sample = sample();
    let mut accepted = 0;
    for bit in 0..sample.len() * 8 {
        let mut flipped = sample.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(listed) = ours(&flipped) {
            let others = by_tar_crate(&flipped).expect("what we accept, others read");
            assert_eq!(listed, others, "bit {bit}");
            accepted += 1;
        }
    }
    // Content, and what extension headers say besides lengths, has no checksum in tar.
    assert!(accepted > 1025 * 8, "{accepted}");
}

proptest! {
    #[test]
    fn sizes_of_pieces_change_nothing(cuts in prop::collection::vec(1_usize..2000, 1..40), flip in prop::option::of(0_usize..6000 * 8)) {
        let mut bytes = sample();
        if let Some(bit) = flip {
            let at = (bit / 8) % bytes.len();
            bytes[at] ^= 1 << (bit % 8);
        }
        let whole = ours_in_chunks(&bytes, usize::MAX);
        for cut in cuts {
            prop_assert_eq!(&ours_in_chunks(&bytes, cut), &whole);
        }
    }

    #[test]
    fn single_bytes_change_nothing(flip in prop::option::of(0_usize..6000 * 8)) {
        let mut bytes = sample();
        if let Some(bit) = flip {
            let at = (bit / 8) % bytes.len();
            bytes[at] ^= 1 << (bit % 8);
        }
        prop_assert_eq!(ours_in_chunks(&bytes, 1), ours_in_chunks(&bytes, usize::MAX));
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(ours(&noise).is_err());
    }
}
