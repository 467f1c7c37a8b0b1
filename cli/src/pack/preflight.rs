//! Everything that can be found wrong before the slow work, found together.

use super::{
    build_time,
    job::{Job, Source},
    launcher_file,
    output::Output,
    prepare::{self, Options},
    python_project::{self, PythonProject},
    signing::{self, KeyOptions},
};
use crate::{
    arguments::Pack,
    manifest::{Document, PackageSpec, SlotSpec, builder, pyproject, slots::SourceBase, words},
    problem::{Exit, Failure, Problem, Weight, open_argument},
    terminal::Console,
};
use std::{
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
};

/// Longest manifest read, in bytes.
const MANIFEST_MAX: u64 = 4 << 20;

/// What the manifest describes.
enum Project {
    Files(PackageSpec),
    Python(pyproject::PythonSpec),
}

impl Project {
    fn name(&self) -> &str {
        match self {
            Self::Files(spec) => &spec.name,
            Self::Python(spec) => &spec.package_name,
        }
    }

    fn slots(&self) -> &[SlotSpec] {
        match self {
            Self::Files(spec) => &spec.slots,
            Self::Python(spec) => &spec.slots,
        }
    }
}

/// Reads and checks everything.
///
/// # Errors
/// All problems together; warnings are shown.
pub fn check<'a>(arguments: &'a Pack, console: &mut Console) -> Result<Job<'a>, Failure> {
    let document = read_manifest(&arguments.manifest)?;
    let directory = manifest_directory(&arguments.manifest);
    let mut check = Check::default();
    let epoch = check.keep(build_time::from_environment().map_err(Failure::from));
    let launcher = check.keep(launcher_file::choose(arguments.launcher_bin.as_deref()));
    let keys = KeyOptions {
        seed: arguments.key_seed.clone(),
        private: arguments.private_key.clone(),
        public: arguments.public_key.clone(),
    };
    let signer = check.keep(signing::choose(&keys));
    let base = SourceBase { directory: directory.clone(), workenv: workenv_base(arguments, &directory) };
    let json = is_json(&arguments.manifest);
    let project = check.manifest(document, |document| {
        if json {
            let (spec, problems) = builder::read(document, &base);
            (Project::Files(spec), problems)
        } else {
            let (spec, problems) = pyproject::read(document, &base);
            (Project::Python(spec), problems)
        }
    });
    let (mut output, mut slots) = (None, Vec::new());
    if let Some(project) = &project {
        if words::unsafe_name(project.name()).is_none() {
            let chosen = Output::choose(arguments.output.as_deref(), &directory, project.name());
            output = check.keep(chosen.map_err(Failure::from));
        }
        let options =
            Options { compat: arguments.compat, level: arguments.level, mtime: epoch.unwrap_or(build_time::DEFAULT) };
        for slot in project.slots() {
            slots.extend(check.keep(prepare::prepare(slot, &options).map_err(Failure::from)));
        }
    }
    let source = project.and_then(|project| match project {
        Project::Files(spec) => {
            check.refuse_python_options(arguments);
            Some(Source::Files(Box::new(spec)))
        }
        Project::Python(spec) => {
            let readable = !check.manifest_errors;
            let checked = python_project::check(spec, arguments, &directory, readable, &mut check.warnings);
            check.keep(checked).map(|project: PythonProject| Source::Python(Box::new(project)))
        }
    });
    check.finish(console)?;
    // Everything that can be missing has been reported by now.
    let (Some(source), Some(launcher), Some(signer), Some(output), Some(epoch)) =
        (source, launcher, signer, output, epoch)
    else {
        return Err(Problem::error("pack.unready", "the package cannot be made").into());
    };
    Job::new(arguments, source, slots, launcher, signer, output, epoch)
}

/// Collects the outcomes of checks that do not depend on each other.
#[derive(Default)]
struct Check {
    failures: Vec<Failure>,
    warnings: Vec<Problem>,
    manifest_errors: bool,
}

impl Check {
    fn keep<T>(&mut self, outcome: Result<T, Failure>) -> Option<T> {
        outcome.map_err(|failure| self.failures.push(failure)).ok()
    }

    fn manifest<T>(
        &mut self,
        document: Result<Document, Vec<Problem>>,
        read: impl FnOnce(&Document) -> (T, Vec<Problem>),
    ) -> Option<T> {
        let document = self.keep(document.map_err(Failure::from))?;
        let (project, problems) = read(&document);
        let (errors, warnings): (Vec<_>, Vec<_>) =
            problems.into_iter().partition(|problem| problem.severity == Weight::Error);
        self.warnings.extend(warnings);
        if !errors.is_empty() {
            self.manifest_errors = true;
            self.failures.push(errors.into());
        }
        Some(project)
    }

    fn refuse_python_options(&mut self, arguments: &Pack) {
        let given = [("--python", arguments.python != "auto"), ("--extra", !arguments.extras.is_empty())];
        for (option, _) in given.iter().filter(|(_, given)| *given) {
            let problem = Problem::error("usage", "this is for Python projects, and the manifest is a list of files");
            self.failures.push(Failure::usage(problem.field(*option)));
        }
    }

    /// Shows the warnings; all failures become one.
    fn finish(self, console: &mut Console) -> Result<(), Failure> {
        self.warnings.into_iter().for_each(|warning| console.warn(warning));
        if self.failures.is_empty() {
            return Ok(());
        }
        // Only where nothing but the command line is wrong is it a matter of usage.
        let usage = self.failures.iter().all(|failure| failure.exit == Exit::Usage);
        let exit = if usage { Exit::Usage } else { Exit::Failed };
        Err(Failure { exit, problems: self.failures.into_iter().flat_map(|failure| failure.problems).collect() })
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn read_manifest(path: &Path) -> Result<Result<Document, Vec<Problem>>, Failure> {
    let file = open_argument(path, "a manifest").map_err(|mut failure| {
        for problem in &mut failure.problems {
            problem.hint = Some("name the project's pyproject.toml, or a JSON manifest, with --manifest".to_owned());
        }
        failure
    })?;
    let mut text = Vec::new();
    let read = file.take(MANIFEST_MAX.saturating_add(1)).read_to_end(&mut text);
    read.map_err(|error| Problem::io("manifest.read", path, "read the manifest", &error))?;
    let refuse = |code, message: &str| Err(Problem::error(code, message).file(path).into());
    if pspf_nostd::offsets::length(&text) > MANIFEST_MAX {
        return refuse("manifest.size", "the manifest is longer than 4 MiB");
    }
    let Ok(text) = String::from_utf8(text) else { return refuse("manifest.utf8", "the manifest is not UTF-8 text") };
    Ok(if is_json(path) { Document::from_json(path, text) } else { Document::from_toml(path, text) })
}

/// The directory that relative sources are relative to; empty for the current one.
fn manifest_directory(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

fn workenv_base(arguments: &Pack, directory: &Path) -> PathBuf {
    let variable = || env::var_os("FLAVOR_WORKENV_BASE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let base = arguments.workenv_base.clone().or_else(variable);
    // Relative to where the user stands, as all options are; sources are joined to the manifest's directory.
    base.map_or_else(PathBuf::new, |base| fs::canonicalize(&base).unwrap_or_else(|_| directory.join(base)))
}
