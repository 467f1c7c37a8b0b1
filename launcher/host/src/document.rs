//! TOML and JSON as a tree of values that know their place in the text: what policies and manifests are read from.

use std::ops::Range;

use pspf_nostd::json::Json;
use toml::de::{DeTable, DeValue};

/// A value and the bytes of the text that it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its place in the text, in bytes.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// What JSON and TOML have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The place of the key, in bytes.
    pub span: Range<usize>,
    /// Its value.
    pub node: Node,
}

/// What is wrong with a text, and where: line and column count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
    /// What was expected, what was found.
    pub message: String,
}

/// Reads TOML.
///
/// # Errors
/// All syntax errors, in the order of the text.
pub fn read_toml(text: &str) -> Result<Node, Vec<SyntaxError>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut errors: Vec<SyntaxError> = errors
        .iter()
        .map(|error| {
            let (line, column) = line_and_column(text, error.span().map(|span| span.start).unwrap_or_default());
            SyntaxError { line, column, message: format!("this is not valid TOML: {}", error.message()) }
        })
        .collect();
    // Of brackets within one another that nothing closes, each has one.
    errors.dedup();
    if errors.is_empty() { Ok(Node { span: 0..text.len(), value: table_value(table.get_ref()) }) } else { Err(errors) }
}

/// Reads JSON by the strict rules of package metadata: no repeated keys, no trailing text. Gives the value without its places as well.
///
/// # Errors
/// The first error.
pub fn read_json(text: &str) -> Result<(Node, Json), SyntaxError> {
    match Json::parse(text.as_bytes()) {
        Ok(json) => Ok((Scan { text, at: 0 }.value(), json)),
        Err(error) => Err(SyntaxError {
            line: error.line,
            column: error.column.max(1),
            message: format!("this is not valid JSON: {}", error.message),
        }),
    }
}

/// One-based line and column of a byte of a text; columns count characters.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
}

fn table_value(table: &DeTable<'_>) -> Value {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            span: key.span(),
            node: Node { span: value.span(), value: toml_value(value.get_ref()) },
        })
        .collect();
    entries.sort_by_key(|entry| entry.span.start);
    Value::Table(entries)
}

fn toml_value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::Float(number.as_str().to_owned()), Value::Integer),
        DeValue::Float(number) => Value::Float(number.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(time) => Value::Datetime(time.to_string()),
        DeValue::Array(items) => Value::Array(
            items.iter().map(|item| Node { span: item.span(), value: toml_value(item.get_ref()) }).collect(),
        ),
        DeValue::Table(table) => table_value(table),
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
        Node { span: start..self.at, value }
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
        match Json::parse(bytes.get(start..self.at).unwrap_or_default()) {
            Ok(Json::String(text)) => text,
            _ => String::new(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(node: &Node) -> &[Entry] {
        let Value::Table(entries) = &node.value else { panic!("not a table: {node:?}") };
        entries
    }

    #[test]
    fn json_values_know_their_places() {
        let text = "{\n  \"a\": [1, -2.5, \"x\\\"y\", {\"b\": null}],\n  \"c\": {}, \"d\\u0065\": true\n}";
        let (root, _) = read_json(text).unwrap();
        let [a, c, de] = entries(&root) else { panic!("{root:?}") };
        assert_eq!((de.key.as_str(), line_and_column(text, de.span.start)), ("de", (3, 12)));
        assert_eq!((&c.node.value, &de.node.value), (&Value::Table(vec![]), &Value::Bool(true)));
        let Value::Array(items) = &a.node.value else { panic!("{a:?}") };
        let values: Vec<&Value> = items.iter().take(3).map(|item| &item.value).collect();
        assert_eq!(values, [&Value::Integer(1), &Value::Float("-2.5".to_owned()), &Value::String("x\"y".to_owned())]);
        assert_eq!(line_and_column(text, items[2].span.start), (2, 18));
        assert_eq!(entries(&items[3])[0].node.value, Value::Null);
    }

    #[test]
    fn toml_keeps_the_order_of_the_text() {
        let root = read_toml("z = 1\n[b]\ny.x = 0x10\n[a]\n").unwrap();
        let names: Vec<&str> = entries(&root).iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(names, ["z", "b", "a"]);
        let y = &entries(&entries(&root)[1].node)[0];
        assert_eq!(entries(&y.node)[0].node.value, Value::Integer(16));
    }

    #[test]
    fn every_syntax_error_of_a_toml_text_is_reported() {
        let errors = read_toml("a = \nb = 1\nc = 'x\n").unwrap_err();
        assert_eq!(errors.iter().map(|error| error.line).collect::<Vec<_>>(), [1, 3], "{errors:?}");
    }

    #[test]
    fn wrong_json_has_a_place() {
        for (text, line, column) in [("{\"a\": 1,}", 1, 9), ("{\"a\": 1} x", 1, 10), ("{\n\"a\": 1, \"a\": 2}", 2, 11)]
        {
            let error = read_json(text).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{text}: {}", error.message);
        }
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(line_and_column("é = 1\nüü x", 12), (2, 4));
    }
}
