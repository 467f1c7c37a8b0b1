//! What the engine answers through its bindings, in whatever host runs it.

use pspf_nostd::{
    digest::sha256,
    json::Json,
    key::SigningKey,
    offsets::{length, position},
    writer::{EncodedSlot, PackagePlan, Segment, SlotPlan},
};
use pspf_wasm::bindings::{EngineTask, key_from_file};
use wasm_bindgen::JsCast as _;

const LAUNCHER: &[u8] = b"stands where a launcher would";
const CONTENT: &[u8] = b"content of the only slot";

fn facts(bytes: &[u8]) -> EncodedSlot {
    EncodedSlot { size: length(bytes), original_size: length(bytes), sha256: sha256(bytes) }
}

/// A sealed package, written by the core in the host itself.
pub(crate) fn package() -> Vec<u8> {
    let object = |text: &str| Json::parse(text.as_bytes()).expect("JSON").entries().to_vec();
    let plan = PackagePlan {
        package: object(r#"{"name":"host","version":"1"}"#),
        slots: vec![SlotPlan {
            id: "data".to_owned(),
            source: String::new(),
            target: "data".to_owned(),
            operations: "none".to_owned(),
            purpose: "data".to_owned(),
            lifecycle: "runtime".to_owned(),
            permissions: 0o600,
            extra: Vec::new(),
            encoded: facts(CONTENT),
        }],
        execution: Json::parse(br#"{"command":"{workenv}/data"}"#).expect("JSON"),
        build: Vec::new(),
        launcher_tool: "stand-in".to_owned(),
        launcher_version: "1".to_owned(),
        launcher: facts(LAUNCHER),
        extra: Vec::new(),
    };
    let key = SigningKey::from_seed_text("host").expect("a key");
    let mut bytes = Vec::new();
    for segment in plan.assemble(&key).expect("a package").segments {
        match segment {
            Segment::Launcher => bytes.extend(LAUNCHER),
            Segment::Slot(_) => bytes.extend(CONTENT),
            Segment::Bytes(part) => bytes.extend(part),
            Segment::Zeros(count) => bytes.resize(bytes.len() + position(count), 0),
        }
    }
    bytes
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small offsets"
)]
pub(crate) fn report(bytes: &[u8], trusted: Vec<String>) -> Json {
    let mut task = EngineTask::verify(bytes.len() as f64, trusted, Vec::new(), f64::INFINITY).expect("a task");
    while task.pending() {
        let piece = &bytes[task.start() as usize..task.end() as usize];
        task.supply(&piece[..piece.len().min(777)], None).expect("bytes that are wanted");
    }
    Json::parse(task.finish().expect("a report").as_bytes()).expect("JSON")
}

pub(crate) fn the_verdict_is_the_same_as_everywhere() {
    let bytes = package();
    let signer = SigningKey::from_seed_text("host").expect("a key").public_key().fingerprint().to_string();
    let word = |report: &Json, key: &str| report.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let unknown = report(&bytes, Vec::new());
    assert_eq!((word(&unknown, "state"), word(&unknown, "trust")), ("sealed".into(), "unknown_key".into()));
    assert_eq!(word(&report(&bytes, vec![signer]), "trust"), "pinned");
    for at in [0, bytes.len() / 2, bytes.len() - 5000] {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert_eq!(word(&report(&damaged, Vec::new()), "state"), "broken", "byte {at}");
    }
}

pub(crate) fn what_is_wrong_is_thrown_with_its_code() {
    let thrown = key_from_file(b"no key").expect_err("not a key");
    assert!(thrown.is_instance_of::<js_sys::Error>(), "{thrown:?}");
    let text = |name: &str| js_sys::Reflect::get(&thrown, &name.into()).ok().and_then(|value| value.as_string());
    assert!(text("code").is_some_and(|code| code.starts_with("key.")), "{thrown:?}");
    assert!(text("message").is_some_and(|message| !message.is_empty()), "{thrown:?}");
}
