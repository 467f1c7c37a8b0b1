//! What locks have in common: a distribution, its version, and the hashes of its archives.

use super::{Lock, LockError};
use crate::distribution::{self, Distribution, normal_name};
use pep440_rs::Version;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    str::FromStr as _,
};

/// One distribution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pin {
    /// Its name, as in the lock.
    pub(crate) name: String,
    /// Its version; none where an address says what is meant.
    pub(crate) version: Option<String>,
    /// When it holds (PEP 508); empty for always.
    pub(crate) marker: String,
    /// `sha256:…` of its archives.
    pub(crate) hashes: Vec<String>,
    /// Where it comes from, if that is no index.
    pub(crate) origin: Origin,
}

/// Where a distribution comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An index, or wherever else archives with these hashes are.
    #[default]
    Index,
    /// An archive at this address.
    Url(String),
    /// A commit of git: `git+https://…@commit`. The commit is a hash of what is in it.
    Git(String),
    /// A folder, of which a copy is built.
    Folder,
}

/// All pins of a lock.
#[derive(Clone, Debug)]
pub(crate) struct Pins {
    lock: Lock,
    all: Vec<Pin>,
}

impl Pins {
    /// Checks that everything has a hash, and that of several versions each says when it is meant.
    pub(super) fn of(lock: Lock, all: Vec<Pin>) -> Result<Self, LockError> {
        let mut versions: BTreeMap<String, Vec<&Pin>> = BTreeMap::new();
        for pin in &all {
            let needs_hash = matches!(pin.origin, Origin::Index | Origin::Url(_));
            if needs_hash && pin.hashes.is_empty() {
                return Err(LockError::NoHash { lock, name: pin.name.clone() });
            }
            if let Some(wrong) = pin.hashes.iter().find(|hash| !is_hash(hash)) {
                return Err(lock.unreadable(&format!("{wrong:?} of {} is not a hash", pin.name)));
            }
            // They go into a file of lines.
            let texts = [&pin.name, &pin.marker].into_iter().chain(&pin.version).chain(&pin.hashes);
            let address = match &pin.origin {
                Origin::Url(address) | Origin::Git(address) => Some(address),
                Origin::Index | Origin::Folder => None,
            };
            let is_name = pin.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            let one_word = pin.version.iter().chain(&pin.hashes).chain(address);
            let fits =
                is_name && !pin.name.is_empty() && !one_word.clone().any(|text| text.contains(char::is_whitespace));
            if !fits || texts.chain(address).any(|text| text.contains(char::is_control)) {
                return Err(lock.unreadable(&format!("{:?} is not a distribution and its version", pin.name)));
            }
            versions.entry(normal_name(&pin.name)).or_default().push(pin);
        }
        for pins in versions.values() {
            let different: BTreeSet<&str> = pins.iter().filter_map(|pin| pin.version.as_deref()).collect();
            if different.len() > 1 && pins.iter().any(|pin| pin.marker.is_empty()) {
                let versions = different.into_iter().collect::<Vec<_>>().join(", ");
                let name = pins.first().map(|pin| pin.name.clone()).unwrap_or_default();
                return Err(LockError::Ambiguous { lock, name, versions });
            }
        }
        Ok(Self { lock, all })
    }

    /// The lock.
    pub(crate) fn lock(&self) -> &Lock {
        &self.lock
    }

    /// A requirements file: what is pinned by version or archive, and what is pinned as a commit. Only the latter has to outweigh what
    /// the project says itself, which names a branch.
    pub(crate) fn lines(&self) -> (String, String) {
        let (mut pinned, mut commits) = (String::new(), String::new());
        let count = |name: &str| self.all.iter().filter(|pin| normal_name(&pin.name) == normal_name(name)).count();
        for pin in &self.all {
            let what = match (&pin.origin, &pin.version) {
                (Origin::Folder, _) | (Origin::Index, None) => continue,
                (Origin::Git(address), _) => {
                    let _ = writeln!(commits, "{} @ {address}", pin.name);
                    continue;
                }
                // The project's own metadata has the address; a constraint of the same name has to have the same.
                (Origin::Url(address), _) => format!("{} @ {address}", pin.name),
                (Origin::Index, Some(version)) => format!("{}=={version}", pin.name),
            };
            // Whether something is needed at all the project says; the lock has to say it only of one of several versions.
            let is_needed = !pin.marker.is_empty() && (!self.lock.constrains() || count(&pin.name) > 1);
            let marker = if is_needed { format!(" ; {}", pin.marker) } else { String::new() };
            let hashes: String = pin.hashes.iter().map(|hash| format!(" --hash={hash}")).collect();
            let _ = writeln!(pinned, "{what}{marker}{hashes}");
        }
        (pinned, commits)
    }

    /// Compares it with what is installed. What further requirements of the manifest bring (`further`) need not be in the lock; then it
    /// is named in a sentence for the user.
    pub(crate) fn compare(
        &self,
        installed: &[Distribution],
        site: &Path,
        further: bool,
    ) -> Result<Option<String>, LockError> {
        let (mut differ, mut absent) = (Vec::new(), Vec::new());
        for found in installed.iter().filter(|found| !distribution::is_from_folder(&site.join(&found.dist_info))) {
            let name = normal_name(&found.name);
            let pins: Vec<&Pin> = self.all.iter().filter(|pin| normal_name(&pin.name) == name).collect();
            if pins.is_empty() {
                absent.push(format!("{} {}", found.name, found.version));
            } else if !pins.iter().any(|pin| pin.version.as_deref().is_none_or(|version| same(version, &found.version)))
            {
                let locked: Vec<&str> = pins.iter().filter_map(|pin| pin.version.as_deref()).collect();
                differ.push(format!(
                    "  the project needs {} {}, and the lock has {}",
                    found.name,
                    found.version,
                    locked.join(", ")
                ));
            }
        }
        if !further {
            differ.extend(absent.iter().map(|found| format!("  the project needs {found}, which is not in it")));
        }
        if !differ.is_empty() {
            return Err(LockError::Outdated { lock: self.lock.clone(), reason: differ.join("\n") });
        }
        let notice = || format!("not in {}, so taken as they were found: {}", self.lock.name(), absent.join(", "));
        Ok((!absent.is_empty()).then(notice))
    }
}

/// Whether a text is a hash of an algorithm that installers know: `sha256:` and hexadecimal digits.
fn is_hash(text: &str) -> bool {
    let Some((algorithm, digest)) = text.split_once(':') else { return false };
    let digits = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" | "blake2b" => 128,
        _ => return false,
    };
    digest.len() == digits && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether two texts are one version (PEP 440).
fn same(one: &str, other: &str) -> bool {
    let parse = |text| Version::from_str(text).ok();
    one == other || parse(one).is_some_and(|one| Some(one) == parse(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::LockKind;

    const HASH: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    fn lock(kind: LockKind) -> Lock {
        Lock { kind, path: "x.lock".into() }
    }

    fn pin(name: &str, version: &str, marker: &str) -> Pin {
        let hashes = vec![HASH.to_owned()];
        Pin { name: name.into(), version: Some(version.into()), marker: marker.into(), hashes, ..Pin::default() }
    }

    #[test]
    fn a_pin_without_a_hash_and_versions_without_a_marker_are_refused() {
        let bare = Pin { hashes: Vec::new(), ..pin("six", "1", "") };
        assert_eq!(Pins::of(lock(LockKind::Poetry), vec![bare]).unwrap_err().code(), "python.lock.hash");
        for wrong in ["sha256:", "sha256:0g", "md5:00000000000000000000000000000000", "0"] {
            let hashes = vec![wrong.to_owned()];
            let wrong = Pin { hashes, ..pin("six", "1", "") };
            assert_eq!(Pins::of(lock(LockKind::Poetry), vec![wrong]).unwrap_err().code(), "python.lock.unreadable");
        }
        let two = vec![pin("a.b", "1", "python_version < '3.9'"), pin("A-b", "2", "")];
        assert_eq!(Pins::of(lock(LockKind::Poetry), two).unwrap_err().code(), "python.lock.ambiguous");
        for hostile in [pin("six", "1\nevil", ""), pin("six", "1 --index-url=x", ""), pin("-r /etc/passwd", "1", "")] {
            assert_eq!(Pins::of(lock(LockKind::Poetry), vec![hostile]).unwrap_err().code(), "python.lock.unreadable");
        }
    }

    #[test]
    fn markers_of_constraints_are_written_only_where_they_decide() {
        let all = vec![
            pin("a", "1", "extra == 'x'"),
            pin("b", "1", "python_version < '3.9'"),
            pin("b", "2", "python_version >= '3.9'"),
        ];
        let lines = Pins::of(lock(LockKind::Poetry), all.clone()).unwrap().lines().0;
        assert_eq!(
            lines,
            format!(
                "a==1 --hash={HASH}\nb==1 ; python_version < '3.9' --hash={HASH}\nb==2 ; python_version >= '3.9' --hash={HASH}\n"
            )
        );
        let lines = Pins::of(lock(LockKind::Pipfile), all).unwrap().lines().0;
        assert!(lines.starts_with("a==1 ; extra == 'x' --hash"), "{lines}");
    }

    #[test]
    fn versions_are_compared_as_versions() {
        let installed = |version: &str| {
            vec![Distribution {
                name: "six".into(),
                version: version.into(),
                dist_info: "six".into(),
                ..Distribution::default()
            }]
        };
        let pins = Pins::of(lock(LockKind::Pdm), vec![pin("Six", "1.0", "")]).unwrap();
        let site = Path::new("/nonexistent");
        assert!(pins.compare(&installed("1.0.0"), site, false).is_ok());
        assert_eq!(pins.compare(&installed("1.1"), site, true).unwrap_err().code(), "python.lock.outdated");
        let other = Pins::of(lock(LockKind::Pdm), vec![pin("other", "1.0", "")]).unwrap();
        assert_eq!(other.compare(&installed("1.0"), site, false).unwrap_err().code(), "python.lock.outdated");
        assert!(other.compare(&installed("1.0"), site, true).unwrap().unwrap().contains("six 1.0"));
    }
}
