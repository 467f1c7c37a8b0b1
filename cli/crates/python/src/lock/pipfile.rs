//! `Pipfile.lock`, version 6 of its format: its section `default`.

use super::{Lock, LockError, Pin, pin::Origin};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct File {
    #[serde(rename = "_meta")]
    meta: Meta,
    default: BTreeMap<String, Package>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "pipfile-spec")]
    version: u64,
}

#[derive(Deserialize)]
struct Package {
    version: Option<String>,
    #[serde(default)]
    markers: String,
    #[serde(default)]
    hashes: Vec<String>,
    git: Option<String>,
    r#ref: Option<String>,
    subdirectory: Option<String>,
    file: Option<String>,
    path: Option<String>,
}

pub(super) fn read(lock: &Lock, text: &str) -> Result<Vec<Pin>, LockError> {
    let file: File = serde_json::from_str(text).map_err(|error| lock.unreadable(&error))?;
    if file.meta.version != 6 {
        return Err(LockError::Version { lock: lock.clone(), found: file.meta.version.to_string(), known: "6" });
    }
    let pin = |(name, package): (String, Package)| {
        let refused = |how: &str| LockError::Source { lock: lock.clone(), name: name.clone(), how: how.to_owned() };
        let subdirectory = package.subdirectory.map(|folder| format!("#subdirectory={folder}")).unwrap_or_default();
        let origin = match (package.git, package.r#ref, package.file, package.path) {
            (Some(git), Some(commit), _, _) => {
                let git = git.strip_prefix("git+").unwrap_or(&git);
                Origin::Git(format!("git+{git}@{commit}{subdirectory}"))
            }
            (Some(_), None, _, _) => return Err(refused("without a commit")),
            (None, _, Some(url), _) => Origin::Url(format!("{url}{subdirectory}")),
            // The project itself, in most cases.
            (None, _, None, Some(_)) => Origin::Folder,
            (None, _, None, None) => Origin::Index,
        };
        let version = match package.version {
            None => None,
            Some(text) => Some(text.strip_prefix("==").ok_or_else(|| refused(&format!("as {text:?}")))?.to_owned()),
        };
        if version.is_none() && origin == Origin::Index {
            return Err(refused("without a version"));
        }
        Ok(Pin { name, version, marker: package.markers, hashes: package.hashes, origin })
    };
    file.default.into_iter().map(pin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LockKind;

    fn pins(text: &str) -> Result<Vec<Pin>, LockError> {
        read(&Lock { kind: LockKind::Pipfile, path: "Pipfile.lock".into() }, text)
    }

    const LOCK: &str = r#"{"_meta": {"hash": {"sha256": "0"}, "pipfile-spec": 6, "requires": {}, "sources": []},
        "default": {"six": {"hashes": ["sha256:11"], "index": "pypi", "markers": "python_version >= '3.8'", "version": "==1.17.0"},
            "own": {"editable": true, "path": "."}, "g": {"git": "https://x/g.git", "ref": "abc"}},
        "develop": {"iniconfig": {"hashes": [], "version": "==2.0"}}}"#;

    #[test]
    fn what_pipenv_writes_is_read() {
        let all = pins(LOCK).unwrap();
        let names: Vec<&str> = all.iter().map(|pin| pin.name.as_str()).collect();
        assert_eq!(names, ["g", "own", "six"]);
        assert_eq!((all[2].version.as_deref(), all[2].marker.as_str()), (Some("1.17.0"), "python_version >= '3.8'"));
        assert_eq!(pins(&LOCK.replace("spec\": 6", "spec\": 7")).unwrap_err().code(), "python.lock.version");
        assert_eq!(pins(&LOCK.replace("==1.17", "*1.17")).unwrap_err().code(), "python.lock.source");
        assert_eq!(pins("{").unwrap_err().code(), "python.lock.unreadable");
    }
}
