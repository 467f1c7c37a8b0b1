//! Whether an ELF file runs without a dynamic loader.

use anyhow::{Context, Result, bail};
use object::Endianness;
use object::elf::{FileHeader64, PT_INTERP};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};

/// Refuses a file that names an interpreter or needs a shared library.
///
/// `ldd` is not enough: a static-pie that still asks for musl's loader is "statically linked" to it.
pub(crate) fn check_static(bytes: &[u8]) -> Result<()> {
    let header = FileHeader64::<Endianness>::parse(bytes).context("not a 64-bit ELF file")?;
    let endian = header.endian()?;
    for segment in header.program_headers(endian, bytes)? {
        if segment.p_type(endian) == PT_INTERP {
            bail!("not static: it asks for an interpreter (PT_INTERP)");
        }
        if let Some(entries) = segment.dynamic(endian, bytes)?
            && entries.iter().any(|entry| entry.tag(endian) == object::elf::DT_NEEDED)
        {
            bail!("not static: it needs a shared library (DT_NEEDED)");
        }
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn this_test_program_is_dynamic() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let error = check_static(&own).unwrap_err().to_string();
        assert!(error.contains("not static"), "{error}");
    }

    #[test]
    fn the_dynamic_loader_itself_is_static() {
        // The one ELF file that every glibc machine has and that needs no loader.
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let line = maps.lines().find(|line| line.contains("/ld-linux")).expect("a loader is mapped");
        let loader = line.split_whitespace().next_back().unwrap();
        check_static(&std::fs::read(loader).unwrap()).unwrap();
    }

    #[test]
    fn text_is_no_elf_file() {
        assert!(check_static(b"#!/bin/sh\n").is_err());
    }
}
