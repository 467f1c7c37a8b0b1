//! Wheels among the files of a slot: each is kept in a temporary file until it has passed by, and then looked into.

use crate::wheel::{self, WHEEL_MAX, WHEELS_TOTAL_MAX, Wheel};
use pspf_nostd::{
    digest::{Sha256Digest, StreamingSha256},
    offsets::length,
    tar::{Entry, EntryKind},
};
use std::{
    fs::File,
    io::{self, Write as _},
};

/// A wheel that a slot carries as a file.
#[derive(Debug)]
pub struct CarriedWheel {
    /// Its path in the slot.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: Sha256Digest,
    /// What is in it.
    pub wheel: Wheel,
}

/// Picks wheels out of what passes by.
pub(super) struct Wheels {
    taking: Option<Taking>,
    /// Bytes that wheels may still decode to.
    budget: u64,
    /// Why the temporary file cannot be written.
    failed: Option<io::Error>,
    pub found: Vec<CarriedWheel>,
}

struct Taking {
    path: String,
    file: File,
    hasher: StreamingSha256,
    size: u64,
}

impl Wheels {
    pub(super) fn new() -> Self {
        Self { taking: None, budget: WHEELS_TOTAL_MAX, failed: None, found: Vec::new() }
    }

    pub(super) fn begin_entry(&mut self, entry: &Entry) {
        self.taking = None;
        if entry.kind == EntryKind::File {
            self.begin(&String::from_utf8_lossy(entry.path.as_bytes()));
        }
    }

    /// A file begins.
    pub(super) fn begin(&mut self, path: &str) {
        self.taking = None;
        if !path.ends_with(".whl") || self.failed.is_some() {
            return;
        }
        match tempfile::tempfile() {
            Ok(file) => {
                let hasher = StreamingSha256::new();
                self.taking = Some(Taking { path: path.to_owned(), file, hasher, size: 0 });
            }
            Err(error) => self.failed = Some(error),
        }
    }

    pub(super) fn data(&mut self, bytes: &[u8]) {
        let Some(taking) = &mut self.taking else { return };
        taking.hasher.update(bytes);
        taking.size = taking.size.saturating_add(length(bytes));
        // Of one that is too large no more is kept; its digest is still that of all of it.
        if taking.size > WHEEL_MAX {
            return;
        }
        if let Err(error) = taking.file.write_all(bytes) {
            (self.failed, self.taking) = (Some(error), None);
        }
    }

    pub(super) fn end(&mut self) {
        let Some(Taking { path, file, hasher, size }) = self.taking.take() else { return };
        let name = path.rsplit('/').next().unwrap_or_default();
        let wheel = match size {
            0..=WHEEL_MAX => wheel::examine(file, size, name, &mut self.budget),
            _ => wheel::too_large(),
        };
        self.found.push(CarriedWheel { sha256: hasher.finish(), wheel, path });
    }

    /// What the machine could not do, once.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }
}
