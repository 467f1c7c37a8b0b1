//! One table of the codes of a verification: it is complete, and docs/findings.md says the same.

use pspf_nostd::{
    findings::{CODES, severity_of},
    report::Severity,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Dotted words that the verification has as texts.
fn words() -> BTreeSet<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("src/verify"))
        .expect("sources")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.push(root().join("src/findings.rs"));
    let mut words = BTreeSet::new();
    for file in files {
        let text = text(&file);
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        // The table itself is no use of a code.
        let text = match text.split_once("pub const CODES") {
            Some((before, after)) => [before, after.split_once("];").map_or("", |(_, rest)| rest)].concat(),
            None => text.to_owned(),
        };
        for word in text.split('"').skip(1).step_by(2) {
            let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if word.contains('.') && word.split('.').all(part) {
                words.insert(word.to_owned());
            }
        }
    }
    words
}

#[test]
fn every_code_is_in_the_table_and_used() {
    let words = words();
    let unknown: Vec<_> = words
        .iter()
        // Parts of the index have names of this form, too.
        .filter(|word| severity_of(word).is_none() && !word.starts_with("index."))
        .collect();
    assert!(unknown.is_empty(), "not in findings::CODES: {unknown:?}");
    let unused: Vec<_> = CODES.iter().filter(|(code, _)| !words.contains(*code)).collect();
    assert!(unused.is_empty(), "in findings::CODES, and nowhere used: {unused:?}");
    let different: BTreeSet<_> = CODES.iter().map(|(code, _)| code).collect();
    assert_eq!(different.len(), CODES.len());
}

#[test]
fn the_page_has_the_same_codes_with_the_same_weight() {
    let page = text(&root().join("../docs/findings.md"));
    let table = page.split("\n## ").next().expect("the first table");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let rows: BTreeSet<_> = rows.map(|(code, rest)| (code, rest.split(' ').next().unwrap_or_default())).collect();
    let word = |severity| match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let codes: BTreeSet<_> = CODES.iter().map(|(code, severity)| (*code, word(*severity))).collect();
    assert_eq!(rows, codes);
}
