//! Running `flavor` in a folder of its own, cut off from the settings of whoever runs the tests.

use serde_json::Value;
use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

/// A folder for one test, gone afterwards.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn write_executable(&self, name: &str, content: &str) {
        let path = self.write(name, content);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Everything in the folder, sorted, relative to it.
    pub(crate) fn listing(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.0.path(), self.0.path(), &mut found);
        found.sort();
        found
    }

    /// `flavor` with these words, standing in the folder.
    pub(crate) fn flavor(&self, words: &[&str]) -> Run {
        Run::of(self.command().args(words))
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flavor"));
        command.current_dir(self.0.path()).env("HOME", self.0.path()).env("FLAVOR_LAUNCHER_BIN", launcher());
        // uv's cache and data are its own affair, and the same for all tests.
        let shared = Path::new(env!("CARGO_TARGET_TMPDIR"));
        command.env("XDG_CACHE_HOME", shared.join("cache"));
        command.env("UV_CACHE_DIR", shared.join("uv-cache")).env("XDG_DATA_HOME", shared.join("uv-data"));
        // Without the network.
        command.env("FLAVOR_PYTHON", "local");
        if let Some(uv) = pspf_test_support::uv() {
            command.env("FLAVOR_UV", uv);
        }
        for name in
            ["FLAVOR_KEY_SEED", "FLAVOR_CONFIG_DIR", "FLAVOR_TRUSTED_KEYS_DIR", "XDG_CONFIG_HOME", "SOURCE_DATE_EPOCH"]
        {
            command.env_remove(name);
        }
        command
    }

    /// A small application: a script, a folder of data, and its manifest `app.json`.
    pub(crate) fn with_app(self) -> Self {
        self.write_executable("app/run.sh", "#!/bin/sh\necho \"$@\"\ncat \"$FLAVOR_WORKENV/data.txt\"\nexit 7\n");
        self.write("app/tree/data.txt", "some data\n");
        self.write("app/tree/sub/deep.txt", "x".repeat(100_000));
        fs::create_dir_all(self.path("app/tree/empty")).unwrap();
        self.write(
            "app/app.json",
            r#"{
  "package": {"name": "app", "version": "1.0"},
  "execution": {"command": "{workenv}/run.sh", "env": {"B": "1", "A": "2"}},
  "slots": [
    {"id": "script", "source": "run.sh", "target": "run.sh", "purpose": "code"},
    {"id": "tree", "source": "tree", "operations": "tar.zst", "lifecycle": "runtime"}
  ]
}"#,
        );
        self
    }

    /// The same, packed as `app.psp` with the key of the seed `test`.
    pub(crate) fn with_package(self) -> Self {
        let folder = self.with_app();
        folder.flavor(&["pack", "--manifest", "app/app.json", "--output", "app.psp", "--key-seed", "test"]).succeeds();
        folder
    }

    /// Runs a package as its user would, with an environment of nothing but a home and a path.
    pub(crate) fn package(&self, name: &str, words: &[&str]) -> Command {
        let mut command = Command::new(self.path(name));
        command.args(words).env_clear().env("HOME", self.path("home")).env("PATH", "/usr/bin:/bin");
        command
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }
}

fn list(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        if path.is_dir() && !path.is_symlink() {
            list(root, &path, found);
        }
    }
}

/// The same command, ended after half a minute with exit code 124 if it waits for something.
pub(crate) fn limited(command: &Command) -> Command {
    let mut limited = Command::new("timeout");
    limited.arg("30").arg(command.get_program()).args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        limited.current_dir(directory);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// What a process left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// Exit code and one error on standard error with all of `words` in it.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in {self:#?}");
        }
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        self
    }

    pub(crate) fn errors(&self) -> usize {
        self.stderr.matches(": error: ").count()
    }

    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stdout.contains(word), "{word:?} is not in {self:#?}");
        }
        self
    }

    /// Standard output as one JSON document; standard error must be empty.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stderr, "", "{self:#?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// The launcher of this workspace; built here if the tests of this crate run alone.
pub(crate) fn launcher() -> &'static Path {
    static LAUNCHER: OnceLock<PathBuf> = OnceLock::new();
    LAUNCHER.get_or_init(|| pspf_test_support::program("flavor-launcher", "flavor-launcher"))
}
