//! Properly signed metadata that readers disagree on, or that contradict the package.

use super::{Case, Expect, broken, case};
use crate::base::Base::{Handmade, Python, Rust};

const JSON: Expect = broken(&["metadata.json"], "metadata");

pub(super) const CASES: &[Case] = &[
    case(
        "json-duplicate-key",
        Handmade,
        JSON,
        "The command stands twice in one object: the readers run different ones.",
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
    case("json-byte-order-mark", Handmade, JSON, "A byte order mark stands in front of the metadata.", |s| {
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
        "The signed operations are no chain that the builder accepts.",
        |s| {
            let json = s.edited_json("\"operations\": \"none\"", "\"operations\": \"rot13\"");
            s.store_signed_json(&json);
        },
    ),
];
