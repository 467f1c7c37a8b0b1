//! The project: what must be known of it before it is built, and a copy to build in.

use super::{
    error::{FileContext as _, FileError, PythonError},
    tree_files,
};
use pep440_rs::VersionSpecifiers;
use std::{
    fs,
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

/// Results of earlier builds, if they stand at the top: stale modules in `build` would be packed again.
const RESULTS: [&str; 2] = ["build", "dist"];

/// Parts of the names of build requirements that read the version or the list of files from `.git`.
const VERSION_CONTROL_PLUGINS: [&str; 6] =
    ["dunamai", "dynamic-versioning", "scm", "vcs", "versioneer", "versioningit"];

/// A Python project.
#[derive(Debug)]
pub(super) struct Project {
    dir: PathBuf,
    /// `project.name`, if `pyproject.toml` states it.
    pub(super) name: Option<String>,
    /// `project.requires-python`.
    pub(super) requires_python: Option<VersionSpecifiers>,
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
            return Ok(Self { dir, name: None, requires_python: None, reads_version_control: false });
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
        let reads_version_control =
            build_requires.into_iter().flatten().filter_map(toml::Value::as_str).any(|requirement| {
                VERSION_CONTROL_PLUGINS.iter().any(|part| requirement.to_ascii_lowercase().contains(part))
            });
        Ok(Self { dir, name: text_at("project", "name", &table), requires_python, reads_version_control })
    }

    /// Copies what a build needs to `target`. `work` is passed over if it lies in the project.
    pub(super) fn copy_to(&self, target: &Path, work: &Path) -> Result<PathBuf, FileError> {
        tree_files::create_dir(target)?;
        let work = fs::canonicalize(work).on("read", work)?;
        self.copy_folder(&self.dir, target, &work)?;
        Ok(target.to_owned())
    }

    fn copy_folder(&self, from: &Path, to: &Path, work: &Path) -> Result<(), FileError> {
        let walk = WalkDir::new(from).min_depth(1).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(|entry| entry.path() != work && self.is_wanted(entry)) {
            let entry = entry.on("list", from)?;
            let Ok(relative) = entry.path().strip_prefix(from) else { continue };
            let target = to.join(relative);
            if entry.file_type().is_dir() {
                tree_files::create_dir(&target)?;
            } else if entry.file_type().is_file() {
                fs::copy(entry.path(), &target).on("copy", entry.path())?;
            } else if entry.path_is_symlink() {
                self.copy_link(entry.path(), &target, work)?;
            }
        }
        Ok(())
    }

    /// A link within the project stays one; what is outside is copied, for the link would point elsewhere from the copy.
    fn copy_link(&self, link: &Path, target: &Path, work: &Path) -> Result<(), FileError> {
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
            return self.copy_folder(&real, target, work);
        }
        Ok(())
    }

    fn is_wanted(&self, entry: &DirEntry) -> bool {
        let name = entry.file_name().to_string_lossy();
        if name == ".git" && self.reads_version_control {
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
            ".git/HEAD",
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
        Project::read(&dir).unwrap().copy_to(&copy, &dir.join("work")).unwrap();
        let files = tree_files::TreeFiles::list(&copy).unwrap().into_paths();
        let expected = ["data/data.txt", "inside", "setup.py", "src/app/__init__.py", "src/app/build/__init__.py"];
        assert_eq!(files, expected.map(PathBuf::from));
    }

    #[test]
    fn version_control_is_copied_for_builds_that_read_it() {
        let temp = tempfile::tempdir().unwrap();
        write(temp.path(), ".git/HEAD");
        let manifest = "[build-system]\nrequires = ['hatchling', 'hatch-vcs']\n";
        fs::write(temp.path().join("pyproject.toml"), manifest).unwrap();
        let copy = tempfile::tempdir().unwrap();
        Project::read(temp.path()).unwrap().copy_to(copy.path(), copy.path()).unwrap();
        assert!(copy.path().join(".git/HEAD").is_file());
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
