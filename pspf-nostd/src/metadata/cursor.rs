//! A value of the metadata and where it is.

use super::MetadataError;
use crate::{json::Json, quoted::quoted};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::cell::RefCell;

/// The first fault of a document.
pub(super) type Fault = RefCell<Option<MetadataError>>;

/// A value with its JSON path, so that every error can name the place. Reading goes on behind a fault, with nothing for the
/// value, and the document is refused at the end: half the code of leaving at each of some fifty places.
pub(super) struct Cursor<'a> {
    pub path: String,
    pub value: Option<&'a Json>,
    pub fault: &'a Fault,
}

impl<'a> Cursor<'a> {
    pub(super) fn key(&self, key: &str) -> Cursor<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { [&self.path, ".", key].concat() };
        Cursor { path, value: self.value.and_then(|value| value.get(key)), fault: self.fault }
    }

    /// Whether the value is there and not null.
    pub(super) fn is_given(&self) -> bool {
        self.value.is_some_and(|value| *value != Json::Null)
    }

    fn refuse(&self, error: MetadataError) {
        self.fault.borrow_mut().get_or_insert(error);
    }

    pub(super) fn wrong(&self, expected: &'static str) {
        let found = match self.value {
            None => "nothing".to_owned(),
            Some(Json::String(text)) => quoted(text),
            Some(Json::Number(number)) => number.to_string(),
            Some(value) => value.kind().to_owned(),
        };
        self.refuse(MetadataError::Value { path: self.path.clone(), expected, found });
    }

    /// Checks that the value is an object (or absent, or null) and that no key is a known one in another case.
    pub(super) fn object(&self, known: &[&'static str]) {
        let entries = match self.value {
            None | Some(Json::Null) => return,
            Some(Json::Object(entries)) => entries,
            Some(_) => return self.wrong("an object"),
        };
        for (key, _) in entries {
            let twin = known.iter().find(|name| name.eq_ignore_ascii_case(key) && *name != key);
            if let Some(name) = twin {
                self.refuse(MetadataError::KeyCase { path: self.path.clone(), found: key.clone(), known: name });
            }
        }
    }

    fn as_text(&self) -> Option<String> {
        match self.value {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) => Some(text.clone()),
            Some(_) => {
                self.wrong("a string");
                None
            }
        }
    }

    fn as_integer(&self) -> Option<u64> {
        let value = self.value.filter(|value| **value != Json::Null)?.as_u64();
        if value.is_none() {
            self.wrong("a non-negative integer");
        }
        value
    }

    pub(super) fn optional_text(&self, key: &str) -> Option<String> {
        self.key(key).as_text()
    }

    pub(super) fn text(&self, key: &str) -> String {
        self.optional_text(key).unwrap_or_default()
    }

    pub(super) fn integer(&self, key: &str) -> Option<u64> {
        self.key(key).as_integer()
    }

    /// A number of bytes: an integer, or a text with a unit that is a power of 1024, `512MB` or `512 MiB`.
    pub(super) fn bytes(&self, key: &str) -> Option<u64> {
        let number = self.key(key);
        let bytes = match number.value.filter(|value| **value != Json::Null)? {
            Json::String(text) => bytes_of(text),
            value => value.as_u64(),
        };
        if bytes.is_none() {
            number.wrong("a number of bytes, like 1048576 or \"512MB\"");
        }
        bytes
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        let flag = self.key(key);
        match flag.value {
            None | Some(Json::Null) => false,
            Some(Json::Bool(value)) => *value,
            Some(_) => {
                flag.wrong("true or false");
                false
            }
        }
    }

    pub(super) fn array(&self) -> Vec<Cursor<'a>> {
        match self.value {
            None | Some(Json::Null) => Vec::new(),
            Some(Json::Array(items)) => {
                let item = |(position, item)| Cursor {
                    path: format!("{}[{position}]", self.path),
                    value: Some(item),
                    fault: self.fault,
                };
                items.iter().enumerate().map(item).collect()
            }
            Some(_) => {
                self.wrong("an array");
                Vec::new()
            }
        }
    }

    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let text = |item: &Cursor<'_>| match item.value.and_then(Json::as_str) {
            Some(text) => text.to_owned(),
            None => {
                item.wrong("a string");
                String::new()
            }
        };
        self.key(key).array().iter().map(text).collect()
    }

    pub(super) fn text_map(&self, key: &str) -> Vec<(String, String)> {
        let map = self.key(key);
        map.object(&[]);
        let mut pairs = Vec::new();
        for (key, value) in map.value.map(Json::entries).unwrap_or_default() {
            match value.as_str() {
                Some(text) => pairs.push((key.clone(), text.to_owned())),
                None => map.key(key).wrong("a string"),
            }
        }
        pairs
    }
}

fn bytes_of(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let shift = match unit.trim_start() {
        "" | "B" => 0,
        "K" | "KB" | "KiB" => 10,
        "M" | "MB" | "MiB" => 20,
        "G" | "GB" | "GiB" => 30,
        "T" | "TB" | "TiB" => 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}
