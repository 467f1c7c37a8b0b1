//! Every row of the published tool's bad-input matrix that touches these commands: one clear error, nothing half-written.
//!
//! The rest of its rows: junk, empty, flipped and truncated packages in `verify.rs`; requirements, versions of Python and entry
//! points that do not exist in `python.rs`; keys that are there already in `keygen.rs`; slots and words of a manifest in `check.rs`;
//! junk policies and packages in `policy.rs` and `trust.rs`; other platforms in `pack.rs`; build backends and dependencies without
//! wheels in `crates/python/tests/tree.rs`.

use super::process::{Folder, Run, limited};
use pspf_nostd::tar;
use std::fs;

const MINIMAL: &str = r#"{"package": {"name": "app", "version": "1"}, "execution": {"command": "x"}, "slots": []}"#;

/// Packs with a manifest text in a fresh folder and makes sure that nothing is left behind.
#[track_caller]
fn pack(manifest: &str, more: &[&str]) -> Run {
    let folder = Folder::new().with_app();
    folder.write("app/app.json", manifest);
    pack_in(&folder, more)
}

#[track_caller]
fn pack_in(folder: &Folder, more: &[&str]) -> Run {
    let before = folder.listing();
    let run = folder.flavor(&[&["pack", "--manifest", "app/app.json"], more].concat());
    assert_eq!(folder.listing(), before, "{run:#?}");
    run
}

#[test]
fn no_manifest() {
    let folder = Folder::new();
    folder.flavor(&["pack"]).fails(2, &["pyproject.toml", "No such file", "--manifest"]);
    folder.flavor(&["pack", "--manifest", "nope.json"]).fails(2, &["nope.json", "No such file"]);
    fs::create_dir(folder.path("dir")).unwrap();
    folder.flavor(&["pack", "--manifest", "dir"]).fails(2, &["dir", "regular file"]);
}

#[test]
fn manifests_that_cannot_be_parsed() {
    let run = pack("{\n  \"package\": nonsense\n}", &[]).fails(1, &["app.json:2:", "not valid JSON"]);
    assert_eq!(run.errors(), 1);
    pack(r#"{"package": {}, "package": {}}"#, &[]).fails(1, &["not valid JSON", "twice"]);
    let folder = Folder::new();
    folder.write("pyproject.toml", "[project]\nname = \nversion = '1\n");
    folder.flavor(&["pack"]).fails(1, &["pyproject.toml:2:8: error:", "pyproject.toml:3:", "not valid TOML"]);
    folder.write("pyproject.toml", format!("a = {}", "[".repeat(1000)));
    let run = folder.flavor(&["check"]).fails(1, &["max recursion depth", "unclosed array"]);
    assert!(run.errors() <= 2, "{run:#?}");
    folder.write("pyproject.toml", b"[project]\nname = '\xff'\n");
    folder.flavor(&["pack"]).fails(1, &["pyproject.toml", "not UTF-8"]);
}

#[test]
fn all_problems_of_a_manifest_come_at_once() {
    let manifest = r#"{
  "package": {"name": "../../evil"},
  "execution": {"comand": "x", "env": {"A=B": "1", "C": 2}},
  "slots": [
    {"id": "a", "source": "missing"},
    {"id": "b", "source": "run.sh", "operations": "zip", "permissions": "9"},
    {"id": "b", "source": "$SELF", "slot": 7},
    {"id": "c", "source": "run.sh", "target": "../out", "lifecycle": "runtim"}
  ],
  "setup_commands": [{"type": "powershell", "command": "x"}]
}"#;
    let run = pack(manifest, &[]).fails(
        1,
        &[
            "app.json:2:23: error: `package.name`: \"../../evil\" cannot be a file name",
            "error: `package.version`: is missing",
            "app.json:3:17: warning: `execution.comand`: unknown key, ignored",
            "did you mean `command`?",
            "error: `execution.command`: is missing",
            "`execution.env.A=B`",
            "`execution.env.C`: has the wrong type; expected a string, found the number 2",
            "app.json:5:27: error: `slots[0].source`: cannot read \"missing\"",
            "unknown operation `zip`",
            "`slots[1].permissions`: is not a file mode",
            "`$SELF` slots hold no data",
            "`slots[2].slot`: does not fit the position",
            "`slots[3].target`: \"../out\" is not a path inside",
            "did you mean `runtime`?",
            "launchers do not know \"powershell\"; expected execute, shell, enumerate_and_execute,",
        ],
    );
    assert!(!run.stderr.contains("panicked"));
}

#[test]
fn problems_of_keys_launcher_and_output_come_with_those_of_the_manifest() {
    let folder = Folder::new().with_app();
    folder.write("app/app.json", MINIMAL.replace("\"version\": \"1\"", "\"version\": 1"));
    let run = pack_in(&folder, &["--private-key", "app/run.sh", "--launcher-bin", "/bin/true", "--output", "app"]);
    run.fails(1, &["`package.version`", "Ed25519 private key", "/bin/true", "this is a directory"]);
}

#[test]
fn python_projects_without_name_version_or_entry_point() {
    let folder = Folder::new();
    folder.write("pyproject.toml", "[build-system]\nrequires = []\n[project]\n[tool.flavor]\n");
    folder.flavor(&["pack"]).fails(
        1,
        &[
            "`project.name`: is missing",
            "`project.version`: is missing",
            "`tool.flavor.entry_point`: is missing",
            "add `entry_point = ",
        ],
    );
    assert_eq!(folder.listing(), ["pyproject.toml"]);
}

#[test]
fn keys_that_cannot_sign() {
    let rsa = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n";
    let folder = Folder::new().with_app();
    folder.write("rsa.key", rsa);
    folder.write("empty.key", "");
    folder.flavor(&["keygen"]).succeeds();
    folder.flavor(&["keygen", "--out-dir", "other"]).succeeds();
    for (more, words) in [
        (&["--private-key", "rsa.key"][..], &["rsa.key", "found a key of another algorithm: RSA", "flavor keygen"][..]),
        (&["--private-key", "empty.key"], &["empty.key", "found an empty file"]),
        (&["--private-key", "keys/flavor-public.key"], &["found a public key"]),
        (
            &["--private-key", "keys/flavor-private.key", "--public-key", "other/flavor-public.key"],
            &["other/flavor-public.key", "does not belong to the private key", "expected fingerprint"],
        ),
        (&["--key-seed", ""], &["the seed is empty"]),
    ] {
        let run = pack_in(&folder, more).fails(1, words);
        assert_eq!(run.errors(), 1, "{run:#?}");
    }
    pack_in(&folder, &["--private-key", "none.key"]).fails(2, &["none.key", "No such file"]);
    pack_in(&folder, &["--public-key", "keys/flavor-public.key"])
        .fails(2, &["a public key cannot sign", "--private-key"]);
}

#[test]
fn files_that_are_no_launcher() {
    let folder = Folder::new().with_package();
    folder.write("text", "hello");
    folder.write("empty", "");
    for (file, words) in [
        ("/bin/true", "found another program"),
        ("text", "found no ELF, PE or Mach-O program"),
        ("empty", "found an empty file"),
        ("app.psp", "found a whole package"),
        (env!("CARGO_BIN_EXE_flavor"), "found the flavor program itself"),
    ] {
        let run = pack_in(&folder, &["--launcher-bin", file]).fails(1, &[file, "this is not a launcher", words]);
        assert_eq!(run.errors(), 1, "{run:#?}");
    }
    pack_in(&folder, &["--launcher-bin", "nowhere"]).fails(2, &["nowhere", "No such file"]);
}

#[test]
fn outputs_that_cannot_be_written() {
    let folder = Folder::new().with_app();
    pack_in(&folder, &["--output", "app"]).fails(1, &["app", "this is a directory", "--output app/"]);
    pack_in(&folder, &["--output", "app/app.json/x.psp"]).fails(1, &["app/app.json", "not a directory"]);
    pack_in(&folder, &["--output", "/proc/x.psp"]).fails(1, &["/proc", "cannot write here"]);
    pack_in(&folder, &["--output", "/dev/null"]).fails(1, &["/dev/null", "not a regular file"]);
}

#[test]
fn sources_that_are_not_what_the_operations_say() {
    let slot = |slot: &str| MINIMAL.replace("\"slots\": []", &format!("\"slots\": [{slot}]"));
    for (text, words) in [
        (r#"{"id": "a", "source": "tree", "operations": "gzip"}"#, "a directory can only be packed as a tar archive"),
        (r#"{"id": "a", "source": "run.sh", "operations": "tgz"}"#, "the source is no tar archive"),
        (r#"{"id": "a", "source": "run.sh", "target": "bin/"}"#, "the target is a directory"),
        (
            r#"{"id": "a", "source": "run.sh", "operations": "gzip", "level": 10}"#,
            "gzip has no level 10; expected 1 to 9",
        ),
        (
            r#"{"id": "a", "source": "run.sh", "operations": "zstd", "level": 99}"#,
            "`slots[0].level`: is out of range; expected 0 to 22, found 99",
        ),
        (r#"{"id": "a", "source": "broken.gz", "operations": "gzip"}"#, "the source is not what its operations"),
        (r#"{"id": "a", "source": "/dev/null"}"#, "neither a file nor a directory"),
    ] {
        let folder = Folder::new().with_app();
        folder.write("app/broken.gz", [0x1f, 0x8b, 8, 0, 1, 2, 3]);
        folder.write("app/app.json", slot(text));
        let run = pack_in(&folder, &[]).fails(1, &[words, "slots[0]"]);
        assert_eq!(run.errors(), 1, "{run:#?}");
    }
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let run = pack(&MINIMAL.replace("\"x\"", "3"), &["--json", "--output", "app"]);
    assert_eq!(run.code, Some(1));
    let document = run.json();
    assert_eq!(document["ok"], false);
    assert_eq!(document["errors"][0]["field"], "`execution.command`");
    assert_eq!((&document["errors"][0]["line"], &document["errors"][0]["found"]), (&1.into(), &"the number 3".into()));
    assert_eq!(document["errors"][1]["code"], "output.directory");
    for words in [
        &["inspect", "--json", "nope"][..],
        &["extract", "--json", "nope", "0", "x"],
        &["keygen", "--json", "--out-dir", "/proc/x"],
    ] {
        let run = Folder::new().flavor(words);
        assert_eq!(run.json()["ok"], false, "{run:#?}");
    }
}

#[test]
fn a_fifo_holds_nobody_up() {
    let folder = Folder::new().with_package();
    rustix::fs::mkfifoat(rustix::fs::CWD, folder.path("fifo"), rustix::fs::Mode::RUSR).unwrap();
    for words in [
        &["verify", "fifo"][..],
        &["inspect", "fifo"],
        &["diff", "app.psp", "fifo"],
        &["extract", "fifo", "0", "out"],
        &["extract-all", "fifo", "out"],
        &["policy", "check", "fifo"],
        &["trust", "add", "fifo"],
        &["trust", "verify", "fifo"],
        &["check", "--manifest", "fifo"],
        &["pack", "--manifest", "app/app.json", "--private-key", "fifo"],
        &["pack", "--manifest", "app/app.json", "--launcher-bin", "fifo"],
        &["verify", "app.psp", "--key", "fifo"],
    ] {
        Run::of(&mut limited(folder.command().args(words))).fails(2, &["fifo", "not a regular file"]);
    }
    // As a policy it is an error, too, and not a wait; as a key it is refused.
    fs::create_dir_all(folder.path(".config/flavor/trusted-keys")).unwrap();
    fs::rename(folder.path("fifo"), folder.path(".config/flavor/trusted-keys/a.pub")).unwrap();
    folder.flavor(&["trust", "list"]).fails(1, &["a.pub: error", "not a regular file"]);
    fs::rename(folder.path(".config/flavor/trusted-keys/a.pub"), folder.path(".config/flavor/policy.toml")).unwrap();
    folder.flavor(&["policy", "show"]).fails(1, &["policy.toml", "not a regular file"]);
}

#[test]
fn a_log_level_that_is_none_disturbs_nobody() {
    let folder = Folder::new().with_package();
    for words in [
        &["check", "--manifest", "app/app.json"][..],
        &["pack", "--manifest", "app/app.json", "--quiet"],
        &["verify", "app.psp"],
        &["inspect", "app.psp"],
        &["trust", "list"],
        &["policy", "show"],
        &["extract", "app.psp", "0", "out"],
        &["keygen"],
    ] {
        let run = Run::of(folder.command().args(words).env("FLAVOR_LOG_LEVEL", "zzz")).succeeds();
        assert_eq!(run.stderr, "", "{words:?}");
    }
    let run = Run::of(folder.package("app.psp", &[]).env("FLAVOR_LOG_LEVEL", "zzz"));
    assert_eq!((run.code, run.stderr.lines().count()), (Some(7), 1), "{run:#?}");
    assert!(run.stderr.contains("warning") && run.stderr.contains("zzz"), "{run:#?}");
}

#[test]
fn slots_that_a_start_would_refuse_are_refused_at_once() {
    let folder = Folder::new();
    folder.write("file", "x");
    folder.write("folder/x", "x");
    let pack = |slots: &str| {
        let text = r#"{"package": {"name": "a", "version": "1"}, "execution": {"command": "/bin/true {slot:0}"}, "slots": [SLOTS]}"#;
        folder.write("a.json", text.replace("SLOTS", slots));
        folder.flavor(&["pack", "--manifest", "a.json", "--output", "a.psp"])
    };
    let file = |id: &str, target: &str, more: &str| {
        format!(r#"{{"id": "{id}", "source": "file", "target": "{target}"{more}}}"#)
    };
    let tree = r#"{"id": "tree", "source": "folder", "target": "t"}"#;
    let long = "n".repeat(256);
    for (archive, entry) in [("old.tar", "d/x"), ("reserved.tar", ".PSPF/x")] {
        let header = tar::header(entry.as_bytes(), &tar::EntryKind::File, 0, 0o644, 0).unwrap();
        fs::write(folder.path(archive), [&header[..], &tar::END[..]].concat()).unwrap();
    }
    for (slots, why) in [
        (file("a", ".pspf/x", ""), "`a`: \".pspf/x\": the name .pspf is reserved for the launcher".to_owned()),
        (file("a", &format!("b/{long}"), ""), "more than the limit of 255 bytes in a name".to_owned()),
        (
            [&file("a", "x", ""), tree, &file("b", "x/y", "")].join(","),
            "\"x/y\" cannot be there: x is a file of the slot \"tree\"".to_owned(),
        ),
        (
            // What is in an archive that was there before is judged, too.
            [
                r#"{"id": "old", "source": "old.tar", "target": "old", "operations": "tar"}"#.to_owned(),
                file("b", "d", ""),
            ]
            .join(","),
            "\"d\" cannot be there: d is a directory of the slot \"old\"".to_owned(),
        ),
        (
            r#"{"id": "old", "source": "reserved.tar", "target": "old", "operations": "tar"}"#.to_owned(),
            "`old`: \".PSPF/x\": the name .pspf is reserved for the launcher".to_owned(),
        ),
        (
            [file("a-b", "x", r#", "lifecycle": "lazy""#), file("a_b", "y", r#", "lifecycle": "config""#)].join(","),
            "its place would be in FLAVOR_SLOT_A_B, as that of the slot \"a-b\"".to_owned(),
        ),
    ] {
        let run = pack(&slots).fails(1, &["error", &why]);
        assert_eq!(run.errors(), 1, "{run:#?}");
        assert!(!folder.path("a.psp").exists());
    }
    // Trees of their own do not meet.
    pack(&[file("a", "x", r#", "lifecycle": "lazy""#), file("b", "x/y", "")].join(",")).succeeds();
    Run::of(&mut folder.package("a.psp", &[])).succeeds();
    let run = pack(&[file("a", "x", ""), file("b", "x", "")].join(",")).succeeds();
    assert!(run.stderr.contains("slot \"b\" replaces x of the slot \"a\""), "{run:#?}");
    let named = pack(&file("a", "x", "")).succeeds();
    assert!(!named.stderr.contains("replaces"), "{named:#?}");
    folder.write("a.json", String::from_utf8(folder.bytes("a.json")).unwrap().replace("{slot:0}", "{slot:2}"));
    folder
        .flavor(&["pack", "--manifest", "a.json", "--output", "b.psp"])
        .fails(1, &["names a slot that is not there; expected `{slot:0}` to `{slot:1}`"]);
    let text = "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n[[tool.flavor.slots]]\nid = 'runtime'\nsource = 'file'\n";
    folder.write("pyproject.toml", text);
    folder.flavor(&["check"]).fails(1, &["`tool.flavor.slots[0].id`", "\"runtime\" is made by packing itself"]);
}

/// The key of the manifest is the package's own policy in the metadata, which its launcher reads.
#[test]
fn a_package_can_ask_for_a_closer_look_at_its_files() {
    let folder = Folder::new();
    let manifest = |word: &str| {
        let policy = format!("\"policy\": {{\"verify_cache\": \"{word}\"}}, \"slots\"");
        MINIMAL.replace("\"slots\"", &policy).replace("\"x\"", "\"/bin/true\"")
    };
    let words = ["pack", "--manifest", "a.json", "--output", "a.psp"];
    folder.write("a.json", manifest("sometimes"));
    folder.flavor(&words).fails(1, &["`policy.verify_cache`", "one of quick, full"]);
    folder.write("a.json", manifest("full"));
    folder.flavor(&words).succeeds();
    let document = folder.flavor(&["inspect", "--json", "a.psp"]).succeeds().json();
    assert_eq!(document["metadata"]["policy"]["verify_cache"], "full");
    Run::of(&mut folder.package("a.psp", &[])).succeeds();
}

#[test]
fn a_package_that_would_be_too_old_at_once_is_refused() {
    let folder = Folder::new();
    let text = MINIMAL.replace("\"slots\"", "\"policy\": {\"max_age_days\": 1}, \"slots\"");
    folder.write("a.json", text.replace("\"x\"", "\"/bin/true\""));
    let words = ["pack", "--manifest", "a.json", "--output", "a.psp"];
    let why = "bears the time 2025-01-01T00:00:00+00:00: it would be too old to run";
    folder.flavor(&words).fails(1, &["`policy.max_age_days`", why, "SOURCE_DATE_EPOCH"]);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    Run::of(folder.command().args(words).env("SOURCE_DATE_EPOCH", now.to_string())).succeeds();
    Run::of(&mut folder.package("a.psp", &[])).succeeds();
}
