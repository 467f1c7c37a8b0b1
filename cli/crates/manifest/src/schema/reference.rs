//! `docs/manifest.md`, made from the tables.

use super::{Key, Kind, keys};
use crate::words;
use std::fmt::Write as _;

const HEAD: &str = "\
# The manifest

`flavor pack` reads `pyproject.toml`: `[project]` as every Python tool does, and `[tool.flavor]`. `flavor check` checks it without
building anything, `flavor check --show-config` shows every value and where it comes from, and `flavor check --schema` prints a JSON
Schema for editors. (This page is made from the same tables; `cargo test -p flavor-cli` keeps it up to date.)

* A key that is not on this page is warned about, with the nearest one that is; with `--strict-manifest` it is an error.
* Precedence: option of the command line, then environment variable, then `[tool.flavor.conditions.<system>]`, then the manifest.
* In variables, lists are separated by commas (`a,b`), tables written `A=1,B=2`; truth values are `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`.
* Sizes are bytes, or texts: `\"64KB\"`, `\"512MB\"`, `\"2GB\"` count in 1000, `\"64KiB\"`, `\"512MiB\"`, `\"2GiB\"` in 1024.
* Patterns of files: `?` stands for one character; `[ab]`, `{a,b}` for a choice; `*` for any characters. In `[tool.flavor.build]` `*` stands for `/` as well, a pattern without `/` means a file or folder anywhere, and one that matches a folder all in it. In the `source` of a slot `*` ends at `/`, and `**` stands for folders of any depth.
* Patterns of variables: `*`, `?`, and beside one of them `[a-z]` ([launcher.md](launcher.md#the-environment)); without `*` and `?` it is a name.
* Projects without `[project]`: name, version, description and scripts come from `[tool.poetry]`, else from the build backend (setup.py, flit's
  old form, any other). `flavor pack --manifest setup.py` packs a project without `pyproject.toml`.
* A lock beside the manifest (`uv.lock`, `pylock.toml`, `poetry.lock`, `pdm.lock`, `Pipfile.lock`) binds: its versions and hashes are packed, or packing fails ([dependencies.md](dependencies.md#locks)).
* The caller's proxy, certificate and index settings (`HTTPS_PROXY`, `SSL_CERT_FILE`, `UV_*`, `PIP_*`, netrc …) reach uv and pip ([dependencies.md](dependencies.md#what-is-passed-on-to-uv)).
";

const EXAMPLES: &str = include_str!("examples.md");

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut page = [HEAD, EXAMPLES].concat();
    for (section, keys) in keys::SECTIONS {
        table(&mut page, &format!("[{section}]"), "", keys);
    }
    page.push_str("\n## Purposes\n\nThe slot table has four codes. The word itself stays in the metadata.\n\n| code | words |\n|---|---|\n");
    for (code, words) in words::PURPOSES {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let _ = writeln!(page, "| `{code}` | {} |", words.join(", "));
    }
    page
}

fn table(page: &mut String, name: &str, about: &str, keys: &[Key]) {
    let _ = write!(page, "\n## `{name}`\n\n");
    if !about.is_empty() {
        let _ = write!(page, "{about}\n\n");
    }
    page.push_str("| Key | Value | Meaning |\n|---|---|---|\n");
    for key in keys {
        let mut meaning = key.about.to_owned();
        if !key.default.is_empty() {
            let _ = write!(meaning, " Default: {}.", key.default);
        }
        if let Some(variable) = key.variable {
            let _ = write!(meaning, " Variable: `{variable}`.");
        }
        let _ = writeln!(page, "| `{}` | {} | {meaning} |", key.name, value(key.kind));
    }
    let inner = name.trim_matches(['[', ']']);
    for key in keys {
        let path = format!("{inner}.{}", key.name);
        match key.kind {
            Kind::Table(keys) => table(page, &format!("[{path}]"), key.about, keys),
            Kind::Tables(keys) => table(page, &format!("[[{path}]]"), key.about, keys),
            Kind::Named(_, keys) => table(page, &format!("[{path}.<name>]"), key.about, keys),
            _ => {}
        }
    }
}

fn value(kind: Kind) -> String {
    let list = |words: &[&str]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Word(words) => format!("one of {}", list(words)),
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Integer((least, most)) => format!("{least} to {most}"),
        Kind::Size => "size".to_owned(),
        Kind::Seconds => "seconds".to_owned(),
        Kind::Texts => "list of texts".to_owned(),
        Kind::TextOrTexts => "text or list of texts".to_owned(),
        Kind::TextTable => "table of texts".to_owned(),
        Kind::Free => "table".to_owned(),
        Kind::Table(_) => "table, see below".to_owned(),
        Kind::Tables(_) => "list of tables, see below".to_owned(),
        Kind::Named(names, _) | Kind::Again(names) => format!("tables {}", list(names)),
        Kind::Others | Kind::Builder => "any".to_owned(),
    }
}
