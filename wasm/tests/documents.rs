//! The documents list the codes that programs can meet, and no others.
#![cfg(not(target_arch = "wasm32"))]

use pspf_nostd::findings::severity_of;
use pspf_wasm::policy;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The section of a page behind a heading.
fn section(page: &str, heading: &str) -> String {
    let page = text(&root().join(page));
    let (_, rest) = page.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    rest.split("\n## ").next().unwrap_or_default().to_owned()
}

#[test]
fn the_page_of_findings_has_the_codes_of_policies() {
    let section = section("docs/findings.md", "\n## With `pspf scan`\n");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `policy.")?.split_once("` | "));
    let rows: BTreeSet<(String, bool)> =
        rows.map(|(code, rest)| (format!("policy.{code}"), !rest.starts_with("error, fixed |"))).collect();
    let codes = policy::CODES.iter().map(|(code, may_be_lowered)| ((*code).to_owned(), *may_be_lowered));
    assert_eq!(rows, codes.collect());
}

/// Codes that are made where `begin` is, in all sources of a folder.
fn made(folder: &Path, ending: &str, begin: &str, codes: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            made(&path, ending, begin, codes);
        } else if path.extension().is_some_and(|found| found == ending) {
            for rest in text(&path).split(begin).skip(1) {
                let rest = rest.trim_start();
                if let Some((code, _)) = rest.strip_prefix(['"', '\'']).and_then(|rest| rest.split_once(['"', '\''])) {
                    codes.insert(code.to_owned());
                }
            }
        }
    }
}

#[test]
fn the_readme_of_the_npm_package_has_the_codes_of_errors() {
    let section = section("npm/README.md", "\n## Errors\n");
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    let listed: BTreeSet<&str> =
        cells.flat_map(|(cell, _)| cell.split('`')).filter(|code| code.contains('.')).collect();
    let mut codes = BTreeSet::new();
    made(&root().join("npm/src"), "js", "PspfError(", &mut codes);
    made(&root().join("wasm/src"), "rs", "Failure::new(", &mut codes);
    assert!(codes.len() > 20, "{codes:?}");
    let is_listed = |code: &str| {
        let family = code.split('.').next().unwrap_or_default();
        listed.contains(code) || listed.contains(format!("{family}.*").as_str()) || severity_of(code).is_some()
    };
    let missing: Vec<_> = codes.iter().filter(|code| !is_listed(code)).collect();
    assert!(missing.is_empty(), "not in npm/README.md: {missing:?}");
    let unused: Vec<_> = listed.iter().filter(|code| !code.ends_with('*') && !codes.contains(**code)).collect();
    assert!(unused.is_empty(), "in npm/README.md, and nowhere made: {unused:?}");
}
