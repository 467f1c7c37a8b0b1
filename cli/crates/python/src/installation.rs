//! What is installed, and the options and variables that every installer is given for it.

use super::{
    elf::GlibcVersion,
    options::TreeOptions,
    processor::Processor,
    project::Project,
    provider::Runtime,
    uv::{Uv, absolute, is_true},
};
use flavor_manifest::IndexSettings;
use std::{env, path::Path, process::Command};

/// The C libraries 2.x that uv resolves for (0.5 and newer); of those between them the one below is meant.
const UV_GLIBC: [u16; 12] = [17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40];

/// What to install, and where.
pub(super) struct Installation<'a> {
    pub(super) uv: &'a Uv,
    pub(super) project: &'a Project,
    /// A copy of the project, for backends write into what they build.
    pub(super) copy: &'a Path,
    pub(super) extras: &'a [String],
    pub(super) runtime: &'a Runtime,
    pub(super) source_date_epoch: u64,
    /// A private folder.
    pub(super) work: &'a Path,
    pub(super) options: &'a TreeOptions,
}

pub(super) fn prepare(command: &mut Command, what: &Installation<'_>) {
    command.current_dir(what.copy);
    command.env("SOURCE_DATE_EPOCH", what.source_date_epoch.to_string());
    command.env("PYTHONHASHSEED", "0").env("PYTHONDONTWRITEBYTECODE", "1");
    // A package holds what it needs; an installation that points at a folder of this machine is none.
    command.env("UV_NO_EDITABLE", "1");
    command.envs(what.options.build.env.iter().map(|(name, value)| (name, value)));
}

/// The platform that uv resolves for, where that is not its interpreter's.
pub(super) fn platform_of_uv(command: &mut Command, runtime: &Runtime, manylinux: Option<u16>) {
    let processor = runtime.foreign.map_or(env::consts::ARCH, Processor::gnu_name);
    let bundled = || runtime.c_library.as_deref().and_then(GlibcVersion::of_package).map(GlibcVersion::minor);
    let Some(minor) = manylinux.or_else(|| runtime.foreign.and_then(|_| bundled())) else { return };
    let known = UV_GLIBC.into_iter().rev().find(|known| *known <= minor).unwrap_or(UV_GLIBC[0]);
    command.args(["--python-platform", &format!("{processor}-manylinux_2_{known}")]);
}

/// The manifest's indexes. What the caller's environment says outweighs them; what it says to pip holds for uv too.
///
/// uv takes a distribution from the first index that has it, and asks its default index last. The first one here is
/// asked first: else whoever registers a name in a further, public index would replace what is in the private one.
///
/// They are given as variables, for their passwords: everybody can read the words of a running program.
pub(super) fn index_of_uv(command: &mut Command, index: &IndexSettings) {
    let in_environment = any_is_set(&["UV_DEFAULT_INDEX", "UV_INDEX_URL"]);
    let of_pip = Some(variable("PIP_INDEX_URL")).filter(|url| !url.is_empty());
    let first = of_pip.as_ref().or(index.url.as_ref()).filter(|_| !in_environment);
    let (stated, further) = (variable("UV_INDEX"), variable("PIP_EXTRA_INDEX_URL"));
    let mut urls: Vec<&str> = first.into_iter().map(String::as_str).collect();
    urls.extend(further.split_whitespace().chain(index.extra.iter().map(String::as_str)));
    if let Some(last) = first.and_then(|_| urls.pop()) {
        command.env("UV_DEFAULT_INDEX", last);
    }
    let urls: Vec<&str> = stated.split_whitespace().chain(urls).collect();
    if !urls.is_empty() {
        command.env("UV_INDEX", urls.join(" "));
    }
    each(command, "--allow-insecure-host", &index.trusted_hosts);
    each(command, "--find-links", &find_links(index));
    if has_no_index(index) {
        command.arg("--no-index");
    }
    if index.offline {
        command.arg("--offline");
    }
}

/// Folders and pages with archives: the manifest's and those of the caller's environment, whose option for uv would otherwise be hidden.
pub(super) fn find_links(index: &IndexSettings) -> Vec<String> {
    let of_uv = variable("UV_FIND_LINKS").split(',').map(str::to_owned).collect::<Vec<_>>();
    let of_pip = variable("PIP_FIND_LINKS").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let stated = of_uv.into_iter().chain(of_pip).filter(|place| !place.is_empty()).map(|place| absolute(&place));
    index.find_links.iter().cloned().chain(stated).collect()
}

/// Whether no index is asked.
pub(super) fn has_no_index(index: &IndexSettings) -> bool {
    index.no_index || is_true(&variable("PIP_NO_INDEX"))
}

/// Whether nothing may be downloaded.
pub(super) fn is_offline(index: &IndexSettings) -> bool {
    index.offline || is_true(&variable("UV_OFFLINE"))
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// The option before each of the values.
pub(super) fn each(command: &mut Command, option: &str, values: &[String]) {
    for value in values {
        command.args([option, value]);
    }
}

fn any_is_set(names: &[&str]) -> bool {
    names.iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}
