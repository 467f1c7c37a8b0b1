//! Whatever people start from, and whatever a command is: packed with real uv, and run.

use super::process::{Folder, Run};
use std::{fs, process::Command};

const SETUPTOOLS: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n";

/// Packages that are made in no time.
const QUICK: &str = "build.compression_level = 1\nruntime.compile_bytecode = false\n";

/// Says all that a program can know of how it was started, and works in spawned processes.
const SAYS: &str = r#"'''The docstring.'''
from __future__ import annotations
import multiprocessing, os, sys

def double(number):
    return 2 * number

def main():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(double, [1, 2]))
    print(__name__, __doc__, os.path.basename(sys.argv[0]), sys.argv[1:], os.path.isfile(sys.argv[0]))
    if "again" in sys.argv:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, sys.argv[0]])

if __name__ == "__main__":
    main()
"#;

#[test]
fn modules_files_and_functions_are_commands() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    folder.write(
        "pyproject.toml",
        format!(
            "{SETUPTOOLS}[project]\nname = 'kinds'\nversion = '1'\n[tool.setuptools]\npackages = ['kinds']\n[tool.flavor]\n{QUICK}\
             script = 'manage.py'\ncommands = {{mod = 'kinds.say', whole = 'kinds', fun = 'kinds.say:main', deep = 'tools/deep.py', gone = 'kinds.gone'}}\n"
        ),
    );
    folder.write("manage.py", SAYS);
    folder.write("tools/deep.py", SAYS);
    folder.write("kinds/__init__.py", "");
    folder.write("kinds/say.py", SAYS);
    folder.write("kinds/__main__.py", "import os, sys\nprint(__name__, os.path.basename(sys.argv[0]))\n");
    let packed = folder.flavor(&["pack", "--output", "kinds.psp", "--json"]).succeeds().json();
    assert!(packed["notices"].to_string().contains("the command gone will not start"), "{packed}");
    let run = |command: &str, words: &[&str]| {
        let mut package = folder.package("kinds.psp", words);
        Run::of(package.env("FLAVOR_COMMAND", command)).succeeds().stdout
    };
    let says = |name: &str, word: &str| format!("[2, 4]\n__main__ The docstring. {name} [{word}] True\n");
    for (command, name) in [("", "kinds"), ("mod", "mod"), ("deep", "deep")] {
        assert_eq!(run(command, &["a b"]), says(name, "'a b'"));
        assert_eq!(run(command, &["again"]), says(name, "'again'") + &says(name, ""));
    }
    assert!(run("fun", &[]).contains("kinds.say The docstring. fun [] True"));
    assert_eq!(run("whole", &[]), "__main__ whole\n");
    folder.flavor(&["verify", "kinds.psp", "--deep"]).succeeds();

    let manifest = |table: &str| {
        format!(
            "{SETUPTOOLS}[project]\nname = 'kinds'\nversion = '1'\n[tool.setuptools]\npackages = ['kinds']\n[tool.flavor]\n{table}\n"
        )
    };
    for (table, words) in [
        ("script = 'mange.py'", &["there is no such file", "manage.py"][..]),
        ("module = 'gone.away'", &["gone.away", "is no file of the project"]),
        ("module = 'kinds'\nscript = 'manage.py'", &["one of `entry_point`, `module` and `script`"]),
    ] {
        folder.write("pyproject.toml", manifest(table));
        let run = folder.flavor(&["check"]).fails(1, words);
        assert_eq!(run.errors(), 1, "{run:#?}");
    }
    folder.write("pyproject.toml", manifest("script = 'manage.py'"));
    folder.write(
        "manage.py",
        "import os\ntry:\n    import maybe\nexcept ImportError:\n    pass\nimport flavor_absent.x\n",
    );
    folder.flavor(&["pack"]).fails(1, &["manage.py:6 imports flavor_absent.x", "dependencies"]);
    folder.write("manage.py", "import os\nprint 1\n");
    folder.flavor(&["pack"]).fails(1, &["manage.py cannot be compiled", "SyntaxError", "line 2"]);
}

/// Runs a package of the folder.
fn run(folder: &Folder, package: &str, words: &[&str]) -> String {
    Run::of(&mut folder.package(package, words)).succeeds().stdout
}

#[test]
fn a_script_is_packed_with_what_it_says_of_itself() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let metadata = "#!/usr/bin/env -S uv run --script\n# /// script\n# requires-python = '>=3.9'\n# dependencies = ['docopt==0.6.2']\n#\n\
        # [tool.flavor]\n# build.compression_level = 1\n# runtime.compile_bytecode = false\n# ///\n";
    folder.write("tools/my tool.py", format!("{metadata}{SAYS}"));
    folder.write("tools/pyproject.toml", "no manifest of this script");
    folder.flavor(&["check", "tools/my tool.py", "--show-config"]).succeeds().says(&[
        "project.dependencies = [\"docopt==0.6.2\"]",
        "# my tool.py:4",
        "project.name = \"my-tool\"",
        "# name of the file",
        "tool.flavor.script = \"my tool.py\"",
    ]);
    let words = ["pack", "tools/my tool.py", "--key-seed", "k", "--json"];
    let packed = folder.flavor(&words).succeeds().json();
    assert_eq!((&packed["name"], &packed["version"]), (&"my-tool".into(), &"0.0.0".into()));
    assert_eq!(
        packed["found"],
        "name my-tool (name of the file), version 0.0.0 (default), runs my tool.py (the script itself)"
    );
    let says = run(&folder, "tools/dist/my-tool.psp", &["a"]);
    assert_eq!(says, "[2, 4]\n__main__ The docstring. my-tool ['a'] True\n");
    folder.flavor(&["verify", "tools/dist/my-tool.psp", "--deep"]).succeeds();
    folder.flavor(&["inspect", "tools/dist/my-tool.psp", "--deps"]).succeeds().says(&["docopt 0.6.2"]);

    // Elsewhere, and with fewer threads: the same bytes.
    let other = Folder::new();
    fs::copy(folder.path("tools/my tool.py"), other.path("my tool.py")).unwrap();
    other.flavor(&["pack", "my tool.py", "--key-seed", "k", "--output", "x.psp", "--threads", "1"]).succeeds();
    assert!(other.bytes("x.psp") == folder.bytes("tools/dist/my-tool.psp"));

    // A lock of the script binds.
    let uv = pspf_test_support::uv().unwrap();
    let lock = || {
        Run::of(Command::new(&uv).args(["lock", "--quiet", "--script", "locked.py"]).current_dir(folder.path("")))
            .succeeds()
    };
    folder.write(
        "locked.py",
        "# /// script\n# requires-python = '>=3.9'\n# dependencies = ['six<1.17']\n# ///\nimport six\n",
    );
    lock();
    folder.flavor(&["pack", "locked.py"]).succeeds();
    folder.flavor(&["inspect", "dist/locked.psp", "--deps"]).succeeds().says(&["six 1.16.0"]);
    folder.write(
        "locked.py",
        "# /// script\n# requires-python = '>=3.9'\n# dependencies = ['six>=1.17']\n# ///\nimport six\n",
    );
    folder.flavor(&["pack", "locked.py"]).fails(1, &["lock"]);

    for (text, words) in [
        ("# /// script\n# dependencies = ['a']\nx = 1\n", &["t.py:3:1", "not closed"][..]),
        ("# /// script\n# dependencies = ['a'\n# ///\n", &["t.py:", "not valid TOML"]),
        ("# /// script\n# dependencies = ['not a requirement !']\n# ///\n", &["t.py:2:19", "is not a requirement"]),
        ("# /// script\n# requires-python = 'three'\n# ///\n", &["t.py:2:21", "not a list of versions"]),
    ] {
        folder.write("t.py", text);
        folder.flavor(&["check", "t.py"]).fails(1, words);
    }
    folder.write("t.py", "import helper\n");
    folder.write("helper.py", "");
    folder.flavor(&["pack", "t.py"]).fails(1, &["t.py:1 imports helper", "flavor pack ."]);
    folder.flavor(&["pack", "absent.py"]).fails(2, &["absent.py", "No such file"]);
    folder.write("x.txt", "text");
    folder.flavor(&["pack", "x.txt"]).fails(2, &["x.txt", "a script (.py), a folder, a wheel (.whl)"]);
    folder.flavor(&["pack", "t.py", "--manifest", "pyproject.toml"]).fails(2, &["cannot be used with"]);
}

#[test]
fn a_folder_is_packed_as_it_is_without_what_is_secret() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    folder.write(
        "app/main.py",
        "import helper, docopt, pathlib, subprocess, sys\ndef main():\n    \
        here = pathlib.Path(__file__).parent\n    print(helper.NAME, (here / 'assets/a.txt').read_text(), sys.argv[1:])\n    \
        print(sorted(path.name for path in here.rglob('*') if path.is_file() and path.suffix != '.pyc'))\n    \
        sys.stdout.flush()\n    subprocess.run([sys.executable, '-c', 'import helper; print(helper.NAME)'], check=True)\n",
    );
    folder.write("app/helper.py", "NAME = 'helper'\n");
    folder.write("app/assets/a.txt", "asset");
    folder.write("app/requirements.txt", "docopt==0.6.2\n");
    folder.write("app/.env", "PASSWORD=x\n");
    folder.write("app/.env.example", "PASSWORD=\n");
    folder.flavor(&["keygen", "--out-dir", "app/keys"]).succeeds();
    folder.write("app/old.psp", "an older package");
    let words = ["pack", "app", "--name", "my-app", "--version", "2.5", "--key-seed", "k"];
    let first = folder.flavor(&words).succeeds();
    for said in [
        "name my-app (--name), version 2.5 (--version), runs main:main (found), requirements requirements.txt (found)",
        "left out, for it may hold secrets: .env, keys/flavor-private.key",
    ] {
        assert!(first.stderr.contains(said), "{first:#?}");
    }
    let files = "['.env.example', 'a.txt', 'flavor-public.key', 'helper.py', 'main.py', 'requirements.txt']";
    let expected = format!("helper asset ['x']\n{files}\nhelper\n");
    assert_eq!(run(&folder, "app/dist/my-app.psp", &["x"]), expected);
    let bytes = folder.bytes("app/dist/my-app.psp");
    folder.flavor(&words).succeeds();
    assert!(folder.bytes("app/dist/my-app.psp") == bytes, "the second package is another");

    // From inside, and with a manifest that init has written of what is there.
    let mut command = folder.command();
    command.current_dir(folder.path("app")).arg("check");
    Run::of(&mut command).succeeds().says(&["runs main:main (found)", "ready to be packed"]);
    let adopted = folder.flavor(&["init", "app"]).succeeds();
    adopted.says(&["entry_point: main:main, which is there", "requirements.txt has the dependencies"]);
    assert!(!folder.path("app/src").exists());
    folder.flavor(&["pack", "app", "--output", "init.psp"]).succeeds();
    assert!(run(&folder, "init.psp", &["x"]).starts_with("helper asset ['x']\n"));

    let several = Folder::new();
    several.write("one.py", "");
    several.write("two.py", "");
    several.write("data/x.csv", "");
    several.flavor(&["pack", "."]).fails(1, &["nothing says which of these is run", "found one.py, two.py", "--entry"]);
    several.flavor(&["init"]).fails(1, &["found one.py, two.py", "--entry"]);
    several.flavor(&["check", ".", "--entry", "two.py"]).succeeds().says(&["runs two.py (--entry)"]);
    let empty = Folder::new();
    empty.write("data.csv", "");
    empty.flavor(&["pack", "."]).fails(1, &["there is no Python file", "found data.csv"]);
}

#[test]
fn requirements_wheels_and_names_are_packed() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    folder.write("r.txt", "docopt==0.6.2\n");
    folder.flavor(&["pack", "--requirement", "r.txt", "--entry", "docopt:docopt", "--output", "r.psp"]).succeeds();
    folder.flavor(&["inspect", "r.psp", "--deps"]).succeeds().says(&["docopt 0.6.2"]);

    folder.write(
        "src/pyproject.toml",
        format!(
            "{SETUPTOOLS}[project]\nname = 'whl'\nversion = '1.2'\nscripts = {{whl = 'whl:main', other = 'whl:other'}}\n\
             [tool.setuptools]\npy-modules = ['whl']\n"
        ),
    );
    folder.write("src/whl.py", "def main(): print('main')\ndef other(): print('other')\n");
    let uv = pspf_test_support::uv().unwrap();
    let mut build = Command::new(uv);
    build.args(["build", "--wheel", "--out-dir", "wheels", "src"]).current_dir(folder.path(""));
    Run::of(&mut build).succeeds();
    let wheel = "wheels/whl-1.2-py3-none-any.whl";
    folder.flavor(&["pack", wheel, "--output", "whl.psp", "--key-seed", "k"]).succeeds();
    assert_eq!(run(&folder, "whl.psp", &[]), "main\n");
    assert_eq!(folder.flavor(&["inspect", "--json", "whl.psp"]).json()["package"]["version"], "1.2");
    folder.flavor(&["pack", wheel, "--entry", "other", "--output", "other.psp"]).succeeds();
    assert_eq!(run(&folder, "other.psp", &[]), "other\n");
    folder.flavor(&["check", wheel, "--entry", "othr"]).fails(1, &["--entry", "did you mean `other`?"]);
    for (name, words) in [
        ("whl-1.2-cp312-cp312-macosx_11_0_arm64.whl", &["the wheel is for another platform", "macosx_11_0_arm64"][..]),
        ("whl.whl", &["not the name of a wheel"]),
    ] {
        fs::copy(folder.path(wheel), folder.path(name)).unwrap();
        folder.flavor(&["pack", name]).fails(1, words);
    }

    let packed = folder.flavor(&["pack", "--from", "pyflakes", "pyflakes", "--output", "flakes.psp"]).succeeds();
    assert!(packed.stderr.contains("the newest that fits: --from 'pyflakes=="), "{packed:#?}");
    folder.write("bad.py", "import os\n");
    let mut flakes = folder.package("flakes.psp", &["bad.py"]);
    let flakes = Run::of(flakes.current_dir(folder.path("")));
    assert_eq!((flakes.code, &*flakes.stdout), (Some(1), "bad.py:1:1: 'os' imported but unused\n"));
    folder.flavor(&["check", "--from", "flavor-no-such-package-1a2b3c"]).fails(1, &["does not exist"]);
    folder
        .flavor(&["check", "--from", "docopt==0.6.2"])
        .fails(1, &["no command of its own", "--entry module:function"]);
    folder.flavor(&["check", "--from", "!x"]).fails(2, &["--from", "httpie"]);
}

#[test]
fn web_applications_are_served_by_a_server_among_the_dependencies() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let text = |more: &str| {
        format!(
            "[project]\nname = 'webapp'\nversion = '1'\ndependencies = ['waitress==3.0.2']\n[tool.flavor]\nentry_point = 'webapp:create_app'\n\
             {QUICK}{more}[[tool.flavor.slots]]\nid = 'templates'\nsource = 'templates/'\n"
        )
    };
    folder.write("templates/x.html", "page");
    let app = "import os\ndef create_app():\n    page = open(os.environ['FLAVOR_WORKENV'] + '/templates/x.html').read()\n    \
        def application(environ, start_response):\n        start_response('200 OK', [])\n        return [page.encode()]\n    \
        return application\n";
    folder.write("webapp/__init__.py", app);
    folder.write("pyproject.toml", text(""));
    let checked = folder.flavor(&["check"]).succeeds();
    let is_said = ["makes a web application", "wsgi = true"].iter().all(|said| checked.stderr.contains(said));
    assert!(is_said, "{checked:#?}");
    folder.write("pyproject.toml", text("wsgi = true\n"));
    assert_eq!(folder.flavor(&["check"]).succeeds().stderr, "");
    folder.flavor(&["pack", "--output", "web.psp"]).succeeds();
    let help = run(&folder, "web.psp", &["--help"]);
    assert!(help.contains("waitress") && help.contains("--listen"), "{help}");
    let script = "import socket, subprocess, sys, time, urllib.request\ns = socket.socket(); s.bind(('127.0.0.1', 0)); port = s.getsockname()[1]; s.close()\n\
        server = subprocess.Popen([sys.argv[1], '--listen', f'127.0.0.1:{port}'])\n\
        for attempt in range(600):\n    try:\n        print(urllib.request.urlopen(f'http://127.0.0.1:{port}/', timeout=10).read().decode()); break\n    \
        except OSError:\n        time.sleep(0.1)\nserver.terminate(); server.wait()\n";
    let mut client = Command::new("python3");
    client.args(["-c", script]).arg(folder.path("web.psp")).env("HOME", folder.path("home"));
    assert_eq!(Run::of(&mut client).succeeds().stdout, "page\n");
    folder.write("pyproject.toml", text("asgi = true\n"));
    folder.flavor(&["pack"]).fails(1, &["`tool.flavor.asgi`", "uvicorn, hypercorn"]);
}

/// Layouts in which setuptools finds nothing, or the wrong thing, by itself.
#[test]
fn flat_layouts_are_packed() {
    if !pspf_test_support::has_uv() {
        return;
    }
    for build in ["", SETUPTOOLS] {
        let folder = Folder::new();
        folder.write(
            "pyproject.toml",
            format!(
                "{build}[project]\nname = 'ml'\nversion = '1'\n[tool.flavor]\nentry_point = 'model:predict'\n{QUICK}\
                 [[tool.flavor.slots]]\nid = 'models'\nsource = 'trained_models/'\n"
            ),
        );
        folder.write(
            "model.py",
            "import os, helper.x\ndef predict(): print(helper.x.X, os.listdir(os.environ['FLAVOR_WORKENV'] + '/trained_models'))\n",
        );
        folder.write("helper/x.py", "X = 5\n");
        folder.write("trained_models/m.bin", "m");
        folder.write("assets/a.txt", "a");
        let packed = folder.flavor(&["pack", "--output", "ml.psp"]).succeeds();
        assert_eq!(run(&folder, "ml.psp", &[]), "5 ['m.bin']\n");
        // A build backend leaves it out, and that is said.
        assert_eq!(packed.stderr.contains("assets/ is no package"), !build.is_empty(), "{packed:#?}");
    }
}
