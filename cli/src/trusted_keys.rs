//! The launcher's trust store, as the commands ask it.

use crate::{
    problem::{self, Failure, Problem},
    terminal::Console,
};
use flavor_launcher::{
    calendar,
    config_error::ConfigError,
    trust::{TrustStore, Trusted},
};

/// Reads the stores of the machine and of the user; warns of files that hold no key.
///
/// # Errors
/// Where a list of revoked keys cannot be read, or others than root may write to the machine's directory.
pub fn read(console: &mut Console) -> Result<Trusted, Failure> {
    let trusted = TrustStore::find().and_then(|store| store.at(calendar::now())).map_err(|error| unusable(&error))?;
    let (keys, revoked) = (trusted.trusted.len(), trusted.revoked.len());
    console.detail(&format!("trust store: {keys} keys trusted, {revoked} revoked"));
    for error in &trusted.unusable {
        console.warn(unusable(error).as_warning().hint("this file of the trust store is ignored"));
    }
    Ok(trusted)
}

/// A policy, key or revocation file that cannot be used.
#[must_use]
pub fn unusable(error: &ConfigError) -> Problem {
    let problem = Problem::error("config.unusable", problem::without_number(&error.message)).file(&error.path);
    match error.at {
        Some(at) => problem.at(at.line, at.column),
        None => problem,
    }
}
