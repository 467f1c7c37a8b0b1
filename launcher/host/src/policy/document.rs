//! A policy file as one flat list of settings with the place of each, from TOML, or from JSON as the published tool has it.

use pspf_nostd::quoted::escaped;

use crate::{
    document::{self, Entry, Node, SyntaxError, line_and_column},
    files::config_dir::Position,
};

/// A setting's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Number(u64),
    /// A string.
    Text(String),
    /// An array of strings.
    List(Vec<String>),
    /// JSON's `null`.
    Nothing,
    /// A table; the settings in it follow with its name as their section.
    Table,
}

impl Value {
    /// What it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Flag(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Nothing => "null",
            Self::Table => "a table",
        }
    }
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The table it is in; empty at the top.
    pub section: String,
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// The place of the name.
    pub at: Position,
    /// The place of the value.
    pub value_at: Position,
}

/// What is wrong with a policy's text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The place.
    pub at: Position,
    /// What was expected, what was found.
    pub message: String,
}

/// The syntax of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `policy.toml`.
    Toml,
    /// `policy.json`.
    Json,
}

/// Reads a policy's text.
///
/// # Errors
/// The first mistake.
pub fn read(bytes: &[u8], syntax: Syntax) -> Result<Vec<Setting>, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        Malformed { at: position(&valid, valid.len()), message: "this is not UTF-8 text".to_owned() }
    })?;
    let root = match syntax {
        Syntax::Toml => document::read_toml(text).map_err(|errors| errors.into_iter().next().map(Malformed::from)),
        Syntax::Json => document::read_json(text).map(|(root, _)| root).map_err(|error| Some(error.into())),
    };
    let root = root.map_err(|error| error.unwrap_or_else(|| Malformed::new(text, 0, "this cannot be read")))?;
    let document::Value::Table(entries) = root.value else {
        return Err(Malformed::new(text, root.span.start, "expected an object"));
    };
    let mut settings = Vec::new();
    for entry in entries {
        let at = position(text, entry.span.start);
        if let document::Value::Table(inner) = entry.node.value {
            let section = entry.key;
            settings.push(Setting {
                section: String::new(),
                key: section.clone(),
                value: Value::Table,
                at,
                value_at: at,
            });
            for entry in inner {
                settings.push(setting(text, &section, entry)?);
            }
        } else {
            settings.push(setting(text, "", entry)?);
        }
    }
    Ok(settings)
}

impl Malformed {
    fn new(text: &str, offset: usize, message: &str) -> Self {
        Self { at: position(text, offset), message: message.to_owned() }
    }
}

impl From<SyntaxError> for Malformed {
    fn from(error: SyntaxError) -> Self {
        Self { at: Position { line: error.line, column: error.column }, message: error.message }
    }
}

fn position(text: &str, offset: usize) -> Position {
    let (line, column) = line_and_column(text, offset);
    Position { line, column }
}

fn setting(text: &str, section: &str, entry: Entry) -> Result<Setting, Malformed> {
    let (at, value_at) = (position(text, entry.span.start), position(text, entry.node.span.start));
    let value = value(text, entry.node)?;
    Ok(Setting { section: section.to_owned(), key: entry.key, value, at, value_at })
}

fn value(text: &str, node: Node) -> Result<Value, Malformed> {
    let start = node.span.start;
    match node.value {
        document::Value::Bool(flag) => return Ok(Value::Flag(flag)),
        document::Value::String(text) => return Ok(Value::Text(text)),
        document::Value::Null => return Ok(Value::Nothing),
        document::Value::Integer(number) => {
            if let Ok(number) = u64::try_from(number) {
                return Ok(Value::Number(number));
            }
        }
        document::Value::Array(items) => {
            let string = |item: Node| match item.value {
                document::Value::String(item) => Ok(item),
                _ => Err(Malformed::new(text, item.span.start, "expected a string: lists have nothing else here")),
            };
            return Ok(Value::List(items.into_iter().map(string).collect::<Result<_, _>>()?));
        }
        document::Value::Table(_) => return Err(Malformed::new(text, start, "a table has no meaning here")),
        document::Value::Float(_) | document::Value::Datetime(_) => {}
    }
    let found = escaped(text.get(node.span).unwrap_or_default());
    let expected = "expected a string, a list of strings, true, false or a whole number";
    Err(Malformed::new(text, start, &format!("{expected}, found `{found}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str, syntax: Syntax) -> Vec<(String, Value)> {
        let settings = read(text.as_bytes(), syntax).unwrap();
        let settings = settings.into_iter().filter(|setting| setting.value != Value::Table);
        settings.map(|setting| (format!("{}.{}", setting.section, setting.key), setting.value)).collect()
    }

    #[test]
    fn both_syntaxes_say_the_same() {
        let toml = "version = 1 # one\r\n\r\n[ a ]\nflag=true\n\"text\" = \"x\\\"\\u00e9#\"\n'n-u' = 120\n[b]\nlist = [ # c\n 'y\\', \"z\",\n]\nnone = []";
        let json = r#" {"version":1, "a": {"flag" : true,"text":"x\"\u00e9#", "n-u":120},
            "b":{"list":["y\\" ,"z"],"none":[]}} "#;
        let found = values(toml, Syntax::Toml);
        assert_eq!(found, values(json, Syntax::Json));
        let list = Value::List(vec!["y\\".to_owned(), "z".to_owned()]);
        assert_eq!(found[4], ("b.list".to_owned(), list));
        assert_eq!(found[2], ("a.text".to_owned(), Value::Text("x\"é#".to_owned())));
        assert_eq!(
            values("a.flag = true\na.'n-u' = 0x10", Syntax::Toml),
            values("[a]\nflag = true\nn-u = 16", Syntax::Toml)
        );
    }

    #[test]
    fn errors_have_their_place() {
        for (syntax, text, line, column, words) in [
            (Syntax::Toml, "x = 1\ny == 2", 2, 4, "TOML"),
            (Syntax::Toml, "x = 1\n\nx = 2", 3, 1, "duplicate key"),
            (Syntax::Toml, "[a]\n[b]\n [a]", 3, 3, "duplicate key"),
            (Syntax::Toml, "a = 1\n[a]", 2, 2, "duplicate key"),
            (Syntax::Toml, "[a.b]\nc = 1", 1, 1, "a table"),
            (Syntax::Toml, "[[a]]\nc = 1", 1, 1, "expected a string"),
            (Syntax::Toml, "a = \"é\" x", 1, 9, "TOML"),
            (Syntax::Toml, "a = \"x\nb = 1", 1, 7, "TOML"),
            (Syntax::Toml, "a = [1]", 1, 6, "expected a string"),
            (Syntax::Toml, "a = [\"x\", []]", 1, 11, "expected a string"),
            (Syntax::Toml, "a = 1.5", 1, 5, "found `1.5`"),
            (Syntax::Toml, "a = -1", 1, 5, "found `-1`"),
            (Syntax::Toml, "a = 2020-01-01", 1, 5, "found `2020-01-01`"),
            (Syntax::Toml, "a = null", 1, 5, "TOML"),
            (Syntax::Toml, "a = 99999999999999999999", 1, 5, "whole number"),
            (Syntax::Json, "{\"a\": 1,}", 1, 9, "JSON"),
            (Syntax::Json, "{\"a\": 1} x", 1, 10, "JSON"),
            (Syntax::Json, "{\"a\": {\"b\": {}}}", 1, 13, "a table"),
            (Syntax::Json, "{\"a\": [\"b\",]}", 1, 12, "JSON"),
            (Syntax::Json, "[]", 1, 1, "an object"),
            (Syntax::Json, "", 1, 1, "JSON"),
        ] {
            let error = read(text.as_bytes(), syntax).unwrap_err();
            assert_eq!((error.at.line, error.at.column), (line, column), "{text:?}: {}", error.message);
            assert!(error.message.contains(words), "{text:?}: {}", error.message);
        }
        for text in ["{\"a\": true, \"a\": 1}", "{\"a\": {}, \"a\": {}}", "{\"a\": {}, \"\\u0061\": 1}"] {
            assert!(read(text.as_bytes(), Syntax::Json).is_err(), "{text}");
        }
        let error = read(b"a = 1\nb = \"\xff\"", Syntax::Toml).unwrap_err();
        assert_eq!((error.at.line, error.at.column), (2, 6));
    }
}
