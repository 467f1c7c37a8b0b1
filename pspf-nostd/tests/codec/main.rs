//! The streaming decoders against the formats' own encoders, and against hand-made streams that no encoder writes.

mod budget;
mod bzip2;
mod chain;
mod every_codec;
mod gzip;
mod member;
mod samples;
mod xz;
mod zstd;

use pspf_nostd::codec::{Budget, Codec, Codecs, Decode, DecodeError, PureCodecs};

const CODECS: [Codec; 4] = [Codec::Gzip, Codec::Zstd, Codec::Xz, Codec::Bzip2];

/// Decodes with the default budget, in pieces of the given lengths, repeated (0 counts as 1).
fn decode_in(codec: Codec, input: &[u8], pieces: &[usize]) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = PureCodecs.decoder(codec, &Budget::default())?;
    run(decoder.as_mut(), input, pieces)
}

/// Decodes with the default budget, all at once.
fn decode(codec: Codec, input: &[u8]) -> Result<Vec<u8>, DecodeError> {
    decode_in(codec, input, &[usize::MAX])
}

fn run(decoder: &mut dyn Decode, mut input: &[u8], pieces: &[usize]) -> Result<Vec<u8>, DecodeError> {
    let mut data = Vec::new();
    let mut sink = |piece: &[u8]| {
        data.extend_from_slice(piece);
        Ok(())
    };
    for &length in pieces.iter().cycle() {
        if input.is_empty() {
            break;
        }
        let (piece, rest) = input.split_at(length.max(1).min(input.len()));
        decoder.push(piece, &mut sink)?;
        input = rest;
    }
    decoder.finish(&mut sink)?;
    Ok(data)
}
