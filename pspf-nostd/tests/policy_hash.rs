//! The policy hash in the index: SHA-256 of the policy's text as Python's `json.dumps(policy, sort_keys=True,
//! separators=(",", ":"))` writes it.

use pspf_nostd::{
    digest::sha256,
    index,
    key::PublicKey,
    metadata::Metadata,
    offsets::ByteRange,
    profile::{IndexFacts, Placement, Profile},
};
use std::{io::Write, process};

/// The index field that a profile writes for a policy.
fn field(profile: Profile, policy: &str) -> Vec<u8> {
    let metadata = Metadata::parse(format!(r#"{{"format":"PSPF/2025","policy":{policy}}}"#).into_bytes()).unwrap();
    let nowhere = ByteRange { start: 0, end: 0 };
    let placement =
        Placement { launcher_size: 0, metadata: nowhere, table: nowhere, slots: Vec::new(), package_size: 0 };
    let facts =
        IndexFacts { public_key: PublicKey([1; 32]), signature: [1; 64], metadata_blob: b"", attestation: None };
    profile.index(&metadata, &placement, &facts).field(index::POLICY_HASH).to_vec()
}

/// A policy as the metadata have it, and the text that is hashed.
const POLICIES: &[(&str, &str)] = &[
    (r#"{"refuse_root":true}"#, r#"{"refuse_root":true}"#),
    // Blanks go, keys are in the order of their code points, in every object and in no array.
    (
        r#"{ "require_env" : [ "B", "A" ], "refuse_root": false, "platforms" : [ ] , "max_age_days" :null }"#,
        r#"{"max_age_days":null,"platforms":[],"refuse_root":false,"require_env":["B","A"]}"#,
    ),
    (r#"{"b":{"z":{},"a":[{"d":1,"c":2},[]]},"C":1,"a":0}"#, r#"{"C":1,"a":0,"b":{"a":[{"c":2,"d":1},[]],"z":{}}}"#),
    (r#"{"~":1,"{":2,"A":3,"_":4," ":5}"#, r#"{" ":5,"A":3,"_":4,"{":2,"~":1}"#),
    // Numbers stay as they are written.
    (
        r#"{"n":[0,-0.0,30,1.0,1.5e-07,1e+20,18446744073709551616]}"#,
        r#"{"n":[0,-0.0,30,1.0,1.5e-07,1e+20,18446744073709551616]}"#,
    ),
    // ASCII is written as it is, `<>&/` and `'` too.
    (r#"{"<a>&'\/":"<>&'\/ ~"}"#, r#"{"<a>&'/":"<>&'/ ~"}"#),
    (r#"{"t":"\"\\\b\f\n\r\t"}"#, r#"{"t":"\"\\\b\f\n\r\t"}"#),
    (r#"{"t":"\u0000\u0001\u000b\u001f\u007f\u0080"}"#, r#"{"t":"\u0000\u0001\u000b\u001f\u007f\u0080"}"#),
    (r#"{"t":"é\u2028\u2029\uFEFF漢😀"}"#, r#"{"t":"\u00e9\u2028\u2029\ufeff\u6f22\ud83d\ude00"}"#),
    (r#"{"\u0041":"\u0041\u00E9"}"#, r#"{"A":"A\u00e9"}"#),
];

#[test]
fn the_hash_is_over_the_text_that_python_writes() {
    for (policy, hashed) in POLICIES {
        for profile in [Profile::Python, Profile::Sealed] {
            assert_eq!(field(profile, policy), sha256(hashed.as_bytes()).to_string().as_bytes(), "{policy}");
        }
    }
}

#[test]
fn python_agrees() {
    const SCRIPT: &str = "import json, sys\nfor line in sys.stdin: \
        print(json.dumps(json.loads(line), sort_keys=True, separators=(',', ':')))";
    let mut python = process::Command::new("python3")
        .args(["-I", "-X", "utf8", "-c", SCRIPT])
        .stdin(process::Stdio::piped())
        .stdout(process::Stdio::piped())
        .spawn()
        .expect("python3 runs");
    let input: String = POLICIES.iter().map(|(policy, _)| format!("{policy}\n")).collect();
    python.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let hashed: Vec<&str> = POLICIES.iter().map(|(_, hashed)| *hashed).collect();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>(), hashed);
}

#[test]
fn only_a_policy_that_says_something_is_hashed_and_only_where_the_builder_does() {
    assert_eq!(field(Profile::Python, "{}"), [0; 64]);
    assert_eq!(field(Profile::Sealed, "{}"), [0; 64]);
    assert_eq!(field(Profile::Rust, r#"{"refuse_root":true}"#), [0; 64]);
    assert_eq!(field(Profile::Go, r#"{"refuse_root":true}"#), [0; 64]);
}
