//! Simultaneous and killed starts (docs/launcher-table.md: H1-H5, R1-R4). `FLAVOR_SOAK_ROUNDS` sets the number of rounds.

mod support;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use support::{Place, Slot, TarEntry, file, package, package_of, script, stderr, stdout};

/// Rounds of an ordinary test run.
const ROUNDS: u32 = 25;
const FILES: usize = 120;

fn rounds() -> u32 {
    std::env::var("FLAVOR_SOAK_ROUNDS").map_or(ROUNDS, |text| text.parse().expect("a number of rounds"))
}

/// Many files that all say `text`, and a program that counts them and what they say.
fn tree(text: &str, count: usize) -> Slot {
    let mut entries: Vec<TarEntry> = (0..count)
        .map(|number| TarEntry { path: Box::leak(format!("data/{number}").into_boxed_str()), ..file("", text) })
        .collect();
    entries.push(script("bin/count", r#"cd "$FLAVOR_WORKENV/data" && cat * | sort | uniq -c | tr -s ' '"#));
    Slot::tree("tree", &entries)
}

fn versions(names: [&str; 2], count: usize) -> [Vec<u8>; 2] {
    let launcher = fs::read(support::LAUNCHER).unwrap();
    names.map(|name| package_of(&launcher, &[tree(&format!("{name}\n"), count)], "count", "{}", name))
}

fn spawn(place: &Place, program: &Path) -> Child {
    let mut command = place.command(program);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// A number that differs from round to round, from the system.
fn random() -> u64 {
    let mut bytes = [0; 8];
    std::io::Read::read_exact(&mut File::open("/dev/urandom").unwrap(), &mut bytes).unwrap();
    u64::from_le_bytes(bytes)
}

fn expected(name: &str, count: usize) -> String {
    format!(" {count} {name}\n")
}

#[test]
fn simultaneous_first_starts_and_kills_leave_whole_trees_only() {
    let place = Place::new();
    let setup = r#"{"setup_commands":[{"type":"write_file","path":"bin/x","content":"x"},{"type":"execute","command":"true"}]}"#;
    let plain = place.install("plain", &package(&[tree("x\n", FILES)], "count", "{}"));
    let with_setup = place.install("setup", &package(&[tree("x\n", FILES)], "count", setup));
    // How long a first start takes here, so that kills hit all of it.
    let start = std::time::Instant::now();
    assert_eq!(stdout(&place.run(&plain, &[])), expected("x", FILES));
    let span = u64::try_from(start.elapsed().as_micros()).unwrap();
    let mut killed = 0;
    for round in 0..rounds() {
        let program = if round % 4 == 3 { &with_setup } else { &plain };
        fs::remove_dir_all(place.path("cache")).unwrap();
        // One is killed at a random moment, while seven others start.
        let mut victim = spawn(&place, program);
        let others: Vec<Child> = (0..7).map(|_| spawn(&place, program)).collect();
        thread::sleep(Duration::from_micros(random() % (span * 2)));
        victim.kill().unwrap();
        killed += usize::from(!victim.wait().unwrap().success());
        for other in others {
            assert_eq!(stdout(&other.wait_with_output().unwrap()), expected("x", FILES), "round {round}");
        }
        // All of them are killed.
        fs::remove_dir_all(place.path("cache")).unwrap();
        let mut all: Vec<Child> = (0..2).map(|_| spawn(&place, program)).collect();
        thread::sleep(Duration::from_micros(random() % span));
        for child in &mut all {
            child.kill().unwrap();
            killed += usize::from(!child.wait().unwrap().success());
        }
        let left = place.workenvs();
        assert_eq!(stdout(&place.run(program, &[])), expected("x", FILES), "round {round}, left: {left:?}");
        assert_eq!(place.workenvs().len(), 1, "round {round}, left: {left:?}, now: {:?}", place.workenvs());
        assert!(place.workenv().join(".pspf/complete").exists());
    }
    assert!(killed > 0, "no start was interrupted");
    println!("{} rounds, {killed} starts killed", rounds());
}

#[test]
fn packages_of_one_file_name_never_mix() {
    let place = Place::new();
    let [one, two] = versions(["one", "two"], 300);
    for name in ["a", "b"] {
        fs::create_dir(place.path(name)).unwrap();
    }
    let programs = [("one", place.install("a/app", &one)), ("two", place.install("b/app", &two))];
    // H1: both are started again and again at once, from a cold cache.
    thread::scope(|scope| {
        for (name, program) in programs.iter().chain(&programs) {
            let place = &place;
            scope.spawn(move || {
                for _ in 0..6 {
                    assert_eq!(stdout(&place.run(program, &[])), expected(name, 300));
                }
            });
        }
    });
    assert_eq!(place.workenvs().len(), 2);
}

#[test]
fn upgrades_that_are_killed_harm_neither_version() {
    let place = Place::new();
    let [one, two] = versions(["one", "two"], 400);
    for delay in [1, 4, 9, 16, 25, 36] {
        let _ = fs::remove_dir_all(place.path("cache"));
        // H2, H5: the new version takes the old one's file name; its first start is killed.
        let program = place.install("app", &one);
        assert_eq!(stdout(&place.run(&program, &[])), expected("one", 400));
        let program = place.install("app", &two);
        let mut upgrade = spawn(&place, &program);
        thread::sleep(Duration::from_millis(delay));
        upgrade.kill().unwrap();
        upgrade.wait().unwrap();
        let program = place.install("app", &one);
        assert_eq!(stdout(&place.run(&program, &[])), expected("one", 400), "after {delay} ms");
        let program = place.install("app", &two);
        assert_eq!(stdout(&place.run(&program, &[])), expected("two", 400), "after {delay} ms");
        assert_eq!(place.workenvs().len(), 2, "after {delay} ms: {:?}", place.workenvs());
    }
}

#[test]
fn a_killed_extraction_anew_harms_nothing() {
    let place = Place::new();
    let program = place.install("app", &package(&[tree("x\n", 400)], "count", "{}"));
    assert_eq!(stdout(&place.run(&program, &[])), expected("x", 400));
    for delay in [1, 4, 9, 16, 25, 36] {
        // H4: a new tree is asked for where there is a good one.
        let mut anew = place.command(&program).env("FLAVOR_WORKENV_CACHE", "0").stdout(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(delay));
        anew.kill().unwrap();
        anew.wait().unwrap();
        assert_eq!(stdout(&place.run(&program, &[])), expected("x", 400), "after {delay} ms");
    }
    let anew = place.command(&program).env("FLAVOR_WORKENV_CACHE", "0").output().unwrap();
    assert_eq!(stdout(&anew), expected("x", 400));
    assert_eq!(place.workenvs().len(), 1, "{:?}", place.workenvs());
}

fn lock_of(place: &Place) -> PathBuf {
    place.path("cache/workenv/.locks").join(place.workenv().file_name().unwrap())
}

#[test]
fn what_stands_in_a_lock_file_means_nothing_and_a_held_lock_is_waited_for() {
    let place = Place::new();
    let program = place.install("app", &package(&[tree("x\n", 5)], "count", "{}"));
    stdout(&place.run(&program, &[]));
    let lock = lock_of(&place);
    // R2, H3c: the number of a process that lives, or of one that is dead.
    for text in ["1\n", "999999999\n", ""] {
        fs::write(&lock, text).unwrap();
        fs::remove_dir_all(place.workenv()).unwrap();
        assert_eq!(stdout(&place.run(&program, &[])), expected("x", 5));
    }
    fs::remove_dir_all(place.workenv()).unwrap();
    let holder = File::open(&lock).unwrap();
    holder.lock().unwrap();
    let mut waiting = spawn(&place, &program);
    thread::sleep(Duration::from_millis(300));
    assert!(waiting.try_wait().unwrap().is_none() && place.workenvs().is_empty(), "it waits for the lock");
    holder.unlock().unwrap();
    assert_eq!(stdout(&waiting.wait_with_output().unwrap()), expected("x", 5));
}

#[test]
#[ignore = "takes a minute: a lock that is never given back"]
fn a_stopped_holder_is_not_waited_for_for_ever() {
    let place = Place::new();
    let program = place.install("app", &package(&[tree("x\n", 5)], "count", "{}"));
    stdout(&place.run(&program, &[]));
    let lock = lock_of(&place);
    fs::remove_dir_all(place.workenv()).unwrap();
    let mut holder = Command::new("flock").arg(&lock).args(["sleep", "300"]).spawn().unwrap();
    thread::sleep(Duration::from_millis(300));
    assert!(Command::new("kill").args(["-STOP", &holder.id().to_string()]).status().unwrap().success());
    assert_eq!(stdout(&place.run(&program, &[])), expected("x", 5));
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_volume_can_be_shared_between_containers() {
    let place = Place::new();
    let program = place.install("app", &package(&[tree("x\n", 200)], "count", "{}"));
    for round in 0..4 {
        // R4: each start is process 2 of a pid namespace of its own.
        let starts: Vec<Child> = (0..4)
            .map(|_| {
                let mut command = place.command(Path::new("unshare"));
                command.args(["--pid", "--fork"]).arg(&program);
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for start in starts {
            let output = start.wait_with_output().unwrap();
            if stderr(&output).starts_with("unshare:") {
                pspf_test_support::skip("this user may not `unshare --pid`", "run the tests as root");
                return;
            }
            assert_eq!(stdout(&output), expected("x", 200), "round {round}");
        }
        assert_eq!(place.workenvs().len(), 1, "{:?}", place.workenvs());
        fs::remove_dir_all(place.path("cache")).unwrap();
    }
}
