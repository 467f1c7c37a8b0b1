use super::process::{Folder, Run};
use base64ct::{Base64, Encoding as _};
use pspf_nostd::{codec::gunzip_one, key::PublicKey};
use std::{
    fs,
    io::{Read as _, Write as _},
    process::Stdio,
};

#[test]
fn a_package_of_an_unknown_key_is_sealed_but_not_trusted() {
    let folder = Folder::new().with_package();
    let run = folder.flavor(&["verify", "app.psp"]).succeeds();
    let first = run.stdout.lines().next().unwrap();
    assert!(first.starts_with("app.psp: sealed, signed by unknown key "), "{first}");
    folder.flavor(&["verify", "app.psp", "--require", "sealed"]).succeeds();
    let run = folder.flavor(&["verify", "app.psp", "--require-trusted"]);
    assert_eq!(run.code, Some(1));
    run.says(&["refused: required to be signed by a trusted key"]);
}

#[test]
fn a_key_pins_the_signer() {
    let folder = Folder::new().with_package();
    folder.flavor(&["keygen"]).succeeds();
    let run = folder.flavor(&["verify", "app.psp", "--key", "keys/flavor-public.key"]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    folder.flavor(&["verify", "app.psp", "--key", "0123abcd"]).fails(2, &["--key", "64 hex digits"]);
    folder.flavor(&["verify", "app.psp", "--key", "nowhere.key"]).fails(2, &["nowhere.key"]);
    folder.flavor(&["verify", "app.psp", "--key", "keys/flavor-private.key"]).fails(1, &["found a private key"]);
}

#[test]
fn the_trust_store_is_read() {
    let folder = Folder::new().with_app();
    folder.flavor(&["keygen"]).succeeds();
    let pack =
        ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--private-key", "keys/flavor-private.key"];
    folder.flavor(&pack).succeeds();
    let store = folder.path(".config/flavor/trusted-keys");
    fs::create_dir_all(&store).unwrap();
    fs::copy(folder.path("keys/flavor-public.key"), store.join("me.pub")).unwrap();
    folder.write(".config/flavor/trusted-keys/junk.pub", "not a key");
    let run = folder.flavor(&["verify", "app.psp", "--require-trusted"]).succeeds().says(&["signed by trusted key"]);
    assert!(run.stderr.contains("junk.pub: warning:"), "{run:#?}");
}

#[test]
fn json_is_one_document_per_file_and_errors_are_json_too() {
    let folder = Folder::new().with_package();
    folder.write("junk", "x".repeat(20_000));
    let run = folder.flavor(&["verify", "--json", "app.psp", "junk", "missing"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(2), ""), "{run:#?}");
    let documents: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(documents.len(), 3);
    assert_eq!((&documents[0]["state"], &documents[0]["accepted"]), (&"sealed".into(), &true.into()));
    assert_eq!(
        documents[0]["coverage"].as_array().unwrap().iter().filter(|part| part["class"] != "authenticated").count(),
        0
    );
    assert_eq!((&documents[1]["state"], &documents[1]["accepted"]), (&"broken".into(), &false.into()));
    assert_eq!(documents[2]["errors"][0]["code"], "file.open");
}

#[test]
fn what_is_broken_is_named() {
    let folder = Folder::new().with_package();
    let package = folder.bytes("app.psp");
    let report = folder.flavor(&["verify", "--json", "app.psp"]).json();
    let place = |part: &str| {
        let parts = report["coverage"].as_array().unwrap();
        let found = parts.iter().find(|found| found["part"] == part).unwrap();
        usize::try_from(found["range"]["start"].as_u64().unwrap()).unwrap()
    };
    for (part, named) in [
        ("launcher", "launcher"),
        ("slot 0", "slot `script`"),
        ("slot 1", "slot `tree`"),
        ("slot table", "slot 0 descriptor.id"),
        ("metadata", "metadata"),
        ("index", "index"),
    ] {
        let mut damaged = package.clone();
        damaged[place(part)] ^= 1;
        folder.write("damaged.psp", &damaged);
        let run = folder.flavor(&["verify", "damaged.psp"]);
        assert_eq!(run.code, Some(1));
        run.says(&["damaged.psp: broken", "error: ", named]);
    }
}

#[test]
fn junk_truncation_and_directories_are_told_apart() {
    let folder = Folder::new().with_package();
    let package = folder.bytes("app.psp");
    folder.write("empty", "");
    folder.write("small", "x".repeat(5_000));
    folder.write("junk", "x".repeat(50_000));
    folder.write("cut", &package[..package.len() - 100]);
    folder.write("longer", [&package[..], b"x"].concat());
    for (name, words) in [
        ("empty", "has 0 bytes"),
        ("small", "has 5000 bytes"),
        ("junk", "not a PSPF/2025 package"),
        ("cut", "100 bytes shorter"),
        ("longer", "1 bytes before the end"),
    ] {
        let run = folder.flavor(&["verify", name]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""), "{run:#?}");
        run.says(&[words]);
    }
    folder.flavor(&["verify", "app"]).fails(2, &["regular file", "a directory"]);
}

#[test]
fn a_closed_pipe_changes_neither_the_verdict_nor_the_peace() {
    let folder = Folder::new().with_package();
    for words in
        [&["verify", "--coverage", "app.psp"][..], &["inspect", "--json", "app.psp"], &["--help"], &["pack", "--help"]]
    {
        let mut child = folder.command().args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{words:?}");
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = Run::of(folder.command().args(["verify", "app.psp"]).stdout(full));
    run.fails(1, &["standard output", "No space left"]);
}

#[test]
fn inspect_reads_only_the_head_and_says_so() {
    let folder = Folder::new().with_package();
    folder.flavor(&["inspect", "app.psp"]).succeeds().says(&[
        "app 1.0",
        "{workenv}/run.sh",
        "tar.zst",
        "key unknown",
        "Only the head was read",
    ]);
    let document = folder.flavor(&["inspect", "--json", "app.psp"]).succeeds().json();
    assert_eq!(document["content_verified"], false);
    assert_eq!(document["slots"][0]["id"], "script");
    assert_eq!(document["metadata"]["execution"]["env"]["A"], "2");
    // A damaged slot is not seen here: that is what the command says.
    let mut damaged = folder.bytes("app.psp");
    damaged[100] ^= 1;
    folder.write("damaged.psp", damaged);
    folder.flavor(&["inspect", "damaged.psp"]).succeeds();
    folder.write("junk", "x".repeat(20_000));
    let run = folder.flavor(&["inspect", "--json", "junk"]);
    assert_eq!((run.code, &run.json()["ok"]), (Some(1), &false.into()));
}

#[test]
fn terminal_codes_in_a_package_are_not_sent_to_the_terminal() {
    let folder = Folder::new().with_app();
    let mut manifest = fs::File::create(folder.path("app/app.json")).unwrap();
    let text = r#"{"package":{"name":"a","version":"1\u001b[2J"},"execution":{"command":"\u202ex"}}"#;
    manifest.write_all(text.as_bytes()).unwrap();
    folder.flavor(&["pack", "--manifest", "app/app.json", "--output", "a.psp", "--key-seed", "x"]).succeeds();
    for command in ["inspect", "verify"] {
        let run = folder.flavor(&[command, "a.psp"]).succeeds();
        assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}'), "{run:?}");
    }
}

/// A package of the Go builder with a launcher of somebody else's.
pub(crate) fn only_intact() -> Vec<u8> {
    let rows: serde_json::Value = serde_json::from_slice(
        &fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/format/golden-packages.json")).unwrap(),
    )
    .unwrap();
    let row =
        rows.as_array().unwrap().iter().find(|row| row["builder"].as_str().unwrap().starts_with("flavor-go")).unwrap();
    let member = Base64::decode_vec(row["package_gzip_base64"].as_str().unwrap()).unwrap();
    let mut package = gunzip_one(&member, 1 << 20).unwrap().data;
    package[..20].copy_from_slice(b"#!/bin/sh\nid #      ");
    package
}

/// The Go builder signs nothing of the launcher: anybody's program can be there, and the rest verifies.
#[test]
fn a_package_that_is_only_intact_has_an_exit_code_of_its_own() {
    let folder = Folder::new().with_package();
    folder.write("foreign.psp", only_intact());
    let run = folder.flavor(&["verify", "foreign.psp"]).fails(4, &[]);
    run.says(&["intact, signed by unknown key", "refused: it is only intact", "the launcher", "--require intact"]);
    let report = folder.flavor(&["verify", "foreign.psp", "--json"]).fails(4, &[]).json();
    assert_eq!(
        (&report["ok"], &report["accepted"], &report["state"]),
        (&false.into(), &false.into(), &"intact".into())
    );
    let signer = report["signer"]["fingerprint"].as_str().unwrap();
    folder.flavor(&["verify", "foreign.psp", "--key", signer]).fails(4, &[]);
    folder.flavor(&["verify", "foreign.psp", "--require", "bound"]).fails(1, &[]);
    folder.flavor(&["verify", "foreign.psp", "--require-trusted"]).fails(1, &[]);
    folder.flavor(&["verify", "foreign.psp", "--require", "intact", "--key", signer]).succeeds();
    let accepted = folder.flavor(&["verify", "foreign.psp", "--require", "intact", "--json"]).succeeds().json();
    assert_eq!((&accepted["ok"], &accepted["accepted"]), (&false.into(), &true.into()));
    // Of several packages the worst counts.
    folder.flavor(&["verify", "foreign.psp", "app.psp"]).fails(4, &[]);
    folder.write("junk", "x".repeat(20_000));
    folder.flavor(&["verify", "foreign.psp", "junk"]).fails(1, &[]);
    folder.flavor(&["verify", "junk", "foreign.psp", "app.psp"]).fails(1, &[]);
    // Trust in the key says nothing of what the key did not sign.
    folder.write("key.pub", PublicKey(hex(report["signer"]["public_key"].as_str().unwrap())).to_pem());
    folder.flavor(&["trust", "add", "key.pub"]).succeeds();
    folder.flavor(&["trust", "verify", "foreign.psp"]).fails(4, &[]).says(&["signed by trusted key", "the launcher"]);
    assert_eq!(folder.flavor(&["trust", "verify", "foreign.psp", "--json"]).fails(4, &[]).json()["ok"], false);
    folder.flavor(&["policy", "check", "foreign.psp"]).succeeds().says(&["would be run here", "the launcher"]);
    // Who asks for no more than that may still look at it.
    folder.flavor(&["extract-all", "foreign.psp", "out"]).succeeds();
}

fn hex(digits: &str) -> [u8; 32] {
    let byte = |at: usize| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap();
    std::array::from_fn(byte)
}
