use super::process::{Folder, Run};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime},
};

/// Nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9/simple";

/// An index without any distribution, whose clock is wrong by so many seconds.
struct Index {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Index {
    fn start(ahead: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/simple", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let first = lines.next().unwrap_or_default();
                let _ = lines.take_while(|line| !line.is_empty()).count();
                log.lock().unwrap().push(first);
                let now = SystemTime::now() + Duration::from_secs(ahead);
                let date = jiff::Timestamp::try_from(now).unwrap().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                let answer =
                    format!("HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { url, asked }
    }

    fn was_asked(&self, words: &str) -> bool {
        self.asked.lock().unwrap().iter().any(|line| line.contains(words))
    }
}

fn doctor(folder: &Folder, words: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = folder.command();
    command.args([&["doctor"], words].concat());
    for name in ["UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_OFFLINE"] {
        command.env_remove(name);
    }
    command.env("FLAVOR_DEBIAN_MIRROR", "http://127.0.0.1:9/debian").env("NO_PROXY", "127.0.0.1");
    Run::of(command.env("XDG_CACHE_HOME", folder.path("cache")).envs(variables.iter().copied()))
}

fn result<'a>(document: &'a Value, name: &str) -> (&'a str, &'a str) {
    let checks = document["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {document}"));
    (check["result"].as_str().unwrap(), check["message"].as_str().unwrap())
}

#[test]
fn being_offline_is_a_warning_with_the_next_step() {
    let folder = Folder::new();
    let run = doctor(&folder, &["--index-url", NOWHERE, "--json"], &[]).succeeds();
    let document = run.json();
    assert_eq!(document["ok"], true);
    let (outcome, message) = result(&document, "index");
    assert!(outcome == "warning" && message.starts_with(NOWHERE), "{document}");
    assert_eq!(result(&document, "debian").0, "warning");
    assert!(result(&document, "clock").1.contains("could not be compared"), "{document}");
    for name in ["uv", "python.local", "workenv", "launchers", "trust"] {
        assert_eq!(result(&document, name).0, "ok", "{name}: {document}");
    }
    for name in ["disk.here", "disk.temporary", "disk.cache"] {
        assert!(result(&document, name).1.ends_with(" free"), "{name}: {document}");
    }
    doctor(&folder, &["--index-url", NOWHERE], &[]).succeeds().says(&[
        "warning  index",
        "HTTPS_PROXY",
        "packing works",
    ]);
    assert!(folder.listing().iter().all(|name| !name.contains("flavor")), "{:?}", folder.listing());
}

#[test]
fn the_index_is_that_of_option_environment_or_manifest() {
    let folder = Folder::new();
    let index = Index::start(0);
    // It does not have what was asked for; that is an answer.
    let document = doctor(&folder, &["--index-url", &index.url, "--json"], &[]).succeeds().json();
    assert_eq!(result(&document, "index"), ("ok", &*format!("{} answers", index.url)));
    assert_eq!(result(&document, "clock"), ("ok", &*format!("agrees with {}", index.url)));
    assert!(index.was_asked("GET /simple/pip/"));

    let by_variable = Index::start(0);
    doctor(&folder, &[], &[("UV_DEFAULT_INDEX", &by_variable.url)]).succeeds().says(&[&by_variable.url]);
    assert!(by_variable.was_asked("GET /simple/pip/"));

    let by_manifest = Index::start(0);
    let text = format!(
        "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n[tool.flavor.build]\nindex_url = '{}'\n",
        by_manifest.url.replace("http://", "http://me:secret@")
    );
    folder.write("pyproject.toml", text);
    let run = doctor(&folder, &[], &[]).succeeds().says(&["pyproject.toml can be read", &by_manifest.url]);
    assert!(by_manifest.was_asked("GET /simple/pip/") && !run.stdout.contains("secret"), "{run:#?}");
    folder.write("pyproject.toml", "[tool.flavor]\npackage_name = 7\n");
    doctor(&folder, &["--index-url", &index.url], &[]).succeeds().says(&["warning  manifest", "flavor check"]);
}

#[test]
fn a_wrong_clock_is_seen() {
    let folder = Folder::new();
    let hours = Index::start(3 * 3600 + 900);
    let document = doctor(&folder, &["--index-url", &hours.url, "--json"], &[]).succeeds().json();
    assert_eq!(result(&document, "clock"), ("warning", &*format!("3 hours behind that of {}", hours.url)));
    let days = Index::start(10 * 86_400);
    let run = doctor(&folder, &["--index-url", &days.url], &[]).fails(1, &[]);
    run.says(&["failed   clock", "days behind", "set the clock", "1 failed"]);
}

#[test]
fn what_is_missing_fails_and_says_what_to_do() {
    let folder = Folder::new();
    let run = doctor(&folder, &["--index-url", NOWHERE], &[("FLAVOR_UV", "/nowhere/uv"), ("FLAVOR_LAUNCHER_BIN", "")]);
    run.fails(1, &[]).says(&["failed   uv", "FLAVOR_UV", "failed   launchers", "cargo xtask dist", "2 failed"]);
    folder.write("file", "");
    let inside = folder.path("file/cache");
    let run = doctor(&folder, &["--index-url", NOWHERE, "--json"], &[("FLAVOR_CACHE_DIR", inside.to_str().unwrap())]);
    assert_eq!(result(&run.succeeds().json(), "workenv").0, "warning");
}

#[test]
fn keys_that_others_can_read_are_told() {
    let folder = Folder::new();
    folder.flavor(&["keygen"]).succeeds();
    let words = ["--index-url", NOWHERE];
    doctor(&folder, &words, &[]).succeeds().says(&["keys/flavor-private.key is yours alone"]);
    fs::set_permissions(folder.path("keys/flavor-private.key"), fs::Permissions::from_mode(0o644)).unwrap();
    doctor(&folder, &words, &[]).succeeds().says(&["has mode 0644", "chmod 600 keys/flavor-private.key"]);
    folder.write("pyproject.toml", "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n[tool.flavor.security]\nprivate_key_path = 'sign.key'\n");
    folder.write("sign.key", "x");
    fs::set_permissions(folder.path("sign.key"), fs::Permissions::from_mode(0o640)).unwrap();
    folder.write(".config/flavor/trusted-keys/junk.pub", "junk");
    doctor(&folder, &words, &[]).succeeds().says(&["sign.key has mode 0640", "warning  trust", "junk.pub"]);
}
