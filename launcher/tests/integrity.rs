//! What a published tree is compared with, and how a damaged one heals (launcher.md §11: H4, S6, S20-S22, R10).

mod support;

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
};

use flavor_launcher::{
    base_dir::BaseDir,
    lifecycle::{Content, Plan},
    tree_record::Audit,
    workenv::Workenv,
};
use pspf_nostd::verify::{Scope, TrustedKeys, verify_slice};
use support::{Place, Slot, assert_refused, directory, file, package, script, stdout, symlink as link};

const COUNT: &str = r#"cat "$FLAVOR_WORKENV"/data/* | wc -c"#;

fn sample() -> Vec<u8> {
    let tree = [
        file("data/a", "0123456789"),
        file("data/b", "0123456789"),
        directory("empty", 0o755),
        script("bin/count", COUNT),
        link("bin/alias", "count"),
    ];
    let mut own = Slot::script("own", "bin/own", "echo own");
    own.permissions = 0o555;
    package(&[Slot::tree("tree", &tree), own], "{workenv}/bin/alias", "{}")
}

/// What is wrong with the one work environment of a place.
fn audit(place: &Place, bytes: &[u8], audit: Audit) -> Vec<String> {
    let package = verify_slice(bytes, Scope::Head, TrustedKeys::default()).authenticated.unwrap();
    let plan = Plan::new(&package, false);
    let cache = place.path("cache");
    let bases = BaseDir::candidates(|name| (name == "FLAVOR_CACHE_DIR").then(|| cache.clone().into())).unwrap();
    let workenv = Workenv::new(&bases[0], &package, Content::work_environment(&plan));
    assert_eq!(workenv.path(), place.workenv());
    workenv.audit(audit).unwrap().iter().map(ToString::to_string).collect()
}

/// Overwrites a file in place and gives it its time back: nothing but its content tells.
fn overwrite(path: &Path, content: &str) {
    let before = fs::metadata(path).unwrap().modified().unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, content.as_bytes(), 0).unwrap();
    file.set_modified(before).unwrap();
}

#[test]
fn every_entry_is_recorded_and_damage_is_found() {
    let bytes = sample();
    let setup = package(
        &[Slot::tree("tree", &[file("data/a", "0123456789"), script("bin/count", COUNT)])],
        "count",
        r#"{"setup_commands":[{"type":"write_file","path":"data/b","content":"0123456789"}]}"#,
    );
    for bytes in [bytes, setup] {
        let place = Place::new();
        let program = place.install("p", &bytes);
        assert_eq!(stdout(&place.run(&program, &[])), "20\n");
        let workenv = place.workenv();
        for level in [Audit::Lost, Audit::Quick, Audit::Full] {
            assert_eq!(audit(&place, &bytes, level), [""; 0]);
        }
        // What programs add is theirs.
        fs::create_dir(workenv.join("data/__pycache__")).unwrap();
        fs::remove_dir(workenv.join("data/__pycache__")).unwrap();
        fs::write(workenv.join("bin/cache"), "x").unwrap();
        assert_eq!(audit(&place, &bytes, Audit::Full), [""; 0]);
        overwrite(&workenv.join("data/b"), "9876543210");
        assert_eq!(audit(&place, &bytes, Audit::Quick), [""; 0]);
        assert_eq!(audit(&place, &bytes, Audit::Full), ["data/b has other content"]);
        fs::remove_file(workenv.join("data/a")).unwrap();
        assert_eq!(audit(&place, &bytes, Audit::Lost), ["data/a is missing"]);
        // The list itself is sealed by the record.
        fs::write(workenv.join(".pspf/tree"), "").unwrap();
        assert_eq!(audit(&place, &bytes, Audit::Quick), [".pspf/tree is missing or damaged"]);
    }
}

#[test]
fn a_changed_program_heals_at_the_next_start() {
    let place = Place::new();
    let program = place.install("p", &sample());
    let run = || assert_eq!(stdout(&place.run(&program, &[])), "20\n");
    run();
    let workenv = place.workenv();
    let count = workenv.join("bin/count");
    let whole = fs::read(&count).unwrap();
    for damage in 0..6 {
        let before = fs::metadata(&workenv).unwrap().ino();
        match damage {
            0 => fs::write(&count, "#!/bin/sh\necho other").unwrap(),
            1 => fs::set_permissions(&count, fs::Permissions::from_mode(0o777)).unwrap(),
            2 => fs::remove_file(&count).unwrap(),
            3 => fs::remove_file(workenv.join("bin/alias")).unwrap(),
            4 => fs::write(&count, "").unwrap(),
            // Of the same size, but another time.
            _ => fs::write(&count, vec![b'#'; whole.len()]).unwrap(),
        }
        run();
        assert_ne!(fs::metadata(&workenv).unwrap().ino(), before, "damage {damage}: healed beside, not in place");
        assert_eq!(fs::read(&count).unwrap(), whole);
        assert_eq!(place.workenvs().len(), 1, "damage {damage}: {:?}", place.workenvs());
    }
    let before = fs::metadata(&workenv).unwrap().ino();
    run();
    assert_eq!(fs::metadata(&workenv).unwrap().ino(), before, "nothing is made again without need");
}

#[test]
fn links_inside_the_tree_are_not_written_through() {
    let place = Place::new();
    let program = place.install("p", &sample());
    stdout(&place.run(&program, &[]));
    let workenv = place.workenv();
    // S21: a directory of the tree is a link to somebody's files.
    let victim = place.path("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("alias"), "precious").unwrap();
    fs::remove_dir_all(workenv.join("bin")).unwrap();
    symlink(&victim, workenv.join("bin")).unwrap();
    assert_eq!(stdout(&place.run(&program, &[])), "20\n");
    assert!(!workenv.join("bin").is_symlink());
    // S22: so is the record, or the directory of records.
    for name in [".pspf/complete", ".pspf/tree", ".pspf"] {
        let path = workenv.join(name);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        symlink(&victim, &path).unwrap();
        fs::remove_file(workenv.join("bin/count")).unwrap();
        assert_eq!(stdout(&place.run(&program, &[])), "20\n", "{name}");
        assert!(!path.is_symlink(), "{name}");
    }
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 1);
    assert_eq!(fs::read(victim.join("alias")).unwrap(), b"precious");
}

#[test]
fn what_a_power_cut_takes_is_noticed_at_the_first_start_after_it() {
    let place = Place::new();
    let bytes = sample();
    let program = place.install("p", &bytes);
    let run = || stdout(&place.run(&program, &[]));
    assert_eq!(run(), "20\n");
    let workenv = place.workenv();
    let record = workenv.join(".pspf/complete");
    let another_boot = || {
        let text = fs::read(&record).unwrap();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(boot.trim()), "{text}");
        fs::write(&record, text.replace(boot.trim(), "another-boot")).unwrap();
    };
    let inode = || fs::metadata(&workenv).unwrap().ino();
    // Nothing was lost: the tree stays, and is not looked at again.
    another_boot();
    let before = inode();
    assert_eq!(run(), "20\n");
    assert_eq!(inode(), before);
    assert!(fs::read_to_string(&record).unwrap().contains("boot settled"));
    fs::write(workenv.join("data/a"), "").unwrap();
    assert_eq!(run(), "10\n", "what a program does to its files later is its own affair");
    // Files that were not on the disk yet come back empty, or not at all.
    type Loss = fn(&Path);
    let losses: [Loss; 4] = [
        |workenv| fs::write(workenv.join("data/a"), "").unwrap(),
        |workenv| fs::remove_file(workenv.join("data/b")).unwrap(),
        |workenv| fs::remove_dir(workenv.join("empty")).unwrap(),
        |workenv| fs::write(workenv.join(".pspf/tree"), "").unwrap(),
    ];
    for (number, loss) in losses.into_iter().enumerate() {
        fs::remove_dir_all(place.path("cache")).unwrap();
        run();
        another_boot();
        let before = inode();
        loss(&workenv);
        assert_eq!(run(), "20\n", "loss {number}");
        assert_ne!(inode(), before, "loss {number}");
        assert_eq!(audit(&place, &bytes, Audit::Full), [""; 0]);
    }
    // The record itself.
    fs::write(&record, "").unwrap();
    assert_eq!(run(), "20\n");
}

#[test]
fn a_tree_that_cannot_be_replaced_is_not_used() {
    let place = Place::new();
    let program = place.install("p", &sample());
    stdout(&place.run(&program, &[]));
    // S20: another directory in its place, by a link.
    let workenv = place.workenv();
    let elsewhere = place.path("elsewhere");
    fs::rename(&workenv, &elsewhere).unwrap();
    symlink(&elsewhere, &workenv).unwrap();
    let mode = fs::metadata(&elsewhere).unwrap().mode();
    assert_refused(&place.run(&program, &[]), 106, &["is a symbolic link"]);
    assert_eq!(fs::metadata(&elsewhere).unwrap().mode(), mode);
    assert!(elsewhere.join("bin/count").exists());
}
