//! The rules of ARCHITECTURE.md: which crate may import which, and no circle of imports inside any of them.

use pspf_tests::documents;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Each crate of the workspace, with those of the workspace that it may import outside its tests.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("pspf-nostd", &[]),
    ("flavor-host", &["pspf-nostd"]),
    ("flavor-launcher", &["pspf-nostd", "flavor-host"]),
    ("flavor-manifest", &["pspf-nostd", "flavor-host"]),
    ("flavor-python", &["pspf-nostd", "flavor-host", "flavor-manifest"]),
    ("flavor-attest", &["pspf-nostd", "flavor-host", "flavor-manifest", "flavor-python"]),
    ("flavor-pack", &["pspf-nostd", "flavor-host", "flavor-python", "flavor-manifest", "flavor-attest"]),
    ("flavor-cli", &["pspf-nostd", "flavor-host", "flavor-python", "flavor-manifest", "flavor-attest", "flavor-pack"]),
    ("pspf-wasm", &["pspf-nostd"]),
    ("pspf-test-support", &[]),
    ("pspf-tests", &["pspf-nostd", "flavor-host", "pspf-test-support"]),
    ("xtask", &[]),
];

/// Libraries that belong to one concern, with the crates that have it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("clap", &["flavor-cli", "xtask"]),
    ("clap_complete", &["flavor-cli"]),
    ("clap_mangen", &["flavor-cli"]),
    ("indicatif", &["flavor-cli"]),
    ("anyhow", &["xtask"]),
    ("js-sys", &["pspf-wasm"]),
    ("serde-wasm-bindgen", &["pspf-wasm"]),
    ("wasm-bindgen", &["pspf-wasm"]),
    ("web-sys", &["pspf-wasm"]),
    ("ureq", &["flavor-python"]),
];

/// A crate of the workspace.
struct Member {
    name: String,
    folder: PathBuf,
    /// Names of the crates in `[dependencies]` and its forms for single targets.
    imports: BTreeSet<String>,
}

fn members() -> Vec<Member> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(documents::root());
    let output = metadata.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let member = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("a list");
        let normal = dependencies.iter().filter(|one| one["kind"].is_null());
        Member {
            name: text(&package["name"]),
            folder: Path::new(&text(&package["manifest_path"])).parent().expect("a folder").to_owned(),
            imports: normal.map(|one| text(&one["name"])).collect(),
        }
    };
    metadata["packages"].as_array().expect("a list").iter().map(member).collect()
}

#[test]
fn crates_import_what_the_architecture_allows() {
    let members = members();
    let own: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let mut wrong = Vec::new();
    for Member { name, imports, .. } in &members {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(crate_name, _)| crate_name == name) else {
            wrong.push(format!("{name} has no row in MAY_IMPORT and none in ARCHITECTURE.md"));
            continue;
        };
        for import in imports {
            if own.contains(import.as_str()) && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{name} imports {import}"));
            }
            let users = ONLY_IN.iter().find(|(library, _)| library == import);
            if users.is_some_and(|(_, users)| !users.contains(&name.as_str())) {
                wrong.push(format!("{name} uses {import}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(members.len() >= 8, "{own:?}");
}

#[test]
fn modules_import_each_other_in_no_circle() {
    let mut shown = Vec::new();
    for Member { name, folder, .. } in members() {
        let edges = imports_of(&sources(&folder.join("src")));
        for circle in circles(&edges) {
            shown.push(format!("{name}: {}", circle.join(", ")));
            let inside = |module: &String| circle.contains(module);
            for ((from, to), files) in edges.iter().filter(|((from, to), _)| inside(from) && inside(to)) {
                let files: Vec<&str> = files.iter().map(String::as_str).collect();
                shown.push(format!("  {from} imports {to} in {}", files.join(", ")));
            }
        }
    }
    assert!(shown.is_empty(), "circles of imports:\n{}", shown.join("\n"));
}

/// A Rust file: its path from `src`, and its text without comments and unit tests.
struct Source {
    path: String,
    text: String,
}

fn sources(folder: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && path.file_stem().is_none_or(|stem| stem != "tests")
            {
                let text = fs::read_to_string(&path).expect("a source is text");
                let path = path.strip_prefix(folder).expect("it is inside").to_str().expect("a name in UTF-8");
                sources.push(Source { path: path.to_owned(), text: code_alone(&text) });
            }
        }
    }
    sources
}

/// Unit tests may import anything; comments name, they do not import.
fn code_alone(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code = |line: &str| !line.trim_start().starts_with("//");
    text.lines().filter(|line| code(line)).collect::<Vec<_>>().join("\n")
}

type Edges = BTreeMap<(String, String), BTreeSet<String>>;

/// Which top-level module imports which, with the files that do.
fn imports_of(sources: &[Source]) -> Edges {
    let is_root = |path: &str| matches!(path, "lib.rs" | "main.rs");
    let module = |path: &str| path.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
    let modules: BTreeSet<String> =
        sources.iter().filter(|source| !is_root(&source.path)).map(|source| module(&source.path)).collect();
    let mut at_root = BTreeMap::new();
    for source in sources.iter().filter(|source| is_root(&source.path)) {
        for statement in source.text.split(';').filter_map(|part| part.rsplit_once("use ")) {
            for (first, name) in names(statement.1.trim_start_matches("crate::").trim_start_matches("self::")) {
                at_root.insert(name, first);
            }
        }
    }
    let mut edges = Edges::new();
    for source in sources.iter().filter(|source| !is_root(&source.path)) {
        let from = module(&source.path);
        for imported in imported_from_root(source) {
            let to = if modules.contains(&imported) { Some(&imported) } else { at_root.get(&imported) };
            if let Some(to) = to.filter(|to| **to != from && modules.contains(*to)) {
                edges.entry((from.clone(), to.clone())).or_default().insert(source.path.clone());
            }
        }
    }
    edges
}

/// The names right below the crate's root that a file uses.
fn imported_from_root(source: &Source) -> BTreeSet<String> {
    let folders = source.path.matches('/').count();
    let depth = if source.path.ends_with("/mod.rs") { folders } else { folders + 1 };
    let mut imported = BTreeSet::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (position, _) in source.text.match_indices(&root) {
            let before = source.text.get(..position).unwrap_or_default();
            let goes_on = before.ends_with("::") || before.ends_with(|c: char| c.is_alphanumeric() || "_$".contains(c));
            let after = source.text.get(position + root.len()..).unwrap_or_default();
            if !goes_on && !after.starts_with("super::") {
                imported.extend(names(tree(after)).into_iter().map(|(first, _)| first));
            }
        }
    }
    imported
}

/// The path that a text begins with, with its braces.
fn tree(text: &str) -> &str {
    let mut open = 0_usize;
    for (position, c) in text.char_indices() {
        match c {
            '{' if open > 0 || position == 0 || text[..position].ends_with("::") => open += 1,
            '}' if open > 0 => {
                open -= 1;
                if open == 0 {
                    return &text[..=position];
                }
            }
            c if open == 0 && c != ':' && c != '_' && !c.is_alphanumeric() => return &text[..position],
            _ => {}
        }
    }
    text
}

/// The first and the last name of each path in a tree such as `a::{b, c::D as E}`.
fn names(tree: &str) -> Vec<(String, String)> {
    let tree = tree.trim();
    let Some((before, inside)) = tree.split_once('{') else {
        let (path, other_name) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name)));
        let first = path.split("::").next().unwrap_or_default().trim();
        let last = other_name.or(path.rsplit("::").find(|name| *name != "self")).unwrap_or_default().trim();
        return if first.is_empty() { Vec::new() } else { vec![(first.to_owned(), last.to_owned())] };
    };
    let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
    let mut open = 0_usize;
    let parts = inside.split(|c| {
        match c {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        c == ',' && open == 0
    });
    parts
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| names(&format!("{}{}", before.trim(), part.trim())))
        .collect()
}

/// Modules that reach each other, in sorted groups.
fn circles(edges: &Edges) -> Vec<Vec<String>> {
    let modules: BTreeSet<&String> = edges.keys().flat_map(|(from, to)| [from, to]).collect();
    let reach: BTreeMap<&String, BTreeSet<&String>> =
        modules.iter().map(|module| (*module, reached(edges, module))).collect();
    let group = |module: &String| -> Vec<String> {
        let mutual = reach[module].iter().filter(|other| reach[**other].contains(module));
        mutual.map(|other| (*other).clone()).collect()
    };
    let groups: BTreeSet<Vec<String>> = modules.iter().map(|module| group(module)).collect();
    groups.into_iter().filter(|group| group.len() > 1).collect()
}

/// The modules that one imports, directly or by others.
fn reached<'a>(edges: &'a Edges, start: &'a String) -> BTreeSet<&'a String> {
    let mut seen = BTreeSet::new();
    let mut pending = vec![start];
    while let Some(module) = pending.pop() {
        let next = edges.keys().filter(|(from, _)| from == module).map(|(_, to)| to);
        pending.extend(next.filter(|to| seen.insert(*to)));
    }
    seen
}

/// The reader of imports sees all forms; a circle through names that the root gives on is one too.
#[test]
fn a_circle_is_found_in_every_form_of_an_import() {
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: code_alone(text) };
    let forms = [
        ("b/mod.rs", "use crate::{a::{One, Two}, c};"),
        ("b/mod.rs", "fn f() { crate::a::one() }"),
        ("b/deep.rs", "use super::super::a;"),
        ("b.rs", "pub(crate) use super::a::One;"),
        ("b.rs", "use crate::{c, One as Other};"),
    ];
    for (path, text) in forms {
        let circle = [source("a.rs", "use crate::b;"), source("lib.rs", "pub use a::{One, x::Y};"), source(path, text)];
        let edges = imports_of(&circle);
        assert_eq!(circles(&edges), [["a", "b"]], "{text}: {edges:?}");
    }
    let harmless =
        ["/// [`crate::a::One`]", "use other_crate::a;", "use super::c;\n#[cfg(test)]\nmod tests {\n use crate::a;\n}"];
    for text in harmless {
        let edges = imports_of(&[source("a.rs", "use crate::b;"), source("b.rs", text)]);
        assert!(circles(&edges).is_empty(), "{text}: {edges:?}");
    }
}

#[test]
fn a_version_that_two_crates_use_is_stated_once() {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut own_version: BTreeMap<String, String> = BTreeMap::new();
    for Member { name, folder, .. } in members() {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let mut in_dependencies = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                in_dependencies = line.ends_with("dependencies]");
            } else if in_dependencies && let Some((library, value)) = line.split_once(" = ") {
                users.entry(library.to_owned()).or_default().insert(name.clone());
                if !value.contains("workspace = true") {
                    own_version.insert(library.to_owned(), name.clone());
                }
            }
        }
    }
    assert!(users.len() > 30, "{users:?}");
    for (library, name) in own_version {
        let users = &users[&library];
        assert!(
            users.len() == 1,
            "{name} states a version of {library}, which {users:?} use: [workspace.dependencies]"
        );
    }
}

/// What ends up on users' machines and pages has no dependency without a reason in ARCHITECTURE.md.
#[test]
fn every_dependency_of_core_launcher_and_engine_has_its_reason() {
    let page = fs::read_to_string(documents::root().join("ARCHITECTURE.md")).unwrap();
    let members = members();
    let own: BTreeSet<&String> = members.iter().map(|member| &member.name).collect();
    for name in ["pspf-nostd", "flavor-host", "flavor-launcher", "pspf-wasm"] {
        let member = members.iter().find(|member| member.name == name).unwrap();
        let section = page.split(&format!("\n**`{name}`**")).nth(1).unwrap_or_else(|| panic!("no list for {name}"));
        let list = section.split("\n\n").nth(1).unwrap_or_default();
        let mut given = BTreeSet::new();
        for line in list.lines() {
            let (library, reason) = line
                .trim_start_matches("* `")
                .split_once("`: ")
                .unwrap_or_else(|| panic!("not `* \\`NAME\\`: why`: {line}"));
            assert!(reason.len() > 15, "no reason: {line}");
            given.insert(library.to_owned());
        }
        let wanted: BTreeSet<String> = member.imports.iter().filter(|import| !own.contains(import)).cloned().collect();
        assert_eq!(given, wanted, "ARCHITECTURE.md, the list for {name}, against its Cargo.toml");
    }
}
