//! Public key files that somebody drops to trust them.

use crate::failure::Failure;
use pspf_nostd::{
    json::{JsonWriter, ToJson},
    key::{PublicKey, TrustedKeyFile},
};

struct Document {
    key: PublicKey,
    name: String,
    expires: Option<String>,
}

impl ToJson for Document {
    fn write_json(&self, out: &mut JsonWriter) {
        out.object(&[
            ("fingerprint", &self.key.fingerprint().to_string()),
            ("public_key", &self.key.to_string()),
            ("name", &self.name),
            ("expires", &self.expires),
        ]);
    }
}

/// The key in a file, as JSON.
///
/// # Errors
/// The core's code and words for what was found in place of a public key, and for a line that may say when the trust in it ends
/// and is not understood.
pub fn read(file: &[u8]) -> Result<String, Failure> {
    let read = TrustedKeyFile::read(file).map_err(|error| Failure::new(error.code(), error.to_string()))?;
    let TrustedKeyFile { key, name, expires } = read;
    Ok(JsonWriter::compact(&Document { key, name, expires }))
}
