//! What people start from, and the manifest that it amounts to.
//!
//! A script, a folder, a wheel and a name of an index become the tree of values that a `pyproject.toml` would give, each value with the
//! place that it comes from. From there on packing knows no difference.

use crate::{
    argument_file::open_argument,
    error::PackError,
    launcher_file::host_platform,
    manifest_text::{self, directory_of, is_json, is_setup},
    options::{Input, PackOptions},
};
use flavor_manifest::{
    Diagnostic, Document,
    cursor::Problems,
    document::{Entry, Node, Origin, Value},
    layers,
};
use flavor_python::{ApplicationFiles, DistributionSource, ProjectMetadata, ProjectSource, normal_name};
use pep440_rs::Version;
use pspf_nostd::digest::{Sha256Digest, StreamingSha256, sha256};
use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    str::FromStr as _,
};

/// Version of what states none.
const NO_VERSION: &str = "0.0.0";

/// Files that programs begin with, the likeliest first.
const FIRST_FILES: [&str; 6] = ["main.py", "__main__.py", "app.py", "manage.py", "cli.py", "run.py"];

/// Files at the top of projects that are no programs.
const NO_PROGRAMS: [&str; 4] = ["setup.py", "conftest.py", "noxfile.py", "__init__.py"];

/// Longest script read, in bytes.
const SCRIPT_MAX: u64 = 16 << 20;

/// What was opened.
#[derive(Debug)]
pub struct Opened {
    /// How it is named in messages and in the provenance.
    pub path: PathBuf,
    /// The values that it states.
    pub document: Document,
    /// What kind of thing it is.
    pub start: Start,
    /// The folder that paths in it are relative to; empty for the current one.
    pub directory: PathBuf,
    /// SHA-256 of what states the values.
    pub sha256: Sha256Digest,
}

/// What kind of thing a package is made from.
#[derive(Clone, Debug)]
pub enum Start {
    /// A manifest: a list of files, or a project with a build backend.
    Manifest,
    /// A script, with its name.
    Script(String),
    /// A folder without a build backend.
    Folder,
    /// What was built elsewhere.
    Distribution {
        /// As an installer is given it; empty where requirements files say it all.
        requirement: String,
        /// Versions of Python that it needs by its file's name, and one of them.
        python: Option<(String, String)>,
        /// Where what is known of it comes from.
        from: &'static str,
    },
}

/// Opens what the options name.
///
/// # Errors
/// Usage where there is no such thing, else everything that is wrong with what it states.
pub fn open(options: &PackOptions) -> Result<Opened, PackError> {
    match &options.input {
        Input::Distribution(requirement) => distribution(requirement),
        Input::Requirements => Ok(elsewhere(
            options.requirement.clone().unwrap_or_default(),
            Start::Distribution { requirement: String::new(), python: None, from: "default" },
            sha256(&[]),
        )),
        Input::Path(path) => by_path(path, options),
        // Somebody who stands in the folder of a program means it.
        Input::Manifest if is_program_folder(&options.manifest) => folder(Path::new("")),
        Input::Manifest => manifest(&options.manifest),
    }
}

fn is_program_folder(manifest: &Path) -> bool {
    manifest == Path::new("pyproject.toml")
        && !manifest.exists()
        && !Path::new("setup.py").exists()
        && (FIRST_FILES.iter().any(|name| Path::new(name).is_file()) || Path::new("requirements.txt").is_file())
}

fn by_path(path: &Path, options: &PackOptions) -> Result<Opened, PackError> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if path.is_dir() {
        let has = |name: &str| path.join(name).is_file();
        return match (has("pyproject.toml"), has("setup.py")) {
            (true, _) => manifest(&path.join("pyproject.toml")),
            (false, true) => manifest(&path.join("setup.py")),
            (false, false) => folder(path),
        };
    }
    match &*extension {
        "whl" => wheel(path, options),
        "toml" | "json" => manifest(path),
        "py" if !is_setup(path) => script(path),
        "py" => manifest(path),
        _ if is_python(path) => script(path),
        _ => {
            drop(open_argument(path, "something that can be packed").map_err(|error| {
                error.hint("a distribution of an index is named with --from: flavor pack --from NAME [COMMAND]")
            })?);
            let problem = Diagnostic::error("file.kind", "this is nothing that can be packed").file(path);
            let expected = "a script (.py), a folder, a wheel (.whl), a pyproject.toml or a JSON manifest";
            Err(PackError::usage(problem.expected(expected)))
        }
    }
}

/// Whether the first line of a file names Python, or uv that runs scripts.
fn is_python(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read = fs::File::open(path).is_ok_and(|file| file.take(256).read_to_end(&mut begin).is_ok());
    let first = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    read && path.is_file() && first.starts_with("#!") && (first.contains("python") || first.contains("uv run"))
}

fn manifest(path: &Path) -> Result<Opened, PackError> {
    let document = manifest_text::parse(path)?;
    let directory = directory_of(path);
    let is_application = !is_json(path) && !is_setup(path) && has_no_backend(&document, &directory);
    let start = if is_application { Start::Folder } else { Start::Manifest };
    let sha256 = sha256(document.text.as_bytes());
    Ok(Opened { path: path.to_owned(), document, start, directory, sha256 })
}

/// Whether nothing says how the project is built, and it is not laid out as setuptools finds modules by itself: its files are where it
/// is run, as `uv run` does.
fn has_no_backend(document: &Document, directory: &Path) -> bool {
    let problems = Problems::new(document);
    let root = problems.root();
    let tool = root.key("tool");
    let is_built = ["build-system"].iter().any(|key| root.key(key).present())
        || ["setuptools", "poetry", "hatch", "pdm", "flit"].iter().any(|key| tool.key(key).present())
        || !root.keys(&["project", "dynamic"]).strings().is_empty()
        || ["setup.py", "setup.cfg"].iter().any(|name| directory.join(name).is_file());
    !is_built && !directory.join("src").is_dir()
}

fn folder(path: &Path) -> Result<Opened, PackError> {
    let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let document = Document::from_toml(here, String::new())?;
    let directory = path.to_owned();
    let requirements = fs::read(path.join("requirements.txt")).unwrap_or_default();
    // As the folder is named, however it was written.
    let name = folder_name(here).unwrap_or_else(|| "folder".to_owned());
    let path = path.join(name);
    Ok(Opened { path, document, start: Start::Folder, directory, sha256: sha256(&requirements) })
}

fn folder_name(path: &Path) -> Option<String> {
    Some(fs::canonicalize(path).ok()?.file_name()?.to_string_lossy().into_owned())
}

/// A script with what it says of itself (PEP 723).
fn script(path: &Path) -> Result<Opened, PackError> {
    let file = open_argument(path, "a script")?;
    let mut bytes = Vec::new();
    let read = file.take(SCRIPT_MAX.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Diagnostic::io("file.open", path, "read the script", &error))?;
    let refuse = |message: &str| Err(Diagnostic::error("script.text", message).file(path).into());
    if pspf_nostd::offsets::length(&bytes) > SCRIPT_MAX {
        return refuse("the script is longer than 16 MiB");
    }
    let sha256 = sha256(&bytes);
    let Ok(text) = String::from_utf8(bytes) else { return refuse("the script is not UTF-8 text") };
    let metadata = script_metadata(&text).map_err(|(line, message)| {
        let problem = Diagnostic::error("script.metadata", message).file(path).at(line, 1);
        problem.hint("a block of metadata begins with the line `# /// script`, has `#` or `# …` in each line, and ends with `# ///`")
    })?;
    let mut document = Document::from_toml(path, metadata)?;
    document.text = text;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    adopt_script(&mut document);
    let directory = directory_of(path);
    Ok(Opened { path: path.to_owned(), document, start: Start::Script(name), directory, sha256 })
}

/// The block of metadata as TOML, with blanks in the place of everything else, so that every value is where it is in the script. An error
/// has its line.
fn script_metadata(text: &str) -> Result<String, (usize, &'static str)> {
    let mut blank: Vec<u8> = text.bytes().map(|byte| if byte == b'\n' { b'\n' } else { b' ' }).collect();
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        lines.push((start, line.trim_end_matches(['\n', '\r'])));
        start += line.len();
    }
    let begins: Vec<usize> =
        lines.iter().enumerate().filter(|(_, (_, line))| *line == "# /// script").map(|(number, _)| number).collect();
    let Some(begin) = begins.first() else { return Ok(String::from_utf8(blank).unwrap_or_default()) };
    if let Some(second) = begins.get(1) {
        return Err((second + 1, "a script has one block of metadata, and here begins a second"));
    }
    let inside = lines.iter().skip(begin + 1).take_while(|(_, line)| *line == "#" || line.starts_with("# "));
    let inside: Vec<&(usize, &str)> = inside.collect();
    let Some(end) = inside.iter().rposition(|(_, line)| *line == "# ///") else {
        let after = lines.get(begin + 1 + inside.len());
        let message = match after {
            Some((_, line)) if line.starts_with('#') => {
                "this line of the metadata begins with neither `# ` nor a lone `#`"
            }
            _ => "the block of metadata is not closed",
        };
        let line = if after.is_some() { begin + 2 + inside.len() } else { begin + 1 };
        return Err((line, message));
    };
    for (start, line) in inside.iter().take(end) {
        let content = line.strip_prefix("# ").unwrap_or_default();
        let from = start + line.len() - content.len();
        if let Some(place) = blank.get_mut(from..from + content.len()) {
            place.copy_from_slice(content.as_bytes());
        }
    }
    Ok(String::from_utf8(blank).unwrap_or_default())
}

/// The keys of a script's metadata under the names of `[project]`, each where it is in the text.
fn adopt_script(document: &mut Document) {
    let Value::Table(entries) = &mut document.root.value else { return };
    let is_own = |entry: &Entry| ["dependencies", "requires-python"].contains(&entry.key.as_str());
    let (project, others) = std::mem::take(entries).into_iter().partition(is_own);
    *entries = others;
    entries.push(Entry { key: "project".to_owned(), span: 0..0, node: Node::in_text(0..0, Value::Table(project)) });
}

fn wheel(path: &Path, options: &PackOptions) -> Result<Opened, PackError> {
    let mut file = open_argument(path, "a wheel")?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let platform = options.platform.clone().unwrap_or_else(|| format!("{}_{}", host_platform().0, host_platform().1));
    let tags = wheel_tags(&name, &platform).map_err(|problem| problem.file(path))?;
    let failed = |error| Diagnostic::io("file.open", path, "read the wheel", &error);
    let full = fs::canonicalize(path).map_err(failed)?;
    let mut hasher = StreamingSha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
    let requirement = format!("{} @ {}", tags.0, file_url(&full));
    let start = Start::Distribution { requirement, python: tags.1, from: "the wheel" };
    Ok(elsewhere(path.to_owned(), start, hasher.finish()))
}

fn file_url(path: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.~+".contains(byte);
    let escaped: String = path
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("file://{escaped}")
}

/// The name of a wheel's distribution, and which Python it needs: versions, and one of them.
type WheelTags = (String, Option<(String, String)>);

/// Reads `NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM.whl` (PyPA, "Platform compatibility tags").
fn wheel_tags(name: &str, platform: &str) -> Result<WheelTags, Diagnostic> {
    let stem = name.get(..name.len().saturating_sub(4)).unwrap_or_default();
    let parts: Vec<&str> = stem.split('-').collect();
    let ([project, _, python, abi, platforms] | [project, _, _, python, abi, platforms]) = parts.as_slice() else {
        let problem = Diagnostic::error("wheel.name", "this is not the name of a wheel");
        return Err(problem.expected("NAME-VERSION-PYTHON-ABI-PLATFORM.whl"));
    };
    let processor = if platform.ends_with("_arm64") { "aarch64" } else { "x86_64" };
    let fits = |tag: &str| {
        let is_linux = tag.starts_with("manylinux") || tag.starts_with("linux_");
        tag == "any" || (is_linux && tag.ends_with(processor) && platform.starts_with("linux"))
    };
    if !platforms.split('.').any(fits) {
        let problem =
            Diagnostic::error("wheel.platform", "the wheel is for another platform").found((*platforms).to_owned());
        return Err(problem.expected(format!("`any`, `linux_{processor}` or `manylinux…_{processor}`, for {platform}")));
    }
    let version = |tag: &str| {
        let digits = tag.strip_prefix("cp").filter(|digits| digits.len() > 1)?;
        let (major, minor) = digits.split_at_checked(1)?;
        Some((major.parse::<u8>().ok()?, minor.parse::<u8>().ok()?))
    };
    let needed = python.split('.').find_map(version).map(|(major, minor)| {
        let versions = if *abi == "abi3" { format!(">={major}.{minor}") } else { format!("=={major}.{minor}.*") };
        (versions, format!("{major}.{minor}"))
    });
    Ok(((*project).to_owned(), needed))
}

fn distribution(requirement: &str) -> Result<Opened, PackError> {
    let requirement = requirement.trim();
    if !requirement.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        let problem =
            Diagnostic::error("usage", "names no distribution").field("--from").found(format!("{requirement:?}"));
        return Err(PackError::usage(problem.expected("a name of the index, such as `httpie` or `httpie==3.2.4`")));
    }
    let start = Start::Distribution { requirement: requirement.to_owned(), python: None, from: "the index" };
    Ok(elsewhere(requirement.into(), start, sha256(requirement.as_bytes())))
}

fn elsewhere(path: PathBuf, start: Start, sha256: Sha256Digest) -> Opened {
    let root = Node::of(Origin::Found("default"), Value::Table(Vec::new()));
    let document = Document { path: path.clone(), text: String::new(), root };
    Opened { path, document, start, directory: PathBuf::new(), sha256 }
}

impl Start {
    /// Whether only who has built it knows what it is called and what it runs.
    #[must_use]
    pub(crate) fn is_asked(&self) -> bool {
        matches!(self, Self::Distribution { requirement, .. } if !requirement.is_empty())
    }

    /// Puts what nobody has stated into the document: a name, a version, and what to run.
    ///
    /// # Errors
    /// Where nothing can be found that could be run, or too much.
    pub(crate) fn complete(
        &self,
        document: &mut Document,
        directory: &Path,
        options: &PackOptions,
    ) -> Result<(), PackError> {
        match self {
            Self::Manifest => return Ok(()),
            Self::Script(file) => {
                let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy().into_owned();
                name(document, &stem, "name of the file");
                found(document, "project.version", NO_VERSION, "default");
                if !is_stated(document) {
                    found(document, "tool.flavor.script", file, "the script itself");
                }
            }
            Self::Folder => {
                let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
                // An option has made the table where the text has none.
                let in_text = |node: &Node| matches!(node.origin, Origin::Text | Origin::Condition);
                let is_bare = !node(document, "project").is_some_and(in_text);
                let requirements = directory.join("requirements.txt");
                if is_bare && requirements.is_file() && options.requirement.is_none() {
                    found(document, "tool.flavor.build.requirements_file", "requirements.txt", "found");
                }
                if is_bare {
                    name(document, &folder_name(here).unwrap_or_default(), "name of the folder");
                }
                if is_bare {
                    found(document, "project.version", NO_VERSION, "default");
                }
                if !is_stated(document) {
                    let (key, value) = first_program(here, &document.path)?;
                    found(document, key, &value, "found");
                }
            }
            Self::Distribution { requirement, .. } if requirement.is_empty() => {
                let entry = options.entry.as_deref().unwrap_or_default();
                let module = entry.split([':', '.']).next().unwrap_or_default();
                let (module, from) = (project_name(module), "the entry point's module");
                found(document, "tool.flavor.package_name", &module, from);
                // A distribution of that name is a dependency as the others.
                found(document, "project.name", &format!("{module}-app"), from);
                found(document, "project.version", NO_VERSION, "default");
            }
            Self::Distribution { .. } => {}
        }
        Ok(())
    }

    /// The version of the Python that a wheel is for.
    #[must_use]
    pub(crate) fn python_version(&self) -> Option<&str> {
        match self {
            Self::Distribution { python: Some((_, version)), .. } => Some(version),
            _ => None,
        }
    }

    /// Puts what was asked for into the document.
    pub(crate) fn adopt(&self, document: &mut Document, metadata: &ProjectMetadata, fields: &[&str]) {
        let Self::Distribution { python, from, .. } = self else {
            return adopt(document, metadata, fields, &Origin::Backend);
        };
        let mut metadata = metadata.clone();
        if let Some((versions, _)) = python {
            let stated = metadata.requires_python.filter(|stated| !stated.trim().is_empty());
            metadata.requires_python = Some(stated.into_iter().chain([versions.clone()]).collect::<Vec<_>>().join(","));
        }
        let origin = Origin::Found(from);
        // An index may have another version for the Python of the package: that in the tree counts.
        let fields: Vec<&str> =
            fields.iter().copied().filter(|field| *field != "version" || *from != "the index").collect();
        adopt(document, &metadata, &fields, &origin);
        if !has(document, "project.version") {
            let dynamic = Value::Array(vec![Node::of(origin.clone(), Value::String("version".to_owned()))]);
            layers::set(&mut document.root, "project.dynamic", Node::of(origin, dynamic));
        }
    }

    /// Problems of the manifest that has been made of it, in words of what the user has given.
    pub(crate) fn in_its_words(&self, mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if !matches!(self, Self::Distribution { .. }) {
            return problems;
        }
        for problem in &mut problems {
            (problem.line, problem.column) = (None, None);
            match problem.code {
                "entry_point.ambiguous" => {
                    "it has several commands, and nothing says which is run".clone_into(&mut problem.message);
                }
                "entry_point.missing" => "it has no command of its own".clone_into(&mut problem.message),
                _ => continue,
            }
            problem.field = Some("--entry".to_owned());
            problem.hint = Some("name a command, or a function: --entry NAME, --entry module:function".to_owned());
        }
        problems
    }

    /// What the tree is built from.
    #[must_use]
    pub(crate) fn source(&self, document: &Document, directory: &Path) -> ProjectSource {
        let folder = directory.to_owned();
        let application = |files| {
            ProjectSource::Files(ApplicationFiles { folder: folder.clone(), files, manifest: manifest_table(document) })
        };
        match self {
            Self::Manifest => ProjectSource::Folder(folder),
            Self::Script(file) => application(Some(vec![file.into()])),
            Self::Folder => application(None),
            Self::Distribution { requirement, .. } => {
                let text = |key: &str| text_at(document, &format!("project.{key}"));
                ProjectSource::Distribution(DistributionSource {
                    folder: folder.clone(),
                    requirement: requirement.clone(),
                    name: text("name").filter(|_| !requirement.is_empty()),
                    requires_python: text("requires-python"),
                })
            }
        }
    }
}

/// Puts these fields of what the backend says under the names of `[project]`.
fn adopt(document: &mut Document, metadata: &ProjectMetadata, fields: &[&str], origin: &Origin) {
    let node = |value: Value| Node::of(origin.clone(), value);
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

/// Has `--entry` say what is run, whatever was stated.
pub(crate) fn set_entry(document: &mut Document, start: &Start, text: &str) {
    let problems = Problems::new(document);
    let (project, flavor) = (problems.root().key("project"), problems.root().keys(&["tool", "flavor"]));
    let is_name = [project.key("scripts"), project.key("gui-scripts"), flavor.key("commands")]
        .iter()
        .any(|table| table.table_entries().iter().any(|entry| entry.key == text));
    let is_left = project.key("dynamic").strings().iter().any(|field| field.ends_with("scripts"));
    let may_be_name = is_name || is_left || (start.is_asked() && !text.contains('.'));
    drop((project, flavor));
    let key = if text.contains(':') || may_be_name {
        "entry_point"
    } else if Path::new(text).extension().is_some_and(|extension| extension == "py") {
        "script"
    } else {
        "module"
    };
    for other in ["entry_point", "module", "script"] {
        layers::remove(&mut document.root, &format!("tool.flavor.{other}"));
    }
    let node = Node::of(Origin::Option("--entry"), Value::String(text.to_owned()));
    layers::set(&mut document.root, &format!("tool.flavor.{key}"), node);
}

/// Sets a name that nobody has stated. One that a dependency has already is the package's only.
fn name(document: &mut Document, stem: &str, from: &'static str) {
    if has(document, "project.name") {
        return;
    }
    let name = project_name(stem);
    let problems = Problems::new(document);
    let dependencies = problems.root().keys(&["project", "dependencies"]).strings();
    let is_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let of = |requirement: &String| requirement.split(|character| !is_name(character)).next().map(normal_name);
    let is_taken = dependencies.iter().any(|requirement| of(requirement) == Some(normal_name(&name)));
    if is_taken {
        found(document, "tool.flavor.package_name", &name, from);
        found(document, "project.name", &format!("{name}-app"), from);
    } else {
        found(document, "project.name", &name, from);
    }
}

/// The nearest name that a Python project can have.
#[must_use]
pub fn project_name(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    let name: String = text.chars().map(|character| if plain(character) { character } else { '-' }).collect();
    let name = name.trim_start_matches(|character: char| !character.is_ascii_alphabetic());
    let name = name.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
    if name.is_empty() { "app".to_owned() } else { name.to_owned() }
}

fn found(document: &mut Document, path: &str, value: &str, from: &'static str) {
    if !has(document, path) {
        layers::set(&mut document.root, path, Node::of(Origin::Found(from), Value::String(value.to_owned())));
    }
}

fn node<'a>(document: &'a Document, path: &str) -> Option<&'a Node> {
    path.split('.').try_fold(&document.root, |node, key| {
        node.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    })
}

fn has(document: &Document, path: &str) -> bool {
    node(document, path).is_some()
}

fn text_at(document: &Document, path: &str) -> Option<String> {
    match &node(document, path)?.value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// Whether something says what to run.
fn is_stated(document: &Document) -> bool {
    let keys = [
        "tool.flavor.entry_point",
        "tool.flavor.module",
        "tool.flavor.script",
        "tool.flavor.execution.command",
        "project.scripts",
        "project.gui-scripts",
    ];
    keys.iter().any(|path| has(document, path))
}

/// What a folder runs: a key of `[tool.flavor]` and its value.
///
/// # Errors
/// Where nothing can be it, or several things.
pub fn first_program(folder: &Path, shown: &Path) -> Result<(&'static str, String), PackError> {
    let (mut scripts, mut packages, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let list = fs::read_dir(folder).map_err(|error| Diagnostic::io("file.open", folder, "list the folder", &error))?;
    for entry in list.flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let is_test = name.starts_with("test_") || name.ends_with("_test.py");
        if name.starts_with('.') {
        } else if path.join("__main__.py").is_file() {
            packages.push(name);
        } else if path.is_dir() {
            others.push(format!("{name}/"));
        } else if name.ends_with(".py") && !NO_PROGRAMS.contains(&&*name) && !is_test {
            scripts.push(name);
        } else {
            others.push(name);
        }
    }
    [&mut scripts, &mut packages, &mut others].into_iter().for_each(|names| names.sort());
    let own = folder_name(folder).map(|name| format!("{name}.py"));
    let first = FIRST_FILES.iter().map(|name| (*name).to_owned()).chain(own).find(|name| scripts.contains(name));
    let only = if let ([one], []) = (&*scripts, &*packages) { Some(one.clone()) } else { None };
    if let Some(file) = first.or(only) {
        let text = fs::read_to_string(folder.join(&file)).unwrap_or_default();
        let module = file.strip_suffix(".py").unwrap_or(&file);
        return Ok(if defines_main_only(&text) && module != "__main__" {
            ("tool.flavor.entry_point", format!("{module}:main"))
        } else {
            ("tool.flavor.script", file)
        });
    }
    if let ([], [package]) = (&*scripts, &*packages) {
        return Ok(("tool.flavor.module", package.clone()));
    }
    let choices: Vec<String> = [scripts, packages].concat();
    let problem = if choices.is_empty() {
        let list = if others.is_empty() {
            "nothing".to_owned()
        } else {
            others.iter().take(12).cloned().collect::<Vec<_>>().join(", ")
        };
        Diagnostic::error("entry_point.missing", "nothing here can be run: there is no Python file").found(list)
    } else {
        let problem = Diagnostic::error("entry_point.ambiguous", "nothing says which of these is run");
        problem.found(choices.iter().take(12).cloned().collect::<Vec<_>>().join(", "))
    };
    let problem = problem.file(shown).expected(format!("one of {}, or --entry", FIRST_FILES.join(", ")));
    Err(problem.hint("name it: --entry FILE.py, --entry MODULE or --entry module:function").into())
}

/// Whether a file defines `main` and leaves it to others to call it.
fn defines_main_only(text: &str) -> bool {
    let begins = |start: &str| text.lines().any(|line| line.starts_with(start));
    let calls = |line: &str| line.contains("main(") && !line.starts_with([' ', '\t', '#']) && !line.starts_with("def ");
    begins("def main(") && !text.contains("__name__") && !text.lines().any(calls)
}

/// What an installer must know of an application that is installed as it is.
fn manifest_table(document: &Document) -> toml::Table {
    let mut table = toml::Table::new();
    for path in ["project", "tool.uv", "dependency-groups"] {
        if let Some(value) = node(document, path).and_then(toml_value) {
            match path.split_once('.') {
                Some((outer, inner)) => {
                    table.insert(outer.to_owned(), toml::Table::from_iter([(inner.to_owned(), value)]).into());
                }
                None => drop(table.insert(path.to_owned(), value)),
            }
        }
    }
    if let Some(project) = table.get_mut("project").and_then(toml::Value::as_table_mut) {
        let known = [
            "name",
            "version",
            "description",
            "requires-python",
            "dependencies",
            "optional-dependencies",
            "entry-points",
        ];
        project.retain(|key, _| known.contains(&key));
        let version = project.get("version").and_then(toml::Value::as_str);
        // That of the package may be of another kind.
        if version.is_none_or(|version| Version::from_str(version).is_err()) {
            project.insert("version".to_owned(), NO_VERSION.into());
        }
    }
    table
}

fn toml_value(node: &Node) -> Option<toml::Value> {
    Some(match &node.value {
        Value::Null => return None,
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(text) => text.parse::<f64>().ok()?.into(),
        Value::String(text) | Value::Datetime(text) => text.as_str().into(),
        Value::Array(items) => items.iter().filter_map(toml_value).collect::<Vec<_>>().into(),
        Value::Table(entries) => {
            let entries = entries.iter().filter_map(|entry| Some((entry.key.clone(), toml_value(&entry.node)?)));
            toml::Table::from_iter(entries).into()
        }
    })
}

/// One sentence on what is packed, where it is not a manifest that states it all.
#[must_use]
pub(crate) fn said(document: &Document, start: &Start) -> Option<String> {
    let place = |path: &str, known: &str| {
        let node = node(document, path)?;
        let from = match &node.origin {
            Origin::Found(from) => (*from).to_owned(),
            Origin::Option(name) | Origin::Variable(name) => (*name).to_owned(),
            Origin::Backend => "build backend".to_owned(),
            Origin::Text | Origin::Condition => {
                let file = document.path.file_name().unwrap_or_default().to_string_lossy();
                format!("{file}:{}", document.place(node.span.start).0)
            }
        };
        let Value::String(text) = &node.value else { return None };
        Some(format!("{known} {text} ({from})"))
    };
    if matches!(start, Start::Manifest) {
        return None;
    }
    let first = |paths: &[&str], known: &str| paths.iter().find_map(|path| place(path, known));
    let runs = ["tool.flavor.entry_point", "tool.flavor.script", "tool.flavor.module"];
    let parts = [
        first(&["tool.flavor.package_name", "project.name"], "name"),
        first(&["project.version"], "version"),
        first(&runs, "runs"),
        place("tool.flavor.build.requirements_file", "requirements"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Whether `--from` leaves the version to the day on which it is packed.
#[must_use]
pub(crate) fn is_unpinned(requirement: &str) -> bool {
    !requirement.contains("==") && !requirement.contains('@') && !requirement.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_keep_their_places() {
        let script = "#!/usr/bin/env python\n# é\n# /// script\n# dependencies = ['a']\n#\n# [tool.flavor]\n#   type = 'x'\n# ///\nx = 1\n";
        let toml = script_metadata(script).unwrap();
        assert_eq!(toml.len(), script.len());
        assert_eq!(toml.lines().nth(3), Some("  dependencies = ['a']"));
        assert_eq!(toml.trim(), "dependencies = ['a']\n \n  [tool.flavor]\n    type = 'x'");
        assert_eq!(script_metadata("x = 1\n").unwrap().trim(), "");
        for (script, line) in [
            ("# /// script\n# a = 1\n", 1),
            ("# /// script\n# a = 1\nx = 1\n", 3),
            ("# /// script\n# a = 1\n#b = 2\n# ///\n", 3),
            ("# /// script\n# ///\n\n# /// script\n# ///\n", 4),
        ] {
            assert_eq!(script_metadata(script).unwrap_err().0, line, "{script}");
        }
    }

    #[test]
    fn wheels_say_what_they_need() {
        let tags = |name: &str| {
            wheel_tags(name, "linux_amd64").map(|(name, python)| (name, python.map(|(versions, _)| versions)))
        };
        for (name, versions) in [
            ("app-1.0-py3-none-any.whl", None),
            ("app-1.0-1-py2.py3-none-any.whl", None),
            ("app-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", Some("==3.12.*")),
            ("app-1-cp38-abi3-linux_x86_64.whl", Some(">=3.8")),
        ] {
            assert_eq!(tags(name).unwrap(), ("app".to_owned(), versions.map(str::to_owned)), "{name}");
        }
        for (name, code) in [
            ("app.whl", "wheel.name"),
            ("app-1-cp312-cp312-macosx_11_0_arm64.whl", "wheel.platform"),
            ("app-1-cp312-cp312-manylinux2014_aarch64.whl", "wheel.platform"),
            ("app-1-cp312-cp312-win_amd64.whl", "wheel.platform"),
        ] {
            assert_eq!(tags(name).unwrap_err().code, code, "{name}");
        }
        assert_eq!(file_url(Path::new("/a b/ü#.whl")), "file:///a%20b/%C3%BC%23.whl");
    }

    #[test]
    fn a_main_that_nobody_calls_is_called() {
        assert!(defines_main_only("import x\ndef main():\n    pass\n"));
        for text in [
            "def main():\n  pass\nmain()\n",
            "def main(): pass\nif __name__ == '__main__':\n    main()\n",
            "print(1)\n",
        ] {
            assert!(!defines_main_only(text), "{text}");
        }
    }
}
