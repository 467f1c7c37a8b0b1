//! One slot, taken apart while it is decoded.

use super::{
    InventoryError,
    dist_info::{Collector, DistInfo},
};
use flavor_launcher::slot_reader::SlotError;
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
        /// The operations promise an archive (the published Python builder does so for single files).
        called_archive: bool,
    },
}

/// Takes the decoded bytes of one slot.
pub(super) struct Reading {
    tar: Option<TarReader>,
    refused: Option<TarError>,
    hasher: StreamingSha256,
    unpacked: u64,
    is_tar: bool,
    members: Members,
}

#[derive(Default)]
struct Members {
    /// An entry has begun: the slot is an archive.
    begun: bool,
    entries: Entries,
    dist_infos: Collector,
}

impl EntrySink for Members {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        self.begun = true;
        self.dist_infos.begin(entry);
        self.entries.begin(entry)
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.dist_infos.data(bytes);
        self.entries.data(bytes)
    }

    fn end(&mut self) -> Result<(), Stop> {
        self.dist_infos.end();
        self.entries.end()
    }
}

impl Reading {
    pub(super) fn new(is_tar: bool) -> Self {
        Self {
            tar: is_tar.then(|| TarReader::new(TarLimits::default())),
            refused: None,
            hasher: StreamingSha256::new(),
            unpacked: 0,
            is_tar,
            members: Members::default(),
        }
    }

    /// Ends the slot that was read with this result.
    pub(super) fn finish(mut self, read: Result<u64, SlotError>, slot: &str) -> Result<(u64, Content), InventoryError> {
        let refused = |error| InventoryError::Archive { slot: slot.to_owned(), error: Box::new(error) };
        let read = read.map_err(InventoryError::Slot);
        if let Some(error) = self.refused {
            return Err(refused(error));
        }
        read?;
        if let Some(tar) = &mut self.tar {
            match tar.finish(&mut self.members) {
                Ok(()) => {
                    let (entries, distributions) =
                        (self.members.entries.complete, self.members.dist_infos.distributions());
                    return Ok((self.unpacked, Content::Archive { entries, distributions }));
                }
                Err(error) if error.is_no_archive() => {}
                Err(error) => return Err(refused(error)),
            }
        }
        Ok((self.unpacked, Content::File { sha256: self.hasher.finish(), called_archive: self.is_tar }))
    }
}

impl Write for Reading {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unpacked = self.unpacked.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let Some(tar) = &mut self.tar else {
            self.hasher.update(bytes);
            return Ok(bytes.len());
        };
        if !self.members.begun {
            self.hasher.update(bytes);
        }
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

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
