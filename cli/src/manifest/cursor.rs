//! Reading a manifest: each value with its path, each problem with its place, none of them the last.

use super::document::{Document, Entry, Node, Value};
use crate::problem::Problem;
use std::cell::RefCell;

/// Collects the problems of one document.
#[derive(Debug)]
pub struct Problems<'a> {
    document: &'a Document,
    list: RefCell<Vec<Problem>>,
}

impl<'a> Problems<'a> {
    /// No problem so far.
    #[must_use]
    pub fn new(document: &'a Document) -> Self {
        Self { document, list: RefCell::default() }
    }

    /// The top-level table.
    #[must_use]
    pub fn root(&'a self) -> Cursor<'a> {
        Cursor { path: String::new(), node: Some(&self.document.root), place: 0, problems: self }
    }

    /// Everything that was reported, in the order of the text.
    #[must_use]
    pub fn finish(self) -> Vec<Problem> {
        let mut list = self.list.into_inner();
        list.sort_by_key(|problem| (problem.line, problem.column));
        list
    }
}

/// A place in the document: a value, or the lack of one.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    /// Like `tool.flavor.slots[2].id`.
    pub path: String,
    /// The value, where there is one.
    pub node: Option<&'a Node>,
    place: usize,
    problems: &'a Problems<'a>,
}

impl<'a> Cursor<'a> {
    /// The value of a key, or the lack of it.
    #[must_use]
    pub fn key(&self, key: &str) -> Cursor<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        let entry = self.node.and_then(|node| node.entries().iter().find(|entry| entry.key == key));
        let place = entry.map_or(self.place, |entry| entry.node.span.start);
        Cursor { path, node: entry.map(|entry| &entry.node), place, problems: self.problems }
    }

    /// Follows several keys.
    #[must_use]
    pub fn keys(&self, keys: &[&str]) -> Cursor<'a> {
        keys.iter().fold(self.clone(), |cursor, key| cursor.key(key))
    }

    /// Whether there is a value other than `null`.
    #[must_use]
    pub fn present(&self) -> bool {
        self.value().is_some()
    }

    fn value(&self) -> Option<&'a Value> {
        self.node.map(|node| &node.value).filter(|value| !matches!(value, Value::Null))
    }

    /// Reports a problem of this value; file, place and field are filled in.
    pub fn report(&self, problem: Problem) {
        let (line, column) = self.problems.document.place(self.place);
        let problem = problem.file(&self.problems.document.path).at(line, column);
        let problem = if self.path.is_empty() { problem } else { problem.field(format!("`{}`", self.path)) };
        self.problems.list.borrow_mut().push(problem);
    }

    /// Reports that the value is not of the right kind, or not there.
    pub fn expect(&self, expected: &str) {
        let problem = match self.node {
            None => Problem::error("manifest.missing", "is missing").expected(expected),
            Some(node) => {
                Problem::error("manifest.type", "has the wrong type").expected(expected).found(node.value.kind())
            }
        };
        self.report(problem);
    }

    /// The entries of a table; a wrong type is reported.
    #[must_use]
    pub fn entries(&self) -> &'a [Entry] {
        match self.value() {
            None => &[],
            Some(Value::Table(entries)) => entries,
            Some(_) => {
                self.expect("a table");
                &[]
            }
        }
    }

    /// Warns about keys of a table that mean nothing, with the nearest one that does.
    pub fn known(&self, known: &[&str]) {
        for entry in self.entries() {
            if !known.contains(&entry.key.as_str()) {
                let warning = Problem::warning("manifest.unknown_key", "unknown key, ignored");
                self.on_key(entry, with_suggestion(warning, &entry.key, known.iter().copied()));
            }
        }
    }

    /// Reports a problem of a key itself.
    pub fn on_key(&self, entry: &Entry, problem: Problem) {
        Cursor { place: entry.span.start, ..self.key(&entry.key) }.report(problem);
    }

    /// A string, where there is one; a wrong type is reported.
    #[must_use]
    pub fn string(&self) -> Option<&'a str> {
        match self.value()? {
            Value::String(text) => Some(text),
            _ => {
                self.expect("a string");
                None
            }
        }
    }

    /// A string that must be there and not be empty.
    #[must_use]
    pub fn required_string(&self, expected: &str) -> Option<&'a str> {
        if self.value().is_none() {
            self.expect(expected);
            return None;
        }
        let text = self.string()?;
        if text.is_empty() {
            self.report(Problem::error("manifest.empty", "is empty").expected(expected));
            return None;
        }
        Some(text)
    }

    /// A truth value.
    #[must_use]
    pub fn boolean(&self) -> Option<bool> {
        match self.value()? {
            Value::Bool(value) => Some(*value),
            _ => {
                self.expect("true or false");
                None
            }
        }
    }

    /// An integer.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self.value()? {
            Value::Integer(value) => Some(*value),
            _ => {
                self.expect("an integer");
                None
            }
        }
    }

    /// The items of an array.
    #[must_use]
    pub fn items(&self) -> Vec<Cursor<'a>> {
        let items: &'a [Node] = match self.value() {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.expect("an array");
                &[]
            }
        };
        let item = |(number, node): (usize, &'a Node)| Cursor {
            path: format!("{}[{number}]", self.path),
            node: Some(node),
            place: node.span.start,
            problems: self.problems,
        };
        items.iter().enumerate().map(item).collect()
    }

    /// The strings of an array.
    #[must_use]
    pub fn strings(&self) -> Vec<String> {
        self.items().iter().filter_map(|item| item.required_string("a string").map(str::to_owned)).collect()
    }

    /// The entries of a table of strings, in the order of the text.
    #[must_use]
    pub fn string_map(&self) -> Vec<(String, String)> {
        let value = |entry: &'a Entry| {
            let value = self.key(&entry.key);
            if !value.present() {
                value.expect("a string");
            }
            value.string().map(|text| (entry.key.clone(), text.to_owned()))
        };
        self.entries().iter().filter_map(value).collect()
    }
}

/// Adds the nearest of the words that are understood, where one is near.
pub fn with_suggestion<'a>(problem: Problem, found: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    match nearest(found, known) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let found = found.to_lowercase().replace('-', "_");
    let near = known.map(|word| (strsim::jaro_winkler(&found, &word.to_lowercase().replace('-', "_")), word));
    // Below this, words that only share a few letters are suggested.
    near.filter(|(likeness, _)| *likeness > 0.84).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        let known = ["entry_point", "package_name", "slots", "metadata"];
        for (found, near) in [
            ("entry-point", Some("entry_point")),
            ("entrypoint", Some("entry_point")),
            ("slot", Some("slots")),
            ("zzz", None),
        ] {
            assert_eq!(nearest(found, known.into_iter()), near, "{found}");
        }
    }
}
