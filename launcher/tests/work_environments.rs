//! Work environments: reused, shared between starts, healed, private (docs/launcher-table.md).

mod support;

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use pspf_nostd::{
    descriptor::{DESCRIPTOR_SIZE, SlotDescriptor},
    index::{IndexBlock, SLOT_TABLE_OFFSET},
};
use support::{Place, Slot, TarEntry, assert_refused, file, os, package, package_of, script, stderr, stdout};

/// A tree of `count` files and a program that counts them.
fn tree(count: usize) -> Slot {
    let mut entries: Vec<TarEntry> = (0..count)
        .map(|number| TarEntry { path: Box::leak(format!("data/{number}").into_boxed_str()), ..file("", "0123456789") })
        .collect();
    entries.push(script("bin/count", r#"cat "$FLAVOR_WORKENV"/data/* | wc -c"#));
    Slot::tree("tree", &entries)
}

fn descriptor(package: &[u8], slot: usize) -> SlotDescriptor {
    let trailer = &package[package.len() - 8196..package.len() - 4];
    let table = usize::try_from(IndexBlock::from_bytes(trailer).unwrap().u64(SLOT_TABLE_OFFSET)).unwrap();
    let row = &package[table + slot * DESCRIPTOR_SIZE..][..DESCRIPTOR_SIZE];
    SlotDescriptor::from_bytes(row.try_into().unwrap())
}

#[test]
fn a_warm_start_reads_no_slot_byte_and_makes_few_system_calls() {
    let place = Place::new();
    let big: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let bytes = package(&[Slot::new("big", "big", "none", big), Slot::script("a", "bin/a", "echo ran")], "a", "{}");
    let program = place.install("p", &bytes);
    // Once the file has not changed for a moment, it need not be read again.
    thread::sleep(Duration::from_millis(200));
    for _ in 0..2 {
        assert_eq!(stdout(&place.run(&program, &[])), "ran\n");
    }
    let log = place.path("strace");
    let mut traced = place.command(Path::new("strace"));
    traced.arg("-o").arg(&log).arg(&program);
    let Ok(output) = traced.output() else {
        pspf_test_support::skip("`strace` is not installed", pspf_test_support::SETUP);
        return;
    };
    assert!(output.status.success(), "{}", stderr(&output));
    let trace = fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = trace.lines().collect();
    let second = lines.iter().skip(1).position(|line| line.starts_with("execve(")).unwrap() + 1;
    let calls = &lines[..second];
    // The C library of a test build is loaded from files; the released launcher is static.
    let start = calls.iter().position(|line| line.contains("/proc/self/exe")).unwrap();
    assert!(calls.len() - start <= 70, "{} system calls:\n{}", calls.len() - start, calls[start..].join("\n"));
    let slot = descriptor(&bytes, 0).stored().unwrap();
    let mut read = 0;
    for line in calls.iter().filter(|line| line.starts_with("pread64(")) {
        let (arguments, result) = line.rsplit_once(") = ").unwrap();
        let offset: u64 = arguments.rsplit(", ").next().unwrap().parse().unwrap();
        let length: u64 = result.parse().unwrap();
        assert!(offset + length <= slot.start || offset >= slot.end, "{line}");
        read += length;
    }
    assert!((8200..65_536).contains(&read), "{read} bytes read");
}

#[test]
fn simultaneous_first_starts_see_whole_trees_and_extract_once() {
    let place = Place::new();
    let program = place.install("p", &package(&[tree(2000)], "count", "{}"));
    for round in 0..3 {
        thread::scope(|scope| {
            let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| place.run(&program, &[]))).collect();
            for start in starts {
                assert_eq!(stdout(&start.join().unwrap()), "20000\n", "round {round}");
            }
        });
        assert_eq!(place.workenvs().len(), 1, "{:?}", place.workenvs());
        fs::remove_dir_all(place.path("cache")).unwrap();
    }
}

#[test]
fn a_killed_extraction_leaves_nothing_that_is_used_or_kept() {
    let place = Place::new();
    let setup = r#"{"setup_commands":[{"type":"write_file","path":"bin/x","content":"x"},{"type":"execute","command":"sleep 0.05"}]}"#;
    for (name, extra) in [("plain", "{}"), ("setup", setup)] {
        let program = place.install(name, &package(&[tree(600)], "count", extra));
        let mut interrupted = 0;
        // Kills spread over a whole first start, however fast the machine is at the moment.
        let mut whole = Duration::ZERO;
        for step in 0..11 {
            let delay = whole * step / 11;
            let mut child = place.command(&program).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            thread::sleep(delay);
            // Not `kill` on a program that has been executed already: it would be the program's own end.
            child.kill().unwrap();
            interrupted += usize::from(!child.wait().unwrap().success());
            let left = place.workenvs();
            let begin = Instant::now();
            assert_eq!(stdout(&place.run(&program, &[])), "6000\n", "{name} after {delay:?}, left: {left:?}");
            whole = begin.elapsed();
            assert_eq!(
                place.workenvs().len(),
                1,
                "{name} after {delay:?}, left: {left:?}, now: {:?}",
                place.workenvs()
            );
            fs::remove_dir_all(place.path("cache")).unwrap();
        }
        assert!(interrupted > 2, "{interrupted} of the starts were interrupted");
    }
}

#[test]
fn a_damaged_tree_is_replaced() {
    let place = Place::new();
    let program = place.install("p", &package(&[tree(10)], "count", "{}"));
    let run = || assert_eq!(stdout(&place.run(&program, &[])), "100\n");
    run();
    let workenv = place.workenv();
    let record = workenv.join(".pspf/complete");
    for damage in 0..5 {
        match damage {
            0 => fs::remove_file(&record).unwrap(),
            1 => fs::write(&record, "").unwrap(),
            2 => fs::write(&record, "pspf work environment 1\ncontent 00\n").unwrap(),
            3 => fs::remove_dir_all(&workenv).unwrap(),
            _ => fs::remove_dir_all(workenv.join(".pspf")).unwrap(),
        }
        if workenv.exists() {
            fs::write(workenv.join("data/stale"), "stale").unwrap();
        }
        run();
        assert_eq!(place.workenvs().len(), 1, "damage {damage}: {:?}", place.workenvs());
        assert!(!workenv.join("data/stale").exists(), "damage {damage}");
    }
    let output = place.command(&program).env("FLAVOR_WORKENV_CACHE", "False").output().unwrap();
    assert_eq!(stdout(&output), "100\n");
    fs::remove_dir_all(place.path("cache")).unwrap();
    run();
}

#[test]
fn versions_and_packages_of_one_name_stand_beside_each_other() {
    let place = Place::new();
    let launcher = fs::read(support::LAUNCHER).unwrap();
    let make = |version: &str, text: &str| {
        let slots = [Slot::script("a", "bin/a", &format!("echo {text}"))];
        package_of(&launcher, &slots, "a", "{}", version)
    };
    for _ in 0..2 {
        for (version, text) in [("1", "one"), ("2", "two"), ("2", "other two")] {
            let program = place.install("same-name", &make(version, text));
            assert_eq!(stdout(&place.run(&program, &[])), format!("{text}\n"));
        }
    }
    assert_eq!(place.workenvs().len(), 3);
}

#[test]
fn paths_may_have_blanks_and_bytes_that_are_not_utf8() {
    let place = Place::new();
    let odd = place.path(os(b"a b'\"\xff"));
    fs::create_dir(&odd).unwrap();
    let app = Slot::script("a", "bin/a", r#"printf '%s\n' "$0" "$1" "$FLAVOR_LAUNCHER""#);
    let program = place.install(os(b"a b'\"\xff/my tool\xfe"), &package(&[app], "{workenv}/bin/a {workenv}", "{}"));
    let cache = odd.join(os(b"ca che\xfd"));
    for _ in 0..2 {
        let output = place.command(&program).env("FLAVOR_CACHE_DIR", &cache).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        let lines: Vec<&[u8]> = output.stdout.split(|byte| *byte == b'\n').collect();
        assert!(lines[0].starts_with(cache.as_os_str().as_bytes()) && lines[0].ends_with(b"/bin/a"));
        assert_eq!([lines[1], b"/bin/a"].concat(), lines[0]);
        assert_eq!(lines[2], program.as_os_str().as_bytes());
    }
}

#[test]
fn the_cache_is_where_the_rules_say() {
    let place = Place::new();
    let program = place.install("p", &package(&[Slot::script("a", "bin/a", "echo \"$FLAVOR_WORKENV\"")], "a", "{}"));
    let temporary = place.path("tmp");
    fs::create_dir(&temporary).unwrap();
    let home = place.path("home");
    let user = rustix::process::geteuid().as_raw();
    let run = |variables: &[(&str, &Path)]| {
        let mut command = Command::new(&program);
        let output =
            command.env_clear().env("PATH", "/bin").env("TMPDIR", &temporary).envs(variables.iter().copied()).output();
        stdout(&output.unwrap()).trim().to_owned()
    };
    let expect = |found: String, base: &Path| assert!(Path::new(&found).starts_with(base), "{found} {base:?}");
    expect(run(&[("HOME", &home)]), &home.join(".cache/flavor/workenv"));
    expect(run(&[("HOME", &home), ("XDG_CACHE_HOME", &place.path("xdg"))]), &place.path("xdg/flavor/workenv"));
    let private = temporary.join(format!("flavor-{user}"));
    for variables in [&[][..], &[("HOME", Path::new(""))], &[("HOME", Path::new("/proc/nowhere"))]] {
        expect(run(variables), &private.join("workenv"));
    }
    // That there is a tree among the temporary files is no reason to use it where there is a home.
    fs::remove_dir_all(&home).unwrap();
    expect(run(&[("HOME", &home)]), &home.join(".cache/flavor/workenv"));
    assert_eq!(fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o700);
    // What a nested package inherits never makes it share a directory.
    expect(run(&[("HOME", &home), ("FLAVOR_WORKENV", &place.path("other/workenv/x"))]), &home);
    // A relative value is made absolute.
    let mut command = Command::new(&program);
    command.env_clear().env("FLAVOR_CACHE_DIR", "relative").current_dir(place.directory.path());
    expect(stdout(&command.output().unwrap()).trim().to_owned(), &place.path("relative/workenv"));
    // The directory for users without a home must be theirs alone.
    fs::set_permissions(&private, fs::Permissions::from_mode(0o777)).unwrap();
    let output = Command::new(&program).env_clear().env("TMPDIR", &temporary).output().unwrap();
    assert_refused(&output, 106, &["can be changed by others", "0777", "FLAVOR_CACHE_DIR"]);
}

#[test]
fn links_and_files_in_the_way_are_refused_and_left_alone() {
    let place = Place::new();
    let program = place.install("p", &package(&[Slot::script("a", "bin/a", "echo ran")], "a", "{}"));
    stdout(&place.run(&program, &[]));
    let workenv = place.workenv();
    let victim = place.path("victim");
    fs::rename(&workenv, &victim).unwrap();
    let before = fs::metadata(&victim).unwrap().permissions().mode();
    std::os::unix::fs::symlink(&victim, &workenv).unwrap();
    assert_refused(&place.run(&program, &[]), 106, &["symbolic link"]);
    assert_eq!(fs::metadata(&victim).unwrap().permissions().mode(), before);
    assert!(victim.join("bin/a").exists() && workenv.is_symlink());
    fs::remove_file(&workenv).unwrap();
    fs::write(&workenv, "file").unwrap();
    assert_refused(&place.run(&program, &[]), 106, &["not a directory"]);
    fs::remove_file(&workenv).unwrap();
    let all = place.path("cache/workenv");
    fs::set_permissions(&all, fs::Permissions::from_mode(0o777)).unwrap();
    assert_refused(&place.run(&program, &[]), 106, &["can be changed by others"]);
    fs::remove_dir_all(&all).unwrap();
    fs::create_dir(place.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(place.path("elsewhere"), &all).unwrap();
    assert_refused(&place.run(&program, &[]), 106, &["symbolic link"]);
}

/// Runs as another user where the test may: root is not bound by modes.
fn as_nobody(command: &mut Command) -> bool {
    let root = rustix::process::geteuid().is_root();
    if root {
        command.uid(65_534).gid(65_534);
    }
    root
}

#[test]
fn other_users_trees_are_not_used() {
    let place = Place::new();
    let program = place.install("p", &package(&[Slot::script("a", "bin/a", "echo ran")], "a", "{}"));
    fs::set_permissions(place.directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    stdout(&place.run(&program, &[]));
    let mut command = place.command(&program);
    if !as_nobody(&mut command) {
        pspf_test_support::skip("only root may become another user", "run the tests as root");
        return;
    }
    for name in ["cache", "cache/workenv"] {
        fs::set_permissions(place.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    assert_refused(&command.output().unwrap(), 106, &["belongs to user 0, not to user 65534"]);
}

#[test]
fn a_valid_tree_on_a_read_only_file_system_is_used() {
    let place = Place::new();
    let program = place.install("p", &package(&[Slot::script("a", "bin/a", "echo ran")], "a", "{}"));
    let cold = place.install("cold", &package(&[Slot::script("a", "bin/a", "echo other")], "a", "{}"));
    stdout(&place.run(&program, &[]));
    let cache = place.path("cache");
    let mounted = |program: &Path| {
        let script = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2""#;
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh"]).arg(&cache).arg(program).env("FLAVOR_CACHE_DIR", &cache);
        command.output()
    };
    let output = mounted(&program);
    match output {
        Ok(output) if output.status.success() => assert_eq!(stdout(&output), "ran\n"),
        _ => {
            pspf_test_support::skip("this user may not `unshare --mount`", "run the tests as root");
            return;
        }
    }
    assert_refused(&mounted(&cold).unwrap(), 106, &["Read-only file system", "FLAVOR_CACHE_DIR"]);
}

#[test]
fn a_full_disk_leaves_nothing_behind() {
    let place = Place::new();
    let big: Vec<u8> = (0..2_000_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let slots = [Slot::new("big", "big", "zstd", big), Slot::script("a", "bin/a", "echo ran")];
    let program = place.install("p", &package(&slots, "a", "{}"));
    let cache = place.path("cache");
    fs::create_dir(&cache).unwrap();
    let script = r#"mount -t tmpfs -o size=4m,mode=700 none "$1" && { "$2"; echo "code $?"; ls -A "$1/workenv"; }"#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(&cache).arg(&program).env("FLAVOR_CACHE_DIR", &cache);
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    if !printed.contains("code") {
        pspf_test_support::skip("this user may not `unshare --mount`", "run the tests as root");
        return;
    }
    assert_eq!(printed, "code 103\n.locks\n");
    assert!(
        stderr(&output).contains("No space left on device") && stderr(&output).contains("big"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn odd_surroundings_are_survived() {
    let place = Place::new();
    let program = place.install("p", &package(&[tree(10)], "count", "{}"));
    let shell = |script: &str| {
        let mut command = place.command(Path::new("sh"));
        command.arg("-c").arg(script).arg("sh").arg(&program).current_dir(place.directory.path());
        command.output().unwrap()
    };
    for script in [
        "mkdir gone && cd gone && rmdir ../gone && exec \"$1\"",
        "umask 777; exec \"$1\"",
        "umask 000; exec \"$1\"",
        "exec \"$1\" <&-",
        "ulimit -n 16; exec \"$1\"",
    ] {
        let output = shell(script);
        assert!(output.status.success() && output.stdout == b"100\n", "{script}: {}", stderr(&output));
        fs::remove_dir_all(place.path("cache")).unwrap();
    }
    // Unlinked while it runs: the kernel still has it.
    let gone = place.install("gone", &package(&[Slot::script("a", "bin/a", "echo ran")], "a", "{}"));
    let output = shell(&format!("exec 9<'{0}'; rm '{0}'; exec /proc/self/fd/9", gone.display()));
    assert_eq!(stdout(&output), "ran\n");
    let _: &OsStr = program.as_os_str();
}
