//! Opens files, and reads small ones: by the system's own calls, each of which the standard library wraps in 1 KB of choices.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use rustix::fs::{Mode, OFlags};

/// Opens a file for reading. A FIFO in the place of a file does not block: it reads as empty.
///
/// # Errors
/// Those of opening it.
pub fn open(path: &Path) -> io::Result<File> {
    open_with(path, OFlags::RDONLY | OFlags::NONBLOCK, 0)
}

/// Creates a file with these permission bits, to be written to. Nothing may be there: no link in last place is followed.
///
/// # Errors
/// Those of creating it.
pub fn create_new(path: &Path, mode: u32) -> io::Result<File> {
    open_with(path, OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL, mode)
}

/// Opens a file that a program which is executed does not inherit.
///
/// # Errors
/// Those of opening it.
pub fn open_with(path: &Path, flags: OFlags, mode: u32) -> io::Result<File> {
    #[allow(clippy::useless_conversion, clippy::unnecessary_fallible_conversions, reason = "macOS has 16 bits")]
    let mode = rustix::fs::RawMode::try_from(mode).unwrap_or(0o600);
    loop {
        match rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(mode)) {
            Err(rustix::io::Errno::INTR) => {}
            outcome => return Ok(outcome?.into()),
        }
    }
}

/// Opens a file of the launcher's own, by its own name: no link is followed and no FIFO waited for.
///
/// # Errors
/// Those of opening it, and where it is not a regular file of the effective user.
pub fn open_own(path: &Path, flags: OFlags) -> io::Result<File> {
    let file = open_with(path, flags | OFlags::NOFOLLOW | OFlags::NONBLOCK, 0o600).map_err(|error| {
        match error.raw_os_error() {
            Some(libc::ELOOP) => io::Error::other("it is a symbolic link, not a file of the launcher; remove it"),
            _ => error,
        }
    })?;
    let facts = file.metadata()?;
    let user = rustix::process::geteuid().as_raw();
    if !facts.is_file() {
        return Err(io::Error::other("it is not a regular file; remove it"));
    }
    if facts.uid() != user {
        return Err(io::Error::other(format!("it belongs to user {}, not to user {user}; remove it", facts.uid())));
    }
    Ok(file)
}

/// Bytes that are read at once.
const PIECE: usize = 8 << 10;

/// Up to `most` bytes of a file. One loop for all that is read whole, which the standard library has one of for each kind.
///
/// # Errors
/// Those of reading.
pub fn read_start(mut file: &File, most: usize) -> io::Result<Vec<u8>> {
    let (mut bytes, mut piece) = (Vec::new(), [0; PIECE]);
    while bytes.len() < most {
        let room = PIECE.min(most - bytes.len());
        match file.read(&mut piece[..room]) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}
