//! Encoding of slots: content through the compressions of its chain into a file, counted and hashed on the way.

use pspf_nostd::{digest::StreamingSha256, operation::Codec, writer::EncodedSlot};
use std::{
    fs::File,
    io::{self, BufWriter, Write},
    num::{NonZero, NonZeroU64},
    path::Path,
};
use zstd::zstd_safe::CParameter;

/// To be raised when a choice below changes, so that what was encoded before is not taken for what would be encoded now.
pub(crate) const REVISION: u8 = 2;

/// Zstandard level of packages that name none. On a CPython tree of 48 MB (two processors, busy) level 3 took 1.2 s for 17.9 MB, level 9
/// 4.1 s for 16.2 MB, level 19 101 s for 14.6 MB; all are read at the same speed.
pub(crate) const ZSTD_LEVEL: i64 = 9;

/// Largest Zstandard window, as a power of two: a first start needs 32 MiB for it, of the 64 MB that it may take in all.
const ZSTD_WINDOW_MAX: u32 = 25;

/// The same in bytes.
pub(crate) const ZSTD_WINDOW_BYTES: u64 = 1 << ZSTD_WINDOW_MAX;

/// Bytes per compression job. It follows from the size of the content alone, so that the result does not depend on the number of
/// threads; smaller jobs keep more threads busy and cost compression.
const ZSTD_JOB: u32 = 16 << 20;

/// The same for content that would make less than four jobs: most applications.
const ZSTD_SMALL_JOB: u32 = 4 << 20;

/// How much of the window before it a job reads again: an eighth (2^(6-9)). Matches from farther back are found by the long
/// distance matcher, which sees all jobs. On a 40 MB CPython tree at level 19 the whole window (9) takes twice the time of an
/// eighth, and saves 0.7 %.
const ZSTD_OVERLAP_LOG: u32 = 6;

/// Bytes per xz block. Blocks are compressed at once, and each starts anew; it is fixed, so that the result does not depend on
/// the number of threads.
const XZ_BLOCK: NonZeroU64 = NonZeroU64::new(16 << 20).unwrap();

/// Largest xz dictionary: a whole block, and no more than a first start can afford.
const XZ_DICTIONARY_MAX: u32 = 16 << 20;

/// How long a match ends the search at the highest xz level; what `xz -e` takes.
const XZ_NICE_LENGTH_MAX: u32 = 273;

/// The levels that a compression takes, and the one that is taken where the manifest names none.
#[must_use]
pub(crate) fn levels(codec: Codec) -> (std::ops::RangeInclusive<i64>, i64) {
    match codec {
        Codec::Gzip => (1..=9, 9),
        Codec::Bzip2 => (1..=9, 9),
        Codec::Xz => (0..=9, 9),
        Codec::Zstd => (1..=22, ZSTD_LEVEL),
    }
}

/// How to encode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings<'a> {
    /// Compressions in the order in which they are applied, each with its level.
    pub codecs: &'a [(Codec, i64)],
    /// Length of the content in bytes.
    pub content_size: u64,
    /// Threads that one compression may use.
    pub threads: NonZero<u32>,
}

/// Encodes what `content` writes into the new file `target`.
///
/// # Errors
/// Those of `content` and of the file.
pub(crate) fn encode(
    settings: &Settings<'_>,
    target: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<EncodedSlot> {
    let file = File::create_new(target)?;
    let mut stage = Stage::File(HashingFile { file: BufWriter::new(file), hasher: StreamingSha256::new() });
    // The last compression is next to the file; only it is told the size, which the others' output has not.
    for (number, (codec, level)) in settings.codecs.iter().enumerate().rev() {
        let size = (number == 0).then_some(settings.content_size);
        stage = Stage::around(stage, *codec, *level, size, settings.threads)?;
    }
    content(&mut stage)?;
    let mut file = stage.finish()?;
    file.file.flush()?;
    Ok(EncodedSlot { size: file.hasher.length(), original_size: settings.content_size, sha256: file.hasher.finish() })
}

/// A file that knows the digest of what was written to it.
struct HashingFile {
    file: BufWriter<File>,
    hasher: StreamingSha256,
}

/// The file, or a compression in front of the next stage.
enum Stage {
    File(HashingFile),
    Gzip(flate2::write::GzEncoder<Box<Stage>>),
    Bzip2(bzip2::write::BzEncoder<Box<Stage>>),
    Xz(Box<lzma_rust2::XzWriterMt<Box<Stage>>>),
    Zstd(zstd::stream::write::Encoder<'static, Box<Stage>>),
}

impl Stage {
    fn around(next: Self, codec: Codec, level: i64, size: Option<u64>, threads: NonZero<u32>) -> io::Result<Self> {
        let next = Box::new(next);
        let level = u32::try_from(level).map_err(io::Error::other)?;
        Ok(match codec {
            // No name, no time, no system: nothing in the header depends on the machine (RFC 1952 §2.3).
            Codec::Gzip => Self::Gzip(
                flate2::GzBuilder::new().mtime(0).operating_system(255).write(next, flate2::Compression::new(level)),
            ),
            Codec::Bzip2 => Self::Bzip2(bzip2::write::BzEncoder::new(next, bzip2::Compression::new(level))),
            Codec::Xz => Self::Xz(Box::new(xz_encoder(next, level, threads)?)),
            Codec::Zstd => Self::Zstd(zstd_encoder(next, level, size, threads)?),
        })
    }

    fn finish(self) -> io::Result<HashingFile> {
        match self {
            Self::File(file) => Ok(file),
            Self::Gzip(encoder) => encoder.finish()?.finish(),
            Self::Bzip2(encoder) => encoder.finish()?.finish(),
            Self::Xz(encoder) => encoder.finish()?.finish(),
            Self::Zstd(encoder) => encoder.finish()?.finish(),
        }
    }
}

fn xz_encoder(next: Box<Stage>, level: u32, threads: NonZero<u32>) -> io::Result<lzma_rust2::XzWriterMt<Box<Stage>>> {
    let mut options = lzma_rust2::XzOptions::with_preset(level);
    options.set_block_size(Some(XZ_BLOCK));
    options.lzma_options.dict_size = options.lzma_options.dict_size.min(XZ_DICTIONARY_MAX);
    if level == 9 {
        options.lzma_options.nice_len = XZ_NICE_LENGTH_MAX;
    }
    lzma_rust2::XzWriterMt::new(next, options, threads.get())
}

fn zstd_encoder(
    next: Box<Stage>,
    level: u32,
    size: Option<u64>,
    threads: NonZero<u32>,
) -> io::Result<zstd::stream::write::Encoder<'static, Box<Stage>>> {
    let level = i32::try_from(level).map_err(io::Error::other)?;
    let mut encoder = zstd::stream::write::Encoder::new(next, level)?;
    encoder.include_checksum(true)?;
    encoder.set_pledged_src_size(size)?;
    // Even one thread takes the code path of many: only that path gives the same bytes for any number of them.
    encoder.multithread(threads.get())?;
    let is_small = size.is_some_and(|size| size < 4 * u64::from(ZSTD_JOB));
    encoder.set_parameter(CParameter::JobSize(if is_small { ZSTD_SMALL_JOB } else { ZSTD_JOB }))?;
    if let Some(window) = long_window(level, size) {
        encoder.set_parameter(CParameter::WindowLog(window))?;
        encoder.long_distance_matching(true)?;
        encoder.set_parameter(CParameter::OverlapSizeLog(ZSTD_OVERLAP_LOG))?;
    }
    Ok(encoder)
}

/// The window that holds the whole content, within the limit; none where the level's own is as good.
///
/// Up to the usual level that is the level's own, of 4 MB: a tree of 62 MB is 1 % larger for it, and decoded in 79 ms instead of 111,
/// for what is copied from far back is no longer in the processor's cache. (Files of equal content are beside each other in any case.)
fn long_window(level: i32, size: Option<u64>) -> Option<u32> {
    let size = size.filter(|size| *size > 8 << 20 && i64::from(level) > ZSTD_LEVEL)?;
    let bits = u64::BITS.saturating_sub(size.saturating_sub(1).leading_zeros());
    Some(bits.min(ZSTD_WINDOW_MAX))
}

impl Write for Stage {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => {
                file.file.write_all(bytes)?;
                file.hasher.update(bytes);
                Ok(bytes.len())
            }
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Bzip2(encoder) => encoder.write(bytes),
            Self::Xz(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    /// Does nothing: a flush in the middle would show in the compressed bytes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
