//! Looks through the contents of a verified package without writing any of it.

use super::codecs::NativeCodecs;
use pspf_nostd::{limits::READ_WINDOW, offsets::position, verify::Outcome};
use std::{fs::File, io, os::unix::fs::FileExt};

/// The outcome of a verification, with what was found in the slots. Where the bytes do not hold there is nothing to look at. `progress`
/// is called with bytes done and the total after each read.
///
/// # Errors
/// Those of reading; a file that shrinks meanwhile is [`io::ErrorKind::UnexpectedEof`].
pub fn look_through(file: &File, outcome: Outcome, progress: &mut dyn FnMut(u64, u64)) -> io::Result<Outcome> {
    let Some(mut contents) = outcome.contents(&NativeCodecs, u64::MAX, &mut ()) else { return Ok(outcome) };
    let mut window = Vec::new();
    while let Some(range) = contents.wants() {
        window.resize(position(range.len().min(READ_WINDOW)), 0);
        file.read_exact_at(&mut window, range.start)?;
        contents.supply(&window, &mut ());
        progress(contents.done(), contents.total());
    }
    Ok(outcome.with_contents(contents))
}
