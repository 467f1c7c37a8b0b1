//! Large folders of alternatives, of which a program imports a few: lexers, locales, drivers.
//!
//! Their bytecode would be the largest part of some packages (of rich, through the 250 lexers of Pygments, a third). Modules that no
//! other module imports by name go without: they still work, and take some milliseconds more when they are chosen by name at run time.

use super::error::{FileContext as _, FileError};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use walkdir::WalkDir;

/// So many modules in one folder make it a large one.
const LARGE_FOLDER: usize = 100;

/// If more than one in so many of a folder's modules is imported by name, it is an ordinary folder.
const FEW: usize = 2;

/// Modules below `site` that nothing imports by name, in folders of many such.
pub(super) fn find(site: &Path) -> Result<BTreeSet<PathBuf>, FileError> {
    let mut folders: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for entry in WalkDir::new(site) {
        let path = entry.on("list", site)?.into_path();
        if path.extension().is_some_and(|extension| extension == "py") {
            folders.entry(path.parent().unwrap_or(site).to_owned()).or_default().push(path);
        }
    }
    let is_candidate = |path: &Path| !path.ends_with("__init__.py");
    let (mut candidates, mut pending) = (BTreeMap::new(), Vec::new());
    for (folder, modules) in &folders {
        let is_large = modules.len() >= LARGE_FOLDER && folder != site;
        for module in modules {
            if is_large && is_candidate(module) {
                candidates.insert(dotted(site, module), module.clone());
            } else {
                pending.push(module.clone());
            }
        }
    }
    if candidates.is_empty() {
        return Ok(BTreeSet::new());
    }
    while let Some(path) = pending.pop() {
        let text = fs::read(&path).on("read", &path)?;
        let name = dotted(site, &path);
        let package = if path.ends_with("__init__.py") { &*name } else { parent(&name) };
        for imported in imports(&String::from_utf8_lossy(&text), package) {
            pending.extend(candidates.remove(&imported));
        }
    }
    let mut left_out: BTreeSet<PathBuf> = candidates.into_values().collect();
    for (folder, modules) in &folders {
        let unnamed = modules.iter().filter(|module| left_out.contains(*module)).count();
        if unnamed * FEW < modules.len() {
            left_out.retain(|path| path.parent() != Some(folder));
        }
    }
    Ok(left_out)
}

/// `pygments/lexers/ada.py` as `pygments.lexers.ada`.
fn dotted(site: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(site).unwrap_or(path).with_extension("");
    let words: Vec<_> = relative.iter().map(|word| word.to_string_lossy()).filter(|word| word != "__init__").collect();
    words.join(".")
}

fn parent(module: &str) -> &str {
    module.rsplit_once('.').map_or("", |(parent, _)| parent)
}

/// Every dotted name that import statements in the text may mean. What only looks like a statement costs a little bytecode.
fn imports(text: &str, package: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim_start);
    while let Some(line) = lines.next() {
        if let Some(names) = line.strip_prefix("import ") {
            found.extend(names.split(',').filter_map(first_word));
        } else if let Some((from, names)) = line.strip_prefix("from ").and_then(|rest| rest.split_once(" import ")) {
            let base = absolute(from.trim(), package);
            let mut names = names.split('#').next().unwrap_or(names).to_owned();
            while (names.contains('(') && !names.contains(')')) || names.ends_with('\\') {
                let Some(more) = lines.next() else { break };
                names = names.trim_end_matches('\\').to_owned() + " " + more.split('#').next().unwrap_or(more);
            }
            found.extend(names.split([',', '(', ')']).filter_map(first_word).map(|name| format!("{base}.{name}")));
            found.push(base);
        }
    }
    found
}

fn first_word(text: &str) -> Option<String> {
    text.split_whitespace().next().map(|word| word.trim_end_matches(';').to_owned())
}

/// `..x` in the package `a.b` is `a.x`.
fn absolute(module: &str, package: &str) -> String {
    let name = module.trim_start_matches('.');
    let dots = module.len() - name.len();
    let base = (1..dots).fold(package, |package, _| parent(package));
    match (dots, name.is_empty() || base.is_empty()) {
        (0, _) => name.to_owned(),
        (_, true) => format!("{base}{name}"),
        (_, false) => format!("{base}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_over_lines() {
        let text =
            "import a.b, c as d\n  from . import (x,  # one\n    y)\nfrom ..up import z as w\nfrom k import \\\n  l\n";
        let names = imports(text, "p.q");
        for name in ["a.b", "c", "p.q.x", "p.q.y", "p.up.z", "p.up", "k.l"] {
            assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
        }
    }

    #[test]
    fn modules_chosen_at_run_time_are_found_and_others_are_not() {
        let temp = tempfile::tempdir().unwrap();
        let site = temp.path();
        let write = |name: &str, text: &str| {
            let path = site.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for number in 0..LARGE_FOLDER {
            write(&format!("p/many/m{number}.py"), if number == 1 { "from . import m2" } else { "" });
            write(&format!("p/all/m{number}.py"), "");
        }
        write("p/many/__init__.py", "");
        write("p/user.py", "from .many.m1 import x\n");
        let all: String = (0..LARGE_FOLDER).map(|number| format!("import p.all.m{number}\n")).collect();
        write("p/__init__.py", &all);
        let found = find(site).unwrap();
        assert_eq!(found.len(), LARGE_FOLDER - 2);
        let is_found = |name: &str| found.contains(&site.join(name));
        assert!(is_found("p/many/m0.py") && !is_found("p/many/m1.py") && !is_found("p/many/m2.py"), "{found:?}");
    }
}
