//! The packages that the cases start from: one for each profile, small, and the same on every machine.

use crate::sample::{Sample, gzip};
use pspf_nostd::{
    codec::gzip_stored,
    digest::sha256,
    json::Json,
    key::SigningKey,
    metadata::Metadata,
    offsets::{length, position},
    profile::Profile,
    writer::{Assembly, EncodedSlot, PackagePlan, Segment, SlotPlan, assemble},
};
use serde::{Deserialize, Serialize};

/// The seed of the key that signs every base (docs/format.md §6).
pub const SEED: &str = "test123";

/// The launcher of the cases: a script, so that the files stay small. It answers that no launcher ran.
pub const LAUNCHER: &[u8] =
    b"#!/bin/sh\n# A stand-in for the launcher of a PSPF/2025 package.\necho 'not a launcher' >&2\nexit 99\n";

/// The program of the packages; its exit code says that it ran.
pub const PROGRAM: &[u8] =
    b"#!/bin/sh\n# The program of the sample packages: it says that it ran.\necho \"ran: $*\"\nexit 7\n";
const HELLO: &[u8] = b"hello pspf\n";
const NOTE: &[u8] = b"[note]\nthree user slots\n";

/// Which builder's conventions a package follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// The published Python builder: three user slots and the attestation, slots on pages.
    Python,
    /// The published Rust builder.
    Rust,
    /// The published Go builder.
    Go,
    /// Hand-written metadata without `build` and `launcher`, laid out as the Rust builder does.
    Handmade,
    /// This project's sealed profile.
    Sealed,
}

/// One slot of the bases: id, target, operations, purpose, lifecycle, permissions, content.
struct Slot {
    id: &'static str,
    target: &'static str,
    operations: &'static str,
    purpose: &'static str,
    lifecycle: &'static str,
    permissions: &'static str,
    stored: Vec<u8>,
    original: usize,
}

fn slots() -> Vec<Slot> {
    let slot = |id, target, purpose, lifecycle, permissions, content: &[u8]| Slot {
        id,
        target,
        operations: "none",
        purpose,
        lifecycle,
        permissions,
        stored: content.to_vec(),
        original: content.len(),
    };
    let mut hello = slot("hello", "hello.txt", "data", "cache", "0644", HELLO);
    (hello.operations, hello.stored) = ("gzip", gzip(HELLO));
    vec![
        slot("runner", "run.sh", "code", "runtime", "0755", PROGRAM),
        hello,
        slot("note", "note.ini", "config", "init", "0600", NOTE),
    ]
}

impl Base {
    /// All bases.
    pub const ALL: [Self; 5] = [Self::Python, Self::Rust, Self::Go, Self::Handmade, Self::Sealed];

    /// The sound package of this base around a launcher.
    #[must_use]
    pub fn package(self, launcher: &[u8]) -> Sample {
        if self == Self::Sealed {
            return sealed(launcher, |_| {});
        }
        let mut slots = slots();
        if self == Self::Python {
            slots.push(attestation(launcher));
        }
        let json = |filler: usize| match self {
            Self::Python => python_json(launcher, &slots, filler),
            Self::Rust => rust_json(launcher, &slots, filler),
            Self::Go => go_json(&slots, filler),
            _ => handmade_json(&slots, filler),
        };
        // Padding between metadata and slot table is wanted in every base: some cases damage it.
        (0..16)
            .map(|filler| self.assemble(launcher, &json(filler), &slots))
            .find(|sample| sample.table().start - sample.metadata().end >= 3)
            .expect("one of sixteen lengths is not aligned")
    }

    fn assemble(self, launcher: &[u8], json: &str, slots: &[Slot]) -> Sample {
        let profile = match self {
            Self::Python => Profile::Python,
            Self::Go => Profile::Go,
            _ => Profile::Rust,
        };
        let original = |slot: &Slot| if self == Self::Python { slot.original } else { slot.stored.len() };
        let encoded: Vec<_> = slots.iter().map(|slot| encode(&slot.stored, original(slot))).collect();
        let stored: Vec<&[u8]> = slots.iter().map(|slot| slot.stored.as_slice()).collect();
        package(profile, json, launcher, &stored, &encoded)
    }
}

/// A package from its metadata JSON and stored slots, signed with [`SEED`].
///
/// # Panics
/// Where the metadata do not describe the slots.
#[must_use]
pub fn package(profile: Profile, json: &str, launcher: &[u8], stored: &[&[u8]], encoded: &[EncodedSlot]) -> Sample {
    let metadata = Metadata::parse(json.as_bytes().to_vec()).expect("metadata of a base are well formed");
    let blob = if profile == Profile::Sealed { gzip_stored(metadata.raw()) } else { gzip(metadata.raw()) };
    let assembly = assemble(profile, &metadata, blob, length(launcher), encoded, &key()).expect("a base is writable");
    Sample { bytes: write(&assembly, launcher, stored), key: key(), profile }
}

/// The key of [`SEED`].
#[must_use]
pub fn key() -> SigningKey {
    SigningKey::from_seed_text(SEED).expect("a seed text gives a key")
}

/// The sealed base; `change` may edit its plan first.
///
/// # Panics
/// Where the plan is changed into one that cannot be written.
#[must_use]
pub fn sealed(launcher: &[u8], change: impl FnOnce(&mut PackagePlan)) -> Sample {
    let slots = slots();
    let plans = slots.iter().map(|slot| SlotPlan {
        id: slot.id.to_owned(),
        source: slot.id.to_owned(),
        target: slot.target.to_owned(),
        operations: slot.operations.to_owned(),
        purpose: slot.purpose.to_owned(),
        lifecycle: slot.lifecycle.to_owned(),
        permissions: u16::from_str_radix(slot.permissions, 8).expect("octal"),
        extra: Vec::new(),
        encoded: encode(&slot.stored, slot.original),
    });
    let mut plan = PackagePlan {
        package: object([("name", "sample".into()), ("version", "1.0.0".into())]),
        slots: plans.collect(),
        execution: Json::Object(object([("command", "{workenv}/run.sh".into())])),
        // All that the published Rust launcher insists on (docs/format.md §5).
        build: object([
            ("tool_version", "0.1.0".into()),
            ("timestamp", "2025-01-01T00:00:00+00:00".into()),
            ("platform", Json::Object(object([("os", "linux".into()), ("arch", "x86_64".into())]))),
        ]),
        launcher_tool: "flavor-launcher".to_owned(),
        launcher_version: "0".to_owned(),
        launcher: encode(launcher, launcher.len()),
        extra: Vec::new(),
    };
    change(&mut plan);
    let assembly = plan.assemble(&key()).expect("a base is writable");
    let stored: Vec<&[u8]> = slots.iter().map(|slot| slot.stored.as_slice()).collect();
    Sample { bytes: write(&assembly, launcher, &stored), key: key(), profile: Profile::Sealed }
}

fn object<const N: usize>(entries: [(&str, Json); N]) -> Vec<(String, Json)> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// What the writer has to know of stored bytes.
#[must_use]
pub fn encode(stored: &[u8], original: usize) -> EncodedSlot {
    EncodedSlot {
        size: length(stored),
        original_size: u64::try_from(original).expect("a length"),
        sha256: sha256(stored),
    }
}

/// The bytes of a package.
#[must_use]
pub fn write(assembly: &Assembly, launcher: &[u8], stored: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    for segment in &assembly.segments {
        match segment {
            Segment::Launcher => file.extend_from_slice(launcher),
            Segment::Slot(number) => file.extend_from_slice(stored[*number]),
            Segment::Bytes(bytes) => file.extend_from_slice(bytes),
            Segment::Zeros(count) => file.resize(file.len() + position(*count), 0),
        }
    }
    file
}

/// The last slot of the Python builder, with fixed times and serial number (docs/format.md §8).
fn attestation(launcher: &[u8]) -> Slot {
    let digest = sha256(launcher);
    let stored = format!(
        concat!(
            r#"{{"provenance":{{"builder":"flavor-python","builder_version":"0.5.4","#,
            r#""launcher":{{"hash":"sha256:{digest}","language":"rust","version":"unknown"}},"reproducible":false}},"#,
            r#""sbom":{{"bomFormat":"CycloneDX","components":[],"specVersion":"1.6","version":1}}}}"#
        ),
        digest = digest
    );
    Slot {
        id: "_attestation",
        target: "{workenv}/_attestation",
        operations: "none",
        purpose: "data",
        lifecycle: "attestation",
        permissions: "",
        original: stored.len(),
        stored: stored.into_bytes(),
    }
}

/// The `slots` of the metadata; `checksum` and `tail` differ by builder.
fn slot_entries(slots: &[Slot], target_prefix: &str, tail: &str) -> String {
    let entries: Vec<String> = slots
        .iter()
        .enumerate()
        .map(|(number, slot)| {
            let digest = sha256(&slot.stored).to_string();
            let attestation = slot.lifecycle == "attestation";
            let checksum = if attestation { digest[..16].to_owned() } else { format!("sha256:{digest}") };
            let prefix = if attestation { "" } else { target_prefix };
            let source = if attestation { String::new() } else { format!("in/{}", slot.target) };
            let permissions =
                if slot.permissions.is_empty() { "null".to_owned() } else { format!("\"{}\"", slot.permissions) };
            format!(
                concat!(
                    r#"{{"slot":{},"id":"{}","source":"{}","target":"{}{}","size":{},"checksum":"{}","#,
                    r#""operations":"{}","purpose":"{}","lifecycle":"{}","permissions":{}{}}}"#
                ),
                number,
                slot.id,
                source,
                prefix,
                slot.target,
                slot.stored.len(),
                checksum,
                slot.operations,
                slot.purpose,
                slot.lifecycle,
                permissions,
                tail
            )
        })
        .collect();
    entries.join(",")
}

/// The text as the builders write it: two-space indentation.
fn pretty(json: &str) -> String {
    let value = Json::parse(json.as_bytes()).expect("a base's own JSON");
    String::from_utf8(value.to_pretty()).expect("UTF-8")
}

const EXECUTION: &str = r#""execution":{"command":"{workenv}/run.sh","env":{"FOO":"bar"}}"#;

fn python_json(launcher: &[u8], slots: &[Slot], filler: usize) -> String {
    pretty(&format!(
        concat!(
            r#"{{"format":"PSPF/2025","format_version":"1.0.0","package":{{"name":"sample","version":"1.0.0","note":"{}"}},"#,
            r#""slots":[{}],{},"verification":{{"integrity_seal":{{"required":true,"algorithm":"ed25519"}},"signed":true,"#,
            r#""require_verification":true}},"build":{{"tool":"flavor-python","tool_version":"0.5.4","deterministic":true,"#,
            r#""platform":{{"os":"linux","arch":"amd64"}},"timestamp":"2025-01-01T00:00:00+00:00"}},"#,
            r#""launcher":{{"tool":"launcher","tool_version":"unknown","size":{},"checksum":"sha256:sha256:{}","#,
            r#""capabilities":["mmap","async","sandbox"]}},"compatibility":{{"min_format_version":"1.0.0","features":[]}}}}"#
        ),
        mixed(filler),
        slot_entries(slots, "{workenv}/", ""),
        EXECUTION,
        launcher.len(),
        sha256(launcher)
    ))
}

fn rust_json(launcher: &[u8], slots: &[Slot], filler: usize) -> String {
    pretty(&format!(
        concat!(
            r#"{{"format":"PSPF/2025","format_version":"1.0.0","package":{{"name":"sample{}","version":"1.0.0"}},"#,
            r#""slots":[{}],{},"verification":{{"integrity_seal":{{"required":true,"algorithm":"ed25519"}},"signed":true,"#,
            r#""require_verification":true}},"build":{{"tool":"flavor-rs","tool_version":"0.5.4","#,
            r#""timestamp":"2023-11-14T22:13:20Z","deterministic":true,"platform":{{"os":"linux","arch":"x86_64","#,
            r#""host":"linux/x86_64"}}}},"launcher":{{"tool":"launcher","tool_version":"0.5.4","size":{},"#,
            r#""checksum":"sha256:{}","capabilities":["mmap","signed"]}},"#,
            r#""compatibility":{{"min_format_version":"1.0.0","features":[]}},"setup_commands":[]}}"#
        ),
        mixed(filler),
        slot_entries(slots, "", r#","resolution":"build""#),
        EXECUTION,
        launcher.len(),
        sha256(launcher)
    ))
}

fn go_json(slots: &[Slot], filler: usize) -> String {
    pretty(&format!(
        concat!(
            r#"{{"format":"PSPF/2025","format_version":"","package":{{"name":"sample{}","version":"1.0.0","description":""}},"#,
            r#""slots":[{}],{},"verification":{{"integrity_seal":{{"required":true,"algorithm":"ed25519"}},"signed":false,"#,
            r#""require_verification":false}},"build":{{"tool":"flavor-go","tool_version":"1.0.0","#,
            r#""timestamp":"2023-11-14T22:13:20Z","deterministic":false,"platform":{{"os":"linux","arch":"amd64","#,
            r#""host":"linux/amd64"}}}}}}"#
        ),
        mixed(filler),
        slot_entries(slots, "", ""),
        EXECUTION
    ))
}

fn handmade_json(slots: &[Slot], filler: usize) -> String {
    pretty(&format!(
        r#"{{"format":"PSPF/2025","format_version":"1.0.0","package":{{"name":"sample{}","version":"1.0.0"}},"slots":[{}],{}}}"#,
        mixed(filler),
        slot_entries(slots, "", ""),
        EXECUTION
    ))
}

/// So many different letters: each changes the compressed length.
fn mixed(filler: usize) -> &'static str {
    &"qzjxkvwpfybgmuhd"[..filler]
}
