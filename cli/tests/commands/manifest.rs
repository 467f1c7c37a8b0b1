//! What the manifest's keys do: projects that use them, packed with real uv, and run.
//!
//! Together with `check.rs` (values that are refused, variables, slots), `index.rs`, `native_code.rs` (`strip`), `python.rs` (dynamic
//! versions) and `../manifest_reference.rs` (every key is read) this covers each row of the list of keys that the published tool ignores.

use super::process::{Folder, Run};
use serde_json::Value;
use std::{fs, process::Command};

const SETUPTOOLS: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n";

const KIT: &str = r#"
[project]
name = "kit"
version = "1.0"
requires-python = ">=3.8"
[project.scripts]
kit = "kit.cli:main"
kit-admin = "kit.cli:admin"
broken = "kit.nowhere:main"
[project.gui-scripts]
kit-gui = "kit.cli:Gui.run"
[project.entry-points."kit.plugins"]
one = "kit.cli:main"
[project.optional-dependencies]
more = ["iniconfig==2.0.0"]
[tool.setuptools.packages.find]
where = ["src"]
[tool.setuptools.package-data]
kit = ["*.txt"]
[tool.flavor]
type = "cli"
platforms = ["linux_amd64", "linux_arm64"]
python.min_version = "3.11"
[tool.flavor.execution]
args = ["--from-manifest", "two words"]
timeout = 600
min_memory = "1MB"
max_memory = "64GB"
max_cpu_seconds = 500
working_directory = "etc"
[tool.flavor.execution.runtime.env]
unset = ["SECRET_*", "FLAVOR_*"]
set = { PLAIN = "a", PLACE = "$FLAVOR_WORKENV/data", NUMBER = 3 }
map = { OLD = "NEW" }
[tool.flavor.execution.runtime_env.set_vars]
RATE_LIMIT = 1000
[tool.flavor.build]
dependencies = ["wheel>=0.38", "./lib"]
extra_packages = ["six"]
exclude = ["secret.py"]
exclude_from_deps = ["six-*/LICENSE"]
pre_build = ["echo generated > src/kit/made.txt", "scripts/prep.py"]
post_build = "\"$FLAVOR_PACKAGE\" hook > from-hook.txt"
env = { BUILD_MARK = "no", OTHER = "x" }
platform.linux_amd64.env = { BUILD_MARK = "yes" }
platform.linux_arm64.env = { BUILD_MARK = "yes" }
compression_level = 1
seed = "${FLAVOR_TEST_SEED}"
deterministic = false
[tool.flavor.hooks]
post_extract = ["python {workenv}/data/setup.py"]
[tool.flavor.runtime]
optimization_level = 1
strip_docstrings = true
[tool.flavor.policy]
require_env = ["HOME"]
[tool.flavor.security.integrity]
verify_cache = "full"
[tool.flavor.conditions.linux]
description = "On Linux"
[tool.flavor.metadata]
builder = "CI ${FLAVOR_TEST_RUN}"
build_host = "machine"
custom = { team = "x", nested = { commit = "${FLAVOR_TEST_RUN}" }, n = 3 }
[[tool.flavor.slots]]
id = "data"
source = "data/"
purpose = "data-files"
lifecycle = "persistent"
[[tool.flavor.slots]]
id = "conf"
source = "config/**/*.json"
extract_to = "{workenv}/etc/conf"
purpose = "configuration"
compression = "gzip"
platform = "linux"
size_hint = "1MB"
"#;

const KIT_CLI: &str = r#"
"""Doc."""
import os, sys

def show(which):
    import lpkg, six
    env = os.environ.get
    print(which, os.path.basename(sys.argv[0]), sys.argv[1:], env("PLAIN"), os.path.basename(env("PLACE", "")), env("NUMBER"), env("RATE_LIMIT"), env("NEW"), env("SECRET_A"))
    here = os.path.dirname(__file__)
    print(sys.flags.optimize, __doc__, show.__doc__, open(here + "/made.txt").read().strip(), lpkg.X, env("FLAVOR_COMMAND"))
    print(os.path.exists(here + "/tests"), os.path.exists(here + "/secret.py"), [name for name in os.listdir(os.path.dirname(here)) if name == "six.py"])
    tree = env("FLAVOR_WORKENV")
    from importlib.metadata import entry_points
    from iniconfig import IniConfig
    print([point.load() is main for point in entry_points(group="kit.plugins")], os.path.basename(os.getcwd()))
    print(open(tree + "/data/made").read(), sorted(os.listdir(tree + "/etc/conf")), sorted(os.listdir(tree + "/etc/conf/b")))

def main():
    """Shows."""
    show("main")

def admin():
    show("admin")

class Gui:
    @staticmethod
    def run():
        show("gui")
"#;

fn kit() -> Folder {
    let folder = Folder::new();
    folder.write("kit/pyproject.toml", format!("{SETUPTOOLS}{KIT}"));
    folder.write("kit/src/kit/cli.py", KIT_CLI);
    folder.write("kit/src/kit/__init__.py", "");
    folder.write("kit/src/kit/secret.py", "");
    folder.write("kit/src/kit/tests/__init__.py", "");
    folder.write(
        "kit/scripts/prep.py",
        "import os\nopen('prep.out', 'w').write(os.environ['BUILD_MARK'] + os.environ['OTHER'])\n",
    );
    folder.write(
        "kit/data/setup.py",
        "import os\nopen(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'made'), 'w').write('set up')\n",
    );
    for path in ["config/a.json", "config/b/c.json", "config/b/d.yaml"] {
        folder.write(&format!("kit/{path}"), "{}");
    }
    let lib = "[project]\nname = 'lpkg'\nversion = '2'\n[tool.setuptools]\npackages = ['lpkg']\n";
    folder.write("kit/lib/pyproject.toml", format!("{SETUPTOOLS}{lib}"));
    folder.write("kit/lib/lpkg/__init__.py", "X = 7\n");
    folder
}

fn metadata(folder: &Folder, package: &str) -> Value {
    folder.flavor(&["inspect", "--json", package]).succeeds().json()["metadata"].clone()
}

#[test]
fn a_project_that_uses_most_keys() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = kit();
    let mut command = folder.command();
    command.args(["pack", "--manifest", "kit/pyproject.toml", "--output", "kit.psp", "--extra", "more"]);
    command.args(["--validate-before-sign", "--test-command", "kit-admin 'a word'"]);
    command.envs([("FLAVOR_TEST_RUN", "7"), ("FLAVOR_TEST_SEED", "seed"), ("FLAVOR_VERSION", "3.5")]);
    let run = Run::of(&mut command).succeeds().says(&["from [tool.flavor.security]", "kit 3.5"]);
    assert!(run.stderr.contains("the command broken will not start: the entry point's module kit.nowhere"), "{run:#?}");
    assert!(run.stderr.contains("`tool.flavor.execution.runtime_env`: is an old spelling"), "{run:#?}");
    assert_eq!(folder.bytes("kit/prep.out"), b"yesx");
    assert!(folder.bytes("kit/from-hook.txt").starts_with(b"main kit ['--from-manifest', 'two words', 'hook']"));

    let document = metadata(&folder, "kit.psp");
    assert_eq!(document["package"]["description"], "On Linux");
    assert_eq!(document["package"]["type"], "cli");
    assert_eq!((&document["build"]["builder"], &document["build"]["build_host"]), (&"CI 7".into(), &"machine".into()));
    assert_eq!(document["build"]["deterministic"], false);
    assert_ne!(document["build"]["timestamp"], "2025-01-01T00:00:00+00:00");
    assert_eq!(document["custom"], serde_json::json!({"team": "x", "nested": {"commit": "7"}, "n": 3}));
    assert_eq!(document["policy"]["require_env"], serde_json::json!(["HOME"]));
    assert_eq!(document["policy"]["verify_cache"], "full");
    assert_eq!(
        (&document["execution"]["timeout"], &document["execution"]["max_memory"]),
        (&600.into(), &64_000_000_000_u64.into())
    );
    assert_eq!(
        (&document["execution"]["min_memory"], &document["execution"]["max_cpu_seconds"]),
        (&1_000_000.into(), &500.into())
    );
    let (data, conf) = (&document["slots"][2], &document["slots"][3]);
    assert_eq!(
        (&data["purpose"], &data["purpose_name"], &data["lifecycle"]),
        (&"data".into(), &"data-files".into(), &"persistent".into())
    );
    assert_eq!((&conf["purpose"], &conf["purpose_name"]), (&"config".into(), &"configuration".into()));
    assert_eq!((&conf["operations"], &conf["size_hint"]), (&"tar.gz".into(), &1_000_000.into()));
    assert_eq!(conf["platform"], "linux");

    let start = |name: &str, variables: &[(&str, &str)], words: &[&str]| {
        let mut command = folder.package(name, words);
        Run::of(command.envs(variables.iter().copied()))
    };
    let rest = "1 None None generated 7 None\nTrue False ['six.py']\n[True] etc\nset up ['a.json', 'b'] ['c.json']\n";
    let run = start("kit.psp", &[("OLD", "old"), ("SECRET_A", "x")], &["user"]).succeeds();
    assert_eq!(run.stdout, format!("main kit ['--from-manifest', 'two words', 'user'] a data 3 1000 old None\n{rest}"));
    std::os::unix::fs::symlink("kit.psp", folder.path("kit-admin")).unwrap();
    start("kit-admin", &[], &[]).succeeds().says(&["admin kit-admin ["]);
    start("kit-admin", &[("FLAVOR_COMMAND", "kit-gui")], &[]).succeeds().says(&["gui kit-gui ["]);
    start("kit.psp", &[("FLAVOR_COMMAND", "nope")], &[]).fails(2, &["kit: there is no command 'nope'", "kit-admin"]);
}

#[test]
fn hooks_and_keys_that_do_not_fit_stop_packing() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = kit();
    let text = fs::read_to_string(folder.path("kit/pyproject.toml")).unwrap();
    let pack = |text: String, words: &[&str], variables: &[(&str, &str)]| {
        folder.write("kit/pyproject.toml", text);
        let mut command = folder.command();
        command.args(["pack", "--manifest", "kit/pyproject.toml", "--output", "kit.psp", "--quiet"]).args(words);
        let run = Run::of(command.env("FLAVOR_TEST_RUN", "7").envs(variables.iter().copied()));
        assert!(!folder.path("kit.psp").exists());
        run
    };
    let seed = [("FLAVOR_TEST_SEED", "s")];
    let run = pack(text.replace("\"scripts/prep.py\"", "\"echo so; false\""), &[], &seed);
    let run = run.fails(1, &["hook", "`echo so; false` of hooks.pre_build ended with exit code 1", "so"]);
    assert_eq!(run.errors(), 1, "{run:#?}");
    pack(text.clone(), &[], &[]).fails(1, &["`tool.flavor.build.seed`", "FLAVOR_TEST_SEED is not set"]);
    let other = format!("[tool.flavor.security]\nallowed_signers = ['SHA256:{}']\n", "ab".repeat(32));
    pack(format!("{text}{other}"), &[], &seed).fails(1, &["does not allow this key", "from [tool.flavor.security]"]);
    folder.flavor(&["keygen"]).succeeds();
    folder.flavor(&["keygen", "--out-dir", "other"]).succeeds();
    let keys = "[tool.flavor.security]\nprivate_key_path = '../keys/flavor-private.key'\npublic_key_path = '../other/flavor-public.key'\n";
    let unseeded = text.replace("seed = \"${FLAVOR_TEST_SEED}\"\n", "");
    pack(format!("{unseeded}{keys}"), &[], &[]).fails(1, &["does not belong to the private key", "public_key_path"]);
    let absent = text.replace("python.min_version = \"3.11\"", "python_version = \"3.99\"");
    pack(absent, &["--key-seed", "k"], &seed).fails(1, &["3.99"]);
    let narrow = text.replace("python.min_version = \"3.11\"", "python.min_version = \"3.98\"");
    pack(narrow, &[], &seed).fails(1, &[">=3.98"]);
    let launchers = "[[tool.flavor.launchers]]\nplatform = 'linux_amd64'\nbinary = 'data/setup.py'\n";
    folder.write("kit/pyproject.toml", format!("{text}{launchers}"));
    let mut command = folder.command();
    command.args(["pack", "--manifest", "kit/pyproject.toml", "--quiet"]).env_remove("FLAVOR_LAUNCHER_BIN");
    let run = Run::of(command.env("FLAVOR_TEST_RUN", "7").envs(seed));
    run.fails(1, &["kit/data/setup.py", "this is not a launcher", "`tool.flavor.launchers`"]);
}

#[test]
fn a_project_with_setup_py_alone_is_installed_by_pip_in_an_environment_of_its_own() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let setup = "import marker\nfrom setuptools import setup\nsetup(name='Old-Tool', version='0.' + marker.N, packages=['old', 'old.tests'], install_requires=['six'], entry_points={'console_scripts': ['old-tool = old.cli:main']})\n";
    let note = "import os\nopen(os.environ['OUT'], 'w').write(os.environ['SSL_CERT_FILE'])\n";
    folder.write("old/setup.py", setup.replace("import marker\n", note).replace("marker.N", "'3'"));
    folder.write("old/old/__init__.py", "");
    folder.write("old/old/tests/__init__.py", "");
    folder.write("old/old/cli.py", "import os, sys\ndef main():\n    import six\n    from old import tests\n    print(six.__version__, sys.argv[1:], os.getcwd())\nif __name__ == '__main__':\n    main()\n");
    let certificates = std::env::var_os("SSL_CERT_FILE").unwrap_or_else(|| "/etc/ssl/certs/ca-certificates.crt".into());
    let mut command = folder.command();
    command.args(["check", "--manifest", "old/setup.py", "--show-config"]).env("OUT", folder.path("certificates"));
    let run = Run::of(command.env_remove("SSL_CERT_FILE").env("REQUESTS_CA_BUNDLE", &certificates)).succeeds();
    assert_eq!(folder.bytes("certificates"), certificates.as_encoded_bytes());
    run.says(&["project.name = \"Old-Tool\"", "project.version = \"0.3\"", "# build backend", "old.cli:main"]);
    folder.flavor(&["pack", "--manifest", "old/pyproject.toml"]).fails(2, &["--manifest old/setup.py"]);

    // The version needs a module that only the commands for the build environment bring.
    folder.write("old/setup.py", setup);
    folder.write("old/requirements.txt", "six==1.16.0\n");
    folder.write("old/marker/setup.py", "from setuptools import setup\nsetup(name='marker', py_modules=['marker'])\n");
    folder.write("old/marker/marker.py", "N = '4'\n");
    folder.write("old/old/data.bin", "x");
    let text = "[project]\nname = 'Old-Tool'\ndynamic = ['version', 'dependencies', 'scripts']\n[tool.flavor.execution]\ncommand = '{workenv}/bin/python -m old.cli'\n\
        [tool.flavor.runtime]\ncompile_bytecode = false\n[tool.flavor.build]\nuse_pip = true\nvenv_path = '../venv'\npre_install_commands = ['pip install --quiet --no-build-isolation ./marker']\n\
        requirements_file = 'requirements.txt'\ninclude_tests = true\ninclude = ['old/**/*.py', 'marker/*']\ncompression_level = 1\ndependencies = ['wheel']\n";
    folder.write("old/pyproject.toml", text);
    folder
        .flavor(&["pack", "--manifest", "old/pyproject.toml", "--output", "old.psp"])
        .succeeds()
        .says(&["Old-Tool 0.4"]);
    let settings = |venv: &str| String::from_utf8(folder.bytes(&format!("{venv}/pyvenv.cfg"))).unwrap();
    assert!(settings("venv").contains("include-system-site-packages = false"), "{}", settings("venv"));
    // A module of the caller's directory is not taken for the package's.
    folder.write("elsewhere/old/cli.py", "print('wrong')\n");
    let run = Run::of(folder.package("old.psp", &["x"]).current_dir(folder.path("elsewhere"))).succeeds();
    assert!(run.stdout.starts_with("1.16.0 ['x'] "), "{run:#?}");
    folder.flavor(&["extract", "old.psp", "app", "--unpack", "app"]).succeeds();
    let listing = folder.listing();
    assert!(
        listing.iter().any(|name| name.ends_with("old/tests/__init__.py"))
            && !listing.iter().any(|name| name.starts_with("app") && name.ends_with(".pyc")),
        "{listing:#?}"
    );
    let text = text.replace("/bin/python -m", "/bin/nowhere -m");
    let text = text.replace("venv_path = '../venv'", "venv_path = '../other'\nsystem_site_packages = true");
    folder.write("old/pyproject.toml", text);
    folder.flavor(&["pack", "--manifest", "old/pyproject.toml"]).fails(1, &["the package has no bin/nowhere"]);
    assert!(settings("other").contains("include-system-site-packages = true"), "{}", settings("other"));
}

#[test]
fn the_lock_file_says_the_versions_and_the_group_dev_comes_when_asked_for() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let text = format!(
        "{SETUPTOOLS}[project]\nname = 'locked'\nversion = '1'\nrequires-python = '>=3.8'\ndependencies = ['six<1.17']\n[dependency-groups]\ndev = ['iniconfig==2.0.0']\n\
         [tool.setuptools]\npy-modules = ['locked']\n[tool.flavor]\nentry_point = 'locked:main'\n[tool.flavor.runtime]\ncompile_bytecode = false\n[tool.flavor.build]\nno_dev_deps = false\ncompression_level = 1\nstrip = true\n"
    );
    folder.write("app/pyproject.toml", text.replace("six<1.17", "six==1.15.0"));
    folder.write(
        "app/locked.py",
        "def main():\n    import six, iniconfig\n    print(six.__version__, iniconfig.__name__)\n",
    );
    let uv = pspf_test_support::uv().unwrap();
    let lock = || {
        let mut command = Command::new(&uv);
        command.args(["lock", "--quiet", "--directory"]).arg(folder.path("app"));
        Run::of(command.env("UV_CACHE_DIR", folder.path("uv-cache")).env_remove("VIRTUAL_ENV")).succeeds();
    };
    lock();
    // The lock fits the wider requirement too; only with it is 1.15.0 taken.
    folder.write("app/pyproject.toml", text.replace("six<1.17", "six>=1.14"));
    let run = folder.flavor(&["pack", "--manifest", "app/pyproject.toml", "--output", "x.psp", "--quiet"]);
    run.fails(1, &["uv.lock", "uv lock"]);
    lock();
    folder.flavor(&["pack", "--manifest", "app/pyproject.toml", "--output", "x.psp", "--quiet"]).succeeds();
    Run::of(&mut folder.package("x.psp", &[])).succeeds().says(&["1.15.0 iniconfig"]);
}

#[test]
fn a_poetry_project_is_built_by_its_backend() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let text = "[build-system]\nrequires = ['poetry-core']\nbuild-backend = 'poetry.core.masonry.api'\n\
        [tool.poetry]\nname = 'poem'\nversion = '1.2'\ndescription = 'x'\nauthors = []\n[tool.poetry.dependencies]\npython = '^3.8'\nsix = '^1.15'\n\
        [tool.poetry.scripts]\npoem = 'poem:main'\n[tool.flavor.build]\ncompression_level = 1\n[tool.flavor.runtime]\ncompile_bytecode = false\n";
    folder.write("pyproject.toml", text);
    folder.write("poem/__init__.py", "def main():\n    import six\n    print('poem', six.PY3)\n");
    folder.flavor(&["pack", "--output", "poem.psp"]).succeeds().says(&["poem 1.2"]);
    Run::of(&mut folder.package("poem.psp", &[])).succeeds().says(&["poem True"]);
}

#[test]
fn the_version_from_git_is_that_of_the_commit_whatever_the_copy_leaves_out() {
    if !pspf_test_support::has_uv() {
        return;
    }
    if !pspf_test_support::has(&["git"]) {
        return;
    }
    let folder = Folder::new();
    let text = "[build-system]\nrequires = ['setuptools>=64', 'setuptools-scm>=8']\nbuild-backend = 'setuptools.build_meta'\n\
        [project]\nname = 'tagged'\ndynamic = ['version']\n[tool.setuptools]\npy-modules = ['tagged']\n[tool.setuptools_scm]\nroot = '../..'\n\
        [tool.flavor]\nentry_point = 'tagged:main'\n[tool.flavor.runtime]\ncompile_bytecode = false\n\
        [tool.flavor.build]\ncompression_level = 1\nexclude = ['docs']\ndependencies = ['wheel']\n";
    folder.write("all/tools/tagged/pyproject.toml", text);
    folder.write(
        "all/tools/tagged/tagged.py",
        "def main():\n    import importlib.metadata\n    print(importlib.metadata.version('tagged'))\n",
    );
    for path in ["docs/a.md", "build/kept", "../other/module.py", "../../README"] {
        folder.write(&format!("all/tools/tagged/{path}"), "x");
    }
    let git = |place: &str, words: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder.path(place)).args(["-c", "user.name=x", "-c", "user.email=x@example.org"]);
        Run::of(command.args(words).env_remove("GIT_DIR")).succeeds()
    };
    for words in [&["init", "--quiet"][..], &["add", "--all"], &["commit", "--quiet", "-m", "x"], &["tag", "v2.3.4"]] {
        git("all", words);
    }
    git("all", &["worktree", "add", "--quiet", "../second"]);
    for place in ["all", "second"] {
        let manifest = format!("{place}/tools/tagged/pyproject.toml");
        folder.flavor(&["pack", "--manifest", &manifest, "--output", "x.psp"]).succeeds().says(&["tagged 2.3.4,"]);
        assert_eq!(Run::of(&mut folder.package("x.psp", &[])).succeeds().stdout, "2.3.4\n");
        assert_eq!(git(place, &["status", "--short"]).stdout, "");
    }
    folder.write("all/tools/tagged/tagged.py", "def main():\n    pass\n");
    let manifest = "all/tools/tagged/pyproject.toml";
    folder.flavor(&["pack", "--manifest", manifest, "--output", "x.psp"]).succeeds().says(&["tagged 2.3.5.dev0+"]);
}

#[test]
fn projects_in_other_folders_are_installed_whole_from_copies() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let settings = "[tool.flavor.runtime]\ncompile_bytecode = false\n[tool.flavor.build]\ncompression_level = 1\nrequirements_file = 'more.txt'\ndependencies = ['./third']\n";
    folder.write(
        "all/tools/app/pyproject.toml",
        format!(
            "{SETUPTOOLS}[project]\nname = 'app'\nversion = '1'\ndependencies = ['First_One', 'second']\n[tool.setuptools]\npy-modules = ['app']\n\
             [tool.uv.sources]\nFirst_One = {{ workspace = true }}\nsecond.path = '../../../second'\nsecond.editable = true\n\
             [tool.flavor]\nentry_point = 'app:main'\n{settings}"
        ),
    );
    folder.write(
        "all/tools/app/app.py",
        "def main():\n    import first, second, third, fourth\n    print(first.X + second.X + third.X + fourth.X)\n",
    );
    folder.write("all/tools/app/more.txt", "-e ./fourth\n");
    folder.write("all/pyproject.toml", "[tool.uv.workspace]\nmembers = ['tools/*', 'libs/*']\n");
    for (place, name, number) in [
        ("all/libs/one", "first", 1),
        ("second", "second", 2),
        ("all/tools/app/third", "third", 3),
        ("all/tools/app/fourth", "fourth", 4),
    ] {
        let project = if name == "first" { "first-one" } else { name };
        let text = format!(
            "{SETUPTOOLS}[project]\nname = '{project}'\nversion = '1'\n[tool.setuptools]\npy-modules = ['{name}']\n"
        );
        folder.write(&format!("{place}/pyproject.toml"), text);
        folder.write(&format!("{place}/{name}.py"), format!("X = '{number}'\n"));
    }
    let before = folder.listing();
    folder.flavor(&["pack", "--manifest", "all/tools/app/pyproject.toml", "--output", "x.psp"]).succeeds();
    let after: Vec<String> = folder.listing().into_iter().filter(|name| name != "x.psp").collect();
    assert_eq!(after, before, "packing left something behind");
    assert_eq!(Run::of(&mut folder.package("x.psp", &[])).succeeds().stdout, "1234\n");
    folder.write("p/fourth/pyproject.toml", folder.bytes("all/tools/app/fourth/pyproject.toml"));
    folder.write("p/fourth/fourth.py", "");
    folder.write("p/more.txt", "-e ./fourth\n");
    let text = "[project]\nname = 'p'\nversion = '1'\n[tool.setuptools]\npy-modules = ['fourth.fourth']\n[tool.flavor]\nentry_point = 'os:getcwd'\n[tool.flavor.build]\nuse_pip = true\nrequirements_file = 'more.txt'\n";
    folder.write("p/pyproject.toml", format!("{SETUPTOOLS}{text}"));
    folder
        .flavor(&["pack", "--manifest", "p/pyproject.toml", "--output", "y.psp"])
        .fails(1, &["fourth-1.dist-info is installed as editable"]);
}

const LISTING: &str = r#"
import os

def main():
    tree = os.environ["FLAVOR_WORKENV"]
    for folder, folders, files in os.walk(tree + "/s"):
        folders.sort()
        for name in sorted(files):
            path = folder + "/" + name
            mode = "link" if os.path.islink(path) else oct(os.stat(path).st_mode & 0o777)[2:]
            print(os.path.relpath(path, tree), mode, open(path).read().strip())
"#;

#[test]
fn slots_hold_what_the_hooks_have_made_and_what_the_patterns_mean() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let text = "[project]\nname = 'listing'\nversion = '1'\n[tool.setuptools]\npy-modules = ['listing']\n[tool.flavor]\nentry_point = 'listing:main'\n\
        [tool.flavor.runtime]\ncompile_bytecode = false\n[tool.flavor.build]\ncompression_level = 1\n\
        [tool.flavor.hooks]\npre_build = ['mkdir -p made && echo new > made/b.txt']\n";
    let slot = |id: &str, source: &str, more: &str| {
        format!("[[tool.flavor.slots]]\nid = '{id}'\nsource = '{source}'\nextract_to = 's/{id}'\n{more}\n")
    };
    let slots = [
        slot("all", "made/*.txt", ""),
        slot("one", "made/b.txt", "optional = true"),
        slot("choice", "pick/{a,b}.txt", ""),
        slot("links", "links/*", ""),
        slot("modes", "modes", "permissions = '0750'"),
        slot("none", "none/*.x", "optional = true"),
    ];
    folder.write("pyproject.toml", [SETUPTOOLS, text, &slots.concat()].concat());
    folder.write("listing.py", LISTING);
    for path in ["made/a.txt", "pick/a.txt", "pick/b.txt", "pick/c.txt", "links/file", "modes/x", "modes/y/z"] {
        folder.write(path, "old");
    }
    std::os::unix::fs::symlink("file", folder.path("links/link")).unwrap();
    folder.flavor(&["check"]).succeeds();
    let run = folder.flavor(&["pack", "--output", "x.psp"]).succeeds();
    assert!(run.stderr.contains("slot \"none\" is left out: its pattern finds no file"), "{run:#?}");
    assert!(!run.stderr.contains("slot \"one\""), "{run:#?}");
    let run = Run::of(&mut folder.package("x.psp", &[])).succeeds();
    let expected = "s/one 600 new\ns/all/a.txt 644 old\ns/all/b.txt 644 new\ns/choice/a.txt 644 old\ns/choice/b.txt 644 old\n\
        s/links/file 644 old\ns/links/link link old\ns/modes/x 750 old\ns/modes/y/z 750 old\n";
    assert_eq!(run.stdout, expected);
    // What is not there after them either is an error.
    let wrong = slot("wrong", "made/none.txt", "");
    folder.write("pyproject.toml", [SETUPTOOLS, text, &wrong].concat());
    folder
        .flavor(&["pack", "--output", "y.psp"])
        .fails(1, &["`tool.flavor.slots[0].source`", "cannot read \"made/none.txt\""]);
}

#[test]
fn the_build_backend_is_asked_with_the_variables_of_the_build() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = Folder::new();
    let setup = "import os\nfrom setuptools import setup\n\
        setup(name='asked', version='0.' + os.environ['MARK'], py_modules=['code'], entry_points={'console_scripts': ['asked = code:main']})\n";
    folder.write("setup.py", setup);
    folder.write("code.py", "def main():\n    pass\n");
    folder.write("pyproject.toml", format!("{SETUPTOOLS}[tool.flavor.build]\nenv = {{ MARK = '7' }}\n"));
    folder.flavor(&["check", "--show-config"]).succeeds().says(&["project.version = \"0.7\""]);
    // The standard library has a module of that name.
    let run = folder.flavor(&["pack", "--output", "x.psp"]);
    run.fails(1, &["the entry point's module code is Python's own code", "give the module another name"]);
}

/// What a manifest of the published builders says of the package and its limits is in the metadata, where the launcher reads it.
#[test]
fn a_json_manifest_keeps_limits_platforms_and_what_it_says_of_itself() {
    let folder = Folder::new();
    folder.write_executable("run.sh", "#!/bin/sh\npwd\nsleep 20\n");
    folder.write("data.txt", "x");
    folder.write(
        "app.json",
        r#"{"package": {"name": "app", "version": "1", "author": "A. Uthor", "license": "MIT", "homepage": "https://x.org/"},
            "execution": {"command": "{workenv}/run.sh", "working_directory": "sub", "timeout": 1, "min_memory": "1MB", "max_memory": "2GiB"},
            "slots": [{"id": "run", "source": "run.sh", "platform": "linux"}, {"id": "run.sh", "source": "run.sh"},
                      {"id": "other", "source": "data.txt", "platform": "windows_amd64"}, {"id": "sub/x", "source": "data.txt"}]}"#,
    );
    folder.flavor(&["pack", "--manifest", "app.json"]).fails(1, &["sub/x", "is not an identifier"]);
    let text = String::from_utf8(folder.bytes("app.json")).unwrap();
    folder.write("app.json", text.replace(r#""id": "sub/x""#, r#""id": "x", "target": "sub/x""#));
    let run = folder.flavor(&["pack", "--manifest", "app.json", "-o", "app.psp", "--verify", "--progress"]).succeeds();
    assert!(run.stderr.contains("slot \"other\" is left out: it is for windows_amd64"), "{run:#?}");
    let document = metadata(&folder, "app.psp");
    let package = &document["package"];
    assert_eq!((&package["author"], &package["license"]), (&"A. Uthor".into(), &"MIT".into()));
    assert_eq!(package["homepage"], "https://x.org/");
    let execution = &document["execution"];
    assert_eq!((&execution["working_directory"], &execution["timeout"]), (&"sub".into(), &1.into()));
    assert_eq!((&execution["min_memory"], &execution["max_memory"]), (&1_000_000.into(), &(2_u64 << 30).into()));
    assert_eq!(document["slots"][0]["platform"], "linux");
    // The launcher does what they say.
    let run = Run::of(&mut folder.package("app.psp", &[]));
    assert!(run.stdout.trim_end().ends_with("/sub") && run.stderr.contains("ended after 1 seconds"), "{run:#?}");
    for (from, to) in [(r#""timeout": 1"#, r#""timeout": 0"#), ("2GiB", "much"), ("\"windows_amd64\"", "\"beos\"")] {
        let text = String::from_utf8(folder.bytes("app.json")).unwrap();
        folder.write("wrong.json", text.replace(from, to));
        folder.flavor(&["pack", "--manifest", "wrong.json"]).fails(1, &["wrong.json"]);
    }
    folder.flavor(&["pack", "--builder-bin", "x"]).fails(2, &["flavor makes packages itself"]);
    folder.flavor(&["helpers", "build", "--lang", "go"]).fails(2, &["written in Rust"]);
}
