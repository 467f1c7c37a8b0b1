//! Installs the project and its dependencies into the tree.

use super::{
    build_environment, distribution,
    error::PythonError,
    installation::{Installation, each, index_of_uv, platform_of_uv, prepare},
    local_sources::LocalSources,
    pip, scheme, tree_files,
    uv::{UV_LIMIT, Uv},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Installs everything. The installed interpreter does the work, not the copy: only it has the headers for building extension modules.
///
/// Gives what pip says that it has installed, where it was pip.
pub(super) fn install(what: &Installation<'_>) -> Result<Option<pip::Report>, PythonError> {
    tree_files::create_dir(&what.runtime.site_packages())?;
    let mut sources = LocalSources::new(what.work);
    sources.rewrite(&what.project.dir, what.copy)?;
    // A lock fits the sources as they were.
    let locked_for = if sources.rewritten { &what.project.dir } else { what.copy };
    let locked = if what.options.installs.locked { Some(export_lock(what, locked_for)?) } else { None };
    let projects = what.options.installs.projects.iter().map(|folder| sources.copy_of(folder));
    let mut projects = projects.collect::<Result<Vec<_>, _>>()?;
    what.project.add_build_requires(what.copy, &what.options.build.requires)?;
    let environment = match &what.options.build.environment {
        Some(settings) => {
            let requires = [&what.project.build_requires[..], &what.options.build.requires].concat();
            let original = &what.runtime.original;
            let python =
                build_environment::make(what.uv, settings, original, what.work, what.copy, &requires, what.options)?;
            Some(python)
        }
        None => None,
    };
    if what.options.installs.use_pip {
        // pip does not know uv's sources; what it is given as a folder it does not look for in an index.
        projects.extend(sources.others(what.copy));
        projects.sort();
        projects.dedup();
        return Ok(Some(pip::install(what, environment.as_deref(), locked.as_deref(), &projects)?));
    }
    let mut command = with_uv(what, environment.as_deref());
    for file in locked.iter().chain(&what.options.installs.requirements_file) {
        command.arg("-r").arg(file);
    }
    let extras = if what.extras.is_empty() { String::new() } else { format!("[{}]", what.extras.join(",")) };
    if what.options.installs.dev_group {
        command.args(["--group", "dev"]);
    }
    command.arg(format!(".{extras}")).args(&projects).args(&what.options.installs.requirements);
    prepare(&mut command, what);
    Uv::run(&mut command, UV_LIMIT, what.copy)?;
    Ok(None)
}

/// pip, and uv before it had a variable for it, install `-e` as a pointer to the folder (PEP 610).
pub(super) fn nothing_is_editable(site: &Path) -> Result<(), PythonError> {
    for dist_info in distribution::dist_infos(site)? {
        if distribution::is_editable(&dist_info) {
            let name = dist_info.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(PythonError::Editable { name });
        }
    }
    Ok(())
}

fn with_uv(what: &Installation<'_>, environment: Option<&Path>) -> Command {
    let mut command = what.uv.command();
    command.args([
        "pip",
        "install",
        "--link-mode",
        "copy",
        "--no-compile-bytecode",
        "--no-progress",
        "--color",
        "never",
    ]);
    command.arg("--python").arg(environment.unwrap_or(&what.runtime.original));
    command.arg("--prefix").arg(scheme::prefix(what.work));
    if let Some(name) = &what.project.name {
        // uv keeps builds of folders, and looks for changes in few of their files.
        command.args(["--refresh-package", name]);
        if environment.is_some() {
            command.args(["--no-build-isolation-package", name]);
        }
    } else {
        command.arg("--refresh");
        if environment.is_some() {
            command.arg("--no-build-isolation");
        }
    }
    platform_of_uv(&mut command, what.runtime, what.options.installs.manylinux);
    index_of_uv(&mut command, &what.options.index);
    command
}

/// The versions and hashes of `uv.lock`, as a requirements file. uv refuses a lock that does not fit `pyproject.toml`.
fn export_lock(what: &Installation<'_>, project: &Path) -> Result<PathBuf, PythonError> {
    let file = what.work.join("locked.txt");
    let mut command = what.uv.command();
    command.args(["export", "--quiet", "--locked", "--no-emit-local", "--no-header", "--no-annotate"]);
    command.args(["--color", "never", "--format", "requirements-txt", "--python"]).arg(&what.runtime.original);
    command.args(if what.options.installs.dev_group { &["--group", "dev"][..] } else { &["--no-dev"] });
    each(&mut command, "--extra", what.extras);
    index_of_uv(&mut command, &what.options.index);
    command.arg("--output-file").arg(&file);
    prepare(&mut command, what);
    Uv::run(command.current_dir(project), UV_LIMIT, project)?;
    Ok(file)
}
