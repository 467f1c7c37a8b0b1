//! One header block, field by field.
//!
//! ustar: name 0..100, mode ..108, uid ..116, gid ..124, size ..136, mtime ..148, checksum ..156, type 156, link target 157..257,
//! magic and version ..265, uname ..297, gname ..329, device major ..337, minor ..345, prefix ..500, reserved ..512.
//! GNU: the same up to 345; what follows is used by types that are not read here.

use super::{
    BLOCK_SIZE,
    error::TarFault,
    number::{NumberFault, parse, parse_unused},
};
use alloc::vec::Vec;
use core::ops::Range;

/// The type flags that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberType {
    Entry(EntryType),
    Extension(ExtensionType),
}

/// The types of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryType {
    File,
    HardLink,
    Symlink,
    Directory,
}

/// The types of headers that say more about an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ExtensionType {
    Pax,
    GlobalPax,
    LongName,
    LongLink,
}

/// What a header states.
#[derive(Clone, Debug)]
pub(super) struct Header {
    /// What it is the header of.
    pub member_type: MemberType,
    /// The path, prefix included. A fault counts only where no extension header replaces the path: the `tar` crate leaves the remains of
    /// an attempt there.
    pub name: Result<Vec<u8>, TarFault>,
    /// The link target, or its fault likewise.
    pub link: Result<Vec<u8>, TarFault>,
    /// Length of the content in bytes.
    pub size: u64,
    /// The low 12 bits of the mode.
    pub mode: u32,
    /// Seconds since 1970.
    pub mtime: u64,
}

const CHECKSUM: Range<usize> = 148..156;
const USTAR: &[u8; 8] = b"ustar\x0000";
const GNU: &[u8; 8] = b"ustar  \0";

/// Reads a header block that is not all zeros.
pub(super) fn read_header(block: &[u8; BLOCK_SIZE]) -> Result<Header, TarFault> {
    let field = |range: Range<usize>| block.get(range).unwrap_or(&[]);
    let number = |range, name| parse(field(range)).map_err(|fault| TarFault::Number { field: name, fault });
    let unused = |range, name| parse_unused(field(range)).map_err(|fault| TarFault::Number { field: name, fault });
    let zeros = |range, name| match field(range).iter().all(|&byte| byte == 0) {
        true => Ok(()),
        false => Err(TarFault::NotZero { field: name }),
    };
    let magic = field(257..265);
    let gnu = magic == GNU;
    if !gnu && magic != USTAR {
        return Err(TarFault::Magic);
    }
    let stated = number(CHECKSUM, "checksum")?;
    let computed = checksum(block);
    if stated != computed {
        return Err(TarFault::Checksum { stated, computed });
    }
    let member_type = member_type(block.get(156).copied().unwrap_or(0))?;
    unused(108..116, "user id")?;
    unused(116..124, "group id")?;
    unused(329..337, "device major number")?;
    unused(337..345, "device minor number")?;
    // The `tar` crate leaves mode and time of pax headers empty.
    let of_entry = |range, name| match number(range, name) {
        Err(TarFault::Number { fault: NumberFault::Missing, .. }) if !matches!(member_type, MemberType::Entry(_)) => {
            Ok(0)
        }
        number => number,
    };
    let mode = of_entry(100..108, "mode")? & 0o7777;
    if gnu {
        zeros(345..512, "the part that GNU tar uses for dumps and sparse files")?;
    } else {
        zeros(500..512, "the reserved part")?;
    }
    let name = text(field(0..100)).ok_or(TarFault::NotZero { field: "the name field behind its NUL" });
    let prefix = text(field(345..500)).ok_or(TarFault::NotZero { field: "the prefix field behind its NUL" });
    let link = text(field(157..257)).ok_or(TarFault::NotZero { field: "the link target field behind its NUL" });
    Ok(Header {
        member_type,
        name: name.and_then(|name| Ok(join(prefix?, name))),
        link: link.map(<[u8]>::to_vec),
        size: number(124..136, "size")?,
        mode: u32::try_from(mode).unwrap_or(0),
        mtime: of_entry(136..148, "modification time")?,
    })
}

/// The sum of the header's bytes, with blanks in place of the stated sum.
///
/// The field is taken out of the sum of all, as that is added up several bytes at a time.
pub(super) fn checksum(block: &[u8; BLOCK_SIZE]) -> u64 {
    const BLANKS: u32 = 8 * 0x20;
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let field = sum(block.get(CHECKSUM).unwrap_or(&[]));
    u64::from(sum(block).saturating_sub(field).saturating_add(BLANKS))
}

/// The name in an unproved header, for an error message.
pub(super) fn name_hint(block: &[u8; BLOCK_SIZE]) -> Vec<u8> {
    block.iter().take(100).take_while(|&&byte| byte != 0).copied().collect()
}

/// Python's `tarfile` puts all of a directory's path into the prefix, so that the name may be empty.
fn join(prefix: &[u8], name: &[u8]) -> Vec<u8> {
    if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
}

/// The bytes before the first NUL; `None` where something follows that NUL.
fn text(field: &[u8]) -> Option<&[u8]> {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    let (text, rest) = field.split_at_checked(end)?;
    rest.iter().all(|&byte| byte == 0).then_some(text)
}

fn member_type(flag: u8) -> Result<MemberType, TarFault> {
    Ok(match flag {
        b'0' | 0 => MemberType::Entry(EntryType::File),
        b'1' => MemberType::Entry(EntryType::HardLink),
        b'2' => MemberType::Entry(EntryType::Symlink),
        b'5' => MemberType::Entry(EntryType::Directory),
        b'x' => MemberType::Extension(ExtensionType::Pax),
        b'g' => MemberType::Extension(ExtensionType::GlobalPax),
        b'L' => MemberType::Extension(ExtensionType::LongName),
        b'K' => MemberType::Extension(ExtensionType::LongLink),
        _ => return Err(TarFault::Type { flag, name: type_name(flag) }),
    })
}

const fn type_name(flag: u8) -> &'static str {
    match flag {
        b'3' => "character device",
        b'4' => "block device",
        b'6' => "FIFO",
        b'7' => "contiguous file",
        b'S' => "GNU sparse file",
        b'D' => "GNU dump directory",
        b'M' => "GNU continuation of another volume",
        b'N' => "old GNU long name",
        b'V' => "GNU volume label",
        b'X' => "Solaris extended header",
        b'A' => "Solaris access control list",
        b'E' => "Solaris attributes",
        b'I' => "inode metadata",
        _ => "unknown",
    }
}
