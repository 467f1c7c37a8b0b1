//! Disk and launchers.

use super::{Check, Outcome};
use crate::terminal::size;
use flavor_host::files::{
    base_dir::{self, BaseDir},
    safe_path::PathError,
};
use flavor_manifest::io_text;
use flavor_pack::{host_platform, launchers};
use flavor_python::cache_folder;
use std::{
    env,
    path::{Path, PathBuf},
};

/// With less, larger projects do not fit: an interpreter takes 100 MB unpacked, numpy and pandas 150 more, and all of it
/// is there two or three times while a package is made.
const FREE_WARNING: u64 = 1 << 30;
/// With less, nothing but the smallest does.
const FREE_FAILED: u64 = 128 << 20;

pub(super) fn examine() -> Vec<Check> {
    let mut checks =
        vec![folder("disk.here", &env::current_dir().unwrap_or_else(|_| PathBuf::from(".")), Outcome::Failed)];
    checks.push(folder("disk.temporary", &env::temp_dir(), Outcome::Failed));
    let cache = cache_folder::find(cache_folder::ENCODED);
    checks.push(match cache.as_deref().map(|part| part.parent().unwrap_or(part)) {
        // Without a cache everything works, and takes longer.
        Ok(cache) => folder("disk.cache", cache, Outcome::Warning),
        Err(why) => {
            let message = format!("there is no cache folder: {why}");
            Check::warning("disk.cache", message, "set HOME or XDG_CACHE_HOME to a folder of your own")
        }
    });
    checks.push(work_environments());
    checks.push(for_launchers());
    checks
}

/// Whether something can be written there, or where it will be made; and how much.
fn folder(name: &'static str, path: &Path, worst: Outcome) -> Check {
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let shown = path.display();
    if !there.is_dir() {
        let message = format!("{shown} cannot be made: {} is not a directory", there.display());
        return Check { name, result: worst, message, hint: Some("choose another folder".to_owned()) };
    }
    // The only answer that holds on every file system is that of an attempt.
    if let Err(error) = tempfile::Builder::new().prefix(".flavor-").tempfile_in(there) {
        let message = format!("{shown} cannot be written to: {}", io_text(&error));
        let hint = Some(format!("change the rights of {}, or choose another folder", there.display()));
        return Check { name, result: worst, message, hint };
    }
    let Ok(found) = rustix::fs::statvfs(there) else {
        return Check::ok(name, format!("{shown} can be written to"));
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let message = format!("{shown}: {} free", size(free));
    let hint = "`flavor clean` and `uv cache clean` free space";
    match free {
        ..FREE_FAILED => Check { name, result: worst, message, hint: Some(hint.to_owned()) },
        FREE_FAILED..FREE_WARNING => Check::warning(name, message, hint),
        _ => Check::ok(name, message),
    }
}

/// Where packages unpack, which packing needs for its tests only.
fn work_environments() -> Check {
    let name = "workenv";
    let hint = "set FLAVOR_CACHE_DIR to a folder of your own from which programs can be run";
    let places = match BaseDir::candidates(base_dir::variable) {
        Ok(places) => places,
        Err(error) => return Check::warning(name, error.to_string(), hint),
    };
    let usable = |base: &&BaseDir| {
        let refused = matches!(base.check(), Err(PathError::NotOurs(_)));
        let writable = folder(name, base.path(), Outcome::Failed).result != Outcome::Failed;
        !refused && writable && !base.is_noexec()
    };
    match places.iter().find(usable) {
        Some(base) => Check::ok(name, format!("packages unpack below {}", base.workenvs().display())),
        None => Check::warning(name, "packages have no place to unpack to on this machine", hint),
    }
}

fn for_launchers() -> Check {
    let name = "launchers";
    let known = launchers::all();
    let (system, processor) = host_platform();
    let ours = |known: &&launchers::Known| !known.is_published();
    let mut targets: Vec<String> = known.iter().filter(ours).map(launchers::Known::platform).collect();
    targets.sort();
    targets.dedup();
    if let Some(problem) = launchers::unusable_variable() {
        let file = problem.file.clone().unwrap_or_default();
        let message = format!("FLAVOR_LAUNCHER_BIN names {file}, which cannot be used: {}", problem.message);
        return Check::failed(name, &message, "set FLAVOR_LAUNCHER_BIN to the file of a launcher, or unset it");
    }
    let hint = "use the release build of flavor (`cargo xtask dist`), which carries one, or set FLAVOR_LAUNCHER_BIN";
    if targets.contains(&format!("{system}_{processor}")) {
        return Check::ok(name, format!("for {}", targets.join(", ")));
    }
    if targets.is_empty() {
        return Check::failed(name, "there is none to put in front of a package", hint);
    }
    let message = format!("for {}; none for this machine, {system}_{processor}", targets.join(", "));
    Check::warning(name, message, hint)
}
