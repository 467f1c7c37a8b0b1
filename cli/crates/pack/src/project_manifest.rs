//! Reading a manifest file: the text, what outweighs it, and what only a build backend knows.

use super::{python_project, tree_options::tree_options};
use crate::{
    error::PackError,
    input::{self, Opened, Start},
    interrupt::Scratch,
    options::PackOptions,
};
use flavor_manifest::{
    Diagnostic, Document, PackageSpec, SlotSpec, SourceBase, Weight, builder,
    cursor::Problems,
    document::{Node, Origin, Value},
    layers::{self, Given},
    poetry, pyproject, security_settings,
};
use flavor_python::{ProjectMetadata, ProjectSource, PythonChoice, process};
use pspf_nostd::{digest::Sha256Digest, json::Json};
use std::{
    env, fs,
    path::{Path, PathBuf},
};

pub use crate::manifest_text::{directory_of, is_json, parse};

/// What the manifest describes.
#[derive(Debug)]
pub enum Project {
    /// Files.
    Files(Box<PackageSpec>),
    /// A Python project.
    Python(Box<pyproject::PythonSpec>),
}

impl Project {
    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Files(spec) => &spec.name,
            Self::Python(spec) => &spec.package_name,
        }
    }

    /// What it demands of machines.
    #[must_use]
    pub fn policy(&self) -> Option<&Json> {
        match self {
            Self::Files(spec) => spec.extra.iter().find(|(key, _)| key == "policy").map(|(_, policy)| policy),
            Self::Python(spec) => spec.policy.as_ref(),
        }
    }

    /// The slots of the manifest.
    #[must_use]
    pub fn slots(&self) -> &[SlotSpec] {
        match self {
            Self::Files(spec) => &spec.slots,
            Self::Python(spec) => &spec.slots,
        }
    }
}

/// Which manifest, and what the command line says about it.
#[derive(Clone, Debug)]
pub struct ManifestOptions<'a> {
    /// What the caller asks for.
    pub asked: &'a PackOptions,
    /// `--workenv-base`.
    pub workenv_base: Option<&'a Path>,
    /// `--strict-manifest`.
    pub strict: bool,
    /// `--strip`.
    pub strip: bool,
    /// `--no-lock`, `--no-index`, `--offline` and `--find-links`.
    pub sources: SourceOptions<'a>,
    /// `--with-pip`.
    pub with_pip: bool,
    /// `--level`.
    pub level: Option<i64>,
    /// `--python`.
    pub python: &'a str,
    /// Whether an `--extra` is given.
    pub extras: bool,
    /// Operating system and architecture of the package.
    pub platform: (&'a str, &'a str),
}

/// What the command line says about where versions and archives come from.
#[derive(Clone, Copy, Debug, Default)]
pub struct SourceOptions<'a> {
    /// `--no-lock`.
    pub no_lock: bool,
    /// `--no-index`.
    pub no_index: bool,
    /// `--offline`.
    pub offline: bool,
    /// `--find-links`.
    pub find_links: &'a [String],
}

impl SourceOptions<'_> {
    fn given(&self) -> impl Iterator<Item = Given> {
        let flags = [
            ("tool.flavor.build.lock", "--no-lock", self.no_lock, false),
            ("tool.flavor.build.no_index", "--no-index", self.no_index, true),
            ("tool.flavor.build.offline", "--offline", self.offline, true),
        ];
        let flags = flags.into_iter().filter(|(_, _, given, _)| *given);
        let flags = flags.map(|(path, option, _, value)| Given { path, option, value: Value::Bool(value) });
        // Relative to where the user is.
        let places = self.find_links.iter().map(|place| match place.contains("://") {
            true => place.clone(),
            false => {
                std::path::absolute(place).map_or_else(|_| place.clone(), |path| path.to_string_lossy().into_owned())
            }
        });
        let option = Origin::Option("--find-links");
        let places: Vec<Node> = places.map(|place| Node::of(option.clone(), Value::String(place))).collect();
        let links = Given { path: "tool.flavor.build.find_links", option: "--find-links", value: Value::Array(places) };
        flags.chain((!self.find_links.is_empty()).then_some(links))
    }
}

/// A manifest that was read.
#[derive(Debug)]
pub struct ManifestFile {
    /// The tree of values, with everything that outweighs the text.
    pub document: Document,
    /// What it says.
    pub project: Project,
    /// What the tree is made from.
    pub source: ProjectSource,
    /// One sentence on what is packed, where it is not stated in a manifest.
    pub said: Option<String>,
    /// SHA-256 of what states it.
    pub sha256: Sha256Digest,
    /// Everything found, errors and warnings.
    pub problems: Vec<Diagnostic>,
    /// Its directory; empty for the current one.
    pub directory: PathBuf,
    /// Where its sources were looked for.
    pub base: SourceBase,
}

impl ManifestFile {
    /// Whether something keeps the package from being made.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Weight::Error)
    }
}

/// Reads what a parsed manifest says.
///
/// # Errors
/// Where the build backend had to be asked and did not answer.
pub fn read(opened: Opened, options: &ManifestOptions<'_>) -> Result<ManifestFile, PackError> {
    let Opened { path, mut document, start, directory, sha256 } = opened;
    let base =
        SourceBase { directory: directory.clone(), workenv: workenv_base(options, &directory), before_hooks: true };
    if matches!(start, Start::Manifest) && is_json(&path) {
        let base = SourceBase { before_hooks: false, ..base };
        let platform = format!("{}_{}", options.platform.0, options.platform.1);
        let (spec, problems) = builder::read(&document, &base, &platform);
        let problems = strict(problems, options);
        let (project, source) = (Project::Files(Box::new(spec)), ProjectSource::Folder(directory.clone()));
        return Ok(ManifestFile { document, project, source, said: None, sha256, problems, directory, base });
    }
    let platform = format!("{}_{}", options.platform.0, options.platform.1);
    poetry::adopt(&mut document);
    let stated = Problems::new(&document);
    let flavor = stated.root().keys(&["tool", "flavor"]);
    security_settings::seed_variables(&flavor).into_iter().for_each(process::withhold);
    let variable = |name: &str| env::var(name).ok();
    let mut given = Vec::new();
    if options.strip {
        let value = Value::Bool(true);
        given.push(Given { path: "tool.flavor.build.strip", option: "--strip", value });
    }
    given.extend(options.sources.given());
    if options.with_pip {
        let value = Value::Bool(true);
        given.push(Given { path: "tool.flavor.python.pip", option: "--with-pip", value });
    }
    if let Some(level) = options.level {
        let value = Value::Integer(level);
        given.push(Given { path: "tool.flavor.build.compression_level", option: "--level", value });
    }
    let asked = options.asked;
    for (path, option, text) in
        [("tool.flavor.package_name", "--name", &asked.name), ("project.version", "--version", &asked.version)]
    {
        let value = text.clone().map(Value::String);
        given.extend(value.map(|value| Given { path, option, value }));
    }
    if let Some(file) = &asked.requirement {
        // Relative to where the user is, as all options are.
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let value = Value::String(file.to_string_lossy().into_owned());
        given.push(Given { path: "tool.flavor.build.requirements_file", option: "--requirement", value });
    }
    let knows_all =
        start.is_asked() || (matches!(start, Start::Manifest) && knows_only_the_backend(&document, &directory));
    let mut problems = layers::apply(&mut document, options.platform.0, &variable, given);
    if let Some(entry) = asked.entry.as_deref().filter(|_| !knows_all) {
        input::set_entry(&mut document, &start, entry);
    }
    start.complete(&mut document, &directory, asked)?;
    let fields = if knows_all { FIELDS.to_vec() } else { left_to_the_backend(&document, options.extras) };
    if !fields.is_empty() {
        let (draft, _) = pyproject::read(&document, &base, &platform);
        let source = start.source(&document, &directory);
        let metadata = ask(&draft, &source, &start, options.python)?;
        start.adopt(&mut document, &metadata, &fields);
    }
    if let Some(entry) = asked.entry.as_deref().filter(|_| knows_all) {
        input::set_entry(&mut document, &start, entry);
    }
    let (spec, more) = pyproject::read(&document, &base, &platform);
    problems.extend(start.in_its_words(more));
    problems.extend(poetry::without_backend(&document));
    let problems = strict(problems, options);
    let (source, said) = (start.source(&document, &directory), input::said(&document, &start));
    let project = Project::Python(Box::new(spec));
    Ok(ManifestFile { document, project, source, said, sha256, problems, directory, base })
}

/// A project's manifest that is read once more after its hooks have run: they may have made sources of slots.
#[derive(Clone, Debug)]
pub struct AfterHooks {
    document: Document,
    base: SourceBase,
    platform: String,
}

impl AfterHooks {
    /// None where there are no hooks that run before.
    #[must_use]
    pub fn of(file: &ManifestFile, platform: (&str, &str)) -> Option<Self> {
        let Project::Python(spec) = &file.project else { return None };
        let base = SourceBase { before_hooks: false, ..file.base.clone() };
        let platform = format!("{}_{}", platform.0, platform.1);
        (!spec.build.hooks.pre_build.is_empty()).then(|| Self { document: file.document.clone(), base, platform })
    }

    /// The slots, and sentences about those that are left out.
    ///
    /// # Errors
    /// Sources that still are not there.
    pub fn read(&self) -> Result<(Vec<SlotSpec>, Vec<String>), PackError> {
        let (spec, mut problems) = pyproject::read(&self.document, &self.base, &self.platform);
        problems.retain(|problem| problem.severity == Weight::Error);
        if problems.is_empty() { Ok((spec.slots, spec.left_out)) } else { Err(problems.into()) }
    }
}

/// With `--strict-manifest` a key that means nothing is an error.
fn strict(mut problems: Vec<Diagnostic>, options: &ManifestOptions<'_>) -> Vec<Diagnostic> {
    for problem in problems.iter_mut().filter(|problem| options.strict && problem.code == "manifest.unknown_key") {
        problem.severity = Weight::Error;
        "unknown key".clone_into(&mut problem.message);
    }
    problems
}

fn workenv_base(options: &ManifestOptions<'_>, directory: &Path) -> PathBuf {
    let variable = || env::var_os("FLAVOR_WORKENV_BASE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let base = options.workenv_base.map(Path::to_owned).or_else(variable);
    // Relative to where the user is, as all options are; sources are joined to the manifest's directory.
    base.map_or_else(PathBuf::new, |base| fs::canonicalize(&base).unwrap_or_else(|_| directory.join(base)))
}

/// Neither `[project]` nor `[tool.poetry]`, and something to build.
fn knows_only_the_backend(document: &Document, directory: &Path) -> bool {
    let has = |key: &str| document.root.entries().iter().any(|entry| entry.key == key);
    let setup = ["setup.py", "setup.cfg"].iter().any(|name| directory.join(name).is_file());
    !has("project") && (has("build-system") || setup)
}

/// What of `[project]` can be taken from a build backend.
const FIELDS: [&str; 6] = ["name", "version", "description", "requires-python", "scripts", "optional-dependencies"];

/// Fields of `project.dynamic` that have to be known before the project is built; the version has not.
fn left_to_the_backend(document: &Document, extras: bool) -> Vec<&'static str> {
    let problems = Problems::new(document);
    let (project, flavor) = (problems.root().key("project"), problems.root().keys(&["tool", "flavor"]));
    // A function needs no script; the name of one does, and what it calls has to be known.
    let entry_point = flavor.key("entry_point");
    let names_function = match entry_point.node.map(|node| &node.value) {
        Some(Value::String(text)) => text.contains(':'),
        other => other.is_some(),
    };
    let has_command = names_function
        || ["module", "script"].iter().any(|key| flavor.key(key).present())
        || flavor.keys(&["execution", "command"]).present();
    let dynamic = project.key("dynamic").strings();
    let is_left = |fields: &[&str]| dynamic.iter().any(|field| fields.contains(&field.as_str()));
    let needed = [
        ("requires-python", is_left(&["requires-python"])),
        ("scripts", !has_command && is_left(&["scripts", "gui-scripts"])),
        ("optional-dependencies", extras && is_left(&["optional-dependencies"])),
    ];
    needed.into_iter().filter(|(_, needed)| *needed).map(|(field, _)| field).collect()
}

fn ask(
    draft: &pyproject::PythonSpec,
    source: &ProjectSource,
    start: &Start,
    python: &str,
) -> Result<ProjectMetadata, PackError> {
    let temporary = env::temp_dir();
    let scratch = Scratch::new(&temporary, "flavor-metadata-");
    let scratch = scratch.map_err(|error| Diagnostic::io("pack.temporary", &temporary, "write here", &error))?;
    let options = tree_options(draft, source);
    let choice = PythonChoice::with_default(python);
    let found = flavor_python::project_metadata(source, start.python_version(), scratch.path(), &choice, &options);
    found.map_err(|error| python_project::problem(&error).into())
}
