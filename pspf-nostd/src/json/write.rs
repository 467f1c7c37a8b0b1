//! The writer: the text that `serde_json` writes for the same values, without an instance of its code for each type.

use super::Json;
use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt::Write;

/// A value that has a JSON text.
pub trait ToJson {
    /// Writes the value.
    fn write_json(&self, out: &mut JsonWriter);

    /// Whether an object that would have the value is written without it.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A JSON text that grows.
#[derive(Debug, Default)]
pub struct JsonWriter {
    text: String,
    depth: usize,
    pretty: bool,
}

impl JsonWriter {
    /// The text of a value on one line.
    #[must_use]
    pub fn compact(value: &dyn ToJson) -> String {
        let mut out = Self::default();
        value.write_json(&mut out);
        out.text
    }

    /// The text of a value with two spaces of indentation, no final newline.
    #[must_use]
    pub fn pretty(value: &dyn ToJson) -> String {
        let mut out = Self { pretty: true, ..Self::default() };
        value.write_json(&mut out);
        out.text
    }

    /// Writes an object; values that are absent are left out.
    pub fn object(&mut self, fields: &[(&str, &dyn ToJson)]) {
        self.open('{');
        let mut first = true;
        for (key, value) in fields.iter().filter(|(_, value)| !value.is_absent()) {
            self.field(first, key, *value);
            first = false;
        }
        self.close(first, '}');
    }

    /// Writes an array.
    pub fn array(&mut self, items: &mut dyn Iterator<Item = &dyn ToJson>) {
        self.open('[');
        let mut first = true;
        for item in items {
            self.next(first);
            item.write_json(self);
            first = false;
        }
        self.close(first, ']');
    }

    /// Writes a string.
    pub fn string(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                '\0'..=' ' if character != ' ' => {
                    let code = u32::from(character);
                    self.text.push_str(if code < 0x10 { "\\u000" } else { "\\u001" });
                    self.text.extend(char::from_digit(code & 0xf, 16));
                }
                _ => self.text.push(character),
            }
        }
        self.text.push('"');
    }

    fn field(&mut self, first: bool, key: &str, value: &dyn ToJson) {
        self.next(first);
        self.string(key);
        self.text.push_str(if self.pretty { ": " } else { ":" });
        value.write_json(self);
    }

    fn open(&mut self, bracket: char) {
        self.text.push(bracket);
        self.depth = self.depth.saturating_add(1);
    }

    fn next(&mut self, first: bool) {
        if !first {
            self.text.push(',');
        }
        self.line();
    }

    fn close(&mut self, empty: bool, bracket: char) {
        self.depth = self.depth.saturating_sub(1);
        if !empty {
            self.line();
        }
        self.text.push(bracket);
    }

    fn line(&mut self) {
        if self.pretty {
            self.text.push('\n');
            for _ in 0..self.depth {
                self.text.push_str("  ");
            }
        }
    }
}

impl ToJson for Json {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            Self::Null => out.text.push_str("null"),
            Self::Bool(value) => value.write_json(out),
            // A text grows without an error.
            Self::Number(number) => drop(write!(out.text, "{number}")),
            Self::String(text) => out.string(text),
            Self::Array(items) => items.write_json(out),
            Self::Object(entries) => {
                out.open('{');
                let mut first = true;
                for (key, value) in entries {
                    out.field(first, key, value);
                    first = false;
                }
                out.close(first, '}');
            }
        }
    }
}

impl ToJson for bool {
    fn write_json(&self, out: &mut JsonWriter) {
        out.text.push_str(if *self { "true" } else { "false" });
    }
}

impl ToJson for u64 {
    fn write_json(&self, out: &mut JsonWriter) {
        // A text grows without an error.
        let _ = write!(out.text, "{self}");
    }
}

impl ToJson for u32 {
    fn write_json(&self, out: &mut JsonWriter) {
        u64::from(*self).write_json(out);
    }
}

impl ToJson for &str {
    fn write_json(&self, out: &mut JsonWriter) {
        out.string(self);
    }
}

impl ToJson for String {
    fn write_json(&self, out: &mut JsonWriter) {
        out.string(self);
    }
}

impl ToJson for Cow<'static, str> {
    fn write_json(&self, out: &mut JsonWriter) {
        out.string(self);
    }
}

/// Nothing is absent, and `null` where it cannot be.
impl<T: ToJson> ToJson for Option<T> {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            Some(value) => value.write_json(out),
            None => Json::Null.write_json(out),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn write_json(&self, out: &mut JsonWriter) {
        out.array(&mut self.iter().map(|item| -> &dyn ToJson { item }));
    }
}
