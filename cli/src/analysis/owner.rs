//! Whose a file is.

use super::Kind;
use flavor_attest::inventory::{self, Content, DistInfo, SlotInventory};
use std::collections::{BTreeMap, HashMap};

/// Who owns what: slots unpack over one tree, so the `RECORD` in one of them may name files of another.
pub(super) struct Owners<'a> {
    names: Vec<String>,
    /// Index into `names`, by path.
    recorded: HashMap<&'a str, usize>,
    /// Index into `names`, by topmost file or folder in a folder of modules; the distribution with most files there.
    topmost: BTreeMap<(&'a str, &'a str), usize>,
    sites: Vec<&'a str>,
}

impl<'a> Owners<'a> {
    pub(super) fn of(slots: &'a [SlotInventory]) -> Self {
        let all = slots.iter().flat_map(|slot| match &slot.content {
            Content::Archive { distributions, .. } => distributions.as_slice(),
            Content::File { .. } => &[],
        });
        let all: Vec<&DistInfo> = all.collect();
        let vendored = inventory::vendored(&all);
        let own: Vec<&DistInfo> = all.into_iter().filter(|found| !vendored.contains(&found.path())).collect();
        let (mut recorded, mut counts) = (HashMap::new(), BTreeMap::<(&str, &str), BTreeMap<usize, usize>>::new());
        for (number, found) in own.iter().enumerate() {
            for file in &found.files {
                recorded.entry(file.as_str()).or_insert(number);
                if let Some(top) = top_in(&found.site, file) {
                    *counts.entry((&found.site, top)).or_default().entry(number).or_default() += 1;
                }
            }
            // Without a RECORD at least its own folder is known.
            counts.entry((&found.site, &found.folder)).or_default().entry(number).or_default();
        }
        let most = |owners: BTreeMap<usize, usize>| owners.into_iter().max_by_key(|(_, count)| *count);
        let topmost = counts.into_iter().filter_map(|(top, owners)| Some((top, most(owners)?.0))).collect();
        let mut sites: Vec<&str> = own.iter().map(|found| found.site.as_str()).collect();
        sites.sort_unstable();
        sites.dedup();
        Self { names: own.iter().map(|found| name(found)).collect(), recorded, topmost, sites }
    }

    pub(super) fn owner(&self, path: &str) -> (Kind, String) {
        let source = source_of(path);
        let recorded = [Some(path), source.as_deref()].into_iter().flatten().find_map(|path| self.recorded.get(path));
        let topmost = || {
            let topmost = self.sites.iter().filter_map(|site| Some((*site, top_in(site, path)?)));
            topmost.filter_map(|top| self.topmost.get(&top)).next()
        };
        if let Some(name) = recorded.or_else(topmost).and_then(|number| self.names.get(*number)) {
            return (Kind::Distribution, name.clone());
        }
        let file = path.rsplit('/').next().unwrap_or(path);
        if file.starts_with("libpython") || (path.starts_with("bin/") && file.starts_with("python")) {
            (Kind::Interpreter, "Python interpreter".to_owned())
        } else if is_standard_library(path) && !self.sites.iter().any(|site| top_in(site, path).is_some()) {
            (Kind::StandardLibrary, "Python standard library".to_owned())
        } else if is_shared_library(path) {
            (Kind::SharedLibraries, "shared libraries".to_owned())
        } else {
            (Kind::Other, path.split('/').next().unwrap_or(path).to_owned())
        }
    }
}

fn name(found: &DistInfo) -> String {
    match found.name.as_str() {
        "" => found.folder.clone(),
        name => format!("{name} {}", found.version).trim_end().to_owned(),
    }
}

/// The topmost component of a path below a folder of modules; none for paths elsewhere.
fn top_in<'a>(site: &str, path: &'a str) -> Option<&'a str> {
    let rest = if site.is_empty() { path } else { path.strip_prefix(site)?.strip_prefix('/')? };
    rest.split('/').next()
}

/// `a/b.py` for `a/__pycache__/b.cpython-311.pyc`: what a `RECORD` may list instead.
fn source_of(path: &str) -> Option<String> {
    let (folder, file) = path.strip_suffix(".pyc")?.rsplit_once('/')?;
    let folder = folder.strip_suffix("__pycache__")?;
    Some(format!("{folder}{}.py", file.split('.').next().unwrap_or(file)))
}

/// Whether it is in `lib/pythonX.Y/`, or is the archive that holds the same.
fn is_standard_library(path: &str) -> bool {
    let mut parts = path.split('/');
    let lib = parts.any(|part| part == "lib" || part == "lib64");
    let is_version =
        |part: &str| part.strip_prefix("python").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    lib && parts.next().is_some_and(is_version)
}

/// By its name: `x.so`, `x.so.1.2`, `x.dylib`, `x.dll`, `x.pyd`.
pub(super) fn is_shared_library(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let numbers =
        |rest: &str| rest.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    let versioned = file.split_once(".so.").is_some_and(|(_, rest)| numbers(rest));
    versioned || [".so", ".dylib", ".dll", ".pyd"].iter().any(|suffix| file.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_tell_what_they_are() {
        for (path, is) in
            [("a/x.so", true), ("libz.so.1.3", true), ("x.so.txt", false), ("x.sock", false), ("a.pyd", true)]
        {
            assert_eq!(is_shared_library(path), is, "{path}");
        }
        assert_eq!(source_of("a/__pycache__/b.cpython-311.opt-1.pyc").as_deref(), Some("a/b.py"));
        assert_eq!(source_of("a/b.pyc"), None);
        for (path, is) in [
            ("lib/python3.11/os.pyc", true),
            ("lib/python311.zip", true),
            ("x/lib/python3.9/a", true),
            ("lib/pythonic", false),
        ] {
            assert_eq!(is_standard_library(path), is, "{path}");
        }
    }
}
