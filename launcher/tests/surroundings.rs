//! Hostile and unusual surroundings (docs/launcher-table.md: H6, S25, S26, R8, R9, R20-R27, R33-R35).

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
#[track_caller]
fn in_namespace(place: &Place, script: &str, program: &Path) -> Option<Output> {
    let cache = place.path("cache");
    let _ = fs::create_dir(&cache);
    let marked = format!("echo inside >&2; {script}");
    let mut command = place.command(Path::new("unshare"));
    let output = command.args(["--mount", "sh", "-c", &marked, "sh"]).arg(&cache).arg(program).output().ok()?;
    let Some(rest) = output.stderr.strip_prefix(b"inside\n") else {
        pspf_test_support::skip(&format!("no mount namespaces here: {}", stderr(&output)), "run the tests as root");
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
    if !pspf_test_support::is_root() {
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
    for limit in ["-n 6", "-v 65536", "-n 40", "-s 256"] {
        // What this process has inherited does not count.
        let limit = format!("exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-; ulimit {limit}");
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

const STRANGER: u32 = 65_534;

fn make(path: &Path, mode: u32, owner: u32, group: u32) {
    fs::create_dir(path).unwrap();
    chown(path, Some(owner), Some(group)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn every_part_of_the_way_to_a_base_must_be_ours() {
    if !pspf_test_support::is_root() {
        return;
    }
    let place = Place::new();
    let program = place.install("p", &hello());
    let temporary = place.path("tmp");
    make(&temporary, 0o1777, 0, 0);
    for (name, mode, owner, group, word) in [
        // Somebody else's, open to all or to them alone; ours and root's, but open to all or to a group of others.
        ("foreign-open", 0o777, STRANGER, STRANGER, Some("belongs to user 65534")),
        ("foreign", 0o755, STRANGER, STRANGER, Some("belongs to user 65534")),
        ("foreign-sticky", 0o1777, STRANGER, STRANGER, Some("belongs to user 65534")),
        ("open", 0o777, 0, 0, Some("can be changed by others (mode 0777)")),
        ("group", 0o770, 0, STRANGER, Some("can be changed by others (mode 0770)")),
        ("set-gid", 0o2775, 0, STRANGER, Some("can be changed by others (mode 2775)")),
        // Nobody but us can move what is in these.
        ("sticky", 0o1777, 0, 0, None),
        ("private-group", 0o775, 0, 0, None),
        ("closed", 0o755, 0, STRANGER, None),
    ] {
        let part = place.path(name);
        make(&part, mode, owner, group);
        fs::create_dir(part.join("between")).unwrap();
        for cache in ["between/cache", "between/../between/cache"] {
            let start = |variable: &str| {
                let mut command = Command::new(&program);
                command.env_clear().env("PATH", "/bin:/usr/bin").env("TMPDIR", &temporary);
                command.env(variable, part.join(cache)).output().unwrap()
            };
            // Named: used or refused. One of several: used or passed over. Neither makes anything in a bad one.
            let (named, searched) = (start("FLAVOR_CACHE_DIR"), start("XDG_CACHE_HOME"));
            assert_eq!(stdout(&searched), "ran\n", "{name}: {}", stderr(&searched));
            match word {
                Some(word) => {
                    let shown = part.display().to_string();
                    assert_refused(&named, 106, &[&shown, word, "set FLAVOR_CACHE_DIR to a directory"]);
                    assert_eq!(fs::read_dir(part.join("between")).unwrap().count(), 0, "{name}");
                    assert!(temporary.join("flavor-0/workenv").exists(), "{name}");
                }
                None => {
                    assert_eq!(stdout(&named), "ran\n", "{name}: {}", stderr(&named));
                    assert!(part.join("between/cache/flavor/workenv").exists(), "{name}");
                    assert!(!temporary.join("flavor-0").exists(), "{name}");
                }
            }
            let _ = fs::remove_dir_all(temporary.join("flavor-0"));
        }
    }
}

#[test]
fn links_on_the_way_to_a_base_must_be_ours_and_lead_to_what_is() {
    if !pspf_test_support::is_root() {
        return;
    }
    let place = Place::new();
    let program = place.install("p", &hello());
    make(&place.path("sticky"), 0o1777, 0, 0);
    make(&place.path("good"), 0o755, 0, 0);
    make(&place.path("open"), 0o777, 0, 0);
    let link = |name: &str, target: &str, owner: u32| {
        let path = place.path("sticky").join(name);
        std::os::unix::fs::symlink(target, &path).unwrap();
        std::os::unix::fs::lchown(&path, Some(owner), Some(owner)).unwrap();
    };
    link("ours", "../good", 0);
    link("twice", "ours/.", 0);
    link("absolute", place.path("good").to_str().unwrap(), 0);
    link("foreign", "../good", STRANGER);
    link("through-foreign", "foreign", 0);
    link("to-open", "../open/below", 0);
    link("loop", "loop", 0);
    for (name, word) in [
        ("ours", None),
        ("twice", None),
        ("absolute", None),
        ("foreign", Some("sticky/foreign belongs to user 65534")),
        ("through-foreign", Some("sticky/foreign belongs to user 65534")),
        ("to-open", Some("open can be changed by others")),
        ("loop", Some("sticky/loop")),
    ] {
        let cache = place.path("sticky").join(name).join("cache");
        let output = place.command(&program).env("FLAVOR_CACHE_DIR", cache).output().unwrap();
        match word {
            Some(word) => assert_refused(&output, 106, &[word]),
            None => assert_eq!(stdout(&output), "ran\n", "{name}: {}", stderr(&output)),
        }
    }
    assert_eq!(fs::read_dir(place.path("open")).unwrap().count(), 0);
    assert!(place.path("good/cache/workenv").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn an_access_list_that_lets_another_user_write_is_seen() {
    if !pspf_test_support::is_root() {
        return;
    }
    let place = Place::new();
    let program = place.install("p", &hello());
    let shared = place.path("shared");
    make(&shared, 0o775, 0, 0);
    // As `setfacl -m u:65534:rwx` writes it.
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (kind, rights, id) in
        [(1_u16, 7_u16, u32::MAX), (2, 7, STRANGER), (4, 5, u32::MAX), (16, 7, u32::MAX), (32, 5, u32::MAX)]
    {
        list.extend([kind.to_le_bytes(), rights.to_le_bytes()].concat());
        list.extend(id.to_le_bytes());
    }
    let flags = rustix::fs::XattrFlags::empty();
    if let Err(error) = rustix::fs::setxattr(&shared, c"system.posix_acl_access", &list, flags) {
        eprintln!("SKIPPED: no access lists on this file system: {error}");
        return;
    }
    let output = place.command(&program).env("FLAVOR_CACHE_DIR", shared.join("cache")).output().unwrap();
    assert_refused(&output, 106, &["shared can be changed by others (mode 0775)"]);
}

#[test]
fn root_makes_nothing_in_the_home_of_the_user_who_calls_sudo() {
    if !pspf_test_support::is_root() {
        return;
    }
    let place = Place::new();
    let body = "printf '%s\\n' \"$FLAVOR_WORKENV\" \"$1\"";
    let config = Slot::new("c", "settings", "none", b"x".to_vec()).living("config");
    let bytes = package(&[Slot::script("a", "bin/a", body), config], "a {state}", "{}");
    let program = place.install("p", &bytes);
    let home = place.path("home");
    make(&home, 0o755, STRANGER, STRANGER);
    fs::create_dir(place.path("tmp")).unwrap();
    let as_sudo =
        r#"HOME="$1/../home" TMPDIR="$1/../tmp"; export HOME TMPDIR; unset FLAVOR_CACHE_DIR XDG_STATE_HOME; "#;
    // Root's own home is a directory of this test.
    let Some(output) = in_namespace(&place, &format!(r#"mount --bind "$1" /root && {as_sudo} "$2""#), &program) else {
        return;
    };
    let printed = stdout(&output);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("/root/.cache/flavor/workenv/"), "{printed}{}", stderr(&output));
    assert_eq!(lines[1], "/root/.local/state/flavor/app");
    assert!(place.path("cache/.local/state/flavor/app/settings").exists());
    // Where root's own cannot be written to, there are temporary files.
    let read_only = r#"mount --bind "$1" /root && mount -o remount,bind,ro /root && "#;
    let plain = place.install("q", &hello());
    assert_eq!(stdout(&in_namespace(&place, &format!("{read_only}{as_sudo} \"$2\""), &plain).unwrap()), "ran\n");
    assert!(place.path("tmp/flavor-0/workenv").exists());
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
}

#[test]
fn what_runs_with_more_rights_than_its_caller_is_refused() {
    use std::os::unix::process::CommandExt;
    if !pspf_test_support::is_root() {
        return;
    }
    let place = Place::new();
    fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    make(&place.path("tmp"), 0o1777, 0, 0);
    let program = place.install("p", &hello());
    let start = |cli: bool| {
        let mut command = Command::new(&program);
        command.env_clear().env("PATH", "/bin:/usr/bin").env("TMPDIR", place.path("tmp"));
        command.env("FLAVOR_LOG_PATH", place.path("tmp/log")).env("FLAVOR_LOG_LEVEL", "trace");
        if cli {
            command.env("FLAVOR_LAUNCHER_CLI", "1");
        }
        command.uid(STRANGER).gid(STRANGER).output().unwrap()
    };
    for mode in [0o4755, 0o2755, 0o6755] {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        for cli in [false, true] {
            assert_refused(&start(cli), 104, &["more rights than their caller", "set-uid"]);
        }
        assert_eq!(fs::read_dir(place.path("tmp")).unwrap().count(), 0, "{mode:o}");
    }
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(stdout(&start(false)), "ran\n");
    #[cfg(target_os = "linux")]
    {
        // As `setcap cap_net_bind_service=ep` writes it.
        let capability = [0x0200_0001_u32, 1 << 10, 0, 0, 0].map(u32::to_le_bytes).concat();
        let flags = rustix::fs::XattrFlags::empty();
        match rustix::fs::setxattr(&program, c"security.capability", &capability, flags) {
            Ok(()) => assert_refused(&start(false), 104, &["more rights than their caller", "capabilities"]),
            Err(error) => eprintln!("SKIPPED: no file capabilities here: {error}"),
        }
    }
}

#[test]
fn what_has_the_name_of_a_lock_holds_nobody_up_and_is_not_followed() {
    let place = Place::new();
    let program = place.install("p", &hello());
    assert_eq!(stdout(&place.run(&program, &[])), "ran\n");
    let workenv = place.workenv();
    let locks = workenv.with_file_name(".locks");
    let lock = locks.join(workenv.file_name().unwrap());
    let victim = place.path("victim");
    let start = || {
        fs::remove_dir_all(&workenv).unwrap();
        let mut command = place.command(Path::new("timeout"));
        command.arg("60").arg(&program).output().unwrap()
    };
    fs::remove_file(&lock).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &lock, rustix::fs::Mode::RWXU).unwrap();
    assert_refused(&start(), 106, &[".locks/", "not a regular file"]);
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&workenv).unwrap();
    std::os::unix::fs::symlink(&victim, &lock).unwrap();
    assert_refused(&start(), 106, &[".locks/", "symbolic link"]);
    assert!(!victim.exists());
    // The directory of the locks itself.
    fs::remove_dir_all(&locks).unwrap();
    fs::create_dir(&workenv).unwrap();
    fs::create_dir(&victim).unwrap();
    std::os::unix::fs::symlink(&victim, &locks).unwrap();
    assert_refused(&start(), 106, &[".locks is a symbolic link"]);
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 0);
    fs::remove_file(&locks).unwrap();
    if pspf_test_support::is_root() {
        fs::create_dir(&workenv).unwrap();
        fs::create_dir(&locks).unwrap();
        fs::write(&lock, "").unwrap();
        chown(&lock, Some(STRANGER), None).unwrap();
        assert_refused(&start(), 106, &[".locks/", "belongs to user 65534"]);
        fs::remove_dir_all(&locks).unwrap();
    }
    fs::create_dir(&workenv).unwrap();
    assert_eq!(stdout(&start()), "ran\n");
}

#[test]
fn a_program_is_never_told_of_a_package_that_is_not_there() {
    let place = Place::new();
    let body = "printf '%s %s\\n' \"${FLAVOR_LAUNCHER-none}\" \"${FLAVOR_ORIGINAL_COMMAND-none}\"";
    let bytes = package(&[Slot::script("a", "bin/a", body)], "a", "{}");
    let start = |script: &str| {
        let program = place.install("p", &bytes);
        place.install("other", &bytes);
        let output = place
            .command(Path::new("sh"))
            .env("FLAVOR_LAUNCHER", "/outer")
            .args(["-c", script, "sh"])
            .arg(&program)
            .output();
        stdout(&output.unwrap())
    };
    let package = place.path("p").display().to_string();
    let both = format!("{package} {package}\n");
    assert_eq!(start(r#""$1""#), both);
    // Deleted before it looks at itself, replaced, moved.
    assert_eq!(start(r#"exec 3<"$1"; rm "$1"; /proc/self/fd/3"#), "none none\n");
    assert_eq!(start(r#"exec 3<"$1"; mv "${1%p}other" "$1"; /proc/self/fd/3"#), both);
    assert_eq!(start(r#"exec 3<"$1"; mv "$1" "$1.moved"; /proc/self/fd/3"#), both.replace("/p", "/p.moved"));
    // A file that is called like the kernel's mark.
    assert_eq!(start(r#"mv "$1" "$1 (deleted)"; "$1 (deleted)""#), both.replace("/p", "/p (deleted)"));
}
