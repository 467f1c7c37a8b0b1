//! Public key files that somebody drops to trust them.

use crate::failure::{Failure, to_json};
use pspf_nostd::key::PublicKey;
use serde::Serialize;

#[derive(Serialize)]
struct Document {
    fingerprint: String,
    public_key: String,
}

/// The key in a file, as JSON.
///
/// # Errors
/// The core's code and words for what was found in place of a public key.
pub fn read(file: &[u8]) -> Result<String, Failure> {
    let key = PublicKey::from_pem(file).map_err(|error| Failure::new(error.code(), error.to_string()))?;
    Ok(to_json(&Document { fingerprint: key.fingerprint().to_string(), public_key: key.to_string() }))
}
