//! The proof that the tree has the function that the package runs.

use super::{
    entry_point::{EntryPoint, EntryPointError},
    error::PythonError,
    file_error::FileContext as _,
    process,
    provider::Runtime,
    tree_files,
};
use serde::Deserialize;
use std::{fs, path::Path, time::Duration};

const CHECK: &str = include_str!("check_entry_point.py");

/// Importing an application takes seconds at most; one that waits for something would wait forever.
const CHECK_LIMIT: Duration = Duration::from_secs(120);

#[derive(Deserialize)]
struct Answer {
    outcome: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    matches: Vec<String>,
}

/// Whether this machine runs the tree's interpreter: always one of its own, and one of another processor with an emulator.
pub(super) fn can_run(runtime: &Runtime) -> bool {
    let mut command = process::command(runtime.executable());
    command.args(["-I", "-S", "-c", ""]).env_clear();
    runtime.foreign.is_none() || process::run(&mut command, b"", CHECK_LIMIT).is_ok_and(|finished| finished.success())
}

/// Where things are looked for.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The tree.
    pub(super) runtime: &'a Runtime,
    /// The folder of an application without build backend, relative to the tree.
    pub(super) folder: &'a Path,
    /// The project's own folder.
    pub(super) project: &'a Path,
}

/// Looks for the module's file, where the function cannot be imported.
pub(super) fn find(place: Place<'_>, entry_point: &EntryPoint) -> Result<(), PythonError> {
    let runtime = place.runtime;
    let application = runtime.root.join(place.folder);
    let module = match entry_point {
        EntryPoint::Function { module, .. } | EntryPoint::Module(module) => module,
        EntryPoint::File(path) if application.join(path).is_file() => return Ok(()),
        EntryPoint::File(path) => return Err(EntryPointError::NoFile { path: path.clone() }.into()),
    };
    let (parents, name) = module.rsplit_once('.').unwrap_or(("", module));
    let is_module = |path: &Path| {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (stem, rest) = file.split_once('.').unwrap_or((&file, ""));
        // Extension modules name their interpreter and processor between the two.
        stem == name && (["py", "pyc"].contains(&rest) || rest.split('.').next_back() == Some("so"))
            || file == name && ["__init__.py", "__init__.pyc"].iter().any(|file| path.join(file).is_file())
    };
    for folder in [application, runtime.site_packages(), runtime.root.join(&runtime.stdlib)] {
        let folder = folder.join(parents.replace('.', "/"));
        let mut files = fs::read_dir(&folder).into_iter().flatten().flatten();
        if files.any(|file| is_module(&file.path())) {
            return Ok(());
        }
    }
    Err(EntryPointError::NoModule { module: module.clone(), matches: Vec::new() }.into())
}

/// What was found out about an entry point that can be run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// It makes an application: called without arguments, it would give one.
    pub(super) is_factory: bool,
    /// It is an application of a web framework, which a server has to run.
    pub(super) is_application: bool,
}

/// Has the tree's own interpreter look at what is run, in the environment that the package will have: `run_env` is what it sets.
///
/// Functions are imported. What runs as a whole is not run: of modules it is looked for, of files each import is.
pub(super) fn check(
    place: Place<'_>,
    entry_point: &EntryPoint,
    run_env: &[(String, String)],
    work: &Path,
) -> Result<Found, PythonError> {
    let runtime = place.runtime;
    let home = work.join("check");
    tree_files::create_dir(&home)?;
    let home = std::path::absolute(&home).on("read", &home)?;
    let answer_file = home.join("answer.json");
    let mut command = process::command(runtime.executable());
    let words = match entry_point {
        EntryPoint::Function { module, function } => ["function", module, function],
        EntryPoint::Module(module) => ["module", module, ""],
        EntryPoint::File(path) => ["file", path, ""],
    };
    let application = runtime.root.join(place.folder);
    command.args(&runtime.options).args(["-I", "-B", "-c", CHECK]).arg(&answer_file).arg(&application).args(words);
    command
        .env_clear()
        .env("HOME", &home)
        .env("TMPDIR", &home)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .current_dir(&home);
    let workenv = runtime.root.to_string_lossy();
    command.envs(run_env.iter().map(|(name, value)| (name, value.replace("{workenv}", &workenv))));
    let task = "import the entry point";
    let finished = process::run(&mut command, b"", CHECK_LIMIT)
        .map_err(|error| PythonError::Interpreter { task, output: error.to_string() })?;
    let [_, module, function] = words.map(str::to_owned);
    if finished.timed_out {
        return Err(EntryPointError::TimedOut { module, limit: CHECK_LIMIT }.into());
    }
    let answer = fs::read(&answer_file).ok().and_then(|text| serde_json::from_slice::<Answer>(&text).ok());
    let Some(Answer { outcome, detail, matches }) = answer else {
        return Err(PythonError::Interpreter { task, output: finished.last_error_lines(3) });
    };
    let first = module.split('.').next().unwrap_or_default();
    let is_in = |folder: &Path| folder.join(first).is_dir() || folder.join(format!("{first}.py")).is_file();
    let library = runtime
        .site_packages()
        .parent()
        .is_some_and(|library| is_in(library) || library.join(format!("{first}.pyc")).is_file());
    if outcome.starts_with("no-") && library && is_in(&runtime.site_packages()) {
        let shadow = first.to_owned();
        return Err(EntryPointError::Shadowed { module, shadow }.into());
    }
    Err(match outcome.as_str() {
        "callable" => return Ok(Found::default()),
        "factory" => return Ok(Found { is_factory: true, ..Found::default() }),
        "application" => return Ok(Found { is_application: true, ..Found::default() }),
        "no-module" => EntryPointError::NoModule { module, matches },
        "no-main" => EntryPointError::NoMain { module },
        "no-function" => EntryPointError::NoFunction { module, function, matches },
        "not-callable" => EntryPointError::NotCallable { module, function, kind: detail },
        "no-file" => EntryPointError::NoFile { path: module },
        "no-python" => EntryPointError::NoPython { path: module, reason: detail },
        "no-import" => {
            let (line, name) = detail.split_once(' ').unwrap_or(("", &detail));
            let first = name.split('.').next().unwrap_or_default();
            let folder = place.project.join(&module);
            let folder = folder.parent().unwrap_or(place.project);
            let beside = folder.join(first).is_dir() || folder.join(format!("{first}.py")).is_file();
            EntryPointError::NoImport { path: module, line: line.to_owned(), name: name.to_owned(), beside }
        }
        _ => EntryPointError::Import { module, reason: detail },
    }
    .into())
}
