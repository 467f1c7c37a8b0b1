//! Package URLs of Python distributions and Debian's packages (<https://github.com/package-url/purl-spec>, types `pypi`, `deb`).

use flavor_python::{DebianPackage, normal_name};
use std::fmt::Write as _;

/// `pkg:pypi/NAME@VERSION`, the name normalised as PEP 503 says.
#[must_use]
pub fn pypi(name: &str, version: &str) -> String {
    format!("pkg:pypi/{}@{}", normal_name(name), escaped(version))
}

/// `pkg:deb/debian/NAME@VERSION?arch=ARCHITECTURE&distro=RELEASE`.
#[must_use]
pub fn debian(package: &DebianPackage) -> String {
    let DebianPackage { name, version, architecture, release, .. } = package;
    format!("pkg:deb/debian/{}@{}?arch={architecture}&distro={release}", escaped(name), escaped(version))
}

/// A part of a package URL; a colon stays as it is there.
fn escaped(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// The normalised name and the version in a package URL of type `pypi`; none for other types and without a version.
#[must_use]
pub fn pypi_parts(purl: &str) -> Option<(String, String)> {
    let rest = purl.strip_prefix("pkg:pypi/")?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (name, version) = rest.rsplit_once('@')?;
    Some((normal_name(&percent_decoded(name)), percent_decoded(version)))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normal_and_versions_escaped() {
        assert_eq!(pypi("Typing_.Extensions", "4.0"), "pkg:pypi/typing-extensions@4.0");
        assert_eq!(pypi("torch", "2.1+cpu"), "pkg:pypi/torch@2.1%2Bcpu");
        assert_eq!(pypi("a", "1!2"), "pkg:pypi/a@1%212");
        let package = DebianPackage {
            name: "libstdc++6".to_owned(),
            version: "1:12.2.0-14+deb12u1".to_owned(),
            architecture: "amd64",
            release: "bookworm",
            file: String::new(),
            sha256: String::new(),
            requires: Vec::new(),
            licences: Vec::new(),
            copyright: None,
        };
        let wanted = "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bdeb12u1?arch=amd64&distro=bookworm";
        assert_eq!(debian(&package), wanted);
    }

    #[test]
    fn parts_are_read_back() {
        let parts = |text: &str| pypi_parts(text).map(|(name, version)| format!("{name} {version}"));
        assert_eq!(parts(&pypi("Torch_Vision", "2.1+cpu")).as_deref(), Some("torch-vision 2.1+cpu"));
        assert_eq!(parts("pkg:pypi/a@1%212?file_name=a.whl#x").as_deref(), Some("a 1!2"));
        assert_eq!(parts("pkg:pypi/a@1%2").as_deref(), Some("a 1%2"));
        assert_eq!((parts("pkg:npm/a@1"), parts("pkg:pypi/a")), (None, None));
    }
}
