//! The packages of the rows: the published Rust builder's shape, which all three launchers run.

use crate::{
    base::{self, encode},
    sample::{Sample, gzip},
};
use pspf_nostd::{digest::sha256, profile::Profile};
use serde_json::{Value, json};

/// Files in the `data` directory of [`Package::tree`].
pub(super) const FILES: usize = 300;
/// Bytes in each of them.
const FILE_SIZE: usize = 10_000;

/// One slot.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) id: String,
    pub(super) target: String,
    pub(super) operations: &'static str,
    pub(super) lifecycle: &'static str,
    pub(super) permissions: &'static str,
    /// As stored: with the operations done.
    pub(super) stored: Vec<u8>,
}

impl Slot {
    pub(super) fn new(id: &str, target: &str, stored: impl Into<Vec<u8>>) -> Self {
        Self {
            id: id.to_owned(),
            target: target.to_owned(),
            operations: "none",
            lifecycle: "runtime",
            permissions: "0644",
            stored: stored.into(),
        }
    }

    /// An executable file.
    pub(super) fn program(id: &str, target: &str, script: &str) -> Self {
        Self { permissions: "0755", ..Self::new(id, target, script) }
    }

    /// A compressed archive.
    pub(super) fn archive(id: &str, tar: &[u8]) -> Self {
        Self { operations: "tgz", ..Self::new(id, "{workenv}", gzip(tar)) }
    }
}

/// A package to be built around a launcher.
#[derive(Clone, Debug)]
pub(super) struct Package {
    pub(super) version: &'static str,
    pub(super) command: &'static str,
    pub(super) slots: Vec<Slot>,
    /// Further top-level members of the metadata.
    pub(super) extra: Value,
}

impl Package {
    /// A program that prints a word; if `MARK` names a file it makes that first.
    pub(super) fn saying(word: &str) -> Self {
        Self::running(&format!("[ -z \"$MARK\" ] || : >\"$MARK\"\necho {word}"))
    }

    /// A program with this body.
    pub(super) fn running(body: &str) -> Self {
        Self {
            version: "1.0.0",
            command: "{workenv}/bin/app",
            slots: vec![Slot::program("app", "bin/app", &format!("#!/bin/sh\n{body}\n"))],
            extra: json!({}),
        }
    }

    /// 3 MB in 300 files, all of them lines of one letter, and a program that looks whether it has exactly those.
    pub(super) fn tree(letter: char) -> Self {
        let content: String = format!("{}\n", String::from(letter).repeat(99)).repeat(FILE_SIZE / 100);
        let files: Vec<_> = (0..FILES).map(|number| (format!("data/{number:03}"), content.as_bytes())).collect();
        let body = format!(
            concat!(
                "set -- \"${{0%/*}}\"/../data/*\n",
                "[ $# = {} ] || {{ echo partial tree; exit; }}\n",
                "[ \"$(cat \"$@\" 2>/dev/null | wc -c)\" -eq {} ] || {{ echo partial tree; exit; }}\n",
                "case \"$(cat \"$@\" 2>/dev/null | uniq | cut -c1)\" in\n",
                "{}) ;;\n'') echo partial tree; exit ;;\n*) echo mixed tree; exit ;;\nesac\n",
                "echo ran"
            ),
            FILES,
            FILES * FILE_SIZE,
            letter
        );
        let mut package = Self::running(&body);
        package.slots.push(Slot::archive("data", &archive(&files)));
        package
    }

    pub(super) fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    pub(super) fn command(mut self, command: &'static str) -> Self {
        self.command = command;
        self
    }

    pub(super) fn slot(mut self, slot: Slot) -> Self {
        self.slots.push(slot);
        self
    }

    pub(super) fn extra(mut self, extra: Value) -> Self {
        self.extra = extra;
        self
    }

    /// The package around a launcher.
    pub(super) fn around(&self, launcher: &[u8]) -> Sample {
        let json = String::from_utf8(self.json(launcher)).expect("JSON is UTF-8");
        let encoded: Vec<_> = self.slots.iter().map(|slot| encode(&slot.stored, slot.stored.len())).collect();
        let stored: Vec<_> = self.slots.iter().map(|slot| slot.stored.as_slice()).collect();
        base::package(Profile::Rust, &json, launcher, &stored, &encoded)
    }

    /// The metadata, with all that the published Rust launcher insists on (docs/format.md §5).
    pub(super) fn json(&self, launcher: &[u8]) -> Vec<u8> {
        let slots: Vec<_> = self.slots.iter().enumerate().map(|(number, slot)| entry(number, slot)).collect();
        let mut metadata = json!({
            "format": "PSPF/2025",
            "format_version": "1.0.0",
            "package": {"name": "sample", "version": self.version},
            "slots": slots,
            "execution": {"command": self.command},
            "verification": {
                "integrity_seal": {"required": true, "algorithm": "ed25519"}, "signed": true, "require_verification": true,
            },
            "build": {
                "tool": "flavor-rs", "tool_version": "0.5.4", "timestamp": "2023-11-14T22:13:20Z", "deterministic": true,
                "platform": {"os": "linux", "arch": "x86_64", "host": "linux/x86_64"},
            },
            "launcher": {
                "tool": "launcher", "tool_version": "0.5.4", "size": launcher.len(),
                "checksum": format!("sha256:{}", sha256(launcher)), "capabilities": ["mmap", "signed"],
            },
            "compatibility": {"min_format_version": "1.0.0", "features": []},
            "setup_commands": [],
        });
        if let (Some(members), Some(extra)) = (metadata.as_object_mut(), self.extra.as_object()) {
            members.extend(extra.clone());
        }
        serde_json::to_vec_pretty(&metadata).expect("a value is JSON")
    }
}

fn entry(number: usize, slot: &Slot) -> Value {
    json!({
        "slot": number, "id": slot.id, "source": format!("in/{number}"), "target": slot.target,
        "size": slot.stored.len(), "checksum": format!("sha256:{}", sha256(&slot.stored)),
        "operations": slot.operations, "purpose": "data", "lifecycle": slot.lifecycle,
        "permissions": slot.permissions, "resolution": "build",
    })
}

/// A tar archive of plain files.
pub(super) fn archive(files: &[(String, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = header(tar::EntryType::Regular, content.len());
        archive.append_data(&mut header, path, *content).expect("memory takes bytes");
    }
    archive.into_inner().expect("memory takes bytes")
}

/// The header of a tar entry.
pub(super) fn header(kind: tar::EntryType, size: usize) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_mtime(1_700_000_000);
    header.set_size(u64::try_from(size).expect("a length"));
    header
}
