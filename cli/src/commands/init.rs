//! `flavor init`: a manifest for what is there, or a small project where there is nothing.

use crate::{
    arguments::Init,
    path_text,
    problem::{Exit, Failure},
    terminal::{Console, printable},
    text_file,
};
use flavor_manifest::Diagnostic;
use flavor_pack::{
    input::{self, project_name},
    project_manifest,
};
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
    /// What was there, and is used.
    adopted: &'a [String],
}

/// What was done.
#[derive(Default)]
struct Done {
    written: Vec<PathBuf>,
    adopted: Vec<String>,
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
    let done = if manifest.exists() {
        add_table(arguments, &manifest)?
    } else if let Some(done) = adopt(arguments, &manifest)? {
        done
    } else {
        Done { written: new_project(arguments, &manifest)?, adopted: Vec::new() }
    };
    if console.json() {
        console.document(&Summary { ok: true, written: &done.written, adopted: &done.adopted });
        return Ok(Exit::Done);
    }
    for path in &done.written {
        console.say(&printable(&path.display().to_string()));
    }
    for line in &done.adopted {
        console.say(&printable(&format!("  {line}")));
    }
    console.say(&printable(&format!("next: flavor pack --manifest {}", shell_word(&manifest.to_string_lossy()))));
    Ok(Exit::Done)
}

/// Adds `[tool.flavor]`, with an entry point where the project has no script that says it.
fn add_table(arguments: &Init, manifest: &Path) -> Result<Done, Failure> {
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
    let module = module_name(&name);
    let folder = &arguments.directory;
    let module_folder = [folder.join("src"), folder.clone()]
        .into_iter()
        .map(|folder| folder.join(&module))
        .find(|folder| folder.is_dir());
    let (key, value, from) = if let Some(entry) = &arguments.entry {
        let (key, value) = stated(entry, &names);
        (key, value, "as you say".to_owned())
    } else if let Some(script) = names.iter().find(|script| **script == name).or(names.first()) {
        ("entry_point", script.clone(), format!("the script {script} of the project"))
    } else if find(&["build-system"]).is_none() && !folder.join("src").is_dir() {
        match first_program(folder) {
            Ok((key, value)) => (key, value.clone(), format!("{value}, which is there")),
            Err(failure) if failure.problems.iter().any(|problem| problem.code == "entry_point.missing") => {
                guess(&module)
            }
            Err(failure) => return Err(failure),
        }
    } else if module_folder.is_some_and(|folder| folder.join("__main__.py").is_file()) {
        ("module", module.clone(), format!("the package {module}, which has a __main__.py"))
    } else {
        guess(&module)
    };
    let gap = if document.text.ends_with('\n') || document.text.is_empty() { "" } else { "\n" };
    let table = format!("{gap}\n[tool.flavor]\n{key} = {}\n", serde_json::Value::from(value));
    append(manifest, &document.text, &table)
        .map_err(|error| Diagnostic::io("init.write", manifest, "write the manifest", &error))?;
    Ok(Done { written: vec![manifest.to_owned()], adopted: vec![format!("{key}: {from}")] })
}

fn guess(module: &str) -> (&'static str, String, String) {
    ("entry_point", format!("{module}:main"), "a guess from the project's name".to_owned())
}

/// `--entry` as a key of `[tool.flavor]`; `scripts` are the names of commands.
fn stated(entry: &str, scripts: &[String]) -> (&'static str, String) {
    let is_function = entry.contains(':') || scripts.iter().any(|name| name == entry);
    let key = if is_function {
        "entry_point"
    } else if Path::new(entry).extension().is_some_and(|extension| extension == "py") {
        "script"
    } else {
        "module"
    };
    (key, entry.to_owned())
}

fn first_program(folder: &Path) -> Result<(&'static str, String), Failure> {
    let (key, value) = input::first_program(folder, folder)?;
    Ok((key.strip_prefix("tool.flavor.").unwrap_or(key), value))
}

/// Writes a manifest for a program that is there without one; none where nothing is there.
fn adopt(arguments: &Init, manifest: &Path) -> Result<Option<Done>, Failure> {
    let folder = &arguments.directory;
    let has = |name: &str| folder.join(name).is_file();
    let mut adopted = Vec::new();
    let text = if let Some(setup) = ["setup.py", "setup.cfg"].into_iter().find(|name| has(name)) {
        adopted.push(format!("{setup} builds the project, and says what it is called and what it runs"));
        let entry = arguments.entry.as_deref().map(|entry| stated(entry, &[]));
        let entry =
            entry.map(|(key, value)| format!("{key} = {}\n", serde_json::Value::from(value))).unwrap_or_default();
        format!(
            "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta:__legacy__\"\n\n[tool.flavor]\n{entry}"
        )
    } else {
        let files =
            fs::read_dir(folder).map_err(|error| Diagnostic::io("init.write", folder, "list the folder", &error))?;
        let is_program = |path: &Path| {
            path.extension().is_some_and(|extension| extension == "py") || path.join("__main__.py").is_file()
        };
        let is_there = has("requirements.txt") || files.flatten().any(|entry| is_program(&entry.path()));
        if !is_there {
            return Ok(None);
        }
        let (key, value) = match &arguments.entry {
            Some(entry) => stated(entry, &[]),
            None => first_program(folder)?,
        };
        adopted.push(format!("{key}: {value}, which is there"));
        let name = own_name(arguments)?;
        let value = serde_json::Value::from(value);
        let mut text = format!("[project]\nname = \"{name}\"\nversion = \"0.1.0\"\n\n[tool.flavor]\n{key} = {value}\n");
        if has("requirements.txt") {
            adopted.push("requirements_file: requirements.txt has the dependencies".to_owned());
            text.push_str("\n[tool.flavor.build]\nrequirements_file = \"requirements.txt\"\n");
        }
        text
    };
    text_file::write(manifest, &text, false, "init.write")?;
    Ok(Some(Done { written: vec![manifest.to_owned()], adopted }))
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
    let name = own_name(arguments)?;
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

/// The name that is stated, or that of the folder.
fn own_name(arguments: &Init) -> Result<String, Failure> {
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
    Ok(name)
}

fn module_name(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    if name.is_empty() { "app".to_owned() } else { name }
}
