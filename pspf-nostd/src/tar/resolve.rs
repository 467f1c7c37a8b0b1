//! From a header and the extension headers before it to the one entry that they mean.

use super::{
    block::{EntryType, Header},
    entry::{Entry, EntryKind},
    error::TarFault,
    path::{EntryPath, PathFault},
    pax::Pax,
    reader::TarLimits,
};
use alloc::vec::Vec;

/// Extension headers that wait for their entry.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    pub pax: Option<Pax>,
    /// GNU tar's long name.
    pub name: Option<Vec<u8>>,
    /// GNU tar's long link target.
    pub link: Option<Vec<u8>>,
}

impl Extensions {
    pub(super) const fn is_empty(&self) -> bool {
        self.pax.is_none() && self.name.is_none() && self.link.is_none()
    }

    /// The name that an entry goes by in error messages.
    pub(super) fn name_in<'a>(&'a self, header: &'a Header) -> Option<&'a [u8]> {
        let pax = self.pax.as_ref().and_then(|pax| pax.path.as_deref());
        pax.or(self.name.as_deref()).or(header.name.as_deref().ok())
    }
}

/// Largest size that a header's 11 octal digits express.
const OCTAL_SIZE_MAX: u64 = 0o777_7777_7777;

/// The entry, or `None` for the root directory of the archive.
pub(super) fn resolve(
    header: Header,
    entry_type: EntryType,
    pending: Extensions,
    limits: &TarLimits,
) -> Result<Option<Entry>, TarFault> {
    let pax = pending.pax.unwrap_or_default();
    let size = effective_size(header.size, pax.size)?;
    let long_name = one_of(pax.path, pending.name, "a pax path and a long name for one entry")?;
    let name = long_name.map_or(header.name, Ok)?;
    let long_target = one_of(pax.linkpath, pending.link, "a pax linkpath and a long link for one entry")?;
    let is_link = matches!(entry_type, EntryType::HardLink | EntryType::Symlink);
    if !is_link && long_target.is_some() {
        return Err(TarFault::Extension { problem: "a link target for something that is not a link" });
    }
    if !is_link && header.link.as_ref().is_ok_and(|link| !link.is_empty()) {
        return Err(TarFault::NotZero { field: "the link target field of something that is not a link" });
    }
    let target = long_target.map_or(header.link, Ok)?;
    check_length(&name, limits)?;
    check_length(&target, limits)?;
    let directory = entry_type == EntryType::Directory;
    let path = EntryPath::from_archive(&name, directory).map_err(|fault| TarFault::Path { of: "path", fault })?;
    let (kind, kind_name) = match entry_type {
        EntryType::File => (EntryKind::File, "file"),
        EntryType::Directory => (EntryKind::Directory, "directory"),
        EntryType::HardLink => (EntryKind::HardLink { target: hard_link_target(&target)? }, "hard link"),
        EntryType::Symlink => (EntryKind::Symlink { target: symlink_target(target)? }, "symbolic link"),
    };
    if size != 0 && kind != EntryKind::File {
        return Err(TarFault::SizeWithoutContent { kind: kind_name, size });
    }
    let Some(path) = path else { return Ok(None) };
    if u64::try_from(path.depth()).unwrap_or(u64::MAX) > limits.depth_max {
        return Err(TarFault::Limit { what: "components in a path", limit: limits.depth_max });
    }
    let mtime = pax.mtime.unwrap_or(header.mtime);
    Ok(Some(Entry { path, kind, size, mode: header.mode, mtime }))
}

/// Headers hold 8 GiB - 1 at most; writers of larger files leave 0 there and put the size in the pax header.
fn effective_size(header: u64, pax: Option<u64>) -> Result<u64, TarFault> {
    match pax {
        None => Ok(header),
        Some(pax) if pax == header || (header == 0 && pax > OCTAL_SIZE_MAX) => Ok(pax),
        Some(pax) => Err(TarFault::SizeConflict { header, pax }),
    }
}

fn one_of<T>(pax: Option<T>, gnu: Option<T>, both: &'static str) -> Result<Option<T>, TarFault> {
    match (pax, gnu) {
        (Some(_), Some(_)) => Err(TarFault::Extension { problem: both }),
        (pax, gnu) => Ok(pax.or(gnu)),
    }
}

fn check_length(path: &[u8], limits: &TarLimits) -> Result<(), TarFault> {
    match u64::try_from(path.len()) {
        Ok(length) if length <= limits.path_max => Ok(()),
        _ => Err(TarFault::Limit { what: "bytes in a path", limit: limits.path_max }),
    }
}

fn hard_link_target(target: &[u8]) -> Result<EntryPath, TarFault> {
    let path = EntryPath::from_archive(target, false);
    path.and_then(|path| path.ok_or(PathFault::Empty)).map_err(|fault| TarFault::Path { of: "link target", fault })
}

fn symlink_target(target: Vec<u8>) -> Result<Vec<u8>, TarFault> {
    let fault = match target.as_slice() {
        [] => PathFault::Empty,
        bytes if bytes.contains(&0) => PathFault::Nul,
        _ => return Ok(target),
    };
    Err(TarFault::Path { of: "link target", fault })
}
