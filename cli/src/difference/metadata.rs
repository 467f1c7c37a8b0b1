//! Changes between two JSON documents, value by value.

use pspf_nostd::json::Json;
use serde::Serialize;

/// A value that is not the same in both.
#[derive(Debug, PartialEq, Serialize)]
pub struct LeafChange {
    /// Where, like `slots[0].size`.
    pub path: String,
    /// In the first document; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Json>,
    /// In the second one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Json>,
}

/// What differs, in the order of the first document. Objects and arrays are compared member by member; the reader's limit on
/// nesting bounds the depth.
pub(super) fn changes(before: Option<&Json>, after: Option<&Json>) -> Vec<LeafChange> {
    let mut found = Vec::new();
    compare(before, after, String::new(), &mut found);
    found
}

fn compare(before: Option<&Json>, after: Option<&Json>, path: String, found: &mut Vec<LeafChange>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Some(Json::Array(left)), Some(Json::Array(right))) => {
            for number in 0..left.len().max(right.len()) {
                compare(left.get(number), right.get(number), format!("{path}[{number}]"), found);
            }
        }
        (Some(left @ Json::Object(before)), Some(right @ Json::Object(after))) => {
            let new = after.iter().filter(|(key, _)| left.get(key).is_none());
            for (key, _) in before.iter().chain(new) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(left.get(key), right.get(key), path, found);
            }
        }
        (before, after) => found.push(LeafChange { path, before: before.cloned(), after: after.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_values_that_differ_are_named() {
        let json = |text: &str| Json::parse(text.as_bytes()).unwrap();
        let (a, b) = (json(r#"{"a":{"b":1,"c":[1,2]},"d":{}}"#), json(r#"{"e":null,"a":{"c":[1,3,4],"b":1},"d":[]}"#));
        let found = changes(Some(&a), Some(&b));
        let paths: Vec<_> =
            found.iter().map(|one| (one.path.as_str(), one.before.is_some(), one.after.is_some())).collect();
        assert_eq!(paths, [("a.c[1]", true, true), ("a.c[2]", false, true), ("d", true, true), ("e", false, true)]);
        assert_eq!(changes(Some(&a), Some(&a)), []);
        assert_eq!(changes(None, Some(&b)).len(), 1);
    }
}
