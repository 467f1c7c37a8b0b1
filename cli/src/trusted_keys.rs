//! The launcher's trust store, as the commands ask it.

use crate::{problem::Failure, terminal::Console};
use flavor_host::{
    calendar,
    files::config_dir::ConfigError,
    trust::{TrustStore, Trusted},
};
use flavor_manifest::{Diagnostic, without_number};

/// Reads the stores of the machine and of the user; warns of files that are refused.
///
/// # Errors
/// Where a list of revoked keys cannot be read, or others than root may write to the machine's directory.
pub fn read(console: &mut Console) -> Result<Trusted, Failure> {
    let trusted = find()?;
    let (keys, revoked) = (trusted.trusted.len(), trusted.revoked.len());
    console.detail(&format!("trust store: {keys} keys trusted, {revoked} revoked"));
    for error in &trusted.unusable {
        console.warn(refused(error).as_warning());
    }
    Ok(trusted)
}

/// Reads the stores, and says nothing of what cannot be used in them.
///
/// # Errors
/// As [`read`].
pub fn find() -> Result<Trusted, Failure> {
    Ok(TrustStore::find().and_then(|store| store.at(calendar::now())).map_err(|error| unusable(&error))?)
}

/// A file of the trust store that is refused.
#[must_use]
pub fn refused(error: &ConfigError) -> Diagnostic {
    unusable(error).hint("this file of the trust store is refused: no key in it is trusted")
}

/// A policy, key or revocation file that cannot be used.
#[must_use]
pub fn unusable(error: &ConfigError) -> Diagnostic {
    let problem = Diagnostic::error("config.unusable", without_number(&error.message)).file(&error.path);
    match error.at {
        Some(at) => problem.at(at.line, at.column),
        None => problem,
    }
}
