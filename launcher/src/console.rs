//! What the launcher writes to its standard streams.

use std::io::{self, IsTerminal as _, Write as _};

use pspf_nostd::quoted::visible;

/// A line for people, on standard error, without what a package or a name in it could do to the terminal. Nobody is left to tell if
/// it cannot be written.
pub(crate) fn tell(line: &str) {
    tell_part(&[&visible(line), "\n"].concat());
}

/// A part of a line.
pub(crate) fn tell_part(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Whether a person sees standard error.
pub(crate) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// An answer, on standard output.
///
/// # Errors
/// Those of writing; [`io::ErrorKind::BrokenPipe`] where the reader wants no more.
pub(crate) fn answer(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}
