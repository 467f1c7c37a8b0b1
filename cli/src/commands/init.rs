//! `flavor init`: a manifest to begin with.

use crate::{
    arguments::Init,
    path_text,
    problem::{Exit, Failure},
    terminal::{Console, printable},
    text_file,
};
use flavor_manifest::Diagnostic;
use flavor_pack::project_manifest;
use flavor_python::process::shell_word;
use serde::Serialize;
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

#[derive(Serialize)]
struct Summary<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::list")]
    written: &'a [PathBuf],
}

/// Writes the files.
///
/// # Errors
/// Where there is a manifest with `[tool.flavor]` already, or the files cannot be written.
pub fn run(arguments: &Init, console: &mut Console) -> Result<Exit, Failure> {
    let directory = &arguments.directory;
    fs::create_dir_all(directory)
        .map_err(|error| Diagnostic::io("init.write", directory, "make the directory", &error))?;
    let manifest = directory.join("pyproject.toml");
    let written = if manifest.exists() { add_table(&manifest)? } else { new_project(arguments, &manifest)? };
    if console.json() {
        console.document(&Summary { ok: true, written: &written });
        return Ok(Exit::Done);
    }
    for path in &written {
        console.say(&printable(&path.display().to_string()));
    }
    console.say(&printable(&format!("next: flavor pack --manifest {}", shell_word(&manifest.to_string_lossy()))));
    Ok(Exit::Done)
}

/// Adds `[tool.flavor]`, with an entry point where the project has no script that says it.
fn add_table(manifest: &Path) -> Result<Vec<PathBuf>, Failure> {
    let document = project_manifest::parse(manifest)?;
    let find = |path: &[&str]| {
        path.iter().try_fold(&document.root, |node, key| {
            node.entries().iter().find(|entry| entry.key == *key).map(|entry| &entry.node)
        })
    };
    if let Some(found) = find(&["tool", "flavor"]) {
        let (line, column) = document.place(found.span.start);
        let problem = Diagnostic::error("init.exists", "there is a [tool.flavor] already; nothing was changed");
        return Err(problem.file(manifest).at(line, column).hint("`flavor check` says whether it is right").into());
    }
    let scripts = find(&["project", "scripts"]).or_else(|| find(&["tool", "poetry", "scripts"]));
    let names: Vec<String> =
        scripts.map(|table| table.entries().iter().map(|entry| entry.key.clone()).collect()).unwrap_or_default();
    let name = find(&["project", "name"]).or_else(|| find(&["tool", "poetry", "name"]));
    let name = name.and_then(|node| node.to_json().as_str().map(str::to_owned)).unwrap_or_default();
    let entry_point = match names.first() {
        Some(first) => first.clone(),
        None => format!("{}:main", module_name(&name)),
    };
    let gap = if document.text.ends_with('\n') || document.text.is_empty() { "" } else { "\n" };
    let table = format!("{gap}\n[tool.flavor]\nentry_point = {}\n", serde_json::Value::from(entry_point));
    append(manifest, &document.text, &table)
        .map_err(|error| Diagnostic::io("init.write", manifest, "write the manifest", &error))?;
    Ok(vec![manifest.to_owned()])
}

/// Adds to a file all of a text or nothing. In its own place, so that it stays what it is: link, owner, mode.
fn append(path: &Path, before: &str, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().append(true).open(path)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
        // What a full disk has taken of it.
        let _ = file.set_len(before.len().try_into().unwrap_or(u64::MAX));
    })
}

fn new_project(arguments: &Init, manifest: &Path) -> Result<Vec<PathBuf>, Failure> {
    let directory = &arguments.directory;
    let of_directory = || {
        let full = fs::canonicalize(directory).unwrap_or_else(|_| directory.clone());
        let name = full.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        project_name(&name)
    };
    let name = arguments.name.clone().unwrap_or_else(of_directory);
    if project_name(&name) != name {
        let problem = Diagnostic::error("init.name", format!("{name:?} is not the name of a Python project"));
        let problem = problem.field("--name").expected("letters, digits and `.` `_` `-`, with a letter in front");
        return Err(Failure::usage(problem));
    }
    let module = module_name(&name);
    let text = format!(
        "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\n\
         [project]\nname = \"{name}\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\ndependencies = []\n\n\
         [project.scripts]\n{name} = \"{module}:main\"\n\n\
         [tool.hatch.build.targets.wheel]\npackages = [\"src/{module}\"]\n\n\
         [tool.flavor]\nentry_point = \"{name}\"\n"
    )
    .replace(&format!("[project.scripts]\n{name} ="), &format!("[project.scripts]\n\"{name}\" ="));
    let code = format!("def main():\n    print(\"Hello from {name}\")\n");
    let mut written = Vec::new();
    for (path, text) in [(manifest.to_owned(), text), (directory.join("src").join(&module).join("__init__.py"), code)] {
        fs::create_dir_all(path.parent().unwrap_or(directory))
            .map_err(|error| Diagnostic::io("init.write", &path, "write the file", &error))?;
        text_file::write(&path, &text, false, "init.write")?;
        written.push(path);
    }
    Ok(written)
}

/// The nearest name that a Python project can have.
fn project_name(text: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    let name: String = text.chars().map(|character| if plain(character) { character } else { '-' }).collect();
    let name = name.trim_start_matches(|character: char| !character.is_ascii_alphabetic());
    let name = name.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
    if name.is_empty() { "app".to_owned() } else { name.to_owned() }
}

fn module_name(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    if name.is_empty() { "app".to_owned() } else { name }
}
