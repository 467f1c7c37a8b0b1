//! Reading a manifest file: the text, what outweighs it, and what only a build backend knows.

use super::{python_project, tree_options::tree_options};
use crate::{argument_file::open_argument, error::PackError, interrupt::Scratch};
use flavor_manifest::{
    Diagnostic, Document, PackageSpec, SlotSpec, SourceBase, Weight, builder,
    cursor::Problems,
    document::{Entry, Node, Origin, Value},
    layers::{self, Given},
    poetry, pyproject, security_settings,
};
use flavor_python::{ProjectMetadata, PythonChoice, process};
use pspf_nostd::json::Json;
use std::{
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
};

/// Longest manifest read, in bytes.
const MANIFEST_MAX: u64 = 4 << 20;

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
    /// The file.
    pub path: &'a Path,
    /// `--workenv-base`.
    pub workenv_base: Option<&'a Path>,
    /// `--strict-manifest`.
    pub strict: bool,
    /// `--strip`.
    pub strip: bool,
    /// `--no-lock`, `--no-index`, `--offline` and `--find-links`.
    pub sources: SourceOptions<'a>,
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

/// Whether a path names a builder manifest.
#[must_use]
pub fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// The directory that relative sources are relative to; empty for the current one.
#[must_use]
pub fn directory_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

/// Opens and parses a manifest.
///
/// # Errors
/// Usage where there is no such file, else everything that is wrong with its syntax.
pub fn parse(path: &Path) -> Result<Document, PackError> {
    let file = open_argument(path, "a manifest").map_err(|error| {
        let setup = path.with_file_name("setup.py");
        if setup.is_file() {
            let setup = process::shell_word(&setup.to_string_lossy());
            error.hint(&format!(
                "pack the project by its {setup}: --manifest {setup}; or write a pyproject.toml (`flavor init`)"
            ))
        } else {
            error.hint(
                "name the project's pyproject.toml, or a JSON manifest, with --manifest; `flavor init` writes one",
            )
        }
    })?;
    let mut text = Vec::new();
    let read = file.take(MANIFEST_MAX.saturating_add(1)).read_to_end(&mut text);
    read.map_err(|error| Diagnostic::io("manifest.read", path, "read the manifest", &error))?;
    let refuse = |code, message: &str| Err(Diagnostic::error(code, message).file(path).into());
    if pspf_nostd::offsets::length(&text) > MANIFEST_MAX {
        return refuse("manifest.size", "the manifest is longer than 4 MiB");
    }
    let Ok(text) = String::from_utf8(text) else { return refuse("manifest.utf8", "the manifest is not UTF-8 text") };
    if is_setup(path) {
        // Only its build backend understands it.
        return Ok(Document { text, ..Document::from_toml(path, String::new())? });
    }
    Ok(if is_json(path) { Document::from_json(path, text) } else { Document::from_toml(path, text) }?)
}

fn is_setup(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "setup.py")
}

/// Reads what a parsed manifest says.
///
/// # Errors
/// Where the build backend had to be asked and did not answer.
pub fn read(mut document: Document, options: &ManifestOptions<'_>) -> Result<ManifestFile, PackError> {
    let directory = directory_of(options.path);
    let base =
        SourceBase { directory: directory.clone(), workenv: workenv_base(options, &directory), before_hooks: true };
    if is_json(options.path) {
        let base = SourceBase { before_hooks: false, ..base };
        let platform = format!("{}_{}", options.platform.0, options.platform.1);
        let (spec, problems) = builder::read(&document, &base, &platform);
        let problems = strict(problems, options);
        return Ok(ManifestFile { document, project: Project::Files(Box::new(spec)), problems, directory, base });
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
    if let Some(level) = options.level {
        let value = Value::Integer(level);
        given.push(Given { path: "tool.flavor.build.compression_level", option: "--level", value });
    }
    let knows_all = knows_only_the_backend(&document, &directory);
    let mut problems = layers::apply(&mut document, options.platform.0, &variable, given);
    let fields = if knows_all { FIELDS.to_vec() } else { left_to_the_backend(&document, options.extras) };
    if !fields.is_empty() {
        let (draft, _) = pyproject::read(&document, &base, &platform);
        adopt(&mut document, &ask_backend(&draft, &directory, options.python)?, &fields);
    }
    let (spec, more) = pyproject::read(&document, &base, &platform);
    problems.extend(more);
    problems.extend(poetry::without_backend(&document));
    let problems = strict(problems, options);
    Ok(ManifestFile { document, project: Project::Python(Box::new(spec)), problems, directory, base })
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
    let has_command = names_function || flavor.keys(&["execution", "command"]).present();
    let dynamic = project.key("dynamic").strings();
    let is_left = |fields: &[&str]| dynamic.iter().any(|field| fields.contains(&field.as_str()));
    let needed = [
        ("requires-python", is_left(&["requires-python"])),
        ("scripts", !has_command && is_left(&["scripts", "gui-scripts"])),
        ("optional-dependencies", extras && is_left(&["optional-dependencies"])),
    ];
    needed.into_iter().filter(|(_, needed)| *needed).map(|(field, _)| field).collect()
}

fn ask_backend(draft: &pyproject::PythonSpec, directory: &Path, python: &str) -> Result<ProjectMetadata, PackError> {
    let temporary = env::temp_dir();
    let scratch = Scratch::new(&temporary, "flavor-metadata-");
    let scratch = scratch.map_err(|error| Diagnostic::io("pack.temporary", &temporary, "write here", &error))?;
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let options = tree_options(draft, directory);
    let found =
        flavor_python::project_metadata(directory, scratch.path(), &PythonChoice::with_default(python), &options);
    found.map_err(|error| python_project::problem(&error).into())
}

/// Puts these fields of what the backend says under the names of `[project]`.
fn adopt(document: &mut Document, metadata: &ProjectMetadata, fields: &[&str]) {
    let node = |value: Value| Node::of(Origin::Backend, value);
    let text = |text: &str| node(Value::String(text.to_owned()));
    let entry = |key: &str, node: Node| Entry { key: key.to_owned(), span: 0..0, node };
    let scripts = metadata.scripts.iter().map(|(name, value)| entry(name, text(value))).collect();
    let extras = metadata.extras.iter().map(|name| entry(name, node(Value::Array(Vec::new())))).collect();
    let mut project = vec![
        entry("name", text(&metadata.name)),
        entry("scripts", node(Value::Table(scripts))),
        entry("optional-dependencies", node(Value::Table(extras))),
    ];
    // A variable has been put there before, and it outweighs the backend.
    let stated = document.root.entries().iter().find(|entry| entry.key == "project");
    if !stated.is_some_and(|project| project.node.entries().iter().any(|entry| entry.key == "version")) {
        project.push(entry("version", text(&metadata.version)));
    }
    project.extend(metadata.summary.as_deref().map(|summary| entry("description", text(summary))));
    project.extend(metadata.requires_python.as_deref().map(|versions| entry("requires-python", text(versions))));
    project.retain(|entry| fields.contains(&entry.key.as_str()));
    layers::set(&mut document.root, "project", node(Value::Table(project)));
}
