//! Which symbolic links may be made.

use super::path::EntryPath;

/// Whether following the link `link` with this `target` stays below the directory that the archive is unpacked into.
///
/// The rule: the target is relative, not empty and without NUL; `..` is only in front, and not more often than `link` has
/// directories above it. `.` and empty components are nothing.
///
/// This is enough, however links lead to links, if (1) every directory above a link is a real directory that the extraction made,
/// and (2) links are made after everything else and only when this function allows them. Resolving a path goes step by step; assume
/// it has stayed inside so far. Meeting a link, it is in that link's own directory, which by (1) is a real one, exactly as deep as
/// the link's path says: the leading `..` lead to real directories above it, at most to the root. What follows, here and in the rest of the
/// path, has no `..`, so each step leads to something in a directory inside, and if that is a link, the same holds again. So no step leaves.
///
/// [`super::TarReader`] refuses entries below a symbolic link, which is (1) for one archive in a fresh directory.
/// The target is read as Unix does: a caller on Windows must also refuse `\` and `:` in it.
#[must_use]
pub fn symlink_stays_inside(link: &EntryPath, target: &[u8]) -> bool {
    if target.is_empty() || target.contains(&0) || target.first() == Some(&b'/') {
        return false;
    }
    let mut above = link.depth().saturating_sub(1);
    let mut descended = false;
    for component in target.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." if descended => return false,
            b".." => match above.checked_sub(1) {
                Some(rest) => above = rest,
                None => return false,
            },
            _ => descended = true,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{EntryPath, symlink_stays_inside};

    #[test]
    fn only_leading_parents_within_the_depth() {
        for (link, target, inside) in [
            ("l", "a", true),
            ("l", "a/b", true),
            ("l", ".", true),
            ("l", "./a//b/", true),
            ("l", "..", false),
            ("l", "../a", false),
            ("l", "./../a", false),
            ("d/l", "..", true),
            ("d/l", "../a", true),
            ("d/l", "./../a", true),
            ("d/l", ".././../a", false),
            ("d/e/l", "../../a", true),
            ("d/e/l", "../../../a", false),
            ("d/e/l", "a/..", false),
            ("d/e/l", "../a/../b", false),
            ("l", "..a", true),
            ("l", "", false),
            ("l", "/", false),
            ("l", "/a", false),
            ("l", "a\0b", false),
        ] {
            let path = EntryPath::new(link.as_bytes()).expect("a path");
            assert_eq!(symlink_stays_inside(&path, target.as_bytes()), inside, "{link} -> {target:?}");
        }
    }
}
