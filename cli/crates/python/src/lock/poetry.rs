//! `poetry.lock`, versions 1.1 to 2.1 of its format.

use super::{Lock, LockError, Pin, pin::Origin};
use serde::Deserialize;
use std::collections::BTreeMap;

const KNOWN: &str = "1.1, 2.0 and 2.1";

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    package: Vec<Package>,
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Metadata {
    lock_version: String,
    /// Before version 2.0 the hashes are here, by name.
    #[serde(default)]
    files: BTreeMap<String, Vec<Archive>>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    files: Vec<Archive>,
    markers: Option<Markers>,
    source: Option<Source>,
}

/// One marker, or one for each group.
#[derive(Deserialize)]
#[serde(untagged)]
enum Markers {
    All(String),
    Groups(BTreeMap<String, String>),
}

#[derive(Deserialize)]
struct Archive {
    hash: String,
}

#[derive(Deserialize)]
struct Source {
    r#type: String,
    url: String,
    resolved_reference: Option<String>,
    subdirectory: Option<String>,
}

pub(super) fn read(lock: &Lock, text: &str) -> Result<Vec<Pin>, LockError> {
    let mut file: File = toml::from_str(text).map_err(|error| lock.unreadable(&error))?;
    let version = file.metadata.lock_version;
    if !["1.1", "2.0", "2.1"].contains(&version.as_str()) {
        return Err(LockError::Version { lock: lock.clone(), found: version, known: KNOWN });
    }
    let mut pins = Vec::new();
    for package in file.package {
        let older = file.metadata.files.remove(&package.name).unwrap_or_default();
        let hashes = package.files.into_iter().chain(older).map(|archive| archive.hash).collect();
        let origin = match &package.source {
            None => Origin::Index,
            Some(source) => origin(lock, &package.name, source)?,
        };
        let marker = package.markers.map(marker).unwrap_or_default();
        pins.push(Pin { name: package.name, version: Some(package.version), marker, hashes, origin });
    }
    Ok(pins)
}

fn origin(lock: &Lock, name: &str, source: &Source) -> Result<Origin, LockError> {
    let subdirectory = source.subdirectory.as_ref().map(|folder| format!("#subdirectory={folder}"));
    match (source.r#type.as_str(), &source.resolved_reference) {
        ("legacy" | "pypi" | "file", _) => Ok(Origin::Index),
        ("directory", _) => Ok(Origin::Folder),
        ("url", _) => Ok(Origin::Url(source.url.clone() + &subdirectory.unwrap_or_default())),
        ("git", Some(commit)) => {
            Ok(Origin::Git(format!("git+{}@{commit}{}", source.url, subdirectory.unwrap_or_default())))
        }
        (kind, _) => {
            let how = format!("as a source of type {kind:?}");
            Err(LockError::Source { lock: lock.clone(), name: name.to_owned(), how })
        }
    }
}

fn marker(markers: Markers) -> String {
    let text = match markers {
        Markers::All(text) => text,
        // Whatever group it is for: there is one version for each environment.
        Markers::Groups(groups) => groups.values().map(|text| format!("({text})")).collect::<Vec<_>>().join(" or "),
    };
    without_extras(&text)
}

/// Extras are chosen by the project, not by the lock: `extra == "x"` is taken for true.
fn without_extras(marker: &str) -> String {
    let (mut kept, mut rest) = (String::new(), marker);
    while let Some((before, after)) = rest.split_once("extra ") {
        let value = after.trim_start_matches(['=', ' ']);
        let quoted = value.strip_prefix(['"', '\'']).and_then(|inner| inner.split_once(['"', '\'']));
        let Some((_, behind)) = quoted.filter(|_| after.trim_start().starts_with("==")) else { break };
        kept.push_str(before);
        kept.push_str("python_version >= \"0\"");
        rest = behind;
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LockKind;

    fn pins(text: &str) -> Result<Vec<Pin>, LockError> {
        read(&Lock { kind: LockKind::Poetry, path: "poetry.lock".into() }, text)
    }

    const NEW: &str = "[[package]]\nname = 'numpy'\nversion = '1.26.4'\ngroups = ['main']\n\
        markers = 'python_version == \"3.9\" and extra == \"x\"'\nfiles = [{file = 'a.whl', hash = 'sha256:11'}]\n\
        [[package]]\nname = 'g'\nversion = '2'\nfiles = []\nmarkers = {main = 'os_name == \"nt\"', dev = 'os_name == \"posix\"'}\n\
        [package.source]\ntype = 'git'\nurl = 'https://x/g.git'\nreference = 'main'\nresolved_reference = 'abc'\nsubdirectory = 'py'\n\
        [metadata]\nlock-version = '2.1'\npython-versions = '*'\ncontent-hash = '0'\n";

    #[test]
    fn what_poetry_writes_is_read() {
        let all = pins(NEW).unwrap();
        assert_eq!(all[0].marker, "python_version == \"3.9\" and python_version >= \"0\"");
        assert_eq!(all[0].hashes, ["sha256:11"]);
        assert_eq!(all[1].origin, Origin::Git("git+https://x/g.git@abc#subdirectory=py".into()));
        assert_eq!(all[1].marker, "(os_name == \"posix\") or (os_name == \"nt\")");
        let old = "[[package]]\nname = 'six'\nversion = '1.0'\n[metadata]\nlock-version = '1.1'\n[metadata.files]\n\
            six = [{file = 'six.whl', hash = 'sha256:22'}]\n";
        assert_eq!(pins(old).unwrap()[0].hashes, ["sha256:22"]);
    }

    #[test]
    fn other_versions_and_sources_are_refused_by_name() {
        let code = |text: &str| pins(text).unwrap_err().code();
        assert_eq!(code(&NEW.replace("'2.1'", "'3.0'")), "python.lock.version");
        assert_eq!(code(&NEW.replace("'git'", "'hg'")), "python.lock.source");
        assert_eq!(code(&NEW.replace("resolved_reference", "other")), "python.lock.source");
        assert_eq!(code("[[package]]\nname = 'a'\n"), "python.lock.unreadable");
        assert_eq!(code("a = "), "python.lock.unreadable");
    }
}
