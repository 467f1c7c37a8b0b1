//! pip in the place of uv (`use_pip`), as far as it can keep what uv keeps: no index outranks another, what a lock or a requirements file
//! has hashes of is installed with these, and the bill of materials names the archives that pip has installed.

use super::{
    distribution::{ArchiveDigest, Distribution, normal_name},
    error::PythonError,
    file_error::FileContext as _,
    installation::{Installation, each, find_links, has_no_index, is_offline, prepare},
    lock::{Lock, LockError, LockKind},
    options::TreeOptions,
    process, scheme, tree_files,
    uv::{UV_LIMIT, Uv},
};
use pspf_nostd::digest::sha256;
use serde::Deserialize;
use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use toml::de::{DeTable, DeValue};

/// What pip says that it has installed (its installation report, version 1).
#[derive(Default, Deserialize)]
pub(super) struct Report {
    install: Vec<Installed>,
}

#[derive(Deserialize)]
struct Installed {
    download_info: DownloadInfo,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct DownloadInfo {
    url: String,
    archive_info: Option<ArchiveInfo>,
}

#[derive(Deserialize)]
struct ArchiveInfo {
    #[serde(default)]
    hashes: Hashes,
}

#[derive(Default, Deserialize)]
struct Hashes {
    sha256: Option<String>,
}

/// What pip cannot do safely, found before anything is installed.
pub(super) fn refuse(options: &TreeOptions, project: &Path) -> Vec<PythonError> {
    let installs = &options.installs;
    if !installs.use_pip {
        return Vec::new();
    }
    let mut refused = Vec::new();
    let variable = env::var_os("PIP_EXTRA_INDEX_URL").is_some_and(|value| !value.is_empty())
        || options.build.env.iter().any(|(name, value)| name == "PIP_EXTRA_INDEX_URL" && !value.is_empty());
    let places =
        [("`tool.flavor.build.extra_index_urls`", !options.index.extra.is_empty()), ("PIP_EXTRA_INDEX_URL", variable)];
    refused.extend(places.iter().filter(|(_, given)| *given).map(|(place, _)| several_indexes(place)));
    match &installs.lock {
        None => {}
        Some(lock) if matches!(lock.kind, LockKind::Uv | LockKind::Requirements) => {}
        Some(lock) => refused.push(LockError::Pip { lock: lock.clone() }.into()),
    }
    let is_complete = |lock: &Lock| lock.kind == LockKind::Uv;
    if installs.lock.as_ref().is_some_and(is_complete) {
        let others = [
            ("`tool.flavor.build.extra_packages`", !installs.requirements.is_empty()),
            ("`tool.flavor.build.dependencies` (folders)", !installs.projects.is_empty()),
            ("`tool.flavor.python.pip`", installs.pip),
        ];
        let others = others.iter().filter(|(_, given)| *given);
        refused.extend(others.map(|(place, _)| PythonError::PipUnlocked { place: (*place).to_owned() }));
    }
    refused.extend(sources(project).into_iter().map(|name| PythonError::PipSource { name }));
    refused
}

fn several_indexes(place: &str) -> PythonError {
    PythonError::PipIndexes { place: place.to_owned() }
}

/// Names in `tool.uv.sources` that are to come from elsewhere than a folder: pip would take them from the index.
fn sources(project: &Path) -> Vec<String> {
    let text = fs::read_to_string(project.join("pyproject.toml")).unwrap_or_default();
    let Ok(table) = DeTable::parse(&text) else { return Vec::new() };
    let keys = ["tool", "uv", "sources"];
    let sources = keys.iter().try_fold(table.get_ref(), |table, key| table.get(*key)?.get_ref().as_table());
    let elsewhere = |source: &DeValue<'_>| {
        let is_elsewhere = |source: &DeValue<'_>| {
            source.as_table().is_some_and(|source| ["git", "url", "index"].iter().any(|key| source.contains_key(*key)))
        };
        is_elsewhere(source)
            || source.as_array().is_some_and(|all| all.iter().any(|source| is_elsewhere(source.get_ref())))
    };
    let sources = sources.into_iter().flat_map(|sources| sources.iter());
    sources.filter(|(_, source)| elsewhere(source.get_ref())).map(|(name, _)| name.get_ref().to_string()).collect()
}

/// Installs the project, `locals` and the dependencies. `locked` is a requirements file with all of them and their hashes.
pub(super) fn install(
    what: &Installation<'_>,
    environment: Option<&Path>,
    locked: Option<&Path>,
    locals: &[PathBuf],
) -> Result<Report, PythonError> {
    check_configuration(what, environment)?;
    let report = what.work.join("pip-report.json");
    let mut command = pip(what, environment, "install");
    // What is in the environment that pip runs in is not in the package.
    command.args(["--no-compile", "--ignore-installed", "--no-warn-script-location", "--prefix"]);
    command.arg(scheme::prefix(what.work)).arg("--report").arg(&report);
    let installs = &what.options.installs;
    let file = locked.or(installs.requirements_file.as_deref());
    if let Some(file) = file {
        command.arg("-r").arg(file);
    }
    if locked.is_some() {
        // Folders have no hash; the wheels that are built of them do.
        let own = own_wheels(what, environment, locals)?;
        command.arg("--require-hashes").arg("-r").arg(own);
        if installs.lock.as_ref().is_some_and(|lock| lock.kind == LockKind::Uv) {
            // The lock is complete, and uv's overrides are known to uv alone.
            command.arg("--no-deps");
        }
    } else {
        if what.options.installs.dev_group {
            command.args(["--group", "dev"]);
        }
        command.args(what.project.requirement(what.extras)).args(locals);
    }
    command.args(&what.options.installs.requirements);
    command.args(what.options.installs.pip.then_some("pip"));
    prepare(&mut command, what);
    Uv::run(&mut command, UV_LIMIT, what.copy)?;
    let text = fs::read(&report).on("read", &report)?;
    serde_json::from_slice(&text).map_err(|error| PythonError::PipReport { reason: error.to_string() })
}

/// Builds wheels of the project and the local ones, and gives a requirements file with their hashes.
fn own_wheels(what: &Installation<'_>, environment: Option<&Path>, locals: &[PathBuf]) -> Result<PathBuf, PythonError> {
    let mut text = String::new();
    let extras = if what.extras.is_empty() { String::new() } else { format!("[{}]", what.extras.join(",")) };
    // What was built elsewhere is a path or a name, and has no folder.
    let own = what.project.requirement(&[]).map(|own| if own == "." { what.copy.to_owned() } else { own.into() });
    for (number, (folder, extras)) in
        own.iter().map(|folder| (folder, &*extras)).chain(locals.iter().map(|folder| (folder, ""))).enumerate()
    {
        let wheels = what.work.join("own-wheels").join(number.to_string());
        tree_files::create_dir(&wheels)?;
        let mut command = pip(what, environment, "wheel");
        command.args(["--no-deps", "--wheel-dir"]).arg(&wheels).arg(folder);
        prepare(&mut command, what);
        Uv::run(&mut command, UV_LIMIT, what.copy)?;
        let wheel = fs::read_dir(&wheels).on("list", &wheels)?.flatten().map(|entry| entry.path()).next();
        let wheel = wheel
            .ok_or_else(|| PythonError::PipReport { reason: "it has built no wheel of the project".to_owned() })?;
        let name = wheel.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = name.split('-').next().unwrap_or_default();
        let digest = sha256(&fs::read(&wheel).on("read", &wheel)?);
        let _ = writeln!(text, "{name}{extras} @ file://{} --hash=sha256:{digest}", wheel.display());
    }
    let file = what.work.join("own-wheels.txt");
    tree_files::write(&file, text.as_bytes())?;
    Ok(file)
}

/// pip's own configuration may name a further index, too.
fn check_configuration(what: &Installation<'_>, environment: Option<&Path>) -> Result<(), PythonError> {
    let mut command = pip(what, environment, "config");
    prepare(command.arg("list"), what);
    let said = Uv::run(&mut command, UV_LIMIT, what.copy)?.stdout;
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().find(|line| line.split('=').next().is_some_and(|key| key.ends_with(".extra-index-url")));
    match line.and_then(|line| line.split('=').next()) {
        Some(key) => Err(several_indexes(&format!("pip's configuration ({key})"))),
        None => Ok(()),
    }
}

fn pip(what: &Installation<'_>, environment: Option<&Path>, word: &str) -> Command {
    let mut command = if let Some(python) = environment {
        let mut command = process::command(python);
        command.args(["-m", "pip", word]);
        if word != "config" {
            command.arg("--no-build-isolation");
        }
        command
    } else {
        let mut command = what.uv.command();
        command.args(["run", "--quiet", "--no-project", "--isolated", "--color", "never", "--with", "pip", "--python"]);
        command.arg(&what.runtime.original).args(["python", "-m", "pip", word]);
        command
    };
    command.args(["--no-input", "--disable-pip-version-check", "--no-color"]);
    if word != "config" {
        command.args(["--progress-bar", "off"]);
    }
    if word == "install" {
        command.args(["--root-user-action", "ignore"]);
    }
    let index = &what.options.index;
    // As a variable, for its password.
    if let Some(url) = index.url.as_ref().filter(|_| env::var_os("PIP_INDEX_URL").is_none_or(|url| url.is_empty())) {
        command.env("PIP_INDEX_URL", url);
    }
    for host in &index.trusted_hosts {
        command.args(["--trusted-host", host]);
    }
    if word != "config" {
        each(&mut command, "--find-links", &find_links(index));
        // It has no cache of an index that it could ask instead.
        if has_no_index(index) || is_offline(index) {
            command.arg("--no-index");
        }
    }
    command
}

/// Fills in the archive of every distribution that pip has downloaded.
pub(super) fn archives(all: &mut [Distribution], report: &Report) {
    for distribution in all {
        let name = normal_name(&distribution.name);
        let same = |installed: &&Installed| {
            normal_name(&installed.metadata.name) == name && installed.metadata.version == distribution.version
        };
        let found = report.install.iter().find(same).map(|installed| &installed.download_info);
        distribution.archive = found.and_then(|found| {
            // What was built here, of a folder, is in no index.
            let address = found.url.split(['?', '#']).next().filter(|address| !address.contains("/own-wheels/"))?;
            let file = address.rsplit('/').next()?.to_owned();
            Some(ArchiveDigest { file, sha256: found.archive_info.as_ref()?.hashes.sha256.clone()? })
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_those_of_the_report() {
        let report = serde_json::from_str(
            r#"{"version": "1", "install": [
                {"download_info": {"url": "https://x/Priv_pkg-1.0-9-py3-none-any.whl#sha256=11", "archive_info": {"hash": "sha256=11", "hashes": {"sha256": "11"}}},
                 "metadata": {"name": "priv.pkg", "version": "1.0"}},
                {"download_info": {"url": "file:///w/own-wheels/0/a-1-py3-none-any.whl", "archive_info": {"hashes": {"sha256": "22"}}},
                 "metadata": {"name": "a", "version": "1"}},
                {"download_info": {"url": "file:///w/b", "dir_info": {}}, "metadata": {"name": "b", "version": "1"}}]}"#,
        )
        .unwrap();
        let named = |name: &str, version: &str| Distribution {
            name: name.into(),
            version: version.into(),
            ..Distribution::default()
        };
        let mut all = [named("Priv-Pkg", "1.0"), named("a", "1"), named("b", "1"), named("priv-pkg", "2.0")];
        archives(&mut all, &report);
        let archive = ArchiveDigest { file: "Priv_pkg-1.0-9-py3-none-any.whl".into(), sha256: "11".into() };
        assert_eq!(all.map(|distribution| distribution.archive), [Some(archive), None, None, None]);
    }
}
