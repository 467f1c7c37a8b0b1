//! What the launcher writes to its standard streams, at once: those of the standard library bring buffers and locks that
//! nothing here needs.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    mem::ManuallyDrop,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd},
};

use pspf_nostd::quoted::visible;

/// A line for people, on standard error, without what a package or a name in it could do to the terminal. Nobody is left to tell if
/// it cannot be written.
pub(crate) fn tell(line: &str) {
    let _ = write(rustix::stdio::stderr(), [&visible(line), "\n"].concat().as_bytes());
}

/// A part of a line.
pub(crate) fn tell_part(text: &str) {
    let _ = write(rustix::stdio::stderr(), text.as_bytes());
}

/// Whether a person sees standard error.
pub(crate) fn is_watched() -> bool {
    rustix::stdio::stderr().is_terminal()
}

/// An answer, on standard output.
///
/// # Errors
/// Those of writing; [`io::ErrorKind::BrokenPipe`] where the reader wants no more.
pub(crate) fn answer(bytes: &[u8]) -> io::Result<()> {
    write(rustix::stdio::stdout(), bytes)
}

#[allow(unsafe_code, reason = "a descriptor as a file, to be written to by the standard library's loop")]
fn write(stream: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: the descriptor is open for as long as it is borrowed, and is not closed here.
    let mut file = ManuallyDrop::new(unsafe { File::from_raw_fd(stream.as_raw_fd()) });
    file.write_all(bytes)
}
