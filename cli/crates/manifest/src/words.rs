//! Words and names that manifests use, and what is accepted of them.

use pspf_nostd::{
    placement::{self, Fault, inside_workenv},
    tar::PathFault,
};

/// Lifecycles that mean something to a launcher (docs/launcher.md), without the reserved `attestation`.
pub const LIFECYCLES: &[&str] = &[
    "init",
    "init-only",
    "startup",
    "runtime",
    "shutdown",
    "cache",
    "cached",
    "persistent",
    "volatile",
    "temporary",
    "lazy",
    "eager",
    "dev",
    "config",
    "platform",
];

/// How closely unpacked files can be looked at before each start.
pub const VERIFY_CACHE: &[&str] = &["quick", "full"];

/// The purposes that have a code in the slot table (docs/format.md §3), each with the other words that manifests use for it.
pub const PURPOSES: &[(&str, &[&str])] = &[
    ("data", &["data", "data-files", "payload", "documentation", "templates", "tests", "installer"]),
    (
        "code",
        &[
            "code",
            "application-code",
            "python-environment",
            "runtime",
            "library",
            "binary",
            "native-binary",
            "scripts",
            "tool",
        ],
    ),
    ("config", &["config", "configuration"]),
    ("media", &["media", "asset", "static-resources"]),
];

/// The oldest version that is bundled: unchecked hash-based bytecode (PEP 552) came in 3.7, 3.8 is the oldest we test.
pub const OLDEST_PYTHON: (u8, u8) = (3, 8);

/// Platforms: operating system and architecture.
pub const PLATFORMS: &[&str] =
    &["linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64", "windows_amd64", "windows_arm64"];

/// Set-up commands that launchers understand (docs/launcher.md, "Setup"), with the keys that each needs.
pub const SETUP_COMMANDS: &[(&str, &[&str])] = &[
    ("execute", &["command"]),
    ("shell", &["command"]),
    ("enumerate_and_execute", &["command", "enumerate"]),
    ("write_file", &["path", "content"]),
    ("chmod", &["path", "mode"]),
];

/// Longest package name, in bytes: with version, suffix and temporary endings it stays below the 255 of file systems.
pub const NAME_MAX: usize = 120;

/// The purpose with a code that a word means; none for a word that no document knows.
#[must_use]
pub fn purpose(word: &str) -> Option<&'static str> {
    PURPOSES.iter().find(|(_, words)| words.contains(&word)).map(|(code, _)| *code)
}

/// Whether something for `wanted`, a platform or an operating system, is for `platform`.
#[must_use]
pub fn fits_platform(wanted: &str, platform: &str) -> bool {
    wanted == platform || platform.split_once('_').is_some_and(|(system, _)| system == wanted)
}

/// Why a package name cannot be a file name, where it cannot.
#[must_use]
pub fn unsafe_name(name: &str) -> Option<&'static str> {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+');
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.len() > NAME_MAX {
        return Some("it is longer than 120 characters");
    }
    if !name.bytes().all(harmless) {
        return Some("it has characters other than letters, digits and `.` `_` `-` `+`");
    }
    if !name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) {
        return Some("it does not start with a letter or digit");
    }
    None
}

/// Longest identifier of a slot, in bytes.
const ID_MAX: usize = 120;

/// Why a text is not an identifier of a slot, where it is not: it names variables (`FLAVOR_SLOT_…`), and is in commands and reports.
#[must_use]
pub fn unsafe_id(id: &str) -> Option<&'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if id.len() > ID_MAX {
        return Some("it is longer than 120 characters");
    }
    if !id.bytes().all(plain) {
        return Some("it has other characters than letters, digits and `.` `_` `-`");
    }
    if !id.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_') {
        return Some("it does not start with a letter, a digit or `_`");
    }
    None
}

/// Why a slot target is not a path inside the work environment, where it is not. A leading `{workenv}` is left out.
#[must_use]
pub fn unsafe_target(target: &str) -> Option<&'static str> {
    let path = inside_workenv(target);
    match placement::target(target) {
        // The root itself: archives go there.
        Ok(_) | Err(Fault::Path(PathFault::Empty)) => {}
        Err(Fault::Path(PathFault::Absolute)) => return Some("it is absolute"),
        Err(Fault::Path(PathFault::Parent)) => return Some("it has a `..`"),
        Err(Fault::Path(PathFault::Nul)) => return Some("it holds a NUL"),
        Err(_) => return Some("it is too long"),
    }
    if path.contains(['\\', '\0', '{', '}']) || path.chars().any(char::is_control) {
        return Some("it has a backslash, a brace or a control character");
    }
    None
}

/// A path with the placeholders that stand for a name filled in, by what is a name.
#[must_use]
pub fn with_places_filled(path: &str) -> String {
    let names = ["{os}", "{arch}", "{platform}", "{package_name}", "{version}"];
    names.iter().fold(path.to_owned(), |path, name| path.replace(name, "x"))
}

/// Reads octal permission bits such as `0755` or `0o755`; nothing beyond `0777`.
#[must_use]
pub fn permissions(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    u16::from_str_radix(digits, 8).ok().filter(|mode| plain && *mode <= 0o777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_directory_are_refused() {
        for name in ["../../evil", "a/b", "", ".hidden", "-rf", "a\0", "ü", "a b", &"x".repeat(121)] {
            assert!(unsafe_name(name).is_some(), "{name}");
        }
        for name in ["hello", "Hello-1.0_x+y", "0"] {
            assert_eq!(unsafe_name(name), None, "{name}");
        }
    }

    #[test]
    fn targets_stay_inside() {
        for target in ["/etc", "a/../b", "{workenv}/..", "a\\b", "{slot:0}/x"] {
            assert!(unsafe_target(target).is_some(), "{target}");
        }
        for target in ["a/b", "{workenv}", "{workenv}/a", "{workenv}//etc", ".", "a..b"] {
            assert_eq!(unsafe_target(target), None, "{target}");
        }
    }

    #[test]
    fn permission_texts() {
        let read = |text| permissions(text).map(u32::from);
        assert_eq!(
            [read("0755"), read("755"), read("0o600"), read("0")],
            [Some(0o755), Some(0o755), Some(0o600), Some(0)]
        );
        assert_eq!([read("4755"), read("8"), read(""), read("+7"), read("rwx")], [None; 5]);
    }
}
