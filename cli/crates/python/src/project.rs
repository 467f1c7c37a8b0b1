//! The project: what must be known of it before it is built, and a copy to build in.

use super::{
    application,
    error::PythonError,
    file_error::{FileContext as _, FileError},
    options::BuildOptions,
    tree_files,
    version_control::{self, WorkingCopy},
};
use pep440_rs::VersionSpecifiers;
use std::{
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    str::FromStr as _,
};
use walkdir::{DirEntry, WalkDir};

/// Folders that no build needs: caches, environments, other tools' dependencies.
const LEFT_OUT: [&str; 10] = [
    ".git",
    ".hg",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".svn",
    ".tox",
    "__pycache__",
    "node_modules",
];

/// Results of earlier builds, if they are at the top: stale modules in `build` would be packed again.
const RESULTS: [&str; 2] = ["build", "dist"];

/// Parts of the names of build requirements that look at submodules too, for the version or the list of files.
const VERSION_CONTROL_PLUGINS: [&str; 6] =
    ["dunamai", "dynamic-versioning", "scm", "vcs", "versioneer", "versioningit"];

/// Where a project comes from.
#[derive(Clone, Debug)]
pub enum ProjectSource {
    /// A folder with `pyproject.toml` or `setup.py`, which a build backend builds.
    Folder(PathBuf),
    /// Files without a build backend, which are installed as they are.
    Files(ApplicationFiles),
    /// A distribution that was built elsewhere, or nothing but requirements.
    Distribution(DistributionSource),
}

impl ProjectSource {
    /// The folder that relative paths are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder,
            Self::Files(files) => &files.folder,
            Self::Distribution(distribution) => &distribution.folder,
        }
    }

    /// The same, in another folder.
    #[must_use]
    pub fn in_folder(mut self, other: PathBuf) -> Self {
        match &mut self {
            Self::Folder(folder) => *folder = other,
            Self::Files(files) => files.folder = other,
            Self::Distribution(distribution) => distribution.folder = other,
        }
        self
    }
}

/// An application without a build backend.
#[derive(Clone, Debug, Default)]
pub struct ApplicationFiles {
    /// Its folder.
    pub folder: PathBuf,
    /// The files of it, relative to the folder; none for all.
    pub files: Option<Vec<PathBuf>>,
    /// What a `pyproject.toml` says of it: `[project]` with name, version and dependencies, `[tool.uv]`.
    pub manifest: toml::Table,
}

/// A distribution that was built elsewhere.
#[derive(Clone, Debug, Default)]
pub struct DistributionSource {
    /// The folder that relative paths are relative to.
    pub folder: PathBuf,
    /// What is installed (PEP 508, or the path of a wheel); empty where requirements files say it all.
    pub requirement: String,
    /// Its name, where it is known.
    pub name: Option<String>,
    /// Versions of Python that it accepts.
    pub requires_python: Option<String>,
}

/// A Python project.
#[derive(Debug)]
pub(super) struct Project {
    /// Where it comes from.
    source: ProjectSource,
    /// Its folder, without links.
    pub(super) dir: PathBuf,
    /// `project.name`, if `pyproject.toml` states it.
    pub(super) name: Option<String>,
    /// `project.requires-python`.
    pub(super) requires_python: Option<VersionSpecifiers>,
    /// `build-system.requires`; those of setuptools where nothing is stated (PEP 518).
    pub(super) build_requires: Vec<String>,
    reads_version_control: bool,
}

impl Project {
    pub(super) fn read(source: &ProjectSource) -> Result<Self, PythonError> {
        let dir = source.folder();
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let dir = fs::canonicalize(dir).on("read", dir)?;
        let versions = |text: &str| {
            VersionSpecifiers::from_str(text).map_err(|error| PythonError::Manifest {
                path: dir.clone(),
                reason: format!("the versions of Python {text:?}: {error}"),
            })
        };
        match source {
            ProjectSource::Folder(_) => Self::in_folder(&dir),
            ProjectSource::Files(files) => {
                let text = |key: &str| Some(files.manifest.get("project")?.get(key)?.as_str()?.to_owned());
                Ok(Self {
                    name: text("name"),
                    requires_python: text("requires-python").as_deref().map(versions).transpose()?,
                    source: source.clone(),
                    ..Self::without_build(dir.clone())
                })
            }
            ProjectSource::Distribution(distribution) => Ok(Self {
                name: distribution.name.clone(),
                requires_python: distribution.requires_python.as_deref().map(versions).transpose()?,
                source: source.clone(),
                ..Self::without_build(dir.clone())
            }),
        }
    }

    fn without_build(dir: PathBuf) -> Self {
        Self {
            source: ProjectSource::Folder(dir.clone()),
            dir,
            name: None,
            requires_python: None,
            build_requires: Vec::new(),
            reads_version_control: false,
        }
    }

    /// A folder with `pyproject.toml` or `setup.py`.
    pub(super) fn in_folder(dir: &Path) -> Result<Self, PythonError> {
        let dir = fs::canonicalize(dir).on("read", dir)?;
        let manifest = dir.join("pyproject.toml");
        if !manifest.is_file() {
            if !dir.join("setup.py").is_file() {
                return Err(PythonError::NotAProject { path: dir });
            }
            let build_requires = vec!["setuptools".to_owned()];
            return Ok(Self { build_requires, ..Self::without_build(dir) });
        }
        let wrong = |reason: String| PythonError::Manifest { path: manifest.clone(), reason };
        let text = fs::read_to_string(&manifest).on("read", &manifest)?;
        let table: toml::Table = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let text_at = |table: &str, key: &str, all: &toml::Table| Some(all.get(table)?.get(key)?.as_str()?.to_owned());
        let requires_python = text_at("project", "requires-python", &table)
            .map(|text| {
                VersionSpecifiers::from_str(&text).map_err(|error| wrong(format!("project.requires-python: {error}")))
            })
            .transpose()?;
        let build_requires =
            table.get("build-system").and_then(|build| build.get("requires")).and_then(toml::Value::as_array);
        let build_requires: Vec<String> = match build_requires {
            Some(list) => list.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect(),
            None => vec!["setuptools".to_owned()],
        };
        let reads_version_control = build_requires.iter().any(|requirement| {
            VERSION_CONTROL_PLUGINS.iter().any(|part| requirement.to_ascii_lowercase().contains(part))
        });
        let name = text_at("project", "name", &table)
            .or_else(|| Some(table.get("tool")?.get("poetry")?.get("name")?.as_str()?.to_owned()));
        let source = ProjectSource::Folder(dir.clone());
        Ok(Self { source, dir, name, requires_python, build_requires, reads_version_control })
    }

    /// Copies what a build needs below `target`, and gives the folder of the copy. `work` is passed over if it lies in the project.
    ///
    /// A project in a git repository keeps its place in the copy.
    pub(super) fn copy_to(&self, target: &Path, work: &Path, options: &BuildOptions) -> Result<PathBuf, FileError> {
        let work = fs::canonicalize(work).on("read", work)?;
        match &self.source {
            ProjectSource::Folder(_) => {}
            ProjectSource::Files(files) => {
                tree_files::create_dir(target)?;
                match &files.files {
                    Some(list) => {
                        list.iter().try_for_each(|file| tree_files::copy(&self.dir.join(file), &target.join(file)))?;
                    }
                    None => {
                        self.check_count()?;
                        self.copy_folder(&self.dir, target, &work, options)?;
                    }
                }
                return application::add_backend(target, &files.manifest).map(|()| target.to_owned());
            }
            ProjectSource::Distribution(_) => return tree_files::create_dir(target).map(|()| target.to_owned()),
        }
        let around = WorkingCopy::around(&self.dir);
        let below = around.as_ref().and_then(|around| self.dir.strip_prefix(&around.root).ok());
        let copy = below.map_or_else(|| target.to_owned(), |below| target.join(below));
        tree_files::create_dir(&copy)?;
        self.copy_folder(&self.dir, &copy, &work, options)?;
        if let Some(around) = &around {
            self.copy_ignore_files(&around.root, target)?;
            around.copy_to(target, self.reads_version_control)?;
            version_control::accept_what_is_left_out(target);
        }
        Ok(copy)
    }

    /// What an installer is given for the project, in the folder of its copy; none where there is nothing but requirements.
    pub(super) fn requirement(&self, extras: &[String]) -> Option<String> {
        let extras = if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) };
        match &self.source {
            ProjectSource::Folder(_) | ProjectSource::Files(_) => Some(format!(".{extras}")),
            ProjectSource::Distribution(distribution) if distribution.requirement.is_empty() => None,
            ProjectSource::Distribution(distribution) => Some(with_extras(&distribution.requirement, &extras)),
        }
    }

    /// The folder that its files are in, in that of installed modules, where no build backend puts them anywhere.
    pub(super) fn application(&self) -> PathBuf {
        application::folder(self.name.as_deref().unwrap_or("app")).into()
    }

    /// The script, where it is nothing else.
    pub(super) fn script(&self) -> Option<PathBuf> {
        match &self.source {
            ProjectSource::Files(ApplicationFiles { files: Some(files), .. }) => Some(self.dir.join(files.first()?)),
            _ => None,
        }
    }

    /// Whether modules are looked for in that folder.
    pub(super) fn is_application(&self) -> bool {
        matches!(self.source, ProjectSource::Files(_))
    }

    /// Whether it is a folder that its own build backend builds.
    pub(super) fn has_backend(&self) -> bool {
        matches!(self.source, ProjectSource::Folder(_))
    }

    /// Sentences about files that hold secrets, and are left out of an application that is packed as it is.
    pub(super) fn left_out(&self, options: &BuildOptions) -> Vec<String> {
        let ProjectSource::Files(ApplicationFiles { files: None, .. }) = &self.source else { return Vec::new() };
        let walk = WalkDir::new(&self.dir).min_depth(1).sort_by_file_name().into_iter();
        let wanted = walk.filter_entry(|entry| self.is_wanted(entry) || application::is_secret(entry)).flatten();
        let secret = wanted.filter(application::is_secret);
        let relative = secret.filter_map(|entry| Some(entry.path().strip_prefix(&self.dir).ok()?.to_owned()));
        let names: Vec<String> =
            relative.filter(|path| !options.exclude.matches(path)).map(|path| path.display().to_string()).collect();
        if names.is_empty() {
            return Vec::new();
        }
        vec![format!("left out, for it may hold secrets: {}; a slot can bring it all the same", names.join(", "))]
    }

    /// What the folders above the project say that is ignored.
    fn copy_ignore_files(&self, root: &Path, target: &Path) -> Result<(), FileError> {
        for folder in self.dir.ancestors().skip(1).take_while(|folder| folder.starts_with(root)) {
            let file = folder.join(".gitignore");
            if let (true, Ok(relative)) = (file.is_file(), folder.strip_prefix(root)) {
                fs::copy(&file, target.join(relative).join(".gitignore")).on("copy", &file)?;
            }
        }
        Ok(())
    }

    /// Adds requirements to `build-system.requires` of a copy, where its backend and its installer find them.
    pub(super) fn add_build_requires(&self, copy: &Path, more: &[String]) -> Result<(), PythonError> {
        if more.is_empty() {
            return Ok(());
        }
        let path = copy.join("pyproject.toml");
        let text = if path.is_file() { fs::read_to_string(&path).on("read", &path)? } else { String::new() };
        let all: Vec<&str> = self.build_requires.iter().chain(more).map(String::as_str).collect();
        let list = toml_list(&all);
        let new = match build_system(&text) {
            BuildSystem::Requires(span) => {
                [text.get(..span.start), Some(&list), text.get(span.end..)].into_iter().flatten().collect()
            }
            // Without `requires` the table is not valid, and the backend says so.
            BuildSystem::Table => text,
            BuildSystem::None => format!(
                "{text}\n[build-system]\nrequires = {list}\nbuild-backend = \"setuptools.build_meta:__legacy__\"\n"
            ),
        };
        Ok(version_control::unnoticed(&path, || tree_files::write(&path, new.as_bytes()))?)
    }

    /// A folder that is copied whole may be somebody's home.
    fn check_count(&self) -> Result<(), FileError> {
        let walk = WalkDir::new(&self.dir).min_depth(1).into_iter().filter_entry(|entry| self.is_wanted(entry));
        if walk.take(FILES_MAX + 1).count() > FILES_MAX {
            let error = io::Error::other(format!("it holds more than {FILES_MAX} files"));
            return Err(error).on("copy the folder", &self.dir);
        }
        Ok(())
    }

    fn copy_folder(&self, from: &Path, to: &Path, work: &Path, options: &BuildOptions) -> Result<(), FileError> {
        let walk = WalkDir::new(from).min_depth(1).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|entry| entry.path() != work && self.is_wanted(entry)) {
            let entry = entry.on("list", from)?;
            let Ok(relative) = entry.path().strip_prefix(from) else { continue };
            let target = to.join(relative);
            let in_project = entry.path().strip_prefix(&self.dir).unwrap_or(relative);
            let is_data = !self.has_backend() && options.data.iter().any(|data| in_project.starts_with(data));
            if options.exclude.matches(in_project) || is_data {
                continue;
            }
            if entry.file_type().is_dir() {
                // With a choice of files, folders come with their files.
                if options.include.is_empty() {
                    tree_files::create_dir(&target)?;
                }
            } else if !is_included(in_project, options) {
            } else if entry.file_type().is_file() {
                tree_files::create_dir(target.parent().unwrap_or(to))?;
                fs::copy(entry.path(), &target).on("copy", entry.path())?;
            } else if entry.path_is_symlink() {
                tree_files::create_dir(target.parent().unwrap_or(to))?;
                self.copy_link(entry.path(), &target, work, options)?;
            }
        }
        Ok(())
    }

    /// A link within the project stays one; what is outside is copied, for the link would point elsewhere from the copy.
    fn copy_link(&self, link: &Path, target: &Path, work: &Path, options: &BuildOptions) -> Result<(), FileError> {
        let Ok(real) = fs::canonicalize(link) else { return Ok(()) };
        let points_to = fs::read_link(link).on("read", link)?;
        if real.starts_with(&self.dir) && points_to.is_relative() {
            return std::os::unix::fs::symlink(points_to, target).on("create", target);
        }
        if real.is_file() {
            return fs::copy(&real, target).on("copy", &real).map(drop);
        }
        // A folder that holds the project would hold this link again.
        if real.is_dir() && !self.dir.starts_with(&real) && !real.starts_with(&self.dir) {
            tree_files::create_dir(target)?;
            return self.copy_folder(&real, target, work, options);
        }
        Ok(())
    }

    fn is_wanted(&self, entry: &DirEntry) -> bool {
        let name = entry.file_name().to_string_lossy();
        if name == ".git" && self.reads_version_control && entry.path().parent() != Some(&*self.dir) {
            return true;
        }
        if matches!(self.source, ProjectSource::Files(_)) && application::is_no_part(entry) {
            return false;
        }
        let is_folder = entry.file_type().is_dir();
        let is_result = entry.path().parent() == Some(&*self.dir)
            && RESULTS.contains(&&*name)
            && !entry.path().join("__init__.py").exists();
        let is_environment = is_folder && (name == ".venv" || entry.path().join("pyvenv.cfg").exists());
        // `.git` is a file in work trees and submodules.
        let is_left_out = LEFT_OUT.contains(&&*name);
        !(is_left_out || is_environment || (is_folder && (is_result || name.ends_with(".egg-info"))))
    }
}

/// What a build itself needs is there whatever the patterns say.
fn is_included(path: &Path, options: &BuildOptions) -> bool {
    const NEEDED: [&str; 5] = ["pyproject.toml", "setup.py", "setup.cfg", "MANIFEST.in", "uv.lock"];
    const BEGINNINGS: [&str; 6] = ["README", "LICENSE", "LICENCE", "COPYING", "NOTICE", "hatch"];
    let name = path.to_string_lossy();
    options.include.is_empty()
        || NEEDED.contains(&&*name)
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || options.include.matches(path)
}

/// Most files of a folder that is copied whole.
const FILES_MAX: usize = 100_000;

/// The files of a project that its build may need, relative to its folder.
///
/// # Errors
/// A folder that cannot be listed.
pub fn project_files(source: &ProjectSource) -> Result<Vec<PathBuf>, PythonError> {
    let project = Project::read(source)?;
    let mut files = Vec::new();
    match source {
        ProjectSource::Folder(_) | ProjectSource::Files(ApplicationFiles { files: None, .. }) => {}
        ProjectSource::Files(ApplicationFiles { files: Some(list), .. }) => return Ok(list.clone()),
        ProjectSource::Distribution(_) => return Ok(files),
    }
    for entry in WalkDir::new(&project.dir)
        .min_depth(1)
        .follow_links(true)
        .into_iter()
        .filter_entry(|entry| project.is_wanted(entry))
    {
        // Links that lead nowhere, or in a circle, are no files.
        let Ok(entry) = entry else { continue };
        if entry.file_type().is_file()
            && let Ok(relative) = entry.path().strip_prefix(&project.dir)
        {
            files.push(relative.to_owned());
        }
        if files.len() >= FILES_MAX {
            break;
        }
    }
    Ok(files)
}

/// Copies a project, Python's or another, below `target`, without what no build needs. Gives the folder of the copy. `work` is passed
/// over if it lies in the project.
///
/// # Errors
/// A folder that cannot be copied, or has more files than a project has: it may be somebody's home.
pub fn copy_folder(from: &Path, target: &Path, work: &Path) -> Result<PathBuf, FileError> {
    let dir = fs::canonicalize(from).on("read", from)?;
    let project = Project::in_folder(&dir).unwrap_or_else(|_| Project::without_build(dir.clone()));
    project.check_count()?;
    project.copy_to(target, work, &BuildOptions::default())
}

/// A requirement with extras behind its name.
fn with_extras(requirement: &str, extras: &str) -> String {
    if extras.is_empty() {
        return requirement.to_owned();
    }
    let is_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let end = requirement.find(|character| !is_name(character)).unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    match rest.strip_prefix('[') {
        Some(rest) => format!("{name}{},{rest}", extras.trim_end_matches(']')),
        None => format!("{name}{extras}{rest}"),
    }
}

enum BuildSystem {
    Requires(Range<usize>),
    Table,
    None,
}

fn build_system(text: &str) -> BuildSystem {
    let Ok(table) = toml::de::DeTable::parse(text) else { return BuildSystem::Table };
    let Some(build) = table.get_ref().get("build-system") else { return BuildSystem::None };
    match build.get_ref().as_table().and_then(|build| build.get("requires")) {
        Some(requires) => BuildSystem::Requires(requires.span()),
        None => BuildSystem::Table,
    }
}

/// Strings of JSON are basic strings of TOML.
fn toml_list(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| serde_json::Value::from(*text).to_string()).collect();
    format!("[{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, path: &str) {
        tree_files::write(&dir.join(path), b"x").unwrap();
    }

    #[test]
    fn the_copy_has_sources_only_and_follows_links_out_of_the_project() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("project");
        for path in [
            "setup.py",
            "src/app/__init__.py",
            "src/app/build/__init__.py",
            "src/app/__pycache__/a.pyc",
            "build/lib/stale.py",
            "dist/x.whl",
            "src/app.egg-info/PKG-INFO",
            ".git/config",
            ".venv/pyvenv.cfg",
            "env/pyvenv.cfg",
            "node_modules/a",
            "work/tree/a",
        ] {
            write(&dir, path);
        }
        write(temp.path(), "outside/data.txt");
        std::os::unix::fs::symlink("../outside", dir.join("data")).unwrap();
        std::os::unix::fs::symlink("setup.py", dir.join("inside")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.join("dangling")).unwrap();
        let copy = temp.path().join("copy");
        Project::in_folder(&dir).unwrap().copy_to(&copy, &dir.join("work"), &BuildOptions::default()).unwrap();
        let files = tree_files::TreeFiles::list(&copy).unwrap().into_paths();
        let expected = ["data/data.txt", "inside", "setup.py", "src/app/__init__.py", "src/app/build/__init__.py"];
        assert_eq!(files, expected.map(PathBuf::from));
    }

    #[test]
    fn the_copy_stands_in_a_repository_of_its_own() {
        let temp = tempfile::tempdir().unwrap();
        for path in
            [".git/HEAD", ".git/index.lock", ".git/hooks/x", ".git/refs/tags/v1", ".git/objects/ab/cd", ".gitignore"]
        {
            write(temp.path(), path);
        }
        write(temp.path(), "other/big");
        write(temp.path(), "tools/app/setup.py");
        let target = tempfile::tempdir().unwrap();
        let project = Project::in_folder(&temp.path().join("tools/app")).unwrap();
        let copy = project.copy_to(target.path(), target.path(), &BuildOptions::default()).unwrap();
        assert_eq!(copy, target.path().join("tools/app"));
        let files = tree_files::TreeFiles::list(target.path()).unwrap().into_paths();
        let expected =
            [".git/HEAD", ".git/objects/info/alternates", ".git/refs/tags/v1", ".gitignore", "tools/app/setup.py"];
        assert_eq!(files, expected.map(PathBuf::from));
    }

    #[test]
    fn extras_come_behind_the_name() {
        for (requirement, expected) in [
            ("httpie", "httpie[a,b]"),
            ("httpie==3.2", "httpie[a,b]==3.2"),
            ("httpie[x]>1", "httpie[a,b,x]>1"),
            ("app @ file:///w/app-1-py3-none-any.whl", "app[a,b] @ file:///w/app-1-py3-none-any.whl"),
        ] {
            assert_eq!(with_extras(requirement, "[a,b]"), expected);
            assert_eq!(with_extras(requirement, ""), requirement);
        }
    }

    #[test]
    fn what_is_no_project_is_named() {
        let temp = tempfile::tempdir().unwrap();
        assert_eq!(Project::in_folder(temp.path()).unwrap_err().code(), "python.project.missing");
        fs::write(temp.path().join("pyproject.toml"), "[project]\nrequires-python = '>=x'\n").unwrap();
        let error = Project::in_folder(temp.path()).unwrap_err();
        assert_eq!(error.code(), "python.project.manifest");
        assert!(error.to_string().contains("requires-python"), "{error}");
    }
}
