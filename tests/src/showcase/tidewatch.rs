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

/// What the attestation slot holds: provenance and a bill of materials (docs/format.md §8).
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
