//! Bombs and windows: every limit, and that it is named.

use pspf_nostd::codec::{Budget, Codec, Codecs, DecodeError, LimitKind, PureCodecs};
use pspf_nostd::limits::{DECODED_RATIO_FLOOR, DECODED_RATIO_MAX};

use super::samples::{encode, noise, words, zstd};
use super::{CODECS, decode, run};

fn decode_within(codec: Codec, stream: &[u8], budget: Budget, piece: usize) -> Result<Vec<u8>, DecodeError> {
    run(PureCodecs.decoder(codec, &budget)?.as_mut(), stream, &[piece])
}

#[test]
fn output_may_be_as_long_as_the_limit_and_no_longer() {
    let content = words(100_000);
    for codec in CODECS {
        let stream = encode(codec, &content);
        let exact = Budget { output_max: 100_000, ..Budget::default() };
        assert!(decode_within(codec, &stream, exact, usize::MAX).is_ok(), "{codec:?}");
        let less = Budget { output_max: 99_999, ..Budget::default() };
        for piece in [1, usize::MAX] {
            let error = decode_within(codec, &stream, less, piece).unwrap_err();
            assert!(
                matches!(error, DecodeError::Limit { limit: LimitKind::Output, max: 99_999, codec: Some(found), .. } if found == codec),
                "{codec:?}: {error}"
            );
            assert_eq!(error.code(), "codec.limit.output");
        }
    }
}

#[test]
fn a_bomb_is_refused_by_the_default_budget_before_it_goes_off() {
    let bomb = vec![0; 300 << 20];
    for codec in CODECS {
        let stream = encode(codec, &bomb);
        let mut received = 0_u64;
        let mut decoder = PureCodecs.decoder(codec, &Budget::default()).unwrap();
        let error = decoder
            .push(&stream, &mut |piece| {
                received += u64::try_from(piece.len()).unwrap();
                Ok(())
            })
            .unwrap_err();
        let stored = u64::try_from(stream.len()).unwrap().next_multiple_of(1 << 16);
        let (limit, max) = (LimitKind::Ratio, DECODED_RATIO_MAX);
        assert!(
            matches!(error, DecodeError::Limit { limit: l, max: m, .. } if (l, m) == (limit, max)),
            "{codec:?}: {error}"
        );
        assert_eq!(error.code(), "codec.limit.ratio");
        assert!(received <= DECODED_RATIO_FLOOR.max(stored * DECODED_RATIO_MAX), "{codec:?}: {received} bytes got out");
    }
}

#[test]
fn a_small_file_of_zeros_is_no_bomb() {
    let zeros = vec![0; usize::try_from(DECODED_RATIO_FLOOR).unwrap()];
    for codec in CODECS {
        assert!(decode(codec, &encode(codec, &zeros)).is_ok(), "{codec:?}");
    }
}

#[test]
fn a_bomb_is_judged_alike_in_any_pieces() {
    // Noise in front of it pays for some of the zeros: how many must not depend on the pieces.
    let content = [noise(150_000, 2), vec![0; 60 << 20]].concat();
    for codec in CODECS {
        let stream = encode(codec, &content);
        let verdicts = [1, 4_096, 65_537, usize::MAX].map(|piece| {
            let result = decode_within(codec, &stream, Budget::default(), piece);
            result.map(|_| ()).map_err(|error| error.code())
        });
        assert_eq!(verdicts, [verdicts[0]; 4], "{codec:?}");
    }
}

#[test]
fn a_window_above_the_limit_is_refused() {
    let mut encoder = ::zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(24).unwrap();
    std::io::Write::write_all(&mut encoder, &words(3 << 20)).unwrap();
    let zstd = encoder.finish().unwrap();
    let xz = super::samples::xz(&words(10_000), 9, liblzma::stream::Check::Crc32);
    for (codec, stream, window) in [(Codec::Zstd, zstd, 16 << 20), (Codec::Xz, xz, 64 << 20)] {
        let budget = |window_max| Budget { window_max, ..Budget::default() };
        assert!(decode_within(codec, &stream, budget(window), usize::MAX).is_ok(), "{codec:?}");
        let expected =
            DecodeError::Limit { codec: Some(codec), limit: LimitKind::Window, max: window - 1, found: window };
        assert_eq!(decode_within(codec, &stream, budget(window - 1), usize::MAX), Err(expected));
        assert_eq!(expected.code(), "codec.limit.window");
    }
}

#[test]
fn the_longest_window_of_zstd_levels_decodes_by_default() {
    assert!(decode(Codec::Zstd, &zstd(&words(200_000), 22, true)).is_ok());
}

#[test]
fn a_frame_that_claims_terabytes_is_refused_by_its_header() {
    // Window descriptor: the largest there is. Content size: 2^60 in a single segment.
    let window = [0x28, 0xb5, 0x2f, 0xfd, 0b0000_0000, 0xff];
    let segment = [&[0x28, 0xb5, 0x2f, 0xfd, 0b1110_0000][..], &(1_u64 << 60).to_le_bytes()].concat();
    for (header, found) in [(&window[..], (1 << 41) + 7 * (1 << 38)), (&segment[..], 1 << 60)] {
        let (limit, max) = (LimitKind::Window, Budget::default().window_max);
        let expected = DecodeError::Limit { codec: Some(Codec::Zstd), limit, max, found };
        assert_eq!(decode(Codec::Zstd, header), Err(expected));
    }
}
