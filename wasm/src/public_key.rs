//! Public key files that somebody drops to trust them.

use crate::{failure::Failure, task::json};
use pspf_nostd::key::TrustedKeyFile;
use serde::Serialize;

#[derive(Serialize)]
struct Document {
    fingerprint: String,
    public_key: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

/// The key in a file, as JSON.
///
/// # Errors
/// The core's code and words for what was found in place of a public key, and for a line that may say when the trust in it ends
/// and is not understood.
pub fn read(file: &[u8]) -> Result<String, Failure> {
    let read = TrustedKeyFile::read(file).map_err(|error| Failure::new(error.code(), error.to_string()))?;
    let TrustedKeyFile { key, name, expires } = read;
    json(&Document { fingerprint: key.fingerprint().to_string(), public_key: key.to_string(), name, expires })
}
