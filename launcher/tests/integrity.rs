//! What a published tree is compared with, and how a damaged one heals (docs/launcher-table.md: H4, S6, S20-S22, R10).

mod support;

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use flavor_host::{
    files::base_dir::BaseDir,
    lifecycle::{Content, Plan},
    tree_record::Audit,
    workenv::Workenv,
};
use pspf_nostd::verify::{Scope, TrustedKeys, verify_slice};
use pspf_nostd::{
    descriptor::{DESCRIPTOR_SIZE, SlotDescriptor},
    index::{IndexBlock, SLOT_TABLE_OFFSET},
};
use support::{
    Place, Slot, TarEntry, assert_refused, directory, file, package, script, stderr, stdout, symlink as link,
};

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
    workenv.audit(audit).iter().map(ToString::to_string).collect()
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
        for level in [Audit::Start, Audit::Quick, Audit::Full] {
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
        assert_eq!(audit(&place, &bytes, Audit::Start), ["data/a is missing"]);
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
    // Nothing was lost: the tree stays.
    another_boot();
    let before = inode();
    assert_eq!(run(), "20\n");
    assert_eq!(inode(), before);
    assert!(fs::read_to_string(&record).unwrap().contains("boot settled"));
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

/// Where the stored bytes of a slot begin.
fn slot_start(package: &[u8], slot: usize) -> usize {
    let trailer = &package[package.len() - 8196..package.len() - 4];
    let table = usize::try_from(IndexBlock::from_bytes(trailer).unwrap().u64(SLOT_TABLE_OFFSET)).unwrap();
    let row = &package[table + slot * DESCRIPTOR_SIZE..][..DESCRIPTOR_SIZE];
    usize::try_from(SlotDescriptor::from_bytes(row.try_into().unwrap()).offset).unwrap()
}

/// Lets the file system's clock tick, so that what is written from now on gets another time.
fn tick() {
    thread::sleep(Duration::from_millis(200));
}

/// Whether a start reads the first slot of a package, by what it asks the system for.
fn reads_slot(place: &Place, program: &Path, bytes: &[u8]) -> bool {
    let log = place.path("strace");
    let mut traced = place.command(Path::new("strace"));
    let output = traced.args(["-e", "trace=pread64", "-o"]).arg(&log).arg(program).output().expect("strace runs");
    assert!(output.status.success(), "{}", stderr(&output));
    let slot = slot_start(bytes, 0);
    fs::read_to_string(log).unwrap().lines().filter(|line| line.contains("pread64(")).any(|line| {
        let (arguments, result) = line.rsplit_once(") = ").unwrap();
        let offset: usize = arguments.rsplit(", ").next().unwrap().parse().unwrap();
        (offset..offset + result.parse::<usize>().unwrap()).contains(&slot)
    })
}

/// The same file is read wholly once; a file that is another one, or changed in any way, is read again before it is used.
#[test]
fn a_package_that_changed_after_its_first_start_is_refused() {
    let bytes = sample();
    let in_slot = slot_start(&bytes, 0) + 9;
    // In the launcher's own text, which no start needs.
    let marker = bytes.windows(15).position(|window| window == b"PSPF/2025 launc").unwrap();
    for at in [in_slot, marker] {
        let place = Place::new();
        let program = place.install("p", &bytes);
        tick();
        for _ in 0..2 {
            assert_eq!(stdout(&place.run(&program, &[])), "20\n");
        }
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        // In place and with its time put back, by a copy, and by another file in its place.
        let before = fs::metadata(&program).unwrap().modified().unwrap();
        for how in 0..3 {
            match how {
                0 => {
                    let file = fs::File::options().write(true).open(&program).unwrap();
                    std::os::unix::fs::FileExt::write_all_at(&file, &[damaged[at]], u64::try_from(at).unwrap())
                        .unwrap();
                    file.set_modified(before).unwrap();
                }
                1 => drop(place.install("p", &damaged)),
                _ => fs::rename(place.install("other", &damaged), &program).unwrap(),
            }
            for _ in 0..2 {
                assert_refused(&place.run(&program, &[]), 107, &["SHA-256"]);
            }
            place.install("p", &bytes);
            assert_eq!(stdout(&place.run(&program, &[])), "20\n", "the good file runs from the same tree");
        }
        assert_eq!(place.workenvs().len(), 1);
    }
}

#[test]
fn a_file_is_read_wholly_once_and_then_known_by_its_stamp() {
    let place = Place::new();
    let bytes = sample();
    let program = place.install("p", &bytes);
    tick();
    stdout(&place.run(&program, &[]));
    assert!(!reads_slot(&place, &program, &bytes), "read when it was extracted");
    // Other files of the same package, as many as a list holds and one more: the first one is forgotten.
    let copies: Vec<_> = (0..16).map(|number| place.install(format!("copy{number}"), &bytes)).collect();
    tick();
    for copy in &copies {
        assert!(reads_slot(&place, copy, &bytes));
        assert!(!reads_slot(&place, copy, &bytes));
    }
    assert!(reads_slot(&place, &program, &bytes));
    assert!(!reads_slot(&place, &copies[15], &bytes));
    // A file that is touched is not known any more, whatever its time says.
    fs::set_permissions(&program, fs::Permissions::from_mode(0o711)).unwrap();
    tick();
    assert!(reads_slot(&place, &program, &bytes));
    assert!(!reads_slot(&place, &program, &bytes));
    // A list that is damaged, or gone, costs one more look.
    let list = place.workenv().join(".pspf/verified");
    for damage in ["", "pspf verified files 1\n", "x"] {
        fs::write(&list, damage).unwrap();
        assert!(reads_slot(&place, &program, &bytes));
        assert!(!reads_slot(&place, &program, &bytes));
    }
    fs::remove_file(&list).unwrap();
    fs::create_dir(&list).unwrap();
    assert!(reads_slot(&place, &program, &bytes) && reads_slot(&place, &program, &bytes), "it cannot be noted");
}

/// What is tolerated of the content at a low level is said at each start, and serves no start at a higher one.
#[test]
fn a_lowered_start_leaves_no_stamp_to_a_strict_one() {
    let place = Place::new();
    let mut bytes = sample();
    let marker = bytes.windows(15).position(|window| window == b"PSPF/2025 launc").unwrap();
    bytes[marker] ^= 1;
    let program = place.install("p", &bytes);
    tick();
    for _ in 0..3 {
        let output = place.command(&program).env("FLAVOR_VALIDATION", "minimal").output().unwrap();
        assert_eq!(output.stdout, b"20\n");
        assert!(stderr(&output).contains("launcher.digest"), "{}", stderr(&output));
    }
    assert_refused(&place.run(&program, &[]), 107, &["launcher"]);
}

/// Who waits for another process's tree has its own file verified as well.
#[test]
fn a_tampered_file_that_waits_for_a_good_one_is_refused() {
    let place = Place::new();
    let bytes = sample();
    let good = place.install("good", &bytes);
    let mut damaged = bytes.clone();
    damaged[slot_start(&bytes, 0) + 9] ^= 1;
    let bad = place.install("bad", &damaged);
    stdout(&place.run(&good, &[]));
    let (tree, lock) = (place.workenv(), place.path("cache/workenv/.locks").join(place.workenv().file_name().unwrap()));
    let away = place.path("away");
    fs::rename(&tree, &away).unwrap();
    let holder = fs::File::open(&lock).unwrap();
    holder.lock().unwrap();
    let waiting = place.command(&bad).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    tick();
    fs::rename(&away, &tree).unwrap();
    holder.unlock().unwrap();
    assert_refused(&waiting.wait_with_output().unwrap(), 107, &["SHA-256"]);
}

/// Everything that temporary-file cleaners, tools and people do to a tree.
#[test]
fn a_tree_that_lost_or_changed_something_heals_and_keeps_what_was_added() {
    let bytes = sample();
    type Harm = fn(&Path);
    let harms: [Harm; 10] = [
        |tree| fs::remove_file(tree.join("data/a")).unwrap(),
        |tree| fs::remove_dir(tree.join("empty")).unwrap(),
        |tree| fs::remove_file(tree.join("bin/alias")).unwrap(),
        |tree| fs::File::options().write(true).open(tree.join("data/b")).unwrap().set_len(3).unwrap(),
        |tree| fs::write(tree.join("data/b"), "other text").unwrap(),
        |tree| fs::set_permissions(tree.join("data/a"), fs::Permissions::from_mode(0o666)).unwrap(),
        |tree| fs::set_permissions(tree.join("data"), fs::Permissions::from_mode(0o777)).unwrap(),
        |tree| {
            fs::rename(tree.join("data/a"), tree.join("a")).unwrap();
            symlink("../a", tree.join("data/a")).unwrap();
        },
        |tree| {
            fs::rename(tree.join("data"), tree.join("moved")).unwrap();
            symlink("moved", tree.join("data")).unwrap();
        },
        |tree| fs::remove_file(tree.join(".pspf/tree")).unwrap(),
    ];
    for (number, harm) in harms.into_iter().enumerate() {
        let place = Place::new();
        let program = place.install("p", &bytes);
        tick();
        assert_eq!(stdout(&place.run(&program, &[])), "20\n");
        let tree = place.workenv();
        fs::create_dir_all(tree.join("lib/__pycache__/deep")).unwrap();
        fs::write(tree.join("lib/__pycache__/deep/c"), "added").unwrap();
        fs::write(tree.join("bin/added"), "added").unwrap();
        symlink("nowhere", tree.join("empty/link")).unwrap_or_default();
        if number == 1 {
            fs::remove_file(tree.join("empty/link")).unwrap();
        }
        let (inode, added) = (fs::metadata(&tree).unwrap().ino(), fs::metadata(tree.join("bin/added")).unwrap().ino());
        stdout(&place.run(&program, &[]));
        assert_eq!(fs::metadata(&tree).unwrap().ino(), inode, "what is added is no damage");
        harm(&tree);
        assert_eq!(stdout(&place.run(&program, &[])), "20\n", "harm {number}");
        assert_ne!(fs::metadata(&tree).unwrap().ino(), inode, "harm {number}: beside, not in place");
        assert_eq!(audit(&place, &bytes, Audit::Full), [""; 0], "harm {number}");
        // Without the list nobody can tell what was added.
        if number < 9 {
            assert_eq!(fs::metadata(tree.join("bin/added")).unwrap().ino(), added, "harm {number}: the same file");
        }
        if number < 9 {
            assert_eq!(fs::read_to_string(tree.join("lib/__pycache__/deep/c")).unwrap(), "added", "harm {number}");
            assert_eq!(fs::read_link(tree.join("empty/link")).is_ok(), number != 1, "harm {number}");
        }
        let healed = fs::metadata(&tree).unwrap().ino();
        stdout(&place.run(&program, &[]));
        assert_eq!(fs::metadata(&tree).unwrap().ino(), healed, "harm {number}: once");
        assert_eq!(place.workenvs().len(), 1, "harm {number}: {:?}", place.workenvs());
    }
}

/// With setup commands the new tree is set up again; what the program wrote to files of the setup is its own affair.
#[test]
fn a_tree_with_a_setup_heals_as_well() {
    let place = Place::new();
    let setup = r#"{"workenv":{"directories":[{"path":"spool"}]},"setup_commands":[
        {"type":"write_file","path":"data/made","content":"made"},{"type":"execute","command":"/bin/sh {workenv}/bin/setup"}]}"#;
    let body = "test ! -e \"$FLAVOR_WORKENV/../../fail\" && echo x >> \"$FLAVOR_WORKENV/../../setups\"";
    let slots =
        [Slot::tree("tree", &[file("data/a", "0123456789"), script("bin/count", COUNT), script("bin/setup", body)])];
    let bytes = package(&slots, "count", setup);
    let program = place.install("p", &bytes);
    let run = || place.run(&program, &[]);
    let setups = || fs::read_to_string(place.path("cache/setups")).unwrap().len() / 2;
    assert_eq!(stdout(&run()), "14\n");
    let tree = place.workenv();
    fs::write(tree.join("data/made"), "longer than that").unwrap();
    fs::write(tree.join("added"), "added").unwrap();
    assert_eq!((stdout(&run()), setups()), ("26\n".to_owned(), 1));
    for (number, gone) in ["data/made", "data/a", "spool"].into_iter().enumerate() {
        let _ = fs::remove_file(tree.join(gone)).or_else(|_| fs::remove_dir(tree.join(gone)));
        assert_eq!((stdout(&run()), setups()), ("14\n".to_owned(), number + 2), "{gone}");
        assert_eq!(fs::read_to_string(tree.join("added")).unwrap(), "added", "{gone}");
    }
    // A setup that fails leaves the tree that was there, for the next start to try again.
    fs::remove_file(tree.join("data/a")).unwrap();
    fs::write(place.path("cache/fail"), "").unwrap();
    assert_refused(&run(), 104, &["setup_commands[1]"]);
    assert_eq!(fs::read_to_string(tree.join("added")).unwrap(), "added");
    fs::remove_file(place.path("cache/fail")).unwrap();
    assert_eq!(stdout(&run()), "14\n");
    assert_eq!(fs::read_to_string(tree.join("added")).unwrap(), "added");
    assert_eq!(place.workenvs().len(), 1, "{:?}", place.workenvs());
}

/// Lazy slots have trees of their own.
#[test]
fn a_lazy_slot_that_lost_a_file_heals() {
    let place = Place::new();
    let lazy = Slot::tree("models", &[file("m/a", "model"), file("m/b", "model")]).living("lazy");
    let main = Slot::script("a", "bin/a", r#"cat "$("$FLAVOR_LAUNCHER" slot models)"/m/a"#);
    let program = place.install("p", &package(&[main, lazy], "a", "{}"));
    assert_eq!(stdout(&place.run(&program, &[])), "model");
    let tree = place.workenv_named(".slot1");
    fs::remove_file(tree.join("m/a")).unwrap();
    assert_eq!(stdout(&place.run(&program, &[])), "model");
    assert!(tree.join("m/a").exists());
}

fn large() -> Vec<u8> {
    let mut entries: Vec<TarEntry> = (0..4200)
        .map(|n| TarEntry { path: Box::leak(format!("many/{}/{n}", n % 40).into_boxed_str()), ..file("", "x") })
        .collect();
    entries.extend([file("data/a", "0123456789"), script("bin/count", COUNT)]);
    package(&[Slot::tree("tree", &entries)], "count", "{}")
}

/// Over 4,000 entries a start looks at directories; among temporary files, at everything.
#[test]
fn a_large_tree_heals_and_among_temporary_files_it_is_looked_at_entry_by_entry() {
    let bytes = large();
    for temporary in [false, true] {
        let place = Place::new();
        let program = place.install("p", &bytes);
        tick();
        let run = || {
            let mut command = Command::new(&program);
            command.env_clear().env("PATH", "/usr/bin:/bin").env("TMPDIR", place.directory.path());
            if !temporary {
                command.env("FLAVOR_CACHE_DIR", place.path("cache"));
            }
            command.output().unwrap()
        };
        assert_eq!(stdout(&run()), "10\n");
        let user = rustix::process::geteuid().as_raw();
        let base = if temporary { place.path(format!("flavor-{user}")) } else { place.path("cache") };
        let trees = fs::read_dir(base.join("workenv")).unwrap().flatten().map(|entry| entry.path());
        let tree = trees.into_iter().find(|path| path.join("data").exists()).unwrap();
        let inode = || fs::metadata(&tree).unwrap().ino();
        // The directory's time does not tell that a file in it was overwritten.
        let before = inode();
        fs::write(tree.join("many/7/47"), "longer").unwrap();
        stdout(&run());
        assert_eq!(inode() != before, temporary);
        if !temporary {
            fs::remove_file(tree.join("many/8/48")).unwrap();
            stdout(&run());
            assert!(inode() != before && tree.join("many/8/48").exists());
            // The program itself is looked at in any case.
            fs::write(tree.join("bin/count"), "#!/bin/sh\necho other").unwrap();
            assert_eq!(stdout(&run()), "10\n");
        }
    }
}

#[test]
fn simultaneous_starts_heal_a_tree_once_or_see_it_whole() {
    let place = Place::new();
    let program = place.install("p", &sample());
    tick();
    stdout(&place.run(&program, &[]));
    let tree = place.workenv();
    fs::write(tree.join("added"), "added").unwrap();
    for round in 0..10 {
        fs::remove_file(tree.join("data/a")).unwrap();
        let starts: Vec<_> = (0..6)
            .map(|_| place.command(&program).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
            .collect();
        let outputs: Vec<Output> = starts.into_iter().map(|start| start.wait_with_output().unwrap()).collect();
        for output in outputs {
            assert_eq!(stdout(&output), "20\n", "round {round}");
        }
        assert_eq!(fs::read_to_string(tree.join("added")).unwrap(), "added", "round {round}");
        assert_eq!(place.workenvs().len(), 1, "{:?}", place.workenvs());
    }
}

#[test]
fn a_killed_healing_loses_nothing() {
    let place = Place::new();
    let bytes = large();
    let program = place.install("p", &bytes);
    tick();
    stdout(&place.run(&program, &[]));
    let tree = place.workenv();
    fs::write(tree.join("added"), "added").unwrap();
    let mut killed = 0;
    for step in 0..8 {
        let _ = fs::remove_file(tree.join("data/a"));
        let mut start = place.command(&program).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(step * step * 8));
        start.kill().unwrap();
        killed += usize::from(!start.wait().unwrap().success());
        assert_eq!(fs::read_to_string(tree.join("added")).unwrap(), "added", "step {step}");
    }
    assert!(killed > 0);
    assert_eq!(stdout(&place.run(&program, &[])), "10\n");
    assert_eq!(fs::read_to_string(tree.join("added")).unwrap(), "added");
    assert_eq!(place.workenvs().len(), 1, "{:?}", place.workenvs());
}

#[test]
fn a_full_disk_leaves_the_damaged_tree_to_heal_later() {
    let place = Place::new();
    let program = place.install("p", &sample());
    let cache = place.path("cache");
    fs::create_dir(&cache).unwrap();
    let script = r#"mount -t tmpfs -o size=1m,mode=700 none "$1" && cd "$1" && "$2" && tree=$(echo "$1"/workenv/app-*) &&
        echo added > "$tree/added" && rm "$tree/data/a" && { cat /dev/zero > fill 2> /dev/null; "$2" 2> /dev/null; echo "code $?"; ls "$1/workenv"/.*.tmp 2> /dev/null
        rm fill; "$2"; cat "$tree/added"; ls "$1/workenv" | wc -l; }"#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(&cache).arg(&program).env("FLAVOR_CACHE_DIR", &cache);
    let output = command.output().unwrap();
    if stderr(&output).starts_with("unshare:") || stderr(&output).starts_with("mount:") {
        eprintln!("SKIPPED: no mount namespaces here");
        return;
    }
    assert_eq!(String::from_utf8_lossy(&output.stdout), "20\ncode 103\n20\nadded\n1\n", "{}", stderr(&output));
}
