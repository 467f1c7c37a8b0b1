//! Paths of entries: relative, and inside the archive's root whatever they are joined to.

use super::error::shown;
use alloc::vec::Vec;
use core::fmt;

/// A path inside an archive: one or more components, joined by `/`.
///
/// No component is empty, `.` or `..`, none holds NUL or `/`. Components are bytes: the format does not say which charset they are in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath(Vec<u8>);

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathFault {
    /// No component.
    Empty,
    /// It begins with `/`.
    Absolute,
    /// A component is `..`.
    Parent,
    /// A component is empty, or is `.` elsewhere than in a leading `./`.
    NotNormal,
    /// It holds a NUL.
    Nul,
    /// It ends with `/` and is not a directory's.
    TrailingSlash,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::Absolute => "is absolute",
            Self::Parent => "has a `..` component",
            Self::NotNormal => "has an empty or a `.` component",
            Self::Nul => "holds a NUL",
            Self::TrailingSlash => "ends with `/` but is not a directory",
        })
    }
}

impl core::error::Error for PathFault {}

impl EntryPath {
    /// The path with exactly these bytes.
    ///
    /// # Errors
    /// [`PathFault`] where they are not a path as the type promises it.
    pub fn new(bytes: &[u8]) -> Result<Self, PathFault> {
        if bytes.is_empty() {
            return Err(PathFault::Empty);
        }
        if bytes.contains(&0) {
            return Err(PathFault::Nul);
        }
        if bytes.first() == Some(&b'/') {
            return Err(PathFault::Absolute);
        }
        for component in bytes.split(|&byte| byte == b'/') {
            match component {
                b".." => return Err(PathFault::Parent),
                b"" | b"." => return Err(PathFault::NotNormal),
                _ => {}
            }
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The path that an archive writes as `bytes`: one leading `./` is taken off, and for a directory one trailing `/`.
    /// `None` is the root itself, which only a directory can be.
    pub(super) fn from_archive(bytes: &[u8], directory: bool) -> Result<Option<Self>, PathFault> {
        if directory && matches!(bytes, b"." | b"./") {
            return Ok(None);
        }
        let bytes = bytes.strip_prefix(b"./").unwrap_or(bytes);
        match bytes.strip_suffix(b"/") {
            Some(rest) if directory && !rest.is_empty() => Self::new(rest).map(Some),
            Some(rest) if !rest.is_empty() && rest.last() != Some(&b'/') => {
                Self::new(rest).and(Err(PathFault::TrailingSlash))
            }
            _ => Self::new(bytes).map(Some),
        }
    }

    /// The path as bytes, with `/` between components.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The components, outermost first.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/')
    }

    /// Number of components, at least 1.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.components().count()
    }

    /// The paths of the directories above, innermost first, without the root.
    pub fn ancestors(&self) -> impl Iterator<Item = &[u8]> {
        let above = |path: &[u8]| path.iter().rposition(|&byte| byte == b'/');
        core::iter::successors(self.0.get(..above(&self.0).unwrap_or(0)), move |path| {
            path.get(..above(path).unwrap_or(0))
        })
        .take_while(|path| !path.is_empty())
    }

    /// Whether the path means the same on every common file system, by its text alone: UTF-8; no component longer than 255 bytes,
    /// ending with a dot or blank, with a control character or one of `<>:"|?*\`, or named like a DOS device.
    ///
    /// Two portable paths may still be one file where case is folded: compare `placement::name_key`.
    #[must_use]
    pub fn is_portable(&self) -> bool {
        core::str::from_utf8(&self.0).is_ok_and(|text| !text.chars().any(char::is_control))
            && self.components().all(is_portable_component)
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown(f, &self.0)
    }
}

impl fmt::Debug for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryPath({self})")
    }
}

fn is_portable_component(component: &[u8]) -> bool {
    let stem = component.split(|&byte| byte == b'.').next().unwrap_or_default().trim_ascii_end();
    let device = match stem.to_ascii_uppercase().as_slice() {
        b"CON" | b"PRN" | b"AUX" | b"NUL" | b"CONIN$" | b"CONOUT$" => true,
        [b'C', b'O', b'M', digit] | [b'L', b'P', b'T', digit] => digit.is_ascii_digit(),
        // Windows takes the superscripts ¹, ² and ³ for digits.
        [b'C', b'O', b'M', 0xc2, digit] | [b'L', b'P', b'T', 0xc2, digit] => matches!(digit, 0xb9 | 0xb2 | 0xb3),
        _ => false,
    };
    let reserved = |byte: &u8| br#"<>:"|?*\"#.contains(byte);
    !device
        && component.len() <= 255
        && !matches!(component.last(), Some(b'.' | b' '))
        && !component.iter().any(reserved)
}

#[cfg(test)]
mod tests {
    use super::{EntryPath, PathFault};
    use alloc::vec::Vec;

    fn path(bytes: &[u8]) -> EntryPath {
        EntryPath::new(bytes).expect("a path")
    }

    #[test]
    fn names_as_archives_write_them() {
        let read = |bytes: &[u8], directory| {
            EntryPath::from_archive(bytes, directory).map(|path| path.map(|path| path.as_bytes().to_vec()))
        };
        for (bytes, name) in
            [(&b"a"[..], &b"a"[..]), (b"./a", b"a"), (b"a/b", b"a/b"), (b"..a/...", b"..a/..."), (b"\xff", b"\xff")]
        {
            assert_eq!(read(bytes, false), Ok(Some(name.to_vec())));
            assert_eq!(read(bytes, true), Ok(Some(name.to_vec())));
        }
        assert_eq!(read(b"a/", true), Ok(Some(b"a".to_vec())));
        assert_eq!(read(b"./a/", true), Ok(Some(b"a".to_vec())));
        assert_eq!(read(b"a/", false), Err(PathFault::TrailingSlash));
        assert_eq!(read(b".", true), Ok(None));
        assert_eq!(read(b"./", true), Ok(None));
        for (bytes, fault) in [
            (&b""[..], PathFault::Empty),
            (b"/", PathFault::Absolute),
            (b"/a", PathFault::Absolute),
            (b".//a", PathFault::Absolute),
            (b"..", PathFault::Parent),
            (b"../", PathFault::Parent),
            (b"./../a", PathFault::Parent),
            (b"a/../b", PathFault::Parent),
            (b"a/..", PathFault::Parent),
            (b"a//b", PathFault::NotNormal),
            (b"a//", PathFault::NotNormal),
            (b"a/./b", PathFault::NotNormal),
            (b"a/.", PathFault::NotNormal),
            (b"././a", PathFault::NotNormal),
            (b"a\0b", PathFault::Nul),
            (b"\0", PathFault::Nul),
        ] {
            assert_eq!(read(bytes, true), Err(fault), "{}", bytes.escape_ascii());
            assert_eq!(read(bytes, false).map_err(|found| found == fault || bytes.ends_with(b"/")), Err(true));
        }
        assert_eq!(read(b".", false), Err(PathFault::NotNormal));
        assert_eq!(read(b"./", false), Err(PathFault::Empty));
    }

    #[test]
    fn ancestors_are_the_directories_above() {
        assert_eq!(path(b"a").ancestors().count(), 0);
        assert_eq!(path(b"a/bc/d").ancestors().collect::<Vec<_>>(), [&b"a/bc"[..], b"a"]);
        assert_eq!(path(b"a/bc/d").depth(), 3);
    }

    #[test]
    fn portable_names() {
        for name in ["a", "a/b.c", "ä/ö", "console", "com", "com10", "nul-a", ".hidden", "a b"] {
            assert!(path(name.as_bytes()).is_portable(), "{name}");
        }
        for name in [
            &b"a\\b"[..],
            b"C:",
            b"nul",
            b"a/Con.txt",
            b"COM1",
            b"lpt9.x",
            b"aux .c",
            b"a.",
            b"a /b",
            b"a\nb",
            b"a?",
            b"a\x7f",
            "a\u{85}".as_bytes(),
            "COM¹.txt".as_bytes(),
            "lpt³".as_bytes(),
            b"\xff",
        ] {
            assert!(!path(name).is_portable(), "{}", name.escape_ascii());
        }
        assert!(!path(&[b'x'; 256]).is_portable());
    }
}
