//! `flavor diff`.

use super::{
    process::{Folder, Run},
    signed_anew::rewrite,
};
use serde_json::Value;
use std::fs;

fn pack(folder: &Folder, output: &str, more: &[&str]) {
    let words = ["pack", "--manifest", "app/app.json", "--quiet", "--output", output];
    folder.flavor(&[&words[..], more].concat()).succeeds();
}

fn compared(folder: &Folder, before: &str, after: &str) -> (Run, Value) {
    let run = folder.flavor(&["diff", before, after, "--json"]);
    let document = run.json();
    assert_eq!(run.code, Some(i32::from(document["identical"] != true)), "{run:#?}");
    (run, document)
}

fn changes(list: &Value, name: &str) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("{list}"));
    list.iter().map(|one| format!("{} {}", one["change"].as_str().unwrap(), one[name].as_str().unwrap())).collect()
}

#[test]
fn equal_packages_are_equal() {
    let folder = Folder::new().with_app();
    pack(&folder, "a.psp", &["--key-seed", "t"]);
    pack(&folder, "b.psp", &["--key-seed", "t"]);
    let (_, document) = compared(&folder, "a.psp", "b.psp");
    let nothing = serde_json::json!([]);
    assert_eq!((&document["metadata"], &document["slots"]), (&nothing, &nothing));
    assert_eq!((&document["signer"]["changed"], &document["verdict"]["changed"]), (&false.into(), &false.into()));
    folder.flavor(&["diff", "a.psp", "b.psp"]).succeeds().says(&["a.psp and b.psp are the same", "verdict  sealed"]);
}

#[test]
fn files_slots_metadata_and_signer_are_named() {
    let folder = Folder::new().with_app();
    pack(&folder, "a.psp", &["--key-seed", "t"]);
    let manifest = fs::read_to_string(folder.path("app/app.json")).unwrap();
    let more = r#"{"id": "more", "source": "run.sh"}, {"id": "tree""#;
    let manifest = manifest.replace("\"1.0\"", "\"1.1\"").replace(r#"{"id": "tree""#, more);
    folder.write("app/app.json", manifest);
    folder.write("app/tree/data.txt", "other data\n");
    folder.write("app/tree/new.txt", "x");
    fs::remove_file(folder.path("app/tree/sub/deep.txt")).unwrap();
    pack(&folder, "b.psp", &["--key-seed", "u", "--no-attestation"]);

    let (_, document) = compared(&folder, "a.psp", "b.psp");
    assert_eq!(changes(&document["slots"], "id"), ["removed _attestation", "added more", "changed tree"]);
    let tree = &document["slots"][2];
    assert_eq!(changes(&tree["files"], "path"), ["changed data.txt", "added new.txt", "removed sub/deep.txt"]);
    assert_eq!((&tree["files"][0]["before"]["size"], &tree["files"][0]["after"]["size"]), (&10.into(), &11.into()));
    let added = &document["slots"][1];
    assert_eq!((&added["files"], &added["before"]), (&Value::Null, &Value::Null));
    assert!(added["reason"].as_str().unwrap().starts_with("slot.not_archive: "), "{added}");
    let version = document["metadata"].as_array().unwrap().iter().find(|one| one["path"] == "package.version").unwrap();
    assert_eq!((&version["before"], &version["after"]), (&"1.0".into(), &"1.1".into()));
    assert_eq!(document["signer"]["changed"], true);

    let run = folder.flavor(&["diff", "a.psp", "b.psp"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""), "{run:#?}");
    let words = ["~ package.version: \"1.0\" -> \"1.1\"", "+ new.txt: 1 B, 0644", "- sub/deep.txt: 100.0 kB, 0644"];
    run.says(&words).says(&["a.psp and b.psp differ", "~ data.txt: 10 B, 0644 -> 11 B, 0644", "+ more: "]);
}

#[test]
fn another_signature_alone_is_a_difference() {
    let folder = Folder::new().with_app();
    pack(&folder, "a.psp", &["--key-seed", "t", "--no-attestation"]);
    rewrite(&folder, "a.psp", "b.psp", |_, stored| stored.to_vec());
    let (_, document) = compared(&folder, "a.psp", "b.psp");
    assert_eq!((&document["slots"], &document["signer"]["changed"]), (&serde_json::json!([]), &true.into()));
    let paths: Vec<_> = document["metadata"].as_array().unwrap().iter().map(|one| &one["path"]).collect();
    assert_eq!(paths.len(), 1, "{paths:?}");
}

#[test]
fn a_broken_package_is_compared_as_far_as_it_proves_itself() {
    let folder = Folder::new().with_package();
    let report = folder.flavor(&["verify", "app.psp", "--json"]).succeeds().json();
    let slot = usize::try_from(report["slots"][1]["range"]["start"].as_u64().unwrap()).unwrap();
    let mut damaged = folder.bytes("app.psp");
    damaged[slot + 20] ^= 1;
    folder.write("damaged.psp", damaged);
    let (_, document) = compared(&folder, "app.psp", "damaged.psp");
    let states = (&document["verdict"]["before"]["state"], &document["verdict"]["after"]["state"]);
    assert_eq!(states, (&"sealed".into(), &"broken".into()));
    assert_eq!(changes(&document["slots"], "id"), ["changed tree"]);
    assert!(document["slots"][0]["reason"].as_str().unwrap().starts_with("package.unverified: damaged.psp"));
    folder.flavor(&["diff", "app.psp", "damaged.psp"]).says(&["verdict  sealed", "-> broken", "does not verify"]);

    folder.write("junk", "x".repeat(20_000));
    let (_, document) = compared(&folder, "app.psp", "junk");
    assert_eq!(changes(&document["slots"], "id"), ["removed _attestation", "removed script", "removed tree"]);
    folder.flavor(&["diff", "app.psp", "missing"]).fails(2, &["missing", "No such file"]);
    folder.flavor(&["diff", "app.psp"]).fails(2, &["Usage:"]);
}
