//! Package URLs of Python distributions and Debian's packages (<https://github.com/package-url/purl-spec>, types `pypi`, `deb`).

use flavor_python::{DebianPackage, normal_name};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode};

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

/// What may be in a part of a package URL as it is: letters, digits, `-._~` and the colon. (The crate packageurl leaves `!` as well, so
/// a version with an epoch would have another URL than with other tools, and scanners compare texts.)
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

fn escaped(part: &str) -> PercentEncode<'_> {
    utf8_percent_encode(part, ESCAPED)
}

/// The normalised name and the version in a package URL of type `pypi`; none for other types and without a version.
#[must_use]
pub fn pypi_parts(purl: &str) -> Option<(String, String)> {
    let rest = purl.strip_prefix("pkg:pypi/")?;
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (name, version) = rest.rsplit_once('@')?;
    let decoded = |part| percent_decode_str(part).decode_utf8_lossy().into_owned();
    Some((normal_name(&decoded(name)), decoded(version)))
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
