//! The application that the samples show, in two versions; nothing in it runs.

use super::package::{Member, archive, file, sealed, slot, stand_in};
use crate::sample::Sample;
use pspf_nostd::{digest::sha256, key::SigningKey};

const EXECUTION: &str = r#"{ "command": "{workenv}/bin/python3 -m tidewatch",
    "env": { "TIDEWATCH_HOME": "{workenv}/data", "PYTHONDONTWRITEBYTECODE": "1" } }"#;

const EXTRA: &str = r#"{
    "runtime": { "env": { "unset": ["*"], "pass": ["PATH", "HOME", "LANG", "LC_*", "TERM"],
        "map": { "TIDE_API_TOKEN": "TIDEWATCH_TOKEN" }, "set": { "PYTHONNOUSERSITE": "1" } } },
    "workenv": { "directories": [{ "path": "{workenv}/data", "mode": "0700" }],
        "env": { "TMPDIR": "{workenv}/tmp" } } }"#;

/// A terminal program that shows tides; nothing in it runs.
pub(super) fn tidewatch(version: &str, key: SigningKey) -> Sample {
    let newer = version != "2.0.3";
    let site = "lib/python3.13/site-packages";
    let mut app = vec![
        file(&format!("{site}/tidewatch/"), 0o755, ""),
        file(
            &format!("{site}/tidewatch/__init__.py"),
            0o644,
            &format!("\"\"\"Tides in the terminal.\"\"\"\n\n__version__ = \"{version}\"\n"),
        ),
        file(&format!("{site}/tidewatch/__main__.py"), 0o644, MAIN),
        file(&format!("{site}/tidewatch/almanac.py"), 0o644, if newer { ALMANAC } else { ALMANAC_OLD }),
        file(
            &format!("{site}/tidewatch/chart.py"),
            0o644,
            "BLOCKS = \" .:-=+*#\"\n\n\ndef draw(levels, width):\n    return \"\".join(BLOCKS[round(level * 7)] for level in levels)[:width]\n",
        ),
        file(&format!("{site}/tidewatch/data/"), 0o755, ""),
        file(&format!("{site}/tidewatch/data/stations.json"), 0o644, STATIONS),
        file(&format!("{site}/tidewatch/data/harmonics.bin"), 0o644, &"\u{1}\u{2}\u{3}\u{7f}tide\0\0\u{10}".repeat(40)),
    ];
    if newer {
        app.push(file(&format!("{site}/tidewatch/moon.py"), 0o644, "SYNODIC_MONTH = 29.530588853  # days\n\n\ndef phase(day):\n    return (day % SYNODIC_MONTH) / SYNODIC_MONTH\n"));
    } else {
        app.push(file(
            &format!("{site}/tidewatch/legacy.py"),
            0o644,
            "# Kept for 1.x configuration files.\nOLD_KEYS = (\"port\", \"harbour\")\n",
        ));
    }
    for (name, folder, version, kilobytes) in libraries(newer) {
        app.push(file(&format!("{site}/{folder}/__init__.py"), 0o644, &stand_in_text(name, 2)));
        for part in ["core", "models", "util"] {
            app.push(file(&format!("{site}/{folder}/{part}.py"), 0o644, &stand_in_text(name, kilobytes / 3)));
        }
        let about = format!("Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n");
        app.push(file(&format!("{site}/{}-{version}.dist-info/METADATA", name.replace('-', "_")), 0o644, &about));
    }
    let mut runtime = vec![
        file("bin/", 0o755, ""),
        file("bin/python3.13", 0o755, &stand_in_text("the interpreter", 40)),
        Member { path: "bin/python3".to_owned(), mode: 0o777, link: Some("python3.13"), content: Vec::new() },
        file("lib/", 0o755, ""),
        file("lib/libpython3.13.so.1.0", 0o755, &stand_in_text("libpython", 540)),
        file("lib/libcrypto.so.3", 0o644, &stand_in_text("libcrypto", 380)),
        file("lib/libssl.so.3", 0o644, &stand_in_text("libssl", 110)),
        file("lib/libsqlite3.so.0", 0o644, &stand_in_text("libsqlite3", 140)),
        file("lib/python3.13/", 0o755, ""),
    ];
    for (module, kilobytes) in [
        ("argparse", 100),
        ("asyncio/base_events", 180),
        ("collections/__init__", 120),
        ("csv", 30),
        ("datetime", 80),
        ("json/__init__", 60),
        ("logging/__init__", 160),
        ("pathlib", 110),
        ("zoneinfo/__init__", 90),
    ] {
        runtime.push(file(&format!("lib/python3.13/{module}.py"), 0o644, &stand_in_text(module, kilobytes)));
    }
    for module in ["_json", "_sqlite3", "_ssl", "_zoneinfo", "math"] {
        let path = format!("lib/python3.13/lib-dynload/{module}.cpython-313-x86_64-linux-gnu.so");
        runtime.push(file(&path, 0o755, &stand_in_text(module, 90)));
    }
    let config = "[tidewatch]\nstation = brest\nunits = metre\nrefresh = 600\n";
    let slots = [
        slot("python", "{workenv}", "tar.gz", ["runtime", "cache"], 0o755, &archive(&runtime)),
        slot("app", "{workenv}", "tar.gz", ["code", "runtime"], 0o755, &archive(&app)),
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

/// What the attestation slot holds: provenance and a bill of materials (docs/format.md §8).
fn attestation(version: &str, key: &SigningKey) -> String {
    let newer = version != "2.0.3";
    let library = |(name, _, version, _): &(&str, &str, &str, usize)| {
        let licence = match *name {
            "numpy" | "click" | "httpx" => "BSD-3-Clause",
            "pygments" => "BSD-2-Clause",
            "tzdata" => "Apache-2.0",
            "certifi" => "MPL-2.0",
            _ => "MIT",
        };
        let digest = sha256(format!("{name} {version}").as_bytes());
        format!(
            concat!(
                r#"{{"hashes":[{{"alg":"SHA-256","content":"{}"}}],"licenses":[{{"expression":"{}"}}],"name":"{}","#,
                r#""purl":"pkg:pypi/{}@{}","type":"library","version":"{}"}}"#
            ),
            digest, licence, name, name, version, version
        )
    };
    let libraries: Vec<String> = libraries(newer).iter().map(library).collect();
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

/// Name, folder, version and kilobytes of the libraries.
fn libraries(newer: bool) -> Vec<(&'static str, &'static str, &'static str, usize)> {
    let mut libraries = vec![
        ("click", "click", if newer { "8.1.8" } else { "8.1.7" }, 96),
        ("httpx", "httpx", "0.28.1", 120),
        ("markdown-it-py", "markdown_it", "3.0.0", 60),
        ("numpy", "numpy", "2.2.1", 900),
        ("pygments", "pygments", "2.19.1", 480),
        ("rich", "rich", "13.9.4", 260),
        ("skyfield", "skyfield", "1.49", 300),
    ];
    if newer {
        libraries.push(("tzdata", "tzdata", "2025.1", 45));
        libraries.push(("certifi", "certifi", "2025.1.31", 150));
    }
    libraries
}

/// So many kilobytes that say what they stand for: a sample has the proportions of a real package, and takes next to nothing.
fn stand_in_text(name: &str, kilobytes: usize) -> String {
    let line = format!("# A stand-in for {name} in a sample package: nothing in it runs.\n");
    line.repeat(kilobytes * 1000 / line.len() + 1)
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
