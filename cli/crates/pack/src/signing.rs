//! Which key signs a package: seed, key files, environment, or one made for this package alone.

use crate::{argument_file::open_argument, error::PackError, key_files};
use flavor_manifest::{Diagnostic, security_settings::SecuritySettings};
use pspf_nostd::{key::SigningKey, offsets::length};
use std::{
    env,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// The options that name a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyOptions {
    /// `--key-seed` or `--key-seed-file`.
    pub seed: Option<String>,
    /// `--private-key`.
    pub private: Option<PathBuf>,
    /// `--public-key`.
    pub public: Option<PathBuf>,
    /// What the manifest says, which all of these and `FLAVOR_KEY_SEED` outweigh.
    pub manifest: SecuritySettings,
}

/// Longest seed, in bytes.
const SEED_MAX: u64 = 4096;

/// The seed of `--key-seed` or `--key-seed-file`. One line end after it is none of it: `echo` writes one.
///
/// # Errors
/// A file or standard input that cannot be read, or holds something else than one text.
pub(crate) fn stated_seed(text: Option<&str>, file: Option<&Path>) -> Result<Option<String>, PackError> {
    match (text, file) {
        (Some("-"), _) => read_seed(io::stdin().lock(), Path::new("standard input"), "--key-seed").map(Some),
        (Some(text), _) => Ok(Some(text.to_owned())),
        (None, Some(path)) => read_seed(open_argument(path, "a file with a seed")?, path, "--key-seed-file").map(Some),
        (None, None) => Ok(None),
    }
}

fn read_seed(source: impl io::Read, path: &Path, option: &str) -> Result<String, PackError> {
    let refused = |message: &str| Diagnostic::error("key.seed", message).file(path).field(option);
    let mut bytes = Vec::new();
    let read = source.take(SEED_MAX.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Diagnostic::io("key.seed", path, "read the seed", &error).field(option))?;
    if length(&bytes) > SEED_MAX {
        return Err(refused("the seed is too long").expected(format!("at most {SEED_MAX} bytes")).into());
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("the seed is not UTF-8"))?;
    let text = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
    if text.is_empty() {
        return Err(refused("the seed is empty").into());
    }
    Ok(text.to_owned())
}

/// A key and where it comes from.
#[derive(Debug)]
pub struct Signer {
    /// The key.
    pub key: SigningKey,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--key-seed` or `--key-seed-file`.
    Seed,
    /// `--private-key`.
    File,
    /// `FLAVOR_KEY_SEED`.
    Environment,
    /// `[tool.flavor.security]`.
    Manifest,
    /// Random, and forgotten when the package is written.
    Ephemeral,
}

impl Origin {
    /// For JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::File => "file",
            Self::Environment => "environment",
            Self::Manifest => "manifest",
            Self::Ephemeral => "ephemeral",
        }
    }

    /// For the summary.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Seed => "from --key-seed or --key-seed-file",
            Self::File => "from --private-key",
            Self::Environment => "from FLAVOR_KEY_SEED",
            Self::Manifest => "from [tool.flavor.security] or FLAVOR_SEED",
            Self::Ephemeral => "made for this package alone and forgotten; nobody can check later that it was you",
        }
    }
}

/// Chooses the key: `--key-seed`, then the key files, then `FLAVOR_KEY_SEED`, then a new one. Key files are checked even if a
/// seed outweighs them.
///
/// # Errors
/// Everything that is wrong with the options and files.
pub(crate) fn choose(options: &KeyOptions) -> Result<Signer, PackError> {
    let mut failures = Vec::new();
    let private = read(options.private.as_deref(), key_files::private_key, &mut failures);
    let public = read(options.public.as_deref(), key_files::public_key, &mut failures);
    if let Some(path) = &options.public {
        match (&private, public) {
            (Some(private), Some(public)) if private.public_key() != public => {
                let problem = Diagnostic::error("key.mismatch", "the public key does not belong to the private key");
                let expected = format!("fingerprint {}", private.public_key().fingerprint());
                let problem = problem.file(path).field("--public-key").expected(expected);
                failures.push(problem.found(public.fingerprint().to_string()).into());
            }
            _ if options.private.is_none() => {
                let problem = Diagnostic::error("key.public_alone", "a public key cannot sign");
                let hint = "give --private-key too; the public key is then checked against it";
                failures.push(PackError::usage(problem.file(path).field("--public-key").hint(hint)));
            }
            _ => {}
        }
    }
    if let Some(first) = failures.first() {
        let usage = first.is_usage();
        return Err(PackError::all(failures, usage));
    }
    let environment = env::var_os("FLAVOR_KEY_SEED").filter(|seed| !seed.is_empty());
    match (&options.seed, private, environment) {
        (Some(seed), ..) => seeded(seed, "--key-seed", Origin::Seed),
        (None, Some(key), _) => Ok(Signer { key, origin: Origin::File }),
        (None, None, Some(seed)) => match seed.into_string() {
            Ok(seed) => seeded(&seed, "FLAVOR_KEY_SEED", Origin::Environment),
            Err(_) => Err(Diagnostic::error("key.seed", "the seed is not UTF-8").field("FLAVOR_KEY_SEED").into()),
        },
        (None, None, None) => of_manifest(&options.manifest),
    }
}

/// The key of `[tool.flavor.security]`: the seed, then the file, as on the command line; without both a new one.
fn of_manifest(security: &SecuritySettings) -> Result<Signer, PackError> {
    let private = security.private_key.as_deref().map(key_files::private_key).transpose()?;
    let signer = match (&security.key_seed, private) {
        (Some(seed), _) => seeded(seed, "`tool.flavor.security.key_seed`", Origin::Manifest)?,
        (None, Some(key)) => Signer { key, origin: Origin::Manifest },
        (None, None) => key_files::random_key().map(|key| Signer { key, origin: Origin::Ephemeral })?,
    };
    if let (Some(path), Origin::Manifest) = (&security.public_key, signer.origin) {
        let (stated, own) = (key_files::public_key(path)?, signer.key.public_key());
        if stated != own {
            let problem = Diagnostic::error("key.mismatch", "the public key does not belong to the private key");
            let problem = problem.file(path).field("`tool.flavor.security.public_key_path`");
            let problem = problem.expected(format!("fingerprint {}", own.fingerprint()));
            return Err(problem.found(stated.fingerprint().to_string()).into());
        }
    }
    Ok(signer)
}

/// Refuses a key that the manifest does not allow.
///
/// # Errors
/// Where there are allowed signers, and this key is none of them.
pub(crate) fn check_allowed(signer: &Signer, security: &SecuritySettings) -> Result<(), Diagnostic> {
    let own = signer.key.public_key().fingerprint().to_string();
    if security.allowed_signers.is_empty() || security.allowed_signers.contains(&own) {
        return Ok(());
    }
    let problem = Diagnostic::error("key.not_allowed", "the manifest does not allow this key to sign");
    let problem = problem.field("`tool.flavor.security.allowed_signers`").expected(security.allowed_signers.join(", "));
    Err(problem.found(format!("{own} ({})", signer.origin.text())))
}

fn read<T>(
    path: Option<&Path>,
    read: impl FnOnce(&Path) -> Result<T, PackError>,
    failures: &mut Vec<PackError>,
) -> Option<T> {
    read(path?).map_err(|failure| failures.push(failure)).ok()
}

fn seeded(seed: &str, field: &str, origin: Origin) -> Result<Signer, PackError> {
    if seed.is_empty() {
        return Err(Diagnostic::error("key.seed", "the seed is empty").field(field).into());
    }
    let key = SigningKey::from_seed_text(seed)
        .map_err(|error| Diagnostic::error("key.seed", error.to_string()).field(field))?;
    Ok(Signer { key, origin })
}
