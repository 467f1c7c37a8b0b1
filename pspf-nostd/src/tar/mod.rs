//! Tar archives: a strict streaming reader and a deterministic header writer.
//!
//! [`TarReader`] is fed bytes as they come, in pieces of any size, and hands entries to an [`EntrySink`]. It never holds an
//! entry's content; what it holds is bounded by [`TarLimits`].
//!
//! # What is read
//!
//! POSIX ustar (IEEE 1003.1, `pax`, "ustar Interchange Format") with the two-block end marker, pax extended headers, and the long
//! names of GNU tar (types `L` and `K`): all that GNU tar, Python's `tarfile`, Go's `archive/tar` and the `tar` crate write by
//! default for regular files, directories, symbolic and hard links.
//!
//! # What is refused
//!
//! Two readers that understand one archive differently are how content is smuggled past a check (CVE-2025-62518). So whatever is
//! known to be read in two ways is an error here:
//!
//! * headers without the magic of ustar or GNU (so the V7 format), or whose checksum holds only for signed bytes;
//! * bytes where the format has none: after the NUL of a name that is used, after a number, in the reserved part of a header (in GNU headers
//!   that is also where ustar has its prefix), in the padding behind content, behind the end marker;
//! * numbers that are missing, negative or above 2^63 - 1;
//! * a pax `size` that contradicts the header; the one case where they may differ is a size that the header cannot express;
//! * content on a directory or link; link targets on anything but links;
//! * empty pax values of known keywords, newlines in pax values (the `tar` crate reads another record behind them), keywords given twice, unknown header charsets, keywords that change what or where the content is (`GNU.*`,
//!   some of `SCHILY.*`), and in global headers also `path`, `linkpath`, `size` and `mtime`;
//! * two sources for one name, extension headers without an entry, global headers between an extension and its entry;
//! * paths that are absolute, empty, or have `..`, `.`, empty components or NUL; a leading `./` is taken off, and a directory may end
//!   with one `/`;
//! * a duplicate path, or below something that is not a directory (so never below a symbolic link);
//! * hard links to anything but an earlier regular file of the archive;
//! * devices, FIFOs, contiguous and sparse files, volume and dump entries, unknown types;
//! * an end marker of fewer than two zero blocks, a length that is not a multiple of 512 bytes.

mod block;
mod entry;
mod error;
mod listing;
mod members;
mod number;
mod path;
mod pax;
mod reader;
mod resolve;
mod symlink;
mod writer;

pub use crate::codec::Stop;
pub use entry::{Entry, EntryKind, EntrySink};
pub use error::{TarError, TarFault};
pub use listing::{Entries, FileEntry};
pub use number::NumberFault;
pub use path::{EntryPath, PathFault};
pub use reader::{TarLimits, TarReader};
pub use symlink::symlink_stays_inside;
pub use writer::{END, HeaderError, header, padding};

/// Size of a tar block in bytes.
pub const BLOCK_SIZE: usize = 512;
