//! Requirement strings of `project.dependencies`, as far as they can be checked before uv reads them.

use pep440_rs::VersionSpecifiers;
use std::str::FromStr as _;

/// Why a text is not a requirement (PEP 508); markers are left to uv.
///
/// # Errors
/// A sentence for the user.
pub(crate) fn check(text: &str) -> Result<(), String> {
    let text = text.trim();
    let end = text.find(|character: char| !is_name(character)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let ends = [name.as_bytes().first(), name.as_bytes().last()];
    if name.is_empty() || !ends.iter().flatten().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("it does not begin with the name of a distribution".to_owned());
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').ok_or("the bracket of its extras is not closed")?.1.trim_start(),
        None => rest,
    };
    if let Some(url) = rest.strip_prefix('@') {
        return if url.trim().is_empty() { Err("there is no URL after `@`".to_owned()) } else { Ok(()) };
    }
    let versions = rest.split(';').next().unwrap_or_default().trim();
    let versions = versions.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(versions);
    specifiers(versions)
}

/// Why a text is not a list of version specifiers (PEP 440).
///
/// # Errors
/// A sentence for the user.
pub(crate) fn specifiers(text: &str) -> Result<(), String> {
    VersionSpecifiers::from_str(text).map(|_| ()).map_err(|error| {
        let error = error.to_string();
        error.lines().next().unwrap_or_default().trim_end_matches(':').to_owned()
    })
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn requirements_as_people_write_them() {
        for text in [
            "click",
            "click>=8.1",
            "rich >= 13, < 15",
            "requests[socks,security] ~=2.8",
            "a (>=1.0)",
            "b==1.*; python_version < '3.12'",
            "pip @ https://example.org/pip-1.0.zip",
            "x@file:///tmp/x",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in ["", "not a requirement !", ">=1", "a>=", "a==", "a[b", "a @ ", "-x", "a=1", "a 1.0"] {
            assert!(check(text).is_err(), "{text}");
        }
    }
}
