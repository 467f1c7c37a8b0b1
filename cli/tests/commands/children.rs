//! Programs that a packaged Python program starts, and its own second start: nothing of the package reaches the former, and everything
//! the latter. Needs uv, as tests of `python` do.

use super::process::{Folder, Run};
use std::{fs, os::unix::fs::PermissionsExt as _};

const PYPROJECT: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\n\
    [project]\nname = 'tiny'\nversion = '1'\nscripts = {tiny = 'tiny:main'}\n\n\
    [tool.setuptools]\npy-modules = ['tiny']\n\
    [tool.flavor.build]\ndependencies = ['../dep']\ncompression_level = 1\n";

const TINY: &str = r#"
import argparse, multiprocessing, os, subprocess, sys

def run(*words, **more):
    print(subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more).stdout, end="")

def double(n):
    return 2 * n, sys.flags.optimize, sys.dont_write_bytecode

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["env", "own", "dep", "missing", "python", "again", "again_by_python"])
    parser.add_argument("more", nargs="?")
    asked = parser.parse_args()
    globals()[asked.what](asked.more)

def env(more):
    run("env")

def own(script):
    run(script)
    import site
    print(sys.dont_write_bytecode, site.ENABLE_USER_SITE, sys.flags.optimize, sys.prefix == sys.base_prefix)

def dep(more):
    run("dep-tool", more)

def missing(more):
    import no_such_module

def python(more):
    code = "import os, site, sys, tiny; print(sys.dont_write_bytecode, site.ENABLE_USER_SITE, 'PATH' in os.environ, len(sys.argv))"
    for options in [], ["-I"]:
        run(sys.executable, *options, "-c", code, env={})
    run(sys.executable, "-S", "-c", "import json; print('without site')", env={})
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(double, [4]))

def again(count):
    name = os.path.basename(sys.argv[0])
    print(name, os.path.isfile(sys.argv[0]), count, flush=True)
    if count != "000":
        sys.argv[2] = count + "0"
        os.execv(sys.argv[0], sys.argv)

def again_by_python(count):
    print(os.path.basename(sys.argv[0]), os.path.isfile(sys.argv[0]), count, flush=True)
    if count != "000":
        sys.argv[2] = count + "0"
        os.execv(sys.executable, [sys.executable] + sys.argv)
"#;

/// The package `tiny.psp`, with a dependency that has a command.
fn packed(settings: &str) -> Folder {
    let folder = Folder::new();
    folder.write("project/pyproject.toml", format!("{PYPROJECT}{settings}"));
    folder.write("project/tiny.py", TINY);
    let build = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\
        [project]\nname = 'dep'\nversion = '1'\nscripts = {dep-tool = 'dep:main'}\n[tool.setuptools]\npy-modules = ['dep']\n";
    folder.write("dep/pyproject.toml", build);
    folder.write("dep/dep.py", "import sys\ndef main():\n    print('dep', sys.argv[1:])\n");
    // Stands for the Python of the machine.
    folder.write("machine/python3", "#!/bin/sh\necho the Python of the machine\n");
    fs::set_permissions(folder.path("machine/python3"), fs::Permissions::from_mode(0o755)).unwrap();
    folder.write("own", "#!/usr/bin/env python3\n");
    fs::set_permissions(folder.path("own"), fs::Permissions::from_mode(0o755)).unwrap();
    folder
        .flavor(&["pack", "--manifest", "project/pyproject.toml", "--output", "tiny.psp", "--key-seed", "k", "--quiet"])
        .succeeds();
    folder
}

fn start(folder: &Folder, name: &str, words: &[&str]) -> Run {
    let path = format!("{}:/usr/bin:/bin", folder.path("machine").display());
    Run::of(folder.package(name, words).env("PATH", path).env("PYTHONPATH", "/x").env("VIRTUAL_ENV", "/v"))
}

#[test]
fn nothing_of_the_package_reaches_programs_that_it_starts() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = packed("");
    let said = start(&folder, "tiny.psp", &["env"]).succeeds().stdout;
    let mut names: Vec<_> = said.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    names.sort_unstable();
    let documented = [
        "FLAVOR_ARCH",
        "FLAVOR_CACHE",
        "FLAVOR_CACHE_DIR",
        "FLAVOR_COMMAND_NAME",
        "FLAVOR_LAUNCHER",
        "FLAVOR_ORIGINAL_COMMAND",
        "FLAVOR_OS",
        "FLAVOR_PACKAGE",
        "FLAVOR_PLATFORM",
        "FLAVOR_STATE_DIR",
        "FLAVOR_VERSION",
        "FLAVOR_WORKENV",
        "HOME",
        "PATH",
        "VIRTUAL_ENV",
    ];
    // CPython adds LC_CTYPE in the C locale, as everywhere. Each lazy slot has a variable, which is documented.
    names.retain(|name| *name != "LC_CTYPE" && !name.starts_with("FLAVOR_SLOT_"));
    assert_eq!(names, documented, "{said}");
    let path = said.lines().find_map(|line| line.strip_prefix("PATH=")).unwrap();
    let (machine, commands) = path.rsplit_once(':').unwrap();
    assert_eq!(machine, format!("{}:/usr/bin:/bin", folder.path("machine").display()));
    let mut commands: Vec<_> =
        fs::read_dir(commands).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    commands.sort_unstable();
    assert_eq!(commands, ["dep-tool", "tiny"]);

    let own = folder.path("own");
    let run = start(&folder, "tiny.psp", &["own", own.to_str().unwrap()]).succeeds();
    assert_eq!(run.stdout, "the Python of the machine\nTrue False 0 True\n");
    assert_eq!(start(&folder, "tiny.psp", &["dep", "a b"]).succeeds().stdout, "dep ['a b']\n");
    // Without any PATH, programs of the system are found as before.
    let run = Run::of(folder.package("tiny.psp", &["dep", "x"]).env_remove("PATH")).succeeds();
    assert_eq!(run.stdout, "dep ['x']\n");
}

#[test]
fn interpreters_that_it_starts_are_set_up_as_it_is_itself() {
    if !pspf_test_support::has_uv() {
        return;
    }
    for (settings, optimize) in [("", 0), ("[tool.flavor.runtime]\noptimization_level = 1\n", 1)] {
        let folder = packed(settings);
        let run = start(&folder, "tiny.psp", &["python"]).succeeds();
        let once = "True False False 1\n";
        assert_eq!(run.stdout, format!("{once}{once}without site\n[(8, {optimize}, True)]\n"), "{run:#?}");
    }
}

#[test]
fn the_search_path_is_what_the_manifest_asks_for() {
    if !pspf_test_support::has_uv() {
        return;
    }
    // The other words are one value of the metadata, which the launcher's tests try.
    let folder = packed("[tool.flavor.execution]\nsearch_path = 'activated'\n");
    let said = start(&folder, "tiny.psp", &["env"]).succeeds().stdout;
    let variable = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let bin = format!("{}/bin:{}", variable("FLAVOR_WORKENV="), folder.path("machine").display());
    assert_eq!(variable("PATH="), bin + ":/usr/bin:/bin");
    let own = folder.path("own");
    let run = start(&folder, "tiny.psp", &["own", own.to_str().unwrap()]).succeeds();
    assert_eq!(run.stdout, "True False 0 True\n", "the script is empty, and the package's Python runs it");
}

/// As celery does on SIGHUP, gunicorn on SIGUSR2, and reloaders of web frameworks.
#[test]
fn a_program_can_start_itself_again_under_the_name_that_it_was_called_by() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = packed("");
    std::os::unix::fs::symlink("tiny.psp", folder.path("greet")).unwrap();
    // A dependency has this name.
    fs::copy(folder.path("tiny.psp"), folder.path("dep-tool")).unwrap();
    for (file, name) in [("tiny.psp", "tiny"), ("greet", "greet"), ("greet", "greet"), ("dep-tool", "tiny")] {
        for way in ["again", "again_by_python"] {
            let run = start(&folder, file, &[way, "0"]).succeeds();
            assert_eq!(run.stdout, format!("{name} True 0\n{name} True 00\n{name} True 000\n"), "{file}");
        }
        let run = start(&folder, file, &["--help"]).succeeds();
        assert!(run.stdout.starts_with(&format!("usage: {name} [-h]")), "{run:#?}");
    }
    assert_eq!(start(&folder, "greet", &["dep", "x"]).succeeds().stdout, "dep ['x']\n");
}

#[test]
fn a_module_that_is_missing_while_pythonpath_is_set_is_explained_in_one_line() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = packed("");
    let run = start(&folder, "tiny.psp", &["missing"])
        .fails(1, &["ModuleNotFoundError: No module named 'no_such_module'\nhint: PYTHONPATH is set"]);
    assert_eq!(run.stderr.lines().filter(|line| line.contains("PYTHONPATH")).count(), 1, "{run:#?}");
    let run = Run::of(&mut folder.package("tiny.psp", &["missing"]));
    assert!(run.code == Some(1) && !run.stderr.contains("PYTHONPATH"), "{run:#?}");
    let mut logged = folder.package("tiny.psp", &["dep", "x"]);
    let run = Run::of(logged.env("PYTHONPATH", "/x").env("FLAVOR_LOG_LEVEL", "info")).succeeds();
    assert!(run.stderr.contains("removed from the environment") && run.stderr.contains("PYTHONPATH"), "{run:#?}");
}

/// Makes a wheel, lists what is installed, installs the wheel, and makes a virtual environment with pip.
const INSTALLS: &str = r#"
import os, subprocess, sys, venv, zipfile

def main():
    place = sys.argv[1]
    wheel = os.path.join(place, "extra-1-py3-none-any.whl")
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("extra.py", "import ssl, sqlite3, sys; print('extra in', sys.prefix)")
        file.writestr("extra-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: extra\nVersion: 1\n")
        file.writestr("extra-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr("extra-1.dist-info/RECORD", "")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    listed = subprocess.run([*pip, "list", "--format", "freeze"], stdout=subprocess.PIPE, text=True, check=True).stdout
    print(*sorted(line.split("==")[0] for line in listed.splitlines()), flush=True)
    target = os.path.join(place, "target")
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--target", target, wheel], check=True)
    subprocess.run([sys.executable, "-c", "import extra"], env={"PYTHONPATH": target}, check=True)
    venv.create(os.path.join(place, "venv"), with_pip=True)
"#;

#[test]
fn pip_and_virtual_environments_work_inside_and_outlive_the_program() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let debian = pspf_test_support::has_debian_keys().then_some("debian:3.11");
    for python in ["local"].into_iter().chain(debian) {
        let folder = Folder::new();
        folder.write("pyproject.toml", "[project]\nname = 'installs'\nversion = '1'\nscripts = {installs = 'installs:main'}\n[tool.setuptools]\npy-modules = ['installs']\n[tool.flavor.build]\ncompression_level = 1\n");
        folder.write("installs.py", INSTALLS);
        folder
            .flavor(&["pack", "--output", "i.psp", "--key-seed", "k", "--quiet", "--with-pip", "--python", python])
            .succeeds();
        fs::create_dir(folder.path("place")).unwrap();
        let place = folder.path("place");
        let mut program = folder.package("i.psp", &[place.to_str().unwrap()]);
        let run = Run::of(program.stderr(std::process::Stdio::piped())).succeeds();
        let lines: Vec<_> = run.stdout.lines().collect();
        assert_eq!(lines[0], "installs pip", "{run:#?}");
        let tree = lines[1].strip_prefix("extra in ").unwrap();
        assert!(tree.starts_with(folder.path("home").to_str().unwrap()), "{run:#?}");

        // As from a shell, with nothing of the package around.
        let outside = |words: &[&str]| {
            let mut command = std::process::Command::new(place.join("venv/bin").join(words[0]));
            Run::of(command.args(&words[1..]).env_clear().env("HOME", folder.path("home")).env("PATH", "/usr/bin:/bin"))
                .succeeds()
        };
        let wheel = place.join("extra-1-py3-none-any.whl");
        outside(&["pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", wheel.to_str().unwrap()]);
        let expected = format!("extra in {}\n", place.join("venv").display());
        assert_eq!(outside(&["python", "-c", "import extra"]).stdout, expected, "{python}");
    }
}
