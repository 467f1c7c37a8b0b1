//! The index of a stream (.xz specification §4), and the integers in it (§1.2).

use sha2::{Digest, Sha256};

/// Most bytes of an integer: 63 bits, seven in each.
const VARINT_LENGTH_MAX: u32 = 9;

/// Sizes of blocks, as counted while they were decoded or as listed in an index. Instead of a list, which a hostile stream
/// could make as long as it likes, a digest of it is kept.
#[derive(Default)]
pub(super) struct Totals {
    count: u64,
    digest: Sha256,
}

impl Totals {
    pub(super) fn add(&mut self, unpadded: u64, uncompressed: u64) {
        self.count = self.count.saturating_add(1);
        self.digest.update(unpadded.to_le_bytes());
        self.digest.update(uncompressed.to_le_bytes());
    }
}

/// What a byte of the index completes.
pub(super) enum IndexEvent {
    More,
    Invalid(&'static str),
    /// The last byte: the checksum in the index, and that of its bytes.
    Crc {
        stored: u32,
        computed: u32,
    },
}

enum Field {
    Count,
    Unpadded,
    Uncompressed { unpadded: u64 },
    Padding,
    Crc,
}

/// Reads an index, byte by byte, behind its indicator byte.
pub(super) struct Index {
    field: Field,
    varint: Varint,
    left: u64,
    listed: Totals,
    crc: crc32fast::Hasher,
    stored_crc: [u8; 4],
    length: u64,
}

impl Default for Index {
    fn default() -> Self {
        let mut crc = crc32fast::Hasher::new();
        // The indicator.
        crc.update(&[0]);
        Self {
            field: Field::Count,
            varint: Varint::default(),
            left: 0,
            listed: Totals::default(),
            crc,
            stored_crc: [0; 4],
            length: 1,
        }
    }
}

impl Index {
    /// Bytes of the index so far, with the indicator and the checksum.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether the index lists exactly these blocks.
    pub(super) fn matches(&mut self, blocks: &mut Totals) -> bool {
        self.listed.count == blocks.count && self.listed.digest.finalize_reset() == blocks.digest.finalize_reset()
    }

    pub(super) fn push(&mut self, byte: u8) -> IndexEvent {
        self.length = self.length.saturating_add(1);
        match self.field {
            Field::Crc => {
                self.stored_crc.rotate_left(1);
                self.stored_crc[3] = byte;
                self.left = self.left.saturating_sub(1);
                if self.left > 0 {
                    return IndexEvent::More;
                }
                let computed = core::mem::take(&mut self.crc).finalize();
                return IndexEvent::Crc { stored: u32::from_le_bytes(self.stored_crc), computed };
            }
            Field::Padding => {
                self.crc.update(&[byte]);
                if byte != 0 {
                    return IndexEvent::Invalid("the padding of the index is not zero");
                }
                self.pad();
                return IndexEvent::More;
            }
            Field::Count | Field::Unpadded | Field::Uncompressed { .. } => self.crc.update(&[byte]),
        }
        let value = match self.varint.push(byte) {
            VarintStep::More => return IndexEvent::More,
            VarintStep::Invalid => return IndexEvent::Invalid("an integer of the index is invalid"),
            VarintStep::Done(value) => value,
        };
        self.varint = Varint::default();
        match self.field {
            Field::Unpadded => self.field = Field::Uncompressed { unpadded: value },
            Field::Uncompressed { unpadded } => {
                self.listed.add(unpadded, value);
                self.left = self.left.saturating_sub(1);
                self.next_record();
            }
            _ => {
                self.left = value;
                self.next_record();
            }
        }
        IndexEvent::More
    }

    fn next_record(&mut self) {
        if self.left > 0 {
            self.field = Field::Unpadded;
        } else {
            self.pad();
        }
    }

    /// Goes on with padding until the length is a multiple of four, then with the checksum.
    fn pad(&mut self) {
        if self.length & 3 == 0 {
            self.field = Field::Crc;
            self.left = 4;
        } else {
            self.field = Field::Padding;
        }
    }
}

/// An integer that is being read: seven bits a byte, lowest first, the high bit set on all bytes but the last.
#[derive(Default)]
pub(super) struct Varint {
    value: u64,
    count: u32,
}

/// What a byte does to a [`Varint`].
pub(super) enum VarintStep {
    More,
    Done(u64),
    Invalid,
}

impl Varint {
    pub(super) fn push(&mut self, byte: u8) -> VarintStep {
        // A last byte of zero would add nothing: the encoding must be the shortest.
        if self.count >= VARINT_LENGTH_MAX || (byte == 0 && self.count > 0) {
            return VarintStep::Invalid;
        }
        self.value |= u64::from(byte & 0x7f) << self.count.saturating_mul(7);
        self.count = self.count.saturating_add(1);
        if byte & 0x80 == 0 { VarintStep::Done(self.value) } else { VarintStep::More }
    }
}
