use super::process::{Folder, Run};
use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Packs something slow, and ends it by a signal when its private directory has appeared.
fn interrupted(signal: &str, number: i32) {
    let folder = Folder::new().with_app();
    let mut state = 9_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33).to_le_bytes()[0] & 0x1f
    });
    fs::write(folder.path("app/tree/noise"), noise.take(24 << 20).collect::<Vec<u8>>()).unwrap();
    let before = folder.listing();
    let words =
        ["pack", "--manifest", "app/app.json", "--output", "new/sub/app.psp", "--key-seed", "x", "--level", "22"];
    let mut child = folder.command().args(words).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !folder.listing().iter().any(|name| name.ends_with("slot-1")) {
        assert!(begun.elapsed() < Duration::from_secs(300) && child.try_wait().unwrap().is_none(), "it never began");
        thread::sleep(Duration::from_millis(5));
    }
    Run::of(Command::new("kill").arg(format!("-{signal}")).arg(child.id().to_string())).succeeds();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(number), "{status:?}");
    let left: Vec<String> = folder.listing().into_iter().filter(|name| !before.contains(name)).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

#[test]
fn control_c_leaves_nothing_behind() {
    interrupted("INT", 2);
}

/// The test command, and what it has started, end as well.
#[test]
fn control_c_ends_a_test_command() {
    let folder = Folder::new().with_app();
    fs::create_dir(folder.path("tmp")).unwrap();
    let before = folder.listing();
    let (started, went_on) = (folder.path("started"), folder.path("went-on"));
    let test = format!("sh -c 'sh -c \"touch {}; sleep 60; touch {}\"; true'", started.display(), went_on.display());
    let mut command = folder.command();
    command.args(["pack", "--manifest", "app/app.json", "--output", "app.psp", "--test-command", &test]);
    command.env("TMPDIR", folder.path("tmp"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !started.exists() {
        assert!(begun.elapsed() < Duration::from_secs(300) && child.try_wait().unwrap().is_none(), "it never began");
        thread::sleep(Duration::from_millis(5));
    }
    Run::of(Command::new("kill").arg("-INT").arg(child.id().to_string())).succeeds();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    fs::remove_file(started).unwrap();
    assert_eq!(folder.listing(), before);
}

#[test]
fn termination_leaves_nothing_behind() {
    interrupted("TERM", 15);
}

/// The children of a build are ended as well: one that lives on would make its folder again.
#[test]
fn a_python_build_leaves_nothing_behind() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    folder
        .write("project/pyproject.toml", "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n");
    folder.write("project/a.py", "def b():\n    pass\n");
    fs::create_dir(folder.path("tmp")).unwrap();
    let before = folder.listing();
    let mut command = folder.command();
    command.args(["pack", "--manifest", "project/pyproject.toml", "--quiet"]).env("TMPDIR", folder.path("tmp"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while !folder.listing().iter().any(|name| name.ends_with(".pyc")) {
        assert!(begun.elapsed() < Duration::from_secs(300) && child.try_wait().unwrap().is_none(), "it never began");
        thread::sleep(Duration::from_millis(5));
    }
    Run::of(Command::new("kill").arg("-INT").arg(child.id().to_string())).succeeds();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    assert_eq!(folder.listing(), before);
}

#[test]
fn what_killed_processes_left_goes_with_the_next_package_of_the_name() {
    let folder = Folder::new().with_app();
    let left = |name: &str, old: bool| {
        folder.write(&format!("{name}/part"), "x");
        let directory = fs::File::open(folder.path(name)).unwrap();
        if old {
            directory.set_modified(std::time::SystemTime::now() - Duration::from_secs(120)).unwrap();
        }
        directory
    };
    let _gone = [left(".x.psp.Abc123.tmp", true), left(".x.psp.Abc124.tmp.gone", true)];
    let in_use = left(".x.psp.Abc125.tmp", true);
    in_use.lock().unwrap();
    let _others = [left(".x.psp.Abc126.tmp", false), left(".y.psp.Abc123.tmp", true), left(".x.psp.abc.tmp", true)];
    folder.flavor(&["pack", "--manifest", "app/app.json", "--output", "x.psp"]).succeeds();
    let listing = folder.listing();
    let mut found: Vec<&str> = listing.iter().filter_map(|name| name.strip_suffix("/part")).collect();
    found.sort_unstable();
    assert_eq!(found, [".x.psp.Abc125.tmp", ".x.psp.Abc126.tmp", ".x.psp.abc.tmp", ".y.psp.Abc123.tmp"]);
}
