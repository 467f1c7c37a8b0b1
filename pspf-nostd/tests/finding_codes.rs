//! The tables of codes are complete, and docs/findings.md is made of them: `BLESS=1` writes it anew.

use pspf_nostd::{
    findings::{CODES, Code, DEEP_CODES, PLACEMENT_CODES, severity_of},
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

/// The sources of the verification.
fn verification() -> Vec<PathBuf> {
    let folder = fs::read_dir(root().join("src/verify")).expect("sources");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.push(root().join("src/findings.rs"));
    files
}

/// Dotted words that sources have as texts.
fn words(files: &[PathBuf]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for file in files {
        let text = text(file);
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        // A row of the tables is no use of its code.
        let rows = ["Code::error(", "Code::warning(", "Code::info("];
        let used = text.lines().filter(|line| !rows.iter().any(|row| line.trim_start().starts_with(row)));
        let text: String = used.collect::<Vec<_>>().join("\n");
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
    let words = words(&verification());
    let unknown: Vec<_> = words
        .iter()
        // Parts of the index have names of this form, too.
        .filter(|word| severity_of(word).is_none() && !word.starts_with("index."))
        .collect();
    assert!(unknown.is_empty(), "not in findings::CODES: {unknown:?}");
    let unused: Vec<_> = CODES.iter().filter(|code| !words.contains(code.code)).collect();
    assert!(unused.is_empty(), "in findings::CODES, and nowhere used: {unused:?}");
    let different: BTreeSet<_> = CODES.iter().map(|code| code.code).collect();
    assert_eq!(different.len(), CODES.len());
}

#[test]
fn every_code_of_the_placement_is_in_its_table_and_used() {
    let words = words(&[root().join("src/placement.rs")]);
    assert_eq!(words, PLACEMENT_CODES.iter().map(|code| code.code.to_owned()).collect());
}

/// They are found in another crate of the workspace, which a published copy of this one has not beside it.
#[test]
fn every_code_of_the_deep_verification_is_in_its_table_and_used() {
    let crate_of_them = root().join("../cli/crates/attest/src");
    let folder = fs::read_dir(crate_of_them.join("deep")).expect("sources");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.push(crate_of_them.join("error.rs"));
    let mut words = words(&files);
    words.retain(|word| severity_of(word).is_none());
    assert!(words.remove("file.read"), "the package cannot be read: no finding");
    assert_eq!(words, DEEP_CODES.iter().map(|code| code.code.to_owned()).collect());
}

/// The page with the table behind the heading made anew.
fn with_table(page: &str, heading: &str, codes: &[Code]) -> String {
    const HEAD: &str = "| code | severity | means | rule |\n|---|---|---|---|\n";
    let section = page.find(heading).unwrap_or_else(|| panic!("docs/findings.md has no `{heading}`"));
    let (before, rest) = page.split_at(section);
    let (text, rows) = rest.split_once(HEAD).expect("a table of codes");
    let behind = rows.find("\n\n").map_or("", |end| &rows[end..]);
    let row = |code: &Code| {
        let severity = match code.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let rule = if code.rule.is_empty() { String::new() } else { format!("{} ", code.rule) };
        format!("| `{}` | {severity} | {} | {rule}|", code.code, code.means)
    };
    let rows: Vec<String> = codes.iter().map(row).collect();
    format!("{before}{text}{HEAD}{}{behind}", rows.join("\n"))
}

#[test]
fn the_page_is_made_of_the_tables() {
    let file = root().join("../docs/findings.md");
    let page = text(&file);
    let made = with_table(&page, "# Findings", CODES);
    let made = with_table(&made, "## With `flavor verify --deep`", DEEP_CODES);
    let made = with_table(&made, "## What would be written", PLACEMENT_CODES);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &made).expect("a writable page");
    } else {
        assert!(page == made, "docs/findings.md is not what src/findings.rs says: run this test with BLESS=1");
    }
}
