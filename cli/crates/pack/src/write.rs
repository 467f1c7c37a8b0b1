//! Encoding all slots and writing the package file.

use super::{
    encode::{self, Settings},
    encoded_cache,
    prepare::{Content, Prepared},
};
use crate::error::PackError;
use flavor_manifest::{Diagnostic, io_text};
use pspf_nostd::{
    digest::sha256,
    limits::{DECODED_RATIO_FLOOR, DECODED_RATIO_MAX},
    offsets::length,
    writer::{Assembly, EncodedSlot, Segment},
};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Read as _, Write},
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Bytes per read and write.
const CHUNK: usize = 1 << 20;

/// Encodes slots into files `slot-N` of `directory`, several at once. `done` is told of the bytes that were read.
///
/// # Errors
/// The first failure, in the order of the slots.
pub(crate) fn encode_slots(
    slots: &[Prepared],
    directory: &Path,
    threads: NonZero<u32>,
    done: &(dyn Fn(u64) + Sync),
) -> Result<Vec<EncodedSlot>, PackError> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Result<EncodedSlot, PackError>)>> = Mutex::default();
    let workers = usize::try_from(threads.get()).unwrap_or(1).min(slots.len()).max(1);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(slot) = slots.get(number) else { return };
                    let result = encode_slot(slot, &slot_file(directory, number), threads, done);
                    if result.is_err() {
                        // Nobody needs the rest.
                        next.store(slots.len(), Ordering::Relaxed);
                    }
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Readers refuse content that decodes to more than so many times its stored size: a start is protected from what a small file could
/// fill a disk with. Slots for which the manifest names no compression are stored without one then, as there is no limit to raise; gives
/// a sentence about each.
///
/// # Errors
/// Where the manifest wants the compression, and where a slot cannot be encoded.
pub(crate) fn store_bombs(
    slots: &mut [Prepared],
    encoded: &mut [EncodedSlot],
    directory: &Path,
    threads: NonZero<u32>,
) -> Result<Vec<String>, PackError> {
    let mut notices = Vec::new();
    for (number, (slot, encoded)) in slots.iter_mut().zip(encoded).enumerate() {
        let EncodedSlot { size, original_size, .. } = *encoded;
        if original_size <= DECODED_RATIO_FLOOR || original_size / size.max(1) < DECODED_RATIO_MAX {
            continue;
        }
        let message = format!(
            "the content shrinks from {original_size} to {size} bytes; readers take such a slot for a decompression bomb"
        );
        let Some(plain) = slot.without_compression() else {
            let problem = Diagnostic::error("slot.ratio", message).field(format!("slot `{}`", slot.id));
            let problem = problem.expected(format!("at most {DECODED_RATIO_MAX} times the stored size"));
            return Err(problem
                .hint("leave `operations` of this slot out, or write `\"raw\"` or `\"tar\"` there")
                .into());
        };
        *slot = plain;
        let path = slot_file(directory, number);
        fs::remove_file(&path).map_err(|error| Diagnostic::io("output.write", &path, "replace a slot", &error))?;
        *encoded = encode_slot(slot, &path, threads, &|_| ())?;
        notices.push(format!("slot {:?} is stored without compression: {message}", slot.id));
    }
    Ok(notices)
}

/// Stores bytes as they are as slot `number`.
///
/// # Errors
/// Where the file cannot be written.
pub(crate) fn store_slot(bytes: &[u8], number: usize, directory: &Path) -> Result<EncodedSlot, PackError> {
    let path = slot_file(directory, number);
    fs::write(&path, bytes).map_err(|error| Diagnostic::io("output.write", &path, "write a slot", &error))?;
    Ok(EncodedSlot { size: length(bytes), original_size: length(bytes), sha256: sha256(bytes) })
}

fn slot_file(directory: &Path, number: usize) -> PathBuf {
    directory.join(format!("slot-{number}"))
}

fn encode_slot(
    slot: &Prepared,
    target: &Path,
    threads: NonZero<u32>,
    done: &(dyn Fn(u64) + Sync),
) -> Result<EncodedSlot, PackError> {
    let settings = Settings { codecs: &slot.codecs, content_size: slot.content_size, threads };
    let encoded = match &slot.content {
        Content::Archive(archive) if slot.is_reused => {
            encoded_cache::encode(&settings, target, |out| archive.write(out))
        }
        Content::Archive(archive) => encode::encode(&settings, target, |out| archive.write(&mut Counted { out, done })),
        Content::File(path) => {
            encode::encode(&settings, target, |out| copy_exactly(path, slot.content_size, &mut Counted { out, done }))
        }
        Content::Stored(path) => {
            let stored = encode::encode(&settings, target, |out| {
                io::copy(&mut File::open(path)?, &mut Counted { out, done }).map(|_| ())
            });
            stored.map(|stored| EncodedSlot { original_size: slot.content_size, ..stored })
        }
    };
    encoded.map_err(|error| {
        let message = format!("cannot encode the slot: {}", io_text(&error));
        Diagnostic::error("slot.encode", message).field(format!("slot `{}`", slot.id)).into()
    })
}

/// Copies a file that must still be as long as it was.
fn copy_exactly(path: &Path, size: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut file = File::open(path)?.take(size.saturating_add(1));
    let copied = io::copy(&mut file, out)?;
    if copied == size { Ok(()) } else { Err(io::Error::other(format!("{} has changed meanwhile", path.display()))) }
}

/// Tells how much was written.
struct Counted<'a> {
    out: &'a mut dyn Write,
    done: &'a dyn Fn(u64),
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        (self.done)(u64::try_from(written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a package from its parts into the new file `target`; slots are read from the files that [`encode_slots`] made.
///
/// # Errors
/// Those of reading and writing, and where a slot's file is not what it was.
pub(crate) fn write_package(
    assembly: &Assembly,
    launcher: &[u8],
    slots: &[EncodedSlot],
    directory: &Path,
    target: &Path,
) -> Result<File, PackError> {
    let write = || -> io::Result<File> {
        let mut out =
            BufWriter::with_capacity(CHUNK, File::options().read(true).write(true).create_new(true).open(target)?);
        for segment in &assembly.segments {
            match segment {
                Segment::Launcher => out.write_all(launcher)?,
                Segment::Bytes(bytes) => out.write_all(bytes)?,
                Segment::Zeros(count) => {
                    io::copy(&mut io::repeat(0).take(*count), &mut out)?;
                }
                Segment::Slot(number) => copy_slot(&slot_file(directory, *number), slots.get(*number), &mut out)?,
            }
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)
    };
    write().map_err(|error| Diagnostic::io("output.write", target, "write the package", &error).into())
}

fn copy_slot(path: &Path, expected: Option<&EncodedSlot>, out: &mut impl Write) -> io::Result<()> {
    let copied = io::copy(&mut File::open(path)?, out)?;
    match expected {
        Some(slot) if slot.size == copied => Ok(()),
        _ => Err(io::Error::other("an encoded slot has changed before it was written")),
    }
}

/// Bytes that encoding all slots will read.
#[must_use]
pub(crate) fn total(slots: &[Prepared]) -> u64 {
    slots.iter().map(|slot| slot.content_size).fold(0, u64::saturating_add)
}
