use super::process::{Folder, Run};
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

fn pack(folder: &Folder, more: &[&str]) -> Run {
    folder.flavor(&[&["pack", "--manifest", "app/app.json", "--key-seed", "test"], more].concat())
}

#[test]
fn the_package_runs_and_gives_the_programs_exit_code() {
    let folder = Folder::new().with_package();
    let run = Run::of(&mut folder.package("app.psp", &["one", "two words"]));
    assert_eq!((run.code, run.stdout.as_str()), (Some(7), "one two words\nsome data\n"), "{run:#?}");
}

#[test]
fn the_default_output_is_in_dist_and_the_summary_says_where() {
    let folder = Folder::new().with_app();
    let run = pack(&folder, &[]).succeeds().says(&[
        "app/dist/app.psp",
        "sealed",
        "c14ff30999c0d33fc2eff45b09ffee7b4c4a35279d727b028ad3acaf9fed3a9f",
        "from --key-seed",
        "script",
        "tar.zst",
    ]);
    assert!(run.stderr.contains("Encoding 2 slots"), "{run:#?}");
    let mode = fs::metadata(folder.path("app/dist/app.psp")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o755);
    let run = pack(&folder, &["--quiet", "--output", "new/dir/"]).succeeds();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    assert!(folder.path("new/dir/app.psp").exists());
    assert!(!folder.listing().iter().any(|name| name.contains(".tmp")), "{:?}", folder.listing());
}

#[test]
fn the_summary_is_there_as_json() {
    let folder = Folder::new().with_app();
    let run = folder.flavor(&["pack", "--manifest", "app/app.json", "--json", "--quiet"]).succeeds();
    let document = run.json();
    assert_eq!((&document["state"], &document["key"]), (&"sealed".into(), &"ephemeral".into()));
    assert_eq!(document["slots"].as_array().unwrap().len(), 3);
    assert_eq!(document["fingerprint"].as_str().unwrap().len(), 64);
    assert_eq!(document["path"], "app/dist/app.psp");
}

#[test]
fn the_key_is_seed_then_file_then_variable_then_a_new_one() {
    let folder = Folder::new().with_app();
    folder.flavor(&["keygen"]).succeeds();
    let key = |seed: bool, file: bool, variable: bool| {
        let mut command = folder.command();
        command.args(["pack", "--manifest", "app/app.json", "--json", "--quiet"]);
        if seed {
            command.args(["--key-seed", "test"]);
        }
        if file {
            command.args(["--private-key", "keys/flavor-private.key"]);
        }
        if variable {
            command.env("FLAVOR_KEY_SEED", "other");
        }
        Run::of(&mut command).succeeds().json()["key"].as_str().unwrap().to_owned()
    };
    assert_eq!(key(true, true, true), "seed");
    assert_eq!(key(false, true, true), "file");
    assert_eq!(key(false, false, true), "environment");
    assert_eq!(key(false, false, false), "ephemeral");
    folder.flavor(&["pack", "--manifest", "app/app.json"]).succeeds().says(&["made for this package alone"]);
}

#[test]
fn sources_that_are_encoded_already_are_stored_as_they_are() {
    let folder = Folder::new().with_app();
    let tar = |arguments: &[&str]| {
        Run::of(Command::new("tar").current_dir(folder.path("app")).args(arguments)).succeeds();
    };
    tar(&["czf", "tree.tgz", "-C", "tree", "."]);
    tar(&["cf", "tree.tar", "-C", "tree", "."]);
    Run::of(Command::new("gzip").arg("-k").arg(folder.path("app/run.sh"))).succeeds();
    folder.write(
        "app/app.json",
        r#"{"package": {"name": "app", "version": "1"}, "execution": {"command": "{workenv}/run.sh"},
  "slots": [
    {"id": "gz", "source": "run.sh.gz", "target": "run.sh", "operations": "gzip", "permissions": "0755"},
    {"id": "tgz", "source": "tree.tgz", "operations": "tgz"},
    {"id": "tar", "source": "tree.tar", "operations": "tar"},
    {"id": "more", "source": "tree.tar", "operations": "tar.gz"},
    {"id": "twice", "source": "run.sh.gz", "target": "a.gz", "operations": "zstd"},
    {"id": "self-made", "source": "tree/sub/deep.txt", "target": "b", "operations": "gzip|zstd", "level": 3},
    {"id": "xz", "source": "tree", "operations": "TAR|XZ"},
    {"id": "bz", "source": "tree", "operations": "tbz2", "level": 1}
  ]}"#,
    );
    pack(&folder, &["--output", "app.psp"]).succeeds();
    for (slot, file) in [("gz", "run.sh.gz"), ("tgz", "tree.tgz"), ("tar", "tree.tar")] {
        folder.flavor(&["extract", "app.psp", slot, "stored", "--raw", "--force"]).succeeds();
        assert!(folder.bytes("stored") == folder.bytes(&format!("app/{file}")), "{slot}");
    }
    for (slot, file) in
        [("gz", "run.sh"), ("more", "tree.tar"), ("twice", "run.sh.gz"), ("self-made", "tree/sub/deep.txt")]
    {
        folder.flavor(&["extract", "app.psp", slot, "decoded", "--force"]).succeeds();
        assert!(folder.bytes("decoded") == folder.bytes(&format!("app/{file}")), "{slot}");
    }
    for slot in ["tgz", "tar", "more", "xz", "bz"] {
        folder.flavor(&["extract", "app.psp", slot, "--unpack", "unpacked", "--force"]).succeeds();
        assert_eq!(folder.bytes("unpacked/data.txt"), b"some data\n", "{slot}");
    }
    let run = Run::of(&mut folder.package("app.psp", &[]));
    assert_eq!(run.code, Some(7), "{run:#?}");
}

#[test]
fn links_stay_inside_or_are_refused() {
    let folder = Folder::new().with_app();
    std::os::unix::fs::symlink("../data.txt", folder.path("app/tree/sub/link")).unwrap();
    pack(&folder, &["--output", "app.psp"]).succeeds();
    folder.flavor(&["extract", "app.psp", "tree", "--unpack", "out"]).succeeds();
    assert_eq!(fs::read_link(folder.path("out/sub/link")).unwrap().to_str(), Some("../data.txt"));
    let manifest = fs::read_to_string(folder.path("app/app.json")).unwrap();
    folder.write("app/app.json", manifest.replace("tar.zst", "tgz"));
    pack(&folder, &["--compat"]).fails(1, &["sub/link", "refuse symbolic links"]);
    for target in ["/etc/passwd", "../../../outside"] {
        fs::remove_file(folder.path("app/tree/sub/link")).unwrap();
        std::os::unix::fs::symlink(target, folder.path("app/tree/sub/link")).unwrap();
        pack(&folder, &[]).fails(1, &["sub/link", "leads out of", target]);
    }
}

#[test]
fn compatible_packages_use_gzip_and_are_sealed() {
    let folder = Folder::new().with_app();
    let manifest = fs::read_to_string(folder.path("app/app.json")).unwrap();
    fs::write(folder.path("app/app.json"), manifest.replace("\"operations\": \"tar.zst\", ", "")).unwrap();
    let document = pack(&folder, &["--compat", "--json", "--quiet"]).succeeds().json();
    assert_eq!(document["state"], "sealed");
    assert_eq!(
        (&document["slots"][0]["operations"], &document["slots"][1]["operations"]),
        (&"gzip".into(), &"tar.gz".into())
    );
    fs::write(folder.path("app/app.json"), manifest).unwrap();
    pack(&folder, &["--compat"]).fails(1, &["slots[1]", "gzip only", "found zstd"]);
}

#[test]
fn an_existing_file_is_replaced_only_if_it_is_a_package() {
    let folder = Folder::new().with_app();
    folder.write("precious.txt", "words");
    pack(&folder, &["--output", "precious.txt"]).fails(1, &["precious.txt", "not a package"]);
    assert_eq!(folder.bytes("precious.txt"), b"words");
    pack(&folder, &["--output", "app.psp"]).succeeds();
    pack(&folder, &["--output", "app.psp"]).succeeds();
}

/// As `app.psp`.
fn packed(folder: &Folder, more: &[&str]) -> Run {
    pack(folder, &[&["--output", "app.psp"], more].concat())
}

#[test]
fn validation_finds_before_signing_what_a_start_would_find() {
    let folder = Folder::new().with_app();
    let run = packed(&folder, &["--validate-before-sign", "--json", "--quiet"]).succeeds();
    let plain = folder.bytes("app.psp");
    assert_eq!(run.json()["validated"], true);
    packed(&folder, &["--quiet"]).succeeds();
    assert_eq!(folder.bytes("app.psp"), plain, "validation changes nothing");

    // The package of before stays, and nothing else is left.
    let before = folder.listing();
    let manifest = String::from_utf8(folder.bytes("app/app.json")).unwrap();
    let broken = [
        (manifest.replace("{workenv}/run.sh", "{workenv}/start.sh"), "does not hold the program", "start.sh"),
        (manifest.replace("{workenv}/run.sh", "{workenv}/data.txt"), "not executable", "data.txt"),
    ];
    for (manifest, words, found) in broken {
        folder.write("app/app.json", manifest);
        let run = packed(&folder, &["--validate-before-sign"]).fails(1, &[words, found, "nothing was signed"]);
        assert_eq!(run.errors(), 1);
        assert_eq!((folder.listing(), folder.bytes("app.psp")), (before.clone(), plain.clone()));
    }
    // Without it, the first start would have told.
    packed(&folder, &[]).succeeds();
    // That slots get in each other's way is found without it too.
    folder.write("app/app.json", manifest.replace("\"target\": \"run.sh\"", "\"target\": \"sub\""));
    packed(&folder, &[]).fails(1, &["\"sub\" cannot be there: sub is a file of the slot \"script\""]);
}

#[test]
fn a_test_command_decides_whether_there_is_a_package() {
    let folder = Folder::new().with_app();
    folder.write_executable("app/run.sh", "#!/bin/sh\necho \"$@\" of $FLAVOR_COMMAND_NAME\ntest \"$1\" = 'a b'\n");
    let before = folder.listing();
    let run = packed(&folder, &["--smoke-args", "wrong words"]).fails(1, &["`wrong words` ended with exit code 1"]);
    assert!(run.stderr.contains("wrong words of app.psp") && run.errors() == 1, "{run:#?}");
    assert_eq!(folder.listing(), before);
    folder.write_executable("app/speak.sh", "#!/bin/sh\nprintf 'one\\ntwo\\n'; exit 3\n");
    // What it said keeps its lines.
    let run = packed(&folder, &["--test-command", "./speak.sh {package}"]).fails(1, &["ended with exit code 3"]);
    assert!(run.stderr.contains("found the output\n    one\n    two\n"), "{run:#?}");
    fs::remove_file(folder.path("app/speak.sh")).unwrap();
    packed(&folder, &["--test-command", "'open"]).fails(2, &["--test-command"]);
    let document = packed(&folder, &["--smoke-args", "'a b'", "--json", "--quiet"]).succeeds().json();
    assert_eq!(document["tested"], true);
    // No work environment, state or configuration of the user's was touched.
    let mut after = before.clone();
    after.push("app.psp".to_owned());
    after.sort();
    assert_eq!(folder.listing(), after);
}

/// It runs in a copy of the project, and finds the package by its name on `PATH` and by `FLAVOR_PACKAGE`.
#[test]
fn a_test_command_is_a_command() {
    let folder = Folder::new().with_app();
    folder.write_executable("app/run.sh", "#!/bin/sh\necho \"$@\" of $FLAVOR_COMMAND_NAME\ntest \"$1\" = 'a b'\n");
    folder.write_executable(
        "app/tests/check.sh",
        "#!/bin/sh\nset -e\napp 'a b' >out.txt\n\"$FLAVOR_PACKAGE\" 'a b' >>out.txt\ntest \"$1\" = \"$FLAVOR_PACKAGE\"\n\
         test -z \"$FLAVOR_VALIDATION$FLAVOR_COMMAND$FLAVOR_KEY_SEED\"\ncp out.txt \"$PLACE\"\n! app other\n",
    );
    let place = folder.path("seen.txt");
    let before = folder.listing();
    let mut command = folder.command();
    command.args(["pack", "--manifest", "app/app.json", "--output", "app.psp", "--quiet"]);
    command.args(["--test-command", "tests/check.sh {package}", "--smoke-args", "'a b'"]);
    command
        .envs([("FLAVOR_VALIDATION", "none"), ("FLAVOR_COMMAND", "x"), ("FLAVOR_KEY_SEED", "test")])
        .env("PLACE", &place);
    Run::of(&mut command).succeeds();
    assert_eq!(folder.bytes("seen.txt"), b"a b of app\na b of app.psp\n");
    // What it wrote is in its copy.
    let after: Vec<String> =
        folder.listing().into_iter().filter(|name| name != "app.psp" && name != "seen.txt").collect();
    assert_eq!(after, before);
    for (words, found) in [
        (["--test-command", "sh -c 'app; exit 9'"], "ended with exit code 9"),
        (["--test-command", "sh -c 'kill -9 $$'"], "was ended: signal: 9"),
        (["--test-command", "app other"], "ended with exit code 1"),
    ] {
        packed(&folder, &words).fails(1, &[found, "was not kept"]);
    }
}

#[test]
fn a_test_that_cannot_fail_is_refused() {
    let folder = Folder::new().with_app();
    folder.write_executable("app/run.sh", "#!/bin/sh\nexit 0\n");
    folder.write("app/readme.txt", "no program\n");
    let before = folder.listing();
    for test in [
        "true",
        "sh -c 'exit 0'",
        "sh -c 'app --version; exit 0'",
        "sh -c 'app || true'",
        "sh -c '! app --nonsense; true'",
        "echo {package}",
        "test -s {package}",
        "sh -c 'test -x \"$FLAVOR_PACKAGE\"'",
    ] {
        let run = packed(&folder, &["--test-command", test]).fails(1, &["it cannot fail", "$FLAVOR_PACKAGE"]);
        assert_eq!(run.errors(), 1, "{run:#?}");
    }
    for test in ["no-such-program-1a2b", "./no-such-file", "./readme.txt", "--version", "readme.txt"] {
        packed(&folder, &["--test-command", test]).fails(1, &["there is no program", "--smoke-args"]);
    }
    for test in ["", "  "] {
        packed(&folder, &["--test-command", test]).fails(2, &["nothing to run"]);
    }
    assert_eq!(folder.listing(), before);
    for test in ["app", "sh -c app", "sh -c '\"$FLAVOR_PACKAGE\" x'"] {
        packed(&folder, &["--test-command", test]).succeeds();
        fs::remove_file(folder.path("app.psp")).unwrap();
    }
}

#[test]
fn the_published_launchers_are_found_or_said_to_be_missing() {
    let folder = Folder::new().with_app();
    let run = packed(&folder, &["--launcher", "go"]);
    run.fails(1, &["no go launcher of the published tool", "pip install flavorpack", "--launcher PATH"]);
    packed(&folder, &["--launcher", "pascal"]).fails(1, &["rust, go or a file", "helpers list"]);
    packed(&folder, &["--launcher", "rust", "--launcher-bin", "x"]).fails(2, &["cannot be used with"]);
    let ours = super::process::launcher().to_str().unwrap();
    packed(&folder, &["--launcher", ours]).succeeds().says(&["flavor-launcher"]);
}

/// The launchers of the published tool, by the word for them.
fn published_launchers(programs: &Path) -> Vec<(&'static str, String)> {
    let lib = programs.parent().unwrap().join("lib");
    let found = walkdir::WalkDir::new(lib).into_iter().map(|entry| entry.unwrap().into_path());
    let found = found.filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        let language = [("go", "flavor-go-launcher-"), ("rust", "flavor-rs-launcher-")]
            .into_iter()
            .find_map(|(language, prefix)| name.starts_with(prefix).then_some(language))?;
        Some((language, path.to_str()?.to_owned()))
    });
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), 2, "{found:?}");
    found
}

/// With the published tool installed.
#[test]
fn packages_of_the_published_launchers_are_compatible_ones_and_run() {
    let Some(peer) = pspf_test_support::peer() else { return };
    let folder = Folder::new().with_app();
    // A directory's default is tar and zstd: that, too, has to be what these launchers decode.
    folder.write(
        "app/app.json",
        String::from_utf8(folder.bytes("app/app.json")).unwrap().replace(r#" "operations": "tar.zst","#, ""),
    );
    for (language, launcher) in published_launchers(Path::new(&peer)) {
        // However it was named: nothing else would run.
        for (words, variable) in [(&["--launcher-bin", &launcher][..], ""), (&[], launcher.as_str())] {
            // Their caches cannot hold two packages of one name.
            let fresh = Folder::new();
            let mut command = folder.command();
            command.args(["pack", "--manifest", "app/app.json", "--output"]).arg(fresh.path("app.psp")).args(words);
            let run = Run::of(command.env("FLAVOR_LAUNCHER_BIN", variable)).succeeds();
            run.says(&["packed for the published launchers (--compat)"]);
            let run = Run::of(&mut fresh.package("app.psp", &["one", "two"]));
            assert_eq!(run.code, Some(7), "{language}: {run:#?}");
            assert!(run.stdout.contains("one two\nsome data\n"), "{language}: {run:#?}");
        }
        let mut command = folder.command();
        let words =
            ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--json", "--quiet", "--launcher", language];
        command.args(words).args(["--smoke-args", "x"]).env("PATH", &peer);
        // The script ends with 7: its exit code has come through the launcher.
        let run = Run::of(&mut command);
        assert!(run.stdout.contains("ended with exit code 7"), "{run:#?}");
        let document = Run::of(folder.command().args(words).env("PATH", &peer)).succeeds().json();
        assert_eq!((&document["compat"], &document["state"]), (&true.into(), &"sealed".into()), "{document}");
        folder.flavor(&["verify", "app.psp", "--require", "sealed"]).succeeds();
    }
}

/// Nothing but the header of a program for another platform, and what every launcher of ours has in it.
fn foreign_launcher(folder: &Folder, name: &str, header: &[u8]) {
    let mut bytes = header.to_vec();
    bytes.resize(256, 0);
    bytes.extend_from_slice(flavor_host::LAUNCHER_MARKER.as_bytes());
    folder.write(name, bytes);
}

#[test]
fn files_are_packed_for_any_platform_and_python_projects_for_linux() {
    let folder = Folder::new().with_app();
    let mut windows = vec![0; 0x46];
    windows[..2].copy_from_slice(b"MZ");
    windows[0x3c] = 0x40;
    windows[0x40..].copy_from_slice(b"PE\0\0\x64\x86");
    foreign_launcher(&folder, "launcher.exe", &windows);
    let mut arm = [&b"\x7fELF\x02\x01\x01"[..], &[0; 13]].concat();
    arm[18] = 0xb7;
    foreign_launcher(&folder, "launcher-arm64", &arm);
    foreign_launcher(&folder, "launcher-macos", &[0xcf, 0xfa, 0xed, 0xfe, 12, 0, 0, 1]);

    let host = if cfg!(target_arch = "aarch64") { "linux_arm64" } else { "linux_amd64" };
    pack(&folder, &["--platform", host]).succeeds();
    pack(&folder, &["--platform", "windows_amd64"]).fails(1, &["--platform", "expected windows_amd64", host]);
    pack(&folder, &["--platform", "windows"]).fails(2, &["--platform", "windows_amd64"]);
    for (launcher, platform, os) in [
        ("launcher.exe", "windows_amd64", "windows"),
        ("launcher-arm64", "linux_arm64", "linux"),
        ("launcher-macos", "darwin_arm64", "darwin"),
    ] {
        pack(&folder, &["--launcher-bin", launcher, "--platform", platform, "--output", "app.psp"]).succeeds();
        let document = folder.flavor(&["inspect", "--json", "app.psp"]).succeeds().json();
        assert_eq!(document["metadata"]["build"]["platform"]["os"], os);
        folder.flavor(&["verify", "--require", "sealed", "app.psp"]).succeeds();
    }

    let project = Folder::new();
    // Nothing of the project is run: its build would leave a file.
    project.write("setup.py", "open('built', 'w')\n");
    project.write("app.py", "");
    let text = "[project]\nname = 'app'\nversion = '1'\n[tool.flavor]\nentry_point = 'app:main'\n";
    project.write("pyproject.toml", text);
    for (launcher, target) in [("launcher.exe", "windows_amd64"), ("launcher-macos", "darwin_arm64")] {
        let launcher = folder.path(launcher);
        let run = project.flavor(&["pack", "--launcher-bin", launcher.to_str().unwrap()]);
        let run = run.fails(1, &["a Python project can be packed on Linux only", target, "JSON manifest"]);
        assert_eq!(run.errors(), 1, "{run:#?}");
    }
    let target = if host == "linux_arm64" { "linux_amd64" } else { "linux_arm64" };
    arm[18] = if host == "linux_arm64" { 0x3e } else { 0xb7 };
    foreign_launcher(&folder, "launcher-other", &arm);
    let table = format!("[[tool.flavor.launchers]]\nplatform = '{target}'\nbinary = 'other'\n");
    fs::copy(folder.path("launcher-other"), project.path("other")).unwrap();
    project.write("pyproject.toml", format!("{text}{table}"));
    let mut command = project.command();
    let run = Run::of(command.args(["pack", "--platform", target]).env_remove("FLAVOR_LAUNCHER_BIN"));
    run.fails(1, &[&format!("packed for {target} on another machine"), "--python debian", "pack it on a machine"]);
    assert_eq!(project.listing(), ["app.py", "other", "pyproject.toml", "setup.py"]);
}

#[test]
fn the_package_itself_is_no_part_of_the_next() {
    let folder = Folder::new();
    folder.write("a.txt", "x");
    let text = r#"{"package": {"name": "a", "version": "1"}, "execution": {"command": "/bin/true"}, "slots": [{"id": "all", "source": "."}]}"#;
    folder.write("a.json", text);
    let words = ["pack", "--manifest", "a.json", "--output", "a.psp", "--key-seed", "k"];
    folder.flavor(&words).succeeds();
    let first = folder.bytes("a.psp");
    let run = folder.flavor(&words).succeeds();
    assert!(run.stderr.contains("a.psp itself is left out of slot \"all\""), "{run:#?}");
    assert!(folder.bytes("a.psp") == first, "the second package is another");
}

#[test]
fn content_that_readers_would_take_for_a_bomb_is_stored_as_it_is() {
    let folder = Folder::new().with_app();
    let manifest = String::from_utf8(folder.bytes("app/app.json")).unwrap();
    let zeros = fs::File::create(folder.path("app/tree/zeros")).unwrap();
    zeros.set_len(40 << 20).unwrap();
    folder.write("app/app.json", manifest.replace("\"operations\": \"tar.zst\", ", ""));
    let words = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "test", "--json"];
    let summary = folder.flavor(&words).succeeds().json();
    assert_eq!(summary["slots"][1]["operations"], "tar", "{summary}");
    assert!(summary["notices"].to_string().contains("slot \\\"tree\\\" is stored without compression"), "{summary}");
    let run = Run::of(&mut folder.package("app.psp", &["started"])).says(&["started", "some data"]);
    assert_eq!(run.code, Some(7), "{run:#?}");
    // Whoever asks for the compression is told what to write instead.
    folder.write("app/app.json", manifest);
    folder.flavor(&words[..words.len() - 1]).fails(1, &["decompression bomb", "slot `tree`", "`\"raw\"` or `\"tar\"`"]);
}

#[test]
fn a_misspelt_variable_is_named_once() {
    let folder = Folder::new().with_app();
    let mut command = folder.command();
    command.args(["check", "--manifest", "app/app.json"]).env("FLAVOR_VERSIN", "2").env("FLAVOR_OF_OTHERS", "1");
    let run = Run::of(&mut command).succeeds();
    assert_eq!(run.stderr.matches("FLAVOR_VERSIN").count(), 1, "{run:#?}");
    assert!(run.stderr.contains("did you mean `FLAVOR_VERSION`?") && !run.stderr.contains("OTHERS"), "{run:#?}");
}

/// What a terminal shows at the end of each line: what the last carriage return or erasure has left.
fn shown(raw: &str) -> Vec<String> {
    let clean = raw.replace("\u{1b}[2K", "\r").replace("\u{1b}[K", "\r");
    clean
        .split('\n')
        .map(|line| line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn a_terminal_shows_each_step_once() {
    if !pspf_test_support::has(&["script"]) {
        return;
    }
    let folder = Folder::new().with_app();
    let mut command = folder.command();
    let inner =
        format!("{} pack --manifest app/app.json --output app.psp --key-seed test", env!("CARGO_BIN_EXE_flavor"));
    let mut terminal = Command::new("script");
    terminal
        .args(["-qec", &inner, "/dev/null"])
        .current_dir(folder.path(""))
        .env("TERM", "xterm")
        .env_remove("NO_COLOR");
    terminal.envs(command.env_remove("NO_COLOR").get_envs().filter_map(|(name, value)| Some((name, value?))));
    let run = Run::of(&mut terminal).succeeds();
    let lines = shown(&run.stdout);
    for step in ["Writing the package", "Verifying it"] {
        let found: Vec<&String> = lines.iter().filter(|line| line.contains(step)).collect();
        assert_eq!(found, [step], "{run:#?}");
    }
}
