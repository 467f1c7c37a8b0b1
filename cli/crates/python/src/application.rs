//! Applications without a build backend: a script, or a folder that is run where it is.
//!
//! Installed as they are, into a folder of their own among the installed modules: nothing is left out, and no file of theirs takes
//! the place of a dependency's. The wheel is made by a backend of ours in the copy, so that uv and pip install it like any other project,
//! and it is in the bill of materials and in `importlib.metadata`.

use super::{
    distribution::normal_name,
    file_error::{FileContext as _, FileError},
    tree_files,
};
use std::{fmt::Write as _, fs, io::Read as _, path::Path};
use toml::{Table, Value};
use walkdir::DirEntry;

const BACKEND: &str = include_str!("application_backend.py");

/// The folder of the copy that holds the backend and what it needs to know.
const BACKEND_FOLDER: &str = ".flavor-backend";

/// The end of the names of packages, which are no part of a program.
const PACKAGE: &str = ".psp";

/// Files that hold passwords and keys by their names.
const SECRET_NAMES: [&str; 8] = [".env", ".netrc", ".npmrc", ".pgpass", ".pypirc", ".git-credentials", ".aws", ".ssh"];

/// Folders and files of editors and systems.
const NO_PART: [&str; 6] = [".DS_Store", ".direnv", ".envrc", ".idea", ".vscode", "Thumbs.db"];

/// The folder of the application among the installed modules. No module can be called so.
pub(super) fn folder(name: &str) -> String {
    format!("{}.app", wheel_name(name))
}

/// What is in the folder but not in the application: what editors keep there, and packages of it.
pub(super) fn is_no_part(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    NO_PART.contains(&&*name) || (name.ends_with(PACKAGE) && entry.file_type().is_file()) || is_secret(entry)
}

/// Whether it is known for holding secrets, or is a private key: whoever gets the package could read it.
pub(super) fn is_secret(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    if SECRET_NAMES.contains(&&*name) || (name.starts_with(".env.") && !name.ends_with("example")) {
        return true;
    }
    let mut begin = Vec::new();
    let is_read = entry.file_type().is_file()
        && fs::File::open(entry.path()).is_ok_and(|file| file.take(64).read_to_end(&mut begin).is_ok());
    let begin = String::from_utf8_lossy(&begin);
    is_read && begin.starts_with("-----BEGIN ") && begin.lines().next().unwrap_or_default().contains("PRIVATE KEY")
}

/// Adds the backend to a copy, and a `pyproject.toml` that names it; one that was there stays part of the application.
pub(super) fn add_backend(copy: &Path, manifest: &Table) -> Result<(), FileError> {
    let backend = copy.join(BACKEND_FOLDER);
    let project = manifest.get("project").and_then(Value::as_table).cloned().unwrap_or_default();
    let text = |key: &str| project.get(key).and_then(Value::as_str).unwrap_or_default();
    let (name, version) = (wheel_name(text("name")), text("version").replace('-', "_"));
    tree_files::write(&backend.join("flavor_backend.py"), BACKEND.as_bytes())?;
    tree_files::write(&backend.join("names"), format!("{name}\n{version}\n{}\n", folder(text("name"))).as_bytes())?;
    tree_files::write(&backend.join("METADATA"), metadata(&project).as_bytes())?;
    tree_files::write(&backend.join("entry_points.txt"), entry_points(&project).as_bytes())?;
    let own = copy.join("pyproject.toml");
    if own.is_file() {
        let kept = backend.join("pyproject.toml");
        fs::rename(&own, &kept).on("move", &own)?;
    }
    let mut manifest = manifest.clone();
    let system = [
        ("requires", Value::Array(Vec::new())),
        ("build-backend", "flavor_backend".into()),
        ("backend-path", vec![Value::from(BACKEND_FOLDER)].into()),
    ];
    manifest
        .insert("build-system".to_owned(), Table::from_iter(system.map(|(key, value)| (key.to_owned(), value))).into());
    tree_files::write(&own, manifest.to_string().as_bytes())
}

/// A name as files of wheels have it.
fn wheel_name(name: &str) -> String {
    normal_name(name).replace('-', "_")
}

/// Core metadata (PyPA), as far as installers and `importlib.metadata` need them.
fn metadata(project: &Table) -> String {
    let mut text = String::from("Metadata-Version: 2.1\n");
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key}: {}", value.split_whitespace().collect::<Vec<_>>().join(" "));
    };
    for (header, key) in
        [("Name", "name"), ("Version", "version"), ("Summary", "description"), ("Requires-Python", "requires-python")]
    {
        if let Some(value) = project.get(key).and_then(Value::as_str) {
            line(header, value);
        }
    }
    for requirement in texts(project.get("dependencies")) {
        line("Requires-Dist", requirement);
    }
    for (group, list) in project.get("optional-dependencies").and_then(Value::as_table).into_iter().flatten() {
        line("Provides-Extra", group);
        for requirement in texts(Some(list)) {
            // Behind a URL only a blank ends it.
            let requirement = match requirement.split_once(';') {
                Some((requirement, marker)) => format!("{requirement}; ({}) and extra == {group:?}", marker.trim()),
                None => format!("{requirement} ; extra == {group:?}"),
            };
            line("Requires-Dist", &requirement);
        }
    }
    text
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Plug-ins are found by these; the commands have scripts of their own.
fn entry_points(project: &Table) -> String {
    let mut text = String::new();
    for (group, entries) in project.get("entry-points").and_then(Value::as_table).into_iter().flatten() {
        let _ = writeln!(text, "[{group}]");
        for (name, value) in entries.as_table().into_iter().flatten() {
            let _ = writeln!(text, "{name} = {}", value.as_str().unwrap_or_default());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_say_what_the_manifest_says() {
        let project = "name = 'My.App'\nversion = '1'\ndescription = 'two\nlines'\nrequires-python = '>=3.9'\n\
            dependencies = ['a', 'b @ https://x/y#z']\noptional-dependencies = {more = ['c; x < 1 or y > 2', 'd']}\n\
            entry-points.plug.in = 'a:b'\n"
            .replace("'two\nlines'", "'''two\nlines'''");
        let project: Table = toml::from_str(&project).unwrap();
        assert_eq!(
            metadata(&project),
            "Metadata-Version: 2.1\nName: My.App\nVersion: 1\nSummary: two lines\nRequires-Python: >=3.9\nRequires-Dist: a\n\
             Requires-Dist: b @ https://x/y#z\nProvides-Extra: more\n\
             Requires-Dist: c; (x < 1 or y > 2) and extra == \"more\"\nRequires-Dist: d ; extra == \"more\"\n"
        );
        assert_eq!(entry_points(&project), "[plug]\nin = a:b\n");
        assert_eq!(folder("My.App"), "my_app.app");
    }
}
