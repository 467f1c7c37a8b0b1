//! The decoders that the launcher lends to the core: blocks of zstd frames by the C library, which is about twice as fast as
//! `ruzstd`, and the core's own for everything else.

use pspf_nostd::codec::{Budget, Codec, Codecs, Decode, DecodeError, PureCodecs};

/// The decoders of a native program.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeCodecs;

impl Codecs for NativeCodecs {
    fn decoder(&self, codec: Codec, budget: &Budget) -> Result<Box<dyn Decode>, DecodeError> {
        match codec {
            #[cfg(feature = "native-zstd")]
            Codec::Zstd => Ok(pspf_nostd::codec::zstd_decoder(Box::new(native::Blocks::new()?), budget)),
            _ => PureCodecs.decoder(codec, budget),
        }
    }
}

#[cfg(feature = "native-zstd")]
mod native {
    use pspf_nostd::codec::{BlockError, Codec, DecodeError, InvalidFrame, Sink, ZstdBlocks};
    use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

    /// Largest window that the library takes on any machine (ZSTD_WINDOWLOG_MAX_32). The core has refused what is over the
    /// budget before.
    const WINDOW_LOG_MAX: u32 = 30;

    /// Blocks by libzstd.
    pub(super) struct Blocks {
        context: DCtx<'static>,
        piece: Vec<u8>,
    }

    impl Blocks {
        pub(super) fn new() -> Result<Self, DecodeError> {
            let refused = |what| DecodeError::Unsupported { codec: Codec::Zstd, at: 0, what };
            let mut context = DCtx::try_create().ok_or_else(|| refused("more memory than there is"))?;
            let log = DParameter::WindowLogMax(WINDOW_LOG_MAX);
            context.set_parameter(log).map_err(|code| refused(zstd_safe::get_error_name(code)))?;
            Ok(Self { context, piece: vec![0; DCtx::out_size()] })
        }

        /// Hands on all that `input` decodes to. The library holds bytes back only where the output is full.
        fn decode(&mut self, input: &[u8], out: &mut Sink<'_>) -> Result<(), BlockError> {
            let mut input = InBuffer::around(input);
            loop {
                let mut output = OutBuffer::around(&mut self.piece[..]);
                let before = input.pos;
                self.context.decompress_stream(&mut output, &mut input).map_err(|_| BlockError::Invalid)?;
                let written = output.pos();
                if written > 0 {
                    out(&self.piece[..written])?;
                }
                let stuck = input.pos == before && written == 0;
                if input.pos == input.src.len() && written < self.piece.len() {
                    return Ok(());
                }
                if stuck {
                    return Err(BlockError::Invalid);
                }
            }
        }
    }

    impl ZstdBlocks for Blocks {
        fn begin(&mut self, header: &[u8]) -> Result<(), InvalidFrame> {
            self.context.reset(ResetDirective::SessionOnly).map_err(|_| InvalidFrame)?;
            self.decode(header, &mut |_| Ok(())).map_err(|_| InvalidFrame)
        }

        fn block(&mut self, block: &[u8], out: &mut Sink<'_>) -> Result<(), BlockError> {
            self.decode(block, out)
        }
    }
}

#[cfg(all(test, feature = "native-zstd"))]
mod tests {
    use super::*;

    /// What a decoder makes of `stored`, cut into pieces of `step` bytes.
    fn decode(source: &dyn Codecs, stored: &[u8], step: usize) -> Result<Vec<u8>, DecodeError> {
        let budget = Budget { window_max: 8 << 20, ..Budget::default() };
        let mut decoder = source.decoder(Codec::Zstd, &budget)?;
        let mut decoded = Vec::new();
        let mut out = |bytes: &[u8]| {
            decoded.extend_from_slice(bytes);
            Ok(())
        };
        for piece in stored.chunks(step) {
            decoder.push(piece, &mut out)?;
        }
        decoder.finish(&mut out)?;
        Ok(decoded)
    }

    /// How each decoder judges `stored`, whichever way it is cut.
    fn judged(stored: &[u8]) -> [Result<Vec<u8>, DecodeError>; 2] {
        [&PureCodecs as &dyn Codecs, &NativeCodecs].map(|source| {
            let whole = decode(source, stored, usize::MAX);
            for step in [1, 7, 4096] {
                assert_eq!(decode(source, stored, step), whole, "{step} bytes at a time: {stored:02x?}");
            }
            whole
        })
    }

    fn frame(content: &[u8], level: i32, checksum: bool) -> Vec<u8> {
        let mut context = zstd_safe::CCtx::create();
        context.set_parameter(zstd_safe::CParameter::CompressionLevel(level)).unwrap();
        context.set_parameter(zstd_safe::CParameter::ChecksumFlag(checksum)).unwrap();
        let mut frame = vec![0; zstd_safe::compress_bound(content.len())];
        let size = context.compress2(&mut frame[..], content).unwrap();
        frame.truncate(size);
        frame
    }

    fn samples() -> Vec<Vec<u8>> {
        let text: Vec<u8> =
            (0..9000_u32).flat_map(|n| format!("line {} of {}\n", n % 97, n / 7).into_bytes()).collect();
        let noise: Vec<u8> = (0..3000_u32).map(|n| n.wrapping_mul(0x9e37_79b9).to_be_bytes()[0]).collect();
        let zeros = vec![0; 300_000];
        let mut samples = Vec::new();
        for content in [&b""[..], b"a", &text, &noise, &zeros] {
            samples.extend([1, 3, 19].map(|level| frame(content, level, level == 3)));
        }
        samples.push(
            [frame(&text, 3, true), vec![0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3], frame(b"x", 1, true)].concat(),
        );
        samples
    }

    #[test]
    fn frames_of_the_encoder_are_decoded_alike() {
        for stored in samples() {
            let [pure, native] = judged(&stored);
            assert_eq!(native.unwrap(), pure.unwrap());
        }
    }

    /// libzstd decodes some damaged blocks that `ruzstd` refuses, and the other way round. What counts is that no frame is
    /// decoded to one content by a scanner and to another by the launcher.
    #[test]
    fn damaged_frames_have_one_content_at_most() {
        let mut both = 0;
        for stored in samples() {
            let places = (0..stored.len().min(64)).chain((64..stored.len()).step_by(stored.len() / 40 + 1));
            for place in places {
                for flip in [0x01, 0x80, 0xff] {
                    let mut damaged = stored.clone();
                    damaged[place] ^= flip;
                    if let [Ok(pure), Ok(native)] = judged(&damaged) {
                        assert_eq!(native, pure, "{damaged:02x?}");
                        both += 1;
                    }
                }
                let cut = judged(&stored[..place]);
                assert_eq!(cut[0].is_ok(), cut[1].is_ok(), "{:02x?}", &stored[..place]);
            }
        }
        assert!(both > 100, "{both}");
    }

    #[test]
    fn sizes_that_headers_claim_are_held_against_both() {
        // The header promises 229 bytes and a checksum; there is one empty block.
        let short = [0x28, 0xb5, 0x2f, 0xfd, 0x24, 0xe5, 0x01, 0x00, 0x00, 0x99, 0xe9, 0xd8, 0x51];
        assert!(judged(&short).iter().all(|result| matches!(result, Err(DecodeError::Corrupt { .. }))));
        for (window, accepted) in [(0x00, true), (0x68, true), (0x69, false), (0x70, false), (0xff, false)] {
            let empty = [0x28, 0xb5, 0x2f, 0xfd, 0x00, window, 0x01, 0x00, 0x00];
            assert!(judged(&empty).iter().all(|result| result.is_ok() == accepted), "window descriptor {window:#x}");
        }
    }
}
