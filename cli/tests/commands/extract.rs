use super::process::{Folder, Run};
use std::{fs, os::unix::fs::FileTypeExt as _, path::Path, process::Command};

#[test]
fn slots_come_out_by_number_and_by_id() {
    let folder = Folder::new().with_package();
    folder.flavor(&["extract", "app.psp", "0", "script"]).succeeds().says(&["slot 0 (script)"]);
    assert_eq!(folder.bytes("script"), folder.bytes("app/run.sh"));
    folder.flavor(&["extract", "app.psp", "tree", "tree.tar"]).succeeds();
    let listing = Run::of(Command::new("tar").arg("tf").arg(folder.path("tree.tar"))).succeeds();
    assert_eq!(listing.stdout, "empty/\nsub/\ndata.txt\nsub/deep.txt\n");
    folder.flavor(&["extract", "app.psp", "tree", "new/dir/tree.zst", "--raw"]).succeeds();
    assert_eq!(folder.bytes("new/dir/tree.zst")[..4], [0x28, 0xb5, 0x2f, 0xfd]);
    let document = folder.flavor(&["extract", "app.psp", "tree", "--unpack", "tree", "--json"]).succeeds().json();
    assert_eq!(document["id"], "tree");
    assert_eq!(folder.bytes("tree/sub/deep.txt"), folder.bytes("app/tree/sub/deep.txt"));
}

#[test]
fn outputs_are_not_replaced_without_force() {
    let folder = Folder::new().with_package();
    folder.write("script", "mine");
    folder.flavor(&["extract", "app.psp", "0", "script"]).fails(1, &["script", "already", "--force"]);
    assert_eq!(folder.bytes("script"), b"mine");
    folder.flavor(&["extract", "app.psp", "0", "script", "--force"]).succeeds();
    assert_eq!(folder.bytes("script"), folder.bytes("app/run.sh"));
    folder.flavor(&["extract", "app.psp", "0", "app"]).fails(2, &["app", "this is a directory"]);
    folder.write("tree/old", "old");
    folder.flavor(&["extract", "app.psp", "tree", "--unpack", "tree"]).fails(1, &["already"]);
    folder.flavor(&["extract", "app.psp", "tree", "--unpack", "tree", "--force"]).succeeds();
    assert!(!folder.path("tree/old").exists() && folder.path("tree/data.txt").exists());
}

#[test]
fn everything_comes_out_or_nothing() {
    let folder = Folder::new().with_package();
    folder.flavor(&["extract-all", "app.psp", "all"]).succeeds().says(&[
        "all/00_script",
        "all/01_tree",
        "all/metadata.json",
    ]);
    assert_eq!(folder.bytes("all/00_script/run.sh"), folder.bytes("app/run.sh"));
    assert!(folder.path("all/01_tree/empty").is_dir());
    let metadata: serde_json::Value = serde_json::from_slice(&folder.bytes("all/metadata.json")).unwrap();
    assert_eq!(metadata["package"]["name"], "app");
    folder.flavor(&["extract-all", "app.psp", "all"]).fails(1, &["all/01_tree", "--force"]);
    folder.write("all/mine", "kept");
    folder.flavor(&["extract-all", "app.psp", "all", "--force"]).succeeds();
    assert_eq!(folder.bytes("all/mine"), b"kept");
    assert!(!folder.listing().iter().any(|name| name.contains(".flavor")), "{:?}", folder.listing());
}

#[test]
fn nothing_is_written_of_a_package_that_does_not_verify() {
    let folder = Folder::new().with_package();
    let mut damaged = folder.bytes("app.psp");
    damaged[1000] ^= 1;
    fs::write(folder.path("app.psp"), damaged).unwrap();
    let before = folder.listing();
    for words in [
        &["extract", "app.psp", "tree", "out"][..],
        &["extract", "app.psp", "0", "out", "--force"],
        &["extract", "app.psp", "tree", "--unpack", "out"],
        &["extract-all", "app.psp", "out"],
        &["extract-all", "app.psp", "out", "--force"],
    ] {
        let run = folder.flavor(words).fails(1, &["launcher", "SHA-256", "it is not used"]);
        assert_eq!(run.errors(), 1, "{run:#?}");
        assert_eq!(folder.listing(), before);
    }
}

#[test]
fn a_slot_that_is_not_there_is_named_with_those_that_are() {
    let folder = Folder::new().with_package();
    for slot in ["3", "-1", "nope", "18446744073709551616"] {
        folder.flavor(&["extract", "app.psp", slot, "out"]).fails(1, &[slot, "0 to 2", "script, tree, _attestation"]);
    }
    folder.flavor(&["extract", "app.psp", "0"]).fails(2, &["OUT"]);
    assert!(!folder.listing().iter().any(|name| name.contains("out")), "{:?}", folder.listing());
}

#[test]
fn only_files_and_directories_are_replaced() {
    let folder = Folder::new().with_package();
    let fifo = |name: &str| {
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path(name), rustix::fs::Mode::RWXU).unwrap();
        folder.path(name)
    };
    let is_fifo = |path: &Path| fs::metadata(path).unwrap().file_type().is_fifo();
    // As /dev/null is, which root could replace.
    let out = fifo("out");
    folder.flavor(&["extract", "app.psp", "0", "out", "--force"]).fails(1, &["out: error", "not a regular file"]);
    folder.flavor(&["extract", "app.psp", "0", "--unpack", "out", "-f"]).fails(1, &["out: error", "not a directory"]);
    folder.flavor(&["pack", "--manifest", "app/app.json", "--output", "out"]).fails(1, &["out: error", "regular file"]);
    let pack = ["pack", "--manifest", "app/app.json", "--report", "out"];
    folder.flavor(&pack).fails(1, &["out: error", "not a regular file"]);
    fs::create_dir(folder.path("keys")).unwrap();
    let key = fifo("keys/flavor-private.key");
    folder.flavor(&["keygen", "--force"]).fails(1, &["flavor-private.key", "not a regular file"]);
    assert!(is_fifo(&out) && is_fifo(&key) && !folder.path("app/dist").exists());

    fs::create_dir_all(folder.path("all/metadata.json")).unwrap();
    folder.write("mine/file", "mine");
    std::os::unix::fs::symlink("../mine", folder.path("all/01_tree")).unwrap();
    let run = folder.flavor(&["extract-all", "app.psp", "all", "--force"]);
    let run = run.fails(1, &["all/01_tree: error: this exists and is not a directory", "all/metadata.json: error"]);
    assert_eq!(run.errors(), 2, "{run:#?}");
    let kept: Vec<String> = folder.listing().into_iter().filter(|name| name.starts_with("all/")).collect();
    assert_eq!(kept, ["all/01_tree", "all/metadata.json"]);
    assert_eq!(folder.bytes("mine/file"), b"mine");
}
