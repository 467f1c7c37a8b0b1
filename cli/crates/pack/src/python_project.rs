//! Python projects: what can be checked before, and the tree that their two slots are made of.

use super::{
    archive::Archive,
    entry_module,
    prepare::{self, Content, Prepared},
    python_metadata::{bundled_python, package},
    tree_options::{entry_point, tree_options},
};
use crate::{
    error::PackError,
    input,
    interrupt::Scratch,
    options::{PackOptions, Progress},
};
use flavor_attest::attestation::LockFacts;
use flavor_manifest::{Diagnostic, PackageSpec, Weight, pyproject::PythonSpec};
use flavor_python::{
    DebianPackage, Distribution, EntryPoint, Installs, Lock, Processor, ProjectSource, PythonChoice, PythonError,
    PythonTree, TreeOptions, TreeRequest, Uv, normal_name,
};
use pspf_nostd::{digest::sha256, placement};
use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// The slots that are made of the tree.
pub(super) const OWN_SLOTS: usize = 2;

/// A Python project that looks as if it could be packed.
#[derive(Debug)]
pub struct PythonProject {
    /// What the manifest says.
    pub spec: PythonSpec,
    source: ProjectSource,
    entry_point: Option<EntryPoint>,
    extras: Vec<String>,
    choice: PythonChoice,
    foreign: Option<Processor>,
    options: TreeOptions,
}

/// Checks what can be checked without building anything. `readable` says that the manifest's reader found no error in it: only
/// then is the project itself looked at. `foreign` is the processor that the package is for, where that is not this machine's.
///
/// # Errors
/// All problems found.
pub(crate) fn check(
    spec: PythonSpec,
    arguments: &PackOptions,
    source: &ProjectSource,
    foreign: Option<Processor>,
    readable: bool,
    warnings: &mut Vec<Diagnostic>,
) -> Result<PythonProject, PackError> {
    let mut problems = Vec::new();
    let directory = source.folder();
    let of_commands = spec.entry_point_extras.iter().map(|extra| (extra, "`project.scripts`"));
    let wanted = arguments.extras.iter().map(|extra| (extra, "--extra")).chain(of_commands);
    for (extra, place) in wanted {
        if !spec.extras.iter().any(|known| normal_name(known) == normal_name(extra)) {
            let problem =
                Diagnostic::error("extra.unknown", format!("the project has no optional dependencies {extra:?}"));
            let problem = problem.file(&arguments.manifest).field(place);
            let known = if spec.extras.is_empty() { "none: there are none".to_owned() } else { spec.extras.join(", ") };
            problems.push(problem.expected(known));
        }
    }
    if matches!(source, ProjectSource::Folder(_)) {
        warnings.extend(unread_files(&spec, directory));
    }
    if !readable {
        // What is wrong with the manifest has been reported; uv is looked for all the same.
        problems.extend(Uv::find().err().map(|error| problem(&PythonError::from(error))));
        return Err(problems.into());
    }
    if let Some(found) = entry_module::check(&spec, &arguments.extras, source, &arguments.manifest) {
        match found.severity {
            Weight::Error => problems.push(found),
            Weight::Warning => warnings.push(found),
        }
    }
    let version = spec.python.version.clone().filter(|_| arguments.python == "auto");
    let project = PythonProject {
        // Absolute and without links: build backends and uv run elsewhere.
        source: source.clone().in_folder(canonical(if directory.as_os_str().is_empty() {
            Path::new(".")
        } else {
            directory
        })),
        extras: all_extras(arguments, &spec),
        choice: version.map_or_else(|| PythonChoice::with_default(&arguments.python), PythonChoice::Version),
        foreign,
        options: tree_options(&spec, source),
        entry_point: spec.commands.default.as_ref().and_then(entry_point),
        spec,
    };
    let request = project.request(arguments, Path::new(""), 0, &flavor_python::Silent);
    problems.extend(flavor_python::preflight(&request).iter().map(problem));
    if problems.is_empty() { Ok(project) } else { Err(problems.into()) }
}

impl PythonProject {
    fn request<'a>(
        &'a self,
        arguments: &PackOptions,
        work: &'a Path,
        epoch: u64,
        progress: &'a dyn flavor_python::Progress,
    ) -> TreeRequest<'a> {
        TreeRequest {
            project: &self.source,
            entry_point: self.entry_point.clone(),
            script_name: self.spec.commands.default.as_ref().map_or(&self.spec.package_name, |script| &script.name),
            extras: &self.extras,
            python: self.choice.clone(),
            foreign: self.foreign,
            work,
            source_date_epoch: epoch,
            symlinks: !arguments.compat,
            // The published launchers unpack every slot at once, whatever its lifecycle.
            lazy_parts: !arguments.compat,
            progress,
            options: &self.options,
        }
    }

    /// What it is made from.
    #[must_use]
    pub(crate) fn source(&self) -> &ProjectSource {
        &self.source
    }

    /// Runs the commands that come before everything else.
    ///
    /// # Errors
    /// The first that fails.
    pub fn pre_build(&self, progress: &dyn Progress) -> Result<(), PackError> {
        let commands = &self.spec.build.hooks.pre_build;
        progress.step("Run the pre_build commands");
        let run =
            flavor_python::run_hooks("hooks.pre_build", commands, self.source.folder(), &hook_variables(&self.spec));
        run.map_err(|error| problem(&error))?;
        progress.done();
        Ok(())
    }

    /// Runs the commands for a package that is there.
    ///
    /// # Errors
    /// The first that fails; the package stays.
    pub fn post_build(&self, package: &Path, progress: &dyn Progress) -> Result<(), PackError> {
        let commands = &self.spec.build.hooks.post_build;
        if commands.is_empty() {
            return Ok(());
        }
        progress.step("Run the post_build commands");
        let mut variables = hook_variables(&self.spec);
        variables.push(("FLAVOR_PACKAGE".to_owned(), canonical(package).into()));
        let run = flavor_python::run_hooks("hooks.post_build", commands, self.source.folder(), &variables);
        run.map_err(|error| problem(&error).hint(format!("the package was made: {}", package.display())).into())
    }
}

fn hook_variables(spec: &PythonSpec) -> Vec<(String, OsString)> {
    spec.build.env.iter().map(|(name, value)| (name.clone(), value.into())).collect()
}

/// Groups of the command line, and those that entry points ask for.
fn all_extras(arguments: &PackOptions, spec: &PythonSpec) -> Vec<String> {
    let mut all = arguments.extras.clone();
    all.extend(spec.entry_point_extras.iter().filter(|extra| !arguments.extras.contains(extra)).cloned());
    all
}

/// Files that the published tool reads, or that others outweigh.
fn unread_files(spec: &PythonSpec, directory: &Path) -> Vec<Diagnostic> {
    let mut warnings = Vec::new();
    let path = directory.join("buildconfig.toml");
    if path.exists() {
        let warning = Diagnostic::warning("manifest.unread", "this file is not read").file(&path);
        warnings.push(warning.hint("move its `[build]` table to [tool.flavor.build] in pyproject.toml"));
    }
    let mut locks = Lock::all(directory).into_iter();
    let outweighs = match &spec.build.requirements_file {
        Some(_) => Some("`requirements_file`".to_owned()),
        None => locks.next().map(|first| first.name()),
    };
    for (lock, outweighs) in locks.zip(outweighs.iter().cycle()) {
        let warning =
            Diagnostic::warning("manifest.unread", format!("this file is not read: {outweighs} outweighs it"));
        warnings.push(warning.file(&lock.path));
    }
    warnings
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The error as a problem.
#[must_use]
pub(crate) fn problem(error: &PythonError) -> Diagnostic {
    let problem = Diagnostic::error(error.code(), error.to_string());
    match error.hint() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// The tree on disk, and what the package says of it.
#[derive(Debug)]
pub(crate) struct Built {
    /// Holds the tree; it goes with this value.
    pub scratch: Scratch,
    /// Name, version, command, environment.
    pub spec: PackageSpec,
    /// The slots `runtime` and `app`.
    pub slots: Vec<Prepared>,
    /// Those with what is unpacked when it is first imported.
    pub lazy_slots: Vec<Prepared>,
    /// What is in them, for the attestation.
    pub python: PythonContents,
    /// Names of its commands.
    pub commands: Vec<String>,
    /// Sentences for the user.
    pub notices: Vec<String>,
}

/// Interpreter and distributions of a package.
#[derive(Debug)]
pub(crate) struct PythonContents {
    /// Version of the interpreter.
    pub version: String,
    /// Name of the provider that it came from.
    pub provider: &'static str,
    /// Everything installed, the project too.
    pub distributions: Vec<Distribution>,
    /// What the interpreter was made from, where it is Debian's.
    pub debian_packages: Vec<DebianPackage>,
    /// The lock that says the versions, or was passed over.
    pub lock: Option<LockFacts>,
}

/// Builds the tree.
///
/// # Errors
/// The first step that fails.
pub(crate) fn build(
    project: &PythonProject,
    arguments: &PackOptions,
    epoch: u64,
    further: &[Prepared],
    progress: &dyn Progress,
) -> Result<Built, PackError> {
    let temporary = env::temp_dir();
    let scratch = Scratch::new(&temporary, "flavor-build-");
    let scratch = scratch.map_err(|error| Diagnostic::io("pack.temporary", &temporary, "write here", &error))?;
    let work = canonical(scratch.path());
    let mut tree =
        flavor_python::build(&project.request(arguments, &work, epoch, progress)).map_err(|error| problem(&error))?;
    if let Some(command) = &project.spec.execution.command {
        let words = bundled_python(command, &tree)?;
        tree.command = with_options(words, &tree);
        check_program(&tree, further)?;
    }
    if arguments.compat {
        add_start_script(&mut tree)?;
    }
    for slot in further {
        let Some(at) = &slot.python_path else { continue };
        let files = slot.files();
        // One that is a single file has its module beside it, wherever that is.
        let at = if slot.operations.contains("tar") {
            at
        } else {
            files.first().and_then(|file| file.parent()).unwrap_or(at)
        };
        tree.add_lazy_slot(&slot.id, at, &files).map_err(|error| problem(&error))?;
    }
    let spec = package(&project.spec, &tree)?;
    let make = Slots { tree: &tree, compat: arguments.compat, level: project.spec.build.level, epoch };
    let slots =
        vec![make.slot(("runtime", "runtime"), &tree.runtime_paths)?, make.slot(("app", "code"), &tree.app_paths)?];
    let mut lazy_slots = Vec::new();
    for part in &tree.lazy_parts {
        let slot = make.slot((part.id, "runtime"), &part.paths)?;
        lazy_slots.push(Prepared { lifecycle: "lazy".to_owned(), is_reused: part.is_of_interpreter(), ..slot });
    }
    let mut notices = project.spec.left_out.clone();
    if let ProjectSource::Distribution(distribution) = &project.source
        && input::is_unpinned(&distribution.requirement)
    {
        let (name, version) = (&project.spec.project_name, &spec.version);
        notices.push(format!(
            "{name} {version} was packed, the newest that fits: --from '{name}=={version}' packs it again"
        ));
    }
    notices.extend(tree.notices.iter().cloned());
    if arguments.compat && !spec.execution_extra.is_empty() {
        let names: Vec<&str> = spec.execution_extra.iter().map(|(name, _)| name.as_str()).collect();
        notices.push(format!("the published launchers ignore {}", names.join(", ")));
    }
    if let Some(floor) = &tree.glibc_floor {
        notices.push(format!(
            "the package needs a Linux with glibc {floor} or newer; with --python debian it runs on any"
        ));
    }
    let (major, minor, patch) = tree.python_version;
    let python = PythonContents {
        version: format!("{major}.{minor}.{patch}"),
        provider: tree.provider,
        distributions: tree.distributions,
        debian_packages: tree.debian_packages,
        lock: lock_facts(&project.options.installs)?,
    };
    Ok(Built { scratch, spec, slots, lazy_slots, python, commands: tree.commands, notices })
}

/// Modules that are started with `-m` would be looked for in the caller's directory first; before Python 3.11 nothing prevents that.
fn with_options(mut words: Vec<String>, tree: &PythonTree) -> Vec<String> {
    let Some(options) = tree.command.get(1..).filter(|_| words.first() == tree.command.first()) else { return words };
    let mut options = options.to_vec();
    if tree.python_version >= (3, 11, 0) && words.iter().any(|word| word == "-m") {
        options.push("-P".to_owned());
    }
    words.splice(1..1, options);
    words
}

fn lock_facts(installs: &Installs) -> Result<Option<LockFacts>, PackError> {
    let honoured = installs.lock.as_ref().map(|lock| {
        let text = fs::read(&lock.path);
        let text =
            text.map_err(|error| Diagnostic::io("python.lock.unreadable", &lock.path, "read the lock", &error))?;
        Ok::<_, PackError>(LockFacts { name: lock.name(), sha256: Some(sha256(&text)) })
    });
    let passed_over = || installs.passed_over.as_ref().map(|lock| LockFacts { name: lock.name(), sha256: None });
    Ok(honoured.transpose()?.or_else(passed_over))
}

/// A program in the work environment must come with the package.
fn check_program(tree: &PythonTree, slots: &[Prepared]) -> Result<(), PackError> {
    let program = tree.command.first().map(String::as_str).unwrap_or_default();
    let Some(path) = program.strip_prefix("{workenv}/") else { return Ok(()) };
    let in_slot = |slot: &Prepared| match &slot.content {
        Content::Archive(archive) => archive.contains(path),
        // An archive that was there before may hold anything.
        Content::File(_) | Content::Stored(_) => {
            slot.operations.contains("tar") || placement::inside_workenv(&slot.target) == path
        }
    };
    if path.contains('{') || tree.root.join(path).exists() || slots.iter().any(in_slot) {
        return Ok(());
    }
    let problem = Diagnostic::error("execution.command", format!("the package has no {path}"));
    let problem = problem.field("`tool.flavor.execution.command`");
    Err(problem.expected("the bundled interpreter, `{workenv}/bin/python`, or a file of a slot").into())
}

/// Puts a shell script in the place of the interpreter.
///
/// The published launchers give a program the package's name as `argv[0]` (docs/launcher.md, "The command"), and CPython looks for its library
/// beside the file of that name. A script is started by the kernel, which gives it its own path.
fn add_start_script(tree: &mut PythonTree) -> Result<(), PackError> {
    let interpreter = format!("{{workenv}}/bin/{}", tree.program);
    let Some(first) = tree.command.first_mut().filter(|first| **first == interpreter) else { return Ok(()) };
    let name = "start.sh";
    *first = format!("{{workenv}}/bin/{name}");
    let path = tree.root.join("bin").join(name);
    let text = format!("#!/bin/sh\nexec \"${{0%/*}}\"/{} \"$@\"\n", tree.program);
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(0o755))
    };
    write().map_err(|error: io::Error| Diagnostic::io("pack.temporary", &path, "write the start script", &error))?;
    tree.app_paths.push(Path::new("bin").join(name));
    Ok(())
}

/// How the slots of a tree are made.
struct Slots<'a> {
    tree: &'a PythonTree,
    compat: bool,
    level: Option<i64>,
    epoch: u64,
}

impl Slots<'_> {
    fn slot(&self, (id, purpose): (&str, &str), paths: &[PathBuf]) -> Result<Prepared, PackError> {
        let archive = Archive::of_paths(&self.tree.root, paths, self.epoch)?;
        let (operations, chain) = prepare::default_operations(true, self.compat, self.level == Some(0));
        Ok(Prepared {
            id: id.to_owned(),
            label: id.to_owned(),
            target: "{workenv}".to_owned(),
            operations,
            purpose: purpose.to_owned(),
            lifecycle: "runtime".to_owned(),
            permissions: 0o755,
            extra: Vec::new(),
            listed: Vec::new(),
            content_size: archive.size(),
            content: Content::Archive(archive),
            codecs: prepare::default_levels(chain, self.level),
            is_default: true,
            python_path: None,
            is_reused: id == "runtime",
        })
    }
}
