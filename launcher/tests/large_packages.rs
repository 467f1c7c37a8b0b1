//! First starts of large packages: what is shown, and the memory that they take.

mod support;

use std::{
    fs::{self, File},
    io::Read,
    os::fd::OwnedFd,
    path::Path,
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt},
};
use support::{Place, Slot, package, stdout};

/// Most memory of a first start, in bytes.
const MEMORY_MAX: u64 = 64_000_000;
/// What the bar waits for, and a bit.
const PATIENCE: Duration = Duration::from_millis(600);

fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    });
    words.flat_map(u64::to_le_bytes).take(length).collect()
}

fn large(count: usize, each: usize) -> Vec<Slot> {
    let content = noise(each);
    let names = (0..count).map(|number| format!("data{number}"));
    names.map(|name| Slot::new(&name, &name, "none", content.clone())).collect()
}

fn terminal() -> (OwnedFd, OwnedFd) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let own = openpt(flags).unwrap();
    grantpt(&own).unwrap();
    unlockpt(&own).unwrap();
    let theirs = ioctl_tiocgptpeer(&own, flags).unwrap();
    (own, theirs)
}

/// Stops a start in the middle of its extraction, for longer than the line waits.
fn interrupt(child: &mut Child, workenvs: &Path) {
    let begun = |entry: fs::DirEntry| entry.path().join("data0").exists();
    while child.try_wait().unwrap().is_none() {
        if fs::read_dir(workenvs).is_ok_and(|entries| entries.flatten().any(begun)) {
            let process = Pid::from_child(child);
            kill_process(process, Signal::STOP).unwrap();
            thread::sleep(PATIENCE);
            kill_process(process, Signal::CONT).unwrap();
            return;
        }
    }
}

#[test]
fn a_long_extraction_tells_a_terminal_how_far_it_is_and_nobody_else() {
    let place = Place::new();
    let program = place.install("big", &package(&large(24, 1 << 20), "true", "{}"));
    // A start that is over before it could be stopped shows nothing: another is made.
    let shown = (0..20).find_map(|_| {
        let (own, theirs) = terminal();
        let mut command = place.command(&program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(theirs);
        let mut child = command.spawn().unwrap();
        drop(command);
        interrupt(&mut child, &place.path("cache/workenv"));
        assert!(child.wait().unwrap().success());
        let mut shown = Vec::new();
        // The end of a terminal is an error.
        let _ = File::from(own).read_to_end(&mut shown);
        fs::remove_dir_all(place.path("cache")).unwrap();
        (!shown.is_empty()).then(|| String::from_utf8(shown).unwrap())
    });
    let shown = shown.expect("something was shown");
    let lines: Vec<&str> = shown.split('\r').collect();
    let [first, lines @ .., last] = &lines[..] else { panic!("{shown:?}") };
    assert_eq!((*first, *last), ("", "\x1b[K"), "{shown:?}");
    let percents = lines.iter().map(|line| {
        let percent = line.strip_prefix("extracting app ").and_then(|line| line.strip_suffix("%\x1b[K"));
        percent.unwrap_or_else(|| panic!("{shown:?}")).parse::<u8>().unwrap()
    });
    let percents: Vec<u8> = percents.collect();
    assert!(
        !percents.is_empty() && percents.is_sorted() && percents.iter().all(|percent| *percent <= 100),
        "{shown:?}"
    );

    let mut child = place.command(&program).stderr(Stdio::piped()).spawn().unwrap();
    interrupt(&mut child, &place.path("cache/workenv"));
    assert_eq!(child.wait_with_output().unwrap().stderr, b"");
}

#[test]
fn memory_is_bounded_whatever_the_number_of_slots() {
    let place = Place::new();
    let mut slots = large(160, 1 << 20);
    // A slot that is removed at the end makes the launcher stay, so that it can be looked at.
    slots.push(Slot::script("gone", "gone", "").living("temporary"));
    slots.push(Slot::script("app", "{workenv}/bin/app", "grep VmHWM /proc/$PPID/status"));
    let program = place.install("big", &package(&slots, "{workenv}/bin/app", "{}"));
    let output = stdout(&place.run(&program, &[]));
    let kilobytes = output.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok());
    let peak = kilobytes.unwrap_or_else(|| panic!("{output}")) << 10;
    assert!(peak <= MEMORY_MAX, "{peak} bytes");
}
