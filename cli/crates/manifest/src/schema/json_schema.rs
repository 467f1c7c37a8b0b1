//! A JSON Schema (draft 7, which editors' TOML plug-ins read) of `pyproject.toml` as far as it is read here.

use super::{Key, Kind, keys};
use serde_json::{Map, Value, json};

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let mut properties = Map::new();
    for (section, keys) in keys::SECTIONS {
        let table = object(keys, section.starts_with("tool."));
        match section.strip_prefix("tool.") {
            Some(name) => {
                properties.insert(
                    "tool".to_owned(),
                    json!({"type": "object", "properties": {name: {"$ref": "#/definitions/flavor"}}}),
                );
            }
            None => {
                properties.insert((*section).to_owned(), table);
            }
        }
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "pyproject.toml for flavor",
        "type": "object",
        "properties": properties,
        "definitions": {"flavor": object(keys::FLAVOR, true)},
    })
}

/// Tables of ours have no other keys; `[project]` belongs to others too.
fn object(keys: &[Key], closed: bool) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    json!({"type": "object", "properties": properties, "additionalProperties": !closed})
}

fn property(key: &Key) -> Value {
    let mut value = of_kind(key.kind);
    if let Value::Object(members) = &mut value {
        members.insert("description".to_owned(), key.about.into());
    }
    value
}

fn of_kind(kind: Kind) -> Value {
    let text = || json!({"type": "string"});
    let texts = || json!({"type": "array", "items": text()});
    let size = "^[0-9]+ *([KMGT]i?B|B)?$";
    match kind {
        Kind::Text => text(),
        Kind::Word(words) => json!({"type": "string", "enum": words}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Integer((least, most)) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Seconds => json!({"type": "integer", "minimum": keys::SECONDS.0, "maximum": keys::SECONDS.1}),
        Kind::Size => json!({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": size}]}),
        Kind::Texts => texts(),
        Kind::TextOrTexts => json!({"anyOf": [text(), texts()]}),
        Kind::TextTable => {
            json!({"type": "object", "additionalProperties": {"type": ["string", "integer", "boolean"]}})
        }
        Kind::Free => json!({"type": "object"}),
        Kind::Table(keys) => object(keys, true),
        Kind::Tables(keys) => json!({"type": "array", "items": object(keys, true)}),
        Kind::Named(names, keys) => {
            let properties: Map<String, Value> =
                names.iter().map(|name| ((*name).to_owned(), object(keys, true))).collect();
            json!({"type": "object", "properties": properties, "additionalProperties": false})
        }
        Kind::Again(names) => {
            let properties: Map<String, Value> =
                names.iter().map(|name| ((*name).to_owned(), json!({"$ref": "#/definitions/flavor"}))).collect();
            json!({"type": "object", "properties": properties, "additionalProperties": false})
        }
        Kind::Others | Kind::Builder => json!({}),
    }
}
