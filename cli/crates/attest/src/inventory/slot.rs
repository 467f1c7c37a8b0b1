//! One slot, taken apart while it is decoded.

use super::{
    InventoryError,
    dist_info::{Collector, DistInfo},
    wheels::{CarriedWheel, Wheels},
};
use flavor_host::extraction::slot_reader::SlotError;
use pspf_nostd::{
    codec::Stop,
    digest::{Sha256Digest, StreamingSha256},
    tar::{Entries, Entry, EntrySink, FileEntry, TarError, TarLimits, TarReader},
};
use std::io::{self, Write};

/// What a slot holds.
#[derive(Debug)]
pub struct SlotInventory {
    /// Position.
    pub index: usize,
    /// Identifier.
    pub id: String,
    /// Bytes in the file.
    pub stored: u64,
    /// Bytes after decoding; of an archive with its headers.
    pub unpacked: u64,
    /// What they are.
    pub content: Content,
    /// The wheels among the files, or the file itself where it is one; empty where they were not to be looked into.
    pub wheels: Vec<CarriedWheel>,
}

/// What the decoded bytes are.
#[derive(Debug)]
pub enum Content {
    /// An archive.
    Archive {
        /// Its entries, in its order.
        entries: Vec<FileEntry>,
        /// The installed distributions whose metadata are among them.
        distributions: Vec<DistInfo>,
    },
    /// One file.
    File {
        /// SHA-256 of the decoded bytes.
        sha256: Sha256Digest,
    },
}

/// Takes the decoded bytes of one slot.
pub(super) struct Reading {
    tar: Option<TarReader>,
    refused: Option<TarError>,
    hasher: StreamingSha256,
    unpacked: u64,
    members: Members,
}

#[derive(Default)]
struct Members {
    /// An entry has begun: the slot is an archive.
    begun: bool,
    entries: Entries,
    dist_infos: Collector,
    wheels: Option<Wheels>,
}

impl EntrySink for Members {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        self.begun = true;
        self.dist_infos.begin(entry);
        if let Some(wheels) = &mut self.wheels {
            wheels.begin_entry(entry);
        }
        self.entries.begin(entry)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.dist_infos.data(bytes);
        if let Some(wheels) = &mut self.wheels {
            wheels.data(bytes);
        }
        self.entries.data(bytes)
    }

    fn end(&mut self) -> Result<(), Stop> {
        self.dist_infos.end();
        if let Some(wheels) = &mut self.wheels {
            wheels.end();
        }
        self.entries.end()
    }
}

impl Reading {
    /// `target` is where the slot goes, given where wheels are read: a slot of one file may be one.
    pub(super) fn new(is_tar: bool, target: Option<&str>) -> Self {
        let wheels = target.map(|target| {
            let mut wheels = Wheels::new();
            wheels.begin(target);
            wheels
        });
        Self {
            tar: is_tar.then(|| TarReader::new(TarLimits::default())),
            refused: None,
            hasher: StreamingSha256::new(),
            unpacked: 0,
            members: Members { wheels, ..Members::default() },
        }
    }

    /// Ends the slot that was read with this result.
    pub(super) fn finish(
        mut self,
        read: Result<u64, SlotError>,
        slot: &str,
    ) -> Result<(u64, Content, Vec<CarriedWheel>), InventoryError> {
        let refused = |error| InventoryError::Archive { slot: slot.to_owned(), error: Box::new(error) };
        let read = read.map_err(InventoryError::Slot);
        if let Some(error) = self.refused {
            return Err(refused(error));
        }
        read?;
        if let Some(tar) = &mut self.tar {
            match tar.finish(&mut self.members) {
                Ok(()) => {
                    let Members { entries, dist_infos, wheels, .. } = self.members;
                    let (entries, distributions) = (entries.complete, dist_infos.distributions());
                    let wheels = wheels.map(|wheels| wheels.found).unwrap_or_default();
                    return Ok((self.unpacked, Content::Archive { entries, distributions }, wheels));
                }
                Err(error) if error.is_no_archive() => {}
                Err(error) => return Err(refused(error)),
            }
        }
        let content = Content::File { sha256: self.hasher.finish() };
        let wheels = self.members.wheels.map(|mut wheels| {
            wheels.end();
            wheels.found
        });
        Ok((self.unpacked, content, wheels.unwrap_or_default()))
    }
}

impl Reading {
    /// Bytes that are no archive's, as far as is known.
    fn file_data(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        if let Some(wheels) = &mut self.members.wheels {
            wheels.data(bytes);
        }
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unpacked = self.unpacked.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.tar.is_none() {
            self.file_data(bytes);
            return Ok(bytes.len());
        }
        if !self.members.begun {
            self.file_data(bytes);
        }
        let Some(tar) = &mut self.tar else { return Ok(bytes.len()) };
        match tar.push(bytes, &mut self.members) {
            Ok(()) => Ok(bytes.len()),
            Err(error) if error.is_no_archive() => {
                self.tar = None;
                Ok(bytes.len())
            }
            Err(error) => {
                self.refused = Some(error);
                Err(io::Error::other("the archive is refused"))
            }
        }
    }
}

impl Write for Reading {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.take(bytes);
        match self.members.wheels.as_mut().and_then(Wheels::failure) {
            Some(error) => Err(error),
            None => taken,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
