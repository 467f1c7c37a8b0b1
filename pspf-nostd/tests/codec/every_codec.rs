//! What holds for every codec alike.

use proptest::prelude::*;
use pspf_nostd::codec::{Budget, Codecs, DecodeError, PureCodecs, Stop};

use super::samples::{contents, encode, encodings, noise, words};
use super::{CODECS, decode, decode_in};

#[test]
fn what_encoders_write_decodes_to_what_they_read() {
    for codec in CODECS {
        for (name, content) in contents() {
            for (encoding, stream) in encodings(codec, &content) {
                let decoded = decode(codec, &stream).unwrap_or_else(|error| panic!("{name}, {encoding}: {error}"));
                assert!(decoded == content, "{codec:?}, {encoding}: {name} decodes to something else");
            }
        }
    }
}

#[test]
fn pieces_of_any_length_decode_alike() {
    let content = contents().pop().unwrap().1;
    for codec in CODECS {
        for (encoding, stream) in encodings(codec, &content) {
            for pieces in [&[1][..], &[7, 65_536, 1, 3_001], &[1 << 20], &[65_535]] {
                let decoded = decode_in(codec, &stream, pieces);
                assert!(decoded.as_ref() == Ok(&content), "{codec:?}, {encoding}, pieces of {pieces:?}");
            }
        }
    }
}

#[test]
fn streams_in_a_row_decode_to_contents_in_a_row() {
    for codec in CODECS {
        let parts = [words(5_000), Vec::new(), noise(300, 5), words(100_000)];
        let stream: Vec<u8> = parts.iter().flat_map(|part| encode(codec, part)).collect();
        assert!(decode(codec, &stream) == Ok(parts.concat()), "{codec:?}");
        assert!(decode_in(codec, &stream, &[1]) == Ok(parts.concat()), "{codec:?}, byte by byte");
    }
}

#[test]
fn an_empty_input_is_truncated() {
    for codec in CODECS {
        assert_eq!(decode(codec, b""), Err(DecodeError::Truncated { codec, at: 0 }));
    }
}

#[test]
fn a_stream_cut_anywhere_is_truncated() {
    for codec in CODECS {
        for content in [Vec::new(), words(900)] {
            for (encoding, stream) in encodings(codec, &content) {
                for end in 0..stream.len() {
                    let result = decode(codec, &stream[..end]);
                    let expected = DecodeError::Truncated { codec, at: end.try_into().unwrap() };
                    assert_eq!(result, Err(expected), "{codec:?}, {encoding}, cut to {end} of {}", stream.len());
                }
            }
        }
        let stream = encode(codec, &contents().pop().unwrap().1);
        for end in (0..stream.len()).step_by(stream.len() / 40) {
            let expected = DecodeError::Truncated { codec, at: end.try_into().unwrap() };
            assert_eq!(decode(codec, &stream[..end]), Err(expected));
        }
    }
}

#[test]
fn a_second_stream_cut_anywhere_is_truncated() {
    for codec in CODECS {
        let first = encode(codec, b"first");
        let both = [first.clone(), encode(codec, b"second")].concat();
        assert_eq!(decode(codec, &first), Ok(b"first".to_vec()));
        for end in first.len() + 1..both.len() {
            let expected = DecodeError::Truncated { codec, at: end.try_into().unwrap() };
            assert_eq!(decode(codec, &both[..end]), Err(expected), "{codec:?}, cut to {end}");
        }
    }
}

#[test]
fn bytes_behind_a_stream_are_refused() {
    for codec in CODECS {
        let stream = encode(codec, b"content");
        let at: u64 = stream.len().try_into().unwrap();
        for garbage in [&b"\n"[..], b"x", b"ab", b"garbage that is longer than any header of any format"] {
            let bytes = [stream.as_slice(), garbage].concat();
            assert_eq!(decode(codec, &bytes), Err(DecodeError::Trailing { codec, at }), "{codec:?} {garbage:?}");
            assert_eq!(
                decode_in(codec, &bytes, &[1]),
                Err(DecodeError::Trailing { codec, at }),
                "{codec:?} {garbage:?}"
            );
        }
    }
}

#[test]
fn zeros_behind_a_stream_are_refused_unless_they_are_xz_padding() {
    for codec in CODECS {
        for count in 1..=13 {
            let bytes = [encode(codec, b"content"), vec![0; count]].concat();
            let padded = codec == pspf_nostd::codec::Codec::Xz && count % 4 == 0;
            assert_eq!(decode(codec, &bytes).is_ok(), padded, "{codec:?} {count}");
        }
    }
}

#[test]
fn a_flipped_bit_gives_an_error_or_changes_nothing() {
    for codec in CODECS {
        for content in [Vec::new(), words(700), noise(90, 9)] {
            let stream = encode(codec, &content);
            for at in 0..stream.len() {
                for bit in 0..8 {
                    let mut damaged = stream.clone();
                    damaged[at] ^= 1 << bit;
                    if let Ok(decoded) = decode(codec, &damaged) {
                        assert!(decoded == content, "{codec:?}: bit {bit} of byte {at} changes the content unseen");
                    }
                }
            }
        }
    }
}

#[test]
fn a_sink_that_stops_stops_the_decoder_for_good() {
    for codec in CODECS {
        let stream = encode(codec, &noise(400_000, 11));
        let mut decoder = PureCodecs.decoder(codec, &Budget::default()).unwrap();
        let mut calls = 0;
        let result = decoder.push(&stream, &mut |_| {
            calls += 1;
            Err(Stop)
        });
        assert_eq!((result, calls), (Err(DecodeError::Stopped), 1), "{codec:?}");
        assert_eq!(decoder.push(&stream, &mut |_| panic!("nothing more")), Err(DecodeError::Stopped));
        assert_eq!(decoder.finish(&mut |_| panic!("nothing more")), Err(DecodeError::Stopped));
    }
}

#[test]
fn an_error_is_given_again() {
    for codec in CODECS {
        let mut decoder = PureCodecs.decoder(codec, &Budget::default()).unwrap();
        let sink = &mut |_: &[u8]| Ok(());
        let error = decoder.push(b"this is no stream of any kind", sink).unwrap_err();
        assert!(matches!(error, DecodeError::Corrupt { at: 0, .. }), "{codec:?}: {error}");
        assert_eq!(decoder.push(&encode(codec, b"content"), sink), Err(error));
        assert_eq!(decoder.finish(sink), Err(error));
    }
}

#[test]
fn a_finished_decoder_takes_nothing_more() {
    for codec in CODECS {
        let mut decoder = PureCodecs.decoder(codec, &Budget::default()).unwrap();
        let sink = &mut |_: &[u8]| Ok(());
        decoder.push(&encode(codec, b"content"), sink).unwrap();
        decoder.finish(sink).unwrap();
        assert_eq!(decoder.push(b"x", sink), Err(DecodeError::AfterEnd));
        assert_eq!(decoder.finish(sink), Err(DecodeError::AfterEnd));
    }
}

/// Content of several textures, so that encoders use all their block types.
fn texture() -> impl Strategy<Value = Vec<u8>> {
    let run = (any::<u8>(), 0..70_000_usize).prop_map(|(byte, length)| vec![byte; length]);
    let random = (any::<u64>(), 0..3_000_usize).prop_map(|(seed, length)| noise(length, seed));
    let text = (0..40_000_usize).prop_map(words);
    prop::collection::vec(prop_oneof![run, random, text], 0..6).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_content_in_any_pieces_decodes_to_itself(
        content in texture(),
        pieces in prop::collection::vec(1..70_000_usize, 1..8),
        small in prop::collection::vec(1..9_usize, 1..8),
    ) {
        for codec in CODECS {
            let stream = encode(codec, &content);
            prop_assert!(decode_in(codec, &stream, &pieces) == Ok(content.clone()));
            prop_assert!(decode_in(codec, &stream, &small) == Ok(content.clone()));
        }
    }

    #[test]
    fn damage_is_judged_alike_in_any_pieces(
        content in texture(),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        pieces in prop::collection::vec(1..5_000_usize, 1..8),
    ) {
        for codec in CODECS {
            let mut stream = encode(codec, &content);
            for (at, mask) in &hits {
                let at = at.index(stream.len());
                stream[at] ^= mask;
            }
            let whole = decode(codec, &stream);
            prop_assert!(whole == decode_in(codec, &stream, &pieces), "{codec:?}");
            if let Ok(decoded) = whole {
                prop_assert!(decoded == content, "{codec:?}");
            }
        }
    }

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), begin in 0..24_usize) {
        for codec in CODECS {
            let mut stream = encode(codec, b"hello hello hello");
            stream.truncate(begin);
            stream.extend_from_slice(&bytes);
            let whole = decode(codec, &stream);
            prop_assert_eq!(whole, decode_in(codec, &stream, &[1]));
        }
    }
}
