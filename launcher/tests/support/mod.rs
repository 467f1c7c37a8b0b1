//! Packages made by the core's writer around the built launcher, and places to run them in.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part")]

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use pspf_nostd::{
    codec::gzip_stored,
    digest::sha256,
    json::Json,
    key::SigningKey,
    tar::{self, EntryKind},
    writer::{EncodedSlot, PackagePlan, Segment, SlotPlan},
};

pub const LAUNCHER: &str = env!("CARGO_BIN_EXE_flavor-launcher");

/// One entry of a tar slot.
pub struct TarEntry {
    pub path: &'static str,
    pub kind: EntryKind,
    pub content: Vec<u8>,
    pub mode: u32,
}

pub fn file(path: &'static str, content: &str) -> TarEntry {
    TarEntry { path, kind: EntryKind::File, content: content.into(), mode: 0o644 }
}

pub fn script(path: &'static str, body: &str) -> TarEntry {
    TarEntry { mode: 0o755, ..file(path, &format!("#!/bin/sh\n{body}\n")) }
}

pub fn symlink(path: &'static str, target: &str) -> TarEntry {
    TarEntry { kind: EntryKind::Symlink { target: target.into() }, ..file(path, "") }
}

pub fn directory(path: &'static str, mode: u32) -> TarEntry {
    TarEntry { kind: EntryKind::Directory, mode, ..file(path, "") }
}

pub const MTIME: u64 = 1_700_000_000;

pub fn tar(entries: &[TarEntry]) -> Vec<u8> {
    let mut archive = Vec::new();
    for entry in entries {
        let size = u64::try_from(entry.content.len()).unwrap();
        archive.extend(tar::header(entry.path.as_bytes(), &entry.kind, size, entry.mode, MTIME).unwrap());
        archive.extend(&entry.content);
        archive.resize(archive.len() + tar::padding(size), 0);
    }
    archive.extend(tar::END);
    archive
}

/// A slot before encoding.
pub struct Slot {
    pub id: String,
    pub target: String,
    pub operations: String,
    pub lifecycle: String,
    pub permissions: u16,
    pub content: Vec<u8>,
    /// Where it is not what the content encodes to.
    pub stored: Option<Vec<u8>>,
}

impl Slot {
    pub fn new(id: &str, target: &str, operations: &str, content: Vec<u8>) -> Self {
        Self {
            id: id.into(),
            target: target.into(),
            operations: operations.into(),
            lifecycle: "runtime".into(),
            permissions: 0o644,
            content,
            stored: None,
        }
    }

    pub fn script(id: &str, target: &str, body: &str) -> Self {
        Self { permissions: 0o755, ..Self::new(id, target, "none", format!("#!/bin/sh\n{body}\n").into_bytes()) }
    }

    pub fn tree(id: &str, entries: &[TarEntry]) -> Self {
        Self::new(id, "{workenv}", "tar.zst", tar(entries))
    }

    pub fn living(self, lifecycle: &str) -> Self {
        Self { lifecycle: lifecycle.into(), ..self }
    }

    fn encode(&self) -> Vec<u8> {
        match self.operations.as_str() {
            _ if self.stored.is_some() => self.stored.clone().unwrap(),
            "none" | "tar" => self.content.clone(),
            "gzip" | "tar.gz" => gzip_stored(&self.content),
            "zstd" | "tar.zst" => zstd(&self.content),
            other => panic!("no encoder here for {other}"),
        }
    }
}

pub fn zstd(content: &[u8]) -> Vec<u8> {
    let mut stored = vec![0; zstd_safe::compress_bound(content.len())];
    let length = zstd_safe::compress(&mut stored[..], content, 3).unwrap();
    stored.truncate(length);
    stored
}

pub fn key() -> SigningKey {
    SigningKey::from_seed_text("launcher tests").unwrap()
}

/// A sealed package around the built launcher. `extra` is JSON: further top-level keys, and `execution.KEY` for those inside.
pub fn package(slots: &[Slot], command: &str, extra: &str) -> Vec<u8> {
    let launcher = fs::read(LAUNCHER).unwrap();
    package_of(&launcher, slots, command, extra, "1.0")
}

pub fn package_of(launcher: &[u8], slots: &[Slot], command: &str, extra: &str, version: &str) -> Vec<u8> {
    let encoded: Vec<Vec<u8>> = slots.iter().map(Slot::encode).collect();
    let facts = |stored: &[u8], original: usize| EncodedSlot {
        size: u64::try_from(stored.len()).unwrap(),
        original_size: u64::try_from(original).unwrap(),
        sha256: sha256(stored),
    };
    let Json::Object(extra) = Json::parse(extra.as_bytes()).unwrap() else { panic!("extra is an object") };
    let (build, extra): (Vec<_>, Vec<_>) = extra.into_iter().partition(|(key, _)| key == "build");
    let (inner, extra): (Vec<_>, Vec<_>) = extra.into_iter().partition(|(key, _)| key.starts_with("execution."));
    let mut execution = vec![("command".to_owned(), Json::from(command))];
    execution.extend(inner.into_iter().map(|(key, value)| (key["execution.".len()..].to_owned(), value)));
    let plan = PackagePlan {
        package: vec![("name".to_owned(), "app".into()), ("version".to_owned(), version.into())],
        slots: slots
            .iter()
            .zip(&encoded)
            .map(|(slot, stored)| SlotPlan {
                id: slot.id.clone(),
                source: String::new(),
                target: slot.target.clone(),
                operations: slot.operations.clone(),
                purpose: "data".into(),
                lifecycle: slot.lifecycle.clone(),
                permissions: slot.permissions,
                extra: Vec::new(),
                encoded: facts(stored, slot.content.len()),
            })
            .collect(),
        execution: Json::Object(execution),
        build: build.first().map(|(_, build)| build.entries().to_vec()).unwrap_or_default(),
        launcher_tool: "flavor-launcher".into(),
        launcher_version: "0".into(),
        launcher: facts(launcher, launcher.len()),
        extra,
    };
    let mut package = Vec::new();
    for segment in plan.assemble(&key()).unwrap().segments {
        match segment {
            Segment::Launcher => package.extend(launcher),
            Segment::Slot(number) => package.extend(&encoded[number]),
            Segment::Bytes(bytes) => package.extend(bytes),
            Segment::Zeros(count) => package.resize(package.len() + usize::try_from(count).unwrap(), 0),
        }
    }
    package
}

/// A directory with a cache, a home and packages in it.
pub struct Place {
    pub directory: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes an executable file.
    pub fn install(&self, name: impl AsRef<Path>, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        // Written by another process: a descriptor of ours, open for writing while another test forks, would be inherited and
        // make executing fail with "text file busy".
        let data = path.with_extension("data");
        fs::write(&data, bytes).unwrap();
        assert!(Command::new("cp").arg(&data).arg(&path).status().unwrap().success());
        fs::remove_file(data).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// A command with nothing in its environment but a cache directory and PATH.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("FLAVOR_CACHE_DIR", self.path("cache")).env("PATH", "/usr/bin:/bin");
        command
    }

    pub fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }

    /// Names in the directory of work environments, without that of the locks.
    pub fn workenvs(&self) -> Vec<OsString> {
        let Ok(entries) = fs::read_dir(self.path("cache/workenv")) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name()).filter(|name| name != ".locks").collect();
        names.sort();
        names
    }

    /// The one tree whose name ends so.
    pub fn workenv_named(&self, end: &str) -> PathBuf {
        let mut names = self.workenvs();
        names.retain(|name| name.to_string_lossy().ends_with(end));
        assert_eq!(names.len(), 1, "{names:?}");
        self.path("cache/workenv").join(&names[0])
    }

    /// The one work environment.
    pub fn workenv(&self) -> PathBuf {
        let names = self.workenvs();
        assert_eq!(names.len(), 1, "{names:?}");
        self.path("cache/workenv").join(&names[0])
    }
}

pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{} {}", output.status, stderr(output));
    assert_eq!(stderr(output), "", "the launcher is silent");
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asserts a refusal: exit code, nothing on stdout, one line on stderr with all of `texts`.
#[track_caller]
pub fn assert_refused(output: &Output, code: i32, texts: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert_eq!(output.stdout, b"");
    assert!(message.starts_with("flavor: ") && message.ends_with('\n') && message.lines().count() == 1, "{message}");
    for text in texts {
        assert!(message.contains(text), "{message:?} lacks {text:?}");
    }
}

pub fn os(text: &[u8]) -> &OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(text)
}
