//! Packages made at test time by the three published builders.

use crate::{
    base::{PROGRAM, SEED},
    peer::{Language, Peer},
    sample::gzip,
};
use serde_json::{Value, json};
use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
};

/// A published builder with the choices that change the package's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    /// `flavor-rs-builder`.
    Rust,
    /// `flavor-go-builder`.
    Go,
    /// The Python builder, slots on pages.
    Python,
    /// The Python builder without page alignment.
    PythonUnaligned,
    /// The Python builder with the compressions that only it writes.
    PythonCodecs,
    /// The Python builder with a policy in the metadata.
    PythonPolicy,
}

/// One slot of the packages: what went in, and how.
#[derive(Clone, Debug)]
pub struct BuiltSlot {
    /// Identifier.
    pub id: &'static str,
    /// What decoding the slot must give; `None` where it is an archive that the builder makes.
    pub content: Option<Vec<u8>>,
    /// Operations as in the manifest.
    pub operations: &'static str,
}

/// Text that compresses.
#[must_use]
pub fn text() -> Vec<u8> {
    "PSPF/2025 interop\n".repeat(100).into_bytes()
}

/// A tar archive with two files.
///
/// # Panics
/// Never: it is written to memory.
#[must_use]
pub fn archive() -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, mode, content) in [("tree/a.txt", 0o644, text()), ("tree/bin/b", 0o755, PROGRAM.to_vec())] {
        let mut header = tar::Header::new_ustar();
        header.set_mode(mode);
        header.set_size(u64::try_from(content.len()).expect("a length"));
        archive.append_data(&mut header, path, content.as_slice()).expect("memory takes bytes");
    }
    archive.into_inner().expect("memory takes bytes")
}

impl Builder {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Rust, Self::Go, Self::Python, Self::PythonUnaligned, Self::PythonCodecs, Self::PythonPolicy];

    fn external(self) -> Option<Language> {
        match self {
            Self::Rust => Some(Language::Rust),
            Self::Go => Some(Language::Go),
            _ => None,
        }
    }

    /// The slots of the packages, without the attestation.
    #[must_use]
    pub fn slots(self) -> Vec<BuiltSlot> {
        let slot = |id, operations, content| BuiltSlot { id, content, operations };
        let mut slots = vec![
            slot("runner", "none", Some(PROGRAM.to_vec())),
            slot("text", "gzip", Some(text())),
            slot("tree", "tgz", self.external().map(|_| archive())),
            slot("empty", "none", Some(Vec::new())),
        ];
        if self == Self::PythonCodecs {
            let more =
                [("bzip2", "bzip2"), ("xz", "xz"), ("zstd", "zstd"), ("twice", "gzip|gzip"), ("many", "xz|zstd|gzip")];
            slots.extend(more.map(|(id, operations)| slot(id, operations, Some(text()))));
        }
        slots
    }

    /// Builds a package in `folder`, around any launcher.
    ///
    /// # Errors
    /// Where a program does not start, a file cannot be written, or the builder fails.
    pub fn build(self, peer: &Peer, launcher: &Path, folder: &Path) -> io::Result<PathBuf> {
        self.build_around(PROGRAM, peer, launcher, folder)
    }

    /// The same with another program to run.
    ///
    /// # Errors
    /// As [`Self::build`].
    pub fn build_around(self, program: &[u8], peer: &Peer, launcher: &Path, folder: &Path) -> io::Result<PathBuf> {
        let output = folder.join("package.psp");
        let slots = self.write_sources(program, folder)?;
        let execution = json!({"command": "{workenv}/run.sh", "env": {"FOO": "bar"}});
        let result = match self.external() {
            Some(language) => {
                let manifest = json!({
                    "package": {"name": "interop", "version": "1.0.0"}, "execution": execution, "slots": slots,
                });
                let path = folder.join("manifest.json");
                fs::write(&path, manifest.to_string())?;
                let mut command = peer.command(&peer.builder(language)?, folder);
                command.env("SOURCE_DATE_EPOCH", "1700000000").args(["--key-seed", SEED]).arg("--manifest").arg(path);
                command.arg("--output").arg(&output).arg("--launcher-bin").arg(launcher).output()?
            }
            None => {
                let mut metadata = json!({"package": {"name": "interop", "version": "1.0.0"}, "execution": execution});
                if self == Self::PythonPolicy {
                    metadata["policy"] = json!({"refuse_root": false, "platforms": [], "require_env": []});
                }
                let plan = json!({
                    "output": output, "launcher": launcher, "seed": SEED, "metadata": metadata, "slots": slots,
                    "page_aligned": self != Self::PythonUnaligned,
                });
                let path = folder.join("plan.json");
                fs::write(&path, plan.to_string())?;
                let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/build_package.py");
                peer.command(&peer.python(), folder).arg(script).arg(path).output()?
            }
        };
        succeeded(&result)?;
        fs::set_permissions(&output, fs::Permissions::from_mode(0o755))?;
        Ok(output)
    }

    /// Writes the sources of the slots and gives the manifest's list.
    fn write_sources(self, program: &[u8], folder: &Path) -> io::Result<Vec<Value>> {
        let external = self.external().is_some();
        let tree = folder.join("tree");
        fs::create_dir_all(tree.join("bin"))?;
        fs::write(tree.join("a.txt"), text())?;
        fs::write(tree.join("bin/b"), PROGRAM)?;
        let mut entries = Vec::new();
        for slot in self.slots() {
            let path = folder.join(format!("{}.in", slot.id));
            let content = if slot.id == "runner" { program.to_vec() } else { slot.content.unwrap_or_default() };
            // The external builders store what they are given; the Python builder compresses.
            let stored = if external && slot.operations != "none" { gzip(&content) } else { content };
            fs::write(&path, stored)?;
            let directory = !external && slot.operations == "tgz";
            entries.push(json!({
                "id": slot.id,
                "source": if directory { tree.clone() } else { path },
                "target": if slot.id == "runner" { "run.sh" } else { slot.id },
                "operations": slot.operations,
                "purpose": if slot.id == "runner" { "code" } else { "data" },
                "lifecycle": "runtime",
                "permissions": if slot.id == "runner" { "0755" } else { "0644" },
            }));
        }
        Ok(entries)
    }
}

/// Refuses the output of a program that failed.
///
/// # Errors
/// Its exit status and the last lines it wrote.
pub fn succeeded(output: &Output) -> io::Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let last: Vec<&str> = text.lines().rev().take(5).collect();
    Err(io::Error::other(format!("{}: {}", output.status, last.into_iter().rev().collect::<Vec<_>>().join("\n"))))
}
