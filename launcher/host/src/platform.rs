//! The machine's platform in the words of the format: `linux_amd64`.

use std::env::consts::{ARCH, OS};

/// The operating system: `linux`, `darwin`, `windows`, or Rust's word for others.
#[must_use]
pub fn os() -> &'static str {
    common_os(OS)
}

/// The architecture: `amd64`, `arm64`, or Rust's word for others.
#[must_use]
pub fn arch() -> &'static str {
    common_arch(ARCH)
}

/// Both, as `linux_amd64`.
#[must_use]
pub fn name() -> String {
    [os(), "_", arch()].concat()
}

/// Whether a signed platform means this machine: `linux_amd64` (also with `-` or `/`), `linux`, `any` or nothing at all.
/// Other spellings of the same thing (`macos`, `x86_64`, `aarch64`) are understood, because the published builders differ.
#[must_use]
pub fn is_this_machine(platform: &str) -> bool {
    if matches!(platform, "" | "any") {
        return true;
    }
    let (os_word, arch_word) = match platform.find(['_', '-', '/']) {
        Some(at) => (platform.get(..at), platform.get(at + 1..)),
        None => (Some(platform), None),
    };
    os_word.is_some_and(|word| common_os(word) == os()) && arch_word.is_none_or(|word| common_arch(word) == arch())
}

fn common_os(word: &str) -> &str {
    if word == "macos" { "darwin" } else { word }
}

fn common_arch(word: &str) -> &str {
    match word {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_platform() {
        for platform in ["", "any", os(), OS, &name(), &[OS, "-", ARCH].concat(), &[os(), "/", ARCH].concat()] {
            assert!(is_this_machine(platform), "{platform}");
        }
        let other = if os() == "linux" { "darwin" } else { "linux" };
        for platform in [other, "linux_", "_amd64", &[other, "_", arch()].concat(), &[os(), "_sparc"].concat()] {
            assert!(!is_this_machine(platform), "{platform}");
        }
    }
}
