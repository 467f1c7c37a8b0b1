//! Finds shared libraries as the dynamic loader does (ld.so(8)).

use super::elf::{self, ElfFacts};
use crate::process;
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The C library's parts. They and the loader are the machine's: they must be of one build, and talk to its kernel and name services.
const C_LIBRARY: [&str; 13] = [
    "ld-linux",
    "ld-musl-",
    "ld64.so.",
    "libBrokenLocale.so.",
    "libanl.so.",
    "libc.musl-",
    "libc.so",
    "libdl.so.",
    "libm.so.",
    "libmvec.so.",
    "libpthread.so.",
    "libresolv.so.",
    "librt.so.",
];

/// Parts of the C library whose names are not told apart by a prefix.
const C_LIBRARY_NAMES: [&str; 3] = ["libutil.so.1", "libthread_db.so.1", "libnss_files.so.2"];

/// Libraries that belong to the machine's graphics and accelerator drivers: a copy from another machine does not work.
const DRIVERS: [&str; 12] = [
    "libEGL.so",
    "libGL.so",
    "libGLX.so",
    "libGLdispatch.so",
    "libGLESv2.so",
    "libOpenCL.so",
    "libOpenGL.so",
    "libcuda.so",
    "libdrm.so",
    "libnvcuvid.so",
    "libnvidia-",
    "libvulkan.so",
];

/// Listing the cache takes milliseconds.
const LDCONFIG_LIMIT: Duration = Duration::from_secs(10);

/// Whether the library is part of the C library, which every machine has.
pub(super) fn is_c_library(name: &str) -> bool {
    C_LIBRARY.iter().any(|prefix| name.starts_with(prefix)) || C_LIBRARY_NAMES.contains(&name)
}

/// Whether the library belongs to a driver of the machine.
pub(super) fn is_driver(name: &str) -> bool {
    DRIVERS.iter().any(|prefix| name.starts_with(prefix))
}

/// Where the loader looks.
#[derive(Clone, Debug)]
pub(super) struct LibrarySearch {
    machine: (u16, bool),
    /// Search path of the program, and folders of its installation.
    program: Vec<PathBuf>,
    environment: Vec<PathBuf>,
    cache: BTreeMap<String, Vec<PathBuf>>,
    defaults: Vec<PathBuf>,
}

impl LibrarySearch {
    /// For what is loaded into `program`, an interpreter that was read from the folder `origin` and is installed in `prefix`.
    pub(super) fn new(program: &ElfFacts, origin: &Path, prefix: &Path) -> Self {
        let mut folders = expand(program.rpath.iter().chain(&program.runpath), origin);
        folders.push(prefix.join("lib"));
        let environment = env::var_os("LD_LIBRARY_PATH")
            .map_or_else(Vec::new, |path| env::split_paths(&path).filter(|folder| folder.is_absolute()).collect());
        Self {
            machine: program.machine,
            program: folders,
            environment,
            cache: ldconfig_cache(),
            defaults: ["/lib64", "/usr/lib64", "/lib", "/usr/lib"].map(PathBuf::from).to_vec(),
        }
    }

    /// For an unpacked interpreter and nothing but these folders; none of this machine's libraries is found.
    pub(super) fn of_folders(program: &ElfFacts, folders: Vec<PathBuf>) -> Self {
        let (environment, cache, defaults) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { machine: program.machine, program: folders, environment, cache, defaults }
    }

    /// The file of the library `name` that `importer`, read from the folder `origin`, needs.
    pub(super) fn find(&self, name: &str, importer: &ElfFacts, origin: &Path) -> Option<PathBuf> {
        if name.contains('/') {
            return Some(PathBuf::from(name)).filter(|file| self.fits(file));
        }
        // DT_RPATH is looked at only where there is no DT_RUNPATH.
        let own = if importer.runpath.is_empty() { &importer.rpath } else { &importer.runpath };
        let folders = expand(own.iter(), origin).into_iter().chain(self.program.iter().cloned());
        let in_folders = folders.chain(self.environment.iter().cloned()).map(|folder| folder.join(name));
        let in_cache = self.cache.get(name).into_iter().flatten().cloned();
        let in_defaults = self.defaults.iter().map(|folder| folder.join(name));
        in_folders.chain(in_cache).chain(in_defaults).find(|file| self.fits(file))
    }

    /// The loader passes over files for another machine.
    fn fits(&self, file: &Path) -> bool {
        file.is_file()
            && fs::read(file).ok().and_then(|data| elf::read(&data)).is_some_and(|facts| facts.machine == self.machine)
    }
}

/// The folders of a search path, with `$ORIGIN` replaced. Folders with other variables, and relative ones, are passed over.
pub(super) fn expand<'a>(folders: impl Iterator<Item = &'a String>, origin: &Path) -> Vec<PathBuf> {
    folders
        .filter_map(|folder| {
            let rest = folder.strip_prefix("$ORIGIN").or_else(|| folder.strip_prefix("${ORIGIN}"));
            let path = rest.map_or_else(|| PathBuf::from(folder), |rest| origin.join(rest.trim_start_matches('/')));
            (path.is_absolute() && !folder.trim_start_matches("$ORIGIN").trim_start_matches("${ORIGIN}").contains('$'))
                .then_some(path)
        })
        .collect()
}

/// The loader's cache; empty where there is none.
fn ldconfig_cache() -> BTreeMap<String, Vec<PathBuf>> {
    for program in ["ldconfig", "/sbin/ldconfig", "/usr/sbin/ldconfig"] {
        let mut command = process::command(program);
        command.arg("-p").env("LC_ALL", "C");
        if let Ok(finished) = process::run(&mut command, b"", LDCONFIG_LIMIT) {
            return parse_cache(&String::from_utf8_lossy(&finished.stdout));
        }
    }
    BTreeMap::new()
}

/// Lines such as `libz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1`.
fn parse_cache(text: &str) -> BTreeMap<String, Vec<PathBuf>> {
    let mut cache: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for line in text.lines() {
        let Some((left, file)) = line.split_once(" => ") else { continue };
        let Some((name, flags)) = left.trim().split_once(' ') else { continue };
        // Variants for newer processors than the package may run on.
        if !flags.contains("hwcap") {
            cache.entry(name.to_owned()).or_default().push(PathBuf::from(file.trim()));
        }
    }
    cache
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_library_is_left_to_the_machine_and_its_neighbours_are_not() {
        for name in
            ["libc.so.6", "ld-linux-x86-64.so.2", "libm.so.6", "libresolv.so.2", "libpthread.so.0", "libutil.so.1"]
        {
            assert!(is_c_library(name), "{name}");
        }
        for name in ["libcrypt.so.1", "libcrypto.so.3", "libmount.so.1", "libstdc++.so.6", "libgcc_s.so.1", "libz.so.1"]
        {
            assert!(!is_c_library(name), "{name}");
        }
    }

    #[test]
    fn origin_is_expanded_and_other_variables_are_not_guessed() {
        let folders = ["$ORIGIN/../x", "${ORIGIN}", "/opt", "relative", "$LIB", "$ORIGIN/$LIB"].map(str::to_owned);
        let expanded = expand(folders.iter(), Path::new("/o"));
        assert_eq!(expanded, ["/o/../x", "/o/", "/opt"].map(PathBuf::from));
    }

    #[test]
    fn cache_lines_of_other_processors_are_passed_over() {
        let text = "2 libs found in cache\n\tliba.so.1 (libc6,x86-64, hwcap: \"x86-64-v3\") => /v3/liba.so.1\n\tliba.so.1 (libc6,x86-64) => /lib/liba.so.1\n";
        assert_eq!(parse_cache(text).get("liba.so.1").unwrap(), &[PathBuf::from("/lib/liba.so.1")]);
    }
}
