//! Which processes use a tree. The launcher becomes the program and holds no lock then, so the kernel's list is asked (Linux).

use std::{
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt as _,
    path::{Path, PathBuf},
};

/// Variables by which the launcher tells a program its places.
const PLACES: [&[u8]; 2] = [b"FLAVOR_WORKENV", b"FLAVOR_SLOT_"];

/// Processes whose program, working directory or launcher's variables lie in one of the trees. Those of other users cannot
/// be looked at, and cannot use trees that are private to this one.
pub(super) fn of(trees: &[&Path]) -> Vec<u32> {
    // The kernel gives real paths, the variables those that the launcher was told.
    let real: Vec<PathBuf> = trees.iter().filter_map(|tree| fs::canonicalize(tree).ok()).collect();
    let inside =
        |path: &Path| trees.iter().any(|tree| path.starts_with(tree)) || real.iter().any(|tree| path.starts_with(tree));
    // A stable prefix is a link.
    let told_of = |path: &Path| inside(path) || fs::canonicalize(path).is_ok_and(|path| inside(&path));
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut found: Vec<u32> = processes
        .filter_map(|process| Some((process.file_name().to_str()?.parse().ok()?, process.path())))
        .filter(|(_, process)| {
            ["exe", "cwd"].iter().any(|link| fs::read_link(process.join(link)).is_ok_and(|path| inside(&path)))
                || fs::read(process.join("environ")).is_ok_and(|environ| told(&environ).any(told_of))
        })
        .map(|(id, _)| id)
        .collect();
    found.sort_unstable();
    found
}

fn told(environ: &[u8]) -> impl Iterator<Item = &Path> {
    environ.split(|byte| *byte == 0).filter_map(|variable| {
        let equals = variable.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (variable.get(..equals)?, variable.get(equals.checked_add(1)?..)?);
        PLACES.iter().any(|place| name.starts_with(place)).then(|| Path::new(OsStr::from_bytes(value)))
    })
}
