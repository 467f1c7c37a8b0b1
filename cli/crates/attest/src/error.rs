//! Why an attestation or a slot cannot be read.

use flavor_host::extraction::slot_reader::{SlotError, SlotFault};
use flavor_manifest::{Diagnostic, io_text};
use pspf_nostd::tar::TarError;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a slot cannot be taken apart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InventoryError {
    /// The slot cannot be read or decoded.
    #[error("{}", .0.fault)]
    Slot(SlotError),
    /// It decodes to an archive that is refused.
    #[error("{error}")]
    Archive {
        /// The slot's identifier.
        slot: String,
        /// What is wrong with it.
        error: Box<TarError>,
    },
}

impl InventoryError {
    /// Whether the machine is to blame, and not the package.
    #[must_use]
    pub fn is_of_the_system(&self) -> bool {
        matches!(self, Self::Slot(SlotError { fault: SlotFault::Read(_) | SlotFault::Write(_), .. }))
    }

    /// Identifier of the slot.
    pub(crate) fn slot(&self) -> &str {
        let (Self::Slot(SlotError { slot, .. }) | Self::Archive { slot, .. }) = self;
        slot
    }

    /// The error of what needs the slot.
    #[must_use]
    pub fn of_package(self, path: &Path) -> AttestError {
        AttestError::Slot { path: path.to_owned(), error: self }
    }
}

/// What keeps a package's attestation or content from being read. Every variant names the package's file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttestError {
    /// The file cannot be read.
    #[error("cannot read the package: {}", io_text(error))]
    Read {
        /// The package.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The attestation is longer than any that is read.
    #[error("the attestation has {length} bytes, the limit is {limit}")]
    TooLong {
        /// The package.
        path: PathBuf,
        /// Identifier of the slot.
        slot: String,
        /// Its bytes.
        length: u64,
        /// The most that are read.
        limit: u64,
    },
    /// The attestation has another digest than the signed metadata says.
    #[error("the attestation is not what was signed: SHA-256 {found}")]
    NotSigned {
        /// The package.
        path: PathBuf,
        /// Identifier of the slot.
        slot: String,
        /// The digest that it has.
        found: String,
    },
    /// The attestation is no JSON document.
    #[error("the attestation is not JSON: {error}")]
    NotJson {
        /// The package.
        path: PathBuf,
        /// Identifier of the slot.
        slot: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// A slot cannot be decoded.
    #[error("the slot cannot be decoded: {error}")]
    Slot {
        /// The package.
        path: PathBuf,
        /// Which slot, and why.
        error: InventoryError,
    },
}

impl AttestError {
    /// Stable dotted code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "file.read",
            Self::TooLong { .. } => "attestation.size",
            Self::NotSigned { .. } => "slot.digest.signed",
            Self::NotJson { .. } => "attestation.json",
            Self::Slot { .. } => "slot.decode",
        }
    }

    /// The same as commands report it.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let (path, slot) = match self {
            Self::Read { path, .. } => (path, None),
            Self::TooLong { path, slot, .. }
            | Self::NotSigned { path, slot, .. }
            | Self::NotJson { path, slot, .. } => (path, Some(slot.as_str())),
            Self::Slot { path, error } => (path, Some(error.slot())),
        };
        let diagnostic = Diagnostic::error(self.code(), self.to_string()).file(path);
        match slot {
            Some(slot) => diagnostic.field(format!("slot `{slot}`")),
            None => diagnostic,
        }
    }
}
