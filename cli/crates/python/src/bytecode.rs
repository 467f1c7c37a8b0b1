//! Compiles the tree's modules, so that no start has to.
//!
//! Sources stay beside it, as tools that read code expect; a minimal standard library is bytecode only, as in CPython's own
//! embeddable distribution.

use super::{
    error::PythonError,
    file_error::{FileContext as _, FileError},
    options::CompileOptions,
    process::{self, Finished},
    provider::Runtime,
    tree_files,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
    thread,
    time::Duration,
};
use walkdir::WalkDir;

const COMPILER: &str = include_str!("compile_bytecode.py");

/// Into how many parts the files are divided, each compiled by one process. Whether equal strings become one object can depend
/// on what a process compiled before, so this is the same on every machine, however many run at once.
const SHARDS: usize = 4;

/// The standard library takes two seconds; the largest applications take minutes.
const COMPILE_LIMIT: Duration = Duration::from_secs(1800);

/// Compiles the standard library. A module that will have no source has one file for all levels of optimization.
pub(super) fn compile_runtime(
    runtime: &Runtime,
    options: CompileOptions,
    without_sources: bool,
) -> Result<(), PythonError> {
    let stdlib = runtime.root.join(&runtime.stdlib);
    let site = runtime.site_packages();
    let files = modules(&runtime.root, &stdlib, |path| !path.starts_with(&site))?;
    let levels = if without_sources { options.optimization_level.to_string() } else { levels(options) };
    compile(runtime, &files, options, &levels)
}

/// Compiles the application and its dependencies.
pub(super) fn compile_site_packages(runtime: &Runtime, options: CompileOptions) -> Result<(), PythonError> {
    let files = modules(&runtime.root, &runtime.site_packages(), |_| true)?;
    compile(runtime, &files, options, &levels(options))
}

/// Interpreters that the program starts have options of their own.
fn levels(options: CompileOptions) -> String {
    match options.optimization_level {
        0 => "0".to_owned(),
        level => format!("0,{level}"),
    }
}

/// Puts the bytecode of the standard library in the place of its sources. Only when nothing runs in the tree: a running interpreter
/// remembers what is in its folders.
pub(super) fn drop_runtime_sources(runtime: &Runtime) -> Result<(), PythonError> {
    let stdlib = runtime.root.join(&runtime.stdlib);
    let site = runtime.site_packages();
    let mut caches = Vec::new();
    for entry in WalkDir::new(&stdlib).into_iter().filter_entry(|entry| entry.path() != site) {
        let entry = entry.on("list", &stdlib)?;
        if entry.file_name() == "__pycache__" {
            caches.push(entry.into_path());
        }
    }
    for cache in caches {
        let folder = cache.parent().unwrap_or(&stdlib);
        for entry in fs::read_dir(&cache).on("list", &cache)? {
            let bytecode = entry.on("list", &cache)?.path();
            // `json.cpython-311.pyc` and `json.py` become `json.pyc` (PEP 3147, "legacy pyc files").
            let name = bytecode.file_name().unwrap_or_default().to_string_lossy();
            let source = folder.join(format!("{}.py", name.split('.').next().unwrap_or_default()));
            fs::rename(&bytecode, source.with_extension("pyc")).on("move", &bytecode)?;
            tree_files::remove(&source)?;
        }
        tree_files::remove(&cache)?;
    }
    Ok(())
}

fn modules(root: &Path, below: &Path, wanted: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, FileError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(below).sort_by_file_name() {
        let entry = entry.on("list", below)?;
        let is_module =
            entry.file_type().is_file() && entry.path().extension().is_some_and(|extension| extension == "py");
        if let (true, Ok(relative)) = (is_module && wanted(entry.path()), entry.path().strip_prefix(root)) {
            files.push(relative.to_owned());
        }
    }
    Ok(files)
}

fn compile(runtime: &Runtime, files: &[PathBuf], options: CompileOptions, levels: &str) -> Result<(), PythonError> {
    if !options.compile {
        return Ok(());
    }
    let shards: Vec<Vec<u8>> = (0..SHARDS)
        .map(|shard| {
            files
                .iter()
                .skip(shard)
                .step_by(SHARDS)
                .flat_map(|file| [file.as_os_str().as_encoded_bytes(), b"\0"].concat())
                .collect()
        })
        .collect();
    let waiting = Mutex::new(shards.into_iter());
    let results: Mutex<Vec<io::Result<Finished>>> = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(SHARDS);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(input) = waiting.lock().ok().and_then(|mut shards| shards.next()) {
                    let result = compile_shard(runtime, &input, options, levels);
                    if let Ok(mut results) = results.lock() {
                        results.push(result);
                    }
                }
            });
        }
    });
    let failed = |output: String| PythonError::Interpreter { task: "compile the modules", output };
    let results = results.into_inner().unwrap_or_default();
    if results.len() != SHARDS {
        return Err(failed("a worker ended early".to_owned()));
    }
    for result in results {
        let finished = result.map_err(|error| failed(error.to_string()))?;
        if !finished.success() {
            return Err(failed(finished.last_error_lines(3)));
        }
    }
    Ok(())
}

fn compile_shard(runtime: &Runtime, input: &[u8], options: CompileOptions, levels: &str) -> io::Result<Finished> {
    let mut command = process::command(&runtime.builder);
    // Isolated mode ignores PYTHONHASHSEED, so its parts are given: no user site, no site module, no folder of the script.
    command.args(["-s", "-S", "-B", "-W", "ignore"]);
    command.args(["-c", COMPILER]).arg(&runtime.root).arg(levels);
    command.arg(if options.strip_docstrings { "strip" } else { "keep" });
    command.env_clear().env("PYTHONHASHSEED", "0").env("PYTHONUTF8", "1").current_dir(&runtime.root);
    process::run(&mut command, input, COMPILE_LIMIT)
}
