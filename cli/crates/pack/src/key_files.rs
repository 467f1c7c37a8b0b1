//! Key files and fingerprints given on the command line.

use crate::{argument_file::open_argument, error::PackError};
use flavor_host::calendar;
use flavor_manifest::Diagnostic;
use pspf_nostd::{
    key::{Fingerprint, KeyError, PublicKey, SigningKey, TrustedKeyError, TrustedKeyFile},
    limits::KEY_FILE_MAX,
    offsets::length,
};
use std::{io::Read as _, path::Path};

/// Reads a private key file.
///
/// # Errors
/// [`PackError`] that names the file and what was found in it.
pub fn private_key(path: &Path) -> Result<SigningKey, PackError> {
    let bytes = contents(path, "a private key file")?;
    SigningKey::from_pem(&bytes).map_err(|error| unusable(path, &error).into())
}

/// Reads a public key file.
///
/// # Errors
/// [`PackError`] that names the file and what was found in it.
pub fn public_key(path: &Path) -> Result<PublicKey, PackError> {
    let bytes = contents(path, "a public key file")?;
    PublicKey::from_pem(&bytes).map_err(|error| unusable(path, &error).into())
}

/// Reads a public key file to trust: what it says of name and end is understood, or the file is refused.
///
/// # Errors
/// [`PackError`] that names the file and what was found in it.
pub fn trusted_key(path: &Path) -> Result<TrustedKeyFile, PackError> {
    let bytes = contents(path, "a public key file")?;
    TrustedKeyFile::read(&bytes).map_err(|error| match (&error, error.place()) {
        (TrustedKeyError::Key(error), _) => unusable(path, error).into(),
        (_, Some((line, why))) => Diagnostic::error("key.notes", why).file(path).at(line, 1).into(),
        (_, None) => Diagnostic::error(error.code(), error.to_string()).file(path).into(),
    })
}

/// The fingerprint that an argument such as `--key` names: 64 hex digits, or the file of a public key.
///
/// # Errors
/// [`PackError`] where it is neither.
pub fn fingerprint(text: &str, argument: &str) -> Result<Fingerprint, PackError> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text).to_ascii_lowercase();
    let path = Path::new(text);
    let hexadecimal = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if hexadecimal && !path.exists() {
        return digits.parse().map_err(|error| {
            let problem = Diagnostic::error("key.fingerprint", format!("`{text}` is not a whole fingerprint: {error}"));
            PackError::usage(
                problem.field(argument).hint("`flavor inspect FILE` and `flavor keygen` print all 64 digits"),
            )
        });
    }
    let file = trusted_key(path)?;
    let ended = |day: &String| calendar::date(day).is_none_or(|day| day <= calendar::now());
    match file.expires.filter(ended) {
        None => Ok(file.key.fingerprint()),
        Some(day) => {
            let problem =
                Diagnostic::error("key.expired", "the trust in this key has ended").file(path).field(argument);
            Err(problem
                .found(format!("`# Expires: {day}`"))
                .hint("give the fingerprint if it counts all the same")
                .into())
        }
    }
}

/// A key from the system's random source.
///
/// # Errors
/// Where the system has none.
pub fn random_key() -> Result<SigningKey, PackError> {
    let mut seed = [0; 32];
    let unavailable =
        |error: String| Diagnostic::error("key.random", format!("no random bytes from the system: {error}"));
    getrandom::fill(&mut seed).map_err(|error| unavailable(error.to_string()))?;
    SigningKey::from_private_seed(seed).map_err(|error| unavailable(error.to_string()).into())
}

fn contents(path: &Path, what: &str) -> Result<Vec<u8>, PackError> {
    let file = open_argument(path, what)?;
    let mut bytes = Vec::new();
    // One byte more than is accepted, so that a longer file is seen to be longer.
    let limit = length(&[0; KEY_FILE_MAX]).saturating_add(1);
    file.take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| Diagnostic::io("key.read", path, "read the key", &error))?;
    Ok(bytes)
}

fn unusable(path: &Path, error: &KeyError) -> Diagnostic {
    let problem = match error {
        KeyError::Unexpected { expected, found } => {
            Diagnostic::error(error.code(), "this is not the key that is needed")
                .expected(expected.to_string())
                .found(found.to_string())
        }
        other => Diagnostic::error(other.code(), other.to_string()),
    };
    problem.file(path).hint("`flavor keygen` makes a pair of the right kind")
}
