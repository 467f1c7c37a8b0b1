//! `flavor keygen`.

use crate::{
    arguments::Keygen,
    path_text,
    problem::{Exit, Failure},
    terminal::Console,
    text_file,
};
use flavor_manifest::Diagnostic;
use flavor_pack::key_files;
use serde::Serialize;
use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// File name of the private key, as the published tool has it.
pub const PRIVATE_NAME: &str = "flavor-private.key";
/// File name of the public key.
pub const PUBLIC_NAME: &str = "flavor-public.key";

#[derive(Serialize)]
struct Document {
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    private_key: PathBuf,
    #[serde(serialize_with = "path_text::one")]
    public_key: PathBuf,
    fingerprint: String,
}

/// Makes a key pair.
///
/// # Errors
/// Where a key file exists already and `--force` is not given, or cannot be written.
pub fn run(arguments: &Keygen, console: &mut Console) -> Result<Exit, Failure> {
    let (private, public) = (arguments.out_dir.join(PRIVATE_NAME), arguments.out_dir.join(PUBLIC_NAME));
    if !arguments.force {
        let existing = [&private, &public].into_iter().filter(|path| path.symlink_metadata().is_ok());
        let problems: Vec<Diagnostic> = existing.map(|path| exists(path)).collect();
        if !problems.is_empty() {
            return Err(problems.into());
        }
    }
    let key = key_files::random_key()?;
    make_directory(&arguments.out_dir)?;
    // Both are on the disk before either is in place: a key that is replaced is gone for good.
    let of_public = write(&public, key.public_key().to_pem().as_bytes(), 0o644)?;
    let of_private = write(&private, key.to_pem().as_bytes(), 0o600)?;
    put_in_place(of_public, &public, arguments.force)?;
    if let Err(failure) = put_in_place(of_private, &private, arguments.force) {
        if !arguments.force {
            // Half a pair would only be in the way of the next try.
            let _ = fs::remove_file(&public);
        }
        return Err(failure);
    }
    let fingerprint = key.public_key().fingerprint().to_string();
    if console.json() {
        console.document(&Document { ok: true, private_key: private, public_key: public, fingerprint });
    } else {
        console.say(&format!("private key  {}  (keep it secret)", private.display()));
        console.say(&format!("public key   {}", public.display()));
        console.say(&format!("fingerprint  {fingerprint}"));
    }
    Ok(Exit::Done)
}

fn exists(path: &Path) -> Diagnostic {
    Diagnostic::error("key.exists", "a key file is here already")
        .file(path)
        .hint("--force replaces it (packages signed with the old key stay signed by the old key), --out-dir chooses another place")
}

fn make_directory(directory: &Path) -> Result<(), Failure> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| Diagnostic::io("key.directory", directory, "make the directory for the keys", &error).into())
}

/// Writes a key beside its place.
fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<NamedTempFile, Failure> {
    text_file::check_replaceable(path, "key.write")?;
    let io_problem = |error: io::Error| Diagnostic::io("key.write", path, "write the key", &error);
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".flavor-key-")
        .permissions(fs::Permissions::from_mode(0o600))
        .make_in(directory, |path| fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path))
        .map_err(io_problem)?;
    file.write_all(bytes).map_err(io_problem)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode)).map_err(io_problem)?;
    file.as_file().sync_all().map_err(io_problem)?;
    Ok(file)
}

/// Makes it the key: a new one, or with `force` also instead of what is there; never through a symbolic link.
fn put_in_place(file: NamedTempFile, path: &Path, force: bool) -> Result<(), Failure> {
    let persisted = if force { file.persist(path) } else { file.persist_noclobber(path) };
    persisted.map(|_| ()).map_err(|error| {
        Failure::from(match error.error.kind() {
            io::ErrorKind::AlreadyExists => exists(path),
            _ => Diagnostic::io("key.write", path, "write the key", &error.error),
        })
    })
}
