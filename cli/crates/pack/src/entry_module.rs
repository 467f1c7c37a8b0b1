//! Whether the module of the entry point can be in the package, asked before anything is built.
//!
//! What a build backend puts where only it knows. An error is certain: no file of the project has the module's name, nothing that is
//! installed could bring it, and no file that tells how the project is built mentions it. Else it is at most a warning; packing imports
//! the entry point when it is there.

use flavor_manifest::{Diagnostic, commands::Target, pyproject::PythonSpec};
use flavor_python::{ProjectSource, project_files};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files beside `pyproject.toml` that tell how a project is built.
const BUILD_FILES: [&str; 7] =
    ["setup.py", "setup.cfg", "Cargo.toml", "CMakeLists.txt", "meson.build", "hatch_build.py", "MANIFEST.in"];
/// Endings of files that are, or become, modules.
const SOURCES: [&str; 9] = ["py", "pyc", "so", "pyd", "pyx", "pyi", "c", "cpp", "rs"];

/// The problem with the module of the entry point, if there is one.
pub(super) fn check(
    spec: &PythonSpec,
    extras: &[String],
    source: &ProjectSource,
    manifest: &Path,
) -> Option<Diagnostic> {
    let script = spec.commands.default.as_ref()?;
    // The hooks may make it.
    if !spec.build.hooks.pre_build.is_empty() || !spec.build.pre_install.is_empty() {
        return None;
    }
    let files = project_files(source).ok()?;
    let module = match &script.target {
        Target::File(path) if files.iter().any(|file| file == Path::new(path)) => return None,
        Target::File(path) => {
            let problem = Diagnostic::error("python.entry_point.file", "there is no such file in the project");
            let scripts: Vec<String> = files
                .iter()
                .filter(|file| file.extension().is_some_and(|extension| extension == "py"))
                .filter(|file| file.components().count() == 1)
                .map(|file| file.display().to_string())
                .collect();
            let problem = problem.file(manifest).field("the script").found(format!("{path:?}"));
            return Some(if scripts.is_empty() {
                problem
            } else {
                problem.expected(format!("such as {}", scripts.join(", ")))
            });
        }
        Target::Function { module, .. } | Target::Module(module) => module,
    };
    let directory = source.folder();
    let path = manifest;
    let manifest: toml::Table = match source {
        ProjectSource::Folder(_) => toml::from_str(&fs::read_to_string(directory.join("pyproject.toml")).ok()?).ok()?,
        ProjectSource::Files(files) => files.manifest.clone(),
        ProjectSource::Distribution(_) => return None,
    };
    if has_module(&files, module) || is_mentioned(&manifest, directory, module) {
        return factory(spec, &script.target, path);
    }
    let problem = |make: fn(&'static str, String) -> Diagnostic, message: String| {
        let problem = make("python.entry_point.module", message).file(path);
        problem.field("the entry point").found(format!("\"{}\"", script.target))
    };
    if installs_others(spec, extras, &manifest) {
        let message = format!("the module {module} is no file of the project, so that a dependency must bring it");
        return Some(problem(Diagnostic::warning, message));
    }
    let message = format!("the module {module} is no file of the project, and there are no dependencies");
    Some(problem(Diagnostic::error, message).hint("check the name of the module"))
}

/// Names of functions that make a web application.
const FACTORIES: [&str; 6] =
    ["create_app", "make_app", "build_app", "create_application", "get_wsgi_application", "get_asgi_application"];

/// That the entry point makes a web application, and nothing is said of a server for it.
fn factory(spec: &PythonSpec, target: &Target, manifest: &Path) -> Option<Diagnostic> {
    let Target::Function { function, .. } = target else { return None };
    if spec.commands.server.is_some() || !FACTORIES.contains(&&**function) {
        return None;
    }
    let message = "makes a web application by its name, and nothing serves it: the program would end at once";
    let problem = Diagnostic::warning("python.entry_point.factory", message).file(manifest).field("the entry point");
    let hint = "set `wsgi = true` or `asgi = true` in [tool.flavor], and have a server such as gunicorn or uvicorn among the dependencies";
    Some(problem.found(format!("\"{target}\"")).hint(hint))
}

/// Whether a file or folder can be the module, wherever in the project it is.
fn has_module(files: &[PathBuf], module: &str) -> bool {
    let parts: Vec<&str> = module.split('.').collect();
    files.iter().any(|file| {
        let names: Vec<String> = file.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        let Some((name, folders)) = names.split_last() else { return false };
        // Extension modules name their interpreter and processor between the two.
        let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
        let is_source = SOURCES.contains(&ending.rsplit('.').next().unwrap_or_default());
        let ends_with = |wanted: &[&str], found: &[String]| {
            found.len() >= wanted.len()
                && found.iter().rev().zip(wanted.iter().rev()).all(|(found, wanted)| found == wanted)
        };
        let (own, above) = parts.split_last().unwrap_or((&"", &[]));
        // A module in a package, or the package itself, which needs no file of a certain name.
        is_source && (stem == *own && ends_with(above, folders) || ends_with(&parts, folders))
    })
}

/// Whether the module's first or last name is anywhere else than in the commands: a name can be mapped to another folder.
fn is_mentioned(manifest: &toml::Table, directory: &Path, module: &str) -> bool {
    let mut rest = manifest.clone();
    if let Some(project) = rest.get_mut("project").and_then(toml::Value::as_table_mut) {
        for key in ["name", "scripts", "gui-scripts", "entry-points", "description"] {
            project.remove(key);
        }
    }
    if let Some(tool) = rest.get_mut("tool").and_then(toml::Value::as_table_mut) {
        tool.remove("flavor");
        if let Some(poetry) = tool.get_mut("poetry").and_then(toml::Value::as_table_mut) {
            for key in ["name", "scripts", "description"] {
                poetry.remove(key);
            }
        }
    }
    let mut texts = Vec::new();
    collect(&toml::Value::Table(rest), &mut texts);
    texts.extend(BUILD_FILES.iter().filter_map(|name| fs::read_to_string(directory.join(name)).ok()));
    let names = [module.split('.').next(), module.rsplit('.').next()];
    names.iter().flatten().any(|name| texts.iter().any(|text| has_word(text, name)))
}

/// Keys and texts.
fn collect(value: &toml::Value, texts: &mut Vec<String>) {
    match value {
        toml::Value::String(text) => texts.push(text.clone()),
        toml::Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        toml::Value::Table(entries) => {
            for (key, value) in entries {
                texts.push(key.clone());
                collect(value, texts);
            }
        }
        _ => {}
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|character: char| !character.is_alphanumeric() && character != '_').any(|part| part == word)
}

/// Whether anything but the project is installed.
fn installs_others(spec: &PythonSpec, extras: &[String], manifest: &toml::Table) -> bool {
    let build = &spec.build;
    let project = manifest.get("project").and_then(toml::Value::as_table);
    let array = |key: &str| {
        let list = project.and_then(|project| project.get(key)).and_then(toml::Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    };
    let left_to_backend =
        project.is_none() || array("dynamic").iter().any(|field| field.as_str() == Some("dependencies"));
    let poetry = manifest.get("tool").and_then(|tool| tool.get("poetry")).is_some();
    left_to_backend
        || poetry
        || !array("dependencies").is_empty()
        || !extras.is_empty()
        || build.dev_group
        || build.requirements_file.is_some()
        || !build.extra_packages.is_empty()
        || !build.local_projects.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_wherever_they_can_be() {
        let has =
            |files: &[&str], module: &str| has_module(&files.iter().map(PathBuf::from).collect::<Vec<_>>(), module);
        for (file, module) in [
            ("app.py", "app"),
            ("src/app/__init__.py", "app"),
            ("src/app/cli.py", "app.cli"),
            ("lib/python/app/deep/er.py", "app.deep.er"),
            ("app/space/x.py", "app.space"),
            ("app/fast.cpython-311-x86_64-linux-gnu.so", "app.fast"),
            ("src/fast.pyx", "fast"),
        ] {
            assert!(has(&[file], module), "{file} {module}");
        }
        for (file, module) in [("app.py", "nope"), ("app/cli.py", "app.nope"), ("app.txt", "app"), ("App.py", "app")] {
            assert!(!has(&[file], module), "{file} {module}");
        }
    }
}
