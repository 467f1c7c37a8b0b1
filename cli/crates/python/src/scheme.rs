//! Moves an installation from a prefix of its own into the tree: modules to where the tree's interpreter looks for them, and every
//! other file (`bin`, `share`, `etc`, `include`) to the same place below the tree, which is `sys.prefix` of its programs.

use super::{
    file_error::{FileContext as _, FileError},
    launch_script,
    provider::Runtime,
    tree_files,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use walkdir::WalkDir;

/// Files outside of the folder of installed modules.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// Relative to the tree.
    pub(super) paths: BTreeSet<PathBuf>,
    /// Scripts that were changed, as records of distributions name them: through the folder of installed modules.
    pub(super) changed: BTreeSet<PathBuf>,
    /// Sentences for the user.
    pub(super) notices: Vec<String>,
}

/// The folder that an installer is given as its prefix.
pub(super) fn prefix(work: &Path) -> PathBuf {
    work.join("prefix")
}

/// Moves everything from `prefix` into the tree.
pub(super) fn place(prefix: &Path, runtime: &Runtime) -> Result<Placed, FileError> {
    let mut placed = Placed::default();
    // A project may install nothing.
    if !prefix.is_dir() {
        return Ok(placed);
    }
    // uv's, and no distribution's.
    tree_files::remove(&prefix.join(".lock"))?;
    let site = runtime.site_packages();
    for lib in ["lib", "lib64"] {
        let lib = prefix.join(lib);
        // 64-bit systems have one as a link to the other.
        if lib.is_symlink() || !lib.is_dir() {
            continue;
        }
        for python in fs::read_dir(&lib).on("list", &lib)? {
            let modules = python.on("list", &lib)?.path().join("site-packages");
            if modules.is_dir() {
                move_folder(&modules, &site)?;
            }
        }
    }
    for entry in WalkDir::new(prefix).min_depth(1).sort_by_file_name() {
        let path = entry.on("list", prefix)?.into_path();
        let Ok(relative) = path.strip_prefix(prefix).map(Path::to_owned) else { continue };
        if path.is_dir() && !path.is_symlink() {
            continue;
        }
        let target = runtime.root.join(&relative);
        if target.symlink_metadata().is_ok() {
            placed
                .notices
                .push(format!("{} of a dependency is left out: the interpreter has that file", relative.display()));
            continue;
        }
        let script = if relative.starts_with("bin") { relocatable(&path, runtime)? } else { None };
        if let Some(script) = script {
            tree_files::write(&target, &script)?;
            tree_files::set_mode(&target, true)?;
            placed.changed.insert(runtime.recorded(&relative));
        } else {
            move_file(&path, &target)?;
        }
        placed.paths.insert(relative);
    }
    tree_files::remove(prefix)?;
    Ok(placed)
}

/// A script that an installer made, or made to start with its interpreter, with the tree's interpreter in its place.
fn relocatable(path: &Path, runtime: &Runtime) -> Result<Option<Vec<u8>>, FileError> {
    let text = fs::read(path).on("read", path)?;
    let line_end = |text: &[u8]| text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
    let (first, rest) = text.split_at(line_end(&text));
    let original = runtime.original.as_os_str().as_encoded_bytes();
    let names = |line: &[u8]| line.windows(original.len()).any(|part| part == original) || names_python(line);
    // Where the interpreter's path is long, a shell starts it in the second line.
    let body = if first.starts_with(b"#!/bin/sh") && rest.starts_with(b"'''exec'") {
        let rest = rest.split_at(line_end(rest)).1;
        rest.split_at(line_end(rest)).1
    } else if first.starts_with(b"#!/") && !first.starts_with(b"#!/usr/bin/env ") && names(first) {
        rest
    } else {
        return Ok(None);
    };
    Ok(Some([launch_script::header(runtime).as_bytes(), body].concat()))
}

fn names_python(line: &[u8]) -> bool {
    let program = line.split(|byte| *byte == b'/').next_back().unwrap_or_default();
    program.starts_with(b"python")
}

fn move_folder(from: &Path, to: &Path) -> Result<(), FileError> {
    tree_files::create_dir(to)?;
    for entry in fs::read_dir(from).on("list", from)? {
        let path = entry.on("list", from)?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() && !path.is_symlink() && target.is_dir() {
            move_folder(&path, &target)?;
        } else {
            fs::rename(&path, &target).on("move", &path)?;
        }
    }
    tree_files::remove(from)
}

fn move_file(from: &Path, to: &Path) -> Result<(), FileError> {
    if let Some(folder) = to.parent() {
        tree_files::create_dir(folder)?;
    }
    fs::rename(from, to).on("move", from)
}
