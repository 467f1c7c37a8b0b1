//! Reads one slot of a checked package: stored bytes by positioned reads, hashed on the way, decoded by its operations.

use std::{
    fmt,
    fs::File,
    io::{self, Write},
    os::unix::fs::FileExt,
};

use pspf_nostd::{
    codec::{Budget, Chain, DecodeError, Sink, Stop},
    digest::{Sha256Digest, StreamingSha256},
    offsets::{ByteRange, length, position},
    operation::OperationError,
    quoted::escaped,
    verify::{Authenticated, Checked, Section, SlotFacts},
};

use crate::extraction::codecs::NativeCodecs;

/// Bytes per read: large enough to make system calls cheap, small enough for any machine.
const READ_SIZE: usize = 256 << 10;

/// Why a slot cannot be read.
#[derive(Debug)]
pub struct SlotError {
    /// The slot's identifier, or its number where there is no such slot.
    pub slot: String,
    /// What is wrong.
    pub fault: SlotFault,
}

/// What is wrong with a slot.
#[derive(Debug)]
pub enum SlotFault {
    /// The package has no slot of this number.
    NoSuchSlot,
    /// The package file cannot be read.
    Read(io::Error),
    /// What was read cannot be written.
    Write(io::Error),
    /// The sink wanted to stop; it knows why.
    Stopped,
    /// An operation that is not decoded.
    Operations(OperationError),
    /// The stored bytes are not what the operations say.
    Decode(Box<DecodeError>),
    /// Decoding gave another length than the signed metadata state.
    OriginalSize {
        /// As signed, in bytes.
        expected: u64,
        /// As decoded, in bytes.
        found: u64,
    },
    /// The stored bytes are not the ones that were verified: the file has changed meanwhile.
    Digest(Box<WrongDigest>),
}

/// Two digests that should be one.
#[derive(Debug)]
pub struct WrongDigest {
    /// As verified.
    pub expected: Option<Sha256Digest>,
    /// As read.
    pub found: Sha256Digest,
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slot `{}`: {}", escaped(&self.slot), self.fault)
    }
}

impl std::error::Error for SlotError {}

impl fmt::Display for SlotFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchSlot => f.write_str("the package has no such slot"),
            Self::Read(error) => write!(f, "the package file cannot be read: {error}"),
            Self::Write(error) => write!(f, "the content cannot be written: {error}"),
            Self::Stopped => f.write_str("reading was stopped"),
            Self::Operations(error) => error.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::OriginalSize { expected, found } => {
                write!(f, "the content has {found} bytes after decoding, the signed metadata say {expected}")
            }
            Self::Digest(wrong) => match wrong.expected {
                Some(expected) => {
                    write!(
                        f,
                        "the file has changed since it was verified: SHA-256 {}, expected {expected}",
                        wrong.found
                    )
                }
                None => f.write_str("nothing is known of what it should hold"),
            },
        }
    }
}

/// Writes a slot's stored bytes to `out`; gives their number.
///
/// # Errors
/// [`SlotError`]; what was written by then is not to be used.
pub fn read_stored(file: &File, package: &Checked, slot: usize, out: &mut dyn Write) -> Result<u64, SlotError> {
    let facts = facts(package, slot)?;
    let copied = copy_stored(file, facts, &mut |bytes| out.write_all(bytes).map_err(SlotFault::Write));
    copied.map(|()| facts.range().len()).map_err(|fault| SlotError { slot: facts.entry().id.clone(), fault })
}

/// Writes a slot's content to `out`, decoded but not unpacked (a tar stays one); gives its length in bytes.
///
/// # Errors
/// [`SlotError`]; what was written by then is not to be used.
pub fn read_decoded(file: &File, package: &Checked, slot: usize, out: &mut dyn Write) -> Result<u64, SlotError> {
    read_decoded_watched(file, package, slot, out, &|_| ())
}

/// The same; `watch` is told how many more stored bytes were read.
///
/// # Errors
/// [`SlotError`]; what was written by then is not to be used.
pub fn read_decoded_watched(
    file: &File,
    package: &Checked,
    slot: usize,
    out: &mut dyn Write,
    watch: &dyn Fn(u64),
) -> Result<u64, SlotError> {
    let facts = facts(package, slot)?;
    let mut refused = None;
    let mut read = |stored: &mut StoredSink<'_>| {
        copy_stored(file, facts, &mut |bytes| {
            watch(length(bytes));
            stored(bytes)
        })
    };
    let decoded = decode(facts, &mut read, &mut |bytes| {
        out.write_all(bytes).map_err(|error| {
            refused = Some(error);
            Stop
        })
    });
    decoded.map_err(|fault| {
        let fault = refused.map_or(fault, SlotFault::Write);
        SlotError { slot: facts.entry().id.clone(), fault }
    })
}

/// The facts of slot `number`.
///
/// # Errors
/// [`SlotFault::NoSuchSlot`].
pub(crate) fn facts(package: &Authenticated, number: usize) -> Result<&SlotFacts, SlotError> {
    package.slots().get(number).ok_or_else(|| SlotError { slot: number.to_string(), fault: SlotFault::NoSuchSlot })
}

/// Takes the stored bytes of a slot, piece by piece.
pub type StoredSink<'a> = dyn FnMut(&[u8]) -> Result<(), SlotFault> + 'a;

/// Decodes a slot into `out`. `read` hands over its stored bytes and sees to it that they are the right ones.
pub(crate) fn decode(
    facts: &SlotFacts,
    read: &mut dyn FnMut(&mut StoredSink<'_>) -> Result<(), SlotFault>,
    out: &mut Sink<'_>,
) -> Result<u64, SlotFault> {
    let codecs = facts.operations().codecs().map_err(SlotFault::Operations)?;
    let expected = facts.original_size();
    let mut budget = Budget::default();
    // One byte over the signed size is enough to know that it is wrong. (What one codec hands to another may be longer.)
    if let (Some(size), 0 | 1) = (expected, codecs.len()) {
        budget.output_max = budget.output_max.min(size);
    }
    let mut chain = Chain::new(&codecs, &NativeCodecs, &budget).map_err(undecoded)?;
    let mut found = 0_u64;
    let mut counted = |bytes: &[u8]| {
        found = found.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        out(bytes)
    };
    read(&mut |bytes| chain.push(bytes, &mut counted).map_err(undecoded))?;
    chain.finish(&mut counted).map_err(undecoded)?;
    match expected {
        Some(expected) if expected != found => Err(SlotFault::OriginalSize { expected, found }),
        _ => Ok(found),
    }
}

/// Reads the stored bytes of a slot that was checked before, and compares them with its digest once more.
pub(crate) fn copy_stored(file: &File, facts: &SlotFacts, out: &mut StoredSink<'_>) -> Result<(), SlotFault> {
    if facts.entry().self_ref {
        return Ok(());
    }
    let mut hasher = StreamingSha256::new();
    read_range(file, facts.range(), &mut |bytes| {
        hasher.update(bytes);
        out(bytes)
    })?;
    let found = hasher.finish();
    match facts.sha256() {
        Some(expected) if *expected == found => Ok(()),
        expected => Err(SlotFault::Digest(Box::new(WrongDigest { expected: expected.copied(), found }))),
    }
}

/// Reads a section of a verification in progress, which decides on it later.
pub(crate) fn read_section(file: &File, section: &mut Section, out: &mut StoredSink<'_>) -> Result<(), SlotFault> {
    read_range(file, section.wants(), &mut |bytes| {
        section.supply(bytes);
        out(bytes)
    })
}

fn undecoded(error: DecodeError) -> SlotFault {
    SlotFault::Decode(Box::new(error))
}

/// Hands over the bytes of a range, piece by piece.
///
/// # Errors
/// [`SlotFault::Read`], and what `out` gives.
pub fn read_range(file: &File, range: ByteRange, out: &mut StoredSink<'_>) -> Result<(), SlotFault> {
    let mut window = vec![0; position(range.len()).min(READ_SIZE)];
    let mut at = range.start;
    while at < range.end {
        let piece = position(range.end - at).min(READ_SIZE);
        let bytes = &mut window[..piece];
        file.read_exact_at(bytes, at).map_err(SlotFault::Read)?;
        out(bytes)?;
        at = at.saturating_add(length(bytes));
    }
    Ok(())
}
