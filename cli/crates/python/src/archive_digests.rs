//! The archives that installed distributions came from, and their SHA-256, for the bill of materials.
//!
//! uv writes neither down while it installs, so it is asked again, for exactly the installed versions: the index says which
//! archives there are and their digests (which uv has checked at the download), and the tags that the wheel left behind say
//! which of them it was.

use super::distribution::normal_name;
use super::{
    distribution::{ArchiveDigest, Distribution},
    error::PythonError,
    file_error::FileContext as _,
    installation::{index_of_uv, platform_of_uv},
    provider::Runtime,
    uv::{UV_LIMIT, Uv, UvError},
};
use flavor_manifest::IndexSettings;
use serde::Deserialize;
use std::{collections::BTreeSet, fs, path::Path};

/// The parts of `pylock.toml` (PEP 751) that matter here.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    #[serde(default)]
    wheels: Vec<LockedArchive>,
    sdist: Option<LockedArchive>,
}

#[derive(Deserialize)]
struct LockedArchive {
    name: Option<String>,
    url: Option<String>,
    path: Option<String>,
    #[serde(default)]
    hashes: Hashes,
}

#[derive(Default, Deserialize)]
struct Hashes {
    sha256: Option<String>,
}

/// What `direct_url.json` says of a distribution that was named by its address (PEP 610).
#[derive(Deserialize)]
struct DirectUrl {
    url: String,
    #[serde(default)]
    archive_info: ArchiveInfo,
}

#[derive(Default, Deserialize)]
struct ArchiveInfo {
    #[serde(default)]
    hashes: Hashes,
}

/// Fills in `archive` of every distribution that came from an index or an archive; those built from folders have none.
pub(super) fn find(
    all: &mut [Distribution],
    runtime: &Runtime,
    uv: &Uv,
    index: &IndexSettings,
    copy: &Path,
) -> Result<(), PythonError> {
    let site = runtime.site_packages();
    let mut pins = String::new();
    for distribution in all.iter_mut() {
        let direct = site.join(&distribution.dist_info).join("direct_url.json");
        match fs::read(&direct) {
            Ok(text) => distribution.archive = of_direct_url(&text),
            Err(_) => pins.extend([&*distribution.name, "==", &*distribution.version, "\n"]),
        }
    }
    if pins.is_empty() {
        return Ok(());
    }
    let lock = lock(&pins, runtime, uv, index, copy)?;
    for distribution in all.iter_mut().filter(|distribution| distribution.archive.is_none()) {
        let wheel = site.join(&distribution.dist_info).join("WHEEL");
        let text = fs::read_to_string(&wheel).on("read", &wheel)?;
        let name = normal_name(&distribution.name);
        let package = lock.packages.iter().find(|package| normal_name(&package.name) == name);
        distribution.archive = package.and_then(|package| chosen(package, &text));
    }
    Ok(())
}

fn lock(pins: &str, runtime: &Runtime, uv: &Uv, index: &IndexSettings, copy: &Path) -> Result<Lock, PythonError> {
    let mut command = uv.command();
    command.args(["pip", "compile", "-", "--format", "pylock.toml", "--no-deps", "--generate-hashes", "--no-header"]);
    command.args(["--color", "never", "--no-progress", "--quiet", "--python"]).arg(&runtime.original);
    if runtime.foreign.is_some() {
        platform_of_uv(&mut command, runtime, None);
    }
    // The project may have settings for uv.
    command.current_dir(copy);
    index_of_uv(&mut command, index);
    let text = Uv::run_with_input(&mut command, pins.as_bytes(), UV_LIMIT, copy)?.stdout;
    toml::from_str(&String::from_utf8_lossy(&text))
        .map_err(|error| UvError::Failed { text: format!("its lock file cannot be read: {error}") }.into())
}

fn of_direct_url(text: &[u8]) -> Option<ArchiveDigest> {
    let direct: DirectUrl = serde_json::from_slice(text).ok()?;
    // What is behind the path may be a token.
    let file = direct.url.split(['?', '#']).next()?.rsplit('/').next()?.to_owned();
    Some(ArchiveDigest { file, sha256: direct.archive_info.hashes.sha256? })
}

/// The wheel with the build and the tags that the installed `WHEEL` file states, else one with that build and some of the tags, else
/// the source archive.
fn chosen(package: &LockedPackage, installed: &str) -> Option<ArchiveDigest> {
    let (tags, build) =
        (tags(installed), installed.lines().find_map(|line| line.strip_prefix("Build:")).map(str::trim));
    let with = |fits: &dyn Fn(&BTreeSet<String>) -> bool| {
        package.wheels.iter().find(|wheel| {
            let stem = wheel.file().and_then(|file| file.strip_suffix(".whl"));
            stem.is_some_and(|stem| build_of_name(stem) == build && fits(&tags_of_name(stem).into_iter().collect()))
        })
    };
    let wheel = with(&|named| *named == tags).or_else(|| with(&|named| !named.is_disjoint(&tags)));
    let archive = wheel.or(package.sdist.as_ref())?;
    Some(ArchiveDigest { file: archive.file()?.to_owned(), sha256: archive.hashes.sha256.clone()? })
}

impl LockedArchive {
    fn file(&self) -> Option<&str> {
        let address = || self.url.as_deref().or(self.path.as_deref())?.split(['?', '#']).next()?.rsplit('/').next();
        self.name.as_deref().or_else(address)
    }
}

/// The values of `Tag` in a `WHEEL` file.
fn tags(wheel: &str) -> BTreeSet<String> {
    wheel.lines().filter_map(|line| line.strip_prefix("Tag:")).map(|tag| tag.trim().to_owned()).collect()
}

/// The build tag of a wheel's file name, which few have: the third of six parts.
fn build_of_name(stem: &str) -> Option<&str> {
    let parts: Vec<&str> = stem.split('-').collect();
    parts.get(2).copied().filter(|_| parts.len() == 6)
}

/// All tags of a wheel's file name: each of its last three parts may be a set, joined by dots (PEP 425).
fn tags_of_name(stem: &str) -> Vec<String> {
    let mut parts = stem.rsplit('-');
    let (Some(platforms), Some(abis), Some(pythons)) = (parts.next(), parts.next(), parts.next()) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for python in pythons.split('.') {
        for abi in abis.split('.') {
            all.extend(platforms.split('.').map(|platform| format!("{python}-{abi}-{platform}")));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wheel_with_the_installed_tag_is_chosen() {
        let lock: Lock = toml::from_str(
            r#"
            [[packages]]
            name = "a"
            sdist = { url = "https://x/a-1.tar.gz", hashes = { sha256 = "00" } }
            wheels = [
              { url = "https://x/a-1-cp311-cp311-linux_ppc64.whl", hashes = { sha256 = "33" } },
              { url = "https://x/a-1-7b-cp311-cp311-linux_ppc64.whl", hashes = { sha256 = "44" } },
              { url = "https://x/a-1-cp311-cp311-win_amd64.whl", hashes = { sha256 = "11" } },
              { url = "https://x/a-1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", hashes = { sha256 = "22" } },
            ]"#,
        )
        .unwrap();
        let find = |wheel: &str| chosen(&lock.packages[0], wheel).map(|archive| archive.sha256);
        assert_eq!(find("Tag: cp311-cp311-manylinux2014_x86_64\n").as_deref(), Some("22"));
        assert_eq!(find("Tag: cp311-cp311-win_amd64\n").as_deref(), Some("11"));
        assert_eq!(find("Tag: cp311-cp311-linux_ppc64\n").as_deref(), Some("33"));
        assert_eq!(find("Build: 7b\nTag: cp311-cp311-linux_ppc64\n").as_deref(), Some("44"));
        // Built from source on this machine.
        assert_eq!(find("Tag: cp311-cp311-linux_x86_64\n").as_deref(), Some("00"));
    }
}
