//! What an attacker without the key does to a file, byte by byte, and how he puts right what nobody signed.

use crate::sample::Sample;
use core::ops::Range;
use pspf_nostd::{
    digest::{sha256, trunc64},
    index::{self, Field},
};

/// Bytes cut out of a file, and others put in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub at: usize,
    /// How many bytes are cut out.
    pub cut: usize,
    /// What is put there.
    pub put: Vec<u8>,
}

/// How much of what nobody signed is put right behind an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Nothing.
    Nothing,
    /// The checksums of index, metadata and slots.
    Checksums,
    /// Every offset, length and checksum.
    Everything,
}

impl Repair {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Nothing, Self::Checksums, Self::Everything];
}

impl Edit {
    /// Bytes put in front of the one at `at`.
    #[must_use]
    pub fn insert(at: usize, put: &[u8]) -> Self {
        Self { at, cut: 0, put: put.to_vec() }
    }

    /// The damaged file; `None` where there is nothing that this repair could put right.
    #[must_use]
    pub fn apply(&self, sample: &Sample, repair: Repair) -> Option<Vec<u8>> {
        let end = self.at + self.cut;
        let bytes = [&sample.bytes[..self.at], &self.put, &sample.bytes[end..]].concat();
        if repair == Repair::Nothing {
            return Some(bytes);
        }
        // Of an edit in the trailer only the checksum could be put right, and of a moved trailer nothing.
        let trailer = sample.trailer();
        if end > trailer && self.cut != self.put.len() {
            return None;
        }
        let mut damaged = Sample { bytes, ..sample.clone() };
        let moves = repair == Repair::Everything;
        if moves && (end > trailer || self.cut == self.put.len()) {
            return None;
        }
        if moves {
            self.move_along(sample, &mut damaged);
        }
        fix_checksums(sample, &mut damaged, self.at, end);
        Some(damaged.bytes)
    }

    /// Has index and table say where everything is now. What is put in between two sections belongs to neither.
    fn move_along(&self, before: &Sample, after: &mut Sample) {
        let moved = |range: Range<usize>| {
            let (end, grown) = (self.at + self.cut, self.put.len());
            let start = match range.start {
                start if start >= end => start - self.cut + grown,
                start => start.min(self.at),
            };
            let stop = match range.end {
                stop if stop <= self.at => stop,
                stop if stop >= end => stop - self.cut + grown,
                _ => self.at + grown,
            };
            [start, stop.max(start) - start]
        };
        let launcher = usize::try_from(before.word(index::LAUNCHER_SIZE)).expect("a small file");
        let [_, launcher] = moved(0..launcher);
        let [metadata, metadata_size] = moved(before.metadata());
        let [table, table_size] = moved(before.table());
        let numbers: [(Field, usize); 6] = [
            (index::PACKAGE_SIZE, after.bytes.len()),
            (index::LAUNCHER_SIZE, launcher),
            (index::METADATA_OFFSET, metadata),
            (index::METADATA_SIZE, metadata_size),
            (index::SLOT_TABLE_OFFSET, table),
            (index::SLOT_TABLE_SIZE, table_size),
        ];
        for (field, value) in numbers {
            let at = after.field(field).start;
            after.put(at, &u64::try_from(value).expect("a small file").to_le_bytes());
        }
        for slot in 0..table_size.min(before.table().len()) / 64 {
            let old = before.slot(slot);
            if old.end == 0 || after.row(slot) + 64 > after.bytes.len() {
                continue;
            }
            let [start, size] = moved(old.clone());
            after.set_row_word(slot, 16, u64::try_from(start).expect("a small file"));
            after.set_row_word(slot, 24, u64::try_from(size).expect("a small file"));
            let original = before.row(slot) + 32;
            if before.bytes[original..original + 8] == u64::try_from(old.len()).expect("a small file").to_le_bytes() {
                after.set_row_word(slot, 32, u64::try_from(size).expect("a small file"));
            }
        }
    }
}

/// Digests that nobody signed, of what was changed.
fn fix_checksums(before: &Sample, after: &mut Sample, from: usize, to: usize) {
    let touched = |range: &Range<usize>| range.start <= to && range.end >= from;
    for slot in 0..before.table().len() / 64 {
        let (old, row) = (before.slot(slot), after.row(slot));
        if !touched(&old) || row + 64 > after.bytes.len() {
            continue;
        }
        // Of a table that was not moved along, anything may be there now.
        let word = |at: usize| usize::from_le_bytes(after.bytes[row + at..row + at + 8].try_into().expect("8 bytes"));
        let Some(end) = word(16).checked_add(word(24)) else { continue };
        let Some((checksum, digest)) = after.bytes.get(word(16)..end).map(|bytes| (trunc64(bytes), sha256(bytes)))
        else {
            continue;
        };
        after.set_row_word(slot, 48, checksum);
        if before.bytes[before.row(slot) + 57] == 11 {
            let at = after.field(index::SBOM_DIGEST).start;
            after.put(at, digest.to_string().as_bytes());
        }
    }
    if touched(&before.metadata())
        && let Some(digest) = after.bytes.get(after.metadata()).map(sha256)
    {
        let at = after.field(index::METADATA_CHECKSUM).start;
        after.put(at, digest.as_bytes());
    }
    after.fix_adler();
}
