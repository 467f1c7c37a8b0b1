//! A manifest as a tree of values that know their place in the text.

use crate::diagnostic::Diagnostic;
use flavor_host::document::{self, SyntaxError, line_and_column};
use pspf_nostd::{json::Json, metadata::Metadata};
use std::{
    ops::Range,
    path::{Path, PathBuf},
};

/// A value and the bytes of the text that it is in. The same as the tree of [`flavor_host::document`], whose readers it comes from, but for
/// where each value comes from: options, variables and conditions replace any of them, which policies do not have.
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
    /// Nobody states it: it was found, in the way that the text says.
    Found(&'static str),
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
        let all = |errors: Vec<SyntaxError>| {
            ManifestError::Toml(errors.into_iter().map(|error| wrong("manifest.toml", path, error)).collect())
        };
        let root = Node::from(document::read_toml(&text).map_err(all)?);
        Ok(Self { path: path.to_owned(), root, text })
    }

    /// Parses JSON by the strict rules of package metadata: no repeated keys, no trailing text, no key that readers take for
    /// another one.
    ///
    /// # Errors
    /// The first error.
    pub fn from_json(path: &Path, text: String) -> Result<Self, ManifestError> {
        let (root, json) =
            document::read_json(&text).map_err(|error| ManifestError::Json(wrong("manifest.json", path, error)))?;
        if let Some(key) = Metadata::ambiguous_key(&json) {
            return Err(ManifestError::Json(Diagnostic::error("manifest.json", key.to_string()).file(path)));
        }
        let root = Node::from(root);
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
    pub fn of(origin: Origin, value: Value) -> Self {
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

fn wrong(code: &'static str, path: &Path, error: SyntaxError) -> Diagnostic {
    Diagnostic::error(code, error.message).file(path).at(error.line, error.column)
}

impl From<document::Node> for Node {
    fn from(node: document::Node) -> Self {
        let value = match node.value {
            document::Value::Null => Value::Null,
            document::Value::Bool(value) => Value::Bool(value),
            document::Value::Integer(value) => Value::Integer(value),
            document::Value::Float(text) => Value::Float(text),
            document::Value::String(text) => Value::String(text),
            document::Value::Datetime(text) => Value::Datetime(text),
            document::Value::Array(items) => Value::Array(items.into_iter().map(Self::from).collect()),
            document::Value::Table(entries) => Value::Table(
                entries
                    .into_iter()
                    .map(|entry| Entry { key: entry.key, span: entry.span, node: Self::from(entry.node) })
                    .collect(),
            ),
        };
        Self::in_text(node.span, value)
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
