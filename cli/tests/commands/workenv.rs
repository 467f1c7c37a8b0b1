use super::process::{Folder, Run, limited};
use serde_json::Value;
use std::{
    fs::{self, File, FileTimes},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

/// A folder with a package that has been started once, and its work environments in `cache/workenv`.
pub(crate) struct Started(pub(crate) Folder);

impl Started {
    pub(crate) fn new() -> Self {
        let started = Self(Folder::new().with_package());
        started.start();
        started
    }

    pub(crate) fn start(&self) {
        Run::of(self.0.package("app.psp", &[]).env("FLAVOR_CACHE_DIR", self.0.path("cache"))).fails(7, &[]);
    }

    pub(crate) fn flavor(&self, words: &[&str]) -> Run {
        Run::of(self.0.command().env("FLAVOR_CACHE_DIR", self.0.path("cache")).args(words))
    }

    /// The package's work environment.
    pub(crate) fn tree(&self) -> PathBuf {
        let mut paths = self.0.path("cache/workenv").read_dir().unwrap().map(|found| found.unwrap().path());
        paths.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("app-1.0-")).unwrap()
    }

    pub(crate) fn name(&self) -> String {
        self.tree().file_name().unwrap().to_str().unwrap().to_owned()
    }

    fn last_used_days_ago(&self, days: u64) {
        let then = SystemTime::now() - Duration::from_secs(days * 86_400);
        let times = FileTimes::new().set_accessed(then).set_modified(then - Duration::from_secs(86_400));
        File::open(self.tree().join(".pspf/complete")).unwrap().set_times(times).unwrap();
    }

    /// What the published launchers leave for a package of this file name.
    pub(crate) fn with_foreign(&self, name: &str) {
        self.0.write(&format!("cache/workenv/{name}/bin/run"), "x");
        self.0.write(&format!("cache/workenv/.{name}.pspf/instance/extract/complete"), "1\n");
    }

    pub(crate) fn with_leftover(&self) -> String {
        let name = format!(".{}.4194303.1f.tmp", self.name());
        self.0.write(&format!("cache/workenv/{name}/half"), "x");
        name
    }
}

/// A process that is ended with the value.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn states(list: &Value) -> Vec<(&str, &str)> {
    let environments = list["environments"].as_array().unwrap();
    environments.iter().map(|one| (one["name"].as_str().unwrap(), one["state"].as_str().unwrap())).collect()
}

#[test]
fn what_is_there_is_listed_with_what_it_is() {
    let none = Folder::new();
    let run = Run::of(none.command().env("FLAVOR_CACHE_DIR", none.path("cache")).args(["workenv", "list"]));
    run.succeeds().says(&["no work environment"]);
    assert!(none.listing().is_empty());

    let started = Started::new();
    let name = started.name();
    let leftover = started.with_leftover();
    started.with_foreign("other");
    let unfinished = "app-2.0-0123456789abcdef";
    started.0.write(&format!("cache/workenv/{unfinished}/x"), "x");
    fs::set_permissions(started.0.path(&format!("cache/workenv/{unfinished}")), fs::Permissions::from_mode(0o755))
        .unwrap();
    let list = started.flavor(&["workenv", "list", "--json"]).succeeds().json();
    let mut expected =
        vec![(leftover.as_str(), "leftover"), (&name, "complete"), (unfinished, "incomplete"), ("other", "foreign")];
    expected.sort_unstable();
    assert_eq!(states(&list), expected);
    let app = list["environments"].as_array().unwrap().iter().find(|one| one["name"] == *name).unwrap();
    // One file of 100,000 bytes, and the script and the data.
    assert!(app["size"].as_u64().unwrap() >= 100_000, "{app}");
    assert!(name.contains(&app["content"].as_str().unwrap()[..16]), "{app}");
    assert_eq!(app["used_by"], Value::Array(Vec::new()));
    started.flavor(&["workenv", "list"]).succeeds().says(&[&name, "just now", "of another tool", "not finished"]);
}

#[test]
fn a_full_audit_finds_what_a_quick_one_cannot() {
    let started = Started::new();
    started.flavor(&["workenv", "info", "app"]).succeeds().says(&["as it was published (by size"]);
    let run = started.flavor(&["workenv", "inspect", "app-1.0"]).succeeds().says(&["every file was read"]);
    assert_eq!(run.stderr, "");
    let data = started.tree().join("data.txt");
    let before = fs::metadata(&data).unwrap().modified().unwrap();
    fs::write(&data, "SOME DATA\n").unwrap();
    File::options().write(true).open(&data).unwrap().set_modified(before).unwrap();
    started.flavor(&["workenv", "info", "app"]).succeeds();
    started.flavor(&["workenv", "inspect", "app"]).fails(1, &[]).says(&["data.txt has other content"]);
    let document = started.flavor(&["workenv", "inspect", "app", "--json"]).fails(1, &[]).json();
    assert_eq!(document["ok"], false);
    assert_eq!(document["damage"][0]["path"], "data.txt");
    // The list that it is compared with is sealed itself.
    let list = started.tree().join(".pspf/tree");
    let mut bytes = fs::read(&list).unwrap();
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    fs::write(&list, bytes).unwrap();
    started.flavor(&["workenv", "inspect", "app"]).fails(1, &[]).says(&["cannot be compared", ".pspf/tree"]);
    started.flavor(&["workenv", "inspect", "nothing"]).fails(1, &["no work environment `nothing`", "workenv list"]);
}

#[test]
fn what_a_program_leaves_in_its_directory_is_not_waited_for() {
    for file in [".pspf/complete", ".pspf/tree", "run.sh", "data.txt"] {
        let started = Started::new();
        let place = started.tree().join(file);
        fs::remove_file(&place).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &place, rustix::fs::Mode::RWXU).unwrap();
        let flavor = |words: &[&str]| {
            let mut command = started.0.command();
            Run::of(&mut limited(command.env("FLAVOR_CACHE_DIR", started.0.path("cache")).args(words)))
        };
        flavor(&["workenv", "list"]).succeeds().says(&["app-1.0-"]);
        assert_ne!(flavor(&["workenv", "info", "app"]).says(&["app-1.0-"]).code, Some(124));
        flavor(&["workenv", "inspect", "app"]).fails(1, &[]);
        let remade = [".pspf/complete", "run.sh"].contains(&file);
        if remade {
            let mut start = started.0.package("app.psp", &[]);
            let run = Run::of(&mut limited(start.env("FLAVOR_CACHE_DIR", started.0.path("cache"))));
            assert!(run.fails(7, &[]).stdout.contains("some data"));
        }
        flavor(&["workenv", "remove", "app"]).succeeds();
        assert!(!place.exists());
    }
}

#[test]
fn what_is_removed_is_made_again_and_nothing_else_goes() {
    let started = Started::new();
    started.with_foreign("other");
    started.0.write("precious", "x");
    for word in ["../../precious", "..", ".", "", ".locks", "/"] {
        started.flavor(&["workenv", "remove", word]).fails(1, &["no work environment"]);
    }
    let run = started.flavor(&["workenv", "remove", "app", "nothing"]).fails(1, &["`nothing`"]);
    assert_eq!(run.errors(), 1);
    let tree = started.tree();
    assert!(tree.exists(), "one wrong name, and nothing is removed");
    // A program may take rights from its own directories.
    fs::create_dir(tree.join("closed")).unwrap();
    fs::write(tree.join("closed/file"), "x").unwrap();
    fs::set_permissions(tree.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    started.flavor(&["workenv", "remove", "-y", "app"]).succeeds().says(&["removed  app-1.0-", "freed"]);
    assert!(!tree.exists() && started.0.path("precious").exists());
    assert_eq!(states(&started.flavor(&["workenv", "list", "--json"]).json()), [("other", "foreign")]);
    started.start();
    assert!(tree.join(".pspf/complete").exists());
    // Named, one of the published tool goes with its records, without which its launcher would never start again.
    started.flavor(&["workenv", "remove", "other"]).succeeds();
    assert!(!started.0.path("cache/workenv/.other.pspf").exists() && !started.0.path("cache/workenv/other").exists());
}

/// A package that was built anew has a second work environment: both go by the package's name, after a question.
#[test]
fn all_builds_of_a_package_go_by_its_name() {
    let started = Started::new();
    let first = started.tree();
    let second = first.with_file_name("app-2.0-0123456789abcdef");
    fs::create_dir(&second).unwrap();
    fs::set_permissions(&second, fs::Permissions::from_mode(0o700)).unwrap();
    started.flavor(&["workenv", "info"]).succeeds().says(&["cache/workenv", "2 work environments, "]);
    let document = started.flavor(&["workenv", "info", "--json"]).succeeds().json();
    assert_eq!(document["count"], 2);
    started.flavor(&["workenv", "remove", "app"]).fails(2, &["--yes"]);
    assert!(second.exists() && first.exists());
    started.flavor(&["workenv", "info", "app"]).fails(1, &["more than one work environment"]);
    started.flavor(&["workenv", "remove", "app", "--yes"]).succeeds().says(&["removed  app-1.0-", "removed  app-2.0-"]);
    assert!(!second.exists() && !first.exists());
    started.flavor(&["workenv", "info"]).succeeds().says(&["0 work environments"]);
}

#[test]
fn what_runs_is_not_removed() {
    let folder = Folder::new();
    folder.write_executable("app/run.sh", "#!/bin/sh\necho ready >\"$1\"\nexec sleep 60\n");
    folder.write(
        "app/app.json",
        r#"{"package": {"name": "app", "version": "1.0"}, "execution": {"command": "{workenv}/run.sh"},
            "slots": [{"id": "script", "source": "run.sh", "target": "run.sh", "purpose": "code"}]}"#,
    );
    folder.flavor(&["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "test"]).succeeds();
    let started = Started(folder);
    let ready = started.0.path("ready");
    let running = Running::of(
        started.0.package("app.psp", &[ready.to_str().unwrap()]).env("FLAVOR_CACHE_DIR", started.0.path("cache")),
    );
    while !ready.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let tree = started.tree();
    let id = running.id().to_string();
    // `sleep` is a program of the system; only the variable says where it comes from.
    started.flavor(&["workenv", "list"]).succeeds().says(&["in use"]);
    started.flavor(&["workenv", "remove", "app"]).fails(1, &["not removed", &id]).says(&["nothing to remove"]);
    let document = started.flavor(&["workenv", "clean", "--yes", "--json"]).succeeds().json();
    assert!(document["kept"][0]["reason"].as_str().unwrap().contains(&id), "{document}");
    started.flavor(&["clean", "--all", "--yes"]).succeeds();
    assert!(tree.join(".pspf/complete").exists());
    drop(running);
    started.flavor(&["workenv", "clean", "--yes"]).succeeds().says(&["removed  app-1.0-"]);
    assert!(!tree.exists());
}

#[test]
fn what_is_being_made_is_not_removed() {
    let started = Started::new();
    let leftover = started.with_leftover();
    let lock = File::options()
        .create(true)
        .append(true)
        .open(started.0.path("cache/workenv/.locks").join(started.name()))
        .unwrap();
    lock.lock().unwrap();
    let run = started.flavor(&["workenv", "clean", "--yes"]).succeeds();
    assert_eq!(run.stderr.matches("a start is making it").count(), 2, "{run:#?}");
    assert!(started.0.path("cache/workenv").join(&leftover).exists());
    drop(lock);
    started.flavor(&["workenv", "clean", "--yes"]).succeeds();
    assert_eq!(states(&started.flavor(&["workenv", "list", "--json"]).json()), []);
}

#[test]
fn cleaning_goes_by_the_last_use() {
    let started = Started::new();
    started.with_foreign("other");
    let leftover = started.with_leftover();
    started.last_used_days_ago(20);
    // Looking is not using.
    started.flavor(&["workenv", "inspect", "app"]).succeeds();
    started.flavor(&["workenv", "list"]).succeeds().says(&["20 days ago"]);
    for age in ["x", "-1", "30y"] {
        started.flavor(&["workenv", "clean", "--older-than", age]).fails(2, &["--older-than"]);
    }
    // Without a terminal nobody can be asked.
    started.flavor(&["workenv", "clean"]).fails(2, &["--yes"]);
    started.flavor(&["workenv", "clean", "--dry-run"]).succeeds().says(&["would remove  app-1.0-"]);
    let run = started.flavor(&["workenv", "clean", "--older-than", "30d", "--yes"]).succeeds();
    assert!(run.stdout.contains(&leftover) && !run.stdout.contains("removed  app-1.0"), "{run:#?}");
    started
        .flavor(&["workenv", "clean", "--older-than", "2w", "--yes"])
        .succeeds()
        .says(&["removed  app-1.0", "other"]);
    assert_eq!(states(&started.flavor(&["workenv", "list", "--json"]).json()), [("other", "foreign")]);
    started.flavor(&["workenv", "clean", "--yes"]).succeeds().says(&["nothing to remove", "left alone", "other"]);
}

#[test]
fn a_folder_that_others_can_write_to_is_not_used() {
    let started = Started::new();
    fs::set_permissions(started.0.path("cache/workenv"), fs::Permissions::from_mode(0o777)).unwrap();
    started.flavor(&["workenv", "list"]).fails(1, &["can be changed by others", "FLAVOR_CACHE_DIR"]);
    started.flavor(&["workenv", "remove", "app"]).fails(1, &["can be changed by others"]);
    assert!(started.tree().exists());
}

/// On a terminal of its own, which `script` of util-linux makes.
#[test]
fn cleaning_asks_on_a_terminal() {
    if !pspf_test_support::has(&["script"]) {
        return;
    }
    let started = Started::new();
    started.0.write("flavor.sh", format!("exec '{}' workenv clean\n", env!("CARGO_BIN_EXE_flavor")));
    for (answer, stays) in [("n\n", true), ("\n", true), ("yes\n", false)] {
        let answer = started.0.write("answer", answer);
        let mut command = Command::new("script");
        command.args(["-qec", "sh flavor.sh", "/dev/null"]).current_dir(started.0.path(""));
        command.env("FLAVOR_CACHE_DIR", started.0.path("cache")).stdin(File::open(answer).unwrap());
        Run::of(&mut command).succeeds().says(&["Remove 1 work environment, ", "? [y/N]"]);
        let left = started.flavor(&["workenv", "list", "--json"]).json();
        assert_eq!(!states(&left).is_empty(), stays, "{left}");
    }
}

#[test]
fn cleaning_leaves_what_a_stable_prefix_leads_to() {
    let started = Started::new();
    let state = started.0.path("home/.local/state/flavor/app");
    fs::create_dir_all(&state).unwrap();
    let link = state.join("prefix-0123456789abcdef");
    std::os::unix::fs::symlink(started.tree(), &link).unwrap();
    let run = |words: &[&str]| {
        let mut command = started.0.command();
        command.env("FLAVOR_CACHE_DIR", started.0.path("cache")).env("HOME", started.0.path("home"));
        Run::of(command.env_remove("XDG_STATE_HOME").args(words)).succeeds()
    };
    for words in [&["workenv", "clean", "--yes"][..], &["clean", "--all", "--yes"]] {
        let said = run(words).stderr;
        assert!(said.contains("stable prefix") && said.contains("flavor workenv remove"), "{said}");
        assert!(started.tree().exists());
    }
    run(&["workenv", "remove", &started.name()]);
    assert!(!link.exists() && link.is_symlink());
    started.start();
    assert!(link.exists(), "it leads to the new tree again");
}
