//! Extraction of slots: tar slots unpacked at the root, whatever their target says; others as one file at their target.

pub mod bounded_queue;
pub mod codecs;
pub mod extraction_root;
pub mod file_writer;
pub mod look_through;
pub mod one_pass;
pub mod slot_reader;

use std::{fmt, fs::File, path::Path};

use pspf_nostd::{
    codec::{Sink, Stop},
    placement::{self, Fault},
    quoted::escaped,
    tar::{Entry, EntryKind, EntryPath, EntrySink, TarError, TarLimits, TarReader},
    verify::{Authenticated, Checked, SlotFacts},
};

use crate::{
    extraction::{
        extraction_root::{EntryFault, ExtractionRoot},
        file_writer::PieceWriter,
        slot_reader::SlotFault,
    },
    files::io_failure::IoFailure,
};

/// Why a package cannot be extracted.
#[derive(Debug)]
pub struct ExtractError {
    /// The slot's identifier; empty where it is about no single slot.
    pub slot: String,
    /// The path of the entry that it is about, where there is one.
    pub entry: Option<Vec<u8>>,
    /// What is wrong.
    pub fault: ExtractFault,
}

/// What stops an extraction.
#[derive(Debug)]
pub enum ExtractFault {
    /// The slot cannot be read or decoded.
    Slot(SlotFault),
    /// The archive is refused.
    Tar(Box<TarError>),
    /// The operations say tar, the content is none.
    NotATar,
    /// The target is not a path inside the work environment.
    Target {
        /// As signed.
        target: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// An entry cannot be made.
    Entry(EntryFault),
    /// The directory cannot be made or completed.
    Io(IoFailure),
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.slot.is_empty() {
            write!(f, "slot `{}`", escaped(&self.slot))?;
            if let Some(entry) = &self.entry {
                write!(f, ", entry `{}`", entry.escape_ascii())?;
            }
            f.write_str(": ")?;
        }
        match &self.fault {
            ExtractFault::Slot(fault) => fault.fmt(f),
            ExtractFault::Tar(error) => error.fmt(f),
            ExtractFault::NotATar => f.write_str(
                "its operations say tar, but it holds no tar archive (the published Python builder makes none of a single file)",
            ),
            ExtractFault::Target { target, fault } => write!(f, "its target `{}`: {fault}", escaped(target)),
            ExtractFault::Entry(fault) => fault.fmt(f),
            ExtractFault::Io(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for ExtractError {}

impl ExtractError {
    /// Small to hand on, whatever is wrong.
    #[cold]
    pub(crate) fn new(slot: &str, entry: Option<Vec<u8>>, fault: ExtractFault) -> Box<Self> {
        Box::new(Self { slot: slot.to_owned(), entry, fault })
    }

    /// Whether the machine is to blame, and not the package.
    #[must_use]
    pub fn is_of_the_system(&self) -> bool {
        use ExtractFault::{Entry, Io, Slot};
        matches!(self.fault, Io(_) | Entry(EntryFault::Io(_)) | Slot(SlotFault::Read(_) | SlotFault::Write(_)))
    }
}

impl From<IoFailure> for Box<ExtractError> {
    fn from(failure: IoFailure) -> Self {
        ExtractError::new("", None, ExtractFault::Io(failure))
    }
}

/// Extracts one slot into a new directory `destination`.
///
/// # Errors
/// [`ExtractError`]; what was extracted by then is left behind and not to be used.
pub fn extract_slot(file: &File, package: &Checked, slot: usize, destination: &Path) -> Result<(), Box<ExtractError>> {
    let mut root = ExtractionRoot::create(destination)?;
    add_checked_slot(&mut root, file, package, slot)?;
    finish(&mut root, package)
}

/// Extracts all slots into a new directory, as a work environment has them before its setup.
///
/// # Errors
/// As [`extract_slot`].
pub fn extract_all(file: &File, package: &Checked, destination: &Path) -> Result<(), Box<ExtractError>> {
    let mut root = ExtractionRoot::create(destination)?;
    add_slots(&mut root, file, package, |_| true)
}

/// Adds the slots chosen by `wanted` to a directory, in their order, and completes it.
pub fn add_slots(
    root: &mut ExtractionRoot,
    file: &File,
    package: &Checked,
    wanted: impl Fn(usize) -> bool,
) -> Result<(), Box<ExtractError>> {
    for number in (0..package.slots().len()).filter(|number| wanted(*number)) {
        add_checked_slot(root, file, package, number)?;
    }
    finish(root, package)
}

fn add_checked_slot(
    root: &mut ExtractionRoot,
    file: &File,
    package: &Checked,
    slot: usize,
) -> Result<(), Box<ExtractError>> {
    let facts = facts(package, slot)?;
    if facts.entry().self_ref {
        return Ok(());
    }
    add_slot(root, package, slot, &mut |out| {
        slot_reader::decode(facts, &mut |stored| slot_reader::copy_stored(file, facts, stored), out).map(drop)
    })
}

/// Hands over the decoded bytes of a slot, piece by piece.
pub(crate) type Source<'a> = dyn FnMut(&mut Sink<'_>) -> Result<(), SlotFault> + 'a;

/// Puts one slot into the directory.
pub(crate) fn add_slot(
    root: &mut ExtractionRoot,
    package: &Authenticated,
    number: usize,
    content: &mut Source<'_>,
) -> Result<(), Box<ExtractError>> {
    let facts = facts(package, number)?;
    let mut writer = EntryWriter { root, slot: number, open: None, path: None, refused: None };
    let outcome = match facts.operations().is_tar() {
        true => unpack(content, &mut writer),
        false => copy(content, facts, &mut writer),
    };
    let (entry, refused) = (writer.path, writer.refused);
    outcome.map_err(|fault| match refused {
        Some(refused) => entry_error(package, number, entry, refused),
        None => ExtractError::new(&facts.entry().id, None, fault),
    })
}

/// Completes the directory.
pub(crate) fn finish(root: &mut ExtractionRoot, package: &Authenticated) -> Result<(), Box<ExtractError>> {
    root.finish().map_err(|fault| match fault {
        EntryFault::Io(failure) => failure.into(),
        fault => entry_error(package, 0, None, fault),
    })
}

fn facts(package: &Authenticated, number: usize) -> Result<&SlotFacts, Box<ExtractError>> {
    slot_reader::facts(package, number)
        .map_err(|error| ExtractError::new(&error.slot, None, ExtractFault::Slot(error.fault)))
}

fn entry_error(package: &Authenticated, number: usize, entry: Option<Vec<u8>>, fault: EntryFault) -> Box<ExtractError> {
    let (number, entry, fault) = match fault {
        EntryFault::Earlier(file) => (file.slot, Some(file.name), EntryFault::Io(file.failure)),
        fault => (number, entry, fault),
    };
    let slot = package.slots().get(number).map_or("", |facts| &facts.entry().id);
    ExtractError::new(slot, entry, ExtractFault::Entry(fault))
}

fn unpack(content: &mut Source<'_>, writer: &mut EntryWriter<'_>) -> Result<(), ExtractFault> {
    let mut reader = TarReader::new(TarLimits::default());
    let mut refused = None;
    let decoded = content(&mut |bytes| {
        reader.push(bytes, writer).map_err(|error| {
            refused = Some(error);
            Stop
        })
    });
    match (refused, decoded) {
        (Some(error), _) => Err(archive_fault(error)),
        (None, Err(fault)) => Err(ExtractFault::Slot(fault)),
        (None, Ok(())) => reader.finish(writer).map_err(archive_fault),
    }
}

fn archive_fault(error: TarError) -> ExtractFault {
    if error.is_no_archive() { ExtractFault::NotATar } else { ExtractFault::Tar(Box::new(error)) }
}

fn copy(content: &mut Source<'_>, facts: &SlotFacts, writer: &mut EntryWriter<'_>) -> Result<(), ExtractFault> {
    let path = placement::target(&facts.entry().target)
        .map_err(|fault| ExtractFault::Target { target: facts.entry().target.clone(), fault })?;
    let stopped = |_: Stop| ExtractFault::Slot(SlotFault::Stopped);
    writer.begin_file(&path, u32::from(facts.mode()), None).map_err(stopped)?;
    content(&mut |bytes| writer.data(bytes)).map_err(ExtractFault::Slot)?;
    writer.end().map_err(stopped)
}

/// Makes entries as they come; keeps the reason where it stops.
struct EntryWriter<'a> {
    root: &'a mut ExtractionRoot,
    slot: usize,
    open: Option<PieceWriter>,
    path: Option<Vec<u8>>,
    refused: Option<EntryFault>,
}

impl EntryWriter<'_> {
    fn begin_file(&mut self, path: &EntryPath, mode: u32, mtime: Option<u64>) -> Result<(), Stop> {
        self.path = Some(path.as_bytes().to_vec());
        let new = self.root.add_file(self.slot, path, mode, mtime);
        let new = self.keep(new)?;
        self.open = Some(PieceWriter::new(new, self.root.writer().1));
        Ok(())
    }

    fn keep<T>(&mut self, outcome: Result<T, EntryFault>) -> Result<T, Stop> {
        outcome.map_err(|fault| {
            self.refused = Some(fault);
            Stop
        })
    }
}

impl EntrySink for EntryWriter<'_> {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        let (slot, path) = (self.slot, &entry.path);
        let made = match &entry.kind {
            EntryKind::File => return self.begin_file(path, entry.mode, Some(entry.mtime)),
            EntryKind::Directory => self.root.create_directory(slot, path, entry.mode, entry.mtime),
            EntryKind::Symlink { target } => self.root.note_symlink(slot, path, target),
            EntryKind::HardLink { target } => self.root.create_hard_link(slot, path, target),
        };
        self.path = Some(path.as_bytes().to_vec());
        self.keep(made)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let (writer, batch) = self.root.writer();
        let written = open.write(bytes, writer, batch);
        self.keep(written.map_err(EntryFault::Io))
    }

    fn end(&mut self) -> Result<(), Stop> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let (writer, batch) = self.root.writer();
        let finished = open.finish(writer, batch);
        self.keep(finished.map_err(EntryFault::from))
    }
}
