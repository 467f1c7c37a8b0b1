//! What the package answers itself with `FLAVOR_LAUNCHER_CLI=1`, beyond what it says of itself.

mod support;

use std::{fs, process::Output};

use support::{Place, Slot, assert_refused, file, key, package, script, stderr, stdout};

struct Asked {
    place: Place,
    program: std::path::PathBuf,
}

impl Asked {
    fn new(change: impl Fn(&mut Vec<u8>)) -> Self {
        let place = Place::new();
        let slots = [
            Slot::tree("tree", &[script("bin/a", "echo ran"), file("lib/data", "some data")]),
            Slot::new("one", "etc/one", "gzip", b"1".to_vec()),
        ];
        let mut bytes = package(&slots, "a", r#"{"policy": {"require_env": ["LICENCE"]}}"#);
        change(&mut bytes);
        let program = place.install("p", &bytes);
        Self { place, program }
    }

    fn ask(&self, words: &[&str]) -> Output {
        let mut command = self.place.command(&self.program);
        command.env("FLAVOR_LAUNCHER_CLI", "1").env("FLAVOR_CONFIG_DIR", self.place.path("config"));
        command.current_dir(self.place.directory.path()).args(words).output().unwrap()
    }
}

#[test]
fn slots_are_extracted_one_or_all() {
    let asked = Asked::new(|_| {});
    assert_eq!(stdout(&asked.ask(&["extract", "all"])), "");
    assert_eq!(fs::read(asked.place.path("all/lib/data")).unwrap(), b"some data");
    assert_eq!(fs::read(asked.place.path("all/etc/one")).unwrap(), b"1");
    for (slot, directory) in [("one", "by-id"), ("1", "by-number")] {
        assert_eq!(stdout(&asked.ask(&["extract", directory, slot])), "");
        assert_eq!(fs::read(asked.place.path(directory).join("etc/one")).unwrap(), b"1");
        assert!(!asked.place.path(directory).join("lib").exists());
    }
    assert_refused(&asked.ask(&["extract"]), 105, &["extract DIR [SLOT]"]);
    // The published launchers have the slot in front.
    for (slot, directory) in [("one", "slot-in-front"), ("1", "number-in-front"), ("1", "./1"), ("./one", "one")] {
        assert_eq!(stdout(&asked.ask(&["extract", slot, directory])), "");
        let directory = if slot == "./one" { slot } else { directory };
        assert_eq!(fs::read(asked.place.path(directory).join("etc/one")).unwrap(), b"1");
    }
    for words in [["extract", "x", "two"], ["extract", "2", "x"]] {
        assert_refused(&asked.ask(&words), 105, &["neither `", "names a slot; there are 2"]);
    }
    for words in [["extract", "0", "1"], ["extract", "tree", "one"]] {
        assert_refused(&asked.ask(&words), 105, &["both name a slot", "write the directory as ./"]);
        assert!(!asked.place.path(words[1]).exists());
    }
    // What is there is left alone.
    assert_eq!(asked.ask(&["extract", "all"]).status.code(), Some(103));
    assert_eq!(fs::read(asked.place.path("all/etc/one")).unwrap(), b"1");
    assert!(asked.place.workenvs().is_empty());
}

#[test]
fn nothing_is_extracted_of_a_package_that_does_not_verify() {
    let asked = Asked::new(|bytes| bytes[7] ^= 1);
    assert_refused(&asked.ask(&["extract", "all"]), 1, &["SHA-256"]);
    assert!(!asked.place.path("all").exists());
}

#[test]
fn policies_hold_for_run_and_for_nothing_else() {
    let asked = Asked::new(|_| {});
    for words in [&["info"][..], &["verify"], &["metadata"], &["extract", "x"]] {
        stdout(&asked.ask(words));
    }
    assert_refused(&asked.ask(&["run"]), 108, &["LICENCE"]);
}

#[test]
fn verify_and_info_know_the_trust_store() {
    let asked = Asked::new(|_| {});
    let verify = || -> serde_json::Value { serde_json::from_slice(&asked.ask(&["verify"]).stdout).unwrap() };
    fs::create_dir_all(asked.place.path("config/trusted-keys")).unwrap();
    assert_eq!(verify()["trust"], "unknown_key");
    fs::write(asked.place.path("config/trusted-keys/us.pub"), key().public_key().to_pem()).unwrap();
    assert_eq!((&verify()["trust"], &verify()["accepted"]), (&"in_store".into(), &true.into()));
    assert!(stdout(&asked.ask(&["info"])).contains("signed by a trusted key"));
    fs::write(asked.place.path("config/revoked-keys"), key().public_key().fingerprint().to_string()).unwrap();
    let revoked = verify();
    assert_eq!(
        (&revoked["accepted"], &revoked["ok"], &revoked["trust"]),
        (&false.into(), &false.into(), &"revoked".into())
    );
    assert!(revoked["unmet"][0].as_str().unwrap().contains("revoked-keys"));
    assert_eq!(asked.ask(&["verify"]).status.code(), Some(1));
    for words in [&["info"][..], &["metadata"], &["extract", "x"]] {
        let refused = asked.ask(words);
        assert_eq!((refused.status.code(), refused.stdout.as_slice()), (Some(1), b"".as_slice()), "{words:?}");
        assert!(stderr(&refused).contains("its key is revoked by "), "{}", stderr(&refused));
    }
    assert!(!asked.place.path("x").exists());
    for words in [&["run"][..], &["slot", "script"]] {
        assert_refused(&asked.ask(words), 108, &["is revoked"]);
    }
}
