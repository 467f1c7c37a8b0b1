//! Builds trees of real projects with the real uv, from the real index, and runs them elsewhere.
//!
//! uv is taken from `FLAVOR_UV` or `PATH`; without it these tests are skipped, without an index they fail and say so.

use flavor_python::{
    EntryPoint, ProjectSource, PythonChoice, PythonError, PythonTree, Silent, StandardLibrary, TreeOptions, TreeRequest,
};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const SETUPTOOLS: &str = "requires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n";

/// Writes a project with one package of its own name.
fn project(dir: &Path, name: &str, fields: &str, build_system: &str, code: &str) {
    let package = dir.join(name);
    fs::create_dir_all(&package).unwrap();
    let manifest = format!("[project]\nname = '{name}'\nversion = '1.2'\n{fields}\n[build-system]\n{build_system}");
    fs::write(dir.join("pyproject.toml"), manifest).unwrap();
    fs::write(package.join("__init__.py"), "'''The package.'''\n").unwrap();
    fs::write(package.join("cli.py"), code).unwrap();
}

fn build(project_dir: &Path, work: &Path, entry_point: &str) -> Result<PythonTree, PythonError> {
    build_with(project_dir, work, entry_point, PythonChoice::Local, true)
}

fn build_with(
    project_dir: &Path,
    work: &Path,
    entry_point: &str,
    python: PythonChoice,
    symlinks: bool,
) -> Result<PythonTree, PythonError> {
    fs::create_dir_all(work).unwrap();
    flavor_python::build(&TreeRequest {
        project: &ProjectSource::Folder(project_dir.to_owned()),
        entry_point: Some(EntryPoint::parse(entry_point)?),
        script_name: "hello",
        extras: &[],
        python,
        foreign: None,
        work,
        source_date_epoch: 1_735_689_600,
        symlinks,
        lazy_parts: true,
        progress: &Silent,
        options: &TreeOptions::default(),
    })
}

/// Whether the library finds uv; skips the test otherwise. Its search is the library's own, so no other place is tried here.
#[track_caller]
fn has_uv() -> bool {
    let found = flavor_python::Uv::find().is_ok();
    if !found {
        pspf_test_support::skip("uv is neither on the search path nor named by FLAVOR_UV", "cargo xtask test");
    }
    found
}

/// Content, mode and link target of everything below a folder.
fn snapshot(root: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut all = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let content = if meta.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else if meta.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            all.insert(path.strip_prefix(root).unwrap().to_owned(), (meta.permissions().mode(), content));
        }
    }
    all
}

fn assert_same(left: &Path, right: &Path) {
    let (left, right) = (snapshot(left), snapshot(right));
    let differing: Vec<_> =
        left.keys().chain(right.keys()).filter(|path| left.get(*path) != right.get(*path)).take(10).collect();
    assert!(differing.is_empty(), "{differing:?}");
    assert!(left.len() > 500, "{}", left.len());
}

/// The command with an empty environment but for what the package sets.
fn command(tree: &PythonTree, root: &Path) -> Command {
    let words: Vec<String> =
        tree.command.iter().map(|word| word.replace("{workenv}", root.to_str().unwrap())).collect();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env_clear().current_dir("/");
    command
}

#[track_caller]
fn stdout(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{:?}\n{out}\n{err}", output.status);
    out.into_owned()
}

/// Moves a tree, and takes its old place away.
fn moved(tree: &PythonTree, to: &Path) -> PathBuf {
    let root = to.join("elsewhere, with blanks");
    fs::rename(&tree.root, &root).unwrap();
    root
}

const CLICK_AND_RICH: &str = r#"
import sys
import click
from rich.console import Console

@click.command()
@click.argument("name")
@click.option("--code", default=0)
def main(name, code):
    Console().print(f"[bold]Hello[/] {name}")
    click.echo(f"{sys.argv[0].rpartition('/')[2]} {sys.prefix}")
    sys.exit(code)
"#;

fn click_and_rich(dir: &Path) {
    project(dir, "hello_cli", "dependencies = ['click', 'rich']", SETUPTOOLS, CLICK_AND_RICH);
}

/// Every module of the standard library that needs a shared library.
const MODULES: &str = "import bz2, ctypes, curses, decimal, hashlib, json, lzma, readline, sqlite3, ssl, sys, uuid, zlib; \
    hashlib.new('sha512'); ssl.create_default_context(); sqlite3.connect(':memory:').execute('select 1'); \
    print(sys.prefix, sys.base_prefix, sys.executable)";

#[test]
fn a_tree_runs_wherever_it_is_moved_and_leaves_the_project_alone() {
    if !has_uv() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("project");
    click_and_rich(&dir);
    let before = snapshot(&dir);
    let tree = build(&dir, &temp.path().join("work"), "hello_cli.cli:main").unwrap();
    assert_eq!(snapshot(&dir), before);
    assert_eq!(tree.provider, "local");

    let names: Vec<&str> = tree.distributions.iter().map(|distribution| distribution.name.as_str()).collect();
    assert_eq!(names, ["click", "hello_cli", "markdown-it-py", "mdurl", "Pygments", "rich"]);
    assert!(tree.distributions.iter().all(|distribution| !distribution.version.is_empty()));
    assert!(tree.glibc_floor.as_deref().is_some_and(|floor| floor.starts_with("2.")), "{:?}", tree.glibc_floor);

    let lazy = || tree.lazy_parts.iter().flat_map(|part| &part.paths);
    let listed: std::collections::BTreeSet<_> =
        tree.runtime_paths.iter().chain(&tree.app_paths).chain(lazy()).collect();
    assert_eq!(listed.len(), tree.runtime_paths.len() + tree.app_paths.len() + lazy().count());
    assert!(lazy().any(|path| path.ends_with("ensurepip/__init__.py")));
    let on_disk = snapshot(&tree.root);
    assert!(on_disk.keys().all(|path| listed.contains(path) || tree.root.join(path).is_dir()));
    assert!(tree.app_paths.iter().any(|path| path.ends_with("click/__init__.py")));
    assert!(!tree.runtime_paths.iter().any(|path| path.to_string_lossy().contains("click")));

    let root = moved(&tree, temp.path());
    let output = command(&tree, &root).args(["world", "--code", "7"]).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let expected = format!("Hello world\nhello {}\n", root.display());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let usage = command(&tree, &root).output().unwrap();
    assert!(String::from_utf8_lossy(&usage.stderr).contains("Usage: hello [OPTIONS] NAME"), "{usage:?}");

    let python = tree.command[0].replace("{workenv}", root.to_str().unwrap());
    let modules =
        Command::new(&python).args(["-c", MODULES]).env_clear().env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
    assert_eq!(stdout(&modules), format!("{0} {0} {python}\n", root.display()));
    assert_eq!(snapshot(&root), on_disk, "running must not change the tree");
}

#[test]
fn two_builds_in_different_folders_are_the_same_to_the_byte() {
    if !has_uv() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let (one, two) = (temp.path().join("a/project"), temp.path().join("another/longer/folder"));
    click_and_rich(&one);
    click_and_rich(&two);
    let first = build(&one, &temp.path().join("w"), "hello_cli.cli:main").unwrap();
    let second = build(&two, &temp.path().join("other/work"), "hello_cli.cli:main").unwrap();
    assert_same(&first.root, &second.root);
    assert_eq!(first.runtime_paths, second.runtime_paths);
    assert_eq!(first.app_paths, second.app_paths);
    for (path, (_, content)) in snapshot(&first.root) {
        let needle = temp.path().as_os_str().as_encoded_bytes();
        assert!(
            !content.windows(needle.len()).any(|window| window == needle),
            "{} names the build folder",
            path.display()
        );
    }
}

/// The runtime's part is the same for every project, so that packages can share it.
#[test]
fn every_common_build_backend_works_and_the_runtime_does_not_depend_on_it() {
    if !has_uv() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let code = "import docopt\ndef main():\n    print('made by', __package__)\n";
    let mut runtimes: Vec<BTreeMap<PathBuf, Vec<u8>>> = Vec::new();
    for (name, build_system) in [
        ("by_hatch", "requires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"),
        ("by_flit", "requires = ['flit_core']\nbuild-backend = 'flit_core.buildapi'\n"),
        ("by_poetry", "requires = ['poetry-core>=2']\nbuild-backend = 'poetry.core.masonry.api'\n"),
    ] {
        let dir = temp.path().join(name);
        // docopt exists as a source distribution only.
        project(&dir, name, "description = 'x'\ndependencies = ['docopt==0.6.2']", build_system, code);
        let tree = build(&dir, &temp.path().join(format!("{name}-work")), &format!("{name}.cli:main")).unwrap();
        let output = command(&tree, &tree.root).output().unwrap();
        assert_eq!(stdout(&output), format!("made by {name}\n"));
        let runtime = tree.runtime_paths.iter().map(|path| {
            let file = tree.root.join(path);
            (path.clone(), if file.is_symlink() { Vec::new() } else { fs::read(file).unwrap_or_default() })
        });
        runtimes.push(runtime.collect());
    }
    assert!(runtimes.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Neither Python nor any library but the C library is there. This needs the right to change the root folder.
#[test]
fn a_tree_needs_nothing_but_the_c_library() {
    if !has_uv() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("project");
    // numpy needs libstdc++ and libgcc_s of the machine.
    let code = "import numpy\ndef main():\n    print('sum', numpy.arange(4).sum())\n";
    project(&dir, "with_numpy", "dependencies = ['numpy']", SETUPTOOLS, code);
    let tree = build_with(&dir, &temp.path().join("work"), "with_numpy.cli:main", PythonChoice::Local, false).unwrap();
    assert!(snapshot(&tree.root).keys().all(|path| !tree.root.join(path).is_symlink()));
    if !pspf_test_support::is_root() {
        return;
    }
    let jail = temp.path().join("jail");
    fs::create_dir_all(&jail).unwrap();
    for name in [
        "ld-linux-x86-64.so.2",
        "libc.so.6",
        "libm.so.6",
        "libpthread.so.0",
        "libdl.so.2",
        "librt.so.1",
        "libutil.so.1",
        "libresolv.so.2",
    ] {
        let found = ["/lib64", "/lib/x86_64-linux-gnu", "/usr/lib64"]
            .iter()
            .map(|dir| Path::new(dir).join(name))
            .find(|file| file.exists());
        let to = jail.join(if name.starts_with("ld-") { "lib64" } else { "lib/x86_64-linux-gnu" });
        fs::create_dir_all(&to).unwrap();
        fs::copy(found.unwrap_or_else(|| panic!("no {name}")), to.join(name)).unwrap();
    }
    fs::rename(&tree.root, jail.join("app")).unwrap();
    // The loader reads $ORIGIN from here; a real system has the whole of /proc.
    fs::create_dir_all(jail.join("proc/self")).unwrap();
    std::os::unix::fs::symlink(tree.command[0].replace("{workenv}", "/app"), jail.join("proc/self/exe")).unwrap();
    let chroot =
        |words: &[String]| Command::new("/usr/sbin/chroot").arg(&jail).args(words).env_clear().output().unwrap();
    let words: Vec<String> = tree.command.iter().map(|word| word.replace("{workenv}", "/app")).collect();
    assert_eq!(stdout(&chroot(&words)), "sum 6\n");
    let modules = chroot(&[words[0].clone(), "-c".to_owned(), MODULES.to_owned()]);
    assert_eq!(stdout(&modules), format!("/app /app {}\n", words[0]));
}

#[test]
fn processes_that_the_program_starts_find_the_tree() {
    if !has_uv() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("project");
    let code = "import multiprocessing, subprocess, sys\n\ndef double(n):\n    return 2 * n\n\ndef main():\n    \
        for method in ['spawn', 'forkserver', 'fork']:\n        \
        with multiprocessing.get_context(method).Pool(2) as pool:\n            print(method, pool.map(double, [1, 2]))\n    \
        sys.stdout.flush()\n    \
        subprocess.run([sys.executable, '-m', 'workers.cli'], check=True)\n\nif __name__ == '__main__':\n    print('module')\n";
    project(&dir, "workers", "", SETUPTOOLS, code);
    let tree = build(&dir, &temp.path().join("work"), "workers.cli:main").unwrap();
    let root = moved(&tree, temp.path());
    let output = command(&tree, &root).env("TMPDIR", temp.path()).output().unwrap();
    assert_eq!(stdout(&output), "spawn [2, 4]\nforkserver [2, 4]\nfork [2, 4]\nmodule\n");
}

#[test]
fn an_interpreter_without_a_search_path_and_with_its_library_built_in_is_relocated_too() {
    if !has_uv() {
        return;
    }
    let debian = Path::new("/usr/bin/python3");
    if !debian.exists() {
        pspf_test_support::skip("the distribution's own Python is not installed", "apt-get install python3");
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("project");
    click_and_rich(&dir);
    let choice = PythonChoice::Path(debian.to_owned());
    let tree = build_with(&dir, &temp.path().join("work"), "hello_cli.cli:main", choice, true).unwrap();
    let root = moved(&tree, temp.path());
    assert!(stdout(&command(&tree, &root).arg("Debian").output().unwrap()).starts_with("Hello Debian\n"));
}

/// uv looks for interpreters that it manages in the folder of `UV_PYTHON_INSTALL_DIR`; a local one stands in for a downloaded one.
#[test]
fn an_interpreter_that_uv_manages_is_preferred_where_there_is_one() {
    if !has_uv() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let print = "import platform, sys; print(sys.base_prefix); print(platform.python_version())";
    let facts = stdout(&Command::new("python3").args(["-I", "-c", print]).output().unwrap());
    let (prefix, version) = facts.trim().split_once('\n').unwrap();
    let managed = temp.path().join("managed");
    let install = managed.join(format!("cpython-{version}-linux-{}-gnu", std::env::consts::ARCH));
    fs::create_dir_all(&install).unwrap();
    // uv passes over an installation that is itself a link.
    for folder in ["bin", "lib", "include"] {
        std::os::unix::fs::symlink(Path::new(prefix).join(folder), install.join(folder)).unwrap();
    }
    // The variable is read by uv, so it must be in the environment of a whole process.
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "managed_interpreter_child", "--ignored", "--nocapture"])
        .env("UV_PYTHON_INSTALL_DIR", &managed)
        .output()
        .unwrap();
    assert!(stdout(&child).contains("provider is uv"), "{child:?}");
}

#[test]
#[ignore = "run by an_interpreter_that_uv_manages_is_preferred_where_there_is_one"]
fn managed_interpreter_child() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("project");
    project(&dir, "app", "", SETUPTOOLS, "def main():\n    pass\n");
    let work = temp.path().join("work");
    let tree = build_with(&dir, &work, "app.cli:main", PythonChoice::Auto, true).unwrap();
    assert!(command(&tree, &tree.root).status().unwrap().success());
    println!("provider is {}", tree.provider);
}

#[test]
fn what_can_be_known_before_is_told_before_and_all_at_once() {
    if !has_uv() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    project(temp.path(), "app", "requires-python = '>=3.99'", SETUPTOOLS, "");
    let options = TreeOptions::default();
    let source = ProjectSource::Folder(temp.path().to_owned());
    let request = |script_name, python| TreeRequest {
        project: &source,
        entry_point: Some(EntryPoint::parse("app.cli:main").unwrap()),
        script_name,
        extras: &[],
        python,
        foreign: None,
        work: Path::new("/nowhere"),
        source_date_epoch: 0,
        symlinks: true,
        lazy_parts: true,
        progress: &Silent,
        options: &options,
    };
    let codes = |request: TreeRequest<'_>| -> Vec<&str> {
        flavor_python::preflight(&request).iter().map(PythonError::code).collect()
    };
    let local = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|dir| dir.join("python3"))
        .find(|file| file.exists());
    let path = PythonChoice::Path(local.unwrap());
    assert_eq!(codes(request("../x", path.clone())), ["python.script.name", "python.version.mismatch"]);
    assert_eq!(codes(request("x", PythonChoice::Local)), ["python.runtime.none"]);
    assert_eq!(codes(request("x", PythonChoice::Path("/bin/true".into()))), ["python.runtime.unusable"]);
    assert_eq!(codes(request("x", PythonChoice::Path("/nowhere/python".into()))), ["python.runtime.unusable"]);
    project(temp.path(), "app", "", SETUPTOOLS, "");
    assert_eq!(codes(request("x", path)), [""; 0]);
}

#[test]
fn mistakes_are_named_in_a_few_lines() {
    if !has_uv() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let work = temp.path().join("work");
    let mut number = 0;
    let mut fail = |fields: &str, build_system: &str, code: &str, entry_point: &str| {
        number += 1;
        let dir = temp.path().join(format!("p{number}"));
        project(&dir, "app", fields, build_system, code);
        let error = build(&dir, &work.join(number.to_string()), entry_point).unwrap_err();
        let text = error.to_string();
        assert!(text.lines().count() <= 14 && !text.contains("Traceback"), "{text}");
        (error.code(), text, error.hint())
    };
    let code = "def main():\n    pass\nvalue = 1\n";

    let (kind, text, _) = fail("dependencies = ['no-such-distribution-a8f3']", SETUPTOOLS, code, "app.cli:main");
    assert_eq!(kind, "python.dependency.missing", "{text}");
    assert!(text.contains("no-such-distribution-a8f3"), "{text}");

    let (kind, text, hint) = fail("requires-python = '>=3.99'", SETUPTOOLS, code, "app.cli:main");
    assert_eq!(kind, "python.runtime.none", "{text}");
    assert!(text.contains(">=3.99") && text.contains("python3"), "{text}");
    assert!(hint.unwrap().contains("--python"));

    let broken = "requires = ['setuptools']\nbuild-backend = 'no_such_backend'\n";
    let (kind, text, _) = fail("", broken, code, "app.cli:main");
    assert_eq!(kind, "python.build.failed", "{text}");

    let (kind, text, _) = fail("", SETUPTOOLS, code, "app.cly:main");
    assert_eq!(kind, "python.entry_point.module", "{text}");
    assert!(text.contains("app.cly") && text.contains("close names: app.cli"), "{text}");

    let (kind, text, _) = fail("", SETUPTOOLS, code, "app.cli:mian");
    assert_eq!(kind, "python.entry_point.function", "{text}");
    assert!(text.contains("close names: main"), "{text}");

    let (kind, text, _) = fail("", SETUPTOOLS, code, "app.cli:value");
    assert_eq!(kind, "python.entry_point.callable", "{text}");

    let (kind, text, _) = fail("", SETUPTOOLS, "import click\ndef main(): pass\n", "app.cli:main");
    assert_eq!(kind, "python.entry_point.import", "{text}");
    assert!(text.contains("No module named 'click'"), "{text}");
}

/// Says which files of shared libraries are loaded, here and in a child process, and what a thread that never ends does to the end.
const LOADED: &str = r#"
import ctypes, hashlib, lzma, os, sqlite3, ssl, subprocess, sys, threading, time

def main():
    files = {line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if ".so" in line}
    print(*sorted(files), sep="\n")
    if len(sys.argv) == 1:
        child = [sys.executable, sys.argv[0], "child"]
        subprocess.run(child, check=True)
    threading.Thread(target=lambda: [time.sleep(0.001) for _ in range(100_000)], daemon=True).start()
    time.sleep(0.01)
"#;

#[test]
fn debians_python_loads_nothing_of_the_machine() {
    if !has_uv() {
        return;
    }
    if !pspf_test_support::has_debian_keys() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("project");
    project(&dir, "loaded", "requires-python = '<3.13'", SETUPTOOLS, LOADED);
    let choice = PythonChoice::Debian(None);
    let tree = build_with(&dir, &temp.path().join("work"), "loaded.cli:main", choice, true).unwrap();
    assert_eq!((tree.provider, &tree.glibc_floor), ("debian", &None));
    assert_eq!((tree.python_version.0, tree.python_version.1), (3, 11));
    let glibc = tree.debian_packages.iter().find(|package| package.name == "libc6").unwrap();
    assert!(glibc.version.starts_with("2.36-") && glibc.release == "bookworm" && glibc.sha256.len() == 64, "{glibc:?}");
    let root = moved(&tree, temp.path());
    let output = command(&tree, &root).output().unwrap();
    let text = stdout(&output);
    let outside: Vec<&str> = text.lines().filter(|file| !Path::new(file).starts_with(&root)).collect();
    assert!(outside.is_empty(), "{outside:?}");
    assert!(text.matches("/libc.so.6").count() == 2 && text.contains("/libcrypto.so."), "{text}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));

    let error =
        build_with(&dir, &temp.path().join("other"), "loaded.cli:main", PythonChoice::parse("debian:3.13"), true);
    assert_eq!(error.unwrap_err().code(), "python.runtime.none");
}

#[test]
fn the_application_has_its_sources_and_the_standard_library_unless_it_is_minimal() {
    if !has_uv() {
        return;
    }
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("project");
    let code = "import json\n\ndef main():\n    json.loads('{')\n";
    project(&dir, "hello_cli", "", SETUPTOOLS, code);
    for (name, stdlib) in [("full", StandardLibrary::Full), ("minimal", StandardLibrary::Minimal)] {
        let work = temp.path().join(name);
        fs::create_dir_all(&work).unwrap();
        let tree = flavor_python::build(&TreeRequest {
            project: &ProjectSource::Folder(dir.to_owned()),
            entry_point: Some(EntryPoint::parse("hello_cli.cli:main").unwrap()),
            script_name: "hello",
            extras: &[],
            python: PythonChoice::Local,
            foreign: None,
            work: &work,
            source_date_epoch: 1_735_689_600,
            symlinks: true,
            lazy_parts: true,
            progress: &Silent,
            options: &TreeOptions { stdlib, ..TreeOptions::default() },
        });
        let tree = tree.unwrap();
        let has = |paths: &[PathBuf], end: &str| paths.iter().any(|path| path.to_string_lossy().ends_with(end));
        let full = stdlib == StandardLibrary::Full;
        let found = ["/json/decoder.py", "/json/decoder.pyc", "/ensurepip/__init__.py", "/test/__init__.py"]
            .map(|end| has(&tree.runtime_paths, end));
        assert_eq!(found, [full, !full, false, false], "{name}");
        let later = |end: &str| tree.lazy_parts.iter().any(|part| has(&part.paths, end));
        assert_eq!((later("/ensurepip/__init__.py"), later("pydoc_data/topics.py")), (full, full), "{name}");
        let caches = tree.runtime_paths.iter().any(|path| path.iter().any(|part| part == "__pycache__"));
        assert_eq!(caches, full, "{name}");
        assert!(has(&tree.app_paths, "hello_cli/cli.py"));
        let output = command(&tree, &moved(&tree, &work)).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("json/decoder.py\", line") && text.contains("    json.loads('{')"), "{text}");
        // Without sources Python looks for them below the current directory, where this machine may have some.
        assert!(!full || text.contains("return _default_decoder.decode(s)"), "{text}");
    }
}
