//! The launchers that this program knows: inside it, named by a variable, built here, and those of the published tool.

use crate::{
    error::PackError,
    launcher_file::{self, Launcher, host_platform},
};
use flavor_host::files::safe_path;
use flavor_manifest::Diagnostic;
use flavor_python::cache_folder;
use serde::Serialize;
use std::{
    borrow::Cow,
    env, fs,
    path::{Path, PathBuf},
};

/// Name of the launcher that this program carries.
const INSIDE: &str = "flavor-launcher";
/// In every program that Go's linker has made.
const GO_MARKER: &[u8] = b"Go buildinf:";
/// Where the published tool keeps its programs, below a folder of installed Python modules.
const PUBLISHED_FOLDER: &str = "flavor/helpers/bin";

/// Where a launcher comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// This program carries it.
    Inside,
    /// `FLAVOR_LAUNCHER_BIN` names it.
    Variable,
    /// It lies in the folder `launchers` beside this program, as in a release.
    Beside,
    /// Built here and kept.
    Built,
    /// Installed with the published tool.
    Published,
}

/// What it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Ours, and one of the published ones.
    Rust,
    /// The other published one.
    Go,
}

impl Language {
    /// As it is chosen by.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Go => "go",
        }
    }
}

/// A launcher that was found.
#[derive(Debug)]
pub struct Known {
    /// Its file's name.
    pub name: String,
    /// Its file; none of the one inside.
    pub path: Option<PathBuf>,
    /// Where it comes from.
    pub origin: Origin,
    /// What it is written in.
    pub language: Language,
    /// Its version, as far as its name tells.
    pub version: Option<String>,
    /// The program.
    pub launcher: Launcher,
}

impl Known {
    fn new(name: &str, path: Option<&Path>, origin: Origin, launcher: Launcher) -> Self {
        let language = if launcher_file::contains(&launcher.bytes, GO_MARKER) { Language::Go } else { Language::Rust };
        // Launchers do not state their version; that of the one inside is this program's.
        let version = match origin {
            Origin::Inside => Some(env!("CARGO_PKG_VERSION").to_owned()),
            _ => version_in(name).map(str::to_owned),
        };
        Self { name: name.to_owned(), path: path.map(Path::to_owned), origin, language, version, launcher }
    }

    fn read(path: &Path, origin: Origin) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let launcher = launcher_file::read(path, "").ok()?;
        Some(Self::new(name, Some(path), origin, launcher))
    }

    /// Whether it is one of the published tool, which runs packages of its own profile only.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.launcher.is_published()
    }

    /// `linux_amd64` and so on.
    #[must_use]
    pub fn platform(&self) -> String {
        format!("{}_{}", self.launcher.os, self.launcher.arch)
    }

    /// Whether this machine can run it.
    #[must_use]
    pub fn runs_here(&self) -> bool {
        (self.launcher.os, self.launcher.arch) == host_platform()
    }
}

/// The part of `flavor-rs-launcher-0.5.4-linux_amd64` that is a version.
fn version_in(name: &str) -> Option<&str> {
    name.split('-').find(|part| part.contains('.') && part.starts_with(|first: char| first.is_ascii_digit()))
}

/// All of them; each file once.
#[must_use]
pub fn all() -> Vec<Known> {
    let mut found = Vec::new();
    if let Some(launcher) =
        launcher_file::inside_bytes().and_then(|bytes| launcher_file::from_bytes(Cow::Borrowed(bytes)).ok())
    {
        found.push(Known::new(INSIDE, None, Origin::Inside, launcher));
    }
    let variable = named_by_variable();
    let mut files: Vec<(PathBuf, Origin)> = variable.into_iter().map(|path| (path, Origin::Variable)).collect();
    files.extend(own_files());
    let published = published_folders();
    files.extend(published.iter().flat_map(|folder| launchers_in(folder)).map(|path| (path, Origin::Published)));
    let mut seen: Vec<PathBuf> = Vec::new();
    for (path, origin) in files {
        let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if !seen.contains(&real) {
            found.extend(Known::read(&path, origin));
            seen.push(real);
        }
    }
    found
}

fn named_by_variable() -> Option<PathBuf> {
    env::var_os("FLAVOR_LAUNCHER_BIN").filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Why `FLAVOR_LAUNCHER_BIN` is not among [`all`], though it is set.
#[must_use]
pub fn unusable_variable() -> Option<Diagnostic> {
    let failure = launcher_file::read(&named_by_variable()?, "FLAVOR_LAUNCHER_BIN").err()?;
    failure.into_diagnostics().into_iter().next()
}

/// The files beside this program, and those that were built here.
fn own_files() -> Vec<(PathBuf, Origin)> {
    let beside = env::current_exe().ok().and_then(|program| Some(program.parent()?.join("launchers")));
    let built = cache_folder::part(cache_folder::LAUNCHERS);
    // Who can change what lies beside this program can change this program.
    let beside = beside.iter().flat_map(|folder| files_in(folder)).map(|path| (path, Origin::Beside));
    beside.chain(built.iter().flat_map(|folder| launchers_in(folder)).map(|path| (path, Origin::Built))).collect()
}

/// Our launcher for a platform such as `linux_arm64`: beside this program, or built here.
#[must_use]
pub fn own(platform: &str) -> Option<Launcher> {
    let known = own_files().into_iter().filter_map(|(path, origin)| Known::read(&path, origin));
    known.into_iter().find(|known| !known.is_published() && known.platform() == platform).map(|known| known.launcher)
}

/// The launchers of a folder that nobody else can change: what is taken from it is signed.
fn launchers_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = files_in(folder);
    files.retain(|path| safe_path::check(path).is_ok());
    files
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let is_launcher = |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("launcher"));
    files.retain(|path| is_launcher(path) && path.is_file());
    files.sort();
    files
}

/// Where the published tool's programs may be: its cache, the environment that is active, those whose programs are on `PATH`, the
/// user's modules, and what uv and pipx have installed.
#[must_use]
pub fn published_folders() -> Vec<PathBuf> {
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = variable("HOME");
    let data = variable("XDG_DATA_HOME").or_else(|| Some(home.as_ref()?.join(".local/share")));
    let mut prefixes: Vec<PathBuf> = variable("VIRTUAL_ENV").into_iter().collect();
    let path = env::var_os("PATH").unwrap_or_default();
    prefixes
        .extend(env::split_paths(&path).filter(|path| path.is_absolute()).filter_map(|bin| Some(bin.parent()?.into())));
    prefixes.extend(home.map(|home| home.join(".local")));
    for tools in ["uv/tools", "pipx/venvs"] {
        prefixes.extend(data.as_ref().map(|data| data.join(tools).join("flavorpack")));
    }
    let mut folders: Vec<PathBuf> = cache_folder::part("helpers/bin").into_iter().collect();
    for prefix in prefixes {
        let versions = fs::read_dir(prefix.join("lib")).into_iter().flatten().flatten();
        let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path()).collect();
        versions.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python3")));
        versions.sort();
        for version in versions {
            let modules =
                ["site-packages", "dist-packages"].map(|modules| version.join(modules).join(PUBLISHED_FOLDER));
            folders.extend(modules);
            folders.push(version.join("dist/bin"));
        }
    }
    folders.retain(|folder| folder.is_dir());
    let mut seen = Vec::new();
    folders.retain(|folder| {
        let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    folders
}

/// The file that `--launcher` names: `rust` or `go` of the published tool for this machine, the name of one that is known, or a path.
///
/// # Errors
/// Where there is none; says where it was looked for.
pub fn choose(word: &Path) -> Result<Known, PackError> {
    let published = |language: Language| {
        all().into_iter().find(|known| known.is_published() && known.language == language && known.runs_here())
    };
    let text = word.to_str().unwrap_or_default();
    let absent = |problem: Diagnostic| PackError::from(problem.field("--launcher"));
    match text {
        "rust" | "go" => {
            let language = if text == "go" { Language::Go } else { Language::Rust };
            published(language).ok_or_else(|| {
                let (system, processor) = host_platform();
                let message = format!("there is no {text} launcher of the published tool for {system}_{processor}");
                let folders: Vec<String> =
                    published_folders().iter().map(|folder| folder.display().to_string()).collect();
                let foreign = published_folders().iter().flat_map(|folder| files_in(folder)).find_map(|path| {
                    let error = safe_path::check(&path).err()?;
                    Some(format!("{}, which is not taken: {error}", path.display()))
                });
                let found = match folders.as_slice() {
                    _ if foreign.is_some() => foreign.unwrap_or_default(),
                    [] => {
                        "no folder of its launchers: not in the active environment, nor beside the programs on PATH, \
                           nor among what uv and pipx have installed"
                            .to_owned()
                    }
                    folders => format!("no such file in {}", folders.join(", ")),
                };
                let hint = "install it (`pip install flavorpack`), name the file with --launcher PATH, or leave \
                            --launcher out for the launcher of this program";
                absent(Diagnostic::error("launcher.absent", message).found(found).hint(hint))
            })
        }
        _ if !text.contains('/') && !word.exists() => {
            let mut known = all();
            known.retain(|known| known.path.is_some());
            let names: Vec<String> = known.iter().map(|known| known.name.clone()).collect();
            known.into_iter().find(|known| known.name == text).ok_or_else(|| {
                let problem = Diagnostic::error("launcher.absent", "there is no such launcher, and no such file");
                let problem = problem.expected(
                    ["rust, go or a file".to_owned()].into_iter().chain(names).collect::<Vec<_>>().join(", "),
                );
                absent(problem.found(text.to_owned()).hint("`flavor helpers list` shows those that are known"))
            })
        }
        _ => {
            let launcher = launcher_file::read(word, "--launcher")?;
            let name = word.file_name().unwrap_or_default().to_string_lossy();
            Ok(Known::new(&name, Some(word), Origin::Variable, launcher))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_names() {
        assert_eq!(version_in("flavor-rs-launcher-0.5.4-linux_amd64"), Some("0.5.4"));
        assert_eq!(version_in("flavor-launcher-x86_64-unknown-linux-musl"), None);
    }
}
