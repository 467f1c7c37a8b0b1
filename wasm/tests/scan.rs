//! Scans of packages that are well signed and hold what a registry does not want.
#![cfg(not(target_arch = "wasm32"))]

use pspf_nostd::{
    codec::gzip_stored,
    json::Json,
    metadata::Metadata,
    offsets::position,
    profile::Profile,
    tar::{END, EntryKind, header, padding},
    writer::{PackagePlan, SlotPlan, assemble},
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
    // The writer refuses some of the targets: they come into the metadata behind its back.
    let (mut plans, mut targets) = (Vec::new(), Vec::new());
    for (number, (plan, _)) in slots.iter().enumerate() {
        let target = format!("target-{number}");
        targets.push((format!("{target:?}"), serde_json::to_string(&plan.target).expect("JSON")));
        plans.push(SlotPlan { target, ..plan.clone() });
    }
    let plan = PackagePlan {
        package: object(r#"{"name":"sample","version":"1"}"#),
        slots: plans,
        execution: Json::parse(br#"{"command":"{workenv}/run"}"#).expect("JSON"),
        build: Vec::new(),
        launcher_tool: "sample".to_owned(),
        launcher_version: "1".to_owned(),
        launcher: encode(LAUNCHER, LAUNCHER.len()),
        extra: Vec::new(),
    };
    let stored: Vec<&[u8]> = slots.iter().map(|(_, stored)| stored.as_slice()).collect();
    let metadata = plan.metadata(&key()).expect("a plan that can be written");
    let mut text = String::from_utf8(metadata.raw().to_vec()).expect("JSON");
    for (placeholder, target) in targets {
        text = text.replace(&placeholder, &target);
    }
    let metadata = Metadata::parse(text.into_bytes()).expect("metadata");
    let blob = gzip_stored(metadata.raw());
    let facts: Vec<_> = slots.iter().map(|(plan, _)| plan.encoded).collect();
    let launcher = u64::try_from(LAUNCHER.len()).expect("a length");
    let assembly = assemble(Profile::Sealed, &metadata, blob, launcher, &facts, &key()).expect("a package");
    write(&assembly, LAUNCHER, &stored)
}

fn scan(bytes: &[u8], policy: &str) -> Value {
    let size = bytes.len().try_into().expect("a length");
    let mut task = Box::new(Scan::new(size, Policy::parse(policy).expect("a policy"), Vec::new()));
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

/// A slot that is not an archive.
fn raw(target: &str, permissions: u16) -> (SlotPlan, Vec<u8>) {
    let (plan, stored) = slot("raw", "none", "runtime", b"x");
    (SlotPlan { target: target.to_owned(), permissions, ..plan }, stored)
}

fn codes(slots: &[(SlotPlan, Vec<u8>)], policy: &str) -> Vec<String> {
    let mut slots = slots.to_vec();
    slots.iter_mut().zip(0..).for_each(|((plan, _), number)| plan.id = format!("slot-{number}"));
    let result = scan(&package(&slots), policy);
    let codes: Vec<String> = rejecting(&result).into_iter().map(|(code, _)| code).collect();
    assert_eq!(result["verdict"], if codes.is_empty() { "accept" } else { "reject" });
    codes
}

const ALL: &str = r#"{"version":1,"forbid":{"worldWritable":true,"sameNames":true}}"#;

#[test]
fn slots_that_are_no_archives_are_judged_as_entries_are() {
    for (target, permissions, code) in [
        ("bin/a", 0o6777, &["policy.setuid", "policy.world_writable"][..]),
        ("bin/a", 0o666, &["policy.world_writable"]),
        ("bin/a", 0o4755, &["policy.setuid"]),
        ("../../../evil.sh", 0o644, &["placement.path"]),
        ("{workenv}/../evil", 0o644, &["placement.path"]),
        ("/etc/evil", 0o644, &["placement.path"]),
        ("", 0o644, &["placement.path"]),
        ("a/CON:x", 0o644, &["policy.device_name"]),
        ("a/trailing.", 0o644, &["policy.device_name"]),
        (".pspf/complete", 0o644, &["placement.reserved"]),
        (".PSPF/complete", 0o644, &["placement.reserved"]),
        (&"n".repeat(256), 0o644, &["placement.too_long", "policy.device_name"]),
        ("{workenv}/bin/a", 0o755, &[]),
    ] {
        let mut found = codes(&[raw(target, permissions)], ALL);
        found.sort();
        assert_eq!(found, code, "{target} {permissions:o}");
    }
    let file_a = || slot("tree", "tar", "runtime", &archive(&[file("a", 0o644, b"")]));
    let directory_a = || slot("tree", "tar", "runtime", &archive(&[file("a/b", 0o644, b"")]));
    for (first, second, code) in [
        (raw("a", 0o644), raw("a", 0o644), "policy.replaced_file"),
        (raw("a", 0o644), raw("./a", 0o644), "policy.replaced_file"),
        (raw("a", 0o644), raw("A", 0o644), "policy.same_name"),
        (raw("caf\u{e9}", 0o644), raw("cafe\u{301}", 0o644), "policy.same_name"),
        (raw("a", 0o644), raw("a/b", 0o644), "placement.clash"),
        (raw("a", 0o644), directory_a(), "placement.clash"),
        (directory_a(), raw("a", 0o644), "placement.clash"),
        (file_a(), raw("a", 0o644), "policy.replaced_file"),
        (raw("a", 0o644), file_a(), "policy.replaced_file"),
    ] {
        let what = format!("{} {}", first.0.target, second.0.target);
        assert_eq!(codes(&[first, second], ALL), [code], "{what}");
    }
    let lenient = r#"{"version":1,"forbid":{"replacedFiles":false}}"#;
    assert!(codes(&[raw("a", 0o644), raw("a", 0o644), raw("A", 0o644)], lenient).is_empty());
    // What extraction refuses cannot be allowed.
    assert_eq!(codes(&[raw("a", 0o644), raw("a/b", 0o644)], lenient), ["placement.clash"]);
}

#[test]
fn nothing_is_accepted_that_is_not_ok_or_not_enough() {
    let good = package(&[raw("a", 0o644)]);
    let mut tampered = good.clone();
    tampered[0] ^= 1;
    let verdict = |bytes: &[u8], policy: &str| scan(bytes, policy)["verdict"].as_str().expect("a verdict").to_owned();
    assert_eq!(verdict(&good, r#"{"version":1,"trust":{"minimum":"sealed"}}"#), "accept");
    for policy in [
        r#"{"version":1}"#,
        r#"{"version":1,"trust":{"allowUnsigned":true}}"#,
        r#"{"version":1,"trust":{"minimum":"intact"}}"#,
        r#"{"version":1,"limits":{"packageSize":10},"trust":{"minimum":"sealed"}}"#,
    ] {
        assert_eq!(verdict(&tampered, policy), "reject", "{policy}");
    }
    assert_eq!(verdict(&good, r#"{"version":1,"limits":{"packageSize":10}}"#), "reject");
    for policy in [
        r#"{"version":1,"limits":{"packageSize":1000},"severity":{"policy.package_size":"warning"}}"#,
        r#"{"version":1,"severity":{"launcher.digest":"info"}}"#,
        r#"{"version":1,"severity":{"policy.state":"warning"}}"#,
        r#"{"version":1,"severity":{"signature.absent":"info"}}"#,
    ] {
        assert_eq!(Policy::parse(policy).expect_err("refused").code, "policy.invalid", "{policy}");
    }
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
    // What extraction refuses cannot be allowed.
    let refused = [("placement.link_out", "lib/out"), ("placement.link_out", "absolute")];
    assert_eq!(one_slot(&members, off), pairs(&refused));
}

#[test]
fn limits_hold_over_all_slots_together() {
    let half = |a, b| archive(&[file(a, 0o644, &[7; 5000]), file(b, 0o644, b"")]);
    let (one, two) = (half("a", "b"), half("c", "d"));
    let package = package(&[slot("one", "tar", "runtime", &one), slot("two", "tar", "runtime", &two)]);
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
