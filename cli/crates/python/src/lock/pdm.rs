//! `pdm.lock`, version 4 of its format.

use super::{Lock, LockError, Pin, pin::Origin};
use serde::Deserialize;

const KNOWN: &str = "4.0 to 4.5";

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    package: Vec<Package>,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    lock_version: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    marker: Option<String>,
    #[serde(default)]
    files: Vec<Archive>,
    git: Option<String>,
    revision: Option<String>,
    subdirectory: Option<String>,
    url: Option<String>,
    path: Option<String>,
    hg: Option<String>,
    svn: Option<String>,
    bzr: Option<String>,
}

#[derive(Deserialize)]
struct Archive {
    hash: Option<String>,
}

pub(super) fn read(lock: &Lock, text: &str) -> Result<Vec<Pin>, LockError> {
    let file: File = toml::from_str(text).map_err(|error| lock.unreadable(&error))?;
    let version = file.metadata.lock_version;
    let minor = version.strip_prefix("4.").or_else(|| version.strip_prefix('4')).map(|minor| minor.split('.').next());
    if !minor.flatten().is_some_and(|minor| matches!(minor, "" | "0" | "1" | "2" | "3" | "4" | "5")) {
        return Err(LockError::Version { lock: lock.clone(), found: version, known: KNOWN });
    }
    let mut pins: Vec<Pin> = Vec::new();
    for package in file.package {
        let origin = origin(lock, &package)?;
        let hashes = package.files.into_iter().filter_map(|archive| archive.hash).collect();
        let marker = package.marker.unwrap_or_default();
        let pin = Pin { name: package.name, version: package.version, marker, hashes, origin };
        // The same distribution once more for each set of extras.
        let same = |other: &Pin| other.name == pin.name && other.version == pin.version && other.hashes == pin.hashes;
        match pins.iter_mut().find(|other| same(other)) {
            Some(other) if other.marker != pin.marker => {
                other.marker = match (other.marker.is_empty(), pin.marker.is_empty()) {
                    (false, false) => format!("({}) or ({})", other.marker, pin.marker),
                    _ => String::new(),
                };
            }
            Some(_) => {}
            None => pins.push(pin),
        }
    }
    Ok(pins)
}

fn origin(lock: &Lock, package: &Package) -> Result<Origin, LockError> {
    let subdirectory =
        package.subdirectory.as_ref().map(|folder| format!("#subdirectory={folder}")).unwrap_or_default();
    let refused = |how: &str| LockError::Source { lock: lock.clone(), name: package.name.clone(), how: how.to_owned() };
    match (&package.git, &package.revision, &package.url, &package.path) {
        _ if package.hg.is_some() || package.svn.is_some() || package.bzr.is_some() => {
            Err(refused("in another version control than git"))
        }
        (Some(git), Some(commit), _, _) => Ok(Origin::Git(format!("git+{git}@{commit}{subdirectory}"))),
        (Some(_), None, _, _) => Err(refused("without a commit")),
        (None, _, Some(url), _) => Ok(Origin::Url(format!("{url}{subdirectory}"))),
        // A file has hashes, a folder has none.
        (None, _, None, Some(_)) if package.files.is_empty() => Ok(Origin::Folder),
        (None, _, None, _) => Ok(Origin::Index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LockKind;

    fn pins(text: &str) -> Result<Vec<Pin>, LockError> {
        read(&Lock { kind: LockKind::Pdm, path: "pdm.lock".into() }, text)
    }

    const LOCK: &str = "[metadata]\ngroups = ['default']\nstrategy = ['inherit_metadata']\nlock_version = '4.5.0'\ncontent_hash = 'sha256:0'\n\
        [[metadata.targets]]\nrequires_python = '>=3.9'\n\
        [[package]]\nname = 'requests'\nversion = '2.31.0'\nrequires_python = '>=3.7'\nsummary = ''\ngroups = ['default']\n\
        dependencies = ['idna<4']\nfiles = [{file = 'r.whl', hash = 'sha256:11'}]\n\
        [[package]]\nname = 'requests'\nversion = '2.31.0'\nextras = ['socks']\nmarker = 'os_name == \"nt\"'\nfiles = [{file = 'r.whl', hash = 'sha256:11'}]\n\
        [[package]]\nname = 'g'\nversion = '1'\ngit = 'https://x/g.git'\nref = 'main'\nrevision = 'abc'\n";

    #[test]
    fn what_pdm_writes_is_read() {
        let all = pins(LOCK).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].marker.as_str(), all[0].hashes.len()), ("", 1));
        assert_eq!(all[1].origin, Origin::Git("git+https://x/g.git@abc".into()));
        assert_eq!(pins(&LOCK.replace("4.5.0", "5.0")).unwrap_err().code(), "python.lock.version");
        assert_eq!(pins(&LOCK.replace("revision", "other")).unwrap_err().code(), "python.lock.source");
    }
}
