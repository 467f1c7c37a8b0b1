use super::process::{Folder, Run};
use std::{fs, process::Command};

/// Packs the application of a fresh folder and gives the package's bytes.
fn packed(folder: &Folder, more: &[&str]) -> Vec<u8> {
    let words = [&["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "test"], more].concat();
    folder.flavor(&words).succeeds();
    folder.bytes("app.psp")
}

#[test]
fn folder_time_and_threads_do_not_show() {
    let first = Folder::new().with_app();
    let reference = packed(&first, &["--threads", "1"]);
    let second = Folder::new().with_app();
    Run::of(Command::new("touch").args(["-d", "2001-02-03"]).arg(second.path("app/tree/data.txt"))).succeeds();
    Run::of(Command::new("chmod").arg("600").arg(second.path("app/tree/data.txt"))).succeeds();
    for more in [&["--threads", "3"][..], &[], &["--no-verify"]] {
        assert!(packed(&second, more) == reference, "{more:?}");
    }
    let text = String::from_utf8_lossy(&reference);
    assert!(!text.contains(first.path("").to_str().unwrap()), "the package names the folder it was made in");
}

/// Large enough for several compression jobs, with repetitions far apart.
#[test]
fn threads_do_not_show_in_large_slots() {
    let folder = Folder::new().with_app();
    let mut state = 1_u32;
    let random = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0] & 0x3f
    });
    let block: Vec<u8> = random.take(12 << 20).collect();
    fs::write(folder.path("app/tree/large"), [&block[..], &block[..], &block[..]].concat()).unwrap();
    let reference = packed(&folder, &["--threads", "1", "--level", "10"]);
    assert!(packed(&folder, &["--threads", "2", "--level", "10"]) == reference);
    assert!(packed(&folder, &["--threads", "5", "--level", "10"]) == reference);
    let report = folder.flavor(&["inspect", "--json", "app.psp"]).json();
    let range = &report["slots"][1]["range"];
    let stored = range["end"].as_u64().unwrap() - range["start"].as_u64().unwrap();
    assert!(stored < 12 << 20, "the repetition was not found: {stored} bytes");

    let manifest = fs::read_to_string(folder.path("app/app.json")).unwrap();
    let manifest = manifest.replace("\"operations\": \"tar.zst\"", "\"operations\": \"tar.xz\", \"level\": 1");
    fs::write(folder.path("app/app.json"), manifest).unwrap();
    let reference = packed(&folder, &["--threads", "1"]);
    assert!(packed(&folder, &["--threads", "5"]) == reference);
    let report = folder.flavor(&["inspect", "--json", "app.psp"]).json();
    assert_eq!(report["slots"][1]["operations"], "tar.xz");
}

#[test]
fn source_date_epoch_is_the_time_in_the_package() {
    let folder = Folder::new().with_app();
    let reference = packed(&folder, &[]);
    let at = |epoch: &str| {
        let words = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "test"];
        let run = Run::of(folder.command().args(words).env("SOURCE_DATE_EPOCH", epoch));
        (run, folder.bytes("app.psp"))
    };
    let (run, dated) = at("951782399");
    run.succeeds();
    assert!(dated != reference);
    folder.flavor(&["inspect", "--json", "app.psp"]).says(&["2000-02-28T23:59:59+00:00"]);
    let (run, _) = at("1735689600");
    run.succeeds();
    assert!(folder.bytes("app.psp") == reference, "the default is 2025-01-01");
    let (run, left) = at("yesterday");
    run.fails(1, &["SOURCE_DATE_EPOCH", "yesterday"]);
    assert!(left == reference);
}
