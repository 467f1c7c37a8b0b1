//! What programs expect of a system, and an empty root has not: certificates, time zones, descriptions of terminals.

use crate::{
    file_error::{FileContext as _, FileError},
    provider::Runtime,
    stdlib::{CERTIFICATES, TERMINALS},
    tree_files,
};
use std::{fs, path::Path};
use walkdir::WalkDir;

/// Adds them to a tree, from the unpacked packages in `system`.
pub(super) fn add(system: &Path, runtime: &Runtime) -> Result<(), FileError> {
    certificates(&system.join("usr/share/ca-certificates"), &runtime.root.join(CERTIFICATES))?;
    time_zones(&system.join("usr/share/zoneinfo"), &runtime.root.join(&runtime.stdlib).join("tzdata"))?;
    for folder in ["lib/terminfo", "usr/lib/terminfo", "usr/share/terminfo"] {
        copy(&system.join(folder), &runtime.root.join(TERMINALS))?;
    }
    Ok(())
}

/// One file of all, as Debian makes it when the package is installed.
fn certificates(from: &Path, to: &Path) -> Result<(), FileError> {
    let mut bundle = Vec::new();
    for entry in WalkDir::new(from).sort_by_file_name() {
        let entry = entry.on("list", from)?;
        if entry.path().extension().is_some_and(|extension| extension == "crt") {
            bundle.extend(fs::read(entry.path()).on("read", entry.path())?);
            bundle.extend(if bundle.ends_with(b"\n") { &b""[..] } else { b"\n" });
        }
    }
    tree_files::write(to, &bundle)
}

/// The package `tzdata`, which `zoneinfo` asks where the system has no time zones: its resources are the files of the zones.
fn time_zones(from: &Path, to: &Path) -> Result<(), FileError> {
    const MAGIC: &[u8] = b"TZif";
    let zones = to.join("zoneinfo");
    let mut names = Vec::new();
    for entry in WalkDir::new(from).min_depth(1).sort_by_file_name() {
        let entry = entry.on("list", from)?;
        let Ok(name) = entry.path().strip_prefix(from) else { continue };
        // The same again, with and without leap seconds; and what the system itself uses.
        if name.starts_with("right") || name.starts_with("posix") || !entry.path().is_file() {
            continue;
        }
        let content = fs::read(entry.path()).on("read", entry.path())?;
        let is_table = name.extension().is_some_and(|extension| extension == "tab");
        if !content.starts_with(MAGIC) && !is_table {
            continue;
        }
        tree_files::write(&zones.join(name), &content)?;
        if !is_table && !["localtime", "posixrules"].iter().any(|other| name == Path::new(other)) {
            names.push(name.to_string_lossy().into_owned());
        }
        for folder in name.ancestors().skip(1) {
            tree_files::write(&zones.join(folder).join("__init__.py"), b"")?;
        }
    }
    tree_files::write(&to.join("__init__.py"), b"")?;
    tree_files::write(&to.join("zones"), (names.join("\n") + "\n").as_bytes())
}

fn copy(from: &Path, to: &Path) -> Result<(), FileError> {
    if !from.is_dir() {
        return Ok(());
    }
    for entry in WalkDir::new(from).min_depth(1).sort_by_file_name() {
        let entry = entry.on("list", from)?;
        let Ok(name) = entry.path().strip_prefix(from) else { continue };
        // Some are links to others.
        if entry.path().is_file() {
            tree_files::copy(entry.path(), &to.join(name))?;
        }
    }
    Ok(())
}
