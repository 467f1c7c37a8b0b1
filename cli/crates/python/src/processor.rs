//! The processors of Linux that Debian's packages are taken for.

use object::elf;

/// A processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Processor {
    /// `x86_64`.
    Amd64,
    /// `aarch64`.
    Arm64,
}

impl Processor {
    const ALL: [Self; 2] = [Self::Amd64, Self::Arm64];

    /// This machine's; none where it is another one, or no Linux.
    #[must_use]
    pub fn of_this_machine() -> Option<Self> {
        let is_this = |one: &Self| one.gnu_name() == std::env::consts::ARCH;
        Self::ALL.into_iter().find(is_this).filter(|_| cfg!(target_os = "linux"))
    }

    /// By the name that Debian and the format give it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Debian's name of it, which is the format's too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// As the kernel, wheels and Debian's folders of libraries name it.
    pub(super) fn gnu_name(self) -> &'static str {
        match self {
            Self::Amd64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// Machine and class of its ELF files.
    pub(super) fn elf(self) -> (u16, bool) {
        match self {
            Self::Amd64 => (elf::EM_X86_64.0, true),
            Self::Arm64 => (elf::EM_AARCH64.0, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_format() {
        for one in Processor::ALL {
            assert_eq!(Processor::named(one.name()), Some(one));
        }
        assert_eq!(Processor::named("any"), None);
        assert_eq!(Processor::of_this_machine().map(Processor::gnu_name), Some(std::env::consts::ARCH));
    }
}
