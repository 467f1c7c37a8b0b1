//! `flavor` as a process: on the conformance kit, on every kind of flipped bit, and beside the published implementation.

use pspf_tests::{
    entrypoint, kit, own,
    peer::{Language, Peer},
    published_builders::{Builder, succeeded, text},
};
use serde_json::{Value, json};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn the_kit_passes_through_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let entry: Vec<OsString> = vec![own::program("flavor").into()];
    let mut failed = Vec::new();
    let cases = kit::read(&kit::vectors().join("cases")).unwrap();
    for case in cases.values() {
        let package = entrypoint::unpack(case, folder.path()).unwrap();
        match entrypoint::run(&entry, case, &package).unwrap() {
            entrypoint::Result::Pass => {}
            other => failed.push(format!("{}: {other:?}", case.name)),
        }
        fs::remove_file(package).unwrap();
    }
    assert!(cases.len() >= 150 && failed.is_empty(), "{} cases\n{}", cases.len(), failed.join("\n"));
}

/// A small package of ours: a script, a compressed text, a directory.
fn pack(folder: &Path, launcher: &Path, compat: bool) -> PathBuf {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("sub")).unwrap();
    fs::write(tree.join("sub/a.txt"), text()).unwrap();
    fs::write(
        folder.join("run.sh"),
        "#!/bin/sh\necho \"ran: $*\"\ncat \"$FLAVOR_WORKENV/note\" \"$FLAVOR_WORKENV/sub/a.txt\" | wc -c\nexit 7\n",
    )
    .unwrap();
    fs::write(folder.join("note"), text()).unwrap();
    let manifest = json!({
        "package": {"name": "interop", "version": "1.0.0"},
        "execution": {"command": "{workenv}/run.sh"},
        "slots": [
            {"id": "runner", "source": "run.sh", "target": "run.sh", "operations": "none", "permissions": "0755"},
            {"id": "note", "source": "note", "target": "note"},
            {"id": "tree", "source": "tree", "target": "tree"},
        ],
    });
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    let package = folder.join("ours.psp");
    let mut command = own::flavor(folder);
    command.args(["pack", "--quiet", "--manifest", "manifest.json", "--key-seed", "interop", "--output", "ours.psp"]);
    command.arg("--launcher-bin").arg(launcher).args(compat.then_some("--compat"));
    succeeded(&command.output().unwrap()).unwrap();
    package
}

fn reports(folder: &Path, packages: &[PathBuf]) -> Vec<Value> {
    let output = own::flavor(folder).args(["verify", "--json", "--coverage"]).args(packages).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_flipped_bit_is_found_and_its_region_named() {
    const BATCH: usize = 64;
    let folder = tempfile::tempdir().unwrap();
    // A short stand-in that passes for a launcher: the real one would only be more bytes to hash, and is never started here.
    let launcher = folder.path().join("launcher");
    let header = fs::read(own::launcher()).unwrap()[..64].to_vec();
    fs::write(&launcher, [header.as_slice(), b"FLAVOR_LAUNCHER_CLI", &vec![0x5a; 20_000]].concat()).unwrap();
    let package = pack(folder.path(), &launcher, false);
    let bytes = fs::read(&package).unwrap();
    let clean = reports(folder.path(), &[package]).remove(0);
    assert_eq!((clean["state"].as_str(), clean["ok"].as_bool()), (Some("sealed"), Some(true)));
    let mut flips = Vec::new();
    for part in clean["coverage"].as_array().unwrap() {
        let region = part["part"].as_str().unwrap().to_owned();
        let range = &part["range"];
        let (start, end) = (range["start"].as_u64().unwrap(), range["end"].as_u64().unwrap());
        let step = if region.starts_with("slot ") && region != "slot table" || region == "launcher" { 97 } else { 1 };
        flips.extend((start..end).step_by(step).map(|at| (usize::try_from(at).unwrap(), region.clone())));
    }
    println!("{} bytes, {} flips", bytes.len(), flips.len());
    let names: Vec<PathBuf> = (0..BATCH).map(|number| folder.path().join(format!("flip-{number}.psp"))).collect();
    let mut damaged = bytes.clone();
    for batch in flips.chunks(BATCH) {
        for ((at, _), name) in batch.iter().zip(&names) {
            damaged[*at] ^= 1;
            fs::write(name, &damaged).unwrap();
            damaged[*at] ^= 1;
        }
        let reports = reports(folder.path(), &names[..batch.len()]);
        assert_eq!(reports.len(), batch.len());
        for ((at, region), report) in batch.iter().zip(reports) {
            let findings = report["findings"].as_array().unwrap();
            let word = if region == "slot table" { "slot" } else { region.as_str() };
            let named = findings
                .iter()
                .any(|finding| finding["severity"] == "error" && finding["part"].as_str().unwrap().starts_with(word));
            assert!(
                report["state"] == "broken" && report["ok"] == false && named,
                "byte {at} in {region}: {findings:#?}"
            );
        }
    }
}

#[test]
fn packages_of_the_published_builders_verify_inspect_extract_and_run() {
    let Some(peer) = Peer::for_test() else { return };
    println!("{:<16} {:<8} {:<10} {:<10} {:<10}", "builder", "verify", "inspect", "extract", "our launcher");
    for builder in Builder::ALL {
        let folder = tempfile::tempdir().unwrap();
        let package = builder.build(&peer, &own::launcher(), folder.path()).unwrap();
        let verified = own::flavor(folder.path()).arg("verify").arg(&package).output().unwrap();
        // The Go builder signs no digest of the launcher, the Python builder a part of that of the attestation.
        let expected = if builder == Builder::Rust { 0 } else { 4 };
        assert_eq!(verified.status.code(), Some(expected), "{}", String::from_utf8_lossy(&verified.stdout));
        let intact = own::flavor(folder.path()).args(["verify", "--require", "intact"]).arg(&package).output().unwrap();
        succeeded(&intact).unwrap();
        let inspected = own::flavor(folder.path()).args(["inspect", "--json"]).arg(&package).output().unwrap();
        succeeded(&inspected).unwrap();
        let facts: Value = serde_json::from_slice(&inspected.stdout).unwrap();
        assert!(facts.to_string().contains("interop"), "{facts}");
        let mut extracted = 0;
        for slot in builder.slots() {
            let out = folder.path().join(format!("{}.out", slot.id));
            let output =
                own::flavor(folder.path()).arg("extract").arg(&package).arg(slot.id).arg(&out).output().unwrap();
            succeeded(&output).unwrap();
            if let Some(content) = slot.content {
                assert!(fs::read(out).unwrap() == content, "{builder:?}: {}", slot.id);
            }
            extracted += 1;
        }
        for start in ["first", "next"] {
            let output = own::run(&package, folder.path(), &["a", "b c"]);
            let text = String::from_utf8_lossy(&output.stdout);
            let error = String::from_utf8_lossy(&output.stderr);
            assert_eq!(
                (output.status.code(), text.as_ref()),
                (Some(7), "ran: a b c\n"),
                "{builder:?}, {start} start: {error}"
            );
        }
        println!(
            "{:<16} {:<8} {:<10} {:<10} {:<10}",
            format!("{builder:?}"),
            "ok",
            "ok",
            format!("{extracted} slots"),
            "ran twice"
        );
    }
}

#[test]
fn compat_packages_verify_inspect_extract_and_run_with_the_published_implementation() {
    let Some(peer) = Peer::for_test() else { return };
    println!(
        "{:<14} {:<14} {:<14} {:<10} {:<10} {:<10}",
        "launcher", "flavor verify", "launcher verify", "inspect", "extract", "run"
    );
    let wanted = format!("ran: a b c\n{}\n", 2 * text().len());
    for (name, launcher, theirs) in [
        ("published Rust", peer.launcher(Language::Rust).unwrap(), true),
        ("published Go", peer.launcher(Language::Go).unwrap(), true),
        ("ours", own::launcher(), false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let package = pack(folder.path(), &launcher, true);
        succeeded(&own::flavor(folder.path()).args(["verify", "--require", "sealed"]).arg(&package).output().unwrap())
            .unwrap();
        succeeded(&peer.verify(&package, folder.path()).unwrap()).unwrap();
        if theirs {
            succeeded(&peer.verify_by_launcher(&package, folder.path()).unwrap()).unwrap();
        }
        let inspected =
            peer.command(&peer.flavor(), folder.path()).args(["inspect", "--json"]).arg(&package).output().unwrap();
        succeeded(&inspected).unwrap();
        assert!(String::from_utf8_lossy(&inspected.stdout).contains("interop"));
        let out = folder.path().join("note.out");
        let mut extract = peer.command(&peer.flavor(), folder.path());
        succeeded(&extract.arg("extract").arg(&package).arg("1").arg(&out).output().unwrap()).unwrap();
        assert!(fs::read(out).unwrap() == text());
        for start in ["first", "next"] {
            let output = if theirs {
                peer.command(&package, folder.path()).args(["a", "b c"]).output().unwrap()
            } else {
                own::run(&package, folder.path(), &["a", "b c"])
            };
            let error = String::from_utf8_lossy(&output.stderr);
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!(
                (output.status.code(), text.as_ref()),
                (Some(7), wanted.as_str()),
                "{name}, {start} start: {error}"
            );
        }
        println!(
            "{name:<14} {:<14} {:<14} {:<10} {:<10} {:<10}",
            "ok",
            if theirs { "ok" } else { "-" },
            "ok",
            "ok",
            "ran twice"
        );
    }
    // The default profile: `flavor verify` accepts what its launchers cannot run.
    let folder = tempfile::tempdir().unwrap();
    let package = pack(folder.path(), &own::launcher(), false);
    succeeded(&peer.verify(&package, folder.path()).unwrap()).unwrap();
}
