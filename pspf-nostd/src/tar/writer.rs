//! Writing headers: the same bytes for the same entry, whoever writes it and when.

use super::{
    BLOCK_SIZE,
    block::checksum,
    entry::EntryKind,
    number::NUMBER_MAX,
    path::{EntryPath, PathFault},
    pax::record,
};
use alloc::{format, string::ToString, vec::Vec};
use core::fmt;

/// The end of an archive: two zero blocks.
pub const END: [u8; 1024] = [0; 1024];

/// Name of the pax header itself, as Python's `tarfile` has it; readers ignore it.
const PAX_NAME: &[u8] = b"././@PaxHeader";

/// Largest number in 11 octal digits.
const OCTAL_MAX: u64 = 0o777_7777_7777;

/// Why no header can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The path is not one that an archive may have.
    Path(PathFault),
    /// The target of a symbolic link is empty or holds a NUL.
    Target(PathFault),
    /// Something that has no content is given a size.
    SizeWithoutContent,
    /// A size or time is above 2^63 - 1.
    TooLarge,
    /// A path or link target that is too long for ustar holds a newline, which not all readers of pax understand.
    Newline,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(fault) => write!(f, "the path {fault}"),
            Self::Target(fault) => write!(f, "the link target {fault}"),
            Self::SizeWithoutContent => f.write_str("only files have a size"),
            Self::TooLarge => f.write_str("the size or time is above 2^63 - 1"),
            Self::Newline => {
                f.write_str("the path or link target is long and holds a newline, which many readers do not understand")
            }
        }
    }
}

impl core::error::Error for HeaderError {}

/// The header blocks of an entry: one ustar header, behind a pax header where ustar cannot express path, target, size or time.
///
/// Content follows, then [`padding`] zeros. `size` is in bytes, `mtime` in seconds since 1970; of `mode` the low 12 bits are written.
/// User and group are 0 without names. A directory's path is given without trailing slash.
///
/// # Errors
/// [`HeaderError`] for what [`super::TarReader`] would refuse.
pub fn header(path: &[u8], kind: &EntryKind, size: u64, mode: u32, mtime: u64) -> Result<Vec<u8>, HeaderError> {
    let path = EntryPath::new(path).map_err(HeaderError::Path)?;
    let (flag, target) = match kind {
        EntryKind::File => (b'0', &[][..]),
        EntryKind::Directory => (b'5', &[][..]),
        EntryKind::HardLink { target } => (b'1', target.as_bytes()),
        EntryKind::Symlink { target } => (b'2', symlink_target(target)?),
    };
    if size != 0 && flag != b'0' {
        return Err(HeaderError::SizeWithoutContent);
    }
    if size > NUMBER_MAX || mtime > NUMBER_MAX {
        return Err(HeaderError::TooLarge);
    }
    let mut name = path.as_bytes().to_vec();
    if flag == b'5' {
        name.push(b'/');
    }
    let split = split_name(&name);
    if (split.is_none() && name.contains(&b'\n')) || (target.len() > 100 && target.contains(&b'\n')) {
        return Err(HeaderError::Newline);
    }
    let records = pax_records(&name, split.is_none(), target, size, mtime);
    let mut blocks = Vec::new();
    if !records.is_empty() {
        let length = u64::try_from(records.len()).map_err(|_| HeaderError::TooLarge)?;
        let header = Fields { name: PAX_NAME, flag: b'x', size: length, mode: 0o644, ..Fields::default() };
        blocks.extend_from_slice(&header.to_block());
        blocks.extend_from_slice(&records);
        blocks.resize(blocks.len().saturating_add(padding(length)), 0);
    }
    let (prefix, name) = split.unwrap_or((&[], head(&name, 100)));
    let header = Fields {
        name,
        prefix,
        flag,
        target: head(target, 100),
        size: if size > OCTAL_MAX { 0 } else { size },
        mode: mode & 0o7777,
        mtime: if mtime > OCTAL_MAX { 0 } else { mtime },
    };
    blocks.extend_from_slice(&header.to_block());
    Ok(blocks)
}

/// Number of zero bytes behind `size` bytes of content.
#[must_use]
pub fn padding(size: u64) -> usize {
    const BLOCK: u64 = 512;
    let rest = size % BLOCK;
    usize::try_from(if rest == 0 { 0 } else { BLOCK.saturating_sub(rest) }).unwrap_or(0)
}

fn symlink_target(target: &[u8]) -> Result<&[u8], HeaderError> {
    match target {
        [] => Err(HeaderError::Target(PathFault::Empty)),
        _ if target.contains(&0) => Err(HeaderError::Target(PathFault::Nul)),
        _ => Ok(target),
    }
}

/// What ustar cannot express, in a fixed order.
fn pax_records(name: &[u8], long_name: bool, target: &[u8], size: u64, mtime: u64) -> Vec<u8> {
    let mut records = Vec::new();
    let long_target = target.len() > 100;
    let text = |bytes: &[u8], used: bool| !used || core::str::from_utf8(bytes).is_ok();
    if !text(name, long_name) || !text(target, long_target) {
        records.extend(record("hdrcharset", b"BINARY"));
    }
    if long_target {
        records.extend(record("linkpath", target));
    }
    if mtime > OCTAL_MAX {
        records.extend(record("mtime", mtime.to_string().as_bytes()));
    }
    if long_name {
        records.extend(record("path", name));
    }
    if size > OCTAL_MAX {
        records.extend(record("size", size.to_string().as_bytes()));
    }
    records
}

/// Prefix and name as ustar has them: at most 155 and 100 bytes, with the `/` between them left out. The longest prefix is taken.
fn split_name(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= 100 {
        return Some((&[], name));
    }
    let inner = name.len().saturating_sub(1);
    let at = name.get(..inner.min(156))?.iter().rposition(|&byte| byte == b'/')?;
    let (prefix, rest) = name.split_at_checked(at)?;
    let rest = rest.get(1..).filter(|rest| rest.len() <= 100)?;
    Some((prefix, rest))
}

/// As much as fits, for readers that don't know pax.
fn head(bytes: &[u8], length: usize) -> &[u8] {
    bytes.get(..length).unwrap_or(bytes)
}

/// The fields of a header block that are not constant.
#[derive(Default)]
struct Fields<'a> {
    name: &'a [u8],
    prefix: &'a [u8],
    flag: u8,
    target: &'a [u8],
    size: u64,
    mode: u32,
    mtime: u64,
}

impl Fields<'_> {
    fn to_block(&self) -> [u8; BLOCK_SIZE] {
        let mut block = [0; BLOCK_SIZE];
        let mut put = |at: usize, bytes: &[u8]| {
            for (place, byte) in block.iter_mut().skip(at).zip(bytes) {
                *place = *byte;
            }
        };
        put(0, self.name);
        put(100, format!("{:07o}", self.mode).as_bytes());
        put(108, b"0000000");
        put(116, b"0000000");
        put(124, format!("{:011o}", self.size).as_bytes());
        put(136, format!("{:011o}", self.mtime).as_bytes());
        put(156, &[self.flag]);
        put(157, self.target);
        put(257, b"ustar\x0000");
        put(329, b"0000000");
        put(337, b"0000000");
        put(345, self.prefix);
        let sum = format!("{:06o}\0 ", checksum(&block));
        for (place, byte) in block.iter_mut().skip(148).zip(sum.as_bytes()) {
            *place = *byte;
        }
        block
    }
}
