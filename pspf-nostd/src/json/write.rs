//! The writer of signed metadata, whose bytes are the format: keys in their order, numbers digit for digit as they were read.
//! Everything else that becomes JSON derives `serde::Serialize`.

use super::Json;
use alloc::{format, string::String};

/// The text of `value`; with two spaces of indentation for each level where it is `pretty`.
pub(super) fn text(value: &Json, pretty: bool) -> String {
    let mut out = Writer { text: String::new(), depth: 0, pretty };
    out.value(value);
    out.text
}

/// Appends a string of JSON. `ascii` escapes all that is not printable ASCII, as Python's `json` does.
pub(crate) fn push_string(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            '\u{7f}'.. if !ascii => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

struct Writer {
    text: String,
    depth: usize,
    pretty: bool,
}

impl Writer {
    fn value(&mut self, value: &Json) {
        match value {
            Json::Null => self.text.push_str("null"),
            Json::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Json::Number(number) => self.text.push_str(number.text()),
            Json::String(text) => push_string(&mut self.text, text, false),
            Json::Array(items) => {
                self.open('[');
                for (number, item) in items.iter().enumerate() {
                    self.next(number == 0);
                    self.value(item);
                }
                self.close(items.is_empty(), ']');
            }
            Json::Object(entries) => {
                self.open('{');
                for (number, (key, value)) in entries.iter().enumerate() {
                    self.next(number == 0);
                    push_string(&mut self.text, key, false);
                    self.text.push_str(if self.pretty { ": " } else { ":" });
                    self.value(value);
                }
                self.close(entries.is_empty(), '}');
            }
        }
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
