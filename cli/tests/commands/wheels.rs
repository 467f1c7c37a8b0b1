//! `flavor verify --deep` on packages that carry wheels as files, as those of the published builder do.

use super::{
    process::{Folder, Run},
    signed_anew::attest_otherwise,
};
use pspf_nostd::digest::sha256;
use serde_json::{Value, json};
use std::process::Command;

/// Writes a wheel with Python's own zip writer: `NAME VERSION FOLDER [a line of RECORD that is wrong]`.
const MAKE: &str = r"
import base64, hashlib, os, sys, zipfile
name, version, folder, *wrong = sys.argv[1:]
info = f'{name}-{version}.dist-info'
files = {f'{name}.py': b'x = 1\n' * 99, f'{info}/METADATA': f'Name: {name}\nVersion: {version}\n'.encode(), f'{info}/WHEEL': b'Wheel-Version: 1.0\n'}
digest = lambda data: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip('=')
record = [f'{path},sha256={digest(data)},{len(data)}' for path, data in files.items()]
files[f'{info}/RECORD'] = '\n'.join(record + wrong + [f'{info}/RECORD,,', '']).encode()
os.makedirs(folder, exist_ok=True)
with zipfile.ZipFile(f'{folder}/{name}-{version}-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as wheel:
    for path, data in files.items():
        wheel.writestr(path, data)
";

fn wheel(folder: &Folder, name: &str, version: &str, more: &[&str]) {
    let mut python = Command::new("python3");
    python.args(["-c", MAKE, name, version]).arg(folder.path("app/wheels")).args(more);
    Run::of(&mut python).succeeds();
}

/// A package with a folder of wheels in one slot, and another wheel that is a slot of its own.
fn pack(folder: &Folder) {
    let manifest = r#"{
  "package": {"name": "app", "version": "1.0"},
  "execution": {"command": "{workenv}/run.sh"},
  "slots": [
    {"id": "script", "source": "run.sh", "target": "run.sh"},
    {"id": "wheels", "source": "wheels", "target": "wheels", "operations": "tgz", "lifecycle": "init"},
    {"id": "alone", "source": "wheels/two-2.0-py3-none-any.whl", "target": "two-2.0-py3-none-any.whl"}
  ]
}"#;
    folder.write_executable("app/run.sh", "#!/bin/sh\n");
    folder.write("app/app.json", manifest);
    folder.flavor(&["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "t"]).succeeds();
}

fn found(folder: &Folder, package: &str) -> (Value, Vec<(String, String)>) {
    let run = folder.flavor(&["verify", package, "--deep", "--json"]);
    let deep = run.json()["deep"].take();
    assert_eq!(run.code, Some(i32::from(deep["ok"] == false)), "{run:#?}");
    let documented = include_str!("../../../docs/findings.md");
    let findings = deep["findings"].as_array().unwrap().iter().map(|finding| {
        let code = finding["code"].as_str().unwrap();
        assert!(documented.contains(&format!("\n| `{code}` | {} |", finding["severity"].as_str().unwrap())), "{code}");
        (code.to_owned(), finding["part"].as_str().unwrap().to_owned())
    });
    // The same wheel is in both slots, at one place.
    let findings = findings.filter(|(code, _)| code != "placement.replaces").collect();
    (deep, findings)
}

#[test]
fn wheels_are_opened_and_held_against_themselves_and_the_bill() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = Folder::new();
    wheel(&folder, "one", "1.0", &[]);
    wheel(&folder, "two", "2.0", &[]);
    pack(&folder);
    let (deep, findings) = found(&folder, "app.psp");
    let two = folder.bytes("app/wheels/two-2.0-py3-none-any.whl");
    let paths =
        ["slot 1 one-1.0-py3-none-any.whl", "slot 1 two-2.0-py3-none-any.whl", "slot 2 two-2.0-py3-none-any.whl"];
    let wheels = deep["wheels"].as_array().unwrap();
    assert_eq!(wheels.len(), 3, "{wheels:#?}");
    for (wheel, (name, version)) in wheels.iter().zip([("one", "1.0"), ("two", "2.0"), ("two", "2.0")]) {
        assert_eq!((&wheel["name"], &wheel["version"]), (&name.into(), &version.into()), "{wheel}");
        assert_eq!((&wheel["files"], &wheel["vendored"]), (&json!(4), &json!(false)));
    }
    assert_eq!(wheels[2]["sha256"], sha256(&two).to_string());
    // Our own bill lists slots, not what is in them: worth knowing, and no error.
    assert!(
        findings.iter().all(|(code, path)| code == "wheel.unlisted" && paths.contains(&path.as_str())),
        "{findings:?}"
    );
    folder.flavor(&["verify", "app.psp", "--deep"]).succeeds().says(&["3 wheels"]);

    let listed = |name: &str, version: &str, digest: &str| {
        attest_otherwise(&folder, "app.psp", "listed.psp", |document| {
            let purl = |name: &str, version: &str| format!("pkg:pypi/{name}@{version}");
            let components = document["sbom"]["components"].as_array_mut().unwrap();
            components.push(json!({"name": "one", "purl": purl("one", "1.0")}));
            let hashes = json!([{"alg": "SHA-256", "content": digest}]);
            components.push(json!({"name": name, "purl": purl(name, version), "hashes": hashes}));
        });
        let (_, findings) = found(&folder, "listed.psp");
        findings.into_iter().filter(|(code, _)| code != "provenance.key").collect::<Vec<_>>()
    };
    let both = |code: &str| [paths[1], paths[2]].map(|path| (code.to_owned(), path.to_owned()));
    assert_eq!(listed("two", "2.0", &sha256(&two).to_string()), []);
    assert_eq!(listed("two", "2.0", &"0".repeat(64)), both("sbom.digest"));
    assert_eq!(listed("two", "2.1", &"0".repeat(64))[..2], both("sbom.version"));
    let missing = ("sbom.missing".to_owned(), "attestation sbom".to_owned());
    assert_eq!(listed("three", "1", "")[0], missing);
}

#[test]
fn a_wheel_that_is_not_what_it_says_makes_the_package_unacceptable() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = Folder::new();
    wheel(&folder, "one", "1.0", &["one/absent.py,sha256=,0"]);
    wheel(&folder, "two", "2.0", &[]);
    let named = folder.bytes("app/wheels/two-2.0-py3-none-any.whl");
    folder.write("app/wheels/two-3.0-py3-none-any.whl", &named);
    folder.write("app/wheels/junk-1.0-py3-none-any.whl", &named[..named.len() - 1]);
    // A file is not opened for what it is, but for what it is called.
    folder.write("app/wheels/junk.zip", "PK");
    pack(&folder);
    let (_, findings) = found(&folder, "app.psp");
    let errors: Vec<_> = findings.iter().filter(|(code, _)| code != "wheel.unlisted").collect();
    let expected = [("wheel.zip", "junk-1.0"), ("wheel.record", "one-1.0"), ("wheel.name", "two-3.0")];
    assert_eq!(errors.len(), 3, "{errors:?}");
    for ((code, path), (wanted, file)) in errors.into_iter().zip(expected) {
        assert_eq!((code.as_str(), path.as_str()), (wanted, format!("slot 1 {file}-py3-none-any.whl").as_str()));
    }
    folder.flavor(&["verify", "app.psp"]).succeeds();
    let run = folder.flavor(&["verify", "app.psp", "--deep"]);
    assert_eq!(run.code, Some(1));
    run.says(&["RECORD lists `one/absent.py`, and there is no such file [wheel.record]"]);
}
