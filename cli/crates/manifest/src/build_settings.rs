//! `[tool.flavor.build]` and `.hooks`.

use super::{cursor::Cursor, requirement, sections::env_keys, security_settings::Features, variable_text};
use crate::diagnostic::Diagnostic;
use crate::file_patterns::FilePatterns;
use std::path::{Path, PathBuf};

/// The 2.17 of manylinux2014, the oldest C library that uv resolves for.
const OLDEST_GLIBC: u16 = 17;

/// Where distributions come from, besides what the caller's environment says.
#[derive(Clone, Debug, Default)]
pub struct IndexSettings {
    /// The index.
    pub url: Option<String>,
    /// Further indexes.
    pub extra: Vec<String>,
    /// Hosts whose certificates are not checked.
    pub trusted_hosts: Vec<String>,
    /// Folders and pages with wheels and source archives.
    pub find_links: Vec<String>,
    /// Whether no index is asked.
    pub no_index: bool,
    /// Whether nothing is downloaded.
    pub offline: bool,
}

/// How the project is built and its dependencies are installed.
#[derive(Clone, Debug, Default)]
pub struct BuildSettings {
    /// Requirements of the build besides `build-system.requires`.
    pub requires: Vec<String>,
    /// Local projects to install.
    pub local_projects: Vec<PathBuf>,
    /// Requirements to install besides the project's own.
    pub extra_packages: Vec<String>,
    /// Files of the project that are given to the backend; empty for all.
    pub include: FilePatterns,
    /// Files of the project that are not.
    pub exclude: FilePatterns,
    /// Files of dependencies that are left out.
    pub exclude_from_deps: FilePatterns,
    /// Whether the tests of dependencies are left out.
    pub trim: bool,
    /// Versions to install.
    pub requirements_file: Option<PathBuf>,
    /// Whether a lock says the versions.
    pub lock: bool,
    /// Whether the dependency group `dev` is installed.
    pub dev_group: bool,
    /// Whether pip installs.
    pub use_pip: bool,
    /// Where distributions come from.
    pub index: IndexSettings,
    /// Newest glibc that wheels may need: the 28 of `manylinux_2_28`.
    pub manylinux: Option<u16>,
    /// Variables for the build.
    pub env: Vec<(String, String)>,
    /// A build environment of the user's.
    pub venv_path: Option<PathBuf>,
    /// Whether that sees the interpreter's packages.
    pub system_site_packages: bool,
    /// Commands for it.
    pub pre_install: Vec<String>,
    /// Whether debugging symbols of dependencies are removed.
    pub strip: bool,
    /// Zstandard level; 0 for none.
    pub level: Option<i64>,
    /// Whether the time of packing is a fixed one.
    pub deterministic: bool,
    /// Commands around the build.
    pub hooks: Hooks,
}

/// Commands while the package is made or set up.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    /// Before the project is built.
    pub pre_build: Vec<String>,
    /// When the package is there.
    pub post_build: Vec<String>,
    /// On the user's machine.
    pub post_extract: Vec<String>,
}

/// Reads both sections.
#[must_use]
pub(crate) fn read(flavor: &Cursor<'_>, directory: &Path, platform: &str, features: Features) -> BuildSettings {
    let build = flavor.key("build");
    let _ = build.entries();
    let flag = |name: &str| build.key(name).boolean();
    let (requires, local_projects) = dependencies(&build.key("dependencies"), directory);
    let path = |name: &str| build.key(name).required_if_present("a path").map(|path| directory.join(path));
    let requirements_file = path("requirements_file");
    if let Some(file) = requirements_file.as_ref().filter(|file| !file.is_file()) {
        let problem = Diagnostic::error("build.requirements_file", format!("there is no file {}", file.display()));
        build.key("requirements_file").report(problem);
    }
    let stated_level = build.key("compression_level").integer();
    let level = stated_level.or(features.optimize_size.then_some(22)).or(features.optimize_speed.then_some(3));
    BuildSettings {
        requires,
        local_projects,
        extra_packages: requirements(&build.key("extra_packages")),
        include: patterns(&build.key("include")),
        exclude: patterns(&build.key("exclude")),
        exclude_from_deps: patterns(&build.key("exclude_from_deps")),
        trim: flag("trim").or_else(|| flag("include_tests").map(|include| !include)).unwrap_or(false),
        requirements_file,
        lock: flag("lock").unwrap_or(true),
        dev_group: flag("no_dev_deps") == Some(false),
        use_pip: flag("use_pip").unwrap_or(false),
        index: index(&build, directory),
        manylinux: manylinux(&build.key("manylinux"), flag("use_pip") == Some(true)),
        env: environment(&build, platform),
        venv_path: path("venv_path"),
        system_site_packages: flag("system_site_packages").unwrap_or(false),
        pre_install: build.key("pre_install_commands").strings(),
        strip: flag("strip").unwrap_or(features.optimize_size),
        level,
        deterministic: flag("deterministic").unwrap_or(true),
        hooks: hooks(flavor, &build),
    }
}

/// Requirements, and folders: the published tool takes only folders, its documents only requirements.
fn dependencies(list: &Cursor<'_>, directory: &Path) -> (Vec<String>, Vec<PathBuf>) {
    let (mut requires, mut projects) = (Vec::new(), Vec::new());
    for item in list.items() {
        let Some(text) = item.required_string("a requirement or a folder") else { continue };
        let looks_like_path = (text.starts_with('.') || text.contains('/')) && !text.contains('@');
        let folder = directory.join(text);
        if looks_like_path || (folder.join("pyproject.toml").is_file() && requirement::check(text).is_ok()) {
            if folder.join("pyproject.toml").is_file() || folder.join("setup.py").is_file() {
                projects.push(folder);
            } else {
                let problem = Diagnostic::error("build.dependencies", format!("{text:?} is not a Python project"));
                item.report(problem.expected("a folder with pyproject.toml or setup.py"));
            }
        } else if check_requirement(&item, text) {
            requires.push(text.to_owned());
        }
    }
    (requires, projects)
}

/// A list of requirements.
#[must_use]
pub(crate) fn requirements(list: &Cursor<'_>) -> Vec<String> {
    let items = list.items();
    let texts = items.iter().filter_map(|item| Some((item, item.required_string("a requirement")?)));
    texts.filter(|(item, text)| check_requirement(item, text)).map(|(_, text)| text.to_owned()).collect()
}

fn check_requirement(item: &Cursor<'_>, text: &str) -> bool {
    let checked = requirement::check(text);
    if let Err(why) = &checked {
        let problem = Diagnostic::error("project.requirement", format!("is not a requirement: {why}"));
        item.report(problem.expected("a requirement such as \"click>=8.1\""));
    }
    checked.is_ok()
}

fn patterns(list: &Cursor<'_>) -> FilePatterns {
    let mut patterns = FilePatterns::default();
    for item in list.items() {
        let Some(text) = item.required_string("a pattern") else { continue };
        if let Err(why) = patterns.add(text) {
            item.report(Diagnostic::error("build.pattern", format!("is not a pattern: {why}")));
        }
    }
    patterns
}

fn index(build: &Cursor<'_>, directory: &Path) -> IndexSettings {
    let url = build.key("index_url");
    let _ = url.required_if_present("the URL of a package index");
    IndexSettings {
        url: variable_text::string(&url),
        extra: variable_text::strings(&build.key("extra_index_urls")),
        trusted_hosts: build.key("trusted_hosts").strings(),
        find_links: find_links(&build.key("find_links"), directory),
        no_index: build.key("no_index").boolean().unwrap_or(false),
        offline: build.key("offline").boolean().unwrap_or(false),
    }
}

/// Addresses, and folders from the manifest's.
fn find_links(list: &Cursor<'_>, directory: &Path) -> Vec<String> {
    let mut places = Vec::new();
    for item in list.items() {
        let Some(text) = item.required_string("a folder or an address") else { continue };
        if text.contains("://") {
            places.extend(variable_text::string(&item));
            continue;
        }
        let folder = directory.join(text);
        if !folder.is_dir() {
            let problem = Diagnostic::error("build.find_links", format!("there is no folder {}", folder.display()));
            item.report(problem.expected("a folder with wheels, or an address"));
        }
        let absolute = std::path::absolute(&folder).unwrap_or(folder);
        places.push(absolute.to_string_lossy().into_owned());
    }
    places
}

fn environment(build: &Cursor<'_>, platform: &str) -> Vec<(String, String)> {
    let mut env = env_keys(&build.key("env"));
    let platforms = build.key("platform");
    for entry in platforms.entries() {
        let of_platform = env_keys(&platforms.key(&entry.key).key("env"));
        if entry.key == platform {
            env.retain(|(name, _)| of_platform.iter().all(|(other, _)| other != name));
            env.extend(of_platform);
        }
    }
    env
}

/// Tags of PEP 513, 571, 599 and 600, each by its glibc.
fn manylinux(place: &Cursor<'_>, use_pip: bool) -> Option<u16> {
    let minor = |tag: &String| {
        let number = match tag.as_str() {
            "manylinux1" => Some(5),
            "manylinux2010" => Some(12),
            "manylinux2014" => Some(17),
            _ => tag.strip_prefix("manylinux_2_").and_then(|minor| minor.parse().ok()),
        };
        if number.is_none() {
            let problem = Diagnostic::error("build.manylinux", "is not a manylinux tag").found(format!("{tag:?}"));
            place.report(problem.expected("a tag such as \"manylinux2014\" or \"manylinux_2_28\""));
        }
        number
    };
    let newest = place.string_or_strings().iter().filter_map(minor).max();
    if newest.is_some_and(|newest| newest < OLDEST_GLIBC) {
        let problem = Diagnostic::error("build.manylinux", "is older than what uv can resolve for");
        place.report(problem.expected("\"manylinux2014\" or newer"));
    }
    if newest.is_some() && use_pip {
        let problem = Diagnostic::error("build.manylinux", "cannot be had with pip, which then builds nothing itself");
        place.report(problem.expected("`use_pip = false`"));
    }
    newest
}

fn hooks(flavor: &Cursor<'_>, build: &Cursor<'_>) -> Hooks {
    let hooks = flavor.key("hooks");
    let _ = hooks.entries();
    let refused = hooks.key("pre_extract");
    if !refused.string_or_strings().is_empty() {
        let problem = Diagnostic::error("manifest.refused", "nothing of the package is there before it is extracted");
        refused.report(problem.hint("use `post_extract`, which runs once when the work environment is set up"));
    }
    let all = |places: &[Cursor<'_>]| places.iter().flat_map(Cursor::string_or_strings).collect::<Vec<_>>();
    let post_extract = hooks.key("post_extract");
    for command in post_extract.string_or_strings() {
        if let Err(error) = flavor_host::command::split(&command) {
            post_extract
                .report(Diagnostic::error("hooks.post_extract", format!("cannot be split into words: {error}")));
        }
    }
    Hooks {
        pre_build: all(&[hooks.key("pre_build"), build.key("pre_build"), build.key("pre_build_commands")]),
        post_build: all(&[hooks.key("post_build"), build.key("post_build")]),
        post_extract: post_extract.string_or_strings(),
    }
}
