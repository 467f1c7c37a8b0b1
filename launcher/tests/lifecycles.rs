//! Lifecycles of slots: where they are, and for how long.

mod support;

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};

use support::{Place, Slot, assert_refused, file, package, package_of, stderr, stdout, symlink};

fn data(id: &str, target: &str, lifecycle: &str, content: &str) -> Slot {
    Slot::new(id, target, "none", content.into()).living(lifecycle)
}

fn state(place: &Place, program: &Path) -> Command {
    let mut command = place.command(program);
    command.env("XDG_STATE_HOME", place.path("state"));
    command
}

fn starts(place: &Place) -> Vec<PathBuf> {
    fs::read_dir(place.path("cache/start")).map_or(Vec::new(), |entries| entries.map(|e| e.unwrap().path()).collect())
}

#[test]
fn kept_and_setup_slots() {
    let place = Place::new();
    let kept = ["runtime", "persistent", "cache", "cached", "eager", "attestation", "bogus"];
    let mut slots: Vec<Slot> = kept.iter().map(|word| data(word, word, word, word)).collect();
    slots.extend(["init", "volatile"].map(|word| data(word, &format!("{word}/x"), word, word)));
    slots.push(Slot::script("app", "bin/app", "cd \"$FLAVOR_WORKENV\"; ls"));
    let expected = "attestation\nbin\nbogus\ncache\ncached\neager\npersistent\nruntime\n";
    // Without a setup nothing says when `volatile` goes: the program sees it at its place, as in the published launchers.
    let program = place.install("plain", &package(&slots, "app", "{}"));
    for _start in ["cold", "warm"] {
        assert_eq!(stdout(&place.run(&program, &[])), format!("{expected}volatile\n"));
    }
    // Each is there for the setup, and gone after it, with the directory that it came in.
    let setup = r#"{"setup_commands":[{"type":"execute","command":"/bin/sh -c 'cat init/x volatile/x > bin/both'"}]}"#;
    let program = place.install("setup", &package(&slots, "app", setup));
    for _start in ["cold", "warm"] {
        assert_eq!(stdout(&place.run(&program, &[])), expected);
    }
    let both =
        place.workenvs().iter().find_map(|name| fs::read(place.path("cache/workenv").join(name).join("bin/both")).ok());
    assert_eq!(both.unwrap(), b"initvolatile");
}

#[test]
fn development_slots_need_the_variable_and_do_not_mix_with_others() {
    let place = Place::new();
    let slots = [data("tools", "tools", "dev", ""), Slot::script("app", "bin/app", "ls \"$FLAVOR_WORKENV\"")];
    let program = place.install("p", &package(&slots, "app", "{}"));
    for _start in ["cold", "warm"] {
        assert_eq!(stdout(&place.run(&program, &[])), "bin\n");
        assert_eq!(stdout(&place.command(&program).env("FLAVOR_DEV", "1").output().unwrap()), "bin\ntools\n");
        assert_eq!(stdout(&place.command(&program).env("FLAVOR_DEV", "0").output().unwrap()), "bin\n");
    }
}

#[test]
fn a_slot_for_the_platform_of_another_machine_is_not_extracted() {
    let place = Place::new();
    let slots = [data("native", "native", "platform", ""), Slot::script("app", "bin/app", "ls \"$FLAVOR_WORKENV\"")];
    let build = |os: &str| format!(r#"{{"build":{{"platform":{{"os":"{os}","arch":"{}"}}}}}}"#, std::env::consts::ARCH);
    for (name, os, expected) in [("here", "linux", "bin\nnative\n"), ("there", "plan9", "bin\n")] {
        let program = place.install(name, &package(&slots, "app", &build(os)));
        assert_eq!(stdout(&place.run(&program, &[])), expected, "{name}");
    }
}

#[test]
fn startup_slots_are_fresh_in_each_start_and_removed_when_nobody_uses_them() {
    let place = Place::new();
    let body =
        r#"cat "$FLAVOR_SLOT_SCRATCH_V1"; echo changed > "$FLAVOR_SLOT_SCRATCH_V1"; echo " $1"; read -r line; ls "$2""#;
    let slots = [data("scratch-v1", "d/scratch", "startup", "new"), Slot::script("app", "bin/app", body)];
    let extra = r#"{"execution.args":["{slot:0}","{tmp}"]}"#;
    let program = place.install("p", &package(&slots, "app", extra));
    // Still running, holding its directory.
    let mut child = place.command(&program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut seen = String::new();
    let mut reader = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut reader, &mut seen).unwrap();
    let first = seen.strip_prefix("new ").unwrap().trim().to_owned();
    assert!(first.starts_with(place.path("cache/start").to_str().unwrap()) && first.ends_with("/d/scratch"), "{first}");
    for _ in 0..3 {
        let second = stdout(&place.run(&program, &[]));
        assert!(second.starts_with("new ") && second.ends_with("\nd\n"), "{second}");
        assert!(!second.contains(&first) && Path::new(&first).exists());
    }
    // That of the program that runs, and that of the last one that ended.
    assert_eq!(starts(&place).len(), 2, "{:?}", starts(&place));
    drop(child.stdin.take());
    seen.clear();
    std::io::BufRead::read_line(&mut reader, &mut seen).unwrap();
    assert_eq!((seen.as_str(), child.wait().unwrap().success()), ("d\n", true));
    stdout(&place.run(&program, &[]));
    assert_eq!(starts(&place).len(), 1, "{:?}", starts(&place));
    assert!(!Path::new(&first).exists());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place.path("cache/start")), mode(&starts(&place)[0])), (0o700, 0o700));
}

#[test]
fn temporary_and_shutdown_slots_are_gone_when_the_program_ends() {
    let place = Place::new();
    for lifecycle in ["temporary", "shutdown"] {
        let slots = [
            Slot::tree("t", &[file("inner/f", "content")]).living(lifecycle),
            Slot::script("app", "bin/app", "cat $FLAVOR_SLOT_T/inner/f; touch $FLAVOR_SLOT_T/more; eval \"$1\""),
        ];
        let program = place.install(lifecycle, &package(&slots, "app", "{}"));
        for (end, code, signal) in
            [("exit 3", Some(3), None), ("kill -TERM $$", None, Some(15)), ("kill -9 $$", None, Some(9))]
        {
            let output = place.run(&program, &[end]);
            assert_eq!((output.status.code(), output.status.signal()), (code, signal), "{}", stderr(&output));
            assert_eq!((output.stdout.as_slice(), stderr(&output).as_str()), (&b"content"[..], ""));
            assert!(starts(&place).is_empty(), "{lifecycle} {end}: {:?}", starts(&place));
        }
    }
    // The launcher itself killed: the program dies with it, and the next start cleans up.
    let slots = [data("t", "t", "temporary", ""), Slot::script("app", "bin/app", "echo ready; exec sleep 1000")];
    let program = place.install("killed", &package(&slots, "app", "{}"));
    let mut child = place.command(&program).stdout(Stdio::piped()).spawn().unwrap();
    let mut reader = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut reader, &mut String::new()).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // End of file: the sleeping program, which held the pipe, is gone.
    assert_eq!(std::io::Read::read(&mut reader, &mut [0; 1]).unwrap(), 0);
    assert_eq!(starts(&place).len(), 1);
    let program =
        place.install("next", &package(&[data("t", "t", "temporary", ""), Slot::script("a", "a", "")], "./a", "{}"));
    stdout(&place.run(&program, &[]));
    assert!(starts(&place).is_empty());
}

#[test]
fn config_is_kept_across_versions_and_never_overwritten() {
    let place = Place::new();
    let launcher = fs::read(support::LAUNCHER).unwrap();
    let version = |number: &str, more: bool| {
        let mut tree = vec![file("conf.d/a", number), symlink("link", "conf.d/a")];
        if more {
            tree.push(file("conf.d/b", number));
        }
        let slots = [
            data("settings", "app.toml", "config", number),
            Slot::tree("conf", &tree).living("config"),
            Slot::script(
                "app",
                "bin/app",
                "cd $FLAVOR_STATE_DIR; cat app.toml conf.d/*; echo; echo $FLAVOR_SLOT_SETTINGS $FLAVOR_SLOT_CONF",
            ),
        ];
        package_of(&launcher, &slots, "app", "{}", number)
    };
    let directory = place.path("state/flavor/app").display().to_string();
    let places = format!("{directory}/app.toml {directory}\n");
    let run = |program: &Path| {
        let text = stdout(&state(&place, program).output().unwrap());
        text.strip_suffix(&places).unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    let one = place.install("one", &version("1", false));
    assert_eq!(run(&one), "11\n");
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    fs::write(Path::new(&directory).join("app.toml"), "mine").unwrap();
    assert_eq!(run(&one), "mine1\n");
    let two = place.install("two", &version("2", true));
    // What is new comes, what is there stays.
    assert_eq!(run(&two), "mine12\n");
    fs::remove_file(Path::new(&directory).join("app.toml")).unwrap();
    assert_eq!(run(&two), "212\n");
    assert_eq!(run(&one), "212\n");
    // A link of the user is theirs; nothing is written through it.
    let victim = place.path("victim");
    fs::create_dir(&victim).unwrap();
    fs::remove_dir_all(Path::new(&directory).join("conf.d")).unwrap();
    std::os::unix::fs::symlink(&victim, Path::new(&directory).join("conf.d")).unwrap();
    let three = place.install("three", &version("3", true));
    let output = state(&place, &three).output().unwrap();
    assert!(output.stdout.starts_with(b"2"), "{}", stderr(&output));
    assert!(fs::read_dir(&victim).unwrap().next().is_none());
}

#[test]
fn the_state_directory_is_private_and_made_only_if_needed() {
    let place = Place::new();
    let slots = || [Slot::script("app", "bin/app", "echo $FLAVOR_STATE_DIR; echo $1")];
    let unused = place.install("unused", &package(&slots(), "app", "{}"));
    let directory = place.path("state/flavor/app").display().to_string();
    assert_eq!(stdout(&state(&place, &unused).output().unwrap()), format!("{directory}\n\n"));
    assert!(!place.path("state").exists());
    let used = place.install("used", &package(&slots(), "app", r#"{"execution.args":["{state}/x"]}"#));
    assert_eq!(stdout(&state(&place, &used).output().unwrap()), format!("{directory}\n{directory}/x\n"));
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).unwrap();
    assert_refused(&state(&place, &used).output().unwrap(), 106, &[&directory, "changed by others", "XDG_STATE_HOME"]);
    fs::remove_dir(&directory).unwrap();
    std::os::unix::fs::symlink("/tmp", &directory).unwrap();
    assert_refused(&state(&place, &used).output().unwrap(), 106, &[&directory, "symbolic link"]);
}

#[test]
fn lazy_slots_are_extracted_when_they_are_asked_for() {
    let place = Place::new();
    let body = r#"case $1 in
        look) ls -d "$FLAVOR_SLOT_MODELS" "$FLAVOR_SLOT_BIG_FILE" 2>/dev/null; exit 0;;
        ask) cat "$("$FLAVOR_LAUNCHER" slot models)/m/x" && cat "$("$FLAVOR_LAUNCHER" slot big-file)" && ls -d "$FLAVOR_SLOT_MODELS" "$FLAVOR_SLOT_BIG_FILE";;
        *) echo "own: $*";; esac"#;
    let slots = [
        Slot::tree("models", &[file("m/x", "model ")]).living("lazy"),
        data("big-file", "d/big", "lazy", "big\n"),
        Slot::script("app", "bin/app", body),
    ];
    let program = place.install("p q", &package(&slots, "app", "{}"));
    assert_eq!(stdout(&place.run(&program, &["look"])), "");
    assert!(!place.workenv().join("m").exists() && !place.workenv().join("d").exists());
    // Outside, and with other words inside, everything is the program's own.
    for words in [&["slot", "models"][..], &["slot"], &["slot", "models", "x"], &["slot", "app"]] {
        assert_eq!(stdout(&place.run(&program, words)), format!("own: {}\n", words.join(" ")));
    }
    let tree = place.workenv().display().to_string();
    let expected = format!("model big\n{tree}.slot0\n{tree}.slot1/d/big\n");
    for _time in ["first", "second"] {
        assert_eq!(stdout(&place.run(&program, &["ask"])), expected);
    }
    assert_eq!(stdout(&place.run(&program, &["look"])).lines().count(), 2);
    let ask = |id: &str| place.command(&program).env("FLAVOR_LAUNCHER_CLI", "1").args(["slot", id]).output().unwrap();
    assert_eq!(stdout(&ask("models")), format!("{tree}.slot0\n"));
    assert_eq!(stdout(&ask("app")), format!("{tree}/bin/app\n"));
    assert_refused(&ask("other"), 104, &["`other`", "does not exist"]);
    let alone = place.command(&program).env("FLAVOR_LAUNCHER_CLI", "1").arg("slot").output().unwrap();
    assert_refused(&alone, 105, &["slot"]);
    // Asked for before the first start, it makes nothing else.
    fs::remove_dir_all(place.path("cache")).unwrap();
    assert_eq!(stdout(&ask("models")), format!("{tree}.slot0\n"));
    assert_eq!(place.workenvs().len(), 1, "{:?}", place.workenvs());
}

#[test]
fn a_damaged_lazy_slot_is_refused_and_many_callers_get_one_whole_tree() {
    let place = Place::new();
    let content: String = (0..200_000).map(|n| format!("{n}\n")).collect();
    let slots = [data("big", "big", "lazy", &content), Slot::script("app", "bin/app", "echo ran")];
    let mut bytes = package(&slots, "app", "{}");
    let program = place.install("p", &bytes);
    assert_eq!(stdout(&place.run(&program, &[])), "ran\n");
    let ask =
        |program: &Path| place.command(program).env("FLAVOR_LAUNCHER_CLI", "1").args(["slot", "big"]).output().unwrap();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..8).map(|_| scope.spawn(|| ask(&program))).collect();
        for caller in callers {
            let path = stdout(&caller.join().unwrap());
            assert!(fs::read_to_string(path.trim_end()).unwrap() == content);
        }
    });
    assert_eq!(place.workenvs().len(), 2, "{:?}", place.workenvs());
    let at = bytes.windows(12).position(|window| window == b"100000\n10000").unwrap();
    bytes[at] = b'9';
    let damaged = place.install("damaged", &bytes);
    // Whether it was extracted from the good file before or not.
    assert_refused(&ask(&damaged), 107, &["SHA-256"]);
    fs::remove_dir_all(place.workenv_named(".slot0")).unwrap();
    assert_refused(&ask(&damaged), 107, &["SHA-256"]);
    assert_eq!(place.workenvs().len(), 1, "{:?}", place.workenvs());
}

/// The launcher that a tree keeps, asked without any variable.
fn ask_tree(tree: &Path, id: &str) -> Output {
    let mut command = Command::new(tree.join(".pspf/launcher"));
    command.env_clear().args(["slot", id]).output().unwrap()
}

#[test]
fn a_tree_has_what_it_takes_to_ask_for_its_lazy_slots() {
    let place = Place::new();
    let slots =
        [Slot::tree("models", &[file("m/x", "model")]).living("lazy"), Slot::script("app", "bin/app", "echo ran")];
    let bytes = package(&slots, "app", "{}");
    let program = place.install("p q", &bytes);
    assert_eq!(stdout(&place.run(&program, &[])), "ran\n");
    let root = place.workenv();
    let tree = root.display().to_string();
    assert_eq!(fs::read(root.join(".pspf/launcher")).unwrap(), fs::read(support::LAUNCHER).unwrap());
    for _time in ["first", "second"] {
        assert_eq!(stdout(&ask_tree(&root, "models")), format!("{tree}.slot0\n"));
    }
    assert_eq!(stdout(&ask_tree(&root, "app")), format!("{tree}/bin/app\n"));
    assert_refused(&ask_tree(&root, "other"), 104, &["`other`", "does not exist", "p q"]);
    let alone = Command::new(root.join(".pspf/launcher")).output().unwrap();
    assert_refused(&alone, 105, &["slot ID"]);
    // Moved: refused until it was started from there.
    let slot = place.workenv_named(".slot0");
    fs::remove_dir_all(&slot).unwrap();
    fs::rename(&program, place.path("moved")).unwrap();
    assert_refused(&ask_tree(&root, "models"), 106, &["p q", "not there any more", "from where it is now"]);
    assert_eq!(stdout(&place.run(&place.path("moved"), &[])), "ran\n");
    assert_eq!(stdout(&ask_tree(&root, "models")), format!("{tree}.slot0\n"));
    // Replaced by another package, and by what is none; neither is executed.
    let other = [Slot::script("app", "bin/app", "echo other; touch \"$HOME/ran\"")];
    for (bytes, code, words) in [
        (package(&other, "app", "{}"), 106, "another package in its place"),
        (b"#!/bin/sh\necho evil; touch ran\n".to_vec(), 102, "not a whole package"),
    ] {
        fs::remove_dir_all(&slot).unwrap_or_default();
        fs::remove_file(place.path("moved")).unwrap();
        place.install("moved", &bytes);
        assert_refused(&ask_tree(&root, "models"), code, &[words]);
    }
    // The same package, with a byte of the slot changed.
    let mut damaged = bytes;
    let at = damaged.windows(4).rposition(|window| window == [0x28, 0xb5, 0x2f, 0xfd]).unwrap();
    damaged[at + 12] ^= 1;
    fs::remove_file(place.path("moved")).unwrap();
    place.install("moved", &damaged);
    assert_refused(&ask_tree(&root, "models"), 107, &["SHA-256"]);
    assert_eq!(place.workenvs().len(), 1, "{:?}", place.workenvs());
}

#[test]
fn a_launcher_that_a_tree_has_lost_comes_back_with_the_next_start() {
    let place = Place::new();
    let slots = [data("big", "big", "lazy", "content"), Slot::script("app", "bin/app", "echo ran")];
    let program = place.install("p", &package(&slots, "app", "{}"));
    stdout(&place.run(&program, &[]));
    let root = place.workenv();
    for damage in ["rm", "truncate -s 5"] {
        let launcher = root.join(".pspf/launcher");
        assert!(
            Command::new("sh").arg("-c").arg(format!("{damage} {}", launcher.display())).status().unwrap().success()
        );
        assert_eq!(stdout(&place.run(&program, &[])), "ran\n");
        assert_eq!(stdout(&ask_tree(&root, "big")), format!("{}.slot0/big\n", root.display()));
    }
    // Packages without lazy slots keep none.
    let place = Place::new();
    let program = place.install("p", &package(&slots[1..], "app", "{}"));
    stdout(&place.run(&program, &[]));
    assert!(!place.workenv().join(".pspf/launcher").exists());
    assert!(!place.workenv().join(".pspf/package").exists());
}

#[test]
fn a_tree_that_cannot_be_written_beside_asks_for_a_place_elsewhere() {
    if !pspf_test_support::has_namespaces(&[]) {
        return;
    }
    let place = Place::new();
    let slots = [data("big", "big", "lazy", "content"), Slot::script("app", "bin/app", "echo ran")];
    let program = place.install("p", &package(&slots, "app", "{}"));
    stdout(&place.run(&program, &[]));
    let script = r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" slot big"#;
    let launcher = place.workenv().join(".pspf/launcher");
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(place.path("cache")).arg(launcher);
    let found =
        stdout(&command.env_clear().env("TMPDIR", place.path("")).env("PATH", "/usr/bin:/bin").output().unwrap());
    let found = Path::new(found.trim_end());
    assert!(!found.starts_with(place.path("cache")) && found.starts_with(place.path("")), "{}", found.display());
    assert_eq!(fs::read(found).unwrap(), b"content");
}

#[test]
fn slots_with_one_variable_are_refused() {
    let place = Place::new();
    let slots = [data("a-b", "x", "lazy", ""), data("a_b", "y", "lazy", ""), Slot::script("app", "bin/app", "")];
    let program = place.install("p", &package(&slots, "app", "{}"));
    assert_refused(&place.run(&program, &[]), 104, &["FLAVOR_SLOT_A_B"]);
    let slots = [data("tools", "tools", "dev", ""), Slot::script("app", "bin/app", "")];
    let program = place.install("q", &package(&slots, "app {slot:0}", "{}"));
    assert_refused(&place.run(&program, &[]), 104, &["`tools`", "FLAVOR_DEV"]);
}

#[test]
fn the_python_example_gets_its_lazy_slot() {
    let place = Place::new();
    let program = "#!/usr/bin/env python3
from lazy_slot import NotPackaged, lazy_slot
import os
print((lazy_slot('models') / 'm').read_text(), lazy_slot('models') == lazy_slot('models'))
del os.environ['FLAVOR_LAUNCHER']
try: lazy_slot('other')
except NotPackaged as error: print(error)
";
    let mut app = Slot::new("app", "bin/app", "none", program.into());
    app.permissions = 0o755;
    let helper = include_bytes!("../../examples/lazy-slot/lazy_slot.py");
    let slots = [
        Slot::tree("models", &[file("m", "model")]).living("lazy"),
        Slot::new("helper", "bin/lazy_slot.py", "none", helper.to_vec()),
        app,
    ];
    let extra = r#"{"execution.env":{"PYTHONDONTWRITEBYTECODE":"1"}}"#;
    let program = place.install("p", &package(&slots, "app", extra));
    let expected = "model True\nslot 'other': FLAVOR_LAUNCHER is not set\n";
    assert_eq!(stdout(&place.run(&program, &[])), expected);
}

#[test]
fn what_a_setup_slot_is_called_does_not_say_what_is_removed() {
    let place = Place::new();
    for victim in ["victim", "cache/victim", "cache/workenv/victim"] {
        fs::create_dir_all(place.path(victim)).unwrap();
    }
    for id in ["../victim", "../../victim", "../../../victim"] {
        let slots = [data(id, "setup/x", "init", ""), Slot::script("app", "bin/app", "ls \"$FLAVOR_WORKENV\"")];
        let extra = r#"{"setup_commands":[{"type":"execute","command":"test -e setup/x"}]}"#;
        let program = place.install("p", &package(&slots, "app", extra));
        let output = place.run(&program, &[]);
        // Refused, or harmless.
        assert!(output.stdout == b"bin\n" || output.status.code() == Some(107), "{id}: {}", stderr(&output));
    }
    for victim in ["victim", "cache/victim", "cache/workenv/victim"] {
        assert!(place.path(victim).exists(), "{victim}");
    }
}

/// Prints where it thinks it is, and what version is there; then waits for a line if it is asked to.
const STABLE: &str = r#"echo "$FLAVOR_WORKENV $0 $(cat "$FLAVOR_WORKENV/version")"; [ -z "$1" ] || read -r line"#;

fn stable_package(place: &Place, version: &'static str) -> PathBuf {
    let launcher = fs::read(env!("CARGO_BIN_EXE_flavor-launcher")).unwrap();
    let slots = [data("version", "version", "runtime", version), Slot::script("app", "bin/app", STABLE)];
    let extra = r#"{"execution.stable_prefix":true}"#;
    place.install(format!("app-{version}"), &package_of(&launcher, &slots, "{workenv}/bin/app", extra, version))
}

/// Where the link of the package is.
fn stable_link(place: &Place) -> PathBuf {
    let entries = fs::read_dir(place.path("state/flavor/app")).unwrap().map(|entry| entry.unwrap().path());
    let mut links: Vec<_> = entries.filter(|path| path.is_symlink()).collect();
    assert_eq!(links.len(), 1, "{links:?}");
    links.remove(0)
}

#[test]
fn a_stable_prefix_is_one_path_for_all_versions_and_never_changes_under_a_program() {
    let place = Place::new();
    let [one, two] = ["1", "2"].map(|version| stable_package(&place, version));
    let said = |program: &Path| stdout(&state(&place, program).output().unwrap());
    let first = said(&one);
    let link = stable_link(&place);
    let expected = |version: &str| format!("{0} {0}/bin/app {version}\n", link.display());
    assert_eq!(first, expected("1"));
    for (program, version) in [(&two, "2"), (&two, "2"), (&one, "1"), (&two, "2")] {
        assert_eq!(said(program), expected(version));
    }

    let mut child = state(&place, &one).arg("wait").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut seen = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut seen).unwrap();
    assert_eq!(seen, expected("1"));
    // The other version runs, from its own tree; the same one from the stable path.
    let tree = place.workenvs().into_iter().find(|name| name.to_string_lossy().starts_with("app-2-")).unwrap();
    let tree = place.path("cache/workenv").join(tree);
    assert_eq!(said(&two), format!("{0} {0}/bin/app 2\n", tree.display()));
    assert_eq!(said(&one), expected("1"));
    drop(child.stdin.take());
    child.wait().unwrap();
    assert_eq!(said(&two), expected("2"));
}

#[test]
fn starts_of_two_versions_at_once_each_run_their_own() {
    let place = Place::new();
    let programs = ["1", "2"].map(|version| (stable_package(&place, version), version));
    thread::scope(|scope| {
        for number in 0..16 {
            let ((program, version), place) = (&programs[number % 2], &place);
            scope.spawn(move || {
                for _ in 0..4 {
                    let said = stdout(&state(place, program).output().unwrap());
                    assert!(said.ends_with(&format!(" {version}\n")), "{said}");
                }
            });
        }
    });
    let names = fs::read_dir(place.path("state/flavor/app")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.count(), 2, "the link and its lock");
}

#[test]
fn what_is_in_the_place_of_a_stable_prefix_is_left_alone() {
    let place = Place::new();
    let program = stable_package(&place, "1");
    assert!(stdout(&state(&place, &program).output().unwrap()).ends_with(" 1\n"));
    let (link, tree) = (stable_link(&place), place.workenv());
    let said = |output: &Output| String::from_utf8(output.stdout.clone()).unwrap();
    // A directory, with something of the user in it.
    fs::remove_file(&link).unwrap();
    fs::create_dir(&link).unwrap();
    fs::write(link.join("mine"), "").unwrap();
    let output = state(&place, &program).output().unwrap();
    assert_eq!(said(&output), format!("{0} {0}/bin/app 1\n", tree.display()));
    assert!(
        stderr(&output).contains("without its stable prefix") && stderr(&output).contains("is not a symbolic link")
    );
    assert!(link.join("mine").exists());
    fs::remove_dir_all(&link).unwrap();
    // A link that somebody has put there is switched before anything is run by it.
    fs::create_dir_all(place.path("planted/bin")).unwrap();
    fs::write(place.path("planted/bin/app"), "#!/bin/sh\necho planted\n").unwrap();
    std::os::unix::fs::symlink(place.path("planted"), &link).unwrap();
    let output = state(&place, &program).output().unwrap();
    assert_eq!(stdout(&output), format!("{0} {0}/bin/app 1\n", link.display()));
    // A state directory that others can write to.
    let directory = link.parent().unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).unwrap();
    let output = state(&place, &program).output().unwrap();
    assert_eq!(said(&output), format!("{0} {0}/bin/app 1\n", tree.display()));
    assert!(stderr(&output).contains("can be changed by others"), "{}", stderr(&output));
}
