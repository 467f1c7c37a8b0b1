//! Feeds a file to the verification engine, by positioned reads on one open descriptor.

use pspf_nostd::{
    limits::READ_WINDOW,
    offsets::position,
    verify::{Outcome, Scope, TrustedKeys, Verification},
};
use std::{fs::File, io, os::unix::fs::FileExt};

/// Verifies an open package. `progress` is called with bytes done and the total after each read.
///
/// # Errors
/// Those of reading; a file that shrinks meanwhile is [`io::ErrorKind::UnexpectedEof`].
pub fn verify_file(
    file: &File,
    scope: Scope,
    trusted: TrustedKeys,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Outcome> {
    let mut verification = Verification::new(file.metadata()?.len(), scope, trusted);
    verify_rest(file, &mut verification, progress)?;
    Ok(verification.finish())
}

/// Verifies trailer, metadata and slot table of an open package, so that only its content is left to be read.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_head(file: &File, trusted: TrustedKeys) -> io::Result<Verification> {
    let mut verification = Verification::new(file.metadata()?.len(), Scope::Content, trusted);
    supply(file, &mut verification, &mut |verification| !verification.wants_content())?;
    Ok(verification)
}

/// Reads what a verification still wants. `progress` is called with bytes done and the total after each read.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_rest(file: &File, verification: &mut Verification, progress: &mut dyn FnMut(u64, u64)) -> io::Result<()> {
    let size = file.metadata()?.len();
    supply(file, verification, &mut |verification| {
        progress(verification.progress(), size);
        true
    })
}

/// Reads what is wanted for as long as `go_on` says so.
fn supply(
    file: &File,
    verification: &mut Verification,
    go_on: &mut dyn FnMut(&Verification) -> bool,
) -> io::Result<()> {
    let mut window = Vec::new();
    while let Some(range) = verification.wants() {
        window.resize(position(range.len().min(READ_WINDOW)), 0);
        file.read_exact_at(&mut window, range.start)?;
        verification.supply(&window).map_err(|_| io::ErrorKind::InvalidData)?;
        if !go_on(verification) {
            break;
        }
    }
    Ok(())
}
