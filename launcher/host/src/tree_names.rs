//! Names of work environments, of what is in the making or going beside them, and of their records.

use std::{
    ffi::{OsStr, OsString},
    time::{SystemTime, UNIX_EPOCH},
};

/// Longest part of a package name, and of a version, in a directory's name: file systems stop at 255 bytes in all.
const NAME_MAX: usize = 64;
/// The record in the tree's own directory.
pub const COMPLETE: &str = "complete";
/// The list of what the tree holds, beside it.
pub const TREE: &str = "tree";
/// The list of package files that were wholly verified, beside it.
pub(crate) const VERIFIED: &str = "verified";
/// Name of the directory of locks, beside the trees; each is a file with the name of its tree.
pub const LOCKS: &str = ".locks";
/// Digits of the content id in a directory's name; the record has all 64.
pub const ID_DIGITS: usize = 16;

/// A new name for a temporary directory that is to become the tree of this name, or was it. Every launcher takes it for a leftover
/// once its process is gone.
#[must_use]
pub fn leftover_name(tree: &OsStr) -> OsString {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let mut name = OsString::from(".");
    name.push(tree);
    name.push(format!(".{}.{now:x}.tmp", std::process::id()));
    name
}

/// The name of the tree that a temporary directory was to become.
#[must_use]
pub fn leftover_of(name: &[u8]) -> Option<&[u8]> {
    let mut parts = name.strip_prefix(b".")?.strip_suffix(b".tmp")?.rsplitn(3, |byte| *byte == b'.');
    parts.nth(2)
}

/// A name with nothing in it that a file system, a shell or a reader of logs could stumble over.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain: String = text
        .chars()
        .take(NAME_MAX)
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' })
        .collect();
    if plain.is_empty() {
        plain.push('_');
    } else if plain.starts_with('.') {
        plain.replace_range(..1, "_");
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for (text, expected) in [
            ("my-app_1.2", "my-app_1.2"),
            ("", "_"),
            ("..", "_."),
            (".hidden", "_hidden"),
            ("a/../b c", "a_.._b_c"),
            ("é\0\n", "___"),
        ] {
            assert_eq!(plain(text), expected);
        }
        assert_eq!(plain(&"x".repeat(300)).len(), NAME_MAX);
    }
}
