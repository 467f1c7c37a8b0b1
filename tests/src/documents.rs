//! The pages of the project, and the examples in them.

use crate::own;
use pspf_nostd::key::SigningKey;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Path from the project's folder.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its text.
    pub text: String,
}

/// The project's folder.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `README.md`, every page in `docs/`, and those for contributors.
///
/// # Panics
/// Where one cannot be read.
#[must_use]
pub fn pages() -> Vec<Page> {
    let mut names: Vec<String> =
        ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md", "RELEASING.md"].map(str::to_owned).into();
    for folder in ["docs", "docs/ci"] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder can be listed") {
            let name = entry.expect("an entry").file_name().into_string().expect("a name in UTF-8");
            if name.ends_with(".md") {
                names.push(format!("{folder}/{name}"));
            }
        }
    }
    names.sort();
    let page = |name: String| {
        let path = root().join(&name);
        let folder = path.parent().expect("a file has a folder").to_owned();
        Page { text: fs::read_to_string(path).expect("a page is text"), folder, name }
    };
    names.into_iter().map(page).collect()
}

/// Writes a TOML example as the manifest of the new folder `project`, with the parts that it leaves out, and the files that it names.
///
/// # Panics
/// Where they cannot be written.
pub fn write_example(project: &Path, example: &str) {
    fs::create_dir_all(project).expect("the folder can be made");
    let mut text = example.to_owned();
    if !text.contains("[project]") {
        text =
            format!("[project]\nname = \"tool\"\nversion = \"1.0\"\n[project.scripts]\ntool = \"tool:main\"\n\n{text}");
    }
    fs::write(project.join("pyproject.toml"), &text).expect("the manifest can be written");
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=')
            && matches!(key.trim(), "source" | "requirements_file" | "private_key_path")
            && let path = project.join(value.trim().trim_matches('"').replace("**/*", "some"))
        {
            let key = || SigningKey::from_seed_text("documents").expect("a seed").to_pem().to_string();
            write(
                &path,
                &if line.trim().starts_with("private_key_path") { key() } else { "some content\n".to_owned() },
            );
        }
        if let Some((_, value)) = line.split_once('=')
            && let Some((module, _)) = value.trim().trim_matches('"').split_once(':')
            && module.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_'))
        {
            write(&project.join(module.replace('.', "/")).with_extension("py"), "def main(): pass\n");
        }
    }
}

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder can be made");
    fs::write(path, content).expect("the file can be written");
}

/// What in the TOML files is not valid by the JSON Schema, a line for each: `FILE: $.path: why`. `python` has python-jsonschema: it is
/// in the tools that `cargo xtask setup` installs.
///
/// # Panics
/// Where it does not, or a file is not TOML.
#[must_use]
pub fn schema_errors(python: &Path, schema: &Path, files: &[PathBuf]) -> Vec<String> {
    let script = "import json, sys, tomllib, jsonschema\nschema = json.load(open(sys.argv[1]))\n\
                  jsonschema.Draft7Validator.check_schema(schema)\nvalidator = jsonschema.Draft7Validator(schema)\n\
                  for name in sys.argv[2:]:\n    for error in validator.iter_errors(tomllib.load(open(name, 'rb'))):\n        \
                  print(f'{name}: {error.json_path}: {error.message}')\n";
    let output = Command::new(python).args(["-c", script]).arg(schema).args(files).output().expect("python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// A shell that finds `flavor` and what packing needs, in `folder` as its home and working directory, without the caller's settings.
///
/// # Panics
/// Where the folder of programs cannot be made.
#[must_use]
pub fn shell(folder: &Path, caches: &Path) -> Command {
    let (home, bin) = (folder.join(".home"), folder.join(".bin"));
    for folder in [&home, &bin] {
        fs::create_dir_all(folder).expect("a folder can be made");
    }
    let link = bin.join("flavor");
    if !link.exists() {
        std::os::unix::fs::symlink(own::program("flavor"), link).expect("a link can be made");
    }
    // As the pages ask for it, and of the version that the tests have.
    let uv = bin.join("uv");
    if let Some(found) = pspf_test_support::uv().filter(|_| !uv.exists()) {
        std::os::unix::fs::symlink(found, uv).expect("a link can be made");
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(std::iter::once(bin).chain(env::split_paths(&path))).expect("a search path");
    let mut shell = Command::new("/bin/sh");
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("FLAVOR_") || text.starts_with("XDG_") || text.starts_with("CARGO") {
            shell.env_remove(name);
        }
    }
    if let Some(uv) = pspf_test_support::uv() {
        shell.env("FLAVOR_UV", uv);
    }
    shell
        .env("PATH", path)
        .env("HOME", home)
        .env("FLAVOR_LAUNCHER_BIN", own::launcher())
        // Without the network.
        .env("FLAVOR_PYTHON", "local")
        .env_remove("SOURCE_DATE_EPOCH");
    // These caches hold what does not depend on the page.
    shell.env("UV_CACHE_DIR", caches.join("uv-cache")).env("XDG_CACHE_HOME", caches.join("cache")).env("NO_COLOR", "1");
    shell.current_dir(folder).stdin(std::process::Stdio::null());
    shell
}
