//! The project: what must be known of it before it is built, and a copy to build in.

use super::{
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

/// A Python project.
#[derive(Debug)]
pub(super) struct Project {
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
    pub(super) fn read(dir: &Path) -> Result<Self, PythonError> {
        let dir = fs::canonicalize(dir).on("read", dir)?;
        let manifest = dir.join("pyproject.toml");
        if !manifest.is_file() {
            if !dir.join("setup.py").is_file() {
                return Err(PythonError::NotAProject { path: dir });
            }
            let build_requires = vec!["setuptools".to_owned()];
            return Ok(Self { dir, name: None, requires_python: None, build_requires, reads_version_control: false });
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
        Ok(Self { dir, name, requires_python, build_requires, reads_version_control })
    }

    /// Copies what a build needs below `target`, and gives the folder of the copy. `work` is passed over if it lies in the project.
    ///
    /// A project in a git repository keeps its place in the copy.
    pub(super) fn copy_to(&self, target: &Path, work: &Path, options: &BuildOptions) -> Result<PathBuf, FileError> {
        let around = WorkingCopy::around(&self.dir);
        let below = around.as_ref().and_then(|around| self.dir.strip_prefix(&around.root).ok());
        let copy = below.map_or_else(|| target.to_owned(), |below| target.join(below));
        tree_files::create_dir(&copy)?;
        let work = fs::canonicalize(work).on("read", work)?;
        self.copy_folder(&self.dir, &copy, &work, options)?;
        if let Some(around) = &around {
            self.copy_ignore_files(&around.root, target)?;
            around.copy_to(target, self.reads_version_control)?;
            version_control::accept_what_is_left_out(target);
        }
        Ok(copy)
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

    fn copy_folder(&self, from: &Path, to: &Path, work: &Path, options: &BuildOptions) -> Result<(), FileError> {
        let walk = WalkDir::new(from).min_depth(1).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|entry| entry.path() != work && self.is_wanted(entry)) {
            let entry = entry.on("list", from)?;
            let Ok(relative) = entry.path().strip_prefix(from) else { continue };
            let target = to.join(relative);
            let in_project = entry.path().strip_prefix(&self.dir).unwrap_or(relative);
            if options.exclude.matches(in_project) {
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
pub fn project_files(directory: &Path) -> Result<Vec<PathBuf>, PythonError> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let project = Project::read(directory)?;
    let mut files = Vec::new();
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
    let project = Project::read(&dir).unwrap_or_else(|_| Project {
        dir: dir.clone(),
        name: None,
        requires_python: None,
        build_requires: Vec::new(),
        reads_version_control: false,
    });
    let walk = WalkDir::new(&dir).min_depth(1).into_iter().filter_entry(|entry| project.is_wanted(entry));
    if walk.take(FILES_MAX + 1).count() > FILES_MAX {
        let error = io::Error::other(format!("it holds more than {FILES_MAX} files"));
        return Err(error).on("copy the folder", &dir);
    }
    project.copy_to(target, work, &BuildOptions::default())
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
        Project::read(&dir).unwrap().copy_to(&copy, &dir.join("work"), &BuildOptions::default()).unwrap();
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
        let project = Project::read(&temp.path().join("tools/app")).unwrap();
        let copy = project.copy_to(target.path(), target.path(), &BuildOptions::default()).unwrap();
        assert_eq!(copy, target.path().join("tools/app"));
        let files = tree_files::TreeFiles::list(target.path()).unwrap().into_paths();
        let expected =
            [".git/HEAD", ".git/objects/info/alternates", ".git/refs/tags/v1", ".gitignore", "tools/app/setup.py"];
        assert_eq!(files, expected.map(PathBuf::from));
    }

    #[test]
    fn what_is_no_project_is_named() {
        let temp = tempfile::tempdir().unwrap();
        assert_eq!(Project::read(temp.path()).unwrap_err().code(), "python.project.missing");
        fs::write(temp.path().join("pyproject.toml"), "[project]\nrequires-python = '>=x'\n").unwrap();
        let error = Project::read(temp.path()).unwrap_err();
        assert_eq!(error.code(), "python.project.manifest");
        assert!(error.to_string().contains("requires-python"), "{error}");
    }
}
