//! Package URLs of Python distributions (<https://github.com/package-url/purl-spec>, type `pypi`).

use std::fmt::Write as _;

/// `pkg:pypi/NAME@VERSION`, the name normalised as PEP 503 says.
#[must_use]
pub fn pypi(name: &str, version: &str) -> String {
    let mut text = format!("pkg:pypi/{}@", normal_name(name));
    for byte in version.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Runs of `-`, `_` and `.` become one `-`, letters small (PEP 503, and PEP 685 for extras).
#[must_use]
pub fn normal_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.push(other.to_ascii_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normal_and_versions_escaped() {
        assert_eq!(pypi("Typing_.Extensions", "4.0"), "pkg:pypi/typing-extensions@4.0");
        assert_eq!(pypi("torch", "2.1+cpu"), "pkg:pypi/torch@2.1%2Bcpu");
        assert_eq!(pypi("a", "1!2"), "pkg:pypi/a@1%212");
    }
}
