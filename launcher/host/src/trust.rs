//! The trust store: public keys that the machine's owner or the user has chosen to trust, and lists of revoked ones.
//!
//! Directories and files are those of the published tool (docs/policy.md): `trusted-keys/*.pub`, PEM, with a line `# Name: …`
//! before the block; the line `# Expires: 2027-01-31` and the file `revoked-keys` are ours.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use pspf_nostd::{
    key::{Fingerprint, PublicKey, RevokedKey, TrustedKeyFile, read_revoked},
    report::Report,
    verify::TrustedKeys,
};

use crate::{
    calendar,
    files::{
        base_dir,
        config_dir::{ConfigDir, ConfigError, Owner, Position, root_only},
    },
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
    /// Where it holds no Ed25519 public key, or a line around it is not understood ([`TrustedKeyFile`]).
    pub fn read(path: &Path, owner: Owner, file: &[u8]) -> Result<Self, ConfigError> {
        let read = TrustedKeyFile::read(file).map_err(|error| match error.place() {
            Some((line, why)) => ConfigError::at(path, Position { line, column: 1 }, why),
            None => ConfigError::file(path, &error.to_string()),
        })?;
        let TrustedKeyFile { key, name, expires } = read;
        let expires = expires.as_deref().and_then(calendar::date);
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
    /// Where others than root may write to the machine's, or others than the user to the user's.
    pub fn find() -> Result<Self, ConfigError> {
        Ok(Self { directories: [ConfigDir::system()?, ConfigDir::user(base_dir::variable).checked()?] })
    }

    /// The directories, the machine's first.
    #[must_use]
    pub fn directories(&self) -> &[ConfigDir] {
        &self.directories
    }

    /// All keys, and the files and directories that cannot be used: nothing in them is trusted, and nothing else is the worse
    /// for them.
    #[must_use]
    pub fn keys(&self) -> (Vec<TrustedKey>, Vec<ConfigError>) {
        let (mut keys, mut unusable) = (Vec::new(), Vec::new());
        for directory in &self.directories {
            let Some(folder) = &directory.keys else { continue };
            match key_files(folder) {
                Ok(files) => {
                    for read in files.iter().map(|path| read_key(directory, path)) {
                        read.map_or_else(|error| unusable.push(error), |key| keys.push(key));
                    }
                }
                Err(error) => unusable.push(error),
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
    /// The keys that are trusted at a time and not revoked, the revoked ones, and the files that cannot be used.
    ///
    /// # Errors
    /// As [`TrustStore::revocations`].
    pub fn at(&self, now: u64) -> Result<Trusted, ConfigError> {
        let revoked = self.revocations()?;
        let (keys, unusable) = self.keys();
        let valid = keys.iter().filter(|key| !key.is_expired(now));
        let mut trusted: Vec<Fingerprint> = valid.map(|key| key.key.fingerprint()).collect();
        trusted.retain(|key| revoked.iter().all(|revoked| revoked.fingerprint != *key));
        Ok(Trusted { keys, trusted, revoked, unusable })
    }
}

/// What the store says at a time.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// All keys of the store, expired and revoked ones as well.
    pub keys: Vec<TrustedKey>,
    /// The keys that are trusted.
    pub trusted: Vec<Fingerprint>,
    /// The keys that are revoked; none of them is among the trusted.
    pub revoked: Vec<Revocation>,
    /// The files that cannot be used.
    pub unusable: Vec<ConfigError>,
}

impl Trusted {
    /// What a verification is told of keys, beside those that are pinned for this call.
    #[must_use]
    pub fn for_verification(&self, pinned: Vec<Fingerprint>) -> TrustedKeys {
        let revoked = self.revoked.iter().map(|revoked| revoked.fingerprint).collect();
        TrustedKeys { pinned, store: self.trusted.clone(), revoked }
    }

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
    // Who can write to the directory could link any key file of the machine's into it. Those of the user are looked at from the root on.
    if let (Owner::System, Some(parent)) = (directory.owner, path.parent()) {
        root_only(parent, &fs::metadata(parent).map_err(|error| ConfigError::io(parent, &error))?)?;
    }
    let bytes = directory.read(path)?.ok_or_else(|| ConfigError::file(path, "the file has gone"))?;
    TrustedKey::read(path, directory.owner, &bytes)
}

/// The `*.pub` files of a directory, sorted; none where there is no such directory.
fn key_files(directory: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ConfigError::io(directory, &error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| ConfigError::io(directory, &error))?.path();
        if path.extension().is_some_and(|end| end == "pub") {
            files.push(path);
        }
    }
    files.sort_unstable_by(|left, right| left.as_os_str().cmp(right.as_os_str()));
    Ok(files)
}

fn read_revocations(path: &Path, bytes: &[u8], revoked: &mut Vec<Revocation>) -> Result<(), ConfigError> {
    let list = read_revoked(bytes)
        .map_err(|error| ConfigError::at(path, Position { line: error.line, column: 1 }, error.message))?;
    revoked.extend(list.into_iter().map(|RevokedKey { fingerprint, reason }| Revocation {
        fingerprint,
        reason,
        path: path.to_owned(),
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pspf_nostd::{
        key::SigningKey,
        report::Signer,
        verify::{Scope, verify_slice},
    };
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};

    fn key(seed: &str) -> PublicKey {
        SigningKey::from_seed_text(seed).unwrap().public_key()
    }

    fn file(lines: &str) -> Result<TrustedKey, ConfigError> {
        let pem = key("a").to_pem();
        TrustedKey::read(Path::new("a.pub"), Owner::User, [lines, &pem].concat().as_bytes())
    }

    #[test]
    fn names_and_dates_stand_before_the_key() {
        let read = file("# Name: Build farm: 2\r\n# Expires: 2027-01-31\n").unwrap();
        assert_eq!((read.name.as_str(), read.expires), ("Build farm: 2", Some(1_801_353_600)));
        assert_eq!(file("").unwrap().name, "");
        let error = file("# Name: x\n# expires: 2027-01-31\n").unwrap_err();
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

    /// A store of the user's in this folder, and none of the machine's.
    fn store(folder: &Path) -> TrustStore {
        let none = ConfigDir { owner: Owner::System, path: None, keys: None };
        let (path, keys) = (Some(folder.to_owned()), Some(folder.join("trusted-keys")));
        TrustStore { directories: [none, ConfigDir { owner: Owner::User, path, keys }] }
    }

    fn write(path: &Path, content: &str) {
        fs::write(path, content).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    }

    #[test]
    fn keys_are_trusted_until_they_end_or_are_revoked() {
        let folder = tempfile::tempdir().unwrap();
        let [kept, ended, revoked, stranger] = ["kept", "ended", "revoked", "stranger"].map(key);
        fs::DirBuilder::new().mode(0o755).create(folder.path().join("trusted-keys")).unwrap();
        for (name, lines, key) in [
            ("kept", "# Expires: 2027-01-31\n", kept),
            ("ended", "# Expires: 2027-01-30\n", ended),
            ("revoked", "", revoked),
            ("junk", "junk", stranger),
        ] {
            write(
                &folder.path().join("trusted-keys").join(name).with_extension("pub"),
                &[lines, &key.to_pem()].concat(),
            );
        }
        write(&folder.path().join(REVOKED), &format!("{} stolen\n", revoked.fingerprint()));
        let found = store(folder.path()).at(calendar::date("2027-01-30").unwrap()).unwrap();
        assert_eq!(found.trusted, [kept.fingerprint()]);
        assert_eq!((found.keys.len(), found.unusable.len()), (3, 1));

        let told = found.for_verification(vec![stranger.fingerprint()]);
        assert_eq!(told.pinned, [stranger.fingerprint()]);
        assert_eq!((told.store, told.revoked), (vec![kept.fingerprint()], vec![revoked.fingerprint()]));

        let refusal = |key: PublicKey| {
            let mut report = verify_slice(b"", Scope::Head, TrustedKeys::default()).report;
            let fingerprint = key.fingerprint().to_string();
            report.signer = Some(Signer { fingerprint, public_key: String::new(), signature_valid: true });
            found.refusal(&report)
        };
        assert_eq!(refusal(kept), None);
        let list = folder.path().join(REVOKED);
        assert_eq!(refusal(revoked), Some(format!("its key is revoked by {} (stolen)", list.display())));
    }

    #[test]
    fn a_store_that_cannot_be_read_is_said_and_one_that_is_missing_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let (keys, unusable) = store.keys();
        assert!(keys.is_empty() && unusable.is_empty());
        write(&folder.path().join("trusted-keys"), "");
        let (keys, unusable) = store.keys();
        assert_eq!((keys.len(), &unusable[0].path), (0, &folder.path().join("trusted-keys")));
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
