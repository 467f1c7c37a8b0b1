use super::process::{Folder, Run};
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt as _};

fn flavor(folder: &Folder, words: &[&str]) -> Run {
    Run::of(folder.command().env("XDG_CACHE_HOME", folder.path("cache")).args(words))
}

fn names(document: &Value) -> Vec<&str> {
    document["launchers"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

/// A launcher of ours beside the one that the variable names, and a program that is none.
fn with_kept() -> Folder {
    let folder = Folder::new();
    let mut bytes = fs::read(super::process::launcher()).unwrap();
    bytes.push(0);
    folder.write("cache/flavor/launchers/flavor-launcher-kept", bytes);
    folder.write("cache/flavor/launchers/launcher-that-is-none", "#!/bin/sh\n");
    folder
}

#[test]
fn launchers_are_listed_with_what_tells_them_apart() {
    let folder = with_kept();
    let list = flavor(&folder, &["helpers", "list", "--json"]).succeeds().json();
    assert_eq!(names(&list), ["flavor-launcher", "flavor-launcher-kept"]);
    let (named, kept) = (&list["launchers"][0], &list["launchers"][1]);
    assert_eq!((&named["origin"], &kept["origin"]), (&"variable".into(), &"built".into()));
    assert_eq!(kept["size"].as_u64().unwrap(), named["size"].as_u64().unwrap() + 1);
    assert_eq!((&kept["runs_here"], &kept["language"]), (&true.into(), &"rust".into()));
    let digest = pspf_nostd::digest::sha256(&fs::read(super::process::launcher()).unwrap()).to_string();
    assert_eq!(named["sha256"], digest);
    flavor(&folder, &["helpers", "list"]).succeeds().says(&[
        "NAME",
        "flavor-launcher-kept",
        "built here",
        &digest[..16],
    ]);
    flavor(&folder, &["helpers", "info", "kept"]).succeeds().says(&["flavor-launcher-kept", "sha256"]);
    flavor(&folder, &["helpers", "info", "nothing"]).fails(1, &["`nothing`", "flavor-launcher-kept"]);
    // By its name it can be packed with.
    let folder = folder.with_app();
    let words = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--launcher", "flavor-launcher-kept"];
    flavor(&folder, &words).succeeds();
    assert!(folder.bytes("app.psp").starts_with(&folder.bytes("cache/flavor/launchers/flavor-launcher-kept")));

    let mut none = folder.command();
    none.env("XDG_CACHE_HOME", folder.path("nowhere")).env_remove("FLAVOR_LAUNCHER_BIN").args(["helpers", "list"]);
    Run::of(&mut none).succeeds().says(&["no launcher is known"]);
}

/// What is taken from such a folder is put in front of a package and signed.
#[test]
fn a_launcher_that_somebody_else_could_have_planted_is_not_taken() {
    let open = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for part in ["cache", "cache/flavor", "cache/flavor/launchers", "cache/flavor/launchers/flavor-launcher-kept"] {
        let folder = with_kept().with_app();
        let words = ["pack", "--manifest", "app/app.json", "--output", "app.psp", "--launcher", "flavor-launcher-kept"];
        open(&folder.path(part), 0o777);
        let list = flavor(&folder, &["helpers", "list", "--json"]).succeeds().json();
        assert_eq!(names(&list), ["flavor-launcher"], "{part}");
        flavor(&folder, &words).fails(1, &["no such launcher"]);
        assert!(!folder.path("app.psp").exists());
        if folder.path(part).is_dir() {
            // Nobody can move what is ours in a sticky one.
            open(&folder.path(part), 0o1777);
            assert_eq!(names(&flavor(&folder, &["helpers", "list", "--json"]).succeeds().json()).len(), 2, "{part}");
        }
    }
}

#[test]
fn nothing_is_kept_where_somebody_else_could_change_it() {
    let folder = Folder::new();
    fs::create_dir(folder.path("cache")).unwrap();
    fs::set_permissions(folder.path("cache"), fs::Permissions::from_mode(0o777)).unwrap();
    let folder = folder.with_app();
    flavor(&folder, &["pack", "--manifest", "app/app.json", "--output", "app.psp"]).succeeds();
    let in_config =
        |words: &[&str]| Run::of(folder.command().env("FLAVOR_CONFIG_DIR", folder.path("cache/config")).args(words));
    in_config(&["policy", "init"]).fails(1, &["cache", "can be changed by others (mode 0777)", "FLAVOR_CONFIG_DIR"]);
    assert_eq!(fs::read_dir(folder.path("cache")).unwrap().count(), 0);
}

#[test]
fn launchers_are_tested_by_packages() {
    let folder = with_kept();
    flavor(&folder, &["helpers", "test"]).succeeds().says(&["passed  flavor-launcher", "passed  flavor-launcher-kept"]);
    let kept = folder.path("cache/flavor/launchers/flavor-launcher-kept");
    // A program that looks like a launcher, and is none: the marker behind the start of one.
    let mut bytes = fs::read("/bin/true").unwrap();
    bytes.extend_from_slice(b"PSPF/2025 launcher (flavor)");
    fs::write(&kept, bytes).unwrap();
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o755)).unwrap();
    let run = flavor(&folder, &["helpers", "test", "--json"]).fails(1, &[]).json();
    let results: Vec<&Value> = run["tests"].as_array().unwrap().iter().map(|test| &test["result"]).collect();
    assert_eq!(results, [&Value::from("passed"), &Value::from("failed")], "{run}");
    assert!(run["tests"][1]["reason"].as_str().unwrap().contains("first start"), "{run}");
    flavor(&folder, &["helpers", "test", "--helper", "flavor-launcher"]).succeeds();
    flavor(&folder, &["helpers", "test", "--helper", "kept"]).fails(1, &[]);
    flavor(&folder, &["helpers", "test", "--helper", "nothing"]).fails(1, &["`nothing`"]);
}

/// One of another processor: its header says so.
#[test]
fn what_does_not_run_here_is_not_tested() {
    let folder = with_kept();
    let name = "cache/flavor/launchers/flavor-launcher-kept";
    let mut bytes = folder.bytes(name);
    let other: u16 = if cfg!(target_arch = "x86_64") { 0xb7 } else { 0x3e };
    bytes[18..20].copy_from_slice(&other.to_le_bytes());
    folder.write(name, bytes);
    flavor(&folder, &["helpers", "test"])
        .succeeds()
        .says(&["skipped  flavor-launcher-kept", "do not run on this machine"]);
    let words = ["pack", "--manifest", "app/app.json", "--launcher", "flavor-launcher-kept", "--smoke-args", "x"];
    let folder = folder.with_app();
    flavor(&folder, &words).fails(1, &["cannot be run on this machine"]);
}

#[test]
fn building_says_what_it_needs() {
    let folder = with_kept();
    flavor(&folder, &["helpers", "build"]).fails(1, &["not a checkout", "helpers list"]);
    flavor(&folder, &["helpers", "build", "--platform", "plan9_mips"]).fails(1, &["plan9_mips", "--launcher-bin"]);
    flavor(&folder, &["helpers", "clean"]).succeeds().says(&["removed", "launchers"]);
    assert!(!folder.path("cache/flavor/launchers").exists());
    flavor(&folder, &["helpers", "clean"]).succeeds().says(&["nothing to remove"]);
}

/// A project that is laid out as this one, with a task that leaves a launcher where ours does.
#[test]
fn what_a_checkout_builds_is_kept() {
    let folder = Folder::new();
    folder.write("checkout/launcher/Cargo.toml", "[package]\nname = \"flavor-launcher\"\n");
    folder.write("checkout/xtask/Cargo.toml", "[package]\nname = \"xtask\"\nedition = \"2024\"\n[workspace]\n");
    let launcher = super::process::launcher();
    let task = format!(
        "use std::{{env, fs}};\nfn main() {{\n    assert_eq!(env::args().nth(1).as_deref(), Some(\"launcher\"));\n    \
         fs::create_dir_all(\"dist/launchers\").unwrap();\n    \
         fs::copy({launcher:?}, \"dist/launchers/flavor-launcher-built\").unwrap();\n}}\n"
    );
    folder.write("checkout/xtask/src/main.rs", task);
    folder
        .write("checkout/.cargo/config.toml", "[alias]\nxtask = \"run --quiet --manifest-path xtask/Cargo.toml --\"\n");
    let cargo = std::path::Path::new(env!("CARGO")).parent().unwrap();
    let path =
        std::env::join_paths([cargo.into(), "/usr/bin".into(), "/bin".into()] as [std::path::PathBuf; 3]).unwrap();
    let build = |directory: &str| {
        let mut command = folder.command();
        command.current_dir(folder.path(directory)).env("PATH", &path).env("XDG_CACHE_HOME", folder.path("cache"));
        // cargo's own folders are those of whoever runs the tests.
        for name in ["HOME", "RUSTUP_HOME"] {
            match std::env::var_os(name) {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("CARGO_TARGET_DIR", folder.path("target")).args(["helpers", "build", "--json"]);
        Run::of(&mut command)
    };
    assert_eq!(names(&build("checkout/xtask/src").succeeds().json()), ["flavor-launcher-built"]);
    let kept = folder.path("cache/flavor/launchers/flavor-launcher-built");
    assert_eq!(fs::read(&kept).unwrap(), fs::read(launcher).unwrap());
    folder.write("checkout/xtask/src/main.rs", "fn main() { std::process::exit(3) }\n");
    assert_eq!(build("checkout").fails(1, &[]).json()["errors"][0]["code"], "launcher.build");
}

/// With the published tool installed.
#[test]
fn the_published_launchers_are_known_and_run() {
    let Some(peer) = pspf_test_support::peer() else { return };
    let folder = Folder::new();
    let run = |words: &[&str]| {
        Run::of(folder.command().env("XDG_CACHE_HOME", folder.path("cache")).env("PATH", &peer).args(words)).succeeds()
    };
    let list = run(&["helpers", "list", "--json"]).json();
    let published: Vec<&Value> =
        list["launchers"].as_array().unwrap().iter().filter(|one| one["origin"] == "published").collect();
    let mut languages: Vec<&str> = published.iter().map(|one| one["language"].as_str().unwrap()).collect();
    languages.sort_unstable();
    assert_eq!(languages, ["go", "rust"], "{list}");
    assert!(published.iter().all(|one| one["version"].is_string()), "{list}");
    let tested = run(&["helpers", "test", "--json"]).json();
    assert!(tested["tests"].as_array().unwrap().iter().all(|test| test["result"] == "passed"), "{tested}");
}

#[test]
fn a_variable_that_names_no_launcher_is_said() {
    let folder = with_kept();
    let program = folder.write("program", "#!/bin/sh\n");
    for (file, why) in [(folder.path("missing"), "No such file"), (program, "this is not a launcher")] {
        let flavor = |words: &[&str]| {
            let mut command = folder.command();
            command.env("XDG_CACHE_HOME", folder.path("cache")).env("FLAVOR_LAUNCHER_BIN", &file);
            Run::of(command.args(words))
        };
        let list = flavor(&["helpers", "list"]).fails(0, &["warning: FLAVOR_LAUNCHER_BIN: ", why]);
        assert!(list.stdout.contains("flavor-launcher-kept"), "{list:#?}");
        let document = flavor(&["helpers", "list", "--json"]).json();
        assert_eq!(document["warnings"][0]["field"], "FLAVOR_LAUNCHER_BIN");
        let doctor: Value = serde_json::from_str(&flavor(&["doctor", "--json"]).stdout).unwrap();
        let check = doctor["checks"].as_array().unwrap().iter().find(|check| check["name"] == "launchers").unwrap();
        assert_eq!(check["result"], "failed");
        assert!(check["message"].as_str().unwrap().contains(why), "{check}");
    }
}
