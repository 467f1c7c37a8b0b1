//! Sections that both kinds of manifest have.

use super::cursor::Cursor;
use crate::problem::Problem;
use pspf_nostd::{json::Json, metadata::RuntimeEnv};

/// Reads `{unset, pass, set, map}`; `further` are keys of the same table that the caller reads.
#[must_use]
pub fn runtime_env(env: &Cursor<'_>, further: &[&str]) -> RuntimeEnv {
    env.known(&[&["unset", "pass", "set", "map"], further].concat());
    for name in ["set", "map"] {
        for (key, value) in env.key(name).string_map() {
            variable_name(&env.key(name).key(&key), &key);
            if name == "map" {
                variable_name(&env.key(name).key(&key), &value);
            }
        }
    }
    RuntimeEnv {
        unset: env.key("unset").strings(),
        pass: env.key("pass").strings(),
        map: env.key("map").string_map(),
        set: env.key("set").string_map(),
    }
}

/// Reads a table of variables to set.
#[must_use]
pub fn variables(table: &Cursor<'_>) -> Vec<(String, String)> {
    let variables = table.string_map();
    for (name, value) in &variables {
        variable_name(&table.key(name), name);
        if value.contains('\0') {
            table.key(name).report(Problem::error("manifest.variable", "an environment variable cannot hold a NUL"));
        }
    }
    variables
}

fn variable_name(place: &Cursor<'_>, name: &str) {
    if name.is_empty() || name.contains(['=', '\0']) {
        let problem =
            Problem::error("manifest.variable", format!("{name:?} cannot be the name of an environment variable"));
        place.report(problem.expected("a name without `=` and NUL"));
    }
}

/// The metadata's `runtime` object; none where nothing is asked for.
#[must_use]
pub fn runtime_json(env: &RuntimeEnv) -> Option<Json> {
    let list = |words: &[String]| Json::Array(words.iter().map(|word| word.as_str().into()).collect());
    let mut entries = Vec::new();
    for (name, words) in [("unset", &env.unset), ("pass", &env.pass)] {
        if !words.is_empty() {
            entries.push((name.to_owned(), list(words)));
        }
    }
    for (name, map) in [("set", &env.set), ("map", &env.map)] {
        if !map.is_empty() {
            entries.push((name.to_owned(), string_object(map)));
        }
    }
    (!entries.is_empty()).then(|| Json::Object(vec![("env".to_owned(), Json::Object(entries))]))
}

/// Pairs of strings as a JSON object.
#[must_use]
pub fn string_object(entries: &[(String, String)]) -> Json {
    Json::Object(entries.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect())
}
