//! `debian/copyright` in its machine-readable form (copyright-format 1.0, "DEP-5").

use super::control::value;
use deb822_fast::borrowed::iter_paragraphs_borrowed;
use std::collections::BTreeSet;

/// The field that says that a copyright file is machine-readable, and of what its value is a part.
const FORMAT: (&str, &str) = ("Format", "/copyright-format/1.0");

/// The short names of the licences of a package's files, such as `GPL-2+`, sorted; none where the file is for people only.
/// What is under `debian/` is about the packaging, and not in the package.
pub(super) fn licences(text: &str) -> Vec<String> {
    // One that is for people breaks off at its first line, mostly.
    let mut paragraphs = iter_paragraphs_borrowed(text).map_while(Result::ok);
    let Some(header) =
        paragraphs.next().filter(|header| value(header, FORMAT.0).is_some_and(|it| it.contains(FORMAT.1)))
    else {
        return Vec::new();
    };
    let mut found = BTreeSet::new();
    let of_files = paragraphs.filter(|paragraph| {
        let files = value(paragraph, "Files").unwrap_or_default();
        files.split_whitespace().any(|pattern| !pattern.starts_with("debian/"))
    });
    for paragraph in [header].into_iter().chain(of_files) {
        let licence = value(&paragraph, "License").unwrap_or_default();
        // The text of the licence follows the line with its name.
        let name = licence.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        // Of what is under both, each counts; a choice stays one.
        let is_choice = name.split(' ').any(|word| word.eq_ignore_ascii_case("or"));
        let parts: Vec<&str> = if is_choice { vec![&name] } else { name.split(" and ").collect() };
        found.extend(parts.into_iter().filter(|part| !part.is_empty()).map(str::to_owned));
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_the_paragraphs_of_files() {
        let text = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: x\n\n\
            Files: *\nCopyright: 2000 somebody\nLicense: Apache-2.0\n \n\n\
            Files: debian/*\nCopyright: 2001 other\nLicense: GPL-3\n\n   \n\
            Files: debian/x\n a/*\nCopyright: 2001 other\nLicense:  BSD-3-clause  and   Expat\n Permission is\n .\n License: x\n\n\
            Files: b\nLicense: Artistic or GPL-1+ and Expat\n\n\
            License: Zlib\n text\n";
        assert_eq!(licences(text), ["Apache-2.0", "Artistic or GPL-1+ and Expat", "BSD-3-clause", "Expat"]);
        assert_eq!(licences(&text.replacen("Upstream-Name: x", "License: ISC", 1))[4], "ISC");
        assert_eq!(licences(&text.replacen("copyright-format", "other", 1)), [""; 0]);
        assert_eq!(licences("License: MIT\n\nFiles: *\nLicense: MIT\n"), [""; 0]);
        assert_eq!(licences(""), [""; 0]);
    }
}
