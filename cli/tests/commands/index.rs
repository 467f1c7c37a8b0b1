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
    if !pspf_test_support::has_uv() {
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
    fn start(folder: &Folder) -> Self {
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
    if !pspf_test_support::has_uv() {
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
