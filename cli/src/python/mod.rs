//! Turns a Python project into a relocatable tree on disk: a complete CPython, the project and its dependencies.
//!
//! Nothing here knows the package format. The tree can be moved anywhere and run; the same inputs give the same bytes,
//! whatever folder and time it is built in.
//!
//! ```text
//! bin/pythonX.Y          the interpreter, with an RPATH relative to itself
//! bin/<script name>      starts the entry point
//! lib/libpython…         if the interpreter has one
//! lib/ext/               shared libraries that the interpreter and the dependencies need, except the C library's
//! lib/pythonX.Y/         standard library, with the project and its dependencies in site-packages
//! ```

mod archive_digests;
mod build_paths;
mod bytecode;
mod distribution;
mod elf;
mod entry_point;
mod environment;
mod error;
mod install;
mod interpreter;
mod launch_script;
mod normalize;
mod process;
mod project;
mod provider;
mod relocate;
mod shared_libraries;
mod stdlib;
mod tree_files;
mod uv;

pub use archive_digests::ArchiveDigest;
pub use distribution::Distribution;
pub use entry_point::{EntryPoint, EntryPointError};
pub use environment::Environment;
pub use error::{FileError, PythonError};
pub use provider::{
    LocalProvider, PythonChoice, Runtime, RuntimeError, RuntimeProvider, RuntimeRequest, UvProvider, providers,
};
pub use uv::{Uv, UvError};

use crate::python::{elf::GlibcVersion, tree_files::TreeFiles};
use std::{
    path::{Path, PathBuf},
    thread,
};

/// Is told what is going on, one step at a time.
pub trait Progress {
    /// A step that may take a while begins.
    fn step(&self, text: &str);
    /// The last step is done.
    fn done(&self);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn step(&self, _text: &str) {}
    fn done(&self) {}
}

/// What to build.
pub struct TreeRequest<'a> {
    /// The folder with `pyproject.toml` (or `setup.py`). It is only read.
    pub project_dir: &'a Path,
    /// What the package runs.
    pub entry_point: EntryPoint,
    /// Name of the program: the last part of its `sys.argv[0]`.
    pub script_name: &'a str,
    /// Optional dependency groups of the project to install (`project.optional-dependencies`).
    pub extras: &'a [String],
    /// Which interpreter goes into the tree.
    pub python: PythonChoice,
    /// A private, empty or absent folder to build in. The tree is left in it; the caller removes it.
    pub work: &'a Path,
    /// Seconds since 1970, given to build backends as `SOURCE_DATE_EPOCH`.
    pub source_date_epoch: u64,
    /// Whether the tree may hold symbolic links. False: files only.
    pub symlinks: bool,
    /// Is told about the steps.
    pub progress: &'a dyn Progress,
}

/// A relocatable tree.
#[derive(Debug)]
#[must_use]
pub struct PythonTree {
    /// The folder that holds it.
    pub root: PathBuf,
    /// Version of the interpreter in it.
    pub python_version: (u8, u8, u8),
    /// Name of the provider that the interpreter came from.
    pub provider: &'static str,
    /// Files, symbolic links and empty folders of the interpreter, relative to `root`, sorted by bytes. They do not depend on the project.
    pub runtime_paths: Vec<PathBuf>,
    /// The same for the project and its dependencies. Both unpack over one root.
    pub app_paths: Vec<PathBuf>,
    /// The command that starts the program, with `{workenv}` for the place where the tree is.
    pub command: Vec<String>,
    /// What the environment must be for it.
    pub environment: Environment,
    /// Everything that was installed, sorted by name.
    pub distributions: Vec<Distribution>,
    /// The lowest glibc that every ELF file in the tree accepts, such as `2.34`; none if there are no such demands.
    pub glibc_floor: Option<String>,
    /// Sentences for the user about what was left out or could not be done.
    pub notices: Vec<String>,
}

/// Looks within a second for what would make [`build`] fail: all problems, none of them slow to find. Nothing is written.
#[must_use]
pub fn preflight(request: &TreeRequest<'_>) -> Vec<PythonError> {
    let mut problems = Vec::new();
    problems.extend(launch_script::check_name(request.script_name).err());
    let project = project::Project::read(request.project_dir).map_err(|error| problems.push(error)).ok();
    let uv = Uv::find().map_err(|error| problems.push(error.into())).ok();
    if let (Some(project), Some(uv)) = (project, uv) {
        let runtime_request = RuntimeRequest {
            requires_python: project.requires_python.as_ref(),
            symlinks: request.symlinks,
            uv: &uv,
            progress: &Silent,
        };
        problems.extend(provider::check(&request.python, &runtime_request).err().map(PythonError::from));
    }
    problems
}

/// Everything that is installed, with the archives it came from.
fn distributions(runtime: &Runtime, uv: &Uv, work: &Path) -> Result<Vec<Distribution>, PythonError> {
    let mut all = distribution::installed(&runtime.site_packages())?;
    archive_digests::find(&mut all, runtime, uv, work)?;
    Ok(all)
}

/// Builds the tree.
///
/// # Errors
/// [`PythonError`] says which step failed and why. Nothing outside `work` and uv's own cache is written.
pub fn build(request: &TreeRequest<'_>) -> Result<PythonTree, PythonError> {
    launch_script::check_name(request.script_name)?;
    let project = project::Project::read(request.project_dir)?;
    let uv = Uv::find()?;
    let root = request.work.join("tree");
    tree_files::create_dir(&root)?;

    let runtime_request = RuntimeRequest {
        requires_python: project.requires_python.as_ref(),
        symlinks: request.symlinks,
        uv: &uv,
        progress: request.progress,
    };
    let mut runtime = provider::provide(&request.python, &runtime_request, &root)?;
    let mut notices = std::mem::take(&mut runtime.notices);
    normalize::modes(&root)?;
    let copy = project.copy_to(&request.work.join("source"), request.work)?;
    request.progress.step("Install the project and its dependencies");
    let installation = install::Installation {
        uv: &uv,
        project: &project,
        copy: &copy,
        extras: request.extras,
        runtime: &runtime,
        source_date_epoch: request.source_date_epoch,
    };
    // uv mostly waits for the network, and nobody else writes where the other does.
    let (installed, compiled) = thread::scope(|scope| {
        let compiling = scope.spawn(|| bytecode::compile_runtime(&runtime));
        let installed = install::install(&installation).and_then(|()| distributions(&runtime, &uv, request.work));
        (installed, compiling.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let distributions = installed?;
    compiled?;
    let runtime_files = TreeFiles::list(&root)?.outside(&runtime.site);
    normalize::scripts(&runtime)?;
    let bundled = relocate::bundle_for_site_packages(&runtime)?;
    notices.extend(bundled.notices);
    normalize::metadata(&runtime, &bundled.changed)?;
    launch_script::write(&runtime, &request.entry_point, request.script_name)?;
    normalize::modes(&root)?;
    request.progress.step("Compile the application");
    bytecode::compile_site_packages(&runtime)?;
    let all = TreeFiles::list(&root)?;

    request.progress.step("Check the entry point");
    entry_point::check(&runtime, &request.entry_point, request.work)?;
    request.progress.done();

    let floor: Option<GlibcVersion> = all.glibc_floor(&root)?;
    Ok(PythonTree {
        python_version: runtime.version,
        provider: runtime.provider,
        command: launch_script::command(&runtime, request.script_name),
        environment: Environment::of_package(),
        distributions,
        glibc_floor: floor.map(|version| version.to_string()),
        app_paths: all.without(&runtime_files),
        runtime_paths: runtime_files.into_paths(),
        root,
        notices,
    })
}
