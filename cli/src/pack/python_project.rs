//! Python projects: what can be checked before, and the tree that their two slots are made of.

use super::{
    archive::Archive,
    prepare::{self, Content, Prepared},
};
use crate::{
    arguments::Pack,
    interrupt::Scratch,
    manifest::{PackageSpec, pyproject::PythonSpec, sections::runtime_json},
    problem::{Failure, Problem},
    progress::Steps,
    python::{self, Distribution, EntryPoint, PythonChoice, PythonError, PythonTree, TreeRequest, Uv},
};
use pspf_nostd::{metadata::RuntimeEnv, operation::OperationChain};
use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// Files beside a manifest that would change the result if they were read, and are not.
const NOT_READ: &[(&str, &str)] = &[
    ("uv.lock", "the lock file is not read yet: dependencies are resolved anew at every packing"),
    ("buildconfig.toml", "this file is not implemented yet, ignored"),
];

/// A Python project that looks as if it could be packed.
#[derive(Debug)]
pub struct PythonProject {
    /// What the manifest says.
    pub spec: PythonSpec,
    directory: PathBuf,
    entry_point: EntryPoint,
    extras: Vec<String>,
    choice: PythonChoice,
}

/// Checks what can be checked without building anything. `readable` says that the manifest's reader found no error in it: only
/// then is the project itself looked at.
///
/// # Errors
/// All problems found.
pub fn check(
    spec: PythonSpec,
    arguments: &Pack,
    directory: &Path,
    readable: bool,
    warnings: &mut Vec<Problem>,
) -> Result<PythonProject, Failure> {
    let mut problems = Vec::new();
    for extra in &arguments.extras {
        if !spec.extras.iter().any(|known| same_extra(known, extra)) {
            let problem =
                Problem::error("extra.unknown", format!("the project has no optional dependencies {extra:?}"));
            let problem = problem.file(&arguments.manifest).field("--extra");
            let known = if spec.extras.is_empty() { "none: there are none".to_owned() } else { spec.extras.join(", ") };
            problems.push(problem.expected(known));
        }
    }
    for (name, message) in NOT_READ {
        let path = directory.join(name);
        if path.exists() {
            warnings.push(Problem::warning("manifest.not_implemented", *message).file(&path));
        }
    }
    let (module, function) = &spec.entry_point;
    let entry_point = EntryPoint::parse(&format!("{module}:{function}")).ok().filter(|_| readable);
    let Some(entry_point) = entry_point else {
        // What is wrong with the manifest has been reported; uv is looked for all the same.
        problems.extend(Uv::find().err().map(|error| problem(&PythonError::from(error))));
        return Err(problems.into());
    };
    let project = PythonProject {
        // Absolute and without links: build backends and uv run elsewhere.
        directory: canonical(if directory.as_os_str().is_empty() { Path::new(".") } else { directory }),
        extras: arguments.extras.clone(),
        choice: PythonChoice::parse(&arguments.python),
        spec,
        entry_point,
    };
    let request = project.request(arguments, Path::new(""), 0, &python::Silent);
    problems.extend(python::preflight(&request).iter().map(problem));
    if problems.is_empty() { Ok(project) } else { Err(problems.into()) }
}

impl PythonProject {
    fn request<'a>(
        &'a self,
        arguments: &Pack,
        work: &'a Path,
        epoch: u64,
        progress: &'a dyn python::Progress,
    ) -> TreeRequest<'a> {
        TreeRequest {
            project_dir: &self.directory,
            entry_point: self.entry_point.clone(),
            script_name: &self.spec.script_name,
            extras: &self.extras,
            python: self.choice.clone(),
            work,
            source_date_epoch: epoch,
            symlinks: !arguments.compat,
            progress,
        }
    }
}

fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Names of extras are compared as PEP 685 says.
fn same_extra(a: &str, b: &str) -> bool {
    let normal = |name: &str| name.to_ascii_lowercase().replace(['_', '.'], "-");
    normal(a) == normal(b)
}

fn problem(error: &PythonError) -> Problem {
    let problem = Problem::error(error.code(), error.to_string());
    match error.hint() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

/// The tree on disk, and what the package says of it.
#[derive(Debug)]
pub struct Built {
    /// Holds the tree; it goes with this value.
    pub scratch: Scratch,
    /// Name, version, command, environment.
    pub spec: PackageSpec,
    /// The slots `runtime` and `app`.
    pub slots: Vec<Prepared>,
    /// What is in them, for the attestation.
    pub python: PythonContents,
    /// Sentences for the user.
    pub notices: Vec<String>,
}

/// Interpreter and distributions of a package.
#[derive(Debug)]
pub struct PythonContents {
    /// Version of the interpreter.
    pub version: String,
    /// Name of the provider that it came from.
    pub provider: &'static str,
    /// Everything installed, the project too.
    pub distributions: Vec<Distribution>,
}

/// Builds the tree.
///
/// # Errors
/// The first step that fails.
pub fn build(project: &PythonProject, arguments: &Pack, epoch: u64, steps: &Steps) -> Result<Built, Failure> {
    let temporary = env::temp_dir();
    let scratch = Scratch::new(&temporary, "flavor-build-");
    let scratch = scratch.map_err(|error| Problem::io("pack.temporary", &temporary, "write here", &error))?;
    let work = canonical(scratch.path());
    let mut tree = python::build(&project.request(arguments, &work, epoch, steps)).map_err(|error| problem(&error))?;
    if arguments.compat {
        add_start_script(&mut tree)?;
    }
    let spec = package(&project.spec, &tree)?;
    let slots = vec![
        slot("runtime", "runtime", &tree.root, &tree.runtime_paths, arguments, epoch)?,
        slot("app", "code", &tree.root, &tree.app_paths, arguments, epoch)?,
    ];
    let mut notices = tree.notices.clone();
    if let Some(floor) = &tree.glibc_floor {
        notices.push(format!("the package needs a Linux with glibc {floor} or newer"));
    }
    let (major, minor, patch) = tree.python_version;
    let python = PythonContents {
        version: format!("{major}.{minor}.{patch}"),
        provider: tree.provider,
        distributions: tree.distributions,
    };
    Ok(Built { scratch, spec, slots, python, notices })
}

/// Puts a shell script in front of the interpreter.
///
/// The published launchers give a program the package's name as `argv[0]` (launcher.md §4), and CPython looks for its library
/// beside the file of that name. A script is started by the kernel, which gives it its own path.
fn add_start_script(tree: &mut PythonTree) -> Result<(), Failure> {
    let beside = |word: &String| {
        let name = word.strip_prefix("{workenv}/bin/").unwrap_or(word);
        format!("\"${{0%/*}}\"/'{}'", name.replace('\'', "'\\''"))
    };
    let words: Vec<String> = tree.command.iter().map(beside).collect();
    let name = "start.sh";
    let path = tree.root.join("bin").join(name);
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(&path)?;
        file.write_all(format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" ")).as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(0o755))
    };
    write().map_err(|error: io::Error| Problem::io("pack.temporary", &path, "write the start script", &error))?;
    tree.command = vec![format!("{{workenv}}/bin/{name}")];
    tree.app_paths.push(Path::new("bin").join(name));
    Ok(())
}

impl python::Progress for Steps {
    fn step(&self, text: &str) {
        self.begin(text);
    }

    fn done(&self) {
        self.end();
    }
}

/// What the metadata say of the package.
fn package(spec: &PythonSpec, tree: &PythonTree) -> Result<PackageSpec, Failure> {
    let version = match &spec.version {
        Some(version) => version.clone(),
        None => built_version(spec, tree)?,
    };
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut runtime_env = RuntimeEnv::default();
    if spec.isolated {
        runtime_env.unset.extend(tree.environment.unset.iter().map(|name| (*name).to_owned()));
    }
    let user = &spec.runtime_env;
    runtime_env
        .unset
        .extend(user.unset.iter().filter(|name| !tree.environment.unset.contains(&name.as_str())).cloned());
    runtime_env.pass.clone_from(&user.pass);
    runtime_env.map.clone_from(&user.map);
    runtime_env.set.clone_from(&user.set);
    let extra = runtime_json(&runtime_env).map(|runtime| ("runtime".to_owned(), runtime));
    Ok(PackageSpec {
        name: spec.package_name.clone(),
        version,
        description: spec.description.clone(),
        command: tree.command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
        env: tree.environment.set.iter().map(owned).collect(),
        runtime_env,
        slots: Vec::new(),
        extra: extra.into_iter().collect(),
    })
}

/// The version that the build backend has given the project.
fn built_version(spec: &PythonSpec, tree: &PythonTree) -> Result<String, Failure> {
    let normal = |name: &str| name.to_ascii_lowercase().replace(['_', '.'], "-");
    let own = tree.distributions.iter().find(|found| normal(&found.name) == normal(&spec.project_name));
    own.map(|found| found.version.clone()).ok_or_else(|| {
        let message = format!("the build backend made no distribution called {:?}", spec.project_name);
        Problem::error("project.version", message).expected("the project's own distribution, for its version").into()
    })
}

/// A word as the launchers' word splitting reads it back.
fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "{}_/.-+=:,@%".contains(character);
    if word.chars().all(plain) && !word.is_empty() {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

fn slot(
    id: &str,
    purpose: &str,
    root: &Path,
    paths: &[PathBuf],
    arguments: &Pack,
    epoch: u64,
) -> Result<Prepared, Failure> {
    let archive = Archive::of_paths(root, paths, epoch)?;
    let operations = if arguments.compat { "tar.gz" } else { "tar.zst" };
    let chain = OperationChain::parse(operations).unwrap_or_default();
    Ok(Prepared {
        id: id.to_owned(),
        label: id.to_owned(),
        target: "{workenv}".to_owned(),
        operations: operations.to_owned(),
        purpose: purpose.to_owned(),
        lifecycle: "runtime".to_owned(),
        permissions: 0o755,
        content_size: archive.size(),
        content: Content::Archive(archive),
        codecs: prepare::default_levels(chain, arguments.level),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_launcher() {
        for word in ["{workenv}/bin/python3.11", "a b", "a\"b\\c", "", "it's"] {
            let split = flavor_launcher::command::split(&quoted(word)).unwrap();
            assert_eq!(split, [word], "{}", quoted(word));
        }
    }
}
