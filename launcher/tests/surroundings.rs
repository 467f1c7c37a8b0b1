//! Hostile and unusual surroundings (launcher.md §11: H6, S25, S26, R8, R9, R20-R27, R33-R35).

mod support;

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
    process::{Command, Output},
};

use support::{Place, Slot, TarEntry, assert_refused, directory, file, package, script, stderr, stdout};

fn hello() -> Vec<u8> {
    package(&[Slot::script("a", "bin/a", "echo ran")], "a", "{}")
}

fn files(count: usize, size: usize) -> Slot {
    let mut entries: Vec<TarEntry> = (0..count)
        .map(|number| {
            let path = Box::leak(format!("data/{number}").into_boxed_str());
            let content = (0..size).map(|at| u8::try_from((at * 31 + number * 7) % 251).unwrap()).collect();
            TarEntry { content, ..file(path, "") }
        })
        .collect();
    entries.push(script("bin/a", "echo ran"));
    Slot::tree("tree", &entries)
}

/// Runs a shell script in mount namespace of its own: `$1` is the cache, `$2` the package. `None` where that is not allowed.
fn in_namespace(place: &Place, script: &str, program: &Path) -> Option<Output> {
    let cache = place.path("cache");
    let _ = fs::create_dir(&cache);
    let marked = format!("echo inside >&2; {script}");
    let mut command = place.command(Path::new("unshare"));
    let output = command.args(["--mount", "sh", "-c", &marked, "sh"]).arg(&cache).arg(program).output().ok()?;
    let Some(rest) = output.stderr.strip_prefix(b"inside\n") else {
        eprintln!("no mount namespaces here: {}", stderr(&output));
        return None;
    };
    Some(Output { stderr: rest.to_vec(), ..output })
}

fn shell(place: &Place, script: &str, program: &Path) -> Output {
    place.command(Path::new("sh")).args(["-c", script, "sh"]).arg(program).output().unwrap()
}

#[test]
fn nothing_is_unpacked_where_nothing_can_be_executed_if_there_is_another_place() {
    let place = Place::new();
    let program = place.install("p", &hello());
    fs::create_dir(place.path("tmp")).unwrap();
    let mount = r#"mount -t tmpfs -o noexec,mode=700 none "$1" && "#;
    // R23: home cannot execute, the directory for temporary files can.
    let home = r#"env -u FLAVOR_CACHE_DIR HOME="$1" TMPDIR="$1/../tmp" "$2"; ls -A "$1""#;
    let Some(output) = in_namespace(&place, &format!("{mount}{home}"), &program) else { return };
    assert_eq!(stdout(&output), "ran\n");
    // No other place: the message says what it is about.
    let Some(output) = in_namespace(&place, &format!(r#"{mount}"$2""#), &program) else { return };
    assert_refused(&output, 104, &["cannot be executed", "Permission denied", "file system allows executing"]);
    // An interpreter from elsewhere can run what cannot be executed.
    let program =
        place.install("q", &package(&[Slot::new("s", "s", "none", b"echo read".into())], "sh {workenv}/s", "{}"));
    let Some(output) = in_namespace(&place, &format!(r#"{mount}"$2""#), &program) else { return };
    assert_eq!(stdout(&output), "read\n");
}

#[test]
fn a_home_that_cannot_be_written_to_is_passed_over() {
    let place = Place::new();
    let program = place.install("p", &hello());
    let warm = place.install("warm", &package(&[Slot::script("a", "bin/a", "echo warm")], "a", "{}"));
    fs::create_dir(place.path("tmp")).unwrap();
    let home = r#"env -u FLAVOR_CACHE_DIR HOME="$1" TMPDIR="$1/../tmp""#;
    let read_only = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1""#;
    // R21: read-only, and nothing in it yet.
    let Some(output) = in_namespace(&place, &format!(r#"{read_only} && {home} "$2""#), &program) else { return };
    assert_eq!(stdout(&output), "ran\n");
    assert_eq!(fs::read_dir(place.path("cache")).unwrap().count(), 0);
    // R20: the same with a cache that holds another package; that one runs, too.
    fs::remove_dir_all(place.path("tmp")).unwrap();
    fs::create_dir(place.path("tmp")).unwrap();
    let script = format!(r#"{home} "$1/../warm" && {read_only} && {home} "$2" && {home} "$1/../warm""#);
    let output = in_namespace(&place, &script, &program).unwrap();
    assert_eq!(stdout(&output), "warm\nran\nwarm\n");
    drop(warm);
    // R22: so is the package's own file system.
    let script = r#"d="$1/../media"; mkdir "$d" && cp "$2" "$d/p" && mount --bind "$d" "$d" && mount -o remount,bind,ro "$d" && "$d/p""#;
    assert_eq!(stdout(&in_namespace(&place, script, &program).unwrap()), "ran\n");
}

#[test]
fn what_another_user_prepared_is_not_used() {
    let place = Place::new();
    let program = place.install("p", &hello());
    if !rustix::process::geteuid().is_root() {
        eprintln!("not root: cannot give files to another user");
        return;
    }
    let temporary = place.path("tmp");
    fs::create_dir(&temporary).unwrap();
    let with_home = |home: &Path| {
        let mut command = Command::new(&program);
        command.env_clear().env("PATH", "/bin:/usr/bin").env("HOME", home).env("TMPDIR", &temporary);
        command.output().unwrap()
    };
    // R27: the cache in the home belongs to somebody else, whatever is in it.
    let home = place.path("home");
    assert_eq!(stdout(&with_home(&home)), "ran\n");
    let cache = home.join(".cache/flavor/workenv");
    let tree = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.join("bin").exists());
    let tree = tree.unwrap();
    fs::write(tree.join("bin/a"), "#!/bin/sh\necho foreign\n").unwrap();
    chown(&cache, Some(65_534), None).unwrap();
    assert_eq!(stdout(&with_home(&home)), "ran\n");
    chown(&cache, Some(0), None).unwrap();
    chown(&tree, Some(65_534), None).unwrap();
    assert_eq!(stdout(&with_home(&home)), "ran\n");
    // H6: so does the directory for users without a home.
    let private = temporary.join("flavor-0");
    chown(&private, Some(65_534), None).unwrap();
    assert_refused(&with_home(Path::new("")), 106, &["belongs to user 65534", "FLAVOR_CACHE_DIR"]);
    assert_eq!(fs::metadata(&private).unwrap().uid(), 65_534);
}

#[test]
fn full_disks_and_used_up_inodes_are_survived() {
    let place = Place::new();
    for (number, (options, slot)) in
        [("size=4m", files(40, 200_000)), ("nr_inodes=60", files(100, 10)), ("size=4m", files(3, 4_000_000))]
            .into_iter()
            .enumerate()
    {
        let program = place.install("p", &package(&[slot], "a", "{}"));
        let script = format!(
            r#"mount -t tmpfs -o {options},mode=700 none "$1" && {{ "$2"; echo "code $?"; ls -A "$1/workenv";
               mount -o remount,size=100m,nr_inodes=1000 "$1" && "$2" && ls -A "$1/workenv" | grep -c tmp; }}"#
        );
        let Some(output) = in_namespace(&place, &script, &program) else { return };
        let printed = String::from_utf8_lossy(&output.stdout);
        assert_eq!(printed, "code 103\n.locks\nran\n0\n", "case {number}: {}", stderr(&output));
        let message = stderr(&output);
        assert!(
            message.contains("No space left on device") && message.contains("slot `tree`, entry `data/"),
            "{message}"
        );
        assert!(message.contains("check space and rights"), "{message}");
    }
}

#[test]
fn limits_of_the_process_end_in_words() {
    let place = Place::new();
    let many = place.install("many", &package(&[files(700, 4000)], "/bin/echo ran", "{}"));
    let large = place.install("large", &package(&[files(2, 300_000)], "/bin/echo ran", "{}"));
    // R34: larger files than the process may write, whole and in pieces (units of 512 bytes).
    for (blocks, program) in [(500, &large), (4, &many)] {
        let output = shell(&place, &format!(r#"ulimit -f {blocks}; exec "$1""#), program);
        assert_refused(&output, 103, &["ile too large", "entry `data/"]);
        assert!(place.workenvs().is_empty(), "{:?}", place.workenvs());
    }
    // R35: few descriptors, little memory, no further thread.
    for limit in ["ulimit -n 6", "ulimit -v 65536", "ulimit -n 40", "ulimit -s 256"] {
        for program in [&many, &large] {
            let output = shell(&place, &format!(r#"{limit}; exec "$1""#), program);
            assert_eq!(stdout(&output), "ran\n", "{limit}");
            let output = shell(&place, &format!(r#"{limit}; exec "$1""#), program);
            assert_eq!(stdout(&output), "ran\n", "{limit}");
        }
        fs::remove_dir_all(place.path("cache")).unwrap();
    }
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    let place = Place::new();
    let tree = [directory("d", 0o755), script("bin/a", "umask"), file("d/f", "x"), directory("open", 0o777)];
    let mut own = Slot::new("own", "own", "none", b"x".into());
    own.permissions = 0o666;
    let program = place.install("p", &package(&[Slot::tree("t", &tree), own], "a", "{}"));
    for umask in ["000", "022", "077", "777"] {
        let output = shell(&place, &format!(r#"umask {umask}; exec "$1""#), &program);
        // The program has the caller's.
        assert_eq!(stdout(&output).trim().trim_start_matches('0'), umask.trim_start_matches('0'));
        let workenv = place.workenv();
        let mode =
            |name: &str| format!("{:o}", fs::metadata(workenv.join(name)).unwrap().permissions().mode() & 0o7777);
        let modes = ["", "bin", "bin/a", "d", "d/f", "open", "own", ".pspf", ".pspf/complete"].map(mode);
        assert_eq!(modes, ["700", "755", "755", "755", "644", "777", "666", "700", "600"], "umask {umask}");
        fs::remove_dir_all(place.path("cache")).unwrap();
    }
}

#[test]
fn file_names_of_packages_decide_nothing() {
    let place = Place::new();
    let bytes = hello();
    // S25, R26.
    for name in [".psp", "..psp", "...psp", "a b.psp", "it's", "x".repeat(252).as_str()] {
        let program = place.install("p", &bytes);
        let odd = place.path(name);
        fs::rename(program, &odd).unwrap();
        assert_eq!(stdout(&place.run(&odd, &[])), "ran\n", "{name}");
        fs::remove_file(odd).unwrap();
    }
    assert_eq!(place.workenvs().len(), 1);
    let mut top: Vec<_> = fs::read_dir(place.path("cache")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(top.pop().unwrap(), "workenv");
    assert!(top.is_empty(), "{top:?}");
}

#[test]
fn a_bomb_takes_no_memory() {
    let place = Place::new();
    // S26: 300 MB of zeros in some kilobytes; the address space would not hold them.
    let bomb = Slot::new("bomb", "bomb", "zstd", vec![0; 300_000_000]);
    let program = place.install("p", &package(&[bomb, Slot::script("a", "bin/a", "echo ran")], "a", "{}"));
    let output = shell(&place, r#"ulimit -v 131072; exec "$1""#, &program);
    assert_refused(&output, 103, &["slot `bomb`", "250"]);
    assert!(place.workenvs().is_empty());
}

#[test]
fn a_missing_home_is_made_and_an_unusable_one_passed_over() {
    let place = Place::new();
    let program = place.install("p", &hello());
    fs::create_dir(place.path("tmp")).unwrap();
    fs::write(place.path("file"), "").unwrap();
    // R24, R25.
    let odd = place.path(support::os(b"ho me \xff"));
    for home in [place.path("missing/home"), odd, place.path("file"), Path::new("/proc/self/nowhere").to_owned()] {
        for _ in 0..2 {
            let mut command = Command::new(&program);
            command.env_clear().env("PATH", "/bin:/usr/bin").env("HOME", &home).env("TMPDIR", place.path("tmp"));
            assert_eq!(stdout(&command.output().unwrap()), "ran\n", "{}", home.display());
        }
    }
}
