//! The decoders that the launcher lends to the core: the C zstd library, which is about twice as fast as the core's own
//! decoder, and the core's for everything else.

use pspf_nostd::codec::{Budget, Codec, Codecs, Decode, DecodeError, PureCodecs};

/// The decoders of a native program.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeCodecs;

impl Codecs for NativeCodecs {
    fn decoder(&self, codec: Codec, budget: &Budget) -> Result<Box<dyn Decode>, DecodeError> {
        match codec {
            #[cfg(feature = "native-zstd")]
            Codec::Zstd => Ok(Box::new(native::ZstdDecoder::new(budget)?)),
            _ => PureCodecs.decoder(codec, budget),
        }
    }
}

#[cfg(feature = "native-zstd")]
mod native {
    use pspf_nostd::{
        codec::{Budget, Codec, Decode, DecodeError, Sink},
        offsets::length,
    };
    use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer};

    /// Largest window that the library takes on any machine (ZSTD_WINDOWLOG_MAX_32).
    const WINDOW_LOG_MAX: u32 = 30;

    /// Several frames one after the other, skippable ones included, as RFC 8878 has it.
    pub(super) struct ZstdDecoder {
        context: DCtx<'static>,
        window: Vec<u8>,
        /// Stored bytes taken so far.
        at: u64,
        /// A frame has begun and not ended; also before the first one.
        open: bool,
        ended: Option<DecodeError>,
    }

    impl ZstdDecoder {
        pub(super) fn new(budget: &Budget) -> Result<Self, DecodeError> {
            let refused = |what| DecodeError::Unsupported { codec: Codec::Zstd, at: 0, what };
            let mut context = DCtx::try_create().ok_or_else(|| refused("more memory than there is"))?;
            // The library allocates the window when it has read a frame's header, and refuses larger ones before that.
            let log = budget.window_max.max(1024).ilog2().min(WINDOW_LOG_MAX);
            context.set_parameter(DParameter::WindowLogMax(log)).map_err(|code| refused(name(code)))?;
            Ok(Self { context, window: vec![0; DCtx::out_size()], at: 0, open: true, ended: None })
        }

        fn run(&mut self, input: &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
            let mut input = InBuffer::around(input);
            loop {
                let mut output = OutBuffer::around(&mut self.window[..]);
                let before = input.pos;
                let left = self
                    .context
                    .decompress_stream(&mut output, &mut input)
                    .map_err(|code| DecodeError::Corrupt { codec: Codec::Zstd, at: self.at, what: name(code) })?;
                let written = output.pos();
                self.at = self.at.saturating_add(length(&input.src[before..input.pos]));
                self.open = left != 0;
                if written > 0 {
                    out(&self.window[..written])?;
                }
                // The library holds bytes back only where the output is full inside a frame. To call it once more at the
                // end of a frame would begin another.
                let held_back = self.open && written == self.window.len();
                let stuck = input.pos == before && written == 0;
                if stuck || (input.pos == input.src.len() && !held_back) {
                    return Ok(());
                }
            }
        }
    }

    impl Decode for ZstdDecoder {
        fn push(&mut self, input: &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
            if let Some(error) = self.ended {
                return Err(error);
            }
            if input.is_empty() {
                return Ok(());
            }
            self.run(input, out).inspect_err(|error| self.ended = Some(*error))
        }

        fn finish(&mut self, _: &mut Sink<'_>) -> Result<(), DecodeError> {
            if let Some(error) = self.ended {
                return Err(error);
            }
            let truncated = DecodeError::Truncated { codec: Codec::Zstd, at: self.at };
            self.ended = Some(if self.open { truncated } else { DecodeError::AfterEnd });
            if self.open { Err(truncated) } else { Ok(()) }
        }
    }

    fn name(code: zstd_safe::ErrorCode) -> &'static str {
        zstd_safe::get_error_name(code)
    }
}
