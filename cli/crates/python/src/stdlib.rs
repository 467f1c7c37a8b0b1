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
    /// All of it that the interpreter has, with sources and C headers, but for CPython's own tests.
    #[default]
    Full,
    /// Bytecode in place of sources, and without headers, `ensurepip`, `nis`, Tk and the manual of `help()`.
    Minimal,
}

/// Left out, relative to the standard library: the packages and settings of the machine that packs, CPython's own tests.
const LEFT_OUT: [&str; 13] = [
    "EXTERNALLY-MANAGED",
    "ctypes/test",
    "dist-packages",
    "distutils/tests",
    "idlelib/idle_test",
    "lib2to3/tests",
    "site-packages",
    "sitecustomize.py",
    "sqlite3/test",
    "test",
    "tkinter/test",
    "unittest/test",
    "usercustomize.py",
];

/// Left out besides of a minimal one: the installer of pip, what needs Tk, the language manual that `help()` shows for keywords.
const NOT_IN_MINIMAL: [&str; 6] =
    ["ensurepip", "idlelib", "pydoc_data/topics.py", "tkinter", "turtle.py", "turtledemo"];

/// The certificates that come with a tree, where any do.
pub(super) const CERTIFICATES: &str = "etc/ssl/cert.pem";

/// The descriptions of terminals that come with a tree, where any do.
pub(super) const TERMINALS: &str = "share/terminfo";

/// Behind `curses/__init__.py`: its library looks where it was built for.
const TERMINFO: &str = r#"

# Descriptions of terminals that came with this tree, for systems that have none (appended by the packager).
def _flavor_terminfo():
    import os

    own = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 3, "share", "terminfo")
    own = os.path.normpath(own)
    known = "/etc/terminfo", "/lib/terminfo", "/usr/lib/terminfo", "/usr/share/terminfo"
    named = {"TERMINFO", "TERMINFO_DIRS"}.intersection(os.environ)
    if not named and os.path.isdir(own) and not any(map(os.path.isdir, known)):
        os.environ["TERMINFO_DIRS"] = own


_flavor_terminfo()
"#;

/// The finder of modules that are unpacked when they are first imported.
const FINDER: &str = include_str!("lazy_parts.py");

/// Behind `encodings/__init__.py`, the one module that every interpreter runs from its folder before anything else: also with `-I`, `-S`, and
/// in virtual environments, without a name that an application may have for itself.
const HOOK: &str = r#"

class _FlavorLazy:
    """Finds modules that are unpacked when they are first imported (see _flavor_lazy.py)."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in ("sitecustomize", "usercustomize", "_flavor_lazy"):
            return None
        from _flavor_lazy import find_spec

        return find_spec(name, path, target)


sys.meta_path.append(_FlavorLazy)
"#;

/// Beside `tkinter`, whose last line imports it.
const TCL_SCRIPTS: &str = include_str!("tcl_scripts.py");

/// Behind the records of how the interpreter was built.
const RELOCATED: &str = include_str!("relocated_sysconfig.py");

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
    relocate_records(python, to)?;
    fit_scheme(to)?;
    add_finder(to)?;
    if to.join("curses/__init__.py").is_file() {
        tree_files::append(&to.join("curses/__init__.py"), TERMINFO.as_bytes())?;
    }
    if to.join("tkinter/__init__.py").is_file() {
        tree_files::write(&to.join("tkinter/_flavor_tcl.py"), TCL_SCRIPTS.as_bytes())?;
        tree_files::append(&to.join("tkinter/__init__.py"), b"\n\nfrom tkinter import _flavor_tcl\n")?;
    }
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
        // Of what is for linking with the interpreter, only the record of how it was built.
        || (relative.parent().is_some_and(is_config) && name != "Makefile")
        || relative.extension().is_some_and(|extension| extension == "a" || extension == "o")
        || (is_module && (is_module_left_out(&name) || (minimal && ["nis.", "_tkinter."].iter().any(|left_out| name.starts_with(left_out))))))
}

/// Whether this is the folder for programs that embed the interpreter.
fn is_config(folder: &Path) -> bool {
    folder.components().count() == 1 && folder.to_string_lossy().starts_with("config-")
}

/// Modules for CPython's own tests.
fn is_module_left_out(file_name: &str) -> bool {
    let module = file_name.split('.').next().unwrap_or_default();
    module.starts_with("_test")
        || module.starts_with("xxlimited")
        || ["_ctypes_test", "_xxtestfuzz", "xxsubtype"].contains(&module)
}

/// The records of how the interpreter was built name the folder that it was installed in. Of the two that are read at run time, the one
/// for programs gets a few lines that put the folder of the tree in its place.
fn relocate_records(python: &Interpreter, stdlib: &Path) -> Result<(), FileError> {
    let installed = python.base_prefix.to_str().unwrap_or_default();
    // A folder that says nothing about the machine is left.
    let neutral = if installed.len() > "/usr".len() { build_paths::NEUTRAL_PREFIX } else { installed };
    for entry in WalkDir::new(stdlib).min_depth(1).max_depth(2).sort_by_file_name() {
        let entry = entry.on("list", stdlib)?;
        let name = entry.file_name().to_string_lossy();
        let is_makefile = name == "Makefile" && entry.path().parent().is_some_and(|folder| folder != stdlib);
        let is_record = entry.depth() == 1 && (name.starts_with("_sysconfig") || name == "build-details.json");
        if !entry.file_type().is_file() || !(is_makefile || is_record) {
            continue;
        }
        let path = entry.path();
        let text = fs::read(path).on("read", path)?;
        let Ok(mut text) = String::from_utf8(text) else { continue };
        if neutral != installed {
            text = text.replace(installed, neutral);
        }
        let mut text = text.into_bytes();
        build_paths::hide_home(&mut text);
        if name.starts_with("_sysconfigdata") {
            text.extend_from_slice(RELOCATED.as_bytes());
        }
        tree_files::write(path, &text)?;
    }
    Ok(())
}

/// Puts the finder into a standard library that was just copied, before it is compiled.
fn add_finder(stdlib: &Path) -> Result<(), FileError> {
    tree_files::write(&stdlib.join("_flavor_lazy.py"), FINDER.as_bytes())?;
    tree_files::append(&stdlib.join("encodings/__init__.py"), HOOK.as_bytes())
}

/// Debian's Python says that modules and programs go below `local`; in a tree they go where those are that are in it.
fn fit_scheme(stdlib: &Path) -> Result<(), FileError> {
    for name in ["sysconfig.py", "sysconfig/__init__.py"] {
        let path = stdlib.join(name);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let fitting = text.replace("{base}/local", "{base}").replace("{platbase}/local", "{platbase}");
        if fitting != text {
            tree_files::write(&path, fitting.as_bytes())?;
        }
    }
    Ok(())
}

/// Copies C headers to `to`, where extensions that are built inside look for them.
pub(super) fn copy_headers(python: &Interpreter, to: &Path) -> Result<(), FileError> {
    let Some(headers) = python.include.as_deref().filter(|folder| folder.join("Python.h").is_file()) else {
        return Ok(());
    };
    for entry in WalkDir::new(headers).min_depth(1).sort_by_file_name().follow_links(true) {
        let entry = entry.on("list", headers)?;
        if let (true, Ok(relative)) = (entry.file_type().is_file(), entry.path().strip_prefix(headers)) {
            tree_files::copy(entry.path(), &to.join(relative))?;
        }
    }
    // Debian has a wrapper around the one of each processor, which is in another folder.
    let name = headers.file_name().unwrap_or_default();
    for folder in fs::read_dir(headers.parent().unwrap_or(headers)).on("list", headers)? {
        let real = folder.on("list", headers)?.path().join(name).join("pyconfig.h");
        if real.is_file() {
            tree_files::copy(&real, &to.join("pyconfig.h"))?;
        }
    }
    Ok(())
}

/// Copies the scripts of Tcl and Tk to `to`: the folder of the one, and what belongs to it beside that.
pub(super) fn copy_tcl(library: &Path, to: &Path) -> Result<(), FileError> {
    let name = library.file_name().unwrap_or_default().to_string_lossy();
    let version = name.trim_start_matches("tcl");
    let major = version.split('.').next().unwrap_or_default();
    let around = library.parent().unwrap_or(library);
    for folder in [name.to_string(), format!("tk{version}"), format!("tcl{major}")] {
        let from = around.join(&folder);
        if !from.is_dir() {
            continue;
        }
        for entry in WalkDir::new(&from).min_depth(1).sort_by_file_name().follow_links(true) {
            // Links that lead nowhere are no scripts.
            let Ok(entry) = entry else { continue };
            let Ok(relative) = entry.path().strip_prefix(&from) else { continue };
            let is_demo = relative.starts_with("demos");
            if entry.file_type().is_file() && !is_demo && relative.extension().is_none_or(|kind| kind != "a") {
                tree_files::copy(entry.path(), &to.join(&folder).join(relative))?;
            }
        }
    }
    Ok(())
}
