//! Packages run: output, arguments, exit code, environment, the launcher's own commands.

mod support;

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use support::{Place, Slot, assert_refused, directory, file, os, package, script, stderr, stdout, symlink};

const ECHO: &str = r#"printf '<%s>' "$@"; echo; exit 7"#;

#[test]
fn output_arguments_and_exit_code_are_the_programs() {
    let place = Place::new();
    let app = Slot::script("app", "{workenv}/bin/app", ECHO);
    let program = place.install("tool", &package(&[app], "{workenv}/bin/app 'fixed one'", "{}"));
    for _start in ["cold", "warm"] {
        let output =
            place.command(&program).args(["", "a b", "--version", "'", "*"]).arg(os(b"\xff")).output().unwrap();
        assert_eq!(output.status.code(), Some(7));
        assert_eq!(output.stdout, b"<fixed one><><a b><--version><'><*><\xff>\n");
        assert_eq!(stderr(&output), "");
    }
}

#[test]
fn death_by_signal_is_the_programs() {
    use std::os::unix::process::ExitStatusExt;
    let place = Place::new();
    let program = place.install("p", &package(&[Slot::script("a", "a", "kill -9 $$")], "a/../a", "{}"));
    // A path with a slash is taken from the work environment, so `a/../a` does not exist.
    assert_refused(&place.run(&program, &[]), 104, &["a/../a"]);
    let program = place.install("q", &package(&[Slot::script("a", "a", "kill -9 $$")], "./a", "{}"));
    assert_eq!(place.run(&program, &[]).status.signal(), Some(9));
}

#[test]
fn every_encoding_is_unpacked() {
    let place = Place::new();
    let big: Vec<u8> = (0..600_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let slots = [
        Slot::new("plain", "d/plain", "none", big.clone()),
        Slot::new("gzip", "{workenv}/d/gzip", "gzip", big.clone()),
        Slot::new("zstd", "d//./zstd", "zstd", big.clone()),
        Slot::new("tar", "ignored", "tar", support::tar(&[file("t/plain", "x"), directory("empty", 0o500)])),
        Slot::new("targz", "", "tar.gz", support::tar(&[file("t/gz", "y")])),
        Slot::tree(
            "tree",
            &[script("bin/app", "cat \"$FLAVOR_WORKENV\"/t/*; cksum < d/zstd"), symlink("t/z", "../d/../t")],
        ),
        Slot::new("not a tar", "raw.tar", "none", support::tar(&[file("inner", "")])),
    ];
    let program = place.install("p", &package(&slots[..5], "true", "{}"));
    assert_eq!(stdout(&place.run(&program, &[])), "");
    let workenv = place.workenv();
    for name in ["plain", "gzip", "zstd"] {
        assert!(fs::read(workenv.join("d").join(name)).unwrap() == big, "{name}");
    }
    assert_eq!(fs::read(workenv.join("t/plain")).unwrap(), b"x");
    assert_eq!(fs::read(workenv.join("t/gz")).unwrap(), b"y");
    // Links with `..` behind a name could lead anywhere once that name is a link.
    let program = place.install("q", &package(&slots, "true", "{}"));
    assert_refused(&place.run(&program, &[]), 103, &["slot `tree`", "t/z", "../d/../t"]);
}

#[test]
fn modes_and_times_are_restored_without_special_bits() {
    let place = Place::new();
    let mut setuid = script("bin/app", "echo ran");
    setuid.mode = 0o6755;
    let mut app = Slot::script("slot", "own", "");
    app.permissions = 0o6711;
    let slots = [Slot::tree("t", &[setuid, directory("d", 0o1555), file("d/f", "x"), symlink("l", "d/f")]), app];
    let program = place.install("p", &package(&slots, "app", "{}"));
    assert_eq!(stdout(&place.run(&program, &[])), "ran\n");
    let workenv = place.workenv();
    let mode = |name: &str| fs::symlink_metadata(workenv.join(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!([mode("bin/app"), mode("d"), mode("d/f"), mode("own")], [0o755, 0o755, 0o644, 0o711]);
    assert_eq!(mode(""), 0o700);
    for name in ["bin/app", "d", "d/f"] {
        let modified = fs::metadata(workenv.join(name)).unwrap().modified().unwrap();
        let seconds = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        assert_eq!(seconds, support::MTIME, "{name}");
    }
    assert_eq!(fs::read_link(workenv.join("l")).unwrap().to_str(), Some("d/f"));
}

#[test]
fn the_environment_is_what_the_package_says() {
    let place = Place::new();
    let extra = r#"{"runtime":{"env":{"unset":["SECRET*"],"pass":["SECRET_OK"],"map":{"OLD":"NEW"},"set":{"SET":"{workenv}"}}},
        "workenv":{"directories":[{"path":"{workenv}/tmp","mode":"0700"},{"path":"var/log"}],"env":{"TMPDIR":"{workenv}/tmp"}},
        "execution.env":{"NAME":"{package_name} {version} {slot:0}"}}"#;
    let program = place.install("p.psp", &package(&[Slot::script("a", "bin/a", "env")], "{slot:0}", extra));
    let odd = os(b"\xfe=");
    let output = place
        .command(&program)
        .envs([("SECRET_A", "1"), ("SECRET_OK", "2"), ("OLD", "3"), ("KEPT", "4"), ("FLAVOR_WORKENV", "/elsewhere/x")])
        .env("ODD", odd)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let workenv = place.workenv().display().to_string();
    let own = program.display().to_string();
    let base = place.path("cache").display().to_string();
    let lines: Vec<&[u8]> = output.stdout.split(|byte| *byte == b'\n').collect();
    for expected in [
        "SECRET_OK=2".to_owned(),
        "NEW=3".to_owned(),
        "KEPT=4".to_owned(),
        "SET={workenv}".to_owned(),
        format!("TMPDIR={workenv}/tmp"),
        format!("NAME=app 1.0 {workenv}/bin/a"),
        format!("FLAVOR_WORKENV={workenv}"),
        format!("FLAVOR_LAUNCHER={own}"),
        format!("FLAVOR_ORIGINAL_COMMAND={own}"),
        "FLAVOR_COMMAND_NAME=p.psp".to_owned(),
        format!("FLAVOR_CACHE_DIR={base}"),
        format!("FLAVOR_CACHE={base}/workenv"),
        format!("PATH={workenv}/bin:/usr/bin:/bin"),
    ] {
        assert!(lines.contains(&expected.as_bytes()), "{expected}");
    }
    assert!(lines.contains(&&b"ODD=\xfe="[..]));
    for absent in ["SECRET_A=", "OLD=", "FLAVOR_LAUNCHER_CLI="] {
        assert!(!lines.iter().any(|line| line.starts_with(absent.as_bytes())), "{absent}");
    }
    let mode = |name: &str| fs::metadata(place.workenv().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode("tmp"), mode("var/log")], [0o700, 0o700]);
}

#[test]
fn directories_and_shell_commands_are_as_the_published_builders_write_them() {
    let place = Place::new();
    let here = format!("{}_{}", flavor_host::platform::os(), flavor_host::platform::arch());
    let extra = r#"{"workenv":{"umask":"027","directories":[
            {"path":"{workenv}/cache/{os}/{arch}"},{"path":"{workenv}/{platform}/{package_name}-{version}","mode":"0700"},{"path":"plain","mode":""}]},
        "execution.env":{"WHERE":"/opt/{os}/{arch}"},
        "setup_commands":[{"type":"shell","command":"test -d \"{workenv}/plain\" && echo \"$FLAVOR_PACKAGE\" '{version}' | tr 1 9 > {workenv}/said || exit 3"}]}"#;
    let app = || Slot::script("a", "bin/a", "echo $WHERE; cat $FLAVOR_WORKENV/said");
    let program = place.install("p", &package(&[app()], "a", extra));
    let expected = format!("/opt/{}\napp 9.0\n", here.replace('_', "/"));
    for _start in ["cold", "warm"] {
        assert_eq!(stdout(&place.run(&program, &[])), expected);
    }
    let mode = |name: &str| fs::metadata(place.workenv().join(name)).unwrap().permissions().mode() & 0o777;
    let cache = format!("cache/{}", here.replace('_', "/"));
    assert_eq!([mode(&cache), mode(&format!("{here}/app-1.0")), mode("plain")], [0o750, 0o700, 0o750]);
    // A path that would be code in a shell is refused before anything runs.
    for odd in ["a b", "a;touch x", "$(id)", "it's"] {
        let mut command = place.command(&program);
        command.env("FLAVOR_CACHE_DIR", place.path(odd)).current_dir(place.directory.path());
        assert_refused(&command.output().unwrap(), 104, &["mean something to the shell"]);
    }
    assert!(!place.path("x").exists());
}

#[test]
fn a_renamed_variable_is_delivered_also_where_all_others_go() {
    let place = Place::new();
    let extra = r#"{"runtime":{"env":{"unset":["*"],"map":{"OLD_API":"NEW_API"},"pass":["TERM"]}}}"#;
    let program = place.install("p", &package(&[Slot::script("a", "bin/a", "/usr/bin/env")], "a", extra));
    let output = place.command(&program).envs([("OLD_API", "1"), ("TERM", "t"), ("OTHER", "2")]).output().unwrap();
    let printed = stdout(&output);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines.contains(&"NEW_API=1") && lines.contains(&"TERM=t"), "{printed}");
    assert!(!printed.contains("OLD_API") && !printed.contains("OTHER"), "{printed}");
}

#[test]
fn an_alias_keeps_its_name() {
    let place = Place::new();
    let program =
        place.install("real", &package(&[Slot::script("a", "bin/a", "echo $FLAVOR_COMMAND_NAME")], "a", "{}"));
    std::os::unix::fs::symlink(&program, place.path("alias")).unwrap();
    assert_eq!(stdout(&place.run(&place.path("alias"), &[])), "alias\n");
}

#[test]
fn a_missing_program_is_not_looked_for_on_path() {
    let place = Place::new();
    let slot = || Slot::script("a", "bin/ls", "echo ours");
    let program = place.install("p", &package(&[slot()], "{workenv}/bin/missing/../ls", "{}"));
    assert_refused(&place.run(&program, &[]), 104, &["missing/../ls", "No such file"]);
    let program = place.install("p2", &package(&[slot()], "/nowhere/ls", "{}"));
    assert_refused(&place.run(&program, &[]), 104, &["/nowhere/ls"]);
    // A bare name is the package's own before it is anybody else's.
    let program = place.install("p3", &package(&[slot()], "ls", "{}"));
    assert_eq!(stdout(&place.run(&program, &[])), "ours\n");
    let program = place.install("p4", &package(&[slot()], "no-such-program", "{}"));
    assert_refused(&place.run(&program, &[]), 104, &["no-such-program", "PATH"]);
    for (command, text) in [("", "no command"), ("'open", "not closed"), ("{slot:9}", "slot:9")] {
        let program = place.install("p5", &package(&[slot()], command, "{}"));
        assert_refused(&place.run(&program, &[]), 104, &[text]);
    }
}

#[test]
fn setup_commands_run_once_in_the_final_place() {
    let place = Place::new();
    let mut wheels =
        Slot::tree("wheels", &[file("wheels/a.whl", "A"), file("wheels/b.whl", "B"), file("wheels/c.txt", "")]);
    wheels.lifecycle = "init".into();
    let installer =
        Slot::script("i", "bin/install", r#"echo "$2 in $FLAVOR_WORKENV" >> "$FLAVOR_WORKENV/log"; chmod 600 "$0.x""#);
    let app = Slot::script("app", "bin/app", r#"cat "$FLAVOR_WORKENV/log" "$FLAVOR_WORKENV/meta/done""#);
    let extra = |content: &str| {
        format!(
            r#"{{"setup_commands":[
                {{"type":"write_file","path":"{{workenv}}/bin/install.x","content":""}},
                {{"type":"enumerate_and_execute","command":"{{workenv}}/bin/install --to","enumerate":{{"path":"{{workenv}}/wheels","pattern":"*.whl"}}}},
                {{"type":"chmod","path":"{{workenv}}/bin/*","mode":"700"}},
                {{"type":"execute","command":"sh -c 'test -x \"$0\"' {{workenv}}/bin/install.x"}},
                {{"type":"write_file","path":"{{workenv}}/meta/done","content":"{{package_name}}-{{version}}"}}],
              "cache_validation":{{"check_file":"{{workenv}}/meta/done","expected_content":"{content}"}}}}"#
        )
    };
    let slots = [wheels, installer, app];
    let program = place.install("p", &package(&slots, "app", &extra("{package_name}-{version}")));
    let first = stdout(&place.run(&program, &[]));
    let workenv = place.workenv();
    let expected = ["a", "b"].map(|name| format!("{0}/wheels/{name}.whl in {0}\n", workenv.display())).concat();
    assert_eq!(first, format!("{expected}app-1.0"));
    assert!(!workenv.join("wheels/a.whl").exists() && !workenv.join("wheels").exists(), "init slots are removed");
    assert_eq!(stdout(&place.run(&program, &[])), first, "nothing runs twice");
    // The marker that the package checks is gone: everything is made again.
    fs::remove_file(workenv.join("meta/done")).unwrap();
    assert_eq!(stdout(&place.run(&program, &[])), first);
    assert_eq!(place.workenvs().len(), 1);
}

#[test]
fn a_failed_setup_leaves_nothing_and_is_tried_again() {
    let place = Place::new();
    let setup = |command: &str| format!(r#"{{"setup_commands":[{{"type":"execute","command":"{command}"}}]}}"#);
    let app = || [Slot::script("a", "bin/a", "echo ran")];
    let program = place.install("p", &package(&app(), "a", &setup("sh -c 'echo broken >&2; exit 3'")));
    for _ in 0..2 {
        let output = place.run(&program, &[]);
        assert_eq!(output.status.code(), Some(104));
        assert!(
            stderr(&output).contains("setup_commands[0]") && stderr(&output).contains("broken"),
            "{}",
            stderr(&output)
        );
        assert!(place.workenvs().is_empty(), "{:?}", place.workenvs());
    }
    for (extra, text) in [
        (r#"{"setup_commands":[{"type":"shell","command":"exit 7"}]}"#, "ended with"),
        (r#"{"setup_commands":[{"type":"shell"}]}"#, "setup_commands[0].command"),
        (r#"{"workenv":{"directories":[{"path":"a"}],"umask":"9"}}"#, "workenv.umask"),
        (r#"{"workenv":{"directories":[{"path":"{workenv}/{home}"}]}}"#, "HOME"),
        (r#"{"setup_commands":["true"]}"#, "setup_commands[0].type"),
        (r#"{"setup_commands":[{"type":"other"}]}"#, "enumerate_and_execute"),
        (r#"{"setup_commands":[{"type":"write_file","path":"/tmp/x","content":""}]}"#, "not inside"),
        (r#"{"setup_commands":[{"type":"write_file","path":"{workenv}/../x","content":""}]}"#, "not inside"),
        (r#"{"workenv":{"directories":[{"path":"/tmp/x"}]}}"#, "not inside"),
        (r#"{"workenv":{"directories":[{"path":"a/../../x"}]}}"#, "not inside"),
        (r#"{"cache_validation":{"check_file":"../x","expected_content":""}}"#, "not inside"),
    ] {
        let program = place.install("q", &package(&app(), "a", extra));
        assert_refused(&place.run(&program, &[]), 104, &[text]);
        assert!(place.workenvs().is_empty(), "{:?}", place.workenvs());
    }
}

#[test]
fn the_launcher_answers_for_itself() {
    let place = Place::new();
    let program =
        place.install("p", &package(&[Slot::script("a", "bin/a", "echo \"$@ $FLAVOR_LAUNCHER_CLI\"")], "a", "{}"));
    let ask = |words: &[&str]| place.command(&program).env("FLAVOR_LAUNCHER_CLI", "1").args(words).output().unwrap();
    assert_eq!(stdout(&ask(&["version"])).trim(), env!("CARGO_PKG_VERSION"));
    assert!(stdout(&ask(&["help"])).contains(flavor_host::LAUNCHER_MARKER));
    for words in [&["info"][..], &[]] {
        let info = stdout(&ask(words));
        assert!(info.contains("app 1.0") && info.contains("unknown key") && info.contains("not verified"), "{info}");
    }
    let verify: serde_json::Value = serde_json::from_str(&stdout(&ask(&["verify"]))).unwrap();
    assert_eq!(
        (&verify["ok"], &verify["state"], &verify["trust"]),
        (&true.into(), &"sealed".into(), &"unknown_key".into())
    );
    let metadata: serde_json::Value = serde_json::from_str(&stdout(&ask(&["metadata"]))).unwrap();
    assert_eq!(metadata["package"]["name"], "app");
    assert_refused(&ask(&["--version"]), 105, &["--version", "verify"]);
    assert!(place.workenvs().is_empty());
    assert_eq!(stdout(&ask(&["run", "x"])), "x \n");
}

#[test]
fn a_launcher_without_a_package_says_so() {
    let output = Command::new(support::LAUNCHER).output().unwrap();
    assert_refused(&output, 102, &["not a whole package", support::LAUNCHER]);
    assert!(flavor_host::is_own_launcher(&fs::read(support::LAUNCHER).unwrap()));
    assert!(!flavor_host::is_own_launcher(&fs::read("/bin/true").unwrap()));
}
