//! Packing without the network: from caches that are warm, and from folders with wheels.

use super::{
    index::{Index, digest, own, pack_own, says_and_digest, wheels},
    process::{Folder, Run},
};
use std::{fs, process::Command};

const WHEEL: &str = "zzprivpkg-1.0-py3-none-any.whl";

fn pack(folder: &Folder, words: &[&str]) -> Command {
    let mut command = folder.command();
    command.args(["pack", "--manifest", "own/pyproject.toml", "--output", "own.psp", "--quiet"]).args(words);
    for name in ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_OFFLINE"] {
        command.env_remove(name);
    }
    // Relative to where the caller is, who is not where uv is.
    command.env("UV_CACHE_DIR", "uv-cache").env("UV_HTTP_RETRIES", "0");
    command
}

#[test]
fn a_warm_cache_is_enough_where_nothing_may_be_downloaded() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = Folder::new();
    fs::create_dir(folder.path("served")).unwrap();
    wheels(&folder, &["private/zzprivpkg", WHEEL, "ours"]);
    let index = Index::start(&folder);
    own(&folder, &format!("index_url = '{}'", index.url("private")));
    // Nothing is in the cache yet.
    Run::of(&mut pack(&folder, &["--offline"])).fails(1, &["zzprivpkg", "--offline"]);
    Run::of(&mut pack(&folder, &[])).succeeds();
    assert!(folder.path("uv-cache").is_dir() && !folder.path("own/uv-cache").exists());
    let expected = ("ours\n".to_owned(), digest(&folder, &format!("served/private/zzprivpkg/{WHEEL}")));
    assert_eq!(says_and_digest(&folder), expected);
    drop(index);
    Run::of(&mut pack(&folder, &["--offline"])).succeeds();
    assert_eq!(says_and_digest(&folder), expected);
    Run::of(pack(&folder, &[]).env("UV_OFFLINE", "1")).succeeds();
    assert_eq!(says_and_digest(&folder), expected);
    // What has changed in the project since is packed, whatever uv has built before.
    let module = "import zzprivpkg\ndef main():\n    print('changed', zzprivpkg.WORD)\n";
    folder.write("own/own.py", module);
    Run::of(&mut pack(&folder, &["--offline"])).succeeds();
    assert_eq!(says_and_digest(&folder).0, "changed ours\n");
}

#[test]
fn a_folder_of_wheels_takes_the_place_of_an_index() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = Folder::new();
    fs::create_dir(folder.path("served")).unwrap();
    wheels(&folder, &["wheels", WHEEL, "vendored"]);
    fs::rename(folder.path("served/wheels"), folder.path("wheels")).unwrap();
    let expected = ("vendored\n".to_owned(), digest(&folder, &format!("wheels/{WHEEL}")));
    own(&folder, "find_links = ['../wheels']\nno_index = true");
    pack_own(&folder).succeeds();
    assert_eq!(says_and_digest(&folder), expected);
    own(&folder, "find_links = ['../wheels']\nno_index = true\nuse_pip = true");
    pack_own(&folder).succeeds();
    assert_eq!(says_and_digest(&folder), expected);
    own(&folder, "");
    Run::of(&mut pack(&folder, &["--find-links", "wheels", "--no-index", "--offline"])).succeeds();
    assert_eq!(says_and_digest(&folder), expected);
    for (name, value) in [("UV_FIND_LINKS", "wheels"), ("PIP_FIND_LINKS", "./wheels")] {
        Run::of(pack(&folder, &["--no-index"]).env(name, value)).succeeds();
        assert_eq!(says_and_digest(&folder), expected, "{name}");
    }
    // uv's own setting, from outside of the folder that is copied.
    let manifest = fs::read_to_string(folder.path("own/pyproject.toml")).unwrap();
    folder.write("own/pyproject.toml", manifest + "[tool.uv]\nfind-links = ['../wheels']\nno-index = true\n");
    Run::of(&mut pack(&folder, &[])).succeeds();
    assert_eq!(says_and_digest(&folder), expected);
    own(&folder, "find_links = ['nowhere']");
    folder.flavor(&["check", "--manifest", "own/pyproject.toml"]).fails(1, &["find_links[0]", "there is no folder"]);
    own(&folder, "no_index = true");
    Run::of(&mut pack(&folder, &[])).fails(1, &["zzprivpkg"]);
}
