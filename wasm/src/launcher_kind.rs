//! Which system and processor a launcher is for, by the first fields of its file format.
//!
//! A display fact: nothing is decided by it, and a launcher that lies about it is bound by its digest all the same. Fields from
//! the ELF gABI (`e_machine`), Microsoft's PE/COFF specification (`Machine`) and Apple's `mach/machine.h` (`cputype`).

use serde::Serialize;

/// Bytes of the launcher that [`LauncherKind::of`] looks at: a DOS stub in front of a PE header is far smaller.
pub const LAUNCHER_HEAD: u64 = 4096;

/// A file format and a processor, as words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LauncherKind {
    /// `elf`, `pe`, `macho`, `script` or `unknown`.
    pub format: &'static str,
    /// Such as `x86_64` or `aarch64`; `universal` for a Mach-O of several; `unknown`.
    pub arch: &'static str,
}

impl LauncherKind {
    /// What the first bytes say.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        let (format, arch) = match head {
            [0x7F, b'E', b'L', b'F', _, order, ..] => ("elf", elf(half(head, 18, *order == 2))),
            [b'M', b'Z', ..] => ("pe", pe(head).unwrap_or("unknown")),
            [0xCF | 0xCE, 0xFA, 0xED, 0xFE, ..] => ("macho", macho(word(head, 4))),
            [0xCA, 0xFE, 0xBA, 0xBE | 0xBF, ..] => ("macho", "universal"),
            [b'#', b'!', ..] => ("script", "any"),
            _ => ("unknown", "unknown"),
        };
        Self { format, arch }
    }
}

fn elf(machine: Option<u16>) -> &'static str {
    match machine {
        Some(3) => "x86",
        Some(8) => "mips",
        Some(21) => "powerpc64",
        Some(22) => "s390x",
        Some(40) => "arm",
        Some(62) => "x86_64",
        Some(183) => "aarch64",
        Some(243) => "riscv",
        Some(258) => "loongarch",
        _ => "unknown",
    }
}

fn pe(head: &[u8]) -> Option<&'static str> {
    let header = usize::try_from(word(head, 0x3C)?).ok()?;
    let end = header.checked_add(4)?;
    if head.get(header..end)? != b"PE\0\0" {
        return None;
    }
    Some(match half(head, end, false)? {
        0x14C => "x86",
        0x8664 => "x86_64",
        0xAA64 => "aarch64",
        0x1C4 => "arm",
        _ => "unknown",
    })
}

fn macho(cpu: Option<u32>) -> &'static str {
    match cpu {
        Some(7) => "x86",
        Some(0x0100_0007) => "x86_64",
        Some(12) => "arm",
        Some(0x0100_000C) => "aarch64",
        _ => "unknown",
    }
}

fn half(bytes: &[u8], at: usize, big_endian: bool) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(if big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::LauncherKind;

    fn kind(head: &[u8]) -> (&'static str, &'static str) {
        let kind = LauncherKind::of(head);
        (kind.format, kind.arch)
    }

    #[test]
    fn this_very_program_is_of_this_machine() {
        let program = std::fs::read(std::env::current_exe().expect("a path")).expect("a readable program");
        let (format, arch) = kind(&program);
        assert_eq!(arch, std::env::consts::ARCH);
        assert_eq!(
            format,
            if cfg!(windows) {
                "pe"
            } else if cfg!(target_os = "macos") {
                "macho"
            } else {
                "elf"
            }
        );
    }

    #[test]
    fn a_pe_header_is_found_behind_its_stub() {
        let mut head = vec![0; 0x80];
        head[..2].copy_from_slice(b"MZ");
        head[0x3C] = 0x80;
        head.extend(b"PE\0\0\x64\xAA");
        assert_eq!(kind(&head), ("pe", "aarch64"));
        head[0x3F] = 0xFF;
        assert_eq!(kind(&head), ("pe", "unknown"));
    }

    #[test]
    fn macho_scripts_and_short_heads() {
        assert_eq!(kind(&[0xCF, 0xFA, 0xED, 0xFE, 12, 0, 0, 1]), ("macho", "aarch64"));
        assert_eq!(kind(&[0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 2]), ("macho", "universal"));
        assert_eq!(kind(b"#!/bin/sh"), ("script", "any"));
        assert_eq!(kind(b"\x7FELF\x02\x01"), ("elf", "unknown"));
        assert_eq!(kind(b""), ("unknown", "unknown"));
    }
}
