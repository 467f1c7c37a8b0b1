//! Sound packages: every builder's layout, and what a reader may meet without anything being wrong.

use super::{Case, PYTHON, built, case, intact, limits, sound};
use crate::base::{
    Base::{Go, Handmade, Python, Rust, Sealed},
    encode, package,
};
use pspf_nostd::{digest::sha256, index, json::Json, profile::Profile};

pub(super) const CASES: &[Case] = &[
    case(
        "variant-rust",
        Rust,
        sound("bound", &[]),
        "As the Rust builder writes it: launcher and slots are bound to the signature.",
        |_| {},
    ),
    case(
        "variant-go",
        Go,
        intact(&["launcher.digest.missing", "signature.coverage"]),
        "As the Go builder writes it: the launcher is not signed.",
        |_| {},
    ),
    case(
        "variant-sealed",
        Sealed,
        sound("sealed", &[]),
        "Sealed: every byte follows from the signed metadata, which are behind the slots.",
        |_| {},
    ),
    case(
        "variant-handmade",
        Handmade,
        limits::HANDMADE,
        "Metadata without `build` and `launcher`, as a hand-written tool makes them.",
        |_| {},
    ),
    case("variant-python-policy", Python, PYTHON, "The metadata hold a policy and the index its hash.", |s| {
        let policy = r#""policy":{"refuse_root":false,"platforms":["linux/amd64"]}"#;
        let json = s.edited_json("\"format\": \"PSPF/2025\"", &format!("{policy},\"format\": \"PSPF/2025\""));
        s.store_signed_json(&json);
        let hash = sha256(br#"{"platforms":["linux/amd64"],"refuse_root":false}"#);
        s.set(index::POLICY_HASH, hash.to_string().as_bytes());
    }),
    case("variant-names-of-variables", Rust, sound("bound", &[]), "Names of variables may be anything.", |s| {
        let json = s.edited_json("\"FOO\":", "\"PATH\": \"1\", \"path\": \"2\", \"\u{17f}\": \"3\", \"FOO\":");
        s.store_signed_json(&json);
    }),
    case(
        "variant-compact-json",
        Handmade,
        limits::HANDMADE,
        "The metadata are compact JSON with keys that nobody knows.",
        |s| {
            let json = Json::parse(&s.edited_json("{", "{\"unknown\": [1.5, null, {\"deep\": true}],")).expect("JSON");
            let text = serde_json::to_vec(&json).expect("JSON");
            s.store_signed_json(&text);
        },
    ),
    built("variant-no-slots", Rust, sound("bound", &[]), "No slots at all.", |launcher| {
        package(Profile::Rust, &rust_json(launcher, ""), launcher, &[], &[])
    }),
    built("variant-empty-slots", Rust, sound("bound", &[]), "Slots without bytes, first and last.", |launcher| {
        let stored: [&[u8]; 3] = [b"", b"x", b""];
        let entry = |number: usize, stored: &[u8]| {
            format!(
                r#"{{"slot":{number},"id":"s{number}","source":"s{number}","target":"s{number}","size":{},"checksum":"sha256:{}","operations":"none","purpose":"data","lifecycle":"runtime"}}"#,
                stored.len(),
                sha256(stored)
            )
        };
        let entries: Vec<String> = stored.iter().enumerate().map(|(number, stored)| entry(number, stored)).collect();
        let encoded = stored.map(|stored| encode(stored, stored.len()));
        package(Profile::Rust, &rust_json(launcher, &entries.join(",")), launcher, &stored, &encoded)
    }),
    built("variant-self-slot", Rust, sound("bound", &[]), "A slot that stands for the package itself.", |launcher| {
        let entry = concat!(
            r#"{"slot":0,"id":"self","source":"$SELF","target":"self","size":0,"checksum":"","operations":"","#,
            r#""purpose":"data","lifecycle":"runtime","permissions":"0600","resolution":"build","self_ref":true}"#
        );
        package(Profile::Rust, &rust_json(launcher, entry), launcher, &[b""], &[encode(b"", 0)])
    }),
    built("variant-no-launcher", Handmade, limits::HANDMADE, "A package without launcher bytes.", |_| {
        Handmade.package(b"")
    }),
];

/// Metadata of the Rust builder around these slot entries.
pub(super) fn rust_json(launcher: &[u8], slots: &str) -> String {
    format!(
        concat!(
            r#"{{"format":"PSPF/2025","format_version":"1.0.0","package":{{"name":"sample","version":"1"}},"slots":[{}],"#,
            r#""execution":{{"command":"true"}},"build":{{"tool":"flavor-rs","tool_version":"0.5.4","#,
            r#""timestamp":"2023-11-14T22:13:20Z","deterministic":true,"platform":{{"os":"linux","arch":"x86_64"}}}},"#,
            r#""launcher":{{"tool":"launcher","tool_version":"1","size":{},"checksum":"sha256:{}","capabilities":[]}}}}"#
        ),
        slots,
        launcher.len(),
        sha256(launcher)
    )
}
