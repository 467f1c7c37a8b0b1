//! What is installed.

use super::file_error::{FileContext as _, FileError};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A wheel or source archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveDigest {
    /// Its file name.
    pub file: String,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

/// An installed distribution, as its `METADATA` describes it (core metadata specification).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// `Name`.
    pub name: String,
    /// `Version`.
    pub version: String,
    /// `License-Expression`, or else `License` if that is a single line.
    pub license: Option<String>,
    /// Its folder of metadata, in the folder of installed modules.
    pub dist_info: String,
    /// Names in `Requires-Dist`, whatever their conditions.
    pub requires: Vec<String>,
    /// The archive that it was installed from, where that is known.
    pub archive: Option<ArchiveDigest>,
}

/// The `*.dist-info` folders in the folder of installed modules, sorted.
pub(super) fn dist_infos(site: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(site).on("list", site)? {
        let path = entry.on("list", site)?.path();
        if path.extension().is_some_and(|extension| extension == "dist-info") && path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether the distribution with this `dist-info` was built from a folder: the project itself, or one beside it (PEP 610).
pub(super) fn is_from_folder(dist_info: &Path) -> bool {
    folder_of_origin(dist_info).is_some()
}

/// Whether it is only a pointer to that folder.
pub(super) fn is_editable(dist_info: &Path) -> bool {
    folder_of_origin(dist_info).is_some_and(|folder| folder.get("editable") == Some(&true.into()))
}

fn folder_of_origin(dist_info: &Path) -> Option<serde_json::Value> {
    let text = fs::read(dist_info.join("direct_url.json")).ok()?;
    serde_json::from_slice::<serde_json::Value>(&text).ok()?.get("dir_info").cloned()
}

/// Everything that is installed, sorted by name.
pub(super) fn installed(site: &Path) -> Result<Vec<Distribution>, FileError> {
    let mut all = Vec::new();
    for dist_info in dist_infos(site)? {
        let file = dist_info.join("METADATA");
        let text = fs::read(&file).on("read", &file)?;
        let dist_info = dist_info.file_name().unwrap_or_default().to_string_lossy().into_owned();
        all.push(parse_metadata(&String::from_utf8_lossy(&text), dist_info));
    }
    all.sort_by_key(|distribution| distribution.name.to_lowercase());
    Ok(all)
}

/// The distribution of this name, however it is spelt.
#[must_use]
pub fn named<'a>(all: &'a [Distribution], name: &str) -> Option<&'a Distribution> {
    all.iter().find(|found| normal_name(&found.name) == normal_name(name))
}

/// Reads a `METADATA` file; what it does not say stays empty.
#[must_use]
pub fn parse_metadata(metadata: &str, dist_info: String) -> Distribution {
    let headers: Vec<(&str, &str)> =
        metadata.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": ")).collect();
    let value = |key: &str| {
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value.trim().to_owned())
    };
    // A whole licence text may be in `License`; its further lines are indented.
    let is_one_line =
        !metadata.lines().skip_while(|line| !line.starts_with("License:")).nth(1).unwrap_or_default().starts_with(' ');
    Distribution {
        name: value("Name").unwrap_or_default(),
        version: value("Version").unwrap_or_default(),
        license: value("License-Expression")
            .or_else(|| value("License").filter(|_| is_one_line))
            .filter(|text| !text.is_empty()),
        dist_info,
        requires: headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("Requires-Dist"))
            .filter_map(|(_, text)| required_name(text))
            .collect(),
        archive: None,
    }
}

/// The name at the start of a requirement (PEP 508).
fn required_name(text: &str) -> Option<String> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let text = text.trim_start();
    let end = text.find(|character| !is_name(character)).unwrap_or(text.len());
    text.get(..end).filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Runs of `-`, `_` and `.` become one `-`, letters small (PEP 503, and PEP 685 for extras).
#[must_use]
pub fn normal_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            other => normal.push(other.to_ascii_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_end_at_the_first_empty_line() {
        let parsed = parse_metadata(
            "Metadata-Version: 2.1\nName: Click\nVersion: 8.1\nLicense: BSD\nRequires-Dist: colorama; os_name == 'nt'\n\nName: other\n",
            "click-8.1.dist-info".to_owned(),
        );
        assert_eq!((&*parsed.name, &*parsed.version, parsed.license.as_deref()), ("Click", "8.1", Some("BSD")));
        assert_eq!(parsed.requires, ["colorama"]);
        let parsed = parse_metadata("Name: a\nVersion: 1\nLicense: Text of\n        many lines\n", String::new());
        assert_eq!(parsed.license, None);
    }
}
