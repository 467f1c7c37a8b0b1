//! Puts the launcher named by `FLAVOR_EMBED_LAUNCHER` (a path) where `src/launcher_file.rs` includes it; an empty file when unset.

use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=FLAVOR_EMBED_LAUNCHER");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?).join("launcher.bin");
    let bytes = match env::var_os("FLAVOR_EMBED_LAUNCHER").filter(|path| !path.is_empty()).map(PathBuf::from) {
        None => Vec::new(),
        Some(path) => {
            println!("cargo::rerun-if-changed={}", path.display());
            let bytes =
                fs::read(&path).map_err(|error| format!("FLAVOR_EMBED_LAUNCHER={}: {error}", path.display()))?;
            if bytes.is_empty() {
                return Err(format!("FLAVOR_EMBED_LAUNCHER={}: the file is empty", path.display()));
            }
            bytes
        }
    };
    fs::write(&out, bytes).map_err(|error| format!("{}: {error}", out.display()))
}
