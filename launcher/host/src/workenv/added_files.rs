//! Files that are brought into a directory from another one, where nothing is in their place yet.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder},
    io,
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, PermissionsExt},
    },
    path::Path,
};

use crate::files::{
    io_failure::IoFailure,
    open_file::{create_new, open},
};

/// Brings everything below `from` that is not there, but for the paths that are left out, directories with everything in them.
/// Whatever is there stays, links of the user included, and nothing goes through them. Files are the same ones in both directories
/// where the file system can.
///
/// # Errors
/// What could not be brought first; everything else is brought all the same.
pub fn add_missing(from: &Path, to: &Path, left_out: &dyn Fn(&[u8]) -> bool) -> Result<(), IoFailure> {
    let mut first = Ok(());
    add_directory(from, to, b"", left_out, &mut |failure| {
        if first.is_ok() {
            first = Err(failure);
        }
    });
    first
}

fn add_directory(
    from: &Path,
    to: &Path,
    below: &[u8],
    left_out: &dyn Fn(&[u8]) -> bool,
    failed: &mut dyn FnMut(IoFailure),
) {
    let place = OsStr::from_bytes(below);
    let directory = from.join(place);
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) => return failed(IoFailure::of("list", &directory)(error)),
    };
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return failed(IoFailure::of("list", &directory)(error)),
        };
        let name = entry.file_name();
        let path = if below.is_empty() { name.as_bytes().to_vec() } else { [below, b"/", name.as_bytes()].concat() };
        if left_out(&path) {
            continue;
        }
        let (source, target) = (from.join(OsStr::from_bytes(&path)), to.join(OsStr::from_bytes(&path)));
        let added = entry.file_type().map_err(IoFailure::of("look at", &source)).and_then(|kind| match kind.is_dir() {
            true => make_directory(&source, &target),
            false => add_file(&source, &target, kind.is_symlink()).map(|()| false),
        });
        match added {
            Ok(true) => add_directory(from, to, &path, left_out, failed),
            Ok(false) => {}
            Err(failure) => failed(failure),
        }
    }
}

/// Whether there is a directory at `target` now.
fn make_directory(source: &Path, target: &Path) -> Result<bool, IoFailure> {
    match DirBuilder::new().mode(0o700).create(target) {
        Ok(()) => {
            let mode = fs::metadata(source).map_err(IoFailure::of("look at", source))?.permissions();
            fs::set_permissions(target, mode).map_err(IoFailure::of("set the mode of", target))?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(target.symlink_metadata().is_ok_and(|found| found.is_dir()))
        }
        Err(error) => Err(IoFailure::of("create the directory", target)(error)),
    }
}

fn add_file(source: &Path, target: &Path, is_link: bool) -> Result<(), IoFailure> {
    match fs::hard_link(source, target) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => copy(source, target, is_link),
        _ => Ok(()),
    }
}

/// For file systems without hard links.
fn copy(source: &Path, target: &Path, is_link: bool) -> Result<(), IoFailure> {
    let copied = if is_link {
        fs::read_link(source).and_then(|link| std::os::unix::fs::symlink(link, target))
    } else {
        fs::metadata(source).and_then(|metadata| {
            let mode = metadata.permissions().mode() & 0o777;
            let mut file = create_new(target, mode)?;
            io::copy(&mut open(source)?, &mut file).map(drop)
        })
    };
    match copied {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(IoFailure::of("create", target)(error)),
        _ => Ok(()),
    }
}
