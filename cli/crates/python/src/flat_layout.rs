//! Projects that leave it to setuptools to find their modules, and have more at their top than it can tell apart.
//!
//! setuptools takes every folder for a package. With two of them (`webapp` beside `templates`) it refuses to build, and with one
//! (`assets` beside `main.py`) it packs that and none of the modules. In our copy the manifest says which are which.

use super::{
    file_error::{FileContext as _, FileError},
    options::BuildOptions,
    tree_files, version_control,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};
use walkdir::{DirEntry, WalkDir};

/// Folders that setuptools passes over (`FlatLayoutPackageFinder`).
const NO_PACKAGES: [&str; 25] = [
    "benchmark",
    "benchmarks",
    "bin",
    "build",
    "changelog",
    "ci",
    "debian",
    "doc",
    "docs",
    "documentation",
    "example",
    "examples",
    "exercise",
    "exercises",
    "fabfile",
    "htmlcov",
    "manpages",
    "news",
    "newsfragments",
    "python",
    "site_scons",
    "test",
    "tests",
    "unit_test",
    "unit_tests",
];
/// Others that it passes over, and that programs import from where they are packages.
const OFTEN_PACKAGES: [&str; 5] = ["scripts", "tasks", "tools", "util", "utils"];
/// Modules that it passes over (`FlatLayoutModuleFinder`).
const NO_MODULES: [&str; 18] = [
    "benchmark",
    "benchmarks",
    "build",
    "conanfile",
    "conftest",
    "dodo",
    "example",
    "examples",
    "exercise",
    "exercises",
    "fabfile",
    "manage",
    "noxfile",
    "pavement",
    "setup",
    "tasks",
    "test",
    "tests",
];

/// What is at the top of a project.
#[derive(Debug, Default, PartialEq, Eq)]
struct Top {
    /// Folders that hold modules.
    packages: Vec<String>,
    /// Modules.
    modules: Vec<String>,
    /// Other folders that setuptools would take for packages.
    data: Vec<String>,
}

impl Top {
    fn of(folder: &Path, options: &BuildOptions) -> Result<Self, FileError> {
        let mut top = Self::default();
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(folder).on("list", folder)? {
            names.push(entry.on("list", folder)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        for name in names {
            let path = folder.join(&name);
            if let Some(module) = name.strip_suffix(".py").filter(|_| path.is_file()) {
                if is_identifier(module) && !NO_MODULES.contains(&module) {
                    top.modules.push(module.to_owned());
                }
            } else if path.is_dir() && is_identifier(&name) && !NO_PACKAGES.contains(&&*name) {
                let is_data = options.data.iter().any(|data| Path::new(&name).starts_with(data));
                let is_package = path.join("__init__.py").is_file();
                if OFTEN_PACKAGES.contains(&&*name) && !is_package {
                } else if !is_data && (is_package || has_modules(&path)) {
                    top.packages.push(name);
                } else {
                    top.data.push(name);
                }
            }
        }
        Ok(top)
    }

    /// Whether setuptools finds the same by itself.
    fn is_found(&self) -> bool {
        let often = self.packages.iter().any(|name| OFTEN_PACKAGES.contains(&&**name));
        match (self.packages.len(), self.modules.len(), self.data.len()) {
            (1, 0, 0) => !often,
            (0, modules, 0) => modules <= 1,
            _ => false,
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.chars().all(|character| character.is_alphanumeric() || character == '_')
        && !name.starts_with(|first: char| first.is_ascii_digit() || first == '_')
}

fn has_modules(folder: &Path) -> bool {
    let visible = |entry: &DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
    let files = WalkDir::new(folder).into_iter().filter_entry(visible).flatten();
    files
        .into_iter()
        .any(|entry| entry.path().extension().is_some_and(|extension| extension == "py" || extension == "so"))
}

/// Has the `pyproject.toml` of a copy name its modules, where setuptools would not find them by itself. Gives sentences for the user.
pub(super) fn declare(copy: &Path, options: &BuildOptions) -> Result<Vec<String>, FileError> {
    let path = copy.join("pyproject.toml");
    let Ok(text) = fs::read_to_string(&path) else { return Ok(Vec::new()) };
    let Ok(mut manifest) = toml::from_str::<Table>(&text) else { return Ok(Vec::new()) };
    if !is_left_to_setuptools(&manifest, copy) {
        return Ok(Vec::new());
    }
    let top = Top::of(copy, options)?;
    if top.is_found() || (top.packages.is_empty() && top.modules.is_empty()) {
        return Ok(Vec::new());
    }
    let mut packages = Vec::new();
    for name in &top.packages {
        packages.extend(subpackages(copy, name)?);
    }
    let tool = manifest.entry("tool").or_insert_with(|| Table::new().into());
    let setuptools = tool.as_table_mut().map(|tool| tool.entry("setuptools").or_insert_with(|| Table::new().into()));
    let Some(setuptools) = setuptools.and_then(Value::as_table_mut) else { return Ok(Vec::new()) };
    setuptools.insert("packages".to_owned(), packages.into());
    setuptools.insert("py-modules".to_owned(), top.modules.clone().into());
    version_control::unnoticed(&path, || tree_files::write(&path, manifest.to_string().as_bytes()))?;
    let is_slot = |name: &&String| options.data.iter().any(|data| data.starts_with(name));
    let left: Vec<String> = top.data.iter().filter(|name| !is_slot(name)).map(|name| format!("{name}/")).collect();
    if left.is_empty() {
        return Ok(Vec::new());
    }
    let sentence = "is no package, and the build backend leaves it out; a slot, or a package that holds it, brings it";
    Ok(vec![format!("{} {sentence}", left.join(", "))])
}

/// Whether setuptools builds it, and is told nothing of modules.
fn is_left_to_setuptools(manifest: &Table, copy: &Path) -> bool {
    let build = manifest.get("build-system");
    let backend =
        build.and_then(|build| build.get("build-backend")).map(|backend| backend.as_str().unwrap_or_default());
    let is_setuptools = backend.is_none_or(|backend| backend.starts_with("setuptools."));
    let told = manifest.get("tool").and_then(|tool| tool.get("setuptools"));
    let told = told.is_some_and(|table| {
        ["packages", "py-modules", "package-dir", "ext-modules"].iter().any(|key| table.get(key).is_some())
    });
    let setup = fs::read_to_string(copy.join("setup.cfg")).unwrap_or_default();
    let by_setup = ["packages", "py_modules", "package_dir"].iter().any(|key| setup.contains(key));
    is_setuptools
        && !told
        && !by_setup
        && manifest.contains_key("project")
        && !copy.join("setup.py").exists()
        && !copy.join("src").exists()
}

/// A package and all folders in it, as setuptools counts them.
fn subpackages(copy: &Path, name: &str) -> Result<Vec<String>, FileError> {
    let mut packages = Vec::new();
    let root = copy.join(name);
    let named = |entry: &DirEntry| entry.file_type().is_dir() && is_part(&entry.file_name().to_string_lossy());
    for entry in WalkDir::new(&root).sort_by_file_name().into_iter().filter_entry(named) {
        let path: PathBuf = entry.on("list", &root)?.into_path();
        let relative = path.strip_prefix(copy).unwrap_or(&path);
        packages.push(relative.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("."));
    }
    Ok(packages)
}

fn is_part(name: &str) -> bool {
    name != "__pycache__" && name.chars().all(|character| character.is_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(files: &[&str], manifest: &str, data: &[&str]) -> (Option<Value>, Vec<String>) {
        let temp = tempfile::tempdir().unwrap();
        for file in files {
            tree_files::write(&temp.path().join(file), b"").unwrap();
        }
        tree_files::write(&temp.path().join("pyproject.toml"), manifest.as_bytes()).unwrap();
        let options = BuildOptions { data: data.iter().map(PathBuf::from).collect(), ..BuildOptions::default() };
        let said = declare(temp.path(), &options).unwrap();
        let text = fs::read_to_string(temp.path().join("pyproject.toml")).unwrap();
        let table: Table = toml::from_str(&text).unwrap();
        (table.get("tool").and_then(|tool| tool.get("setuptools")).cloned(), said)
    }

    #[test]
    fn folders_of_data_are_no_packages_and_modules_are_found() {
        let project = "[project]\nname = 'a'\n[build-system]\nbuild-backend = 'setuptools.build_meta'\n";
        for (files, data, packages, modules, said) in [
            (
                &["webapp/__init__.py", "webapp/static/x.css", "templates/x.html"][..],
                &["templates"][..],
                &["webapp", "webapp.static"][..],
                &[][..],
                "",
            ),
            (&["model.py", "trained_models/x.bin"], &["trained_models"], &[], &["model"], ""),
            (
                &["main.py", "helper.py", "assets/x.png", "docs/conf.py"],
                &[],
                &[],
                &["helper", "main"],
                "assets/ is no package",
            ),
            (&["app/x.py", "utils/__init__.py", "tests/test_x.py"], &[], &["app", "utils"], &[], ""),
        ] {
            let (setuptools, notices) = declared(files, project, data);
            let setuptools = setuptools.unwrap();
            let list =
                |key: &str| setuptools[key].as_array().unwrap().iter().filter_map(Value::as_str).collect::<Vec<_>>();
            assert_eq!((list("packages"), list("py-modules")), (packages.to_vec(), modules.to_vec()));
            assert!(notices.concat().starts_with(said) && notices.is_empty() == said.is_empty(), "{notices:?}");
        }
    }

    #[test]
    fn what_setuptools_finds_or_is_told_stays() {
        let project = "[project]\nname = 'a'\n";
        for (files, manifest) in [
            (&["app/__init__.py", "tests/x.py"][..], project.to_owned()),
            (&["app.py", "setup.py", "x/y"], project.to_owned()),
            (&["app.py", "x/y"], format!("{project}[tool.setuptools]\npy-modules = ['app']\n")),
            (&["app.py", "x/y"], format!("{project}[build-system]\nbuild-backend = 'hatchling.build'\n")),
            (&["app.py", "x/y", "src/app/__init__.py"], project.to_owned()),
        ] {
            let before: Table = toml::from_str(&manifest).unwrap();
            let (setuptools, notices) = declared(files, &manifest, &[]);
            assert_eq!(setuptools, before.get("tool").and_then(|tool| tool.get("setuptools")).cloned());
            assert!(notices.is_empty());
        }
    }
}
