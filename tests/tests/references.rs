//! Documents that the code and the pages name are there, with the section that is named: `docs/format.md §3`,
//! `docs/launcher.md, "Setup"`, `[setup](launcher.md#setup)`.

use pspf_tests::{documents, markdown};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold what is built or fetched.
const NOT_OURS: &[&str] = &["target", "node_modules", "dist", "generated", ".git", "vectors", "corpus", "artifacts"];

/// Kinds of files whose comments name documents.
const CODE: &[&str] = &["rs", "js", "mjs", "cjs", "ts", "py", "c", "sh", "toml", "yml", "css", "html"];

#[test]
fn every_document_and_section_that_is_named_exists() {
    let mut problems = Vec::new();
    let mut seen = 0;
    for file in files(&documents::root()) {
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if extension != "md" && !CODE.contains(&extension) {
            continue;
        }
        let Ok(text) = fs::read_to_string(&file) else { panic!("{} is not text", file.display()) };
        for (number, line) in text.lines().enumerate() {
            let start = line.trim_start();
            let is_comment = ["//", "*", "/*", "#"].iter().any(|mark| start.starts_with(mark));
            if extension == "md" || is_comment {
                let (found, wrong) = references(line, file.parent().expect("a file has a folder"));
                seen += found;
                problems.extend(wrong.iter().map(|wrong| format!("{}:{}: {wrong}", file.display(), number + 1)));
            }
        }
    }
    // The findings name sections of the format by number alone.
    let format = fs::read_to_string(documents::root().join("docs/format.md")).unwrap();
    for line in fs::read_to_string(documents::root().join("docs/findings.md")).unwrap().lines() {
        for number in line.split('§').skip(1) {
            let number: String = number.chars().take_while(char::is_ascii_digit).collect();
            if !has_section(&format, &number) {
                problems.push(format!("docs/findings.md: docs/format.md has no §{number}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(seen > 150, "{seen}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a kind");
        let ours = entry.file_name().to_str().is_some_and(|name| !NOT_OURS.contains(&name));
        if kind.is_dir() && ours {
            files.extend(self::files(&entry.path()));
        } else if kind.is_file() && ours {
            files.push(entry.path());
        }
    }
    files
}

/// How many documents a line of a file in `folder` names, and which of them are not there.
fn references(line: &str, folder: &Path) -> (usize, Vec<String>) {
    let mut found = 0;
    let mut wrong = Vec::new();
    for (position, _) in line.match_indices(".md") {
        let (before, after) = line.split_at(position + 3);
        let in_name = |c: char| c.is_ascii_alphanumeric() || "-_./:%".contains(c);
        let name = before.rsplit(|c| !in_name(c)).next().unwrap_or_default();
        let not_a_file = name.contains("://") || name == ".md" || name.starts_with("target/");
        if after.starts_with(in_name_goes_on) || after.starts_with("](") || not_a_file {
            continue;
        }
        found += 1;
        let root = documents::root();
        let mut candidates = vec![folder.join(name), root.join(name)];
        if before.ends_with(&format!("]({name}")) {
            // Parts of docs/manifest.md are in the sources.
            candidates.push(root.join("docs").join(name));
        }
        let Some(page) = candidates.iter().find_map(|path| fs::read_to_string(path).ok()) else {
            wrong.push(format!("there is no {name}"));
            continue;
        };
        let place = after.trim_start_matches('`');
        if let Some(number) = place.strip_prefix(" §") {
            let number: String = number.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            if !has_section(&page, number.trim_end_matches('.')) {
                wrong.push(format!("{name} has no section {number}"));
            }
        } else if let Some(title) = [", \"", "), \""].iter().find_map(|mark| place.strip_prefix(mark)) {
            // In a text of code the quotes have backslashes.
            let title = title.split(['"', '\\']).next().unwrap_or_default();
            if !has_title(&page, title) {
                wrong.push(format!("{name} has no section {title:?}"));
            }
        } else if let Some(anchor) = place.strip_prefix('#') {
            let anchor = anchor.split(')').next().unwrap_or_default();
            if !titles(&page).any(|title| slug(title) == anchor) {
                wrong.push(format!("{name} has no section #{anchor}"));
            }
        }
    }
    (found, wrong)
}

fn in_name_goes_on(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_/".contains(c)
}

fn titles(page: &str) -> impl Iterator<Item = &str> {
    let lines = markdown::prose(page).into_iter().map(|(_, line)| line);
    lines.filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim())
}

/// A heading that begins with the number.
fn has_section(page: &str, number: &str) -> bool {
    !number.is_empty() && titles(page).any(|title| title.starts_with(&format!("{number}. ")))
}

/// A heading, or a paragraph that begins with the words in bold.
fn has_title(page: &str, wanted: &str) -> bool {
    !wanted.is_empty() && (titles(page).any(|title| title == wanted) || page.contains(&format!("\n**{wanted}")))
}

/// What a heading's anchor is called: small letters and digits, `-` between words.
fn slug(title: &str) -> String {
    let kept = title.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
    kept.replace(' ', "-")
}

#[test]
fn a_reference_to_what_is_not_there_is_found() {
    let docs = documents::root().join("docs");
    for good in [
        "(docs/format.md §3)",
        "(`docs/format.md` §10)",
        "docs/launcher.md, \"Setup\"",
        "[x](launcher.md#the-command)",
        "https://example.com/none.md",
    ] {
        assert_eq!(references(good, &docs).1, Vec::<String>::new(), "{good}");
    }
    for bad in [
        "(docs/format.md §99)",
        "(docs/none.md)",
        "docs/launcher.md, \"Not there\"",
        "[x](launcher.md#not-there)",
        "(design.md, \"Sealed\")",
    ] {
        assert_eq!(references(bad, &docs).1.len(), 1, "{bad}");
    }
}
