//! Python projects for Linux's other processor: Debian's Python of that processor, wheels for it, and no code of this machine's.
//! `cargo xtask cross` runs such packages.

use super::process::{Folder, Run};
use std::{collections::BTreeMap, fs, process::Command};

const HOST: (&str, u8) = if cfg!(target_arch = "aarch64") { ("arm64", 0xb7) } else { ("amd64", 0x3e) };
const OTHER: (&str, u8) = if cfg!(target_arch = "aarch64") { ("amd64", 0x3e) } else { ("arm64", 0xb7) };

const BUILD: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n";
const PROJECT: &str = "[project]\nname = 'other'\nversion = '1'\ndependencies = ['markupsafe==3.0.2']\n\
    [tool.setuptools]\npackages = ['other']\npackage-data.other = ['*.so']\n[tool.flavor]\nentry_point = 'other:main'\n";

/// What a launcher for the other processor has in its header and inside; nothing that runs.
fn launcher() -> Vec<u8> {
    let mut bytes = [&b"\x7fELF\x02\x01\x01"[..], &[0; 249]].concat();
    bytes[18] = OTHER.1;
    bytes.extend_from_slice(flavor_host::LAUNCHER_MARKER.as_bytes());
    bytes
}

fn project(more: &str) -> Folder {
    let folder = Folder::new();
    folder.write("pyproject.toml", format!("{BUILD}{PROJECT}{more}"));
    folder.write("other/__init__.py", "import markupsafe\n\ndef main():\n    print(markupsafe.escape('<'))\n");
    folder.write("launcher", launcher());
    folder
}

fn pack(folder: &Folder, words: &[&str]) -> Run {
    let platform = format!("linux_{}", OTHER.0);
    let common =
        ["pack", "--quiet", "--level", "1", "--key-seed", "k", "--launcher-bin", "launcher", "--output", "o.psp"];
    folder.flavor(&[&common[..], &["--platform", &platform], words].concat())
}

/// Every file of a package by its path in the work environment.
fn files(folder: &Folder, package: &str) -> BTreeMap<String, Vec<u8>> {
    let into = format!("{package}.files");
    folder.flavor(&["extract-all", package, &into]).succeeds();
    let mut found = BTreeMap::new();
    for path in folder.listing() {
        let Some((_, name)) = path.strip_prefix(&format!("{into}/")).and_then(|path| path.split_once('/')) else {
            continue;
        };
        if fs::symlink_metadata(folder.path(&path)).unwrap().is_file() {
            found.insert(name.to_owned(), folder.bytes(&path));
        }
    }
    found
}

#[test]
fn everything_in_the_package_is_for_the_other_processor() {
    if !pspf_test_support::has_uv() {
        return;
    }
    if !pspf_test_support::has_debian_keys() {
        return;
    }
    let folder = project("");
    let run = pack(&folder, &["--python", "debian:3.11"]).succeeds();
    let other = files(&folder, "o.psp");
    let machines: Vec<u8> = other.values().filter(|data| data.starts_with(b"\x7fELF")).map(|data| data[18]).collect();
    assert!(machines.len() > 30 && machines.iter().all(|machine| *machine == OTHER.1), "{machines:x?}");
    assert!(other.keys().any(|name| name.contains("/markupsafe/_speedups.cpython-311-")), "{run:#?}");

    // What is said of it.
    let document = folder.flavor(&["inspect", "--json", "o.psp"]).succeeds().json();
    assert_eq!(document["metadata"]["build"]["platform"]["arch"], OTHER.0);
    let sbom = folder.flavor(&["inspect", "--sbom", "o.psp"]).succeeds().json();
    let purls: Vec<&str> =
        sbom["components"].as_array().unwrap().iter().filter_map(|found| found["purl"].as_str()).collect();
    let of_debian: Vec<&&str> = purls.iter().filter(|purl| purl.starts_with("pkg:deb/")).collect();
    let wanted = format!("?arch={}&", OTHER.0);
    // Certificates and time zones are for all.
    let fits = |purl: &str| purl.contains(&wanted) || purl.contains("?arch=all&");
    assert!(of_debian.len() > 10 && of_debian.iter().all(|purl| fits(purl)), "{purls:?}");
    let wheel = sbom["components"]
        .as_array()
        .unwrap()
        .iter()
        .find(|found| found["purl"] == "pkg:pypi/markupsafe@3.0.2")
        .unwrap();
    let processor = if OTHER.0 == "arm64" { "_aarch64.whl" } else { "_x86_64.whl" };
    assert!(wheel["properties"][0]["value"].as_str().unwrap().ends_with(processor), "{wheel}");
    let provenance = folder.flavor(&["inspect", "--provenance", "o.psp"]).succeeds().stdout;
    assert!(!provenance.contains(&format!("_{}.deb", HOST.0)) && !provenance.contains(&format!("linux_{}", HOST.0)));
    folder.flavor(&["verify", "--deep", "o.psp"]).succeeds();

    // What has no machine code is the same in a package for this machine: sources, and bytecode from one and the same version.
    let own = ["pack", "--quiet", "--level", "1", "--key-seed", "k", "--output", "own.psp", "--python", "debian:3.11"];
    folder.flavor(&own).succeeds();
    let own = files(&folder, "own.psp");
    let is_python = |name: &&String| name.ends_with(".pyc") || name.ends_with(".py");
    let shared: Vec<&String> = own.keys().filter(is_python).filter(|name| other.contains_key(*name)).collect();
    let differing: Vec<&&String> = shared.iter().filter(|name| own[**name] != other[**name]).collect();
    assert!(shared.len() > 500 && differing.is_empty(), "{} {differing:?}", shared.len());
}

#[test]
fn code_that_was_built_for_this_machine_is_refused_by_name() {
    if !pspf_test_support::has(&["cc"]) {
        return;
    }
    if !pspf_test_support::has_uv() {
        return;
    }
    if !pspf_test_support::has_debian_keys() {
        return;
    }
    let folder = project("");
    folder.write("c/native.c", "int native(void) { return 1; }\n");
    let compile = "-shared -nostdlib -o ../other/native.so native.c";
    Run::of(Command::new("cc").current_dir(folder.path("c")).args(compile.split(' '))).succeeds();
    let platform = format!("linux_{}", OTHER.0);
    pack(&folder, &["--python", "debian"])
        .fails(1, &["other 1 has no wheel for", &platform, "other/native.so", "pack on a machine that is"]);
    assert!(!folder.path("o.psp").exists());
}

#[test]
fn what_cannot_be_had_for_another_processor_is_refused_before_any_work() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = project("build.use_pip = true\n");
    let platform = format!("packed for linux_{} on another machine with Debian's Python only", OTHER.0);
    for python in ["auto", "local", "uv", "3.12", "/usr/bin/python3"] {
        let run = pack(&folder, &["--python", python])
            .fails(1, &[&platform, "use --python debian", "`tool.flavor.build.use_pip`"]);
        assert_eq!(run.errors(), 2, "{run:#?}");
    }
    assert!(!folder.path("o.psp").exists());
}

#[test]
fn the_launcher_for_another_platform_lies_beside_the_program() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new().with_app();
    let program = folder.path("bin/flavor");
    folder.write("bin/launchers/flavor-launcher-other", launcher());
    fs::copy(env!("CARGO_BIN_EXE_flavor"), &program).unwrap();
    let pack = |platform: &str| {
        let words =
            ["pack", "--quiet", "--manifest", "app/app.json", "--output", "o.psp", "--key-seed", "k", "--platform"];
        let like = folder.command();
        let mut command = Command::new(&program);
        command.args(words).arg(platform).current_dir(folder.path(".")).env_remove("FLAVOR_LAUNCHER_BIN");
        command
            .envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env_remove("FLAVOR_LAUNCHER_BIN");
        Run::of(&mut command)
    };
    pack(&format!("linux_{}", OTHER.0)).succeeds();
    assert!(folder.bytes("o.psp").starts_with(&launcher()));
    // None for that one: the test's program has none inside either.
    pack("windows_amd64").fails(1, &["launcher"]);
    let mut list = Command::new(&program);
    let run =
        Run::of(list.args(["helpers", "list"]).env("HOME", folder.path("home")).env_remove("FLAVOR_LAUNCHER_BIN"));
    run.succeeds().says(&["flavor-launcher-other", &format!("linux_{}", OTHER.0), "beside this program"]);
}
