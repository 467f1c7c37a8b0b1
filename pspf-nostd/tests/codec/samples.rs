//! Contents to encode, and the encoders.

use std::io::{Read, Write};

use pspf_nostd::codec::Codec;

/// Bytes without a pattern: xorshift64* from a seed.
pub(crate) fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// Text-like bytes: words in a random order.
pub(crate) fn words(length: usize) -> Vec<u8> {
    const WORDS: [&str; 8] = ["slot ", "index\n", "launcher, ", "a ", "descriptor ", "the metadata ", "0x1001 ", "\t"];
    let choices = noise(length, 7);
    choices.iter().flat_map(|&choice| WORDS[usize::from(choice & 7)].bytes()).take(length).collect()
}

/// Runs of every length around the ones that bzip2 and the match coders treat specially.
pub(crate) fn runs() -> Vec<u8> {
    (1..600_usize).flat_map(|length| std::iter::repeat_n(length.to_le_bytes()[0], length)).collect()
}

pub(crate) fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let mut mixed = words(150_000);
    mixed.extend(noise(200_000, 3));
    mixed.extend(vec![0; 500_000]);
    mixed.extend(words(400_000));
    vec![
        ("nothing", Vec::new()),
        ("one byte", b"x".to_vec()),
        ("a few bytes", b"hello, hello, hello, world\n".to_vec()),
        ("all bytes", (0..=255).cycle().take(3_000).collect()),
        ("runs", runs()),
        ("zeros", vec![0; 1_200_000]),
        ("noise", noise(300_000, 1)),
        ("mixed", mixed),
    ]
}

/// Every way of encoding that is tried, each with its name.
pub(crate) fn encodings(codec: Codec, content: &[u8]) -> Vec<(String, Vec<u8>)> {
    match codec {
        Codec::Gzip => [0, 1, 6, 9].iter().map(|&level| (format!("level {level}"), gzip(content, level))).collect(),
        Codec::Zstd => {
            let mut all: Vec<_> =
                [-5, 1, 3, 19].iter().map(|&level| (format!("level {level}"), zstd(content, level, true))).collect();
            all.push(("one call, no checksum".into(), ::zstd::bulk::compress(content, 3).unwrap()));
            all
        }
        Codec::Xz => {
            use liblzma::stream::Check;
            let checks = [Check::None, Check::Crc32, Check::Crc64, Check::Sha256];
            checks.into_iter().map(|check| (format!("{check:?}"), xz(content, 6, check))).collect()
        }
        Codec::Bzip2 => [1, 9].iter().map(|&level| (format!("level {level}"), bzip2(content, level))).collect(),
    }
}

/// The usual encoding, with a checksum.
pub(crate) fn encode(codec: Codec, content: &[u8]) -> Vec<u8> {
    match codec {
        Codec::Gzip => gzip(content, 6),
        Codec::Zstd => zstd(content, 3, true),
        Codec::Xz => xz(content, 6, liblzma::stream::Check::Crc64),
        Codec::Bzip2 => bzip2(content, 9),
    }
}

pub(crate) fn gzip(content: &[u8], level: u32) -> Vec<u8> {
    let mut stream = Vec::new();
    flate2::read::GzEncoder::new(content, flate2::Compression::new(level)).read_to_end(&mut stream).unwrap();
    stream
}

pub(crate) fn zstd(content: &[u8], level: i32, checksum: bool) -> Vec<u8> {
    let mut encoder = ::zstd::stream::Encoder::new(Vec::new(), level).unwrap();
    encoder.include_checksum(checksum).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(content: &[u8], preset: u32, check: liblzma::stream::Check) -> Vec<u8> {
    let stream = liblzma::stream::Stream::new_easy_encoder(preset, check).unwrap();
    let mut bytes = Vec::new();
    liblzma::read::XzEncoder::new_stream(content, stream).read_to_end(&mut bytes).unwrap();
    bytes
}

pub(crate) fn bzip2(content: &[u8], level: u32) -> Vec<u8> {
    let mut stream = Vec::new();
    ::bzip2::read::BzEncoder::new(content, ::bzip2::Compression::new(level)).read_to_end(&mut stream).unwrap();
    stream
}
