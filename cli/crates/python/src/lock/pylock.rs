//! `pylock.toml` (PEP 751). uv installs from it; here is only what it pins.

use super::{Lock, LockError, Pin, pin::Origin};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path};
use toml::{Table, Value};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    lock_version: String,
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    marker: Option<String>,
    #[serde(default)]
    wheels: Vec<Archive>,
    sdist: Option<Archive>,
    archive: Option<Archive>,
    vcs: Option<Vcs>,
    directory: Option<Table>,
}

#[derive(Deserialize)]
struct Archive {
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Vcs {
    r#type: String,
    commit_id: Option<String>,
}

pub(super) fn read(lock: &Lock, text: &str) -> Result<Vec<Pin>, LockError> {
    let file: File = toml::from_str(text).map_err(|error| lock.unreadable(&error))?;
    if file.lock_version.split('.').next() != Some("1") {
        return Err(LockError::Version { lock: lock.clone(), found: file.lock_version, known: "1.0" });
    }
    file.packages.into_iter().map(|package| pin(lock, package)).collect()
}

fn pin(lock: &Lock, package: Package) -> Result<Pin, LockError> {
    let origin = match (&package.vcs, &package.directory) {
        (Some(vcs), _) if vcs.r#type != "git" || vcs.commit_id.is_none() => {
            let how = format!("in {} without a commit of git", vcs.r#type);
            return Err(LockError::Source { lock: lock.clone(), name: package.name, how });
        }
        (Some(vcs), _) => Origin::Git(vcs.commit_id.clone().unwrap_or_default()),
        (None, Some(_)) => Origin::Folder,
        (None, None) => Origin::Index,
    };
    let mut hashes = Vec::new();
    for archive in package.wheels.iter().chain(&package.sdist).chain(&package.archive) {
        if archive.hashes.is_empty() {
            return Err(LockError::NoHash { lock: lock.clone(), name: package.name });
        }
        hashes.extend(archive.hashes.iter().map(|(algorithm, digest)| format!("{algorithm}:{digest}")));
    }
    let marker = package.marker.unwrap_or_default();
    // One with an archive may leave its version out.
    Ok(Pin { name: package.name, version: package.version, marker, hashes, origin })
}

/// The same lock without folders: the project and those beside it are built of copies. Paths lead to where they did from `folder`.
pub(crate) fn without_folders(lock: &Lock) -> Result<String, LockError> {
    let folder = lock.path.parent().unwrap_or(Path::new(""));
    let mut table: Table = toml::from_str(&lock.text()?).map_err(|error| lock.unreadable(&error))?;
    if let Some(packages) = table.get_mut("packages").and_then(Value::as_array_mut) {
        packages.retain(|package| package.get("directory").is_none());
        for package in packages.iter_mut().filter_map(Value::as_table_mut) {
            for key in ["wheels", "sdist", "archive"] {
                match package.get_mut(key) {
                    Some(Value::Array(all)) => all.iter_mut().for_each(|archive| make_absolute(archive, folder)),
                    Some(archive) => make_absolute(archive, folder),
                    None => {}
                }
            }
        }
    }
    Ok(table.to_string())
}

fn make_absolute(archive: &mut Value, folder: &Path) {
    if let Some(Value::String(path)) = archive.get_mut("path") {
        *path = folder.join(&*path).to_string_lossy().into_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LockKind;

    const LOCK: &str = "lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'six'\nversion = '1'\n\
        wheels = [{path = 'wheels/six.whl', hashes = {sha256 = '11'}}]\n[[packages]]\nname = 'own'\ndirectory = {path = '.', editable = true}\n";

    #[test]
    fn folders_are_left_to_whoever_builds_them() {
        let temp = tempfile::tempdir().unwrap();
        let lock = Lock { kind: LockKind::Pylock, path: temp.path().join("pylock.toml") };
        std::fs::write(&lock.path, LOCK).unwrap();
        let text = without_folders(&lock).unwrap();
        assert!(!text.contains("own") && text.contains(temp.path().to_str().unwrap()), "{text}");
        let all = read(&lock, LOCK).unwrap();
        assert_eq!((all.len(), all[0].hashes.join("")), (2, "sha256:11".to_owned()));
    }

    #[test]
    fn versions_and_missing_hashes_are_refused_by_name() {
        let lock = Lock { kind: LockKind::Pylock, path: "pylock.toml".into() };
        let code = |text: &str| read(&lock, text).unwrap_err().code();
        assert_eq!(code(&LOCK.replace("'1.0'", "'2.0'")), "python.lock.version");
        assert_eq!(code(&LOCK.replace("sha256 = '11'", "")), "python.lock.hash");
        assert_eq!(code(&LOCK.replace("name = 'six'", "")), "python.lock.unreadable");
    }
}
