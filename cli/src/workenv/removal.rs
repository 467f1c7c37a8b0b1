//! Removing a tree that nobody uses: locked against starts that make it, moved out of the way, looked at once more, deleted.

use super::{State, Tree, Usage, usage, users};
use flavor_host::{
    files::lock::{Attempt, Lock, lock_directory, lock_file},
    tree_names::{LOCKS, leftover_name, leftover_of},
};
use std::{
    ffi::OsStr,
    fmt, fs, io,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// Why a tree stays.
#[derive(Debug)]
pub enum Refusal {
    /// These processes use it.
    Used(Vec<u32>),
    /// A start is making it.
    BeingMade,
    /// Programs and files of the user may name this stable prefix of it.
    Stable(PathBuf),
    /// The system refused.
    Io(PathBuf, io::Error),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Used(users) => {
                let users: Vec<String> = users.iter().map(ToString::to_string).collect();
                let plural = if users.len() == 1 { "" } else { "es" };
                write!(f, "it is in use by process{plural} {}", users.join(", "))
            }
            Self::BeingMade => f.write_str("a start is making it"),
            Self::Stable(link) => write!(
                f,
                "it is where the stable prefix {} leads; `flavor workenv remove` removes it all the same",
                link.display()
            ),
            Self::Io(path, error) => write!(f, "{}: {}", path.display(), flavor_manifest::io_text(error)),
        }
    }
}

/// Removes a tree with all that belongs to it, and says what that has freed.
///
/// # Errors
/// [`Refusal`]; then it is as it was, or, where the system refused to delete a file of it, half of it is left over.
pub fn remove(tree: &Tree) -> Result<Usage, Refusal> {
    let _locks = lock(tree)?;
    let mut freed = usage(&tree.path);
    refuse_users(&[&tree.path, &tree.asking()])?;
    if tree.state == State::Foreign {
        // First what makes the published launchers believe in the tree: the Rust one never starts again without its files.
        let records = foreign_records(tree);
        if fs::symlink_metadata(&records).is_ok() {
            let of_records = usage(&records);
            freed = Usage { files: freed.files + of_records.files, bytes: freed.bytes + of_records.bytes };
            remove_directory(&records).map_err(|error| Refusal::Io(records, error))?;
        }
    }
    let moved = match tree.state {
        State::Leftover => tree.path.clone(),
        _ => out_of_the_way(&tree.path),
    };
    if moved != tree.path {
        fs::rename(&tree.path, &moved).map_err(|error| Refusal::Io(tree.path.clone(), error))?;
        // A start between the two looks has found the tree whole, and gets it back.
        if let Err(refusal) = refuse_users(&[&tree.path, &tree.asking(), &moved])
            && fs::symlink_metadata(&tree.path).is_err()
            && fs::rename(&moved, &tree.path).is_ok()
        {
            return Err(refusal);
        }
    }
    remove_directory(&moved).map_err(|error| Refusal::Io(moved, error))?;
    Ok(freed)
}

fn refuse_users(paths: &[&Path]) -> Result<(), Refusal> {
    let users = users::of(paths);
    if users.is_empty() { Ok(()) } else { Err(Refusal::Used(users)) }
}

/// The lock of the content, as a start that makes it holds it, and of the directory.
fn lock(tree: &Tree) -> Result<Vec<Lock>, Refusal> {
    let mut locks = Vec::new();
    let mut keep = |attempt: io::Result<Attempt>| match attempt {
        Ok(Attempt::Held(lock)) => {
            locks.push(lock);
            Ok(())
        }
        Ok(Attempt::Busy) => Err(Refusal::BeingMade),
        Ok(Attempt::Unsupported) => Ok(()),
        Err(error) => Err(Refusal::Io(tree.path.clone(), error)),
    };
    match tree.state {
        State::Foreign if published_start(tree) => return Err(Refusal::BeingMade),
        State::Foreign => {}
        State::Complete | State::Incomplete | State::Leftover => {
            let name = leftover_of(tree.name.as_bytes()).unwrap_or(tree.name.as_bytes());
            let directory = tree.path.with_file_name(LOCKS);
            fs::create_dir_all(&directory).map_err(|error| Refusal::Io(directory.clone(), error))?;
            keep(lock_file(&directory.join(OsStr::from_bytes(name)), Duration::ZERO))?;
        }
    }
    keep(lock_directory(&tree.path))?;
    Ok(locks)
}

fn foreign_records(tree: &Tree) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(&tree.name);
    name.push(".pspf");
    tree.path.with_file_name(name)
}

/// Whether a published launcher is extracting: its lock is a file with its process in it.
fn published_start(tree: &Tree) -> bool {
    let lock = foreign_records(tree).join("instance/extract/lock");
    let holder = fs::read_to_string(lock).ok().and_then(|text| text.trim().parse::<u32>().ok());
    holder.is_some_and(|holder| Path::new("/proc").join(holder.to_string()).exists())
}

/// A name that every launcher takes for a leftover, should this process be killed.
fn out_of_the_way(path: &Path) -> PathBuf {
    path.with_file_name(leftover_name(path.file_name().unwrap_or_default()))
}

/// Removes a directory, also where programs have taken their own rights to directories in it away.
///
/// # Errors
/// Those of the second attempt.
pub fn remove_directory(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            give_back_rights(path);
            fs::remove_dir_all(path)
        }
        done => done,
    }
}

fn give_back_rights(directory: &Path) {
    let _ = fs::set_permissions(directory, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            give_back_rights(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_the_way_is_a_leftover_of_its_tree() {
        let moved = out_of_the_way(Path::new("/w/app-1.0-0123456789abcdef.slot2"));
        let name = moved.file_name().unwrap().as_bytes();
        assert_eq!(leftover_of(name), Some(b"app-1.0-0123456789abcdef.slot2".as_slice()));
    }
}
