//! A manifest as a tree of values that know their place in the text.

use crate::diagnostic::Diagnostic;
use pspf_nostd::{json::Json, metadata::Metadata};
use std::{
    ops::Range,
    path::{Path, PathBuf},
};
use toml::de::{DeTable, DeValue};

/// A value and the bytes of the text that it is in.
#[derive(Clone, Debug)]
pub struct Node {
    /// Place in the text; of no meaning where the value does not come from it.
    pub span: Range<usize>,
    /// What is there.
    pub value: Value,
    /// Where the value comes from.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The text.
    #[default]
    Text,
    /// The text, in a table for one operating system.
    Condition,
    /// An environment variable.
    Variable(&'static str),
    /// An option of the command line.
    Option(&'static str),
    /// The project's build backend.
    Backend,
}

/// What JSON and TOML have in common.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null` (JSON only).
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer of up to 64 bits.
    Integer(i64),
    /// A number with a fraction, or one that is out of range, as written.
    Float(String),
    /// A string.
    String(String),
    /// A date or time (TOML only), as written.
    Datetime(String),
    /// An array.
    Array(Vec<Node>),
    /// An object or table, in the order of the text.
    Table(Vec<Entry>),
}

/// One key of a table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key is.
    pub span: Range<usize>,
    /// Its value.
    pub node: Node,
}

/// Why a text is not a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Every syntax error of a TOML text, in its order.
    #[error("{}", .0.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n"))]
    Toml(Vec<Diagnostic>),
    /// The first error of a JSON text.
    #[error("{0}")]
    Json(Diagnostic),
}

impl ManifestError {
    /// Stable dotted code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Toml(_) => "manifest.toml",
            Self::Json(_) => "manifest.json",
        }
    }

    /// Everything that is wrong.
    #[must_use]
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        match self {
            Self::Toml(all) => all,
            Self::Json(one) => vec![one],
        }
    }
}

/// A manifest that could be parsed.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file.
    pub path: PathBuf,
    /// Its text; that of `setup.py` holds no values.
    pub text: String,
    /// The top-level table.
    pub root: Node,
}

impl Document {
    /// Parses TOML; every syntax error is reported.
    ///
    /// # Errors
    /// All syntax errors, each with line and column.
    pub fn from_toml(path: &Path, text: String) -> Result<Self, ManifestError> {
        let (table, errors) = DeTable::parse_recoverable(&text);
        let place = |offset| line_and_column(&text, offset);
        let mut problems: Vec<Diagnostic> = errors
            .iter()
            .map(|error| {
                let (line, column) = place(error.span().map(|span| span.start).unwrap_or_default());
                let message = format!("this is not valid TOML: {}", error.message());
                Diagnostic::error("manifest.toml", message).file(path).at(line, column)
            })
            .collect();
        // Of brackets within one another that nothing closes, each has one.
        problems.dedup();
        if !problems.is_empty() {
            return Err(ManifestError::Toml(problems));
        }
        let root = Node::in_text(0..text.len(), from_table(table.get_ref()));
        Ok(Self { path: path.to_owned(), root, text })
    }

    /// Parses JSON by the strict rules of package metadata: no repeated keys, no trailing text, no key that readers take for
    /// another one.
    ///
    /// # Errors
    /// The first error.
    pub fn from_json(path: &Path, text: String) -> Result<Self, ManifestError> {
        match Json::parse(text.as_bytes()).map(|json| Metadata::ambiguous_key(&json)) {
            Ok(None) => {}
            Ok(Some(key)) => {
                return Err(ManifestError::Json(Diagnostic::error("manifest.json", key.to_string()).file(path)));
            }
            Err(error) => {
                let message = format!("this is not valid JSON: {}", error.message);
                let problem = Diagnostic::error("manifest.json", message).file(path).at(error.line, error.column);
                return Err(ManifestError::Json(problem));
            }
        }
        let mut scan = Scan { text: &text, at: 0 };
        let root = scan.value();
        Ok(Self { path: path.to_owned(), root, text })
    }

    /// One-based line and column of a byte of the text.
    #[must_use]
    pub fn place(&self, offset: usize) -> (usize, usize) {
        line_and_column(&self.text, offset)
    }
}

impl Value {
    /// What kind of value this is, for error messages.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => format!("{value}"),
            Self::Integer(value) => format!("the number {value}"),
            Self::Float(text) => format!("the number {text}"),
            Self::String(text) => format!("{text:?}"),
            Self::Datetime(text) => format!("the date {text}"),
            Self::Array(_) => "an array".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }
}

impl Node {
    /// A value of the text.
    #[must_use]
    pub fn in_text(span: Range<usize>, value: Value) -> Self {
        Self { span, value, origin: Origin::Text }
    }

    /// A value from elsewhere.
    #[must_use]
    pub fn from(origin: Origin, value: Value) -> Self {
        Self { span: 0..0, value, origin }
    }

    /// The value as JSON, for parts of a manifest that are handed through.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Integer(value) => Json::Number((*value).into()),
            Value::Float(text) => float(text).unwrap_or_else(|| Json::String(text.clone())),
            Value::String(text) | Value::Datetime(text) => Json::String(text.clone()),
            Value::Array(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Table(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect())
            }
        }
    }

    /// The entries of a table, none for other values.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

fn from_table(table: &DeTable<'_>) -> Value {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            span: key.span(),
            node: Node::in_text(value.span(), from_value(value.get_ref())),
        })
        .collect();
    entries.sort_by_key(|entry| entry.span.start);
    Value::Table(entries)
}

fn from_value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Float(number.as_str().to_owned()), Value::Integer),
        DeValue::Float(number) => Value::Float(number.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(time) => Value::Datetime(time.to_string()),
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| Node::in_text(item.span(), from_value(item.get_ref()))).collect())
        }
        DeValue::Table(table) => from_table(table),
    }
}

/// Finds the places of values in a JSON text that has been checked before; so it needs no errors of its own.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl Scan<'_> {
    fn peek(&mut self) -> u8 {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied().unwrap_or_default()
    }

    /// Steps over `expected` if it comes next.
    fn take(&mut self, expected: u8) -> bool {
        let found = self.peek() == expected;
        self.at += usize::from(found);
        found
    }

    fn value(&mut self) -> Node {
        let first = self.peek();
        let start = self.at;
        let value = match first {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => Value::String(self.string()),
            _ => self.word(),
        };
        Node::in_text(start..self.at, value)
    }

    fn object(&mut self) -> Value {
        let mut entries = Vec::new();
        self.take(b'{');
        while self.peek() == b'"' {
            let start = self.at;
            let key = self.string();
            let span = start..self.at;
            self.take(b':');
            entries.push(Entry { key, span, node: self.value() });
            self.take(b',');
        }
        self.take(b'}');
        Value::Table(entries)
    }

    fn array(&mut self) -> Value {
        let mut items = Vec::new();
        self.take(b'[');
        while !matches!(self.peek(), b']' | 0) {
            items.push(self.value());
            self.take(b',');
        }
        self.take(b']');
        Value::Array(items)
    }

    fn string(&mut self) -> String {
        let start = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            self.at += if *byte == b'\\' { 2 } else { 1 };
            if *byte == b'"' {
                break;
            }
        }
        serde_json::from_str(self.text.get(start..self.at).unwrap_or_default()).unwrap_or_default()
    }

    fn word(&mut self) -> Value {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let word = rest.split([',', ']', '}', ' ', '\t', '\r', '\n']).next().unwrap_or_default();
        // At least one byte, so that the scan always ends.
        self.at += word.len().max(1);
        match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            number => number.parse().map_or_else(|_| Value::Float(number.to_owned()), Value::Integer),
        }
    }
}

/// A number in its shortest form; `None` for what JSON has no number for, such as `inf`.
fn float(text: &str) -> Option<Json> {
    let number: serde_json::Number = serde_json::from_str(text).ok()?;
    Json::parse(number.to_string().as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_values_know_their_places_and_survive() {
        let text = "{\n  \"a\": [1, -2.5, \"x\\\"y\", {\"b\": null}],\n  \"c\": {}, \"d\": true\n}";
        let document = Document::from_json(Path::new("m.json"), text.to_owned()).unwrap();
        assert_eq!(document.root.to_json(), Json::parse(text.as_bytes()).unwrap());
        let last = &document.root.entries()[2];
        assert_eq!((last.key.as_str(), document.place(last.span.start)), ("d", (3, 12)));
        let Value::Array(items) = &document.root.entries()[0].node.value else { panic!("not an array") };
        assert_eq!(document.place(items[2].span.start), (2, 18));
    }

    #[test]
    fn keys_that_the_published_go_builder_takes_for_others_are_refused() {
        let read = |text: &str| Document::from_json(Path::new("m.json"), text.to_owned());
        for text in [
            r#"{"\u017flots":[]}"#,
            r#"{"execution":{"command":"x","\u212aey":1}}"#,
            r#"{"package":{"note":1,"Note":2}}"#,
            r#"{"slots":[{"é":1}]}"#,
        ] {
            assert_eq!(read(text).unwrap_err().code(), "manifest.json", "{text}");
        }
        let names = r#"{"execution":{"env":{"é":"1","PATH":"2","path":"3"}},"workenv":{"env":{"ſ":""}}}"#;
        assert!(read(names).is_ok());
    }

    #[test]
    fn every_syntax_error_of_a_toml_text_is_reported() {
        let problems = Document::from_toml(Path::new("p.toml"), "a = \nb = 1\nc = 'x\n".to_owned());
        let problems = problems.unwrap_err().into_diagnostics();
        let lines: Vec<_> = problems.iter().map(|problem| problem.line.unwrap()).collect();
        assert_eq!(lines, [1, 3], "{problems:?}");
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(line_and_column("é = 1\nüü x", 12), (2, 4));
    }
}
