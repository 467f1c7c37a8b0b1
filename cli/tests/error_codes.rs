//! `docs/troubleshooting.md` has every code that errors can have, and no other; findings have theirs in `docs/findings.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The program text of a crate without its tests, by file.
fn texts(folder: &str) -> BTreeMap<PathBuf, String> {
    let mut paths = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut paths);
    paths.retain(|path| path.components().any(|part| part.as_os_str() == "src"));
    let text = |path: &Path| fs::read_to_string(path).unwrap().split("#[cfg(test)]").next().unwrap().to_owned();
    paths.into_iter().map(|path| (path.clone(), text(&path))).collect()
}

/// Functions whose first argument looks like a code and is a file or a place in the manifest.
const OTHERS: [&str; 10] =
    ["join", "with_file_name", "run_hooks", "read", "starts_with", "ends_with", "is_program", "has", "new", "place"];

/// Codes in a program text: dotted words that are the first argument of a call, or what a `match` gives.
fn codes(text: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for (at, _) in text.match_indices('"') {
        let Some((word, _)) = text[at + 1..].split_once('"') else { continue };
        let is_code = word.contains('.')
            && word.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        let before = text[..at].trim_end();
        let called = before.strip_suffix('(').is_some_and(|before| {
            let name = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            !name.is_empty() && !OTHERS.contains(&name)
        });
        let given =
            before.ends_with("=>") || before.strip_suffix('{').is_some_and(|text| text.trim_end().ends_with("=>"));
        if is_code && (called || given) && !word.starts_with("tar.") || word == "usage" && called {
            codes.insert(word.to_owned());
        }
    }
    codes
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

/// What is in backticks in the first cells of the tables below a heading.
fn rows(page: &str, heading: &str) -> BTreeSet<String> {
    let part = page.split_once(heading).unwrap().1;
    cells(part.split("\n## ").next().unwrap())
}

fn cells(part: &str) -> BTreeSet<String> {
    let cells = part.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    cells.flat_map(|cell| cell.split(", ")).map(|code| code.trim_matches('`').to_owned()).collect()
}

#[test]
fn every_code_has_its_row() {
    let used: BTreeSet<String> =
        ["src", "crates"].into_iter().flat_map(texts).flat_map(|(_, text)| codes(&text)).collect();
    assert!(used.len() > 150, "{}", used.len());
    let mut documented = rows(&page("troubleshooting.md"), "\n## Error codes");
    assert!(documented.remove("code"));
    let findings = cells(&page("findings.md"));
    let missing: Vec<_> = used.difference(&documented).filter(|code| !findings.contains(*code)).collect();
    let stale: Vec<_> = documented.difference(&used).collect();
    assert!(missing.is_empty(), "docs/troubleshooting.md has no row for {missing:?}");
    assert!(stale.is_empty(), "docs/troubleshooting.md has rows for codes that there are not: {stale:?}");
}

#[test]
fn every_exit_code_of_the_launcher_has_its_row() {
    let mut used = BTreeSet::new();
    for text in texts("../launcher/src").values() {
        for start in ["=> ", "u8 = ", "ExitCode::from("] {
            for (at, _) in text.match_indices(start) {
                let number: String = text[at + start.len()..].chars().take_while(char::is_ascii_digit).collect();
                if number.parse().is_ok_and(|number: u32| (100..128).contains(&number)) {
                    used.insert(number);
                }
            }
        }
    }
    let mut documented = rows(&page("troubleshooting.md"), "\n## Exit codes of a package");
    assert!(documented.remove("code"));
    assert_eq!(documented, used);
}

#[test]
fn codes_are_found_in_program_texts() {
    let text = "Problem::error(\"a.b\", x) refuse(\n  \"c_d.e\", y) A => \"f.g\", B { .. } => {\n \"h.i.j\" } dir.join(\"k.l\") (\"m.n\", 1) \"o.p\" error(\"usage\")";
    let found = codes(text);
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["a.b", "c_d.e", "f.g", "h.i.j", "usage"]);
}
