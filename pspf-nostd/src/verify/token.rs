//! The proofs that verification hands out. Their fields are private and only the engine makes them.

use crate::{
    digest::Sha256Digest,
    key::{Fingerprint, PublicKey},
    metadata::{Metadata, SlotEntry},
    offsets::ByteRange,
    operation::OperationChain,
    report::{Integrity, Trust},
};
use alloc::{sync::Arc, vec::Vec};

/// One slot whose place, operations and mode follow from the signed metadata.
#[derive(Clone, Debug)]
pub struct SlotFacts {
    pub(super) index: u64,
    pub(super) entry: SlotEntry,
    pub(super) range: ByteRange,
    pub(super) operations: OperationChain,
    pub(super) mode: u16,
    pub(super) lifecycle_code: u8,
    pub(super) original_size: Option<u64>,
    pub(super) sha256: Option<Sha256Digest>,
}

impl SlotFacts {
    /// Position in the slot table.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The signed entry.
    #[must_use]
    pub fn entry(&self) -> &SlotEntry {
        &self.entry
    }

    /// Where the stored bytes are.
    #[must_use]
    pub fn range(&self) -> ByteRange {
        self.range
    }

    /// The operations, derived from the signed entry.
    #[must_use]
    pub fn operations(&self) -> OperationChain {
        self.operations
    }

    /// Unix mode bits, derived from the signed entry; never 0, special bits included as signed.
    #[must_use]
    pub fn mode(&self) -> u16 {
        self.mode
    }

    /// Lifecycle code, derived from the signed entry.
    #[must_use]
    pub fn lifecycle_code(&self) -> u8 {
        self.lifecycle_code
    }

    /// Bytes after decoding, where the signed metadata or the builder's rule state them.
    #[must_use]
    pub fn original_size(&self) -> Option<u64> {
        self.original_size
    }

    /// SHA-256 of the stored bytes: as signed, else as computed when the content was read.
    #[must_use]
    pub fn sha256(&self) -> Option<&Sha256Digest> {
        self.sha256.as_ref()
    }
}

/// A package whose signature is valid and whose index and slot table follow from the signed metadata.
/// Its slots were not necessarily read.
#[derive(Clone, Debug)]
#[must_use]
pub struct Authenticated {
    pub(super) metadata: Arc<Metadata>,
    pub(super) slots: Arc<Vec<SlotFacts>>,
    pub(super) public_key: PublicKey,
    pub(super) fingerprint: Fingerprint,
    pub(super) trust: Trust,
    pub(super) content_id: Sha256Digest,
    pub(super) launcher_size: u64,
    pub(super) provable: Integrity,
}

impl Authenticated {
    /// The signed metadata.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The slots, in order.
    #[must_use]
    pub fn slots(&self) -> &[SlotFacts] {
        &self.slots
    }

    /// The signing key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The signing key's fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// What the caller's keys say of the signer.
    #[must_use]
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// Length of the launcher in bytes.
    #[must_use]
    pub fn launcher_size(&self) -> u64 {
        self.launcher_size
    }

    /// What reading every byte proves if nothing fails: [`Checked::integrity`] before the content is read.
    #[must_use]
    pub fn provable(&self) -> Integrity {
        self.provable
    }

    /// A name for exactly this content: SHA-256 over key, signed metadata and slot table. Equal for equal packages only.
    #[must_use]
    pub fn content_id(&self) -> &Sha256Digest {
        &self.content_id
    }
}

/// An authenticated package of which every byte was read and nothing failed.
#[derive(Clone, Debug)]
#[must_use]
pub struct Checked {
    head: Authenticated,
    integrity: Integrity,
}

impl Checked {
    pub(super) fn new(head: Authenticated, integrity: Integrity) -> Self {
        Self { head, integrity }
    }

    /// How much is proved: intact, bound or sealed.
    #[must_use]
    pub fn integrity(&self) -> Integrity {
        self.integrity
    }
}

impl core::ops::Deref for Checked {
    type Target = Authenticated;

    fn deref(&self) -> &Authenticated {
        &self.head
    }
}
