//! Copies the standard library.

use super::{
    build_paths,
    file_error::{FileContext as _, FileError},
    interpreter::Interpreter,
    tree_files,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use walkdir::{DirEntry, WalkDir};

/// How much of the standard library is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StandardLibrary {
    /// All of it, with sources, but for CPython's own tests and what needs Tk, which is not bundled.
    #[default]
    Full,
    /// Bytecode in place of sources, and without `ensurepip`, `nis` and the manual of `help()`.
    Minimal,
}

/// Left out, relative to the standard library: the packages and settings of the machine that packs, CPython's own tests, what needs Tk.
const LEFT_OUT: [&str; 15] = [
    "EXTERNALLY-MANAGED",
    "ctypes/test",
    "dist-packages",
    "distutils/tests",
    "idlelib",
    "lib2to3/tests",
    "site-packages",
    "sitecustomize.py",
    "sqlite3/test",
    "test",
    "tkinter",
    "turtle.py",
    "turtledemo",
    "unittest/test",
    "usercustomize.py",
];

/// Left out besides of a minimal one: the installer of pip, the language manual that `help()` shows for keywords.
const NOT_IN_MINIMAL: [&str; 2] = ["ensurepip", "pydoc_data/topics.py"];

/// Copies the standard library to `to`; gives the extension modules: copy and original.
pub(super) fn copy(
    python: &Interpreter,
    extent: StandardLibrary,
    to: &Path,
) -> Result<Vec<(PathBuf, PathBuf)>, FileError> {
    let mut modules = Vec::new();
    copy_folder(&python.stdlib, extent, to, &mut modules)?;
    // An interpreter with every module built in still looks for this folder and warns if it is absent.
    let dynload = to.join("lib-dynload");
    tree_files::create_dir(&dynload)?;
    if let Some(original) = python.lib_dynload.as_deref().filter(|path| !path.starts_with(&python.stdlib)) {
        copy_folder(original, extent, &dynload, &mut modules)?;
    }
    neutralize_prefix(python, to)?;
    Ok(modules)
}

fn copy_folder(
    from: &Path,
    extent: StandardLibrary,
    to: &Path,
    modules: &mut Vec<(PathBuf, PathBuf)>,
) -> Result<(), FileError> {
    let walk = WalkDir::new(from).min_depth(1).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(|entry| is_wanted(entry, extent, from)) {
        let entry = entry.on("list", from)?;
        let Ok(relative) = entry.path().strip_prefix(from) else { continue };
        // Links are followed; some systems have links into /etc that may dangle.
        let Ok(meta) = fs::metadata(entry.path()) else { continue };
        let target = to.join(relative);
        if meta.is_file() {
            tree_files::copy(entry.path(), &target)?;
            if relative.extension().is_some_and(|extension| extension == "so") {
                modules.push((target, entry.path().to_owned()));
            }
        } else if meta.is_dir() && entry.path_is_symlink() {
            copy_folder(&fs::canonicalize(entry.path()).on("read", entry.path())?, extent, &target, modules)?;
        }
    }
    Ok(())
}

fn is_wanted(entry: &DirEntry, extent: StandardLibrary, stdlib: &Path) -> bool {
    let Ok(relative) = entry.path().strip_prefix(stdlib) else { return false };
    let name = entry.file_name().to_string_lossy();
    let is_module = relative.extension().is_some_and(|extension| extension == "so");
    let minimal = extent == StandardLibrary::Minimal;
    let more = if minimal { &NOT_IN_MINIMAL[..] } else { &[] };
    !(LEFT_OUT.iter().chain(more).any(|path| relative == Path::new(path))
        || name == "__pycache__"
        || (name.starts_with("config-") && relative.components().count() == 1)
        || relative.extension().is_some_and(|extension| extension == "a" || extension == "o")
        || (is_module && (is_module_left_out(&name) || (minimal && name.starts_with("nis.")))))
}

/// Modules for CPython's own tests, and Tk's.
fn is_module_left_out(file_name: &str) -> bool {
    let module = file_name.split('.').next().unwrap_or_default();
    module.starts_with("_test")
        || module.starts_with("xxlimited")
        || ["_ctypes_test", "_tkinter", "_xxtestfuzz", "xxsubtype"].contains(&module)
}

/// The records of how the interpreter was built name the folder that it was installed in.
fn neutralize_prefix(python: &Interpreter, stdlib: &Path) -> Result<(), FileError> {
    let Some(prefix) = python.base_prefix.to_str().filter(|prefix| prefix.len() > "/usr".len()) else { return Ok(()) };
    for entry in fs::read_dir(stdlib).on("list", stdlib)? {
        let path = entry.on("list", stdlib)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with("_sysconfig") && name != "build-details.json" {
            continue;
        }
        let text = fs::read(&path).on("read", &path)?;
        let Ok(text) = String::from_utf8(text) else { continue };
        let mut text = text.replace(prefix, build_paths::NEUTRAL_PREFIX).into_bytes();
        build_paths::hide_home(&mut text);
        tree_files::write(&path, &text)?;
    }
    Ok(())
}
