//! Installs the project and its dependencies into the tree.

use super::{
    build_environment,
    distribution::{self, Distribution, normal_name},
    error::PythonError,
    installation::{Installation, each, index_of_uv, platform_of_uv, prepare},
    local_sources::LocalSources,
    lock::{self, Lock, LockError, LockKind, Pins},
    options::Installs,
    pip, scheme, tree_files,
    uv::{self, UV_LIMIT, Uv, UvError},
};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// What an installation leaves behind beside the files.
#[derive(Default)]
pub(super) struct Installed {
    /// What pip says that it has installed, where it was pip.
    pub(super) of_pip: Option<pip::Report>,
    /// What the lock pins, where one binds.
    pins: Option<Pins>,
}

/// Installs everything. The installed interpreter does the work, not the copy: only it has the headers for building extension modules.
pub(super) fn install(what: &Installation<'_>) -> Result<Installed, PythonError> {
    tree_files::create_dir(&what.runtime.site_packages())?;
    let installs = &what.options.installs;
    let mut sources = LocalSources::new(what.work);
    sources.rewrite(&what.project.dir, what.copy)?;
    let locked = match &installs.lock {
        Some(lock) => Some(Locked::of(lock, what, sources.rewritten)?),
        None => None,
    };
    let projects = installs.projects.iter().map(|folder| sources.copy_of(folder));
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
    if installs.use_pip {
        // pip does not know uv's sources; what it is given as a folder it does not look for in an index.
        projects.extend(sources.others(what.copy));
        projects.sort();
        projects.dedup();
        let locked = locked.as_ref().and_then(|locked| locked.requirements.as_deref());
        let report = pip::install(what, environment.as_deref(), locked, &projects)?;
        // It has checked hashes of all that it has installed.
        return Ok(Installed { of_pip: Some(report), pins: None });
    }
    if let Some(file) = locked.as_ref().and_then(|locked| locked.first.as_deref()) {
        let mut command = with_uv(what, environment.as_deref());
        command.arg("-r").arg(file);
        each(&mut command, "--extra", what.extras);
        if installs.dev_group {
            command.args(["--group", "dev"]);
        }
        prepare(&mut command, what);
        Uv::run(&mut command, UV_LIMIT, what.copy)?;
    }
    let mut command = with_uv(what, environment.as_deref());
    if let Some(locked) = &locked {
        let files = [("-r", &locked.requirements), ("-c", &locked.constraints), ("--overrides", &locked.overrides)];
        for (option, file) in files {
            command.args(file.iter().flat_map(|file| [option.as_ref(), file.as_os_str()]));
        }
    }
    if let Some(file) = &installs.requirements_file {
        command.arg("-r").arg(file);
    }
    if installs.dev_group {
        command.args(["--group", "dev"]);
    }
    command.args(what.project.requirement(what.extras)).args(&projects).args(&installs.requirements);
    command.args(installs.pip.then_some("pip"));
    prepare(&mut command, what);
    let pins = locked.map(|locked| locked.pins);
    let installed = Uv::run(&mut command, UV_LIMIT, what.copy);
    let name = what.project.name.as_deref().unwrap_or_default();
    // uv calls it by its normal name.
    let installed = installed.map_err(|error| Uv::about_project(error, &normal_name(name)));
    match (installed, &pins) {
        (Ok(_), _) => Ok(Installed { of_pip: None, pins }),
        // Without further requirements only the lock can be what the project contradicts.
        (Err(UvError::NoSolution { text } | UvError::NotFound { text }), Some(pins)) if !installs.has_more() => {
            Err(LockError::Outdated { lock: pins.lock().clone(), reason: text }.into())
        }
        (Err(error), _) => Err(error.into()),
    }
}

/// A lock, in the form that installers take.
struct Locked {
    pins: Pins,
    /// Requirements that are installed.
    requirements: Option<PathBuf>,
    /// Versions of what is installed, if it is.
    constraints: Option<PathBuf>,
    /// What outweighs even what the project says.
    overrides: Option<PathBuf>,
    /// What is installed before, alone.
    first: Option<PathBuf>,
}

impl Locked {
    /// `rewritten` says that the copy of the project has other sources than the project.
    fn of(lock: &Lock, what: &Installation<'_>, rewritten: bool) -> Result<Self, PythonError> {
        let exported = match lock.kind {
            LockKind::Uv => {
                // A lock fits the sources as they were.
                let is_own = lock.path.parent() == Some(&*what.project.dir);
                Some(export(
                    lock,
                    what,
                    if rewritten || !is_own || !what.project.has_backend() { &what.project.dir } else { what.copy },
                )?)
            }
            _ => None,
        };
        let pins = lock.pins(exported.as_deref())?;
        let mut locked = Self { pins, requirements: None, constraints: None, overrides: None, first: None };
        let write = |text: &str, name: &str| -> Result<Option<PathBuf>, PythonError> {
            let file = what.work.join(name);
            tree_files::write(&file, text.as_bytes())?;
            Ok((!text.is_empty()).then_some(file))
        };
        match lock.kind {
            LockKind::Uv => locked.requirements = exported,
            LockKind::Requirements => locked.requirements = Some(lock.path.clone()),
            LockKind::Pylock => locked.first = write(&lock::without_folders(lock)?, "pylock.toml")?,
            LockKind::Poetry | LockKind::Pdm => {
                let (pinned, commits) = locked.pins.lines();
                locked.constraints = write(&pinned, "locked.txt")?;
                locked.overrides = write(&commits, "locked-commits.txt")?;
            }
            LockKind::Pipfile => {
                let (pinned, commits) = locked.pins.lines();
                locked.requirements = write(&(pinned + &commits), "locked.txt")?;
            }
        }
        Ok(locked)
    }
}

/// Whether the lock can be read; uv looks at its own when there is an interpreter.
pub(super) fn check_lock(installs: &Installs) -> Result<(), LockError> {
    let required = env::var("UV_REQUIRE_HASHES").is_ok_and(|value| uv::is_true(&value));
    match &installs.lock {
        Some(lock) => lock.pins(None).map(drop),
        None if required => Err(LockError::Required),
        None => Ok(()),
    }
}

/// What is installed must be what the lock pins. Gives a sentence about what cannot be in it.
pub(super) fn compare_with_lock(
    installed: &Installed,
    distributions: &[Distribution],
    site: &Path,
    installs: &Installs,
) -> Result<Option<String>, LockError> {
    match &installed.pins {
        Some(pins) => pins.compare(distributions, site, installs.has_more()),
        None => Ok(None),
    }
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
    if environment.is_some() {
        match &what.project.name {
            Some(name) => command.args(["--no-build-isolation-package", name]),
            None => command.arg("--no-build-isolation"),
        };
    }
    // Whatever configuration files say: a hash that is stated is one that holds.
    command.arg("--verify-hashes");
    platform_of_uv(&mut command, what.runtime, what.options.installs.manylinux);
    index_of_uv(&mut command, &what.options.index);
    command
}

/// The versions and hashes of `uv.lock`, as a requirements file. uv refuses a lock that does not fit `pyproject.toml`.
fn export(lock: &Lock, what: &Installation<'_>, project: &Path) -> Result<PathBuf, PythonError> {
    let file = what.work.join("locked.txt");
    let mut command = what.uv.command();
    command.args(["export", "--quiet", "--locked", "--no-emit-local", "--no-header", "--no-annotate"]);
    command.args(["--color", "never", "--format", "requirements-txt", "--no-default-groups", "--python"]);
    command.arg(&what.runtime.original);
    if what.options.installs.dev_group {
        command.args(["--group", "dev"]);
    }
    each(&mut command, "--extra", what.extras);
    if let Some(script) = what.project.script() {
        command.arg("--script").arg(script);
    }
    index_of_uv(&mut command, &what.options.index);
    command.arg("--output-file").arg(&file);
    prepare(&mut command, what);
    // These say the opposite of `--locked`.
    for name in ["UV_FROZEN", "UV_LOCKED", "UV_NO_DEV"] {
        command.env_remove(name);
    }
    match Uv::run(command.current_dir(project), UV_LIMIT, project) {
        Ok(_) => Ok(file),
        Err(UvError::Failed { text }) if text.contains("needs to be updated") => {
            Err(LockError::Outdated { lock: lock.clone(), reason: text }.into())
        }
        Err(UvError::Failed { text }) if text.contains(&lock.name()) => {
            Err(LockError::Unreadable { lock: lock.clone(), reason: text }.into())
        }
        Err(error) => Err(error.into()),
    }
}
