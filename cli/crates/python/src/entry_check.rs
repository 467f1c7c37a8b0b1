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

/// Looks for the module's file, where the function cannot be imported.
pub(super) fn find(runtime: &Runtime, entry_point: &EntryPoint) -> Result<(), PythonError> {
    let (parents, name) = entry_point.module().rsplit_once('.').unwrap_or(("", entry_point.module()));
    let is_module = |path: &Path| {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (stem, rest) = file.split_once('.').unwrap_or((&file, ""));
        // Extension modules name their interpreter and processor between the two.
        stem == name && (["py", "pyc"].contains(&rest) || rest.split('.').next_back() == Some("so"))
            || file == name && ["__init__.py", "__init__.pyc"].iter().any(|file| path.join(file).is_file())
    };
    for folder in [runtime.site_packages(), runtime.root.join(&runtime.stdlib)] {
        let folder = folder.join(parents.replace('.', "/"));
        let mut files = fs::read_dir(&folder).into_iter().flatten().flatten();
        if files.any(|file| is_module(&file.path())) {
            return Ok(());
        }
    }
    Err(EntryPointError::NoModule { module: entry_point.module().to_owned(), matches: Vec::new() }.into())
}

/// Imports the function in the tree's own interpreter, in the environment that the package will have: `run_env` is what it sets.
pub(super) fn check(
    runtime: &Runtime,
    entry_point: &EntryPoint,
    run_env: &[(String, String)],
    work: &Path,
) -> Result<(), PythonError> {
    let home = work.join("check");
    tree_files::create_dir(&home)?;
    let home = std::path::absolute(&home).on("read", &home)?;
    let answer_file = home.join("answer.json");
    let mut command = process::command(runtime.executable());
    command
        .args(&runtime.options)
        .args(["-I", "-B", "-c", CHECK])
        .arg(&answer_file)
        .args([entry_point.module(), entry_point.function()]);
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
    let module = entry_point.module().to_owned();
    if finished.timed_out {
        return Err(EntryPointError::TimedOut { module, limit: CHECK_LIMIT }.into());
    }
    let answer = fs::read(&answer_file).ok().and_then(|text| serde_json::from_slice::<Answer>(&text).ok());
    let Some(Answer { outcome, detail, matches }) = answer else {
        return Err(PythonError::Interpreter { task, output: finished.last_error_lines(3) });
    };
    let function = entry_point.function().to_owned();
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
        "callable" => return Ok(()),
        "no-module" => EntryPointError::NoModule { module, matches },
        "no-function" => EntryPointError::NoFunction { module, function, matches },
        "not-callable" => EntryPointError::NotCallable { module, function, kind: detail },
        _ => EntryPointError::Import { module, reason: detail },
    }
    .into())
}
