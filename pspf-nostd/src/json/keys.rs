//! Keys that readers of a document understand differently.

use super::{Json, keys_in_order};
use crate::quoted::escaped;
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

/// A key that one reader takes for another key, or shows as another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmbiguousKey {
    /// JSON path of the object, like `slots[2]`; empty at the top.
    pub path: String,
    /// The key.
    pub key: String,
    /// A key beside it that is the same but for case; `None` where the key itself is not printable ASCII.
    pub twin: Option<String>,
}

impl fmt::Display for AmbiguousKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, key) = (escaped(&self.path), escaped(&self.key));
        match &self.twin {
            Some(twin) => write!(
                f,
                "`{path}`: keys `{}` and `{key}` differ by case only, and readers disagree on which of them counts",
                escaped(twin)
            ),
            None => {
                let odd = self.key.chars().find(|character| !is_plain(*character)).map_or(0, u32::from);
                write!(f, "`{path}`: key `{key}` has U+{odd:04X} in it; only printable ASCII is allowed, because ")?;
                f.write_str("readers take some other letters for ASCII ones")
            }
        }
    }
}

impl core::error::Error for AmbiguousKey {}

fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~')
}

impl Json {
    /// The first key of a document that readers understand differently: one that is not printable ASCII (Go takes `ſ` for `s`
    /// and the Kelvin sign for `k`), or two of one object that differ by case only (Go and Windows take them for one).
    ///
    /// `names` are the paths of objects whose keys are names of the user's choosing, like environment variables: readers look
    /// those up unchanged, so they may be anything.
    #[must_use]
    pub fn ambiguous_key(&self, names: &[&str]) -> Option<AmbiguousKey> {
        self.find_ambiguous("", names)
    }

    fn find_ambiguous(&self, path: &str, names: &[&str]) -> Option<AmbiguousKey> {
        if let (Self::Object(entries), false) = (self, names.contains(&path))
            && let Some((key, twin)) = odd_key(entries)
        {
            return Some(AmbiguousKey { path: path.to_string(), key, twin });
        }
        let below = |key: &String| if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match self {
            Self::Object(entries) => entries.iter().find_map(|(key, value)| value.find_below(|| below(key), names)),
            Self::Array(items) => {
                let place = |number: usize| format!("{path}[{number}]");
                items.iter().enumerate().find_map(|(number, item)| item.find_below(|| place(number), names))
            }
            _ => None,
        }
    }

    /// Only objects and arrays need a path.
    fn find_below(&self, path: impl FnOnce() -> String, names: &[&str]) -> Option<AmbiguousKey> {
        matches!(self, Self::Object(_) | Self::Array(_)).then(|| self.find_ambiguous(&path(), names)).flatten()
    }
}

/// By sorting, as repeated keys are found: an object may hold a million.
fn odd_key(entries: &[(String, Json)]) -> Option<(String, Option<String>)> {
    if let Some((key, _)) = entries.iter().find(|(key, _)| !key.chars().all(is_plain)) {
        return Some((key.clone(), None));
    }
    let folded: Vec<String> = entries.iter().map(|(key, _)| key.to_ascii_lowercase()).collect();
    let keys = keys_in_order(folded.iter().map(String::as_str).zip(0..));
    let mut pairs = keys.iter().zip(keys.iter().skip(1));
    let ((_, first), (_, second)) = pairs.find(|(first, second)| first.0 == second.0)?;
    Some((entries.get(*second)?.0.clone(), Some(entries.get(*first)?.0.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, String, Option<String>)> {
        let found = Json::parse(text.as_bytes()).unwrap().ambiguous_key(&["env", "list[1].names"])?;
        Some((found.path, found.key, found.twin))
    }

    #[test]
    fn letters_that_some_readers_fold_into_ascii_are_found_however_they_are_written() {
        for (text, path, key) in [
            (r#"{"\u017fetup":1}"#, "", "\u{17f}etup"),
            (r#"{"ſetup":1}"#, "", "\u{17f}etup"),
            (r#"{"a":{"wor\u212aenv":1}}"#, "a", "wor\u{212a}env"),
            (r#"{"a":[0,{"b":[[{"é":1}]]}]}"#, "a[1].b[0][0]", "é"),
            (r#"{"command\u0000":1}"#, "", "command\0"),
            (r#"{"a\n":1}"#, "", "a\n"),
            (r#"{"a\u007f":1}"#, "", "a\u{7f}"),
            (r#"{"list":[{"names":{"é":1}}]}"#, "list[0].names", "é"),
            (r#"{"env":{"é":{"é":1}}}"#, "env.é", "é"),
        ] {
            assert_eq!(found(text), Some((path.to_string(), key.to_string(), None)), "{text}");
        }
    }

    #[test]
    fn keys_that_differ_by_case_only_are_found() {
        let twins =
            |path: &str, key: &str, twin: &str| Some((path.to_string(), key.to_string(), Some(twin.to_string())));
        assert_eq!(found(r#"{"note":1,"x":2,"Note":3}"#), twins("", "Note", "note"));
        assert_eq!(found(r#"{"Z":[{"aB":1,"Ab":1}]}"#), twins("Z[0]", "Ab", "aB"));
    }

    #[test]
    fn names_of_the_users_choosing_may_be_anything() {
        for text in [
            r#"{"env":{"ſ":"1","PATH":"2","path":"3","":"4","\u0001":"5"}}"#,
            r#"{"list":[{},{"names":{"é":1}}]}"#,
            r#"{"a":"ſ","b":["é"],"c d":1,"~":2,"$ref":3}"#,
            "[]",
            "\"ſ\"",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn a_million_keys_are_compared_in_one_go() {
        let keys: Vec<String> = (0..200_000).map(|number| format!("\"k{number}\":0")).collect();
        assert_eq!(found(&format!("{{{}}}", keys.join(","))), None);
        assert!(found(&format!("{{{},\"K7\":0}}", keys.join(","))).is_some());
    }

    #[test]
    fn the_message_names_the_character() {
        let found = Json::parse(r#"{"a":{"ſ\n":1}}"#.as_bytes()).unwrap().ambiguous_key(&[]).unwrap();
        assert!(found.to_string().starts_with("`a`: key `ſ\\n` has U+017F in it"), "{found}");
    }
}
