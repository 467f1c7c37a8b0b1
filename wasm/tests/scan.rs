//! Scans of packages that are well signed and hold what a registry does not want.
#![cfg(not(target_arch = "wasm32"))]

use pspf_nostd::{
    json::Json,
    offsets::position,
    tar::{END, EntryKind, header, padding},
    writer::{PackagePlan, SlotPlan},
};
use pspf_tests::base::{LAUNCHER, encode, key, write};
use pspf_wasm::{policy::Policy, scan::Scan, task::Task};
use serde_json::Value;

struct Member {
    path: &'static str,
    kind: EntryKind,
    mode: u32,
    content: Vec<u8>,
}

fn file(path: &'static str, mode: u32, content: &[u8]) -> Member {
    Member { path, kind: EntryKind::File, mode, content: content.to_vec() }
}

fn link(path: &'static str, target: &str) -> Member {
    Member { path, kind: EntryKind::Symlink { target: target.into() }, mode: 0o777, content: Vec::new() }
}

fn directory(path: &'static str, mode: u32) -> Member {
    Member { path, kind: EntryKind::Directory, mode, content: Vec::new() }
}

fn archive(members: &[Member]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for member in members {
        let size = member.content.len().try_into().expect("a length");
        bytes.extend(header(member.path.as_bytes(), &member.kind, size, member.mode, 0).expect("a header"));
        bytes.extend(&member.content);
        bytes.extend(vec![0; padding(size)]);
    }
    bytes.extend(END);
    bytes
}

fn slot(id: &str, operations: &str, lifecycle: &str, stored: &[u8]) -> (SlotPlan, Vec<u8>) {
    let plan = SlotPlan {
        id: id.to_owned(),
        source: id.to_owned(),
        target: id.to_owned(),
        operations: operations.to_owned(),
        purpose: "data".to_owned(),
        lifecycle: lifecycle.to_owned(),
        permissions: 0o644,
        extra: Vec::new(),
        encoded: encode(stored, stored.len()),
    };
    (plan, stored.to_vec())
}

fn package(slots: &[(SlotPlan, Vec<u8>)]) -> Vec<u8> {
    let object = |text: &str| Json::parse(text.as_bytes()).expect("JSON").entries().to_vec();
    let plan = PackagePlan {
        package: object(r#"{"name":"sample","version":"1"}"#),
        slots: slots.iter().map(|(plan, _)| plan.clone()).collect(),
        execution: Json::parse(br#"{"command":"{workenv}/run"}"#).expect("JSON"),
        build: Vec::new(),
        launcher_tool: "sample".to_owned(),
        launcher_version: "1".to_owned(),
        launcher: encode(LAUNCHER, LAUNCHER.len()),
        extra: Vec::new(),
    };
    let stored: Vec<&[u8]> = slots.iter().map(|(_, stored)| stored.as_slice()).collect();
    write(&plan.assemble(&key()).expect("a plan that can be written"), LAUNCHER, &stored)
}

fn scan(bytes: &[u8], policy: &str) -> Value {
    let size = bytes.len().try_into().expect("a length");
    let mut task = Box::new(Scan::new(size, Policy::parse(policy).expect("a policy")));
    while let Some(range) = task.wants() {
        // Small and uneven pieces: the verdict does not depend on them.
        let piece = &bytes[position(range.start)..position(range.end)];
        task.supply(&piece[..piece.len().min(1777)], &mut |_| ()).expect("a scan does not fail by what it scans");
    }
    serde_json::from_str(&task.finish().expect("a result")).expect("JSON")
}

fn rejecting(result: &Value) -> Vec<(String, String)> {
    let findings = result["findings"].as_array().expect("findings");
    let errors = findings.iter().filter(|finding| finding["severity"] == "error");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    errors.map(|finding| (text(&finding["code"]), text(&finding["path"]))).collect()
}

fn one_slot(members: &[Member], policy: &str) -> Vec<(String, String)> {
    let result = scan(&package(&[slot("app", "tar", "runtime", &archive(members))]), policy);
    let errors = rejecting(&result);
    assert_eq!(result["verdict"], if errors.is_empty() { "accept" } else { "reject" });
    errors
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(code, path)| ((*code).to_owned(), (*path).to_owned())).collect()
}

#[test]
fn modes() {
    let members = [
        directory("tmp", 0o1777),
        file("tmp/open", 0o666, b"x"),
        file("bin", 0o4755, b"x"),
        file("group", 0o2755, b"x"),
        file("fine", 0o755, b"x"),
    ];
    assert_eq!(one_slot(&members, r#"{"version":1}"#), pairs(&[("policy.setuid", "bin"), ("policy.setuid", "group")]));
    let strict = r#"{"version":1,"forbid":{"worldWritable":true,"setuid":false}}"#;
    assert_eq!(one_slot(&members, strict), pairs(&[("policy.world_writable", "tmp/open")]));
    let waved = r#"{"version":1,"severity":{"policy.setuid":"warning"}}"#;
    assert_eq!(one_slot(&members, waved), []);
}

#[test]
fn links_and_names() {
    let members = [
        directory("lib", 0o755),
        link("lib/in", "../other"),
        link("lib/out", "../../etc/passwd"),
        link("absolute", "/etc/passwd"),
        file("CON.txt", 0o644, b""),
    ];
    let expected =
        [("policy.symlink_out", "lib/out"), ("policy.symlink_out", "absolute"), ("policy.device_name", "CON.txt")];
    assert_eq!(one_slot(&members, r#"{"version":1}"#), pairs(&expected));
    let off = r#"{"version":1,"forbid":{"symlinksOut":false,"deviceNames":false}}"#;
    assert_eq!(one_slot(&members, off), []);
}

#[test]
fn limits_hold_over_all_slots_together() {
    let half = archive(&[file("a", 0o644, &[7; 5000]), file("b", 0o644, b"")]);
    let package = package(&[slot("one", "tar", "runtime", &half), slot("two", "tar", "runtime", &half)]);
    let codes = |policy: &str| rejecting(&scan(&package, policy)).into_iter().map(|(code, _)| code).collect::<Vec<_>>();
    assert!(codes(r#"{"version":1,"limits":{"entries":4}}"#).is_empty());
    assert_eq!(codes(r#"{"version":1,"limits":{"entries":3}}"#), ["tar.limit"]);
    assert_eq!(codes(r#"{"version":1,"limits":{"unpackedSize":10000}}"#), ["codec.limit.output"]);
}

#[test]
fn a_slot_that_is_not_what_its_operations_say() {
    let broken = package(&[slot("app", "tar.gz", "runtime", b"this is no gzip member")]);
    let result = scan(&broken, r#"{"version":1}"#);
    assert_eq!(result["verdict"], "reject");
    assert_eq!(rejecting(&result).len(), 1);
    assert!(rejecting(&result)[0].0.starts_with("codec."));
}

#[test]
fn bills_of_materials() {
    let document = br#"{"provenance":{},"sbom":{"bomFormat":"CycloneDX","components":[
        {"name":"a","version":"1","purl":"pkg:pypi/a@1","licenses":[{"expression":"(MIT OR GPL-3.0-only)"}]},
        {"name":"b","version":"2","purl":"pkg:pypi/b@2","licenses":[{"license":{"id":"AGPL-3.0-or-later"}}],
         "components":[{"name":"inner","version":"3","purl":"pkg:npm/inner@3"}]}]}}"#;
    let with = package(&[slot("_attestation", "none", "attestation", document)]);
    let codes = |bytes: &[u8], policy: &str| {
        rejecting(&scan(bytes, policy)).into_iter().map(|(code, _)| code).collect::<Vec<_>>()
    };
    assert!(codes(&with, r#"{"version":1,"sbom":{"required":true}}"#).is_empty());
    let deny = r#"{"version":1,"sbom":{"denyLicences":["GPL-*","AGPL-*"],"denyPurls":["pkg:npm/*"]}}"#;
    let mut denied = codes(&with, deny);
    denied.sort();
    assert_eq!(denied, ["policy.licence", "policy.licence", "policy.purl"]);
    let without = package(&[slot("app", "none", "runtime", b"x")]);
    assert_eq!(codes(&without, r#"{"version":1,"sbom":{"required":true}}"#), ["policy.sbom_missing"]);
    let empty = package(&[slot("_attestation", "none", "attestation", br#"{"provenance":{}}"#)]);
    assert_eq!(codes(&empty, r#"{"version":1,"sbom":{"required":true}}"#), ["policy.sbom_missing"]);
    let text = package(&[slot("_attestation", "none", "attestation", b"not JSON")]);
    assert_eq!(codes(&text, r#"{"version":1}"#), ["attestation.json"]);
}
