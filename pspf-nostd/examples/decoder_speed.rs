//! Measures each decoder beside the native library for its format, on a file:
//! `cargo run --release -p pspf-nostd --example decoder_speed -- FILE`.

use std::io::Read;
use std::time::{Duration, Instant};

use pspf_nostd::codec::{Budget, Codec, Codecs, PureCodecs};

const ROUNDS: usize = 5;
const PIECE: usize = 1 << 20;

/// The best of some rounds, which tells most on a busy machine.
fn best(mut work: impl FnMut() -> u64) -> (u64, Duration) {
    let round = |_| {
        let begin = Instant::now();
        (work(), begin.elapsed())
    };
    (0..ROUNDS).map(round).min_by_key(|&(_, elapsed)| elapsed).unwrap_or_default()
}

fn ours(codec: Codec, stream: &[u8]) -> u64 {
    let mut decoder = PureCodecs.decoder(codec, &Budget::default()).expect("every codec has a decoder");
    let mut count = 0;
    let mut sink = |piece: &[u8]| {
        count += u64::try_from(piece.len()).unwrap_or(0);
        Ok(())
    };
    for piece in stream.chunks(PIECE) {
        decoder.push(piece, &mut sink).expect("the stream is valid");
    }
    decoder.finish(&mut sink).expect("the stream is complete");
    count
}

fn drain(mut reader: impl Read) -> u64 {
    let mut buffer = vec![0; PIECE];
    let mut count = 0;
    loop {
        match reader.read(&mut buffer).expect("the stream is valid") {
            0 => return count,
            length => count += u64::try_from(length).unwrap_or(0),
        }
    }
}

fn encode(mut encoder: impl Read) -> Vec<u8> {
    let mut stream = Vec::new();
    encoder.read_to_end(&mut stream).expect("memory suffices");
    stream
}

type Native<'a> = &'a dyn Fn() -> u64;

fn main() {
    let path = std::env::args_os().nth(1).expect("a file to encode and decode");
    let content = std::fs::read(path).expect("the file is readable");
    let bytes = content.as_slice();
    let gzip = encode(flate2::read::GzEncoder::new(bytes, flate2::Compression::new(6)));
    let zstd = zstd::stream::encode_all(bytes, 3).expect("memory suffices");
    let xz = encode(liblzma::read::XzEncoder::new(bytes, 6));
    let bzip2 = encode(bzip2::read::BzEncoder::new(bytes, bzip2::Compression::new(9)));

    println!("{} bytes; MB/s of decoded bytes, best of {ROUNDS}", content.len());
    println!("{:6} {:>10} {:>8} {:>8} {:>7}", "codec", "stored", "ours", "native", "ratio");
    let rows: [(Codec, &[u8], Native<'_>); 4] = [
        (Codec::Gzip, &gzip, &|| drain(flate2::read::GzDecoder::new(gzip.as_slice()))),
        (Codec::Zstd, &zstd, &|| drain(zstd::stream::Decoder::new(zstd.as_slice()).expect("memory suffices"))),
        (Codec::Xz, &xz, &|| drain(liblzma::read::XzDecoder::new(xz.as_slice()))),
        (Codec::Bzip2, &bzip2, &|| drain(bzip2::read::BzDecoder::new(bzip2.as_slice()))),
    ];
    for (codec, stream, native) in rows {
        let (count, our_time) = best(|| ours(codec, stream));
        let (native_count, native_time) = best(native);
        assert_eq!((count, native_count), (bytes.len().try_into().unwrap_or(0), count), "{codec:?}");
        let speed =
            |time: Duration| (f64::from(u32::try_from(count / 1000).unwrap_or(u32::MAX)) / 1000.0) / time.as_secs_f64();
        let (ours, native) = (speed(our_time), speed(native_time));
        println!("{:6} {:>10} {ours:>8.0} {native:>8.0} {:>7.2}", format!("{codec:?}"), stream.len(), ours / native);
    }
}
