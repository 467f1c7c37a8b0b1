//! `${NAME}` in texts of a manifest.

use super::cursor::Cursor;
use crate::diagnostic::Diagnostic;
use pspf_nostd::json::Json;
use std::env;

/// The text of a value with its variables filled in; a variable that is not set is reported.
#[must_use]
pub(crate) fn string(place: &Cursor<'_>) -> Option<String> {
    place.string().map(|text| expand(place, text))
}

/// The texts of an array, in the same way.
#[must_use]
pub(crate) fn strings(place: &Cursor<'_>) -> Vec<String> {
    place.items().iter().filter_map(string).collect()
}

/// A value of any kind; texts in it have their variables filled in.
#[must_use]
pub(crate) fn json(place: &Cursor<'_>) -> Option<Json> {
    let node = place.node?;
    Some(fill(place, node.to_json()))
}

/// The variables that a text names.
#[must_use]
pub(crate) fn names(text: &str) -> Vec<&str> {
    text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

fn fill(place: &Cursor<'_>, value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(expand(place, &text)),
        Json::Array(items) => Json::Array(items.into_iter().map(|item| fill(place, item)).collect()),
        Json::Object(entries) => {
            Json::Object(entries.into_iter().map(|(key, value)| (key.clone(), fill(&place.key(&key), value))).collect())
        }
        other => other,
    }
}

fn expand(place: &Cursor<'_>, text: &str) -> String {
    let (mut result, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        result.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            result.push_str("${");
            rest = after;
            continue;
        };
        match env::var(name) {
            Ok(value) => result.push_str(&value),
            Err(_) => {
                let problem = Diagnostic::error("manifest.variable_unset", format!("the variable {name} is not set"));
                place.report(problem.hint(format!("set {name} in the environment of flavor")));
            }
        }
        rest = behind;
    }
    result + rest
}
