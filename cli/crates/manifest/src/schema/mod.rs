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

/// Warns about every key that is in no table, with the nearest one that is.
pub fn unknown_keys(root: &Cursor<'_>) {
    for (name, keys) in keys::SECTIONS {
        let section = name.split('.').fold(root.clone(), |cursor, part| cursor.key(part));
        in_table(&section, keys);
    }
}

fn in_table(table: &Cursor<'_>, keys: &'static [Key]) {
    for entry in table.table_entries() {
        match keys.iter().find(|key| key.name == entry.key) {
            Some(key) => in_value(&table.key(&entry.key), key.kind),
            // It is reported where it is, under `conditions`.
            None if entry.node.origin == Origin::Condition => {}
            None => unknown(table, entry, keys.iter().map(|key| key.name)),
        }
    }
}

fn in_value(value: &Cursor<'_>, kind: Kind) {
    match kind {
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
