//! The JSON reader and writer against `serde_json`: same verdict, same words, same place, same text.

use proptest::prelude::*;
use pspf_nostd::json::Json;
use serde_json::Value;

/// Holds a text against both readers. Repeated keys are ours alone to refuse, and what follows one is not looked at.
fn compare(text: &[u8]) -> Result<(), TestCaseError> {
    match (Json::parse(text), serde_json::from_slice::<Value>(text)) {
        (Ok(ours), Ok(theirs)) => {
            prop_assert_eq!(serde_json::to_value(&ours).expect("a value"), theirs);
            let again = Json::parse(&ours.to_pretty()).expect("what we wrote");
            prop_assert_eq!(again.to_compact(), ours.to_compact());
        }
        (Err(ours), Err(theirs)) => {
            prop_assert_eq!(ours.to_string(), place_first(&theirs));
        }
        (Err(ours), Ok(_)) => prop_assert!(ours.message.ends_with("appears twice in one object"), "{}", ours),
        (Ok(_), Err(theirs)) => prop_assert!(false, "accepted: {}", theirs),
    }
    Ok(())
}

fn place_first(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (message, _) = text.split_once(" at line ").expect("a place");
    format!("line {}, column {}: {message}", error.line(), error.column())
}

#[test]
fn texts_at_the_edges_of_the_grammar() {
    let texts: &[&str] = &[
        "",
        " ",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[1 2]",
        "[,]",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{1:2}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "nul",
        "nulL",
        "tru",
        "falsy",
        "-",
        "-a",
        "01",
        "-01",
        "1.",
        "1.a",
        "1e",
        "1e+",
        "1ea",
        "0",
        "-0",
        "1E5",
        "1.5e-3",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e400",
        "-1e400",
        "0e400",
        "1e-400",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12",
        "\"\\uzzzz\"",
        "\"\\ud800\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\\",
        "\"\\ud83d",
        "\"a\u{1}\"",
        "\"\\u0000\\u001f\\u007f\\b\\f\\n\\r\\t\\/\\\\\\\"\"",
        "1 2",
        "{}x",
        "\u{feff}{}",
        "[\n1,\n 2,\n\n x]",
        "\n\n  {\"a\" : [ ] }",
    ];
    for text in texts {
        compare(text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    }
    compare(b"\"\xff\"").expect("the same");
    compare(b"[1, \"\xc3\"]").expect("the same");
    for depth in 120..135 {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = [open.repeat(depth), "0".to_owned(), close.repeat(depth)].concat();
            compare(text.as_bytes()).unwrap_or_else(|error| panic!("{depth}: {error}"));
        }
    }
}

#[test]
fn a_repeated_key_is_placed() {
    let error = Json::parse(b"{\n  \"b\": 1,\n  \"a\": {},\n  \"b\": 2, \"c\": 3}").expect_err("refused");
    assert_eq!(error.to_string(), "line 4, column 5: the key `b` appears twice in one object");
}

#[test]
fn numbers_that_serde_writes_are_those_that_were_read() {
    let text = "[18446744073709551615,-9223372036854775808,-0,1.50,1e-7,0.1,8.988465674311579e307,123456789012345678901234567890]";
    let written = serde_json::to_string(&Json::parse(text.as_bytes()).expect("JSON")).expect("JSON");
    let numbers = [
        "18446744073709551615",
        "-9223372036854775808",
        "-0.0",
        "1.5",
        "1e-7",
        "0.1",
        "8.988465674311579e+307",
        "1.2345678901234568e+29",
    ];
    assert_eq!(written, format!("[{}]", numbers.join(",")));
}

#[test]
fn numbers_keep_their_digits() {
    let text = b"[\n  1.50,\n  1e+16,\n  123456789012345678901234567890\n]";
    assert_eq!(Json::parse(text).expect("JSON").to_pretty(), text);
}

/// Words of the grammar in any order: most texts are wrong in an interesting place.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec!["[", "]", "{", "}", ",", ":", "\"a\"", "\"b\":", "1", "-0", "1.5", "2e3", " ", "\n", "null", "true"]),
        1 => prop::sample::select(vec!["\"", "\\", "\\u00e9", "\\ud83d", "0", "-", "e", "1e999", "false", "\u{e9}", "\t", "\u{2}", "x"]),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Well-formed values.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|value| Value::from(f64::from(value) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_judged_as_serde_judges_it(text in pieces()) {
        compare(text.as_bytes())?;
    }

    #[test]
    fn any_value_is_read_and_written_as_serde_does(value in values()) {
        for text in [serde_json::to_vec(&value).expect("JSON"), serde_json::to_vec_pretty(&value).expect("JSON")] {
            compare(&text)?;
        }
        let read = Json::parse(&serde_json::to_vec(&value).expect("JSON")).expect("JSON");
        prop_assert_eq!(read.to_compact(), serde_json::to_string(&value).expect("JSON"));
        prop_assert_eq!(read.to_pretty(), serde_json::to_vec_pretty(&value).expect("JSON"));
    }
}
