//! A strict JSON reader: duplicate keys, trailing text, a byte order mark and invalid UTF-8 are errors, because the
//! published readers disagree on each of them (docs/format.md §5) and what is shown must be what runs.

mod keys;
mod number;
mod read;
mod write;

pub use keys::AmbiguousKey;
pub use number::Number;
pub(crate) use read::keys_in_order;
pub(crate) use write::push_string;

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;
use serde::{
    Serialize,
    ser::{SerializeMap, SerializeSeq},
};

/// A JSON value whose objects keep the order of the text and hold each key once.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer or a floating-point number.
    Number(Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, in the order of the text.
    Object(Vec<(String, Json)>),
}

/// Why a text is not acceptable JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// One-based line of the text.
    pub line: usize,
    /// One-based column of the text.
    pub column: usize,
    /// What was found.
    pub message: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl core::error::Error for JsonError {}

impl Json {
    /// Parses one JSON document that fills `text`.
    ///
    /// # Errors
    /// Everything that is not exactly one JSON value in UTF-8, objects with a repeated key, numbers above the largest that a
    /// `f64` holds, nesting of 128 levels and more.
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        read::document(text)
    }

    /// The text as the published builders write it: two-space indentation, no final newline.
    #[must_use]
    pub fn to_pretty(&self) -> Vec<u8> {
        write::text(self, true).into_bytes()
    }

    /// The text on one line, without spaces.
    #[must_use]
    pub fn to_compact(&self) -> String {
        write::text(self, false)
    }

    /// The value of `key` in an object; `None` for other values and absent keys.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The entries of an object, none for other values.
    #[must_use]
    pub fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The items of an array, none for other values.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a non-negative integer.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The value of a boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// What kind of value this is, for error messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Number(value.into())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl Serialize for Json {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => {
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    sequence.serialize_element(item)?;
                }
                sequence.end()
            }
            Self::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn order_is_kept_and_round_trips() {
        let text = b"{\n  \"b\": 1,\n  \"a\": [\n    true,\n    null,\n    -2,\n    1.5,\n    \"\xc3\xa9\"\n  ]\n}";
        assert_eq!(Json::parse(text).unwrap().to_pretty(), text);
    }

    #[test]
    fn what_readers_disagree_on_is_refused() {
        for (text, why) in [
            (&b"{\"a\":1,\"a\":2}"[..], "twice"),
            (b"{\"x\":{\"a\":1,\"a\":2}}", "twice"),
            (b"{} {}", "trailing"),
            (b"\xef\xbb\xbf{}", "expected value"),
            (b"{\"a\":\"\xff\"}", "unicode"),
            (b"{\"a\":1e999}", "range"),
            (b"", "EOF"),
        ] {
            let error = Json::parse(text).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
        let deep = [b"[".repeat(200), b"]".repeat(200)].concat();
        assert!(Json::parse(&deep).is_err());
    }
}
