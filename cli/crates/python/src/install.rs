//! Installs the project and its dependencies into the tree.

use super::{
    build_environment, distribution,
    elf::GlibcVersion,
    error::PythonError,
    local_sources::LocalSources,
    options::TreeOptions,
    pip,
    processor::Processor,
    project::Project,
    provider::Runtime,
    scheme, tree_files,
    uv::{UV_LIMIT, Uv},
};
use flavor_manifest::IndexSettings;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The C libraries 2.x that uv resolves for (0.5 and newer); of those between them the one below is meant.
const UV_GLIBC: [u16; 12] = [17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40];

/// What to install, and where.
pub(super) struct Installation<'a> {
    pub(super) uv: &'a Uv,
    pub(super) project: &'a Project,
    /// A copy of the project, for backends write into what they build.
    pub(super) copy: &'a Path,
    pub(super) extras: &'a [String],
    pub(super) runtime: &'a Runtime,
    pub(super) source_date_epoch: u64,
    /// A private folder.
    pub(super) work: &'a Path,
    pub(super) options: &'a TreeOptions,
}

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
        let text = fs::read_to_string(dist_info.join("direct_url.json")).unwrap_or_default();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if value.pointer("/dir_info/editable") == Some(&serde_json::Value::Bool(true)) {
            let name = dist_info.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(PythonError::Editable { name });
        }
    }
    Ok(())
}

pub(super) fn prepare(command: &mut Command, what: &Installation<'_>) {
    command.current_dir(what.copy);
    command.env("SOURCE_DATE_EPOCH", what.source_date_epoch.to_string());
    command.env("PYTHONHASHSEED", "0").env("PYTHONDONTWRITEBYTECODE", "1");
    // A package holds what it needs; an installation that points at a folder of this machine is none.
    command.env("UV_NO_EDITABLE", "1");
    command.envs(what.options.build.env.iter().map(|(name, value)| (name, value)));
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

/// The platform that uv resolves for, where that is not its interpreter's.
pub(super) fn platform_of_uv(command: &mut Command, runtime: &Runtime, manylinux: Option<u16>) {
    let processor = runtime.foreign.map_or(env::consts::ARCH, Processor::gnu_name);
    let bundled = || runtime.c_library.as_deref().and_then(GlibcVersion::of_package).map(GlibcVersion::minor);
    let Some(minor) = manylinux.or_else(|| runtime.foreign.and_then(|_| bundled())) else { return };
    let known = UV_GLIBC.into_iter().rev().find(|known| *known <= minor).unwrap_or(UV_GLIBC[0]);
    command.args(["--python-platform", &format!("{processor}-manylinux_2_{known}")]);
}

/// The manifest's indexes. What the caller's environment says outweighs them; what it says to pip holds for uv too.
///
/// uv takes a distribution from the first index that has it, and asks its default index last. The first one here is
/// asked first: else whoever registers a name in a further, public index would replace what is in the private one.
///
/// They are given as variables, for their passwords: everybody can read the words of a running program.
pub(super) fn index_of_uv(command: &mut Command, index: &IndexSettings) {
    let in_environment = any_is_set(&["UV_DEFAULT_INDEX", "UV_INDEX_URL"]);
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let of_pip = Some(variable("PIP_INDEX_URL")).filter(|url| !url.is_empty());
    let first = of_pip.as_ref().or(index.url.as_ref()).filter(|_| !in_environment);
    let (stated, further) = (variable("UV_INDEX"), variable("PIP_EXTRA_INDEX_URL"));
    let mut urls: Vec<&str> = first.into_iter().map(String::as_str).collect();
    urls.extend(further.split_whitespace().chain(index.extra.iter().map(String::as_str)));
    if let Some(last) = first.and_then(|_| urls.pop()) {
        command.env("UV_DEFAULT_INDEX", last);
    }
    let urls: Vec<&str> = stated.split_whitespace().chain(urls).collect();
    if !urls.is_empty() {
        command.env("UV_INDEX", urls.join(" "));
    }
    each(command, "--allow-insecure-host", &index.trusted_hosts);
}

/// The option before each of the values.
fn each(command: &mut Command, option: &str, values: &[String]) {
    for value in values {
        command.args([option, value]);
    }
}

fn any_is_set(names: &[&str]) -> bool {
    names.iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
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
