//! Which interpreter is packed where nobody names one, and what is said of it.

use super::{
    index::own,
    process::{Folder, Run},
};
use std::process::Command;

/// Nobody answers there.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Packing a project without dependencies, where uv manages no interpreter and no host is reached.
fn pack(folder: &Folder, words: &[&str]) -> Command {
    let mut command = folder.command();
    command.args(["pack", "--manifest", "own/pyproject.toml", "--output", "own.psp"]).args(words);
    command.env_remove("FLAVOR_PYTHON").env_remove("UV_OFFLINE");
    command.env("UV_PYTHON_INSTALL_MIRROR", NOWHERE).env("FLAVOR_DEBIAN_MIRROR", format!("{NOWHERE}/debian"));
    command.env("XDG_CACHE_HOME", folder.path("cache")).env("XDG_DATA_HOME", folder.path("data"));
    command
}

fn project() -> Folder {
    let folder = Folder::new();
    own(&folder, "");
    for (name, before, after) in [
        ("own/pyproject.toml", "['zzprivpkg']", "[]"),
        ("own/backend.py", "Requires-Dist: zzprivpkg\\n", ""),
        ("own/own.py", "import zzprivpkg\n", ""),
    ] {
        let text = String::from_utf8(folder.bytes(name)).unwrap();
        assert!(text.contains(before), "{text}");
        folder.write(name, text.replace(before, after));
    }
    folder
}

#[test]
fn what_is_taken_is_said_with_the_reason_and_the_glibc_that_it_needs() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = project();
    let run = Run::of(&mut pack(&folder, &[])).succeeds();
    let said = ["the one of this machine", "uv could not get Python", "needs a Linux with glibc", "--python debian"];
    for words in said {
        assert!(run.stderr.contains(words), "{words:?} is not in {run:#?}");
    }
    // A host that was not reached is not waited for again today.
    let summary = Run::of(pack(&folder, &["--json"]).env_remove("UV_OFFLINE")).succeeds().json();
    let notices = summary["notices"].to_string();
    assert!(notices.contains("its host was not reached within the last day"), "{summary}");
    // Asked for by name it is.
    Run::of(&mut pack(&folder, &["--python", "uv"]))
        .fails(1, &["uv could not get Python", "what there is: ", "--python /"]);
    let summary =
        Run::of(pack(&folder, &["--json", "--offline"]).env("XDG_CACHE_HOME", folder.path("other"))).succeeds();
    let notices = summary.json()["notices"].to_string();
    assert!(
        notices.contains("uv downloads none: offline") && !folder.path("other/flavor/unreachable").exists(),
        "{notices}"
    );
    // Who wants no surprises says what `auto` stands for.
    let summary = Run::of(pack(&folder, &["--json"]).env("FLAVOR_PYTHON", "local")).succeeds().json();
    assert!(!summary["notices"].to_string().contains("the one of this machine"), "{summary}");
}

#[test]
fn a_version_that_is_not_there_is_answered_with_those_that_are() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = project();
    let run = Run::of(&mut pack(&folder, &["--python", "3.98"])).fails(1, &["3.98", "what there is: 3."]);
    assert_eq!(run.errors(), 1, "{run:#?}");
    let text = String::from_utf8(folder.bytes("own/pyproject.toml")).unwrap();
    folder.write("own/pyproject.toml", text.replace(">=3.8", ">=3.98"));
    Run::of(&mut pack(&folder, &["--python", "local"])).fails(1, &[">=3.98", "what there is: 3."]);
}

#[test]
fn what_cannot_be_built_with_the_interpreter_of_debian_is_built_with_the_one_of_this_machine() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) || !pspf_test_support::has_debian_keys() {
        return;
    }
    let folder = project();
    let pack = || {
        let mut command = pack(&folder, &["--json"]);
        command.env_remove("FLAVOR_DEBIAN_MIRROR");
        // Debian's packages are loaded once for all tests.
        let shared = folder.command();
        let cache = shared.get_envs().find(|(name, _)| *name == "XDG_CACHE_HOME").and_then(|(_, value)| value).unwrap();
        Run::of(command.env("XDG_CACHE_HOME", cache)).succeeds().json()
    };
    let summary = pack();
    assert!(summary["notices"].to_string().contains("is Debian's, with its own C library"), "{summary}");
    let backend = String::from_utf8(folder.bytes("own/backend.py")).unwrap();
    let refuses = "import sys\nif 'flavor-build-' in sys.base_prefix: raise SystemExit('no Python.h')\n";
    folder.write("own/backend.py", format!("{refuses}{backend}"));
    let summary = pack();
    assert!(summary["notices"].to_string().contains("for with Debian's a build failed"), "{summary}");
}
