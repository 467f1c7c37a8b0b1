use super::process::Folder;
use pspf_nostd::{
    index::{self, IndexBlock},
    key::SigningKey,
};
use std::fs;

const STORE: &str = ".config/flavor/trusted-keys";

fn with_key(seed: &str) -> (Folder, String) {
    let folder = Folder::new().with_package();
    let key = SigningKey::from_seed_text(seed).unwrap().public_key();
    folder.write("key.pub", key.to_pem());
    (folder, key.fingerprint().to_string())
}

#[test]
fn a_key_is_added_listed_used_and_removed() {
    let (folder, fingerprint) = with_key("test");
    folder.flavor(&["trust", "list"]).succeeds().says(&["no key is trusted"]);
    folder.flavor(&["trust", "verify", "app.psp"]).fails(1, &[]).says(&["not trusted", &fingerprint]);
    folder.flavor(&["verify", "app.psp", "--require-trusted"]).fails(1, &[]);

    let add = ["trust", "add", "key.pub", "--name", "Build farm", "--expires", "2999-12-31"];
    folder.flavor(&add).succeeds().says(&[&fingerprint]);
    let file = format!("{STORE}/{}.pub", &fingerprint[..16]);
    let text = String::from_utf8(folder.bytes(&file)).unwrap();
    assert!(text.starts_with("# Name: Build farm\n# Expires: 2999-12-31\n-----BEGIN PUBLIC KEY-----"), "{text}");
    folder.flavor(&["trust", "list"]).succeeds().says(&[&fingerprint, "trusted", "user", "Build farm", "2999-12-31"]);
    let listed = folder.flavor(&["trust", "list", "--json"]).succeeds().json();
    assert_eq!((&listed["keys"][0]["state"], &listed["keys"][0]["name"]), (&"trusted".into(), &"Build farm".into()));
    folder.flavor(&["trust", "verify", "app.psp"]).succeeds().says(&["trusted key Build farm"]);
    folder.flavor(&["verify", "app.psp", "--require-trusted"]).succeeds();

    // Again: the new name and no date.
    folder.flavor(&["trust", "add", "key.pub"]).succeeds();
    let listed = folder.flavor(&["trust", "list", "--json"]).succeeds().json();
    assert_eq!(listed["keys"].as_array().unwrap().len(), 1);
    assert_eq!(listed["keys"][0].get("expires"), None);

    folder.flavor(&["trust", "remove", &fingerprint[..7]]).fails(2, &["8 to 64"]);
    folder.flavor(&["trust", "remove", "0123456789"]).fails(1, &["no key of the user store", "trust list"]);
    folder.flavor(&["trust", "remove", &fingerprint[..16]]).succeeds().says(&[&file]);
    assert!(!folder.path(&file).exists());
    folder.flavor(&["trust", "verify", "app.psp"]).fails(1, &[]);
}

#[test]
fn only_public_keys_and_dates_are_taken() {
    let (folder, _) = with_key("test");
    folder.write("private.key", SigningKey::from_seed_text("test").unwrap().to_pem().as_bytes());
    folder.write("junk.pub", "junk");
    for file in ["private.key", "junk.pub"] {
        assert_eq!(folder.flavor(&["trust", "add", file]).fails(1, &[file]).errors(), 1);
    }
    folder.flavor(&["trust", "add", "key.pub", "--expires", "2027-02-30"]).fails(2, &["--expires", "2027-02-30"]);
    folder.flavor(&["trust", "add", "key.pub", "--name", "a\nb"]).fails(2, &["--name"]);
    assert!(!folder.path(STORE).exists());
}

/// S14: the fingerprint in the index is text that anybody can put there.
#[test]
fn a_forged_fingerprint_is_not_trusted() {
    let (folder, fingerprint) = with_key("somebody trusted");
    folder.flavor(&["trust", "add", "key.pub"]).succeeds();
    let mut bytes = folder.bytes("app.psp");
    let end = bytes.len();
    let mut block = IndexBlock::from_bytes(&bytes[end - 8196..end - 4]).unwrap();
    block.set(index::KEY_FINGERPRINT, fingerprint.as_bytes());
    block.seal_checksum();
    bytes[end - 8196..end - 4].copy_from_slice(block.as_bytes());
    folder.write("forged.psp", bytes);
    let run = folder.flavor(&["trust", "verify", "forged.psp"]).fails(1, &["attestation_key_fp"]);
    assert!(!run.stdout.contains("trusted key"), "{run:#?}");
    let run = folder.flavor(&["trust", "verify", "app.psp", "--json"]).fails(1, &[]);
    assert_eq!(run.json()["trusted"], false);
}

#[test]
fn expired_and_revoked_keys_are_not_trusted() {
    let (folder, fingerprint) = with_key("test");
    folder.flavor(&["trust", "add", "key.pub", "--expires", "2020-01-01"]).succeeds();
    folder.flavor(&["trust", "verify", "app.psp"]).fails(1, &[]).says(&["expired"]);
    folder.flavor(&["verify", "app.psp", "--require-trusted"]).fails(1, &[]);
    folder.flavor(&["trust", "add", "key.pub"]).succeeds();
    folder.flavor(&["trust", "verify", "app.psp"]).succeeds();
    folder.write(".config/flavor/revoked-keys", format!("# stolen\n{fingerprint} laptop\n"));
    folder.flavor(&["trust", "verify", "app.psp"]).fails(1, &[]).says(&["revoked"]);
    folder.flavor(&["trust", "list"]).succeeds().says(&["revoked"]);
    folder.flavor(&["verify", "app.psp"]).fails(1, &[]).says(&["its key is revoked", "laptop"]);
    folder.flavor(&["trust", "add", "key.pub"]).fails(1, &["revoked-keys"]);
    let run = super::process::Run::of(folder.package("app.psp", &[]).env("HOME", folder.path("")));
    assert_eq!(run.fails(108, &["is revoked"]).stdout, "");
    folder.write(".config/flavor/revoked-keys", "nonsense\n");
    folder.flavor(&["trust", "revoke", &fingerprint]).fails(1, &["revoked-keys:1:1"]);
    folder.flavor(&["verify", "app.psp"]).fails(1, &["revoked-keys:1:1"]);
}

#[test]
fn no_revocation_is_lost_when_several_are_made_at_the_same_moment() {
    let folder = Folder::new();
    let keys: Vec<String> = (0..24).map(|number| format!("{number:064x}")).collect();
    let revoke = |key: &String| folder.command().args(["trust", "revoke", key, "-q"]).spawn().unwrap();
    for mut process in keys.iter().map(revoke).collect::<Vec<_>>() {
        assert!(process.wait().unwrap().success());
    }
    let list = String::from_utf8(folder.bytes(".config/flavor/revoked-keys")).unwrap();
    let mut listed: Vec<&str> = list.lines().collect();
    listed.sort_unstable();
    assert_eq!(listed, keys);
}

#[test]
fn what_is_added_can_be_read_again() {
    let (folder, _) = with_key("test");
    let long = "x".repeat(1001);
    folder.flavor(&["trust", "add", "key.pub", "--name", &long]).fails(2, &["--name", "at most 1000 bytes"]);
    folder.flavor(&["trust", "revoke", "key.pub", "--reason", &long]).fails(2, &["--reason", "at most 1000 bytes"]);
    assert!(!folder.path(".config").exists());
    folder.flavor(&["trust", "add", "key.pub", "--name", &long[1..]]).succeeds();
    folder.flavor(&["trust", "verify", "app.psp"]).succeeds();
    let list = format!("{} {}\n", "ef".repeat(32), "x".repeat((1 << 20) - 66));
    folder.write(".config/flavor/revoked-keys", &list);
    folder.flavor(&["trust", "revoke", "key.pub"]).fails(1, &["revoked-keys", "at most 1048576 bytes"]);
    assert_eq!(folder.bytes(".config/flavor/revoked-keys"), list.as_bytes());
    fs::remove_file(folder.path(".config/flavor/revoked-keys")).unwrap();
    // What is trusted no more is not said to be trusted.
    let add = ["trust", "add", "key.pub", "--expires", "2020-01-01"];
    let run = folder.flavor(&add).fails(0, &["--expires", "not trusted"]);
    assert!(run.stdout.starts_with("expired "), "{run:#?}");
    assert_eq!(folder.flavor(&[&add[..], &["--json"]].concat()).json()["warnings"][0]["code"], "trust.expires");
}

#[test]
fn junk_in_the_store_is_a_warning_and_not_a_key() {
    let (folder, _) = with_key("test");
    folder.flavor(&["trust", "add", "key.pub"]).succeeds();
    folder.write(&format!("{STORE}/junk.pub"), "junk");
    let run = folder.flavor(&["trust", "verify", "app.psp"]).succeeds();
    assert!(run.stderr.contains("junk.pub: warning:") && run.errors() == 0, "{run:#?}");
    fs::remove_file(folder.path(&format!("{STORE}/junk.pub"))).unwrap();
    assert_eq!(folder.flavor(&["trust", "verify", "app.psp"]).succeeds().stderr, "");
    folder.write("junk.psp", "junk");
    folder.flavor(&["trust", "verify", "junk.psp"]).fails(1, &["junk.psp"]);
    folder.flavor(&["trust", "verify", "missing.psp"]).fails(2, &["missing.psp"]);
}

#[test]
fn a_key_is_revoked_by_digits_by_fingerprint_and_by_file() {
    const LIST: &str = ".config/flavor/revoked-keys";
    let (folder, fingerprint) = with_key("test");
    let list = || String::from_utf8(folder.bytes(LIST)).unwrap();
    folder.flavor(&["trust", "revoke", &fingerprint[..16]]).fails(1, &["no key of the store begins with"]);
    folder.flavor(&["trust", "revoke", "0123"]).fails(2, &["8 to 64"]);
    folder.flavor(&["trust", "revoke", &fingerprint, "--reason", "a\nb"]).fails(2, &["--reason"]);
    assert!(!folder.path(LIST).exists());

    folder.flavor(&["trust", "add", "key.pub"]).succeeds();
    folder.flavor(&["policy", "check", "app.psp"]).succeeds();
    // The last line of a list that somebody wrote by hand has no end.
    let other = "ab".repeat(32);
    folder.write(LIST, format!("# mine\n{other} lost"));
    let words = ["trust", "revoke", &fingerprint[..16], "--reason", "stolen laptop", "--json"];
    assert_eq!(folder.flavor(&words).succeeds().json()["fingerprint"], *fingerprint);
    let written = format!("# mine\n{other} lost\n{fingerprint} stolen laptop\n");
    assert_eq!(list(), written);
    folder.flavor(&["verify", "app.psp"]).fails(1, &[]).says(&["its key is revoked", "stolen laptop"]);
    folder.flavor(&["policy", "check", "app.psp"]).fails(1, &[]).says(&["policy.revoked_key"]);
    let run = super::process::Run::of(folder.package("app.psp", &[]).env("HOME", folder.path("")));
    assert_eq!(run.fails(108, &["is revoked", "stolen laptop"]).stdout, "");
    folder.flavor(&["trust", "revoke", "key.pub", "--reason", "again"]).succeeds().says(&["there already"]);
    assert_eq!(list(), written);

    // A list that is a link stays one.
    fs::rename(folder.path(LIST), folder.path("kept")).unwrap();
    std::os::unix::fs::symlink("../../kept", folder.path(LIST)).unwrap();
    folder.flavor(&["trust", "revoke", &"cd".repeat(32)]).succeeds();
    assert_eq!(fs::read_link(folder.path(LIST)).unwrap().to_str(), Some("../../kept"));
    assert_eq!(list(), format!("{written}{}\n", "cd".repeat(32)));

    let (stranger, fingerprint) = with_key("test");
    stranger.flavor(&["trust", "revoke", "key.pub"]).succeeds().says(&["revoked", LIST, &fingerprint]);
    assert_eq!(stranger.bytes(LIST), format!("{fingerprint}\n").as_bytes());
    stranger.flavor(&["verify", "app.psp"]).fails(1, &[]);
}

/// Revoked is revoked, by whatever way a package comes in.
#[test]
fn a_revoked_key_passes_nowhere() {
    let (folder, fingerprint) = with_key("test");
    folder.flavor(&["trust", "add", "key.pub"]).succeeds();
    folder.flavor(&["verify", "app.psp", "--key", "key.pub"]).succeeds();
    folder.write(".config/flavor/revoked-keys", format!("{fingerprint} stolen laptop\n"));
    for words in [
        &["verify", "app.psp"][..],
        &["verify", "app.psp", "--key", "key.pub"],
        &["verify", "app.psp", "--key", &fingerprint],
        &["verify", "app.psp", "--require-trusted"],
        &["verify", "app.psp", "--require", "intact"],
        &["verify", "app.psp", "--deep"],
    ] {
        folder.flavor(words).fails(1, &[]).says(&["sealed, but signed by revoked key", "revoked-keys (stolen laptop)"]);
        let report = folder.flavor(&[words, &["--json"]].concat()).fails(1, &[]).json();
        let expected = (&false.into(), &false.into(), &"revoked".into(), &"sealed".into());
        assert_eq!((&report["ok"], &report["accepted"], &report["trust"], &report["state"]), expected, "{words:?}");
        assert_eq!(report["findings"][0]["code"], "key.revoked");
    }
    for words in [
        &["extract", "app.psp", "0", "out"][..],
        &["extract", "app.psp", "1", "--unpack", "out"],
        &["extract-all", "app.psp", "out"],
        &["inspect", "app.psp", "--analyze"],
    ] {
        folder.flavor(words).fails(1, &["is revoked by", "stolen laptop"]);
        assert_eq!(folder.flavor(&[words, &["--json"]].concat()).fails(1, &[]).json()["error"]["code"], "key.revoked");
        assert!(!folder.path("out").exists(), "{words:?}");
    }
    folder.flavor(&["inspect", "app.psp"]).fails(1, &["is revoked by", "stolen laptop"]).says(&["(key revoked)"]);
    let inspected = folder.flavor(&["inspect", "app.psp", "--json"]).json();
    assert_eq!((&inspected["ok"], &inspected["trust"]), (&false.into(), &"revoked".into()));
    folder.flavor(&["trust", "verify", "app.psp"]).fails(1, &[]).says(&["is revoked by", "stolen laptop"]);
    folder.flavor(&["policy", "check", "app.psp"]).fails(1, &[]).says(&["is revoked", "policy.revoked_key"]);
}

/// A day that is not understood would be trust without end.
#[test]
fn a_key_file_with_a_day_that_is_not_understood_is_refused() {
    let (folder, fingerprint) = with_key("test");
    let pem = SigningKey::from_seed_text("test").unwrap().public_key().to_pem();
    let place = format!("{STORE}/a.pub");
    for text in [
        format!("# expires: 2999-12-31\n{pem}"),
        format!("\u{feff}# Expires: 2999-12-31\n{pem}"),
        format!("{pem}# Expires: 2999-12-31\n"),
        format!("# Expires: 2999-12-31\n# Expires: 2999-12-30\n{pem}"),
        format!("{pem}{pem}"),
        format!("# Expires: 2999-02-30\n{pem}"),
    ] {
        folder.write(&place, &text);
        folder.flavor(&["trust", "list"]).fails(1, &["a.pub", "is refused"]).says(&["no key is trusted"]);
        let listed = folder.flavor(&["trust", "list", "--json"]).fails(1, &[]).json();
        assert_eq!(
            (&listed["ok"], &listed["keys"], &listed["errors"][0]["code"]),
            (&false.into(), &serde_json::json!([]), &"config.unusable".into())
        );
        assert!(folder.flavor(&["verify", "app.psp", "--require-trusted"]).fails(1, &[]).stderr.contains("a.pub"));
        folder.flavor(&["trust", "verify", "app.psp"]).fails(1, &[]).says(&["not trusted"]);
        folder.flavor(&["trust", "add", &place]).fails(1, &["a.pub"]);
        folder.flavor(&["verify", "app.psp", "--key", &place]).fails(1, &["a.pub"]);
    }
    // What a file says itself comes along, and ends the trust also where the file is named.
    folder.write("ended.pub", format!("# Name: Old farm\n# Expires: 2020-01-01\n{pem}"));
    folder.flavor(&["verify", "app.psp", "--key", "ended.pub"]).fails(1, &["has ended", "2020-01-01"]);
    fs::remove_file(folder.path(&place)).unwrap();
    folder.flavor(&["trust", "add", "ended.pub"]).fails(0, &["not trusted"]);
    let text = String::from_utf8(folder.bytes(&format!("{STORE}/{}.pub", &fingerprint[..16]))).unwrap();
    assert!(text.starts_with("# Name: Old farm\n# Expires: 2020-01-01\n-----BEGIN"), "{text}");
    folder.flavor(&["trust", "add", "key.pub", "--name", "until 2027-01-01"]).fails(2, &["--name", "--expires"]);
    let reason = format!("replaced by {fingerprint}");
    folder.flavor(&["trust", "revoke", "key.pub", "--reason", &reason]).fails(2, &["--reason"]);
    assert!(!folder.path(".config/flavor/revoked-keys").exists());
}
