//! Every key of a project's manifest, once: what it is called, what it holds, what it means, and which variable overrides it.
//!
//! The reader's warnings about unknown keys, `docs/manifest.md` and the JSON Schema for editors are all made from these tables.

pub mod json_schema;
pub mod keys;
pub mod reference;

use super::{
    cursor::{Cursor, Range, with_suggestion},
    document::Origin,
};
use crate::diagnostic::Diagnostic;

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Boolean,
    /// A whole number in this range.
    Integer(Range),
    /// A number of bytes: a whole number, or a text such as `"512MB"`.
    Size,
    /// Seconds: a whole number in the range [`keys::SECONDS`].
    Seconds,
    /// A list of texts.
    Texts,
    /// A text, or a list of them.
    TextOrTexts,
    /// A table of texts under names of the user's own.
    TextTable,
    /// A table of anything.
    Free,
    /// A table with these keys.
    Table(&'static [Key]),
    /// A list of tables with these keys.
    Tables(&'static [Key]),
    /// A table of tables with these keys, under these names.
    Named(&'static [&'static str], &'static [Key]),
    /// Any key of `[tool.flavor]` again, under these names.
    Again(&'static [&'static str]),
    /// Belongs to other tools, and is not looked into.
    Others,
    /// Published builder manifests carry it, and every builder makes it itself.
    Builder,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name in its table.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means, in Markdown.
    pub about: &'static str,
    /// What holds without it, in Markdown; empty for "nothing".
    pub default: &'static str,
    /// The variable that overrides it.
    pub variable: Option<&'static str>,
}

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, about, default: "", variable: None }
}

impl Key {
    const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    const fn variable(self, variable: &'static str) -> Self {
        Self { variable: Some(variable), ..self }
    }
}

/// Looks through `pyproject.toml`: see [`in_table`].
pub(crate) fn check_project(root: &Cursor<'_>) {
    for (name, keys) in keys::SECTIONS {
        in_table(&root.keys(&name.split('.').collect::<Vec<_>>()), keys);
    }
}

/// Warns about every key that is in no table, with the nearest one that is, and reports numbers that are out of their range.
pub(crate) fn in_table(table: &Cursor<'_>, keys: &'static [Key]) {
    for entry in table.table_entries() {
        match keys.iter().find(|key| key.name == entry.key) {
            Some(Key { kind: Kind::Builder, .. }) => {
                table.on_key(
                    entry,
                    Diagnostic::warning("manifest.ignored", "the builder makes this part itself; ignored"),
                );
            }
            Some(key) => in_value(&table.key(&entry.key), key.kind, &entry.node.origin),
            // It is reported where it is, under `conditions`.
            None if entry.node.origin == Origin::Condition => {}
            None => unknown(table, entry, keys.iter().map(|key| key.name)),
        }
    }
}

fn in_value(value: &Cursor<'_>, kind: Kind, origin: &Origin) {
    match kind {
        // It is reported where it is, under `conditions`.
        Kind::Integer(_) | Kind::Seconds if *origin == Origin::Condition => {}
        Kind::Integer(range) => value.in_range(range),
        Kind::Seconds => value.in_range(keys::SECONDS),
        Kind::Table(keys) => in_table(value, keys),
        Kind::Tables(keys) => value.table_items().iter().for_each(|item| in_table(item, keys)),
        Kind::Named(names, keys) => each_name(value, names, keys),
        Kind::Again(names) => each_name(value, names, keys::FLAVOR),
        _ => {}
    }
}

fn each_name(value: &Cursor<'_>, names: &[&str], keys: &'static [Key]) {
    for entry in value.table_entries() {
        if names.contains(&entry.key.as_str()) {
            in_table(&value.key(&entry.key), keys);
        } else {
            unknown(value, entry, names.iter().copied());
        }
    }
}

fn unknown<'a>(table: &Cursor<'_>, entry: &super::document::Entry, known: impl Iterator<Item = &'a str>) {
    let warning = Diagnostic::warning("manifest.unknown_key", "unknown key, ignored");
    table.on_key(entry, with_suggestion(warning, &entry.key, known));
}

/// One key with its whole path, tables left out.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Like `tool.flavor.build.strip`; `[]` stands for an item of a list, `<…>` for a name of the user's choice.
    pub path: String,
    /// The key.
    pub key: Key,
}

/// All keys that hold a value, in the order of the tables. What `conditions` repeats is left out.
#[must_use]
pub fn leaves() -> Vec<Leaf> {
    let mut all = Vec::new();
    for (section, keys) in keys::SECTIONS {
        collect(section, keys, &mut all);
    }
    all
}

fn collect(path: &str, keys: &[Key], all: &mut Vec<Leaf>) {
    for key in keys {
        let path = format!("{path}.{}", key.name);
        match key.kind {
            Kind::Table(keys) => collect(&path, keys, all),
            Kind::Tables(keys) => collect(&format!("{path}[]"), keys, all),
            Kind::Named(_, keys) => collect(&format!("{path}.<name>"), keys, all),
            _ => all.push(Leaf { path, key: *key }),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Diagnostic, builder, document::Document, package::SourceBase, pyproject};
    use std::path::Path;

    fn base() -> SourceBase {
        SourceBase { directory: env!("CARGO_MANIFEST_DIR").into(), workenv: "/w".into(), before_hooks: false }
    }

    fn codes(problems: Vec<Diagnostic>) -> Vec<&'static str> {
        problems.into_iter().map(|problem| problem.code).collect()
    }

    /// The keys of a slot, of `execution` and of `policy`, as both kinds of manifest write them.
    fn of_project([slot, execution, policy]: [&str; 3]) -> Vec<&'static str> {
        let text = format!(
            "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:a'\npolicy = {{{policy}}}\n\
             execution = {{{execution}}}\n[[tool.flavor.slots]]\nid = 's'\nsource = 'Cargo.toml'\n{slot}\n"
        );
        let document = Document::from_toml(Path::new("pyproject.toml"), text).unwrap();
        codes(pyproject::read(&document, &base(), "linux_amd64").1)
    }

    fn of_builder(parts: [&str; 3]) -> Vec<&'static str> {
        let of = |part: &str| part.replace('\'', "\"").replace(" = ", ": ");
        let comma = |part: &str| if part.is_empty() { String::new() } else { format!(", {}", quoted_keys(&of(part))) };
        let [slot, execution, policy] = parts;
        let text = format!(
            r#"{{"package": {{"name": "a", "version": "1"}}, "execution": {{"command": "x"{}}},
                "slots": [{{"id": "s", "source": "Cargo.toml"{}}}], "policy": {{{}}}}}"#,
            comma(execution),
            comma(slot),
            quoted_keys(&of(policy)),
        );
        let document =
            Document::from_json(Path::new("app.json"), text.clone()).unwrap_or_else(|e| panic!("{text}: {e}"));
        codes(builder::read(&document, &base(), "linux_amd64").1)
    }

    fn quoted_keys(pair: &str) -> String {
        pair.split_once(": ").map_or(String::new(), |(key, value)| format!("\"{key}\": {value}"))
    }

    #[test]
    fn what_both_kinds_of_manifest_have_is_wrong_in_both_by_the_same_code() {
        let slot = |text: &'static str| [text, "", ""];
        let execution = |text: &'static str| ["", text, ""];
        let policy = |text: &'static str| ["", "", text];
        for (wrong, code) in [
            (slot("level = 23"), "manifest.range"),
            (slot("level = -1"), "manifest.range"),
            (slot("level = '9'"), "manifest.type"),
            (slot("permissions = '9'"), "slot.permissions"),
            (slot("operations = 'tar.zip'"), "operation.unknown_name"),
            (slot("lifecycle = 'persistant'"), "slot.lifecycle"),
            (slot("purpose = 'dat'"), "slot.word"),
            (slot("target = '../x'"), "slot.target"),
            (slot("platform = 'beos'"), "slot.platform"),
            (slot("slot = 4"), "slot.number"),
            (slot("opertions = 'tar'"), "manifest.unknown_key"),
            (execution("timeout = 0"), "manifest.range"),
            (execution("timeout = 4294967296"), "manifest.range"),
            (execution("max_cpu_seconds = 0"), "manifest.range"),
            (execution("max_memory = 'much'"), "manifest.size"),
            (execution("working_directory = 1"), "manifest.type"),
            (execution("timout = 1"), "manifest.unknown_key"),
            (policy("max_age_days = 0"), "manifest.range"),
            (policy("max_age_days = 36501"), "manifest.range"),
            (policy("refuse_root = 'no'"), "manifest.type"),
            (policy("refuse_rot = true"), "manifest.unknown_key"),
        ] {
            assert_eq!((of_project(wrong), of_builder(wrong)), (vec![code], vec![code]), "{wrong:?}");
        }
        let nothing = ["", "", ""];
        assert_eq!((of_project(nothing), of_builder(nothing)), (vec![], vec![]));
    }

    #[test]
    fn a_number_of_another_system_is_looked_at_once() {
        for system in ["linux", "windows"] {
            let text = format!(
                "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:a'\n\
                 [tool.flavor.conditions.{system}.build]\ncompression_level = 99\n"
            );
            let mut document = Document::from_toml(Path::new("pyproject.toml"), text).unwrap();
            assert!(crate::layers::apply(&mut document, "linux", &|_| None, Vec::new()).is_empty());
            assert_eq!(codes(pyproject::read(&document, &base(), "linux_amd64").1), ["manifest.range"], "{system}");
        }
    }
}
