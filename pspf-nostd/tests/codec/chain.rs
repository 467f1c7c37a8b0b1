//! Several codecs in a row.

use pspf_nostd::codec::{Budget, Chain, Codec, Codecs, Decode, DecodeError, LimitKind, PureCodecs, Sink, Stop};
use pspf_nostd::operation::OperationChain;

use super::CODECS;
use super::samples::{encode, gzip, noise, words};

fn decode(codecs: &[Codec], budget: Budget, input: &[u8], piece: usize) -> Result<Vec<u8>, DecodeError> {
    let mut chain = Chain::new(codecs, &PureCodecs, &budget)?;
    let mut data = Vec::new();
    let sink: &mut Sink<'_> = &mut |piece| {
        data.extend_from_slice(piece);
        Ok(())
    };
    for piece in input.chunks(piece) {
        chain.push(piece, sink)?;
    }
    chain.finish(sink)?;
    assert_eq!(chain.bytes_in(), u64::try_from(input.len()).unwrap());
    assert_eq!(chain.bytes_out(), u64::try_from(data.len()).unwrap());
    Ok(data)
}

#[test]
fn every_pair_of_codecs_decodes() {
    let content = words(20_000);
    for inner in CODECS {
        for outer in CODECS {
            let stored = encode(outer, &encode(inner, &content));
            for piece in [1, 1_000, 1 << 20] {
                assert_eq!(decode(&[outer, inner], Budget::default(), &stored, piece), Ok(content.clone()));
            }
        }
    }
}

#[test]
fn a_parsed_operation_chain_gives_the_codecs_in_order() {
    let content = words(500);
    let operations = OperationChain::parse("tar|gzip|xz").unwrap();
    let stored = encode(Codec::Xz, &encode(Codec::Gzip, &content));
    assert_eq!(decode(&operations.codecs().unwrap(), Budget::default(), &stored, 64), Ok(content));
}

#[test]
fn no_codec_passes_bytes_through() {
    let content = noise(200_000, 4);
    assert_eq!(decode(&[], Budget::default(), &content, 70_000), Ok(content.clone()));
    assert_eq!(decode(&[], Budget::default(), b"", 1), Ok(Vec::new()));
    let error = decode(&[], Budget { output_max: 199_999, ..Budget::default() }, &content, 70_000).unwrap_err();
    assert!(matches!(error, DecodeError::Limit { codec: None, limit: LimitKind::Output, .. }), "{error}");
}

#[test]
fn eight_codecs_are_accepted_and_nine_are_not() {
    let eight = (0..8).fold(words(100), |content, _| gzip(&content, 6));
    assert_eq!(decode(&[Codec::Gzip; 8], Budget::default(), &eight, 10), Ok(words(100)));
    let error = decode(&[Codec::Gzip; 9], Budget::default(), &eight, 10);
    assert_eq!(error, Err(DecodeError::ChainLength { max: 8, found: 9 }));
}

#[test]
fn a_cut_in_any_layer_is_found() {
    let inner = encode(Codec::Xz, b"content");
    let whole = encode(Codec::Gzip, &inner);
    let codecs = [Codec::Gzip, Codec::Xz];
    for end in 0..whole.len() {
        let error = decode(&codecs, Budget::default(), &whole[..end], 1).unwrap_err();
        assert_eq!(error, DecodeError::Truncated { codec: Codec::Gzip, at: end.try_into().unwrap() });
    }
    for end in 0..inner.len() {
        let error = decode(&codecs, Budget::default(), &encode(Codec::Gzip, &inner[..end]), 1).unwrap_err();
        assert_eq!(error, DecodeError::Truncated { codec: Codec::Xz, at: end.try_into().unwrap() });
    }
}

#[test]
fn a_nested_bomb_is_refused_though_no_layer_is_one() {
    // Alone, the inner layer stays within the ratio and the outer below its floor; both together do not.
    let inner = encode(Codec::Gzip, &vec![0; 80 << 20]);
    let stored = encode(Codec::Zstd, &inner);
    let budget = Budget { ratio_max: 1_100, ..Budget::default() };
    for (codec, stream) in [(Codec::Gzip, &inner), (Codec::Zstd, &stored)] {
        assert!(decode(&[codec], budget, stream, 1 << 20).is_ok(), "{codec:?}");
    }
    let error = decode(&[Codec::Zstd, Codec::Gzip], budget, &stored, 1 << 20).err();
    let expected =
        |error| matches!(error, DecodeError::Limit { limit: LimitKind::Ratio, codec: Some(Codec::Gzip), .. });
    assert!(error.is_some_and(expected), "{error:?}");
}

#[test]
fn a_bomb_between_two_layers_is_refused_though_nothing_comes_out() {
    // The outer layer expands to one skippable zstd frame, which decodes to nothing.
    let length = 100_u32 << 20;
    let mut frame = vec![0x50, 0x2a, 0x4d, 0x18];
    frame.extend(length.to_le_bytes());
    frame.resize(frame.len() + usize::try_from(length).unwrap(), 0);
    let stored = gzip(&frame, 9);
    let error = decode(&[Codec::Gzip, Codec::Zstd], Budget::default(), &stored, 1 << 20).unwrap_err();
    assert!(matches!(error, DecodeError::Limit { limit: LimitKind::Ratio, codec: Some(Codec::Gzip), .. }), "{error}");
}

#[test]
fn a_stop_reaches_through_all_layers() {
    let stored = encode(Codec::Zstd, &encode(Codec::Gzip, &noise(100_000, 6)));
    let mut chain = Chain::new(&[Codec::Zstd, Codec::Gzip], &PureCodecs, &Budget::default()).unwrap();
    assert_eq!(chain.push(&stored, &mut |_| Err(Stop)), Err(DecodeError::Stopped));
    assert_eq!(chain.finish(&mut |_| Ok(())), Err(DecodeError::Stopped));
}

#[test]
fn a_lent_decoder_is_held_to_the_budget() {
    struct Endless;
    impl Decode for Endless {
        fn push(&mut self, _: &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
            loop {
                out(&[0; 4_096])?;
            }
        }
        fn finish(&mut self, _: &mut Sink<'_>) -> Result<(), DecodeError> {
            Ok(())
        }
    }
    struct Lender;
    impl Codecs for Lender {
        fn decoder(&self, codec: Codec, budget: &Budget) -> Result<Box<dyn Decode>, DecodeError> {
            if codec == Codec::Zstd { Ok(Box::new(Endless)) } else { PureCodecs.decoder(codec, budget) }
        }
    }
    let mut chain = Chain::new(&[Codec::Zstd], &Lender, &Budget::default()).unwrap();
    let error = chain.push(b"x", &mut |_| Ok(())).unwrap_err();
    assert!(matches!(error, DecodeError::Limit { limit: LimitKind::Ratio, codec: Some(Codec::Zstd), .. }), "{error}");
    assert_eq!(chain.push(b"x", &mut |_| panic!("nothing more")), Err(error));
}
