//! The trust store: public keys that the machine's owner or the user has chosen to trust, and lists of revoked ones.
//!
//! Directories and files are those of the published tool (launcher.md §8.2): `trusted-keys/*.pub`, PEM, with `# Name: …`
//! lines before the block; `# Expires: 2027-01-31` and the file `revoked-keys` are ours.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use pspf_nostd::{
    key::{Fingerprint, PublicKey},
    report::Report,
};

use crate::{
    base_dir, calendar,
    config_dir::{ConfigDir, Owner},
    config_error::{ConfigError, Position},
};

/// A key of the store.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    /// The key.
    pub key: PublicKey,
    /// What the store calls it; empty where it has no name.
    pub name: String,
    /// From when on it is not trusted any more, in seconds since 1970.
    pub expires: Option<u64>,
    /// Whose store it is in.
    pub owner: Owner,
    /// Its file.
    pub path: PathBuf,
}

impl TrustedKey {
    /// Reads a key file's content.
    ///
    /// # Errors
    /// Where it holds no Ed25519 public key, or a date that is none.
    pub fn read(path: &Path, owner: Owner, file: &[u8]) -> Result<Self, ConfigError> {
        let key = PublicKey::from_pem(file).map_err(|error| ConfigError::file(path, &error.to_string()))?;
        let (mut name, mut expires) = (String::new(), None);
        for (number, line) in String::from_utf8_lossy(file).lines().enumerate() {
            if line.starts_with("-----BEGIN") {
                break;
            }
            let Some((word, value)) = line.strip_prefix('#').and_then(|line| line.split_once(':')) else { continue };
            match word.trim() {
                "Name" => value.trim().clone_into(&mut name),
                "Expires" => {
                    let at = Position { line: number + 1, column: 1 };
                    let wrong = || ConfigError::at(path, at, "expected a date like `# Expires: 2027-01-31`");
                    expires = Some(calendar::date(value.trim()).ok_or_else(wrong)?);
                }
                _ => {}
            }
        }
        Ok(Self { key, name, expires, owner, path: path.to_owned() })
    }

    /// Whether it has expired at a time, in seconds since 1970.
    #[must_use]
    pub fn is_expired(&self, now: u64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// A key that nobody is to trust any more.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// The key.
    pub fingerprint: Fingerprint,
    /// Why; empty where the list does not say.
    pub reason: String,
    /// The list.
    pub path: PathBuf,
}

/// What the store says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is there.
    Trusted,
    /// It is there and has expired.
    Expired,
    /// It is not there.
    Unknown,
}

/// Name of the revocation list, beside `trusted-keys`.
pub const REVOKED: &str = "revoked-keys";

/// The directories of keys and revocations.
#[derive(Clone, Debug)]
pub struct TrustStore {
    directories: [ConfigDir; 2],
}

impl TrustStore {
    /// The machine's store and the user's.
    ///
    /// # Errors
    /// Where others than root may write to the machine's.
    pub fn find() -> Result<Self, ConfigError> {
        Ok(Self { directories: [ConfigDir::system()?, ConfigDir::user(base_dir::variable)] })
    }

    /// The directories, the machine's first.
    #[must_use]
    pub fn directories(&self) -> &[ConfigDir] {
        &self.directories
    }

    /// All keys, and the files that are none: those are not trusted, and nothing else is the worse for them.
    #[must_use]
    pub fn keys(&self) -> (Vec<TrustedKey>, Vec<ConfigError>) {
        let (mut keys, mut unusable) = (Vec::new(), Vec::new());
        for directory in &self.directories {
            for path in directory.keys.iter().flat_map(|path| key_files(path)) {
                match read_key(directory, &path) {
                    Ok(key) => keys.push(key),
                    Err(error) => unusable.push(error),
                }
            }
        }
        (keys, unusable)
    }

    /// All revoked keys.
    ///
    /// # Errors
    /// A list that cannot be read or understood: a key whose revocation is lost would be trusted.
    pub fn revocations(&self) -> Result<Vec<Revocation>, ConfigError> {
        let mut revoked = Vec::new();
        for directory in &self.directories {
            let Some(path) = directory.path.as_ref().map(|path| path.join(REVOKED)) else { continue };
            if let Some(bytes) = directory.read(&path)? {
                read_revocations(&path, &bytes, &mut revoked)?;
            }
        }
        Ok(revoked)
    }
}

impl TrustStore {
    /// The keys that are trusted at a time and not revoked, the revoked ones, and the files that hold no key.
    ///
    /// # Errors
    /// As [`TrustStore::revocations`].
    pub fn at(&self, now: u64) -> Result<Trusted, ConfigError> {
        let revoked = self.revocations()?;
        let (mut keys, unusable) = self.keys();
        keys.retain(|key| !key.is_expired(now));
        let mut trusted: Vec<Fingerprint> = keys.iter().map(|key| key.key.fingerprint()).collect();
        trusted.retain(|key| revoked.iter().all(|revoked| revoked.fingerprint != *key));
        Ok(Trusted { trusted, revoked, unusable })
    }
}

/// What the store says at a time.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// The keys that are trusted.
    pub trusted: Vec<Fingerprint>,
    /// The keys that are revoked; none of them is among the trusted.
    pub revoked: Vec<Revocation>,
    /// The files that hold no key.
    pub unusable: Vec<ConfigError>,
}

impl Trusted {
    /// Why a package is refused whose key is revoked.
    #[must_use]
    pub fn refusal(&self, report: &Report) -> Option<String> {
        let signer = report.signer.as_ref()?;
        let revoked = self.revoked.iter().find(|revoked| revoked.fingerprint.to_string() == signer.fingerprint)?;
        let because = if revoked.reason.is_empty() { String::new() } else { format!(" ({})", revoked.reason) };
        Some(format!("its key is revoked by {}{because}", revoked.path.display()))
    }
}

/// What `keys` say of `key`, in the best of their files; with `owner` only those of that store count.
#[must_use]
pub fn standing(keys: &[TrustedKey], key: &PublicKey, owner: Option<Owner>, now: u64) -> Standing {
    let same = |known: &&TrustedKey| known.key == *key && owner.is_none_or(|owner| known.owner == owner);
    let mut found = keys.iter().filter(same).peekable();
    if found.peek().is_none() {
        Standing::Unknown
    } else if found.any(|known| !known.is_expired(now)) {
        Standing::Trusted
    } else {
        Standing::Expired
    }
}

fn read_key(directory: &ConfigDir, path: &Path) -> Result<TrustedKey, ConfigError> {
    for place in path.parent().into_iter().chain([path]) {
        let facts = fs::metadata(place).map_err(|error| ConfigError::io(place, &error))?;
        let others = if directory.owner == Owner::System { 0o022 } else { 0o002 };
        if facts.mode() & others != 0 {
            return Err(ConfigError::file(place, "others may write to this, so anybody could add a key; chmod go-w"));
        }
    }
    let bytes = directory.read(path)?.ok_or_else(|| ConfigError::file(path, "the file has gone"))?;
    TrustedKey::read(path, directory.owner, &bytes)
}

/// The `*.pub` files of a directory, sorted.
fn key_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "pub")).collect();
    files.sort_unstable_by(|left, right| left.as_os_str().cmp(right.as_os_str()));
    files
}

/// One fingerprint per line, then a reason; `#` begins a comment.
fn read_revocations(path: &Path, bytes: &[u8], revoked: &mut Vec<Revocation>) -> Result<(), ConfigError> {
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (digits, reason) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let digits = digits.strip_prefix("sha256:").unwrap_or(digits).to_ascii_lowercase();
        let fingerprint = digits.parse().map_err(|_| {
            let at = Position { line: number + 1, column: 1 };
            ConfigError::at(path, at, "expected the 64 hexadecimal digits of a key's fingerprint")
        })?;
        revoked.push(Revocation { fingerprint, reason: reason.trim().to_owned(), path: path.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pspf_nostd::key::SigningKey;

    fn key(seed: &str) -> PublicKey {
        SigningKey::from_seed_text(seed).unwrap().public_key()
    }

    fn file(lines: &str) -> Result<TrustedKey, ConfigError> {
        let pem = key("a").to_pem();
        TrustedKey::read(Path::new("a.pub"), Owner::User, [lines, &pem].concat().as_bytes())
    }

    #[test]
    fn names_and_dates_stand_before_the_key() {
        let read = file("# Name: Build farm: 2\r\n#Expires: 2027-01-31\n").unwrap();
        assert_eq!((read.name.as_str(), read.expires), ("Build farm: 2", Some(1_801_353_600)));
        assert_eq!(file("").unwrap().name, "");
        let error = file("# Name: x\n# Expires: soon\n").unwrap_err();
        assert_eq!(error.at, Some(Position { line: 2, column: 1 }));
        let private = SigningKey::from_seed_text("a").unwrap().to_pem();
        assert!(TrustedKey::read(Path::new("a.pub"), Owner::User, private.as_bytes()).is_err());
    }

    #[test]
    fn the_best_file_of_the_right_store_counts() {
        let known = |owner, expires| TrustedKey { owner, expires, ..file("").unwrap() };
        let keys = [known(Owner::User, None), known(Owner::System, Some(100))];
        assert_eq!(standing(&keys, &key("a"), None, 100), Standing::Trusted);
        assert_eq!(standing(&keys, &key("a"), Some(Owner::System), 99), Standing::Trusted);
        assert_eq!(standing(&keys, &key("a"), Some(Owner::System), 100), Standing::Expired);
        assert_eq!(standing(&keys, &key("b"), None, 0), Standing::Unknown);
    }

    #[test]
    fn revocation_lists_are_read_whole_or_not_at_all() {
        let digits = key("a").fingerprint().to_string();
        let mut revoked = Vec::new();
        let text = format!("# lost\n\n sha256:{} stolen laptop\r\n{}", digits.to_uppercase(), key("b").fingerprint());
        read_revocations(Path::new("r"), text.as_bytes(), &mut revoked).unwrap();
        assert_eq!(revoked[0].fingerprint, key("a").fingerprint());
        assert_eq!((revoked[0].reason.as_str(), revoked.len()), ("stolen laptop", 2));
        let error = read_revocations(Path::new("r"), format!("\n{}", &digits[..63]).as_bytes(), &mut revoked);
        assert_eq!(error.unwrap_err().at, Some(Position { line: 2, column: 1 }));
    }
}
