//! Feeds a file to the verification engine, by positioned reads on one open descriptor.

use pspf_nostd::{
    limits::READ_WINDOW,
    offsets::position,
    verify::{Outcome, Scope, TrustedKeys, Verification},
};
use std::{fs::File, io, os::unix::fs::FileExt};

/// Verifies an open package. `progress` hears of bytes done and bytes in all after each read.
///
/// # Errors
/// Those of reading; a file that shrinks meanwhile is [`io::ErrorKind::UnexpectedEof`].
pub fn verify_file(
    file: &File,
    scope: Scope,
    trusted: TrustedKeys,
    mut progress: impl FnMut(u64, u64),
) -> io::Result<Outcome> {
    let size = file.metadata()?.len();
    let mut verification = Verification::new(size, scope, trusted);
    let mut window = Vec::new();
    while let Some(range) = verification.wants() {
        window.resize(position(range.len().min(READ_WINDOW)), 0);
        file.read_exact_at(&mut window, range.start)?;
        verification.supply(&window).map_err(io::Error::other)?;
        progress(verification.progress(), size);
    }
    Ok(verification.finish())
}
