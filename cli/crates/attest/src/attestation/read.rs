//! The attestation slot of a package, read without the rest of it.

use crate::error::AttestError;
use pspf_nostd::{digest::sha256, verify::Authenticated};
use serde_json::Value;
use std::{fs::File, os::unix::fs::FileExt as _, path::Path};

/// Longest attestation read, in bytes: a bill of materials takes some 500 bytes for each component.
const ATTESTATION_MAX: u64 = 64 << 20;

/// The document in the slot, proved by the digest in the signed metadata.
#[derive(Debug)]
pub struct Attestation {
    /// All of it.
    pub document: Value,
    /// Whether the signed metadata hold the whole digest. The published Python builder signs 64 bits of it only.
    pub whole_digest_is_signed: bool,
}

impl Attestation {
    /// Reads it; none if the package has none.
    ///
    /// # Errors
    /// Where it cannot be read, is not what was signed, or is not JSON.
    pub fn read(path: &Path, file: &File, package: &Authenticated) -> Result<Option<Self>, AttestError> {
        let number = package.metadata().attestation_slot();
        let Some(slot) = number.and_then(|number| package.slots().get(number)) else { return Ok(None) };
        let (path, slot_id) = (path.to_owned(), slot.entry().id.clone());
        let range = slot.range();
        let length = range.end.saturating_sub(range.start);
        if length > ATTESTATION_MAX {
            return Err(AttestError::TooLong { path, slot: slot_id, length, limit: ATTESTATION_MAX });
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        if let Err(error) = file.read_exact_at(&mut bytes, range.start) {
            return Err(AttestError::Read { path, error });
        }
        let found = sha256(&bytes);
        let signed = slot.sha256();
        let matches = match signed {
            Some(expected) => *expected == found,
            None => found.to_string().starts_with(slot.entry().checksum.as_str()),
        };
        if !matches {
            return Err(AttestError::NotSigned { path, slot: slot_id, found: found.to_string() });
        }
        let document =
            serde_json::from_slice(&bytes).map_err(|error| AttestError::NotJson { path, slot: slot_id, error })?;
        Ok(Some(Self { document, whole_digest_is_signed: signed.is_some() }))
    }

    /// The bill of materials.
    #[must_use]
    pub fn sbom(&self) -> Option<&Value> {
        self.document.get("sbom")
    }

    /// The in-toto statement where there is one, else the published tool's object.
    #[must_use]
    pub fn provenance(&self) -> Option<&Value> {
        self.document.get("statement").or_else(|| self.document.get("provenance"))
    }
}
