//! Turns a Python project into a relocatable tree on disk: a complete CPython, the project and its dependencies.
//!
//! Nothing here knows the package format. The tree can be moved anywhere and run; the same inputs give the same bytes,
//! whatever folder and time it is built in.
//!
//! ```text
//! bin/pythonX.Y          the interpreter, with an RPATH relative to itself
//! bin/<script name>      starts the entry point; beside it scripts of the project and of dependencies
//! lib/libpython…         if the interpreter has one
//! lib/ext/               shared libraries that the interpreter and the dependencies need, except the C library's
//! lib/pythonX.Y/         standard library, with the project and its dependencies in site-packages
//! lib/tk/, share/tcltk/  libraries and scripts that only `tkinter` needs
//! include/pythonX.Y/     C headers
//! share/, etc/, include/ what wheels install beside their modules
//! ```
#![forbid(unsafe_code)]

mod application;
mod archive_digests;
mod backend_metadata;
mod build_environment;
mod build_paths;
mod bytecode;
pub mod cache_folder;
mod debian;
mod distribution;
mod elf;
mod entry_check;
mod entry_point;
mod environment;
mod error;
mod file_error;
mod flat_layout;
mod foreign_code;
mod inner_environments;
mod install;
mod installation;
mod interpreter;
mod launch_script;
mod lazy_parts;
mod library_bundle;
mod local_provider;
mod local_sources;
mod lock;
mod normalize;
mod options;
mod pip;
pub mod process;
mod processor;
mod project;
mod provider;
mod providers;
pub mod readiness;
mod relocate;
mod scheme;
mod server;
mod shared_libraries;
mod stdlib;
mod strip;
mod tree_files;
mod trim;
mod uv;
mod uv_provider;
mod version_control;
mod workspace;

pub use backend_metadata::{ProjectMetadata, project_metadata};
pub use build_environment::run_hooks;
pub use debian::DebianProvider;
pub use distribution::{ArchiveDigest, Distribution, named as distribution_named, normal_name, parse_metadata};
pub use entry_point::{EntryPoint, EntryPointError};
pub use environment::REMOVED_VARIABLES;
pub use error::{DebianError, PythonError, RuntimeError};
pub use file_error::FileError;
pub use lazy_parts::LazyPart;
pub use local_provider::LocalProvider;
pub use lock::{Lock, LockError, LockKind};
pub use normalize::record_path;
pub use options::{BuildEnvironment, BuildOptions, CompileOptions, Installs, Interface, TreeOptions, TrimOptions};
pub use processor::Processor;
pub use project::{ApplicationFiles, DistributionSource, ProjectSource, copy_folder, project_files};
pub use provider::{DebianPackage, Runtime, RuntimeProvider, RuntimeRequest};
pub use providers::{PythonChoice, providers};
pub use stdlib::StandardLibrary;
pub use uv::{Uv, UvError};
pub use uv_provider::UvProvider;

use crate::{elf::GlibcVersion, tree_files::TreeFiles};
use flavor_manifest::IndexSettings;
use pep440_rs::{VersionSpecifier, VersionSpecifiers};
use std::{
    collections::BTreeSet,
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
    /// What is packed. Its folder is only read.
    pub project: &'a ProjectSource,
    /// What the package runs; none where the caller has a command line of its own.
    pub entry_point: Option<EntryPoint>,
    /// Name of the program: the last part of its `sys.argv[0]`.
    pub script_name: &'a str,
    /// Optional dependency groups of the project to install (`project.optional-dependencies`).
    pub extras: &'a [String],
    /// Which interpreter goes into the tree.
    pub python: PythonChoice,
    /// The processor of the machines that it is for, where that is not this machine's.
    pub foreign: Option<Processor>,
    /// A private, empty or absent folder to build in. The tree is left in it; the caller removes it.
    pub work: &'a Path,
    /// Seconds since 1970, given to build backends as `SOURCE_DATE_EPOCH`.
    pub source_date_epoch: u64,
    /// Whether the tree may hold symbolic links. False: files only.
    pub symlinks: bool,
    /// Whether parts of it may be unpacked later than the others.
    pub lazy_parts: bool,
    /// Is told about the steps.
    pub progress: &'a dyn Progress,
    /// Everything that has a default.
    pub options: &'a TreeOptions,
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
    /// What is in neither, because it is unpacked when something of it is first imported.
    pub lazy_parts: Vec<LazyPart>,
    /// The folder of installed modules, relative to `root`.
    pub site: PathBuf,
    /// File name of the interpreter in `bin`.
    pub program: String,
    /// The command that starts the program (only the interpreter where there is no entry point), with `{workenv}` for the place where the tree is.
    pub command: Vec<String>,
    /// Names of its commands, the one that it runs first; none where there is no entry point.
    pub commands: Vec<String>,
    /// The folder of its commands for `PATH`, relative to `root`; none without symbolic links.
    pub commands_directory: Option<&'static str>,
    /// Everything that was installed, sorted by name.
    pub distributions: Vec<Distribution>,
    /// The packages that the interpreter was made from, where it is Debian's, sorted by name.
    pub debian_packages: Vec<DebianPackage>,
    /// The lowest glibc that every ELF file in the tree accepts, such as `2.34`; none if there are no such demands.
    pub glibc_floor: Option<String>,
    /// Sentences for the user about what was left out or could not be done.
    pub notices: Vec<String>,
}

impl PythonTree {
    /// Makes the modules of a further slot importable: those directly below `at` in its tree. `files` are all files of the slot.
    ///
    /// # Errors
    /// A list that cannot be written.
    pub fn add_lazy_slot(&mut self, id: &str, at: &Path, files: &[PathBuf]) -> Result<(), PythonError> {
        let listed = lazy_parts::listed(id, files, at);
        self.app_paths.extend(lazy_parts::add_to_list(&self.root, &self.site, &listed)?);
        Ok(())
    }
}

/// Looks within a second for what would make [`build`] fail: all problems, none of them slow to find. Nothing is written.
#[must_use]
pub fn preflight(request: &TreeRequest<'_>) -> Vec<PythonError> {
    let mut problems = Vec::new();
    problems.extend(launch_script::check_name(request.script_name).err());
    let project = project::Project::read(request.project).map_err(|error| problems.push(error)).ok();
    let uv = Uv::find().map_err(|error| problems.push(error.into())).ok();
    if let (Some(project), Some(uv)) = (project, uv) {
        let accepted = accepted(&project, request.options);
        let runtime_request = runtime_request(request, accepted.as_ref(), &uv, &Silent);
        if let Some(processor) = request.foreign.filter(|_| request.options.installs.use_pip) {
            problems.push(PythonError::ForeignPip { platform: format!("linux_{}", processor.name()) });
        }
        problems.extend(pip::refuse(request.options, request.project.folder()));
        problems.extend(install::check_lock(&request.options.installs).err().map(PythonError::from));
        problems.extend(providers::check(&request.python, &runtime_request).err().map(PythonError::from));
    }
    problems
}

fn runtime_request<'a>(
    request: &'a TreeRequest<'_>,
    accepted: Option<&'a VersionSpecifiers>,
    uv: &'a Uv,
    progress: &'a dyn Progress,
) -> RuntimeRequest<'a> {
    RuntimeRequest {
        requires_python: accepted,
        foreign: request.foreign,
        symlinks: request.symlinks,
        stdlib: request.options.stdlib,
        offline: installation::is_offline(&request.options.index),
        pip: request.options.installs.pip,
        uv,
        progress,
    }
}

/// Everything that is installed, with the archives it came from.
fn distributions(
    runtime: &Runtime,
    uv: &Uv,
    index: &IndexSettings,
    copy: &Path,
    of_pip: Option<&pip::Report>,
) -> Result<Vec<Distribution>, PythonError> {
    let mut all = distribution::installed(&runtime.site_packages())?;
    match of_pip {
        Some(report) => pip::archives(&mut all, report),
        None => archive_digests::find(&mut all, runtime, uv, index, copy)?,
    }
    Ok(all)
}

/// Builds the tree.
///
/// # Errors
/// [`PythonError`] says which step failed and why. Nothing outside `work` and uv's own cache is written.
pub fn build(request: &TreeRequest<'_>) -> Result<PythonTree, PythonError> {
    let mut provider = "";
    match build_with(request, &request.python, &mut provider) {
        // What has to be compiled may need headers that Debian's interpreter lacks, or a newer C library than it has.
        Err(
            error @ (PythonError::Uv(UvError::Build { .. }) | PythonError::Runtime(RuntimeError::NotUsable { .. })),
        ) if request.python == PythonChoice::Auto && request.foreign.is_none() && provider == "debian" => {
            tree_files::remove(request.work)?;
            tree_files::create_dir(request.work)?;
            let why = error.to_string();
            let why = why.lines().next().unwrap_or_default().trim_end_matches(':');
            let mut tree = build_with(request, &PythonChoice::Local, &mut provider).map_err(|_| error)?;
            tree.notices.insert(0, format!("Python is the one of this machine, for with Debian's {why}"));
            Ok(tree)
        }
        built => built,
    }
}

fn build_with(
    request: &TreeRequest<'_>,
    choice: &PythonChoice,
    provider: &mut &'static str,
) -> Result<PythonTree, PythonError> {
    launch_script::check_name(request.script_name)?;
    let project = project::Project::read(request.project)?;
    let uv = Uv::find()?;
    let root = request.work.join("tree");
    tree_files::create_dir(&root)?;

    let accepted = accepted(&project, request.options);
    let runtime_request = runtime_request(request, accepted.as_ref(), &uv, request.progress);
    let mut runtime = providers::provide(choice, &runtime_request, &root)?;
    *provider = runtime.provider;
    let mut notices = std::mem::take(&mut runtime.notices);
    let options = request.options;
    runtime.options = environment::interpreter_options(options.compile);
    environment::write(&runtime)?;
    inner_environments::prepare(&runtime)?;
    normalize::modes(&root)?;
    notices.extend(project.left_out(&options.build));
    let copy = project.copy_to(&request.work.join("source"), request.work, &options.build)?;
    if project.has_backend() {
        notices.extend(flat_layout::declare(&copy, &options.build)?);
    }
    request.progress.step("Install the project and its dependencies");
    let installation = installation::Installation {
        uv: &uv,
        project: &project,
        copy: &copy,
        extras: request.extras,
        runtime: &runtime,
        source_date_epoch: request.source_date_epoch,
        work: request.work,
        options,
    };
    let minimal = options.stdlib == StandardLibrary::Minimal;
    // uv mostly waits for the network, and nobody else writes where the other does.
    let (installed, compiled) = thread::scope(|scope| {
        let compiling = scope.spawn(|| bytecode::compile_runtime(&runtime, options.compile, minimal));
        let installed = install::install(&installation).and_then(|installed| {
            let placed = scheme::place(&scheme::prefix(request.work), &runtime)?;
            let site = runtime.site_packages();
            install::nothing_is_editable(&site)?;
            let of_pip = installed.of_pip.as_ref();
            let distributions = distributions(&runtime, &uv, &options.index, &copy, of_pip)?;
            let unlocked = install::compare_with_lock(&installed, &distributions, &site, &options.installs)?;
            Ok((placed, distributions, unlocked))
        });
        (installed, compiling.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let (placed, distributions, unlocked) = installed?;
    notices.extend(placed.notices);
    notices.extend(options.installs.about_lock());
    notices.extend(unlocked);
    compiled?;
    if let Some(processor) = runtime.foreign {
        foreign_code::refuse(&runtime, &distributions, processor)?;
    }
    if minimal && options.compile.compile {
        bytecode::drop_runtime_sources(&runtime)?;
    }
    let runtime_files = TreeFiles::list(&root)?.outside(&runtime.site).without_all(&placed.paths);
    let mut changed = placed.changed;
    changed.extend(trim(&runtime, &options.trim, &mut notices)?);
    let bundled = relocate::bundle_for_site_packages(&runtime)?;
    notices.extend(bundled.notices);
    changed.extend(bundled.changed);
    let application = runtime.site.join(project.application());
    let place = entry_check::Place { runtime: &runtime, folder: &application, project: &project.dir };
    let can_run = entry_check::can_run(&runtime);
    let mut commands = None;
    if let Some(entry_point) = &request.entry_point {
        let site = runtime.site_packages();
        let name = request.script_name;
        let found = launch_script::commands(name, entry_point, options, &distributions, &site, &mut notices)?;
        if project.has_backend() {
            found.add_files(entry_point, &project.dir, &runtime.root.join(&application))?;
        }
        let (mut started, mut arguments) = (entry_point.clone(), Vec::new());
        if let Some(interface) = options.server {
            // What the server is told depends on what the entry point is.
            let entry = if can_run {
                Some(entry_check::check(place, entry_point, &options.run_env, request.work)?)
            } else {
                None
            };
            (started, arguments) = server::start(interface, entry_point, entry, &distributions)?;
        }
        let launch = launch_script::Launch {
            name: &found.name,
            entry_point: &started,
            arguments: &arguments,
            others: &found.others,
            folder: &application,
            is_searched: project.is_application(),
            is_default: true,
        };
        changed.extend(launch_script::write(&runtime, &launch)?);
        commands = Some(found);
    }
    let commands_directory = if request.symlinks { Some(environment::link_commands(&runtime)?) } else { None };
    normalize::metadata(&runtime, &changed)?;
    normalize::modes(&root)?;
    request.progress.step("Compile the application");
    bytecode::compile_site_packages(&runtime, options.compile)?;
    let all = TreeFiles::list(&root)?;

    if let (Some(entry_point), Some(commands)) = (&request.entry_point, &commands) {
        request.progress.step("Check the entry point");
        let check = |wanted: &EntryPoint| {
            if can_run {
                entry_check::check(place, wanted, &options.run_env, request.work)
            } else {
                entry_check::find(place, wanted).map(|()| entry_check::Found::default())
            }
        };
        let found = check(entry_point)?;
        if found.is_application && options.server.is_none() {
            notices.push(server::is_needed(entry_point));
        }
        if let (Some(processor), false) = (runtime.foreign, can_run) {
            let platform = processor.name();
            notices.push(format!("the entry point was not tried: this machine does not run linux_{platform}"));
        }
        for (name, command) in &commands.others {
            // It may need an extra that is not installed, so the package is made all the same.
            if let Err(error) = check(command) {
                notices.push(format!("the command {name} will not start: {error}"));
            }
        }
    }
    request.progress.done();

    let mut floor: Option<GlibcVersion> = all.glibc_floor(&root)?;
    if let Some(bundled) = &runtime.c_library {
        if floor > GlibcVersion::of_package(bundled) {
            let needed = floor.take().map(|version| version.to_string()).unwrap_or_default();
            let reason = format!("its glibc is {bundled}, and something installed needs {needed}");
            return Err(RuntimeError::NotUsable { path: runtime.executable(), reason }.into());
        }
        floor = None;
    }
    let mut app_paths = all.without(&runtime_files);
    let mut runtime_paths = runtime_files.into_paths();
    let mut parts = Vec::new();
    if request.lazy_parts {
        parts = lazy_parts::of_standard_library(&runtime, &mut runtime_paths)?;
        let (part, said) = lazy_parts::of_dependencies(&runtime, &options.lazy_dependencies, &mut app_paths)?;
        parts.extend(part);
        notices.extend(said);
    }
    Ok(PythonTree {
        python_version: runtime.version,
        provider: runtime.provider,
        program: runtime.program.clone(),
        command: launch_script::command(&runtime, commands.as_ref().map(|commands| commands.name.as_str())),
        commands: commands.into_iter().flat_map(launch_script::Commands::names).collect(),
        commands_directory,
        distributions,
        debian_packages: runtime.debian_packages,
        glibc_floor: floor.map(|version| version.to_string()),
        app_paths,
        runtime_paths,
        lazy_parts: parts,
        site: runtime.site,
        root,
        notices,
    })
}

/// The versions that the project accepts, and those of the options.
fn accepted(project: &project::Project, options: &TreeOptions) -> Option<VersionSpecifiers> {
    let lists = [project.requires_python.as_ref(), options.accepts.as_ref()];
    let all: Vec<VersionSpecifier> = lists.into_iter().flatten().flat_map(|list| list.iter().cloned()).collect();
    (!all.is_empty()).then(|| all.into_iter().collect())
}

/// Removes what the options name from the dependencies, never from the project itself; gives the files that were changed.
fn trim(runtime: &Runtime, options: &TrimOptions, notices: &mut Vec<String>) -> Result<BTreeSet<PathBuf>, PythonError> {
    let site = runtime.site_packages();
    let dependencies = trim::Dependencies::of(&site)?;
    if options.tests {
        notices.extend(dependencies.remove_tests()?);
    }
    if !options.exclude.is_empty() {
        notices.push(dependencies.remove(&options.exclude)?);
    }
    if options.strip { strip::site_packages(runtime) } else { Ok(BTreeSet::new()) }
}
