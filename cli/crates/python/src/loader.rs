//! The small program in the place of an interpreter that has its own C library beside it.
//!
//! An ELF file names its loader by an absolute path, which a tree that can be moved does not have. So `bin/pythonX.Y` is a static
//! program of 2 KB that starts `lib/ext/pythonX.Y` through the loader in `lib/ext`; `sys.executable` is the former, and works
//! as for any other interpreter. Its source is `loader/loader.c`.

use super::elf::ElfFacts;

/// The program, and the file name of the loader that it starts.
pub(super) struct Loader {
    pub(super) program: &'static [u8],
    pub(super) c_loader: &'static str,
}

/// For the machine of `facts`.
pub(super) fn of(facts: &ElfFacts) -> Option<Loader> {
    use object::elf::{EM_AARCH64, EM_X86_64};
    let (machine, is_64) = facts.machine;
    if machine == EM_X86_64.0 && is_64 {
        let program = include_bytes!("../loader/loader-x86_64");
        return Some(Loader { program, c_loader: "ld-linux-x86-64.so.2" });
    }
    if machine == EM_AARCH64.0 && is_64 {
        let program = include_bytes!("../loader/loader-aarch64");
        return Some(Loader { program, c_loader: "ld-linux-aarch64.so.1" });
    }
    None
}
