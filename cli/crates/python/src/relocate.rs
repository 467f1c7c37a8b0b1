//! Makes a copy of an installed interpreter that runs wherever it is, with the shared libraries that it needs beside it.
//!
//! Only the executable has a search path, a `DT_RPATH`: unlike `DT_RUNPATH` it also serves every library that is loaded later,
//! and comes before `LD_LIBRARY_PATH` (ld.so(8)). `$ORIGIN` in it needs `/proc`.

use super::{
    build_paths,
    elf::{self, ElfFacts},
    error::{PythonError, RuntimeError},
    file_error::{FileContext as _, FileError},
    interpreter::Interpreter,
    lazy_parts::{TCL_SCRIPTS, TK_LIBRARIES},
    library_bundle::{Bundle, Missing, folder_of},
    process,
    provider::{Runtime, RuntimeRequest},
    shared_libraries::{self, LibrarySearch},
    stdlib::{self, StandardLibrary},
    tree_files,
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use walkdir::WalkDir;

const PROGRAM_RPATH: &str = "$ORIGIN/../lib:$ORIGIN/../lib/ext";

/// The same for a program in `lib/ext`.
const PROGRAM_RPATH_IN_EXT: &str = "$ORIGIN:$ORIGIN/..";

/// The same for the module of Tk, in `lib/pythonX.Y/lib-dynload`, whose libraries nobody else needs.
const TK_RPATH: &str = "$ORIGIN/../../tk";

/// glibc loads it when a thread ends before its function does, as Python's daemon threads do; without it the process is aborted.
const THREAD_EXIT_LIBRARY: &str = "libgcc_s.so.1";

/// Parts of glibc that wheels may have been linked with; most are empty since 2.34.
const C_LIBRARY_PARTS: [&str; 7] =
    ["libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "librt.so.1", "libutil.so.1"];

/// A second name for the interpreter is a copy where links are not wanted; larger ones go without it.
const SMALL_PROGRAM: u64 = 64 << 10;

/// Stripping and asking a question take a second or two on a busy machine.
const TASK_LIMIT: Duration = Duration::from_secs(120);

/// Asks where installed modules are looked for.
const SITE_PROBE: &str = "import json, site; print(json.dumps(site.getsitepackages()))";

/// Copies `python` into `into`. The C library will be that of the machine that the tree runs on.
pub(super) fn relocate(
    python: &Interpreter,
    provider: &'static str,
    request: &RuntimeRequest<'_>,
    into: &Path,
) -> Result<Runtime, RuntimeError> {
    relocate_from(python, provider, None, request, into)
}

/// Copies `python` into `into` with all libraries that it needs, the C library included, from `folders` and nowhere else.
/// `builder` is the same interpreter for this machine, where `python` is one for another.
pub(super) fn relocate_with_c_library(
    python: &Interpreter,
    provider: &'static str,
    folders: Vec<PathBuf>,
    builder: Option<&Runtime>,
    request: &RuntimeRequest<'_>,
    into: &Path,
) -> Result<Runtime, RuntimeError> {
    relocate_from(python, provider, Some((folders, builder)), request, into)
}

fn relocate_from(
    python: &Interpreter,
    provider: &'static str,
    unpacked: Option<(Vec<PathBuf>, Option<&Runtime>)>,
    request: &RuntimeRequest<'_>,
    into: &Path,
) -> Result<Runtime, RuntimeError> {
    let root = std::path::absolute(into).on("read", into)?;
    let program = python.program_name();
    let with_c_library = unpacked.is_some();
    let executable = root.join(if with_c_library { "lib/ext" } else { "bin" }).join(&program);
    tree_files::copy(&python.executable, &executable)?;
    let stdlib_in_tree = python.stdlib_in_tree();
    let mut modules = stdlib::copy(python, request.stdlib, &root.join(&stdlib_in_tree))?;
    // The last, so that what only this one needs is known.
    modules.sort_by_key(|(module, _)| is_tk(module));
    if request.stdlib == StandardLibrary::Full {
        let headers = python.include.as_deref().and_then(Path::file_name).unwrap_or(program.as_ref());
        stdlib::copy_headers(python, &root.join("include").join(headers))?;
    }

    let data = fs::read(&python.executable).on("read", &python.executable)?;
    let Some(facts) = elf::read(&data) else {
        let reason = "it is not an ELF file; only Linux interpreters can be bundled so far".to_owned();
        return Err(RuntimeError::NotUsable { path: python.executable.clone(), reason });
    };
    let (folders, builder) = unpacked.map_or((None, None), |(folders, builder)| (Some(folders), builder));
    let search = match folders {
        Some(folders) => LibrarySearch::of_folders(&facts, folders),
        None => LibrarySearch::new(&facts, folder_of(&python.executable), &python.base_prefix),
    };
    let mut bundle =
        Bundle { root: &root, search: &search, with_c_library, copied: Vec::new(), present: BTreeSet::new() };
    bundle.take(&facts, &python.executable).map_err(Missing::into_error)?;
    let needing = |names: &[&str]| facts.needing(names);
    match bundle.take(&needing(&[THREAD_EXIT_LIBRARY]), &python.executable) {
        Err(Missing::File(error)) => return Err(error.into()),
        // musl has no such library and does without.
        Ok(()) | Err(Missing::Library { .. }) => {}
    }
    if with_c_library {
        bundle.take(&needing(&C_LIBRARY_PARTS), &python.executable).map_err(Missing::into_error)?;
    }
    let mut notices = Vec::new();
    let mut binaries = vec![executable.clone()];
    let mut tk = None;
    for (module, original) in modules {
        let data = fs::read(&module).on("read", &module)?;
        let Some(facts) = elf::read(&data) else { continue };
        let known = bundle.copied.len();
        match bundle.take(&facts, &original) {
            Ok(()) if is_tk(&module) => {
                for library in bundle.copied.split_off(known) {
                    let beside = root.join(TK_LIBRARIES).join(library.file_name().unwrap_or_default());
                    tree_files::rename(&library, &beside)?;
                    bundle.copied.push(beside);
                }
                if let Some(library) = python.tcl_library() {
                    stdlib::copy_tcl(&library, &root.join(TCL_SCRIPTS))?;
                }
                tk = Some(module.clone());
                binaries.push(module);
            }
            Ok(()) => binaries.push(module),
            Err(Missing::Library { library, .. }) => {
                let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
                notices.push(format!(
                    "the standard module {name} is left out: it needs {library}, which is not on this machine"
                ));
                tree_files::remove(&module)?;
            }
            Err(Missing::File(error)) => return Err(error.into()),
        }
    }
    binaries.extend(bundle.copied);
    // Debian's files are stripped.
    if !with_c_library && !strip(&binaries) {
        notices.push("`strip` (package binutils) was not found: the interpreter keeps its debugging symbols and the package is larger".to_owned());
    }
    let program_rpath = if with_c_library { PROGRAM_RPATH_IN_EXT } else { PROGRAM_RPATH };
    for binary in &binaries {
        let own = (*binary == executable).then_some(program_rpath);
        finish(binary, own.or((Some(binary) == tk.as_ref()).then_some(TK_RPATH)))?;
    }
    if with_c_library {
        place_loader(&root, &program, &facts)?;
        if request.symlinks {
            // Without /proc the loader sees only by which name it was called.
            let name = root.join("lib/ext/python3");
            tree_files::remove(&name)?;
            std::os::unix::fs::symlink(&program, &name).on("create", &name)?;
        }
    }
    second_name(&root, &program, request.symlinks)?;
    let own = root.join("bin").join(&program);
    let (site, builder, foreign) = match builder {
        Some(builder) => (builder.site.clone(), builder.executable(), request.foreign),
        None => (site_packages(&root, &program, &stdlib_in_tree)?, own, None),
    };
    Ok(Runtime {
        provider,
        version: python.version,
        options: Vec::new(),
        wheels: python.wheels.clone().filter(|folder| folder.is_dir()),
        stdlib: stdlib_in_tree,
        site,
        // One that was unpacked cannot be run where it is.
        original: if with_c_library { builder.clone() } else { python.executable.clone() },
        builder,
        foreign,
        certificates: python.cafile.iter().chain(&python.capath).cloned().collect(),
        notices,
        search,
        program,
        root,
        c_library: None,
        debian_packages: Vec::new(),
    })
}

/// A small program in the place of an interpreter that has its own C library beside it.
///
/// An ELF file names its loader by an absolute path, which a tree that can be moved does not have. So `bin/pythonX.Y` is a static
/// program of 2 KB that starts `lib/ext/pythonX.Y` through the loader in `lib/ext`; `sys.executable` is the former, and works
/// as for any other interpreter. Its source is `loader/loader.c`.
struct Loader {
    program: &'static [u8],
    /// File name of the loader that it starts.
    c_loader: &'static str,
}

impl Loader {
    /// For the machine of `facts`.
    fn of(facts: &ElfFacts) -> Option<Self> {
        use object::elf::{EM_AARCH64, EM_X86_64};
        let (machine, is_64) = facts.machine;
        if machine == EM_X86_64.0 && is_64 {
            let program = include_bytes!("../loader/loader-x86_64");
            return Some(Self { program, c_loader: "ld-linux-x86-64.so.2" });
        }
        if machine == EM_AARCH64.0 && is_64 {
            let program = include_bytes!("../loader/loader-aarch64");
            return Some(Self { program, c_loader: "ld-linux-aarch64.so.1" });
        }
        None
    }
}

/// Whether this is the module that needs Tcl and Tk.
fn is_tk(module: &Path) -> bool {
    module.file_name().is_some_and(|name| name.to_string_lossy().starts_with("_tkinter."))
}

/// Puts the program that starts the interpreter through its own loader into `bin`.
fn place_loader(root: &Path, program: &str, facts: &ElfFacts) -> Result<(), RuntimeError> {
    let path = root.join("bin").join(program);
    let reason = || "there is no loader for its processor".to_owned();
    let found = Loader::of(facts).ok_or_else(|| RuntimeError::NotUsable { path: path.clone(), reason: reason() })?;
    tree_files::write(&path, found.program)?;
    tree_files::set_mode(&path, true)?;
    tree_files::set_mode(&root.join("lib/ext").join(found.c_loader), true)?;
    Ok(())
}

/// Removes symbols that are not needed for loading; false if there is no `strip`.
fn strip(files: &[PathBuf]) -> bool {
    let mut command = process::command("strip");
    command.args(["--strip-unneeded", "--"]).args(files);
    process::run(&mut command, b"", TASK_LIMIT).is_ok()
}

/// Sets the search path of the program, deletes that of everything else, and hides the home folder that was baked in.
fn finish(file: &Path, program_rpath: Option<&str>) -> Result<(), RuntimeError> {
    let data = fs::read(file).on("read", file)?;
    let Some(facts) = elf::read(&data) else { return Ok(()) };
    let mut rewritten = if let Some(rpath) = program_rpath {
        let rewritten = elf::with_rpath(&data, &facts, rpath);
        rewritten.map_err(|reason| RuntimeError::Rewrite { path: file.to_owned(), reason })?
    } else {
        let mut data = data;
        facts.delete_search_path(&mut data);
        data
    };
    build_paths::hide_home(&mut rewritten);
    let executable = tree_files::is_executable(file)?;
    tree_files::write(file, &rewritten)?;
    tree_files::set_mode(file, executable)?;
    Ok(())
}

fn second_name(root: &Path, program: &str, symlinks: bool) -> Result<(), FileError> {
    let (name, executable) = (root.join("bin/python3"), root.join("bin").join(program));
    if symlinks {
        tree_files::remove(&name)?;
        return std::os::unix::fs::symlink(program, &name).on("create", &name);
    }
    if executable.metadata().on("read", &executable)?.len() <= SMALL_PROGRAM {
        tree_files::copy(&executable, &name)?;
    }
    Ok(())
}

/// Runs the copy, which proves that it runs, and asks it where installed modules belong. Debian's answer differs from others'.
fn site_packages(root: &Path, program: &str, stdlib: &Path) -> Result<PathBuf, RuntimeError> {
    let executable = root.join("bin").join(program);
    let mut command = process::command(&executable);
    command.args(["-I", "-B", "-c", SITE_PROBE]).env_clear();
    let not_usable = |reason: String| RuntimeError::NotUsable { path: executable.clone(), reason };
    let finished = process::run(&mut command, b"", TASK_LIMIT).map_err(|error| not_usable(error.to_string()))?;
    if !finished.success() {
        return Err(not_usable(format!("the relocated copy does not run: {}", finished.last_error_lines(3))));
    }
    let folders: Vec<PathBuf> =
        serde_json::from_slice(&finished.stdout).map_err(|error| not_usable(error.to_string()))?;
    let canonical = fs::canonicalize(root).on("read", root)?;
    let inside: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| folder.strip_prefix(root).or_else(|_| folder.strip_prefix(&canonical)).ok())
        .map(Path::to_owned)
        .collect();
    let best = inside.iter().find(|folder| folder.starts_with(stdlib)).or_else(|| inside.first());
    best.cloned().ok_or_else(|| not_usable("the relocated copy looks for modules outside of its folder".to_owned()))
}

/// What bundling libraries for installed modules did.
#[derive(Debug, Default)]
pub(super) struct Bundled {
    /// Installed files that were changed.
    pub(super) changed: BTreeSet<PathBuf>,
    pub(super) notices: Vec<String>,
}

/// Bundles the libraries that installed modules and programs need and do not bring. Wheels rely on the machine for
/// libstdc++, libgcc_s and libz; modules built here may need anything that is installed here.
pub(super) fn bundle_for_site_packages(runtime: &Runtime) -> Result<Bundled, PythonError> {
    let (lib, ext) = (runtime.root.join("lib"), runtime.root.join("lib/ext"));
    let with_c_library = runtime.c_library.is_some();
    let mut bundle = Bundle {
        root: &runtime.root,
        search: &runtime.search,
        with_c_library,
        copied: Vec::new(),
        present: BTreeSet::new(),
    };
    for folder in [&lib, &ext].into_iter().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder).on("list", folder)? {
            bundle.present.insert(entry.on("list", folder)?.file_name().to_string_lossy().into_owned());
        }
    }
    let mut files = Vec::new();
    for folder in [runtime.root.join("bin"), runtime.site_packages()].iter().filter(|folder| folder.is_dir()) {
        for entry in WalkDir::new(folder).sort_by_file_name() {
            files.push(entry.on("list", folder)?.into_path());
        }
    }
    let brought: BTreeSet<String> =
        files.iter().filter_map(|file| Some(file.file_name()?.to_string_lossy().into_owned())).collect();
    let mut done = Bundled::default();
    for file in
        files.iter().filter(|file| !file.starts_with(runtime.root.join("bin")) || **file != runtime.executable())
    {
        let Some(mut data) = tree_files::read_elf(file)? else { continue };
        let Some(facts) = elf::read(&data) else { continue };
        let mut outside = facts.clone();
        outside.needed.retain(|name| {
            !shared_libraries::is_c_library(name) && !brought.contains(name) && !shared_libraries::is_driver(name)
        });
        let uses_bundled = !outside.needed.is_empty();
        if let Err(missing) = bundle.take(&outside, file) {
            match missing {
                Missing::Library { library, .. } => {
                    let name = file.strip_prefix(&runtime.root).unwrap_or(file).display();
                    done.notices.push(format!(
                        "{name} needs {library}, which is not on this machine: it will not load unless the host has it"
                    ));
                }
                Missing::File(error) => return Err(error.into()),
            }
        }
        if uses_bundled && file.starts_with(runtime.root.join("bin")) {
            // The machine's loader starts these, and fits the machine's C library only.
            if !with_c_library {
                finish(file, Some(PROGRAM_RPATH))?;
            }
        } else if change_search_path(&facts, &mut data, uses_bundled) {
            let executable = tree_files::is_executable(file)?;
            tree_files::write(file, &data)?;
            tree_files::set_mode(file, executable)?;
            done.changed.insert(file.clone());
        }
    }
    if !with_c_library {
        strip(&bundle.copied);
    }
    for library in &bundle.copied {
        finish(library, None)?;
    }
    Ok(done)
}

/// Folders of this machine are taken out of a search path; a `DT_RUNPATH` is turned into a `DT_RPATH` if bundled libraries are
/// needed, because it would hide the program's path. Gives whether `data` was changed.
fn change_search_path(facts: &ElfFacts, data: &mut Vec<u8>, uses_bundled: bool) -> bool {
    let folders = if facts.runpath.is_empty() { &facts.rpath } else { &facts.runpath };
    let relative: Vec<&str> = folders
        .iter()
        .map(String::as_str)
        .filter(|folder| folder.starts_with("$ORIGIN") || folder.starts_with("${ORIGIN}"))
        .collect();
    if relative.len() == folders.len() {
        return uses_bundled && facts.runpath_to_rpath(data);
    }
    if relative.is_empty() {
        facts.delete_search_path(data);
        return true;
    }
    // A file that cannot be rewritten still loads; the folders are only looked at in vain.
    elf::with_rpath(data, facts, &relative.join(":")).map(|rewritten| *data = rewritten).is_ok()
}
