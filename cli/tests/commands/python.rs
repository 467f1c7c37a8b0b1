//! Python projects, packed with real uv and run. Needs uv (FLAVOR_UV or PATH) and a Python 3.11 or newer, as users do.

use super::process::{Folder, Run};
use std::{fs, process::Command};

const PYPROJECT: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\n\
    [project]\nname = 'Tiny-App'\ndynamic = ['version']\nrequires-python = '>=3.8'\ndependencies = ['docopt==0.6.2']\n\n\
    [tool.setuptools]\npackages = ['tiny']\n[tool.setuptools.dynamic]\nversion = {attr = 'tiny.__version__'}\n\n\
    [tool.flavor]\nentry_point = 'tiny.app:main'\npackage_name = 'tiny'\n\
    [tool.flavor.execution.runtime.env]\nunset = ['SECRET_*']\nset = {GREETING = 'hello there'}\n\
    [[tool.flavor.slots]]\nid = 'words'\nsource = 'words.txt'\ntarget = 'share/words.txt'\n";

const APP: &str = r#"
import os, sys

def main():
    import docopt, ssl, sqlite3
    words = open(os.path.join(os.environ["FLAVOR_WORKENV"], "share", "words.txt")).read().strip()
    print(os.path.basename(sys.argv[0]), sys.argv[1:], os.environ["GREETING"], words)
    print(sorted(name for name in os.environ if name.startswith(("SECRET_", "PYTHONPATH"))))
    return 7
"#;

fn project() -> Folder {
    let folder = Folder::new();
    folder.write("project/pyproject.toml", PYPROJECT);
    folder.write("project/tiny/__init__.py", "__version__ = '7.7'\n");
    folder.write("project/tiny/app.py", APP);
    folder.write("project/words.txt", "some words\n");
    folder
}

fn pack(folder: &Folder, more: &[&str]) -> Run {
    let words =
        ["pack", "--manifest", "project/pyproject.toml", "--output", "tiny.psp", "--key-seed", "k", "--level", "1"];
    folder.flavor(&[&words[..], more].concat())
}

#[test]
fn a_project_is_packed_reproducibly_and_runs_by_itself() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = project();
    let before = folder.listing();
    let document = pack(&folder, &["--json", "--threads", "1"]).succeeds().json();
    assert_eq!((&document["name"], &document["version"]), (&"tiny".into(), &"7.7".into()));
    let ids: Vec<_> = document["slots"].as_array().unwrap().iter().map(|slot| slot["id"].as_str().unwrap()).collect();
    assert_eq!(ids[..3], ["runtime", "app", "words"]);
    // Behind them the parts of the standard library that are unpacked when they are imported.
    assert!(ids.contains(&"python-rare") && ids.last() == Some(&"_attestation"), "{ids:?}");
    let after: Vec<String> = folder.listing().into_iter().filter(|name| name != "tiny.psp").collect();
    assert_eq!(after, before, "packing left something behind");

    let mut run = folder.package("tiny.psp", &["a", "b c"]);
    let run = Run::of(run.env_remove("PATH").env("SECRET_KEY", "x").env("PYTHONPATH", "/x"));
    assert_eq!(run.code, Some(7), "{run:#?}");
    run.says(&["Tiny-App ['a', 'b c'] hello there some words\n[]\n"]);

    let second = project();
    pack(&second, &["--threads", "3"]).succeeds();
    assert!(second.bytes("tiny.psp") == folder.bytes("tiny.psp"), "another folder gave other bytes");
}

#[test]
fn compatible_python_packages_have_no_links() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = project();
    pack(&folder, &["--compat", "--quiet"]).succeeds();
    folder.flavor(&["extract", "tiny.psp", "runtime", "--unpack", "tree"]).succeeds();
    let link = folder.listing().into_iter().find(|name| folder.path(name).is_symlink());
    assert_eq!(link, None);
    folder.flavor(&["verify", "tiny.psp", "--require", "sealed"]).succeeds();
    let run = Run::of(&mut folder.package("tiny.psp", &[]));
    assert_eq!(run.code, Some(7), "{run:#?}");

    // The published launchers give the program the package's name as argv[0], and CPython would look for its library there.
    folder.flavor(&["extract", "tiny.psp", "app", "--unpack", "app"]).succeeds();
    Run::of(Command::new("cp").arg("-a").arg(folder.path("app/.")).arg(folder.path("tree"))).succeeds();
    fs::create_dir_all(folder.path("tree/share")).unwrap();
    fs::copy(folder.path("project/words.txt"), folder.path("tree/share/words.txt")).unwrap();
    let document = folder.flavor(&["inspect", "--json", "tiny.psp"]).json();
    let command = document["execution"]["command"].as_str().unwrap();
    let tree = folder.path("tree");
    let command = format!("exec -a tiny.psp {}", command.replace("{workenv}", tree.to_str().unwrap()));
    let mut shell = Command::new("/bin/bash");
    shell.args(["-c", &command]).env_clear().env("FLAVOR_WORKENV", &tree).env("GREETING", "hi");
    let run = Run::of(&mut shell);
    assert_eq!(run.code, Some(7), "{run:#?}");
    run.says(&["Tiny-App [] hi some words"]);
}

#[test]
fn what_cannot_be_built_is_one_error_and_leaves_nothing() {
    if !pspf_test_support::has_uv() {
        return;
    }
    for (from, to, words) in [
        ("tiny.app:main", "tiny.app:mian", &["has no mian", "main"][..]),
        ("tiny.app:main", "tiny.ap:main", &["tiny.ap", "not in the package"]),
        ("docopt==0.6.2", "flavor-no-such-package-1a2b3c", &["flavor-no-such-package-1a2b3c"]),
        ("docopt==0.6.2", "not a requirement !", &["pyproject.toml:9:17: error: `project.dependencies[0]`"]),
        (">=3.8", "three", &["pyproject.toml:8:19: error: `project.requires-python`", "not a list of versions"]),
        (">=3.8", ">=3.99", &["3.99"]),
    ] {
        let folder = project();
        let text = fs::read_to_string(folder.path("project/pyproject.toml")).unwrap();
        folder.write("project/pyproject.toml", text.replace(from, to));
        let before = folder.listing();
        let run = pack(&folder, &["--quiet"]).fails(1, words);
        assert_eq!(run.errors(), 1, "{run:#?}");
        assert!(run.stderr.lines().count() < 25, "{run:#?}");
        assert_eq!(folder.listing(), before);
    }
}

#[test]
fn options_that_do_not_fit_are_found_before_anything_is_built() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = project();
    pack(&folder, &["--extra", "dev"]).fails(1, &["no optional dependencies \"dev\""]);
    pack(&folder, &["--python", "./nowhere/python"]).fails(1, &["nowhere/python", "does not exist"]);
    let run = pack(&folder, &["--python", "/bin/false", "--private-key", "project/words.txt"]);
    run.fails(1, &["private key", "/bin/false"]);
    let folder = Folder::new().with_app();
    folder.flavor(&["pack", "--manifest", "app/app.json", "--python", "uv"]).fails(2, &["--python", "Python projects"]);
}

/// What its own files are called says nothing about what uses them, and tools that read code find that of the standard library.
#[test]
fn nothing_that_a_program_could_ask_for_is_left_out() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = project();
    let command =
        "def main():\n    import importlib, sys\n    importlib.import_module('tiny.commands.' + sys.argv[1]).run()\n";
    folder.write("project/tiny/app.py", command);
    let asked = "def run():\n    import inspect, json, traceback, unittest, venv, ensurepip, pydoc_data.topics as t\n    \
        print(inspect.getsource(json.dumps).splitlines()[0], inspect.getsource(inspect).count('def getsource('))\n    \
        print(ensurepip.version() != '', len(t.topics) > 50)\n    \
        try:\n        1 / 0\n    except ZeroDivisionError:\n        print(traceback.format_exc().count('~~^~~'))\n";
    for name in ["test", "tests", "docs", "examples"] {
        folder.write(&format!("project/tiny/commands/{name}/__init__.py"), asked);
    }
    folder.write("project/tiny/commands/__init__.py", "");
    let manifest = PYPROJECT.replace("packages = ['tiny']", "packages.find = {}");
    let trimmed = format!("{manifest}[tool.flavor.build]\ntrim = true\nexclude_from_deps = ['*/docs/*', '*/test*']\n");
    for manifest in [manifest, trimmed] {
        folder.write("project/pyproject.toml", &manifest);
        pack(&folder, &[]).succeeds();
        for name in ["test", "tests", "docs", "examples"] {
            let run = Run::of(&mut folder.package("tiny.psp", &[name])).succeeds();
            let columns = usize::from(!run.stdout.ends_with("\n0\n"));
            assert_eq!(
                run.stdout,
                format!(
                    "def dumps(obj, *, skipkeys=False, ensure_ascii=True, check_circular=True, 1\nTrue True\n{columns}\n"
                )
            );
        }
    }
}

/// Wheels install scripts, data and headers beside their modules; programs look for them below `sys.prefix`.
#[test]
fn what_wheels_install_beside_their_modules_is_where_programs_look() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = project();
    folder.write(
        "dep/pyproject.toml",
        "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n",
    );
    let setup = "from setuptools import setup\nsetup(name='dep', version='1', py_modules=['dep'], scripts=['dep-sh', 'dep-py'],\n    \
        data_files=[('share/dep', ['x.txt']), ('etc/dep', ['x.txt'])], headers=['dep.h'],\n    \
        entry_points={'console_scripts': ['dep-ep = dep:main', 'dep-other = dep:main']})\n";
    folder.write("dep/setup.py", setup);
    folder.write("dep/dep.py", "import sys\ndef main():\n    print('dep', sys.argv[1:])\n");
    folder.write("dep/x.txt", "data");
    folder.write("dep/dep.h", "");
    folder.write("dep/dep-sh", "#!/bin/sh\necho shell $1\n");
    folder.write("dep/dep-py", "#!/usr/bin/python3\nimport sys\nprint('python', sys.argv[1:], sys.prefix)\n");
    let app = "def main():\n    import os, subprocess, sys, importlib.metadata as m\n    \
        bin = os.path.join(sys.prefix, 'bin')\n    \
        for name in ['dep-ep', 'dep-other', 'dep-sh', 'dep-py']:\n        \
        run = subprocess.run([os.path.join(bin, name), 'a b'], capture_output=True, text=True)\n        \
        print((run.stdout + run.stderr).replace(sys.prefix, 'PREFIX'), end='')\n    \
        print([open(os.path.join(sys.prefix, part, 'dep/x.txt')).read() for part in ('share', 'etc')])\n    \
        files = m.files('dep')\n    \
        print(len(files) > 9, all(os.path.exists(file.locate()) for file in files), os.path.isfile(sys.argv[0]))\n    \
        print([file.name for file in files if file.hash and file.read_binary() is None])\n    \
        print(subprocess.run([sys.argv[0], 'x'] if len(sys.argv) < 2 else ['true']).returncode)\n";
    folder.write("project/tiny/app.py", app);
    folder.write("project/pyproject.toml", format!("{PYPROJECT}[tool.flavor.build]\ndependencies = ['../dep']\n"));
    pack(&folder, &[]).succeeds();
    let run = Run::of(&mut folder.package("tiny.psp", &[])).succeeds();
    let once = "dep ['a b']\ndep ['a b']\nshell a b\npython ['a b'] PREFIX\n['data', 'data']\nTrue True True\n[]\n0\n";
    assert_eq!(run.stdout, once.repeat(2), "{run:#?}");
    folder.flavor(&["verify", "tiny.psp", "--deep"]).succeeds();

    let listing = |name: &str| -> Vec<String> {
        folder.flavor(&["extract", "tiny.psp", "app", "--unpack", name]).succeeds();
        let prefix = format!("{name}/");
        folder.listing().iter().filter_map(|path| Some(path.strip_prefix(&prefix)?.to_owned())).collect()
    };
    let with_uv = listing("uv");
    let manifest = format!("{PYPROJECT}[tool.flavor.build]\ndependencies = ['../dep']\nuse_pip = true\n");
    folder.write("project/pyproject.toml", manifest);
    pack(&folder, &[]).succeeds();
    let run = Run::of(&mut folder.package("tiny.psp", &[])).succeeds();
    assert_eq!(run.stdout, once.repeat(2), "{run:#?}");
    assert_eq!(listing("pip"), with_uv);
}

#[test]
fn scripts_that_only_the_backend_knows_are_commands_beside_the_entry_point() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let text = |entry_point: &str| {
        format!(
            "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\
            [project]\nname = 'late'\nversion = '1'\ndynamic = ['scripts', 'gui-scripts', 'entry-points']\n\
            [tool.flavor]\nentry_point = '{entry_point}'\nbuild.compression_level = 1\nruntime.compile_bytecode = false\n"
        )
    };
    folder.write("pyproject.toml", text("late:main"));
    let setup = "from setuptools import setup\nsetup(py_modules=['late'], entry_points={\n\
        'console_scripts': ['later = late:main', 'other = late:other', '-odd = late:other'], 'gui_scripts': ['latest = late:Late.start'],\n\
        'x': ['y = late:main']})\n";
    folder.write("setup.py", setup);
    folder.write(
        "late.py",
        "import sys, os\ndef main(): print('main', os.path.basename(sys.argv[0]))\ndef other(): print('other', *sys.argv[1:])\n\
        class Late:\n    @staticmethod\n    def start(): print('start')\n",
    );
    let words = ["pack", "--output", "late.psp", "--key-seed", "t", "--test-command", "other yes", "--json"];
    let packed = folder.flavor(&words).succeeds().json();
    let notices = packed["notices"].to_string();
    assert!(notices.contains("-odd") && notices.contains("is no command"), "{packed}");
    let run = |command: &str| {
        let mut package = folder.package("late.psp", &["a"]);
        Run::of(package.env("FLAVOR_COMMAND", command)).succeeds().stdout
    };
    // The default one is called as the script that calls the same function.
    assert_eq!((run(""), run("later")), ("main later\n".to_owned(), "main later\n".to_owned()));
    assert_eq!((run("other"), run("latest")), ("other a\n".to_owned(), "start\n".to_owned()));
    for absent in ["y", "-odd", "late"] {
        let run = Run::of(folder.package("late.psp", &[]).env("FLAVOR_COMMAND", absent));
        run.fails(2, &["there is no command", "later, other, latest"]);
    }

    folder.write("pyproject.toml", text("other"));
    folder.flavor(&["pack", "--output", "named.psp", "--quiet"]).succeeds();
    let run = Run::of(&mut folder.package("named.psp", &["b"])).succeeds();
    assert_eq!(run.stdout, "other b\n");
    folder.write("pyproject.toml", text("absent"));
    folder.flavor(&["pack"]).fails(1, &["names nothing that can be run", "absent"]);
}

#[test]
fn the_entry_point_is_imported_with_the_variables_that_the_package_sets() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let text = "[project]\nname = 'early'\nversion = '1'\n[tool.flavor]\nentry_point = 'early:main'\nbuild.compression_level = 1\n\
        runtime.compile_bytecode = false\n";
    folder.write(
        "early.py",
        "import os\nMODE, PLACE = os.environ['MODE'], os.environ['PLACE']\n\
        assert os.path.isdir(PLACE + '/bin')\ndef main(): print(MODE, PLACE == os.environ['FLAVOR_WORKENV'])\n",
    );
    folder.write("pyproject.toml", text);
    folder.flavor(&["pack", "--output", "early.psp"]).fails(1, &["early cannot be imported", "KeyError", "MODE"]);
    let set = "[tool.flavor.execution]\nruntime.env.set = {MODE = 'quick', PLACE = '{workenv}'}\n";
    folder.write("pyproject.toml", format!("{text}{set}"));
    folder.flavor(&["pack", "--output", "early.psp"]).succeeds();
    assert_eq!(Run::of(&mut folder.package("early.psp", &[])).succeeds().stdout, "quick True\n");
}

#[test]
fn what_a_project_leaves_to_its_backend_is_asked_for_where_it_is_needed() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let text = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\
        [project]\nname = 'late'\nversion = '1'\ndynamic = ['scripts', 'requires-python', 'optional-dependencies']\n\
        [tool.flavor]\nbuild.compression_level = 1\nruntime.compile_bytecode = false\n";
    folder.write("pyproject.toml", text);
    let setup = "from setuptools import setup\nsetup(py_modules=['late'], python_requires='>=3.8', extras_require={'more': ['six']},\n\
        entry_points={'console_scripts': ['late = late:main']})\n";
    folder.write("setup.py", setup);
    folder.write("late.py", "def main():\n    import six\n    print('late', six.__name__)\n");
    folder.flavor(&["check", "--show-config"]).succeeds().says(&[
        "project.scripts.late = \"late:main\"",
        "project.requires-python = \">=3.8\"",
        "# build backend",
    ]);
    folder.flavor(&["pack", "--extra", "less"]).fails(1, &["no optional dependencies \"less\"", "expected more"]);
    folder.flavor(&["pack", "--extra", "more", "--output", "late.psp", "--quiet"]).succeeds();
    Run::of(&mut folder.package("late.psp", &[])).succeeds().says(&["late six"]);
    folder.write("setup.py", setup.replace(">=3.8", ">=3.98"));
    folder.flavor(&["pack"]).fails(1, &[">=3.98"]);
    // Where nothing of it is needed the backend is left alone.
    folder.write("setup.py", "raise SystemExit('asked')\n");
    let text = text
        .replace("'requires-python', ", "")
        .replace("[tool.flavor]\n", "[tool.flavor]\nentry_point = 'late:main'\n");
    folder.write("pyproject.toml", text);
    folder.flavor(&["check"]).succeeds();
}
