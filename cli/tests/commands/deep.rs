//! `flavor verify --deep`.

use super::{
    process::Folder,
    signed_anew::{attest_otherwise, rewrite, rewrite_as},
};
use serde_json::Value;

/// A Python project with two dependencies, one of which has copies of others inside.
pub(crate) const PYPROJECT: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\n\
    [project]\nname = 'Deep_App'\nversion = '1.5'\ndependencies = ['click==8.1.7', 'setuptools==75.6.0']\n\n\
    [tool.setuptools]\npackages = ['deep_app']\n\n[tool.flavor]\nentry_point = 'deep_app:main'\n";

pub(crate) fn python_package(folder: &Folder) {
    folder.write("project/pyproject.toml", PYPROJECT);
    folder.write("project/deep_app/__init__.py", "def main():\n    import click\n");
    let words = ["pack", "--manifest", "project/pyproject.toml", "--output", "deep.psp", "--key-seed", "k"];
    folder.flavor(&[&words[..], &["--level", "1", "--quiet"]].concat()).succeeds();
}

/// Codes of the errors that the deep verification finds; exit code and `accepted` say the same.
fn errors(folder: &Folder, package: &str) -> Vec<String> {
    // The bytes are as their signer wanted them: nothing else finds fault with the package.
    folder.flavor(&["verify", package, "--require", "sealed", "--no-contents"]).succeeds();
    let run = folder.flavor(&["verify", package, "--deep", "--json"]);
    let report = run.json();
    let documented = include_str!("../../../docs/findings.md");
    for finding in report["deep"]["findings"].as_array().unwrap() {
        let code = finding["code"].as_str().unwrap();
        assert!(documented.contains(&format!("\n| `{code}` | {} |", finding["severity"].as_str().unwrap())), "{code}");
    }
    let errors: Vec<String> = report["deep"]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(run.code, Some(i32::from(!errors.is_empty())), "{run:#?}");
    assert_eq!((&report["accepted"], &report["deep"]["ok"]), (&errors.is_empty().into(), &errors.is_empty().into()));
    assert_eq!(report["state"], "sealed");
    errors
}

fn components(document: &mut Value) -> &mut Vec<Value> {
    document["sbom"]["components"].as_array_mut().unwrap()
}

#[test]
fn what_a_python_package_holds_is_what_its_bill_lists() {
    let folder = Folder::new();
    python_package(&folder);
    let report = folder.flavor(&["verify", "deep.psp", "--deep", "--json"]).succeeds().json();
    let deep = &report["deep"];
    let installed: Vec<&str> = deep["distributions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|found| found["vendored"] == false)
        .map(|found| found["name"].as_str().unwrap())
        .collect();
    assert_eq!(installed, ["click", "Deep_App", "setuptools"]);
    // setuptools 75.6.0 brings a wheel along; that is said, and no error.
    let codes: Vec<&Value> = deep["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| **code == "sbom.vendored"), "{codes:?}");
    let unpacked = |slot: &str| {
        let slot = deep["slots"].as_array().unwrap().iter().find(|found| found["id"] == slot).unwrap();
        slot["unpacked"].as_u64().unwrap()
    };
    folder.flavor(&["extract", "deep.psp", "app", "app.tar"]).succeeds();
    assert_eq!(unpacked("app"), u64::try_from(folder.bytes("app.tar").len()).unwrap());
    folder.flavor(&["verify", "deep.psp", "--deep"]).succeeds().says(&["looked into ", "4 components"]);

    attest_otherwise(&folder, "deep.psp", "unlisted.psp", |document| {
        components(document).retain(|found| found["name"] != "click");
    });
    assert_eq!(errors(&folder, "unlisted.psp"), ["sbom.unlisted", "provenance.key"]);
    let run = folder.flavor(&["verify", "unlisted.psp", "--deep"]);
    run.says(&["refused: ", "click 8.1.7 is installed, and not listed [sbom.unlisted]", "click-8.1.7.dist-info"]);

    attest_otherwise(&folder, "deep.psp", "version.psp", |document| {
        let click = components(document).iter_mut().find(|found| found["name"] == "click").unwrap();
        click["purl"] = "pkg:pypi/click@8.1.8".into();
    });
    assert_eq!(errors(&folder, "version.psp"), ["sbom.version", "provenance.key"]);

    attest_otherwise(&folder, "deep.psp", "missing.psp", |document| {
        components(document).push(serde_json::json!({"name": "rich", "purl": "pkg:pypi/rich@13.0"}));
        // The same version by PEP 440 is no mismatch.
        let click = components(document).iter_mut().find(|found| found["name"] == "click").unwrap();
        click["purl"] = "pkg:pypi/Click@8.1.7.0".into();
    });
    assert_eq!(errors(&folder, "missing.psp"), ["sbom.missing", "provenance.key"]);

    attest_otherwise(&folder, "deep.psp", "archive.psp", |document| {
        let click = components(document).iter_mut().find(|found| found["name"] == "click").unwrap();
        click["hashes"][0]["content"] = "0".repeat(64).into();
    });
    assert_eq!(errors(&folder, "archive.psp"), ["provenance.digest", "provenance.key"]);
}

#[test]
fn digests_that_the_attestation_states_are_computed_again() {
    let folder = Folder::new().with_package();
    assert_eq!(errors(&folder, "app.psp"), [""; 0]);
    // The key that an attestation names is the signer's.
    rewrite(&folder, "app.psp", "anew.psp", |_, stored| stored.to_vec());
    assert_eq!(errors(&folder, "anew.psp"), ["provenance.key"]);

    let zeros = "0".repeat(64);
    attest_otherwise(&folder, "app.psp", "launcher.psp", |document| {
        components(document)[0]["hashes"][0]["content"] = zeros.clone().into();
        document["provenance"]["launcher"]["hash"] = format!("sha256:{zeros}").into();
        document["statement"]["subject"][0]["digest"]["sha256"] = zeros.clone().into();
    });
    let wanted = ["sbom.digest", "provenance.digest", "provenance.digest", "provenance.key"];
    assert_eq!(errors(&folder, "launcher.psp"), wanted);

    attest_otherwise(&folder, "app.psp", "slots.psp", |document| {
        components(document).retain(|found| found["name"] != "tree");
        document["statement"]["subject"].as_array_mut().unwrap().retain(|subject| subject["name"] != "slot/script");
        document["statement"]["subject"][1]["name"] = "slot/other".into();
    });
    let wanted = ["sbom.unlisted", "provenance.subject", "provenance.subject", "provenance.subject", "provenance.key"];
    assert_eq!(errors(&folder, "slots.psp"), wanted);

    rewrite(&folder, "app.psp", "content.psp", |id, stored| {
        if id == "script" { b"#!/bin/sh\nexit 0\n".to_vec() } else { stored.to_vec() }
    });
    assert_eq!(errors(&folder, "content.psp")[..2], ["slot.decode", "sbom.digest"]);

    attest_otherwise(&folder, "app.psp", "text.psp", |document| *document = Value::Null);
    folder.flavor(&["verify", "text.psp", "--deep"]).succeeds().says(&["[sbom.absent]"]);
    rewrite(
        &folder,
        "app.psp",
        "junk.psp",
        |id, stored| {
            if id == "_attestation" { b"{".to_vec() } else { stored.to_vec() }
        },
    );
    assert_eq!(errors(&folder, "junk.psp"), ["attestation.json"]);
}

#[test]
fn a_slot_that_does_not_unpack_is_found_and_nothing_is_decoded_of_a_broken_package() {
    let folder = Folder::new().with_package();
    rewrite(&folder, "app.psp", "slot.psp", |id, stored| {
        let mut bytes = stored.to_vec();
        if id == "tree" {
            bytes.truncate(stored.len() / 2);
        }
        bytes
    });
    let run = folder.flavor(&["verify", "slot.psp", "--deep"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    run.says(&["slot 1: the slot cannot be decoded: ", "[slot.decode]"]);

    let mut damaged = folder.bytes("app.psp");
    damaged[100] ^= 1;
    folder.write("damaged.psp", damaged);
    let run = folder.flavor(&["verify", "damaged.psp", "--deep", "--json"]);
    assert_eq!((run.code, &run.json()["state"]), (Some(1), &"broken".into()));
    assert!(run.json().get("deep").is_none(), "{run:#?}");
}

#[test]
fn without_an_attestation_the_slots_are_decoded_all_the_same() {
    let folder = Folder::new().with_app();
    let pack = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "t", "--quiet"];
    folder.flavor(&[&pack[..], &["--no-attestation"]].concat()).succeeds();
    let run = folder.flavor(&["verify", "app.psp", "--deep"]).succeeds();
    run.says(&["[attestation.absent]", "looked into 2 slots", "no bill of materials"]);
}

#[test]
fn what_would_be_written_is_judged_for_single_files_as_for_archives() {
    let folder = Folder::new();
    folder.write("file", "x");
    folder.write(
        "a.json",
        r#"{"package": {"name": "a", "version": "1"}, "execution": {"command": "/bin/true"}, "slots": [
        {"id": "a", "source": "file", "target": "a/CON", "permissions": "0666"},
        {"id": "b", "source": "file", "target": "b"},
        {"id": "c", "source": "file", "target": "b"},
        {"id": "d", "source": "file", "target": "B"}]}"#,
    );
    folder.flavor(&["pack", "--manifest", "a.json", "--output", "a.psp", "--key-seed", "k"]).succeeds();
    let found = |package: &str| {
        let run = folder.flavor(&["verify", package, "--json"]);
        let report = run.json();
        let refused = report["verdict"]["word"] == "unsafe";
        assert_eq!(
            (run.code, report["contents"]["looked"] == "refused"),
            (Some(i32::from(refused)), refused),
            "{run:#?}"
        );
        let findings = report["findings"].as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let placed = findings.iter().filter(|finding| text(&finding["code"]).starts_with("placement."));
        let said: Vec<_> = placed
            .map(|found| {
                [text(&found["code"]), text(&found["part"]), text(&found["path"]), text(&found["severity"])].join(" ")
            })
            .collect();
        (said, report["ok"] == true)
    };
    let (said, ok) = found("a.psp");
    assert!(ok);
    assert_eq!(
        said,
        [
            "placement.world_writable slot 0 a/CON warning",
            "placement.not_portable slot 0 a/CON warning",
            "placement.replaces slot 2 b warning",
            "placement.same_name slot 3 B info",
        ]
    );
    for (target, code) in [(".pspf/complete", "reserved"), (&"n".repeat(256), "too_long"), ("b/below", "clash")] {
        rewrite_as(
            &folder,
            "a.psp",
            "b.psp",
            |_, stored| stored.to_vec(),
            |plan| plan.slots[3].target = target.to_owned(),
        );
        let (said, ok) = found("b.psp");
        assert!(!ok, "{target}");
        assert!(said[0].starts_with(&format!("placement.{code} slot 3 ")) && said[0].ends_with(" error"), "{said:?}");
        // Whoever takes the files out is told the same; slots in directories of their own do not meet.
        let run = folder.flavor(&["extract-all", "b.psp", "out", "--force"]);
        assert_eq!(run.code == Some(0), code == "clash", "{run:#?}");
    }
}
