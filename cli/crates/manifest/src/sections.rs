//! Sections that both kinds of manifest have.

use super::{cursor::Cursor, document::Value, words};
use crate::diagnostic::Diagnostic;
use pspf_nostd::{json::Json, metadata::RuntimeEnv};

/// Reads `{unset, pass, set, map}`.
#[must_use]
pub fn runtime_env(env: &Cursor<'_>) -> RuntimeEnv {
    let map = env.key("map").string_map();
    for (key, value) in &map {
        variable_name(&env.key("map").key(key), key);
        variable_name(&env.key("map").key(key), value);
    }
    for list in [env.key("unset"), env.key("pass")] {
        for item in list.items() {
            let is_name = |text: &str| text.contains('{') || (text.contains('[') && !text.contains(['*', '?']));
            if let Some(Value::String(text)) = item.node.map(|node| &node.value)
                && is_name(text)
            {
                let problem = Diagnostic::warning(
                    "manifest.variable",
                    format!("{text:?} is the name of one variable, no pattern"),
                );
                item.report(problem.hint("patterns have `*` or `?`, and beside them `[a-z]`; write one for each name"));
            }
        }
    }
    RuntimeEnv {
        unset: env.key("unset").strings(),
        pass: env.key("pass").strings(),
        map,
        set: env_keys(&env.key("set")),
    }
}

/// Reads a table of variables whose values may be numbers and truth values too.
#[must_use]
pub fn env_keys(table: &Cursor<'_>) -> Vec<(String, String)> {
    let variables = table.text_map();
    check_variables(table, &variables);
    variables
}

/// Reads a table of variables to set.
#[must_use]
pub fn variables(table: &Cursor<'_>) -> Vec<(String, String)> {
    let variables = table.string_map();
    check_variables(table, &variables);
    variables
}

fn check_variables(table: &Cursor<'_>, variables: &[(String, String)]) {
    for (name, value) in variables {
        variable_name(&table.key(name), name);
        if value.contains('\0') {
            table.key(name).report(Diagnostic::error("manifest.variable", "an environment variable cannot hold a NUL"));
        }
    }
}

/// A package policy; `verify_cache` is where the manifest says how closely unpacked files are looked at before they are used. Readers of
/// the published kind ignore one that is not complete, so it is completed.
#[must_use]
pub fn policy(section: &Cursor<'_>, verify_cache: &Cursor<'_>) -> Option<Json> {
    let verify_cache = verify_cache.word(words::VERIFY_CACHE);
    if section.entries().is_empty() && verify_cache.is_none() {
        return None;
    }
    let list = |words: Vec<String>| Json::Array(words.into_iter().map(Json::from).collect());
    let days = section.key("max_age_days").integer();
    let days = days.and_then(|days| u64::try_from(days).ok()).map_or(Json::Null, Json::from);
    let mut policy = vec![
        ("platforms".to_owned(), list(section.key("platforms").strings())),
        ("refuse_root".to_owned(), section.key("refuse_root").boolean().unwrap_or(false).into()),
        ("max_age_days".to_owned(), days),
        ("require_env".to_owned(), list(section.key("require_env").strings())),
    ];
    policy.extend(verify_cache.map(|word| ("verify_cache".to_owned(), Json::from(word))));
    Some(Json::Object(policy))
}

fn variable_name(place: &Cursor<'_>, name: &str) {
    if name.is_empty() || name.contains(['=', '\0']) {
        let problem =
            Diagnostic::error("manifest.variable", format!("{name:?} cannot be the name of an environment variable"));
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
