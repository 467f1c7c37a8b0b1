use super::process::Folder;
use std::{fs, os::unix::fs::PermissionsExt as _};

fn mode(folder: &Folder, name: &str) -> u32 {
    fs::metadata(folder.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn keys_are_private_and_never_overwritten_by_accident() {
    let folder = Folder::new();
    folder.flavor(&["keygen"]).succeeds().says(&["fingerprint  "]);
    assert_eq!(mode(&folder, "keys/flavor-private.key"), 0o600);
    assert_eq!(mode(&folder, "keys/flavor-public.key"), 0o644);
    assert_eq!(mode(&folder, "keys"), 0o700);
    let before = folder.bytes("keys/flavor-private.key");
    folder.flavor(&["keygen"]).fails(1, &["flavor-private.key", "already", "--force"]);
    assert_eq!(folder.bytes("keys/flavor-private.key"), before);
    folder.flavor(&["keygen", "--force"]).succeeds();
    assert_ne!(folder.bytes("keys/flavor-private.key"), before);
    assert_eq!(mode(&folder, "keys/flavor-private.key"), 0o600);
    assert_eq!(folder.listing(), ["keys", "keys/flavor-private.key", "keys/flavor-public.key"]);
}

#[test]
fn one_existing_file_is_enough_to_stop() {
    let folder = Folder::new();
    folder.write("keys/flavor-public.key", "mine");
    folder.flavor(&["keygen"]).fails(1, &["flavor-public.key"]);
    assert_eq!(folder.listing(), ["keys", "keys/flavor-public.key"]);
}

#[test]
fn a_pair_signs_and_the_printed_fingerprint_verifies() {
    let folder = Folder::new().with_app();
    let keys = folder.flavor(&["keygen", "--json"]).succeeds().json();
    let fingerprint = keys["fingerprint"].as_str().unwrap();
    let pack = ["pack", "--manifest", "app/app.json", "--output", "out/", "--private-key", "keys/flavor-private.key"];
    folder.flavor(&[&pack[..], &["--public-key", "keys/flavor-public.key"]].concat()).succeeds();
    folder.flavor(&["verify", "out/app.psp", "--key", fingerprint]).succeeds().says(&["signed by the expected key"]);
    folder.flavor(&["verify", "out/app.psp", "--key", "keys/flavor-public.key"]).succeeds();
}

#[test]
fn an_out_dir_that_is_a_file_is_one_error() {
    let folder = Folder::new();
    folder.write("keys", "a file");
    let run = folder.flavor(&["keygen"]).fails(1, &["keys", "cannot"]);
    assert_eq!(run.errors(), 1, "{run:#?}");
}

#[test]
fn a_key_is_not_lost_where_its_half_cannot_be_written() {
    let folder = Folder::new();
    folder.flavor(&["keygen"]).succeeds();
    let key = folder.bytes("keys/flavor-private.key");
    fs::remove_file(folder.path("keys/flavor-public.key")).unwrap();
    fs::create_dir(folder.path("keys/flavor-public.key")).unwrap();
    folder.flavor(&["keygen", "--force"]).fails(1, &["flavor-public.key", "a directory"]);
    assert_eq!(folder.bytes("keys/flavor-private.key"), key);
    fs::remove_dir(folder.path("keys/flavor-public.key")).unwrap();
    fs::rename(folder.path("keys/flavor-private.key"), folder.path("keys/flavor-public.key")).unwrap();
    fs::create_dir(folder.path("keys/flavor-private.key")).unwrap();
    folder.flavor(&["keygen", "--force"]).fails(1, &["flavor-private.key", "a directory"]);
    assert_eq!(folder.listing(), ["keys", "keys/flavor-private.key", "keys/flavor-public.key"]);
    assert_eq!(folder.bytes("keys/flavor-public.key"), key);
}
