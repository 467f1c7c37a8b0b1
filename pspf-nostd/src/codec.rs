//! Streaming decoders of the compressions that an operation chain can name: gzip, zstd, xz, bzip2.
//!
//! Nothing here reads or waits. The caller pushes stored bytes as they arrive, in pieces of any size, and decoded bytes go to
//! its [`Sink`] as soon as they are known. Memory is bounded whatever the input claims: less than 100 KB for gzip, some 11 MB
//! for bzip2, and for zstd and xz at most three times the window (see [`Budget::window_max`]) and 1 MB. Every checksum that a
//! format carries is compared, and bytes that follow a complete stream are refused. Whether a stream is accepted does not
//! depend on how it was cut into pieces.
//!
//! [`Chain`] undoes several codecs in a row and holds all of them to one [`Budget`].

mod budget;
mod bzip2;
mod chain;
mod error;
mod gather;
mod gzip;
mod gzip_member;
mod xz;
mod zstd;

use alloc::boxed::Box;

use crate::limits::DECODE_WINDOW_MAX;

pub use crate::operation::Codec;
pub use budget::Budget;
pub use chain::Chain;
pub use error::{DecodeError, LimitKind};
pub use gzip_member::{GunzipOne, gunzip_one, gzip_stored};
pub use zstd::{BlockError, InvalidFrame, ZstdBlocks};

/// A sink's wish to stop decoding. The sink keeps its own reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// Where decoded bytes go, in order, in pieces of a decoder's choosing.
pub type Sink<'a> = dyn FnMut(&[u8]) -> Result<(), Stop> + 'a;

/// A streaming decoder.
///
/// After an error every further call gives the same error; after a successful [`finish`](Self::finish) every further call
/// gives [`DecodeError::AfterEnd`]. What reached the sink before an error is a prefix of nothing certain: discard it.
pub trait Decode: Send {
    /// Takes the next stored bytes and gives the sink what they decode to.
    ///
    /// # Errors
    /// [`DecodeError`] for anything but a valid stream within the budget, and [`DecodeError::Stopped`] if the sink stopped.
    fn push(&mut self, input: &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError>;

    /// Says that no more bytes follow.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if the stream is not complete; an empty input is not a complete stream in any format.
    fn finish(&mut self, out: &mut Sink<'_>) -> Result<(), DecodeError>;
}

/// A source of decoders: lets a native caller lend a faster one for some codec.
pub trait Codecs {
    /// A new decoder of one codec, at the beginning of a stream.
    ///
    /// # Errors
    /// [`DecodeError::Unsupported`] where the source has no such decoder.
    fn decoder(&self, codec: Codec, budget: &Budget) -> Result<Box<dyn Decode>, DecodeError>;
}

/// The decoders that need nothing but this crate's Rust dependencies. They hold themselves to the whole budget.
#[derive(Clone, Copy, Debug, Default)]
pub struct PureCodecs;

impl Codecs for PureCodecs {
    fn decoder(&self, codec: Codec, budget: &Budget) -> Result<Box<dyn Decode>, DecodeError> {
        let window = budget.window_max;
        let decoder: Box<dyn Decode> = match codec {
            Codec::Gzip => Box::new(gzip::Gzip::new()),
            Codec::Zstd => return Ok(zstd_decoder(Box::new(zstd::PureBlocks::new(window)), budget)),
            Codec::Xz => Box::new(xz::Xz::new(window)),
            Codec::Bzip2 => Box::new(bzip2::Bzip2::new()),
        };
        Ok(Box::new(budget::Guarded::new(codec, decoder, *budget)))
    }
}

/// A zstd decoder with a caller's decoder of blocks; everything around the blocks is judged as by [`PureCodecs`].
#[must_use]
pub fn zstd_decoder(blocks: Box<dyn ZstdBlocks>, budget: &Budget) -> Box<dyn Decode> {
    let decoder = Box::new(zstd::Zstd::new(budget.window_max, blocks));
    Box::new(budget::Guarded::new(Codec::Zstd, decoder, *budget))
}

const _: () = assert!(DECODE_WINDOW_MAX >= 64 << 20, "`xz -9` must decode by default");
