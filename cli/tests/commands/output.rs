//! What holds for every command: errors as JSON, `--quiet`, `--verbose`, colour.

use super::process::{Folder, Run};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;
use std::{
    ffi::OsStr,
    fs::{self, OpenOptions},
    io::Read as _,
    os::unix::ffi::OsStrExt as _,
    process::{Command, Stdio},
};

/// A command line that fails, for each command, and its exit code.
const FAILING: [(&[&str], i32); 16] = [
    (&["pack", "--manifest", "missing.toml"], 2),
    (&["pack", "--manifest", "app/app.json", "--private-key", "app.psp"], 1),
    (&["check", "--manifest", "app.psp"], 1),
    (&["init", "junk"], 1),
    (&["verify", "missing"], 2),
    (&["inspect", "missing"], 2),
    (&["inspect", "junk", "--analyze"], 1),
    (&["diff", "app.psp", "app"], 2),
    (&["extract", "app.psp", "9", "out"], 1),
    (&["extract-all", "junk", "out"], 1),
    (&["keygen", "--out-dir", "junk"], 1),
    (&["trust", "add", "missing"], 2),
    (&["trust", "remove", "12345678"], 1),
    (&["trust", "verify", "junk"], 1),
    (&["policy", "check", "junk"], 1),
    (&["verify", "--no-such-option", "app.psp"], 2),
];

fn folder() -> Folder {
    let folder = Folder::new().with_package();
    folder.write("junk", "x".repeat(20_000));
    folder
}

#[test]
fn errors_are_one_json_object_and_the_exit_code_stays() {
    let folder = folder();
    for (words, code) in FAILING {
        let text = folder.flavor(words);
        assert_eq!((text.code, text.stdout.as_str()), (Some(code), ""), "{words:?}: {text:#?}");
        assert!(!text.stderr.is_empty(), "{words:?}");
        let run = folder.flavor(&[words, &["--json"]].concat());
        let document = run.json();
        assert_eq!((run.code, run.stdout.lines().count()), (Some(code), 1), "{words:?}: {run:#?}");
        let error = document["error"].as_object().unwrap_or_else(|| panic!("{words:?}: {document}"));
        assert!(error.keys().all(|key| ["code", "message", "path", "hint"].contains(&key.as_str())), "{document}");
        let code = error["code"].as_str().unwrap();
        assert!(!code.is_empty() && !error["message"].as_str().unwrap().is_empty(), "{document}");
        assert_eq!((&document["ok"], &document["errors"][0]["code"]), (&false.into(), &Value::from(code)));
        assert_eq!(error.get("path"), document["errors"][0].get("file"));
    }
    let usage = |words: &[&str]| folder.flavor(words).json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(usage(&["diff", "--json"]).ends_with("arguments were not provided: <A> <B>"));
    assert!(usage(&["pack", "--json", "--threads", "0"]).ends_with("expected a whole number from 1"));
    let document = folder.flavor(&["verify", "missing", "app.psp", "--json"]);
    let first: Value = serde_json::from_str(document.stdout.lines().next().unwrap()).unwrap();
    assert_eq!((&first["error"]["code"], &first["error"]["path"]), (&"file.open".into(), &"missing".into()));
}

#[test]
fn names_that_are_no_utf_8_are_shown_and_the_answer_is_whole() {
    let folder = folder();
    let name = OsStr::from_bytes(b"caf\xe9\x1b[2J");
    fs::copy(folder.path("app.psp"), folder.path("").join(name)).unwrap();
    fs::create_dir(folder.path("").join(OsStr::from_bytes(b"d\xff"))).unwrap();
    let directory = OsStr::from_bytes(b"d\xff/x");
    let word = OsStr::new;
    for words in [
        &[word("verify"), name][..],
        &[word("inspect"), name],
        &[word("inspect"), word("--analyze"), name],
        &[word("diff"), word("app.psp"), name],
        &[word("extract"), name, word("0"), word("out")],
        &[word("extract-all"), name, directory],
        &[word("keygen"), word("--out-dir"), directory],
        &[word("policy"), word("check"), name],
        &[word("pack"), word("--manifest"), word("app/app.json"), word("--output"), name],
    ] {
        let run = Run::of(folder.command().args(words).arg("--json").stderr(Stdio::null())).succeeds();
        let document: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        assert_ne!(document["ok"], false, "{words:?}: {document}");
        assert!(run.stdout.contains('\u{fffd}'), "{words:?}: {document}");
        let text = Run::of(folder.command().args(words).arg("--color=never").arg(word("--quiet")));
        assert!(!text.stderr.contains('\u{1b}'), "{words:?}: {text:#?}");
    }
}

#[test]
fn quiet_commands_say_nothing_but_what_was_asked_for() {
    let folder = folder();
    let mut done = 0;
    for words in [
        &["check", "--manifest", "app/app.json"][..],
        &["init", "project"],
        &["verify", "app.psp"],
        &["inspect", "app.psp"],
        &["diff", "app.psp", "app.psp"],
        &["extract", "app.psp", "0", "out"],
        &["extract-all", "app.psp", "all"],
        &["keygen"],
        &["trust", "add", "keys/flavor-public.key"],
        &["trust", "list"],
        &["policy", "init"],
        &["policy", "show"],
        &["policy", "check", "app.psp"],
        &["pack", "--manifest", "app/app.json", "--key-seed", "k", "--output", "again.psp"],
    ] {
        let run = folder.flavor(&[&["-q"], words].concat()).succeeds();
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""), "{words:?}");
        done += 1;
    }
    assert_eq!(done, 14);
    for words in [
        &["inspect", "app.psp", "--sbom"][..],
        &["inspect", "app.psp", "--deps"],
        &["inspect", "app.psp", "--analyze"],
        &["check", "--schema"],
        &["verify", "app.psp", "--json"],
    ] {
        let run = folder.flavor(&[words, &["--quiet"]].concat()).succeeds();
        assert_eq!(run.stdout, folder.flavor(words).succeeds().stdout, "{words:?}");
        assert!(!run.stdout.is_empty(), "{words:?}");
    }
    folder.flavor(&["verify", "-q", "junk"]).fails(1, &[]);
    folder.flavor(&["verify", "-q", "missing"]).fails(2, &["missing"]);
    folder.write(".config/flavor/trusted-keys/junk.pub", "not a key");
    folder.flavor(&["verify", "-q", "app.psp"]).fails(0, &["junk.pub: warning:"]);
    folder.flavor(&["verify", "-q", "-v", "app.psp"]).fails(2, &["--verbose", "--quiet"]);
}

#[test]
fn verbose_commands_say_more_on_standard_error_and_answer_the_same() {
    let folder = folder();
    for words in [
        &["verify", "app.psp"][..],
        &["inspect", "app.psp"],
        &["diff", "app.psp", "app.psp"],
        &["policy", "show"],
        &["check", "--manifest", "app/app.json"],
    ] {
        let (short, long) = (folder.flavor(words).succeeds(), folder.flavor(&[words, &["-v"]].concat()).succeeds());
        assert_eq!((short.stderr.as_str(), &short.stdout), ("", &long.stdout), "{words:?}");
        assert!(long.stderr.starts_with(concat!("flavor ", env!("CARGO_PKG_VERSION"), "\n")), "{long:#?}");
        assert!(long.stderr.ends_with(" s, exit code 0\n"), "{long:#?}");
    }
    let run = folder.flavor(&["verify", "-v", "app.psp"]);
    let bytes = folder.bytes("app.psp").len();
    assert!(run.stderr.contains(&format!("app.psp: {bytes} bytes read")) && run.stderr.contains("trust store: "));
    let pack = ["pack", "--manifest", "app/app.json", "--key-seed", "k", "--output", "again.psp"];
    let run = folder.flavor(&[&pack[..], &["--verbose"]].concat()).succeeds();
    assert!(run.stderr.contains("manifest app/app.json, launcher flavor-launcher "), "{run:#?}");
    let lines: Vec<&str> = run.stderr.lines().collect();
    for step in ["Encoding 2 slots", "Writing the package", "Verifying it"] {
        let at = lines.iter().position(|line| line.starts_with(step)).unwrap_or_else(|| panic!("{step}: {lines:#?}"));
        assert!(lines[at + 1].starts_with("  ") && lines[at + 1].ends_with(" s"), "{lines:#?}");
    }
}

/// What a command writes to a terminal as its standard output.
fn on_a_terminal(command: &mut Command) -> String {
    with_a_terminal(command, |command, terminal| {
        command.stdout(terminal).stderr(Stdio::null());
    })
}

fn with_a_terminal(command: &mut Command, connect: impl Fn(&mut Command, Stdio)) -> String {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).and_then(|()| unlockpt(&controller)).unwrap();
    let path = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(path).unwrap();
    connect(command, terminal.into());
    let mut child = command.spawn().unwrap();
    // The command keeps the terminal open until it is dropped.
    connect(command, Stdio::null());
    let mut output = Vec::new();
    // Linux says EIO, not the end, where the last writer has gone.
    let _ = fs::File::from(controller).read_to_end(&mut output);
    assert!(child.wait().unwrap().success());
    String::from_utf8(output).unwrap()
}

#[test]
fn a_long_look_into_slots_shows_how_far_it_is_where_somebody_watches() {
    let folder = Folder::new().with_app();
    // Nothing that could be compressed, and more than is read in a moment.
    let mut word = 1_u64;
    let mut next = || {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (word >> 33).to_le_bytes()[0]
    };
    folder.write("app/tree/noise", (0..9 << 20).map(|_| next()).collect::<Vec<u8>>());
    let pack = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "t", "--quiet"];
    folder.flavor(&pack).succeeds();
    let watched = |words: &[&str]| {
        let mut command = folder.command();
        command.args(["verify", "app.psp"]).args(words).env("TERM", "xterm");
        with_a_terminal(&mut command, |command, terminal| {
            command.stdout(Stdio::null()).stderr(terminal);
        })
    };
    let shown = watched(&["--deep"]);
    assert!(shown.contains("looking into app.psp [") && shown.contains("MB"), "{shown:?}");
    for words in [&["--deep", "--json"][..], &["--deep", "--quiet"], &[]] {
        assert!(!watched(words).contains("looking into"), "{words:?}");
    }
    let piped = folder.flavor(&["verify", "app.psp", "--deep"]).succeeds();
    assert_eq!(piped.stderr, "");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let folder = folder();
    let command = || {
        let mut command = folder.command();
        command.args(["verify", "app.psp"]).env_remove("NO_COLOR").env("TERM", "xterm");
        command
    };
    let is_coloured = |text: &str| {
        assert!(text.contains("sealed"), "{text}");
        text.contains("\u{1b}[")
    };
    assert!(is_coloured(&on_a_terminal(&mut command())));
    assert!(!is_coloured(&on_a_terminal(command().env("NO_COLOR", "1"))));
    assert!(!is_coloured(&on_a_terminal(command().env("TERM", "dumb"))));
    assert!(!is_coloured(&on_a_terminal(command().args(["--color", "never"]))));
    assert!(is_coloured(&on_a_terminal(command().args(["--color", "always"]).env("NO_COLOR", "1"))));
    assert!(!is_coloured(&Run::of(&mut command()).stdout));
    assert!(is_coloured(&Run::of(command().args(["--color", "always"])).stdout));
    let run = Run::of(folder.command().args(["verify", "missing", "--color", "always"]));
    run.fails(2, &["\u{1b}[1;31merror:\u{1b}[0m"]);
    // A document is for programs.
    let run = Run::of(command().args(["--json", "--color", "always"])).succeeds();
    assert!(!run.stdout.contains('\u{1b}') && run.stdout.starts_with('{'), "{run:#?}");
}
