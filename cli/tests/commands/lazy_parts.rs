//! Modules that are unpacked when they are first imported: of the standard library, of dependencies, of slots.

use super::process::{Folder, Run};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

const PYPROJECT: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\n\
    [project]\nname = 'lazy'\nversion = '1.0'\nrequires-python = '>=3.8'\ndependencies = ['docopt==0.6.2', 'six']\n\
    scripts = { lazy = 'lazy:main' }\n[tool.setuptools]\npackages = ['lazy']\n\n\
    [tool.flavor.python]\nlazy_dependencies = ['Six', 'not-there-*']\n\
    [[tool.flavor.slots]]\nid = 'heavy'\nsource = 'heavy'\noperations = 'tar'\nlifecycle = 'lazy'\npython_path = true\n\
    [[tool.flavor.slots]]\nid = 'alone'\nsource = 'alone.py'\nlifecycle = 'lazy'\npython_path = true\n";

/// Runs what it is given.
const APP: &str = "import sys\ndef main():\n    exec(sys.argv[1], {'__name__': 'app'})\n";

/// A project whose program is [`APP`]; what its heavy slot holds is large enough to be killed in the middle of.
fn project() -> Folder {
    let folder = Folder::new();
    folder.write("project/pyproject.toml", PYPROJECT);
    folder.write("project/lazy/__init__.py", APP);
    folder.write("project/alone.py", "VALUE = 'alone'\n");
    folder.write("project/heavy/weighty/__init__.py", "VALUE = 'heavy'\n");
    folder.write("project/heavy/weighty/sub.py", "VALUE = 'sub'\n");
    folder.write("project/heavy/space/part.py", "VALUE = 'part'\n");
    for number in 0..4 {
        folder.write(&format!("project/heavy/weighty/data{number}"), vec![number; 6_000_000]);
    }
    folder
}

fn pack(folder: &Folder, output: &str, more: &[&str]) -> Run {
    let words = ["pack", "--manifest", "project/pyproject.toml", "--output", output, "--key-seed", "k", "--level", "1"];
    folder.flavor(&[&words[..], more].concat())
}

fn run(folder: &Folder, code: &str) -> Run {
    Run::of(&mut folder.package("lazy.psp", &[code]))
}

/// Trees of slots, without those in the making.
fn unpacked(folder: &Folder) -> Vec<String> {
    let trees = fs::read_dir(folder.path("home/.cache/flavor/workenv")).unwrap();
    let names = trees.map(|tree| tree.unwrap().file_name().into_string().unwrap());
    let mut slots: Vec<String> = names.filter_map(|name| Some(name.split_once(".slot")?.1.to_owned())).collect();
    slots.sort();
    slots
}

/// The interpreter of the work environment, with no variable but what is given.
fn interpreter(folder: &Folder, words: &[&str]) -> Command {
    let trees = fs::read_dir(folder.path("home/.cache/flavor/workenv")).unwrap();
    let tree = trees.map(|tree| tree.unwrap().path()).find(|path| path.join("bin/python3").exists()).unwrap();
    let mut command = Command::new(tree.join("bin/python3"));
    command.env_clear().args(words);
    command
}

fn remove_slots(folder: &Folder) {
    for tree in fs::read_dir(folder.path("home/.cache/flavor/workenv")).unwrap() {
        let path: PathBuf = tree.unwrap().path();
        if path.to_string_lossy().contains(".slot") {
            fs::remove_dir_all(path).unwrap();
        }
    }
}

#[test]
fn modules_are_unpacked_when_they_are_imported() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = project();
    pack(&folder, "lazy.psp", &[]).succeeds();
    not_before_they_are_imported(&folder);
    many_processes_import_at_once_and_a_killed_one_leaves_nothing_half(&folder);
    what_cannot_be_unpacked_is_an_import_error_with_the_reason(&folder);
}

fn not_before_they_are_imported(folder: &Folder) {
    // Looking for them is not importing them; what is nowhere stays so; metadata is there.
    let look = "import importlib.util as u, importlib.metadata as m, sys\n\
        print(u.find_spec('weighty').submodule_search_locations, u.find_spec('nope'), m.version('six'))\n\
        print([bool(u.find_spec(name)) for name in ('alone', 'six', 'tkinter', 'ensurepip')])\n\
        print(type(sys.meta_path[-1]), sys.meta_path[-1].__name__)\n";
    run(folder, look).succeeds().says(&["[] None 1.", "[True, True, True, True]", "_FlavorLazy"]);
    assert_eq!(unpacked(folder), [""; 0]);
    let import = "import weighty, weighty.sub, space.part, alone, six, ensurepip, os\n\
        print(weighty.VALUE, weighty.sub.VALUE, space.part.VALUE, alone.VALUE, six.PY3, ensurepip.version() > '')\n\
        print(os.path.isfile(weighty.__spec__.origin), weighty.__loader__.__class__.__name__, six.__file__ == six.__spec__.origin)\n\
        try:\n    import weighty.nope\nexcept ModuleNotFoundError as error:\n    print(error)\n";
    let expected = "heavy sub part alone True True\nTrue SourceFileLoader True\nNo module named 'weighty.nope'\n";
    for _time in ["first", "second"] {
        assert_eq!(run(folder, import).succeeds().stdout, expected);
    }
    assert_eq!(unpacked(folder).len(), 4, "{:?}", unpacked(folder));
    // In children that know nothing, and in all kinds that multiprocessing makes.
    remove_slots(folder);
    let child = "import subprocess, sys\n\
        code = 'import weighty, alone, six; print(weighty.VALUE, alone.VALUE, six.PY3)'\n\
        print(subprocess.run([sys.executable, '-I', '-c', code], env={}, capture_output=True, text=True))\n\
        print(subprocess.run([sys.executable, '-I', '-m', 'ensurepip', '--version'], env={}, capture_output=True, text=True))\n";
    run(folder, child).succeeds().says(&["heavy alone True\\n', stderr='')", "pip "]);
    remove_slots(folder);
    let spawned = "import multiprocessing as m\n\
        for method in ('fork', 'spawn', 'forkserver'):\n    \
        with m.get_context(method).Pool(3) as pool:\n        \
        print(method, set(pool.map(exec, ['import weighty; assert weighty.VALUE'] * 9)))\n";
    let spawned = run(folder, spawned).succeeds();
    assert_eq!(spawned.stdout, "fork {None}\nspawn {None}\nforkserver {None}\n");
    // What is not on the path of a virtual environment is not found there, the standard library is.
    let venv = "import sys, subprocess, os\n\
        subprocess.run([sys.executable, '-m', 'venv', '--without-pip', 'v'], check=True)\n\
        code = 'import importlib.util as u; print([bool(u.find_spec(n)) for n in (\"six\", \"weighty\", \"ensurepip\")])'\n\
        print(subprocess.run(['v/bin/python', '-I', '-c', code], capture_output=True, text=True))\n";
    let venv = Run::of(folder.package("lazy.psp", &[venv]).current_dir(folder.path("project"))).succeeds();
    assert!(venv.stdout.contains("[False, False, True]"), "{venv:#?}");
    folder.flavor(&["verify", "lazy.psp", "--deep"]).succeeds();
    // All slots over one root are an ordinary tree.
    let mut extract = folder.package("lazy.psp", &["extract", "whole"]);
    Run::of(extract.env("FLAVOR_LAUNCHER_CLI", "1").current_dir(folder.path(""))).succeeds();
    let whole = folder.path("whole/bin/python3");
    let run = Run::of(Command::new(whole).args(["-I", "-c", "import six, ensurepip; print(six.__file__)"])).succeeds();
    assert!(run.stdout.starts_with(folder.path("whole/lib").to_str().unwrap()), "{run:#?}");
}

fn many_processes_import_at_once_and_a_killed_one_leaves_nothing_half(folder: &Folder) {
    let import = "import weighty; print(weighty.VALUE, *[len(open(f'{weighty.__path__[0]}/data{n}', 'rb').read()) for n in range(4)])";
    for round in 0..3 {
        remove_slots(folder);
        // Killed at another moment in each round, with its launcher.
        let mut killed = interpreter(folder, &["-I", "-c", import]);
        killed.stdout(Stdio::null()).stderr(Stdio::null());
        let mut killed = std::os::unix::process::CommandExt::process_group(&mut killed, 0).spawn().unwrap();
        thread::sleep(Duration::from_millis(40 + 40 * round));
        let group = format!("-{}", killed.id());
        Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status().unwrap();
        killed.wait().unwrap();
        thread::scope(|scope| {
            let all: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Run::of(&mut interpreter(folder, &["-I", "-c", import])))).collect();
            for one in all {
                assert_eq!(one.join().unwrap().succeeds().stdout, "heavy 6000000 6000000 6000000 6000000\n");
            }
        });
        assert_eq!(unpacked(folder), ["2"]);
        let hidden = |name: &String| name.contains("/.lazy-") && name.matches('/').count() == 4;
        assert_eq!(folder.listing().into_iter().find(hidden), None);
    }
}

fn what_cannot_be_unpacked_is_an_import_error_with_the_reason(folder: &Folder) {
    remove_slots(folder);
    let import = |words: &[&str]| {
        let run = Run::of(&mut interpreter(folder, &["-I", "-c", "import weighty"]));
        run.fails(1, &[&["ImportError: weighty is in the slot heavy of the package"], words].concat())
    };
    let package = folder.path("lazy.psp");
    fs::rename(&package, folder.path("moved.psp")).unwrap();
    import(&["lazy.psp", "is not there any more", "start it again from where it is now"]);
    // A byte of the slot, after a first start that has seen every byte.
    let mut bytes = folder.bytes("moved.psp");
    let marker = b"VALUE = 'heavy'";
    let at = bytes.windows(marker.len()).position(|window| window == marker).unwrap();
    bytes[at] ^= 1;
    folder.write_executable("lazy.psp", "");
    fs::write(&package, &bytes).unwrap();
    import(&["is not what its publisher signed", "SHA-256"]);
    fs::write(&package, "#!/bin/sh\necho evil > evil\n").unwrap();
    import(&["this is not a whole package"]);
    assert!(!Path::new("evil").exists() && unpacked(folder).is_empty());
    // Back in its place.
    fs::rename(folder.path("moved.psp"), &package).unwrap();
    Run::of(&mut interpreter(folder, &["-I", "-c", "import weighty"])).succeeds();
    // A tree that is no work environment has nobody to ask.
    let tree = interpreter(folder, &[]).get_program().to_owned();
    let tree = Path::new(&tree).parent().unwrap().parent().unwrap();
    Run::of(Command::new("cp").arg("-a").arg(tree).arg(folder.path("copy"))).succeeds();
    fs::remove_dir_all(folder.path("copy/.pspf")).unwrap();
    let copy = Run::of(Command::new(folder.path("copy/bin/python3")).args(["-I", "-c", "import alone"]));
    copy.fails(1, &["ImportError: alone is in the slot alone", "No such file"]);
}

#[test]
fn a_package_for_the_published_launchers_has_everything_from_the_start() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = project();
    let document = pack(&folder, "compat.psp", &["--compat", "--json"]).succeeds().json();
    let ids: Vec<_> = document["slots"].as_array().unwrap().iter().map(|slot| slot["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["runtime", "app", "heavy", "alone"]);
    let run =
        Run::of(&mut folder.package("compat.psp", &["import six, ensurepip, weighty; print(six.PY3, weighty.VALUE)"]));
    assert_eq!(run.succeeds().stdout, "True heavy\n");
}

#[test]
fn modules_are_looked_for_in_lazy_slots_only() {
    let folder = Folder::new();
    folder.write("pyproject.toml", PYPROJECT.replace("lifecycle = 'lazy'\n", ""));
    folder.write("lazy/__init__.py", APP);
    folder.write("alone.py", "");
    folder.write("heavy/x.py", "");
    folder.flavor(&["check"]).fails(1, &["slots[0].python_path", "lifecycle = \"lazy\""]);
    folder.write("pyproject.toml", PYPROJECT.replace("'heavy'\nsource", "'python-tk'\nsource"));
    folder.flavor(&["check"]).fails(1, &["\"python-tk\" is made by packing itself"]);
}
