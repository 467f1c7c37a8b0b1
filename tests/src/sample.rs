//! A package in memory that can be damaged: every edit of the mutations goes through here.

use core::ops::Range;
use pspf_nostd::{
    codec::gunzip_one,
    digest::{index_checksum, sha256, trunc64},
    index::{self, Field, TRAILER_SIZE},
    key::SigningKey,
    limits::METADATA_JSON_MAX,
    offsets::{length, position},
    profile::Profile,
};

/// A package file and the key that signed it. Offsets are read from its own index, so they follow earlier edits.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The file.
    pub bytes: Vec<u8>,
    /// The signer.
    pub key: SigningKey,
    /// Where its builder puts what.
    pub profile: Profile,
}

impl Sample {
    /// Where the trailer starts.
    #[must_use]
    pub fn trailer(&self) -> usize {
        self.bytes.len() - position(TRAILER_SIZE)
    }

    /// The bytes of an index field.
    #[must_use]
    pub fn field(&self, field: Field) -> Range<usize> {
        let start = self.trailer() + 4 + field.offset;
        start..start + field.size
    }

    /// A 64-bit index field.
    #[must_use]
    pub fn word(&self, field: Field) -> u64 {
        let bytes = &self.bytes[self.field(field)];
        bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte))
    }

    /// Overwrites the start of an index field and recomputes the Adler-32.
    pub fn set(&mut self, field: Field, value: &[u8]) {
        let start = self.field(field).start;
        self.put(start, value);
        self.fix_adler();
    }

    /// Overwrites a 64-bit index field and recomputes the Adler-32.
    pub fn set_word(&mut self, field: Field, value: u64) {
        self.set(field, &value.to_le_bytes());
    }

    /// Overwrites bytes of the file.
    pub fn put(&mut self, at: usize, value: &[u8]) {
        self.bytes[at..at + value.len()].copy_from_slice(value);
    }

    /// Flips one bit.
    pub fn flip(&mut self, at: usize) {
        self.bytes[at] ^= 1;
    }

    /// Recomputes the Adler-32 of the index.
    pub fn fix_adler(&mut self) {
        let start = self.trailer() + 4;
        let block = self.bytes[start..start + index::INDEX_SIZE].try_into().expect("8192 bytes");
        let checksum = index_checksum(block);
        let at = self.field(index::CHECKSUM).start;
        self.put(at, &checksum.to_le_bytes());
    }

    /// Recomputes the SHA-256 of the stored metadata, then the Adler-32.
    pub fn fix_metadata_checksum(&mut self) {
        let digest = sha256(&self.bytes[self.metadata()]);
        self.set(index::METADATA_CHECKSUM, digest.as_bytes());
    }

    /// Where the stored metadata are.
    #[must_use]
    pub fn metadata(&self) -> Range<usize> {
        let start = position(self.word(index::METADATA_OFFSET));
        start..start + position(self.word(index::METADATA_SIZE))
    }

    /// The metadata JSON.
    #[must_use]
    pub fn json(&self) -> Vec<u8> {
        gunzip_one(&self.bytes[self.metadata()], METADATA_JSON_MAX).expect("metadata of a sample unpack").data
    }

    /// Where the slot table is.
    #[must_use]
    pub fn table(&self) -> Range<usize> {
        let start = position(self.word(index::SLOT_TABLE_OFFSET));
        start..start + position(self.word(index::SLOT_TABLE_SIZE))
    }

    /// Where a slot's descriptor is.
    #[must_use]
    pub fn row(&self, slot: usize) -> usize {
        self.table().start + 64 * slot
    }

    /// Overwrites bytes of a descriptor.
    pub fn set_row(&mut self, slot: usize, offset: usize, value: &[u8]) {
        let at = self.row(slot) + offset;
        self.put(at, value);
    }

    /// Overwrites a 64-bit field of a descriptor.
    pub fn set_row_word(&mut self, slot: usize, offset: usize, value: u64) {
        self.set_row(slot, offset, &value.to_le_bytes());
    }

    /// Where a slot's stored bytes are.
    #[must_use]
    pub fn slot(&self, slot: usize) -> Range<usize> {
        let word = |offset: usize| {
            let at = self.row(slot) + offset;
            position(u64::from_le_bytes(self.bytes[at..at + 8].try_into().expect("8 bytes")))
        };
        word(16)..word(16) + word(24)
    }

    /// Overwrites a slot's bytes with others of the same or a smaller length; the rest of them is kept.
    pub fn replace_slot(&mut self, slot: usize, content: &[u8]) {
        let range = self.slot(slot);
        assert!(content.len() <= range.len(), "{} bytes do not fit slot {slot}", content.len());
        self.put(range.start, content);
    }

    /// Recomputes the eight digest bytes in a slot's descriptor.
    pub fn fix_slot_checksum(&mut self, slot: usize) {
        let checksum = trunc64(&self.bytes[self.slot(slot)]);
        self.set_row_word(slot, 48, checksum);
    }

    /// Puts bytes in front of the trailer and counts them in the package size; says where they are.
    pub fn append(&mut self, content: &[u8]) -> usize {
        let at = self.trailer();
        self.bytes.splice(at..at, content.iter().copied());
        let size = length(&self.bytes);
        self.set_word(index::PACKAGE_SIZE, size);
        at
    }

    /// Puts another stored form of the metadata in the place of the old one. What is behind them moves to where the
    /// builder would have put it; offsets, sizes and checksums that nobody signed are put right.
    pub fn store_metadata(&mut self, blob: &[u8]) {
        let launcher = position(self.word(index::LAUNCHER_SIZE));
        let mut table = self.bytes[self.table()].to_vec();
        let slots: Vec<Range<usize>> = (0..table.len() / 64).map(|slot| self.slot(slot)).collect();
        let sizes: Vec<(u64, bool)> =
            slots.iter().map(|slot| (u64::try_from(slot.len()).expect("a length"), slot.end == 0)).collect();
        let alignments = self.profile.slot_alignments(self.word(index::CAPABILITIES));
        let placement = self
            .profile
            .place_aligned(alignments[0], self.word(index::LAUNCHER_SIZE), length(blob), &sizes)
            .expect("the package stays small");
        let mut bytes = vec![0; position(placement.package_size - TRAILER_SIZE)];
        bytes[..launcher].copy_from_slice(&self.bytes[..launcher]);
        for ((new, old), row) in placement.slots.iter().zip(slots).zip(table.chunks_exact_mut(64)) {
            bytes[position(new.start)..position(new.end)].copy_from_slice(&self.bytes[old]);
            row[16..24].copy_from_slice(&new.start.to_le_bytes());
        }
        for (range, content) in [(placement.metadata, blob), (placement.table, table.as_slice())] {
            bytes[position(range.start)..position(range.end)].copy_from_slice(content);
        }
        bytes.extend_from_slice(&self.bytes[self.trailer()..]);
        self.bytes = bytes;
        for (field, value) in [
            (index::PACKAGE_SIZE, placement.package_size),
            (index::METADATA_OFFSET, placement.metadata.start),
            (index::METADATA_SIZE, length(blob)),
            (index::SLOT_TABLE_OFFSET, placement.table.start),
        ] {
            self.set_word(field, value);
        }
        self.fix_metadata_checksum();
    }

    /// Stores other metadata JSON, compressed, under the old signature.
    pub fn store_json(&mut self, json: &[u8]) {
        self.store_metadata(&gzip(json));
    }

    /// Stores other metadata JSON with a signature of the sample's key over it.
    pub fn store_signed_json(&mut self, json: &[u8]) {
        self.store_json(json);
        self.sign(json);
    }

    /// Writes the key's signature over `message` into the index.
    pub fn sign(&mut self, message: &[u8]) {
        let signature = self.key.sign(message);
        self.set(index::SIGNATURE, &signature);
    }

    /// Makes another key the signer: public key and fingerprint in the index are put right, the signature is not.
    pub fn change_key(&mut self, key: SigningKey) {
        let public = key.public_key();
        self.key = key;
        self.set(index::PUBLIC_KEY, &public.0);
        self.set(index::KEY_FINGERPRINT, public.fingerprint().to_string().as_bytes());
    }

    /// The metadata JSON with one text in it replaced, which must be there.
    #[must_use]
    pub fn edited_json(&self, from: &str, to: &str) -> Vec<u8> {
        let text = String::from_utf8(self.json()).expect("UTF-8");
        assert!(text.contains(from), "`{from}` is not in the metadata");
        text.replacen(from, to, 1).into_bytes()
    }
}

/// One gzip member with the header that Python's `gzip` writes for time 0, compressed by `miniz_oxide` at level 9.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut member = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
    member.extend(miniz_oxide::deflate::compress_to_vec(bytes, 9));
    member.extend(crc32fast::hash(bytes).to_le_bytes());
    // The length modulo 2^32 (RFC 1952 §2.3.1).
    member.extend(&length(bytes).to_le_bytes()[..4]);
    member
}
