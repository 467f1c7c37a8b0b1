//! Why decoding failed.

use core::fmt;

use super::{Codec, Stop};

/// Why a stream was refused. Offsets (`at`) count the stored bytes of that codec's own input, from 0, and point at the
/// beginning of the part that is wrong: the member, frame, block or header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The input ended inside a stream, or was empty.
    Truncated {
        /// The codec whose input it was.
        codec: Codec,
        /// Length of the input, in bytes.
        at: u64,
    },
    /// The bytes are not what the format allows.
    Corrupt {
        /// The codec whose input it was.
        codec: Codec,
        /// Offset of the damaged part.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// A checksum of the format does not fit the decoded bytes.
    Checksum {
        /// The codec whose input it was.
        codec: Codec,
        /// Offset of the part that the checksum covers.
        at: u64,
        /// Which checksum.
        what: &'static str,
        /// The value in the stream (the first eight bytes of a SHA-256).
        stored: u64,
        /// The value of the decoded bytes.
        computed: u64,
    },
    /// The stream uses a feature of its format that is not supported.
    Unsupported {
        /// The codec whose input it was.
        codec: Codec,
        /// Offset of the part that asks for the feature.
        at: u64,
        /// The feature.
        what: &'static str,
    },
    /// Bytes that belong to no stream follow a complete one.
    Trailing {
        /// The codec whose input it was.
        codec: Codec,
        /// Offset of the first such byte.
        at: u64,
    },
    /// A limit was passed: a decompression bomb, or a stream that needs more memory than allowed.
    Limit {
        /// The codec that passed it; `None` for a chain without codecs.
        codec: Option<Codec>,
        /// Which limit.
        limit: LimitKind,
        /// The limit's value: bytes, or bytes per byte for [`LimitKind::Ratio`].
        max: u64,
        /// What was found: the first count of bytes seen to be too many.
        found: u64,
    },
    /// The chain names more codecs than a descriptor has room for.
    ChainLength {
        /// Most codecs in a chain.
        max: usize,
        /// Codecs asked for.
        found: usize,
    },
    /// The sink asked to stop.
    Stopped,
    /// The decoder was used after its stream was finished.
    AfterEnd,
}

/// A limit of a [`Budget`](super::Budget), or a fixed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// [`Budget::output_max`](super::Budget::output_max).
    Output,
    /// [`Budget::ratio_max`](super::Budget::ratio_max).
    Ratio,
    /// [`Budget::window_max`](super::Budget::window_max).
    Window,
    /// [`GZIP_TEXT_MAX`](crate::limits::GZIP_TEXT_MAX).
    HeaderText,
}

impl DecodeError {
    /// A stable machine code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "codec.truncated",
            Self::Corrupt { .. } => "codec.corrupt",
            Self::Checksum { .. } => "codec.checksum",
            Self::Unsupported { .. } => "codec.unsupported",
            Self::Trailing { .. } => "codec.trailing",
            Self::Limit { limit: LimitKind::Output, .. } => "codec.limit.output",
            Self::Limit { limit: LimitKind::Ratio, .. } => "codec.limit.ratio",
            Self::Limit { limit: LimitKind::Window, .. } => "codec.limit.window",
            Self::Limit { limit: LimitKind::HeaderText, .. } => "codec.limit.header_text",
            Self::ChainLength { .. } => "codec.chain_length",
            Self::Stopped => "codec.stopped",
            Self::AfterEnd => "codec.after_end",
        }
    }
}

fn name(codec: Codec) -> &'static str {
    match codec {
        Codec::Gzip => "gzip",
        Codec::Bzip2 => "bzip2",
        Codec::Xz => "xz",
        Codec::Zstd => "zstd",
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { codec, at } => {
                write!(f, "the {} data end after {at} bytes, inside a stream", name(codec))
            }
            Self::Corrupt { codec, at, what } => write!(f, "corrupt {} data at byte {at}: {what}", name(codec)),
            Self::Checksum { codec, at, what, stored, computed } => write!(
                f,
                "{} of the {} data at byte {at} is {stored:#x}, the decoded bytes give {computed:#x}",
                what,
                name(codec)
            ),
            Self::Unsupported { codec, at, what } => {
                write!(f, "{} data at byte {at} use {what}, which is not supported", name(codec))
            }
            Self::Trailing { codec, at } => {
                write!(f, "bytes that are not {} data follow the stream at byte {at}", name(codec))
            }
            Self::Limit { codec, limit, max, found } => {
                let codec = codec.map_or("raw", name);
                match limit {
                    LimitKind::Output => {
                        write!(f, "{codec} data decode to {found} bytes or more, the limit (output_max) is {max}")
                    }
                    LimitKind::Ratio => write!(
                        f,
                        "{codec} data decode to {found} bytes or more, over {max} times their stored size, the limit (ratio_max)"
                    ),
                    LimitKind::Window => {
                        write!(f, "{codec} data need a window of {found} bytes, the limit (window_max) is {max}")
                    }
                    LimitKind::HeaderText => {
                        write!(f, "a name or comment in the {codec} header is longer than {max} bytes")
                    }
                }
            }
            Self::ChainLength { max, found } => write!(f, "a chain of {found} codecs, the limit is {max}"),
            Self::Stopped => f.write_str("the receiver of the decoded bytes stopped"),
            Self::AfterEnd => f.write_str("the decoder was used after the end of its stream"),
        }
    }
}

impl core::error::Error for DecodeError {}

impl From<Stop> for DecodeError {
    fn from(Stop: Stop) -> Self {
        Self::Stopped
    }
}
