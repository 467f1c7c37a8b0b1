//! Reading a manifest: each value with its path, each problem with its place, none of them the last.

use super::document::{Document, Entry, Node, Origin, Value};
use crate::diagnostic::Diagnostic;
use std::{cell::RefCell, collections::BTreeSet};

/// The least and the largest number that a key takes: for the reader, the schema and the page.
pub type Range = (i64, i64);

/// Collects the problems of one document.
#[derive(Debug)]
pub struct Problems<'a> {
    document: &'a Document,
    list: RefCell<Vec<Diagnostic>>,
    /// Where numbers are that are out of their range: who reads them later gets none, and finds no second fault in them.
    out_of_range: RefCell<BTreeSet<usize>>,
}

impl<'a> Problems<'a> {
    /// No problem so far.
    #[must_use]
    pub fn new(document: &'a Document) -> Self {
        Self { document, list: RefCell::default(), out_of_range: RefCell::default() }
    }

    /// The top-level table.
    #[must_use]
    pub fn root(&'a self) -> Cursor<'a> {
        Cursor { path: String::new(), node: Some(&self.document.root), place: 0, problems: self }
    }

    /// Everything that was reported, in the order of the text.
    #[must_use]
    pub fn finish(self) -> Vec<Diagnostic> {
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
    pub fn report(&self, problem: Diagnostic) {
        let field = format!("`{}`", self.path);
        let problem = match self.node.map(|node| &node.origin) {
            Some(Origin::Variable(name)) => problem.field(format!("{name} ({field})")),
            Some(Origin::Option(name)) => problem.field(*name),
            Some(Origin::Backend) => {
                problem.file(&self.problems.document.path).field(format!("{field} of the build backend"))
            }
            Some(Origin::Found(_)) => problem.file(&self.problems.document.path).field(field),
            _ => {
                let (line, column) = self.problems.document.place(self.place);
                let problem = problem.file(&self.problems.document.path).at(line, column);
                if self.path.is_empty() { problem } else { problem.field(field) }
            }
        };
        let mut list = self.problems.list.borrow_mut();
        // A value that is read in two places is wrong once.
        if !list.contains(&problem) {
            list.push(problem);
        }
    }

    /// Reports that the value is not of the right kind, or not there.
    pub fn expect(&self, expected: &str) {
        let problem = match self.node {
            None => Diagnostic::error("manifest.missing", "is missing").expected(expected),
            Some(node) => {
                Diagnostic::error("manifest.type", "has the wrong type").expected(expected).found(node.value.kind())
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

    /// The entries, where this is a table; another type is left to the reader.
    #[must_use]
    pub fn table_entries(&self) -> &'a [Entry] {
        self.node.map(Node::entries).unwrap_or_default()
    }

    /// The items, where this is an array; another type is left to the reader.
    #[must_use]
    pub fn table_items(&self) -> Vec<Cursor<'a>> {
        if matches!(self.value(), Some(Value::Array(_))) { self.items() } else { Vec::new() }
    }

    /// Reports a problem of a key itself.
    pub fn on_key(&self, entry: &Entry, problem: Diagnostic) {
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
            self.report(Diagnostic::error("manifest.empty", "is empty").expected(expected));
            return None;
        }
        Some(text)
    }

    /// A string that may be missing, but not empty.
    #[must_use]
    pub fn required_if_present(&self, expected: &str) -> Option<&'a str> {
        if self.present() { self.required_string(expected) } else { None }
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

    /// An integer; its range is in the table of keys, by which the whole manifest is looked through.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match self.value()? {
            Value::Integer(_)
                if self.node.is_some_and(|node| self.problems.out_of_range.borrow().contains(&node.span.start)) =>
            {
                None
            }
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

    /// A string, or the strings of an array.
    #[must_use]
    pub fn string_or_strings(&self) -> Vec<String> {
        match self.value() {
            Some(Value::String(text)) => vec![text.clone()],
            None | Some(Value::Array(_)) => self.strings(),
            Some(_) => {
                self.expect("a string or an array of strings");
                Vec::new()
            }
        }
    }

    /// One of a few words.
    #[must_use]
    pub fn word(&self, known: &[&str]) -> Option<&'a str> {
        let found = self.string()?;
        if !known.contains(&found) {
            let problem = Diagnostic::error("manifest.word", "is not a word that is known here");
            let problem = problem.expected(format!("one of {}", known.join(", "))).found(format!("{found:?}"));
            self.report(with_suggestion(problem, found, known.iter().copied()));
        }
        Some(found)
    }

    /// Reports an integer that is not in a range; other types are left to the reader.
    pub(crate) fn in_range(&self, (least, most): Range) {
        if let Some(Node { value: Value::Integer(found), span, .. }) = self.node
            && !(least..=most).contains(found)
        {
            self.problems.out_of_range.borrow_mut().insert(span.start);
            let problem = Diagnostic::error("manifest.range", "is out of range").found(found.to_string());
            self.report(problem.expected(format!("{least} to {most}")));
        }
    }

    /// A number of bytes: an integer, or a text such as `512MB`.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        let size = match self.value()? {
            Value::Integer(bytes) => u64::try_from(*bytes).ok(),
            Value::String(text) => bytes(text),
            _ => None,
        };
        if size.is_none() {
            let problem = Diagnostic::error("manifest.size", "is not a number of bytes");
            let found = self.value().map(Value::kind).unwrap_or_default();
            self.report(problem.expected("a size such as 1048576, \"512MB\" or \"2GiB\"").found(found));
        }
        size
    }

    /// The entries of a table of texts, in the order of the text; numbers and truth values are texts too.
    #[must_use]
    pub fn text_map(&self) -> Vec<(String, String)> {
        let text = |entry: &'a Entry| {
            let text = match &entry.node.value {
                Value::Integer(number) => number.to_string(),
                Value::Bool(value) => value.to_string(),
                Value::String(text) => text.clone(),
                _ => {
                    self.key(&entry.key).expect("a string");
                    return None;
                }
            };
            Some((entry.key.clone(), text))
        };
        self.entries().iter().filter_map(text).collect()
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

/// `512MB`, `2 GiB`, `100B`, `7`: units of 1000, with an `i` of 1024.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim();
    let powers = ["B", "KB", "MB", "GB", "TB"].into_iter().zip(0..).map(|(unit, power)| (unit, 1000_u64.pow(power)));
    let binary = ["KiB", "MiB", "GiB", "TiB"].into_iter().zip(1..).map(|(unit, power)| (unit, 1024_u64.pow(power)));
    let factor = if unit.is_empty() {
        Some(1)
    } else {
        powers.chain(binary).find(|(name, _)| *name == unit).map(|(_, factor)| factor)
    };
    number.parse::<u64>().ok()?.checked_mul(factor?)
}

/// Adds the nearest of the words that are understood, where one is near.
pub fn with_suggestion<'a>(problem: Diagnostic, found: &str, known: impl Iterator<Item = &'a str>) -> Diagnostic {
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
    fn sizes_are_read_with_their_units() {
        let sizes = ["7", "10MB", "2 GiB", "1KB", "0B"].map(bytes);
        assert_eq!(sizes, [Some(7), Some(10_000_000), Some(2 << 30), Some(1000), Some(0)]);
        assert_eq!(["", "MB", "1mb", "-1", "1.5GB", "99999999TB"].map(bytes), [None; 6]);
    }

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
