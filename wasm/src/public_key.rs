//! Public key files that somebody drops to trust them.

use crate::failure::Failure;
use pspf_nostd::{
    json::{JsonWriter, ToJson},
    key::PublicKey,
};

struct Document(PublicKey);

impl ToJson for Document {
    fn write_json(&self, out: &mut JsonWriter) {
        out.object(&[("fingerprint", &self.0.fingerprint().to_string()), ("public_key", &self.0.to_string())]);
    }
}

/// The key in a file, as JSON.
///
/// # Errors
/// The core's code and words for what was found in place of a public key.
pub fn read(file: &[u8]) -> Result<String, Failure> {
    let key = PublicKey::from_pem(file).map_err(|error| Failure::new(error.code(), error.to_string()))?;
    Ok(JsonWriter::compact(&Document(key)))
}
