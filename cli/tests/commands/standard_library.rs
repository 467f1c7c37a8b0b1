//! The standard library of packages: windows, extensions that are built inside, and where `sysconfig` says that everything is.

use super::process::{Folder, Run};
use std::process::Command;

const PYPROJECT: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\n\
    [project]\nname = 'app'\nversion = '1.0'\nrequires-python = '>=3.8'\ndependencies = ['setuptools']\n\
    scripts = { app = 'app:main' }\n[tool.setuptools]\npackages = ['app']\n";

/// Runs what it is given.
const APP: &str = "import sys\ndef main():\n    code = sys.argv.pop(1)\n    exec(code, {'__name__': 'app'})\n";

fn packed(more: &[&str]) -> Folder {
    let folder = Folder::new();
    folder.write("project/pyproject.toml", PYPROJECT);
    folder.write("project/app/__init__.py", APP);
    let words =
        ["pack", "--manifest", "project/pyproject.toml", "--output", "app.psp", "--key-seed", "k", "--level", "1"];
    folder.flavor(&[&words[..], more].concat()).succeeds();
    folder
}

fn run(folder: &Folder, code: &str) -> Run {
    Run::of(&mut folder.package("app.psp", &[code]))
}

/// A module in C, for the interpreter that includes it.
const EXTENSION: &str = "#include <Python.h>\n\
    static struct PyModuleDef module = { PyModuleDef_HEAD_INIT, \"tiny\", 0, -1, 0 };\n\
    PyMODINIT_FUNC PyInit_tiny(void) {\n    \
        PyObject *made = PyModule_Create(&module);\n    \
        PyModule_AddStringConstant(made, \"built_for\", PY_VERSION);\n    return made;\n}\n";

#[test]
fn the_whole_standard_library_is_there() {
    if !pspf_test_support::has_uv() {
        return;
    }
    let folder = packed(&[]);
    // What `sysconfig` names exists, below the place where the tree is.
    let places = "import sysconfig, sys, os\n\
        for name, path in sysconfig.get_paths().items():\n    \
        print(name, path.startswith(sys.prefix), os.path.isdir(path))\n\
        for name in ('INCLUDEPY', 'prefix', 'BINDIR'):\n    \
        print(name, sysconfig.get_config_var(name).startswith(sys.prefix), os.path.exists(sysconfig.get_config_var(name)))\n\
        print(os.path.isfile(sysconfig.get_makefile_filename()), os.path.isfile(sysconfig.get_config_h_filename()))\n";
    let places = run(&folder, places).succeeds();
    assert_eq!(places.stdout.matches(" True True\n").count(), 11, "{places:#?}");
    assert!(places.stdout.ends_with("\nTrue True\n"), "{places:#?}");
    // A module in C is built with the headers in the package, by the machine's compiler.
    if pspf_test_support::has(&["cc"]) {
        folder.write("extension/tiny.c", EXTENSION);
        let setup = "from setuptools import setup, Extension\nsetup(name='tiny', ext_modules=[Extension('tiny', ['tiny.c'])])\n";
        folder.write("extension/setup.py", setup);
        let build = "import subprocess, sys\n\
            subprocess.run([sys.executable, 'setup.py', '-q', 'build_ext', '--inplace'], check=True)\n\
            code = 'import tiny, platform; print(tiny.built_for == platform.python_version())'\n\
            print(subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout)\n";
        let mut build = folder.package("app.psp", &[build]);
        Run::of(build.env("CC", "cc").current_dir(folder.path("extension"))).succeeds().says(&["True\n"]);
    }
    // A window, drawn and asked what it is.
    let has_tk = run(&folder, "import tkinter").code == Some(0);
    if !has_tk {
        pspf_test_support::skip("the Python here has no Tk", "install a Python with tkinter (Debian: python3-tk)");
    } else if pspf_test_support::has(&["xvfb-run"]) {
        let window = "import os, tkinter, tkinter.ttk as ttk\nroot = tkinter.Tk()\n\
            label = ttk.Label(root, text='hello')\nlabel.pack()\nroot.update()\n\
            print(root.winfo_viewable(), label.winfo_width() > 5, root.winfo_exists(), label.cget('text'))\n\
            library = root.tk.eval('info library')\n\
            print(os.path.isfile(os.path.join(library, 'init.tcl')), library.startswith(os.environ['FLAVOR_WORKENV']))\n\
            print([name for name in os.environ if name.startswith(('TCL', 'TK'))])\nroot.destroy()\n";
        let mut shown = Command::new("xvfb-run");
        shown.arg("-a").arg(folder.path("app.psp")).arg(window).env_clear();
        shown.env("HOME", folder.path("home")).env("PATH", "/usr/bin:/bin");
        assert_eq!(Run::of(&mut shown).succeeds().stdout, "1 True 1 hello\nTrue True\n[]\n");
    }
}

/// A server with a certificate that the user names, and one without, to a client with Python's own settings.
const TLS: &str = "import os, ssl, socket, sys, threading\n\
    print(len(ssl.create_default_context().get_ca_certs()) > 50, os.environ['SSL_CERT_FILE'].startswith(sys.prefix))\n\
    def handshake():\n    \
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n    \
    server.load_cert_chain('/cert.pem', '/key.pem')\n    \
    ours, theirs = socket.socketpair()\n    \
    def serve():\n        \
    try: server.wrap_socket(theirs, server_side=True).send(b'hello')\n        \
    except ssl.SSLError: pass\n    \
    threading.Thread(target=serve, daemon=True).start()\n    \
    try: return ssl.create_default_context().wrap_socket(ours, server_hostname='localhost').recv(5)\n    \
    except ssl.SSLCertVerificationError: return 'refused'\n\
    print(handshake())\n";

#[test]
fn debians_python_needs_nothing_of_a_system() {
    if !pspf_test_support::has_uv()
        || !pspf_test_support::has_debian_keys()
        || !pspf_test_support::is_root()
        || !pspf_test_support::has_namespaces(&["--pid", "--fork"])
        || !pspf_test_support::has(&["openssl", "ldd"])
    {
        return;
    }
    let folder = packed(&["--python", "debian"]);
    // Nothing is in the root but the package, and what a launcher needs that was not linked for a release.
    let ldd = Run::of(Command::new("ldd").arg(super::process::launcher()));
    for library in ldd.stdout.split_whitespace().filter(|word| word.starts_with('/')) {
        folder.write(&format!("root{library}"), std::fs::read(library).unwrap());
        let mut readable = Command::new("chmod");
        Run::of(readable.arg("755").arg(folder.path(&format!("root{library}")))).succeeds();
    }
    std::fs::create_dir_all(folder.path("root/proc")).unwrap();
    std::fs::create_dir_all(folder.path("root/tmp")).unwrap();
    std::fs::copy(folder.path("app.psp"), folder.path("root/app.psp")).unwrap();
    let subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    let mut certificate = Command::new("openssl");
    certificate.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem"]);
    Run::of(certificate.args(subject).current_dir(folder.path("root"))).succeeds();
    let inside = |code: &str, variables: &[(&str, &str)]| {
        let root = folder.path("root");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--mount-proc"]);
        command.arg(format!("--root={}", root.display())).args(["/app.psp", code]);
        command.env_clear().envs([("HOME", "/tmp"), ("TERM", "xterm"), ("PATH", "/usr/bin:/bin")]);
        Run::of(command.envs(variables.iter().copied())).succeeds().stdout
    };
    assert_eq!(inside(TLS, &[]), "True True\nrefused\n");
    let own = inside(TLS, &[("SSL_CERT_FILE", "/cert.pem")]);
    assert_eq!(own, "False False\nb'hello'\n");
    let zones = "import zoneinfo, datetime\n\
        print(datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin')).isoformat(), len(zoneinfo.available_timezones()) > 400)\n";
    assert_eq!(inside(zones, &[]), "2026-07-01T00:00:00+02:00 True\n");
    let terminal = "import curses, dbm.gnu, tkinter, idlelib\n\
        curses.setupterm('xterm')\nprint(curses.tigetnum('colors'), tkinter.Tcl().eval('expr 6*7'))\n";
    assert_eq!(inside(terminal, &[]), "8 42\n");
    let places = "import sysconfig, sys, os\n\
        print([name for name, path in sysconfig.get_paths().items() if not path.startswith(sys.prefix) or not os.path.isdir(path)])\n\
        print(sysconfig.get_config_var('INCLUDEPY') == sysconfig.get_path('include'), os.path.isfile(sysconfig.get_config_h_filename()))\n";
    assert_eq!(inside(places, &[]), "[]\nTrue True\n");
}
