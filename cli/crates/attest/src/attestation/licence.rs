//! Licences as CycloneDX has them: an SPDX expression or identifier where the words are equal to one, else the words.

use serde_json::{Value, json};

/// Families whose short names in Debian end with a version, and `+` for later ones.
const GNU: [&str; 4] = ["AGPL", "GFDL", "GPL", "LGPL"];

/// Short names of copyright-format 1.0 that SPDX calls otherwise.
const OTHER_NAMES: [(&str, &str); 5] = [
    ("Expat", "MIT"),
    ("Artistic", "Artistic-1.0"),
    ("Apache-2", "Apache-2.0"),
    ("CC0", "CC0-1.0"),
    ("MPL-2", "MPL-2.0"),
];

/// The licence of a distribution: an expression where it is one.
pub(super) fn of_distribution(text: &str) -> Value {
    let text = text.trim();
    match spdx::Expression::parse(text) {
        Ok(_) => json!([{"expression": text}]),
        Err(_) => json!([{"license": {"name": text}}]),
    }
}

/// The licences of a Debian package by their short names; none where nothing is known.
pub(super) fn of_debian(names: &[String]) -> Option<Value> {
    let mut found: Vec<Value> = Vec::new();
    for name in names {
        let licence = match spdx_id(name) {
            Some(id) => json!({"license": {"id": id}}),
            None => json!({"license": {"name": name}}),
        };
        // `Expat` and `MIT` are one.
        if !found.contains(&licence) {
            found.push(licence);
        }
    }
    (!found.is_empty()).then(|| Value::from(found))
}

/// The SPDX identifier that means the same as a short name of copyright-format 1.0.
fn spdx_id(name: &str) -> Option<String> {
    let (bare, later) = name.strip_suffix('+').map_or((name, false), |bare| (bare, true));
    let (family, version) = bare.split_once('-').unwrap_or((bare, ""));
    if GNU.contains(&family) {
        // Without invariant sections: `GFDL-NIV-1.3+`.
        let (kind, version) = version.strip_prefix("NIV-").map_or(("", version), |rest| ("-no-invariants", rest));
        let version = if version.contains('.') { version.to_owned() } else { format!("{version}.0") };
        let or = if later { "or-later" } else { "only" };
        return known(&format!("{family}-{version}{kind}-{or}"));
    }
    // Only those of GNU have an identifier for later versions.
    let name = OTHER_NAMES.iter().find(|(debian, _)| *debian == name).map_or(name, |(_, spdx)| spdx);
    if later { None } else { known(name) }
}

/// The identifier as SPDX writes it.
fn known(id: &str) -> Option<String> {
    let mut all = spdx::identifiers::LICENSES.iter().map(|licence| licence.name);
    let found = all.find(|name| name.eq_ignore_ascii_case(id))?;
    spdx::license_id(found).filter(|licence| !licence.is_deprecated()).map(|_| found.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_that_are_no_expressions_keep_their_words() {
        assert_eq!(of_distribution(" MIT OR Apache-2.0\n"), json!([{"expression": "MIT OR Apache-2.0"}]));
        assert_eq!(of_distribution("BSD License"), json!([{"license": {"name": "BSD License"}}]));
    }

    #[test]
    fn short_names_of_debian_are_spdx_identifiers_where_both_mean_the_same() {
        for (name, id) in [
            ("Expat", "MIT"),
            ("MIT", "MIT"),
            ("BSD-3-clause", "BSD-3-Clause"),
            ("ZLIB", "Zlib"),
            ("Apache-2.0", "Apache-2.0"),
            ("GPL-2", "GPL-2.0-only"),
            ("GPL-2+", "GPL-2.0-or-later"),
            ("GPL-3.0+", "GPL-3.0-or-later"),
            ("LGPL-2.1+", "LGPL-2.1-or-later"),
            ("GFDL-NIV-1.3+", "GFDL-1.3-no-invariants-or-later"),
            ("X11", "X11"),
            ("Sleepycat", "Sleepycat"),
        ] {
            assert_eq!(spdx_id(name).as_deref(), Some(id), "{name}");
        }
        for name in ["public-domain", "GPL", "GPL+", "GPL-9", "Artistic or GPL-1+", "MPL-1.1+", "MIT/X11", "", "-"] {
            assert_eq!(spdx_id(name), None, "{name}");
        }
        let names = ["Expat", "MIT", "public-domain"].map(str::to_owned);
        let wanted = json!([{"license": {"id": "MIT"}}, {"license": {"name": "public-domain"}}]);
        assert_eq!(of_debian(&names), Some(wanted));
        assert_eq!(of_debian(&[]), None);
    }
}
