//! Properly signed metadata that readers disagree on, or that contradict the package.

use super::{Case, Expect, broken, case};
use crate::{
    base::Base::{Go, Handmade, Python, Rust},
    sample::Sample,
};

const JSON: Expect = broken(&["metadata.json"], "metadata");

/// Puts entries in front of the others and signs.
fn add(sample: &mut Sample, entries: &str) {
    replace(sample, "{", format!("{{{entries}").as_bytes());
}

/// Puts bytes in the place of the first such text and signs.
fn replace(sample: &mut Sample, from: &str, to: &[u8]) {
    let json = sample.json();
    let at = json.windows(from.len()).position(|window| window == from.as_bytes()).expect("the text is there");
    sample.store_signed_json(&[&json[..at], to, &json[at + from.len()..]].concat());
}

pub(super) const CASES: &[Case] = &[
    case(
        "json-duplicate-key",
        Handmade,
        JSON,
        "The command appears twice in one object: the readers run different ones.",
        |s| {
            let json = s.edited_json("\"command\":", "\"command\": \"{workenv}/other\",\n    \"command\":");
            s.store_signed_json(&json);
        },
    ),
    case(
        "json-key-case",
        Handmade,
        JSON,
        "A key differs from a known one by case only: Go reads it, the others do not.",
        |s| {
            let json = s.edited_json("\"command\":", "\"Command\": \"{workenv}/other\",\n    \"command\":");
            s.store_signed_json(&json);
        },
    ),
    case(
        "json-key-long-s",
        Go,
        JSON,
        "A key with U+017F, which Go takes for `setup_commands`: its launcher would run them, and nobody else shows them.",
        |s| add(s, r#""\u017fetup_commands": [{"type": "execute", "command": "/bin/false"}],"#),
    ),
    case("json-key-long-s-not-escaped", Go, JSON, "The same with the letter as it is.", |s| {
        add(s, "\"\u{17f}etup_commands\": [{\"type\": \"execute\", \"command\": \"/bin/false\"}],");
    }),
    case("json-key-kelvin", Go, JSON, "A key with the Kelvin sign, which Go takes for `workenv`.", |s| {
        add(s, r#""wor\u212aenv": {"env": {"LD_PRELOAD": "{workenv}/note.ini"}},"#);
    }),
    case("json-key-long-s-in-slot", Rust, JSON, "A key of a slot that Go takes for `self_ref`.", |s| {
        let json = s.edited_json("\"id\":", "\"\\u017felf_ref\": true, \"id\":");
        s.store_signed_json(&json);
    }),
    case("json-key-long-s-in-package", Python, JSON, "A key of the package that Go takes for `version`.", |s| {
        let json = s.edited_json("\"name\":", "\"ver\\u017fion\": \"9\", \"name\":");
        s.store_signed_json(&json);
    }),
    case("json-key-nul", Handmade, JSON, "A key with a NUL behind `command`.", |s| {
        let json = s.edited_json("\"command\":", "\"command\\u0000\": \"{workenv}/other\", \"command\":");
        s.store_signed_json(&json);
    }),
    case("json-key-twins", Handmade, JSON, "Two keys that nobody knows differ by case only.", |s| {
        add(s, r#""future": 1, "Future": 2,"#);
    }),
    case("json-key-case-setup", Python, JSON, "A key of a setup command differs from a known one by case only.", |s| {
        add(s, r#""setup_commands": [{"type": "execute", "Command": "/bin/false"}],"#);
    }),
    case("json-key-case-policy", Python, JSON, "A key of the policy differs from a known one by case only.", |s| {
        add(s, r#""policy": {"Refuse_root": true},"#);
    }),
    case("json-duplicate-key-escaped", Handmade, JSON, "The command appears twice, once with a letter escaped.", |s| {
        let json = s.edited_json("\"command\":", "\"comm\\u0061nd\": \"{workenv}/other\", \"command\":");
        s.store_signed_json(&json);
    }),
    case("json-surrogate-low", Handmade, JSON, "A string escape is the second half of a surrogate pair.", |s| {
        let json = s.edited_json("\"sample", "\"\\udc00sample");
        s.store_signed_json(&json);
    }),
    case("json-surrogates-reversed", Handmade, JSON, "The halves of a surrogate pair are in the wrong order.", |s| {
        let json = s.edited_json("\"sample", "\"\\ude00\\ud83dsample");
        s.store_signed_json(&json);
    }),
    case("json-utf-8-overlong", Handmade, JSON, "A slash in the package's name takes two bytes.", |s| {
        replace(s, "\"sample", b"\"\xc0\xafsample");
    }),
    case("json-utf-8-surrogate", Handmade, JSON, "Half a surrogate pair is in the name, in three bytes.", |s| {
        replace(s, "\"sample", b"\"\xed\xa0\x80sample");
    }),
    case("json-control-character", Handmade, JSON, "A line break is in a string.", |s| {
        replace(s, "\"sample", b"\"\nsample");
    }),
    case("json-comment", Handmade, JSON, "The metadata hold a comment.", |s| {
        replace(s, "\"slots\"", b"/**/ \"slots\"");
    }),
    case("json-trailing-comma", Handmade, JSON, "A comma follows the last entry.", |s| {
        let end = s.json().len() - 1;
        let json = [&s.json()[..end], b",}".as_slice()].concat();
        s.store_signed_json(&json);
    }),
    case("json-trailing-nul", Handmade, JSON, "A NUL follows the metadata.", |s| {
        let json = [&s.json(), b"\0".as_slice()].concat();
        s.store_signed_json(&json);
    }),
    case("json-size-over-64-bits", Handmade, JSON, "A slot's size is larger than 2^64.", |s| {
        replace(s, "\"size\": ", b"\"size\": 1844674407370955161600");
    }),
    case("json-size-exponent", Handmade, JSON, "A slot's size is written with an exponent.", |s| {
        replace(s, "\"size\": ", b"\"size\": 1e");
    }),
    case("json-size-leading-zero", Handmade, JSON, "A slot's size begins with a zero.", |s| {
        replace(s, "\"size\": ", b"\"size\": 0");
    }),
    case("json-number-infinite", Handmade, JSON, "A number is larger than any reader can hold.", |s| {
        add(s, r#""future": 1e999,"#);
    }),
    case("json-not-a-number", Handmade, JSON, "A value is NaN, which Python reads.", |s| add(s, r#""future": NaN,"#)),
    case("json-byte-order-mark", Handmade, JSON, "A byte order mark is in front of the metadata.", |s| {
        let json = [b"\xef\xbb\xbf".as_slice(), &s.json()].concat();
        s.store_signed_json(&json);
    }),
    case("json-trailing-text", Handmade, JSON, "A second value follows the metadata.", |s| {
        let json = [&s.json(), b"\n{}".as_slice()].concat();
        s.store_signed_json(&json);
    }),
    case("json-invalid-utf-8", Handmade, JSON, "The package's name is not UTF-8.", |s| {
        let text = s.json();
        let at = text.windows(6).position(|window| window == b"sample").expect("the name");
        let mut json = text;
        json[at] = 0xff;
        s.store_signed_json(&json);
    }),
    case("json-unpaired-surrogate", Handmade, JSON, "A string escape is half a surrogate pair.", |s| {
        let json = s.edited_json("\"sample", "\"\\ud800sample");
        s.store_signed_json(&json);
    }),
    case("json-wrong-type", Handmade, JSON, "A slot's target is a number.", |s| {
        let json = s.edited_json("\"run.sh\",\n      \"size\"", "7,\n      \"size\"");
        s.store_signed_json(&json);
    }),
    case("json-negative-size", Handmade, JSON, "A slot's size is negative.", |s| {
        let json = s.edited_json("\"size\": ", "\"size\": -");
        s.store_signed_json(&json);
    }),
    case("json-other-format", Handmade, JSON, "The format is called otherwise.", |s| {
        let json = s.edited_json("PSPF/2025", "PSPF/2026");
        s.store_signed_json(&json);
    }),
    case("json-not-an-object", Handmade, JSON, "The metadata are a list.", |s| s.store_signed_json(b"[]")),
    case("json-nested", Handmade, JSON, "The metadata hold 10000 nested lists.", |s| {
        let deep = format!("{{\"deep\": {}{},", "[".repeat(10_000), "]".repeat(10_000));
        let json = s.edited_json("{", &deep);
        s.store_signed_json(&json);
    }),
    case(
        "json-slot-number",
        Handmade,
        broken(&["slot.number"], "slot 1"),
        "The metadata number a slot otherwise than the table.",
        |s| {
            let json = s.edited_json("\"slot\": 1", "\"slot\": 7");
            s.store_signed_json(&json);
        },
    ),
    case(
        "json-slot-missing",
        Handmade,
        broken(&["slots.count"], "index.slot_count"),
        "The metadata list no slot, the table has three.",
        |s| {
            let json = br#"{"format":"PSPF/2025","slots":[],"execution":{"command":"{workenv}/run.sh"}}"#;
            s.store_signed_json(json);
        },
    ),
    case(
        "json-slot-size",
        Rust,
        broken(&["slot.descriptor"], "slot 0 descriptor.size"),
        "The signed size of a slot is one byte smaller than the stored one.",
        |s| {
            let size = s.slot(0).len();
            let json = s.edited_json(&format!("\"size\": {size}"), &format!("\"size\": {}", size - 1));
            s.store_signed_json(&json);
        },
    ),
    case(
        "json-slot-digest",
        Rust,
        broken(&["slot.digest.signed"], "slot 0"),
        "The signed digest of a slot is another.",
        |s| {
            let json = s.edited_json("\"checksum\": \"sha256:", "\"checksum\": \"sha256:00000000");
            let text = String::from_utf8(json).expect("UTF-8");
            let at = text.find("sha256:00000000").expect("the digest") + "sha256:".len() + 64;
            let json = [&text[..at], &text[at + 8..]].concat();
            s.store_signed_json(json.as_bytes());
        },
    ),
    case(
        "json-launcher-digest",
        Rust,
        broken(&["launcher.digest"], "launcher"),
        "The signed digest is of another launcher.",
        |s| {
            let text = String::from_utf8(s.json()).expect("UTF-8");
            let at = text.rfind("sha256:").expect("the launcher's digest") + "sha256:".len();
            let json = [&text[..at], "00000000", &text[at + 8..]].concat();
            s.store_signed_json(json.as_bytes());
        },
    ),
    case(
        "json-launcher-size",
        Rust,
        broken(&["launcher.size"], "index.launcher_size"),
        "The signed size is of another launcher.",
        |s| {
            let text = String::from_utf8(s.json()).expect("UTF-8");
            let at = text.rfind("\"size\": ").expect("the launcher's size") + "\"size\": ".len();
            let json = [&text[..at], "1", &text[at..]].concat();
            s.store_signed_json(json.as_bytes());
        },
    ),
    case(
        "json-operations",
        Python,
        broken(&["slot.operations"], "slot 0"),
        "The signed operations are not a chain that the builder accepts.",
        |s| {
            let json = s.edited_json("\"operations\": \"none\"", "\"operations\": \"rot13\"");
            s.store_signed_json(&json);
        },
    ),
];
