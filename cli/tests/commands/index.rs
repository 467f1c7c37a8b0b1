//! Where distributions come from: settings of the manifest and of the caller's environment reach uv.

use super::process::{Folder, Run};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

const MISSING: &str = "[build-system]\nrequires = ['setuptools>=61']\nbuild-backend = 'setuptools.build_meta'\n\
    [project]\nname = 'a'\nversion = '1'\ndependencies = ['flavor-no-such-package-1a2b3c']\n[tool.setuptools]\npackages = []\n\
    [tool.flavor]\nentry_point = 'a:b'\nruntime.compile_bytecode = false\n[tool.flavor.build]\n";

fn pack(folder: &Folder, build: &str, variables: &[(&str, &str)]) -> Run {
    folder.write("pyproject.toml", format!("{MISSING}{build}\n"));
    let mut command = folder.command();
    command.args(["pack", "--quiet"]);
    for name in
        ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
    {
        command.env_remove(name);
    }
    Run::of(command.env("UV_HTTP_RETRIES", "0").envs(variables.iter().copied()))
}

#[test]
fn index_settings_reach_uv_and_the_callers_outweigh_them() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3", "openssl"]) {
        return;
    }
    let folder = Folder::new();
    let build = "index_url = 'http://127.0.0.1:9/manifest/'";
    pack(&folder, build, &[]).fails(1, &["network could not be reached", "127.0.0.1:9/manifest/"]);
    pack(&folder, build, &[("UV_DEFAULT_INDEX", "http://127.0.0.1:9/uv/")]).fails(1, &["127.0.0.1:9/uv/"]);
    pack(&folder, build, &[("PIP_INDEX_URL", "http://127.0.0.1:9/pip/")]).fails(1, &["127.0.0.1:9/pip/"]);
    let proxy = [("HTTP_PROXY", "http://127.0.0.1:7"), ("UV_DEFAULT_INDEX", "http://index.invalid/x/")];
    pack(&folder, build, &proxy).fails(1, &["network could not be reached"]);
    // The further index must not be able to replace what the first one has.
    let build = format!("{build}\nextra_index_urls = ['http://127.0.0.1:9/further/']");
    pack(&folder, &build, &[]).fails(1, &["network could not be reached", "127.0.0.1:9/manifest/"]);
    let build = "extra_index_urls = ['http://${PLACE}:9/extra/']";
    pack(&folder, build, &[("PLACE", "127.0.0.1")]).fails(1, &["network could not be reached", "127.0.0.1:9/extra/"]);
    pack(&folder, build, &[]).fails(1, &["`tool.flavor.build.extra_index_urls", "PLACE is not set"]);
}

/// A server with a certificate that nobody has signed; every path of it is missing.
struct Server(Child, String);

impl Server {
    pub(crate) fn start(folder: &Folder) -> Self {
        let settings = "[req]\ndistinguished_name = name\nx509_extensions = more\nprompt = no\n[name]\nCN = 127.0.0.1\n\
            [more]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = CA:FALSE\n";
        folder.write("server.cnf", settings);
        let words = "req -x509 -newkey rsa:2048 -nodes -days 2 -config server.cnf -keyout server.key -out server.crt";
        Run::of(Command::new("openssl").current_dir(folder.path("")).args(words.split(' '))).succeeds();
        let script = "import http.server, ssl\n\
            server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)\n\
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\ncontext.load_cert_chain('server.crt', 'server.key')\n\
            server.socket = context.wrap_socket(server.socket, server_side=True)\n\
            print(server.server_address[1], flush=True)\nserver.serve_forever()\n";
        let mut python = Command::new("python3");
        python.current_dir(folder.path("")).args(["-c", script]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = python.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self(child, format!("https://127.0.0.1:{}/none/", port.trim()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn hosts_are_trusted_by_name() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3", "openssl"]) {
        return;
    }
    let folder = Folder::new();
    let server = Server::start(&folder);
    let build = format!("extra_index_urls = ['{}']", server.1);
    let run = pack(&folder, &build, &[]).fails(1, &["network could not be reached", &server.1]);
    assert_eq!(run.errors(), 1, "{run:#?}");
    // The server has nothing, which only who talks to it can know.
    let build = format!("{build}\ntrusted_hosts = ['127.0.0.1']");
    pack(&folder, &build, &[]).fails(1, &["a required distribution does not exist", "flavor-no-such-package-1a2b3c"]);
    // The caller's certificates reach uv under pip's name for them.
    let build = format!("extra_index_urls = ['{}']", server.1);
    let certificate = folder.path("server.crt");
    let run =
        pack(&folder, &build, &[("PIP_CERT", certificate.to_str().unwrap()), ("SSL_CERT_FILE", "")]).fails(1, &[]);
    assert!(!run.stderr.contains(&server.1), "{run:#?}");
}

/// Folders served as simple indexes (PEP 503), each with wheels of one distribution.
pub(crate) struct Index(Child, u16);

impl Drop for Index {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Writes wheels: words are folders, file names and what the module says.
const MAKE_WHEELS: &str = "import base64, hashlib, os, sys, zipfile\n\
    def make(folder, name, says):\n\
    \x20   os.makedirs(folder, exist_ok=True)\n\
    \x20   parts = name[:-4].split('-')\n\
    \x20   info = f'{parts[0]}-{parts[1]}.dist-info'\n\
    \x20   build = f'Build: {parts[2]}\\n' if len(parts) == 6 else ''\n\
    \x20   files = {f'{parts[0]}.py': f'WORD = {says!r}\\n',\n\
    \x20       f'{info}/METADATA': f'Metadata-Version: 2.1\\nName: {parts[0]}\\nVersion: {parts[1]}\\n',\n\
    \x20       f'{info}/WHEEL': f'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\n{build}Tag: py3-none-any\\n'}\n\
    \x20   record = ''.join(f'{path},,\\n' for path in [*files, f'{info}/RECORD'])\n\
    \x20   with zipfile.ZipFile(os.path.join(folder, name), 'w') as wheel:\n\
    \x20       for path, text in {**files, f'{info}/RECORD': record}.items(): wheel.writestr(zipfile.ZipInfo(path), text)\n\
    words = sys.argv[1:]\n\
    for at in range(0, len(words), 3): make(*words[at:at + 3])\n";

/// Serves a folder; the page of a folder names its files with their digests.
const SERVE: &str = "import hashlib, http.server, os\n\
    class Handler(http.server.SimpleHTTPRequestHandler):\n\
    \x20   def list_directory(self, path):\n\
    \x20       import io\n\
    \x20       digest = lambda name: hashlib.sha256(open(os.path.join(path, name), 'rb').read()).hexdigest()\n\
    \x20       lines = [f'<a href=\"{name}#sha256={digest(name)}\">{name}</a>' for name in sorted(os.listdir(path)) if name.endswith('.whl')]\n\
    \x20       page = ('<!DOCTYPE html><html><body>' + '\\n'.join(lines) + '</body></html>').encode()\n\
    \x20       self.send_response(200); self.send_header('Content-Type', 'text/html')\n\
    \x20       self.send_header('Content-Length', str(len(page))); self.end_headers()\n\
    \x20       return io.BytesIO(page)\n\
    \x20   def log_message(self, *words): pass\n\
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)\n\
    print(server.server_address[1], flush=True)\nserver.serve_forever()\n";

pub(crate) fn wheels(folder: &Folder, words: &[&str]) {
    Run::of(Command::new("python3").current_dir(folder.path("served")).args(["-c", MAKE_WHEELS]).args(words))
        .succeeds();
}

impl Index {
    pub(crate) fn start(folder: &Folder) -> Self {
        let mut python = Command::new("python3");
        python.current_dir(folder.path("served")).args(["-c", SERVE]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = python.spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Self(child, port.trim().parse().unwrap())
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}/", self.1)
    }
}

/// A project with a backend of its own: nothing of it comes from an index but the dependency.
pub(crate) const OWN: &str = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n\
    [project]\nname = 'own'\nversion = '1'\ndependencies = ['zzprivpkg']\nrequires-python = '>=3.8'\n[tool.flavor]\nentry_point = 'own:main'\n\
    runtime.compile_bytecode = false\n";

pub(crate) const BACKEND: &str = "import zipfile, os\n\
    def build_wheel(folder, config_settings=None, metadata_directory=None):\n\
    \x20   name, info = 'own-1-py3-none-any.whl', 'own-1.dist-info'\n\
    \x20   files = {'own.py': open('own.py').read(),\n\
    \x20       f'{info}/METADATA': 'Metadata-Version: 2.1\\nName: own\\nVersion: 1\\nRequires-Dist: zzprivpkg\\n',\n\
    \x20       f'{info}/WHEEL': 'Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n'}\n\
    \x20   record = ''.join(f'{path},,\\n' for path in [*files, f'{info}/RECORD'])\n\
    \x20   with zipfile.ZipFile(os.path.join(folder, name), 'w') as wheel:\n\
    \x20       for path, text in {**files, f'{info}/RECORD': record}.items(): wheel.writestr(path, text)\n\
    \x20   return name\n";

pub(crate) fn own(folder: &Folder, build: &str) {
    folder.write("own/pyproject.toml", format!("{OWN}[tool.flavor.build]\ncompression_level = 1\n{build}\n"));
    folder.write("own/own.py", "import zzprivpkg\ndef main():\n    print(zzprivpkg.WORD)\n");
    folder.write("own/backend.py", BACKEND);
}

pub(crate) fn pack_own(folder: &Folder) -> Run {
    let mut command = folder.command();
    command.args(["pack", "--manifest", "own/pyproject.toml", "--output", "own.psp", "--quiet"]);
    for name in ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"] {
        command.env_remove(name);
    }
    // What a test has put under the same name must not come from the last one.
    Run::of(command.env("UV_NO_CACHE", "1").env("PIP_NO_CACHE_DIR", "1"))
}

/// What the program says, and the digest that the bill of materials has of the dependency.
pub(crate) fn says_and_digest(folder: &Folder) -> (String, String) {
    let said = Run::of(&mut folder.package("own.psp", &[])).succeeds().stdout;
    let bom = folder.flavor(&["inspect", "--sbom", "own.psp"]).succeeds().json();
    let all = bom["components"].as_array().unwrap();
    let component = all.iter().find(|component| component["name"] == "zzprivpkg").unwrap();
    (said, component["hashes"][0]["content"].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn digest(folder: &Folder, name: &str) -> String {
    pspf_nostd::digest::sha256(&folder.bytes(name)).to_string()
}

/// Neither installer lets a further index replace what the first one has; of two builds the bill of materials names the installed one.
#[test]
fn the_bill_of_materials_names_what_was_installed_and_no_index_outranks_the_first() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = Folder::new();
    std::fs::create_dir(folder.path("served")).unwrap();
    let (plain, ninth) = ("zzprivpkg-1.0-py3-none-any.whl", "zzprivpkg-1.0-9-py3-none-any.whl");
    wheels(&folder, &["private/zzprivpkg", plain, "ours", "public/zzprivpkg", ninth, "theirs"]);
    wheels(&folder, &["both/zzprivpkg", plain, "first", "both/zzprivpkg", ninth, "ninth"]);
    let index = Index::start(&folder);
    let two = format!("index_url = '{}'\nextra_index_urls = ['{}']", index.url("private"), index.url("public"));
    own(&folder, &two);
    pack_own(&folder).succeeds();
    let expected = digest(&folder, &format!("served/private/zzprivpkg/{plain}"));
    assert_eq!(says_and_digest(&folder), ("ours\n".to_owned(), expected.clone()));
    own(&folder, &format!("{two}\nuse_pip = true"));
    let run = pack_own(&folder).fails(1, &["use_pip", "extra_index_urls", "ranks no index"]);
    assert_eq!(run.errors(), 1, "{run:#?}");
    own(&folder, &format!("index_url = '{}'\nuse_pip = true", index.url("private")));
    pack_own(&folder).succeeds();
    assert_eq!(says_and_digest(&folder), ("ours\n".to_owned(), expected));
    for use_pip in [true, false] {
        own(&folder, &format!("index_url = '{}'\nuse_pip = {use_pip}", index.url("both")));
        pack_own(&folder).succeeds();
        let expected = digest(&folder, &format!("served/both/zzprivpkg/{ninth}"));
        assert_eq!(says_and_digest(&folder), ("ninth\n".to_owned(), expected), "use_pip = {use_pip}");
    }
}

#[test]
fn pip_installs_what_the_lock_has_hashes_of_and_nothing_else() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = Folder::new();
    std::fs::create_dir(folder.path("served")).unwrap();
    let name = "zzprivpkg-1.0-py3-none-any.whl";
    wheels(&folder, &["private/zzprivpkg", name, "ours"]);
    let index = Index::start(&folder);
    own(&folder, &format!("index_url = '{}'\nuse_pip = true", index.url("private")));
    let uv = pspf_test_support::uv().expect("uv was looked for above");
    let mut lock = Command::new(uv);
    lock.args(["lock", "--default-index", &index.url("private")])
        .current_dir(folder.path("own"))
        .env("UV_NO_CACHE", "1");
    Run::of(&mut lock).succeeds();
    pack_own(&folder).succeeds();
    let expected = digest(&folder, &format!("served/private/zzprivpkg/{name}"));
    assert_eq!(says_and_digest(&folder), ("ours\n".to_owned(), expected));
    wheels(&folder, &["private/zzprivpkg", name, "theirs"]);
    let before = folder.bytes("own.psp");
    pack_own(&folder).fails(1, &["hash"]);
    assert_eq!(folder.bytes("own.psp"), before);
    wheels(&folder, &["private/zzprivpkg", name, "ours"]);
    own(&folder, &format!("index_url = '{}'\nuse_pip = true\nextra_packages = ['other']", index.url("private")));
    pack_own(&folder).fails(1, &["extra_packages", "hashes of all or of none"]);
}

#[test]
fn a_version_that_the_index_does_not_have_is_answered_with_the_newest_and_the_project_is_yours() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = Folder::new();
    std::fs::create_dir(folder.path("served")).unwrap();
    for version in ["1.0", "1.17.0"] {
        wheels(&folder, &["index/zzprivpkg", &format!("zzprivpkg-{version}-py3-none-any.whl"), "ours"]);
    }
    let index = Index::start(&folder);
    own(&folder, &format!("index_url = '{}'", index.url("index")));
    for wanted in [">=99", "==1.5"] {
        let manifest = OWN.replace("['zzprivpkg']", &format!("['zzprivpkg{wanted}']"));
        folder.write("own/pyproject.toml", format!("{manifest}build.index_url = '{}'\n", index.url("index")));
        folder.write("own/backend.py", BACKEND.replace("Dist: zzprivpkg", &format!("Dist: zzprivpkg{wanted}")));
        let run = pack_own(&folder)
            .fails(1, &[&format!("there is no such version: zzprivpkg{wanted}"), "your project depends on"]);
        assert!(!run.stderr.contains("own==1"), "{run:#?}");
        assert_eq!(run.stderr.contains("(newest: 1.17.0)"), wanted == ">=99", "{run:#?}");
    }
}

#[test]
fn extras_that_an_entry_point_asks_for_are_installed() {
    if !pspf_test_support::has_uv() || !pspf_test_support::has(&["python3"]) {
        return;
    }
    let folder = Folder::new();
    std::fs::create_dir(folder.path("served")).unwrap();
    wheels(&folder, &["wheels", "zzprivpkg-1.0-py3-none-any.whl", "of the extra"]);
    own(&folder, "no_index = true\nfind_links = ['../served/wheels']");
    let manifest = String::from_utf8(folder.bytes("own/pyproject.toml")).unwrap();
    let manifest = manifest.replace("dependencies = ['zzprivpkg']\n", "").replace("'own:main'", "'own'");
    let tables = "[project.optional-dependencies]\nx-y = ['zzprivpkg']\n[project.scripts]\nown = 'own:main [X_y]'\n";
    folder.write("own/pyproject.toml", format!("{manifest}{tables}"));
    let backend = BACKEND
        .replace("Requires-Dist: zzprivpkg\\n", "Provides-Extra: x-y\\nRequires-Dist: zzprivpkg; extra == 'x-y'\\n");
    folder.write(
        "own/backend.py",
        backend.replace("'Metadata-Version: 2.1", "\"Metadata-Version: 2.1").replace("'x-y'\\n',", "'x-y'\\n\","),
    );
    pack_own(&folder).succeeds();
    assert_eq!(Run::of(&mut folder.package("own.psp", &[])).succeeds().stdout, "of the extra\n");
    folder.write("own/pyproject.toml", format!("{manifest}{}", tables.replace("[X_y]", "[absent]")));
    pack_own(&folder).fails(1, &["no optional dependencies \"absent\"", "project.scripts", "expected x-y"]);
}
