//! Writes what fuzzing begins with, a folder for each target: `cargo run -p pspf-tests --bin fuzz-seeds -- FOLDER`.
//!
//! Everything is taken from the conformance kit and the packages of the published builders, so that nothing has to be kept up to date.

use base64ct::{Base64, Encoding};
use pspf_nostd::{
    codec::gunzip_one,
    digest::sha256,
    verify::{Scope, TrustedKeys, verify_slice},
};
use pspf_tests::{kit, showcase::publisher};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// Larger ones would slow down every run.
const SEED_MAX: usize = 64 << 10;

/// Places of the codecs in the first byte of a seed (fuzz/src/lib.rs).
const CODECS: [(u8, &[u8]); 4] = [(0, &[0x1f, 0x8b]), (1, &[0x28, 0xb5, 0x2f, 0xfd]), (2, b"\xfd7zXZ"), (3, b"BZh")];

fn main() -> io::Result<()> {
    let root =
        env::args_os().nth(1).map(PathBuf::from).ok_or_else(|| io::Error::other("name the folder to write to"))?;
    let seed = |target: &str, bytes: &[u8]| seed(&root.join(target), bytes);
    for case in kit::read(&kit::vectors().join("cases"))?.values() {
        let stored = Base64::decode_vec(&case.package).map_err(io::Error::other)?;
        let package = case.bytes().map_err(io::Error::other)?;
        seed("codec", &[&[0], stored.as_slice()].concat())?;
        seed("verify", &package)?;
        let outcome = verify_slice(&package, Scope::Content, TrustedKeys::default());
        if let Some(metadata) = &outcome.metadata_hint {
            seed("metadata", metadata.raw())?;
            seed("json", metadata.raw())?;
            if let Some(command) = metadata.execution.as_ref().map(|execution| &execution.command) {
                seed("command_words", command.as_bytes())?;
            }
        }
        for slot in &outcome.report.slots {
            let range = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            let Some(stored) = package.get(range(slot.range.start)..range(slot.range.end)) else { continue };
            for (choice, magic) in CODECS {
                if stored.starts_with(magic) {
                    seed("codec", &[&[choice], stored].concat())?;
                }
            }
            if stored.starts_with(CODECS[1].1) {
                seed("zstd_decoders", stored)?;
            }
            if let Ok(member) = gunzip_one(stored, 1 << 20) {
                seed("tar", &member.data)?;
                seed("encoders", &[&[0, 6, 0], member.data.as_slice()].concat())?;
            }
            if slot.operations == "tar" {
                seed("tar", stored)?;
            }
            for choice in 0..4 {
                seed("encoders", &[&[choice, 3, 5], stored].concat())?;
            }
        }
    }
    let key = publisher();
    seed("key", key.to_pem().as_bytes())?;
    seed("key", key.public_key().to_pem().as_bytes())?;
    for pattern in ["*\0name", "a?c\0abc", "[a-z]*.py\0module.py", "**/x\0a/b/x", "[!a]\0b"] {
        seed("glob", pattern.as_bytes())?;
    }
    Ok(())
}

/// Writes one seed under the name of its digest.
fn seed(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    if bytes.len() > SEED_MAX {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join(&sha256(bytes).to_string()[..16]), bytes)
}
