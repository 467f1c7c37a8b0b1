//! Parts of a tree that are unpacked when something of them is first imported: which files they are, and the finder in the tree that
//! asks for them.
//!
//! A part has the paths that its files have in the whole tree, so a tree with all its parts unpacked over one root is an ordinary one,
//! and the finder is never asked.

use super::{
    distribution,
    file_error::{FileContext as _, FileError},
    normalize::record_path,
    provider::Runtime,
    tree_files,
};
use flavor_manifest::FilePatterns;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

/// The list of what continues a folder.
const LIST: &str = "_flavor_lazy.txt";

/// What of the standard library is rarely imported and costs a first start, by slot. Each is a whole package, whose data lies in it.
const OF_STANDARD_LIBRARY: [(&str, &[&str]); 3] = [
    ("python-tk", &["idlelib", "lib-dynload/_tkinter", "tkinter", "turtle", "turtledemo"]),
    ("python-rare", &["distutils", "ensurepip", "lib2to3", "pydoc_data"]),
    ("python-zones", &["tzdata"]),
];

/// The libraries that only the module of Tk needs.
pub(super) const TK_LIBRARIES: &str = "lib/tk";

/// The scripts of Tcl and Tk.
pub(super) const TCL_SCRIPTS: &str = "share/tcltk";

/// The slot with distributions that the manifest names.
const DEPENDENCIES: &str = "lazy-dependencies";

/// A part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LazyPart {
    /// The identifier of its slot.
    pub id: &'static str,
    /// Its files, relative to the tree, sorted by bytes.
    pub paths: Vec<PathBuf>,
}

impl LazyPart {
    /// Whether it is the same in every package with this interpreter.
    #[must_use]
    pub fn is_of_interpreter(&self) -> bool {
        self.id != DEPENDENCIES
    }
}

/// Takes the rarely imported parts out of the files of the interpreter, and writes the lists that name them.
pub(super) fn of_standard_library(runtime: &Runtime, paths: &mut Vec<PathBuf>) -> Result<Vec<LazyPart>, FileError> {
    let mut parts = Vec::new();
    for (id, names) in OF_STANDARD_LIBRARY {
        let is_in = |path: &Path| {
            let of_tk = id == "python-tk" && [TK_LIBRARIES, TCL_SCRIPTS].iter().any(|folder| path.starts_with(folder));
            let inside = path.strip_prefix(&runtime.stdlib).ok();
            let inside = inside.map(|path| module_path(path).unwrap_or_else(|| path.to_owned()));
            of_tk || inside.is_some_and(|inside| names.iter().any(|name| inside.starts_with(name)))
        };
        let (lazy, rest): (Vec<PathBuf>, Vec<PathBuf>) = paths.drain(..).partition(|path| is_in(path));
        *paths = rest;
        if !lazy.is_empty() {
            parts.push(LazyPart { id, paths: lazy });
        }
    }
    for folder in [runtime.stdlib.clone(), runtime.stdlib.join("lib-dynload")] {
        let lines: String = parts.iter().map(|part| listed(part.id, &part.paths, &folder)).collect();
        paths.extend(add_to_list(&runtime.root, &folder, &lines)?);
    }
    paths.sort_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
    Ok(parts)
}

/// Takes the modules of distributions out of the files of the application; gives them, and a sentence for each name that fits none.
pub(super) fn of_dependencies(
    runtime: &Runtime,
    names: &[String],
    paths: &mut Vec<PathBuf>,
) -> Result<(Option<LazyPart>, Vec<String>), FileError> {
    if names.is_empty() {
        return Ok((None, Vec::new()));
    }
    let mut wanted = Vec::new();
    for name in names {
        let mut pattern = FilePatterns::default();
        // A name that is no pattern fits nothing, and is said below.
        let _ = pattern.add(&distribution::normal_name(name));
        wanted.push((name, pattern, false));
    }
    let site = runtime.site_packages();
    let mut files = BTreeSet::new();
    for dist_info in distribution::dist_infos(&site)? {
        let folder = dist_info.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = distribution::normal_name(folder.split('-').next().unwrap_or_default());
        let mut fits = false;
        for (_, pattern, found) in &mut wanted {
            let matches = pattern.matches(Path::new(&name));
            *found |= matches;
            fits |= matches;
        }
        let record = dist_info.join("RECORD");
        if !fits || !record.is_file() {
            continue;
        }
        let text = fs::read_to_string(&record).on("read", &record)?;
        for line in text.lines() {
            let path = PathBuf::from(record_path(line).1);
            let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
            // Its metadata stays, and what the interpreter reads at each start.
            if is_inside && !path.starts_with(&folder) && path.extension().is_none_or(|name| name != "pth") {
                files.insert(path);
            }
        }
    }
    let is_in = |path: &Path| {
        let inside = path.strip_prefix(&runtime.site).ok();
        inside.is_some_and(|inside| {
            files.contains(inside) || source_of(inside).is_some_and(|source| files.contains(&source))
        })
    };
    let (lazy, rest): (Vec<PathBuf>, Vec<PathBuf>) = paths.drain(..).partition(|path| is_in(path));
    *paths = rest;
    let missing = wanted.iter().filter(|(_, _, found)| !found);
    let notices =
        missing.map(|(name, _, _)| format!("`lazy_dependencies`: no distribution {name:?} is installed")).collect();
    let part = (!lazy.is_empty()).then_some(LazyPart { id: DEPENDENCIES, paths: lazy });
    let lines: String = part.iter().map(|part| listed(part.id, &part.paths, &runtime.site)).collect();
    paths.extend(add_to_list(&runtime.root, &runtime.site, &lines)?);
    Ok((part, notices))
}

/// Adds lines to the list of what continues `folder` of the tree. Gives the list's path where it is new.
pub(super) fn add_to_list(root: &Path, folder: &Path, lines: &str) -> Result<Option<PathBuf>, FileError> {
    if lines.is_empty() {
        return Ok(None);
    }
    let list = folder.join(LIST);
    let path = root.join(&list);
    let is_new = !path.exists();
    let mut text = if is_new { String::new() } else { fs::read_to_string(&path).on("read", &path)? };
    text += lines;
    tree_files::write(&path, text.as_bytes())?;
    tree_files::set_mode(&path, false)?;
    Ok(is_new.then_some(list))
}

/// The lines of a list for a slot whose modules are below `at` in its tree.
pub(super) fn listed(id: &str, paths: &[PathBuf], at: &Path) -> String {
    let below: Vec<PathBuf> = paths.iter().filter_map(|path| module_path(path.strip_prefix(at).ok()?)).collect();
    let packages: BTreeSet<&Path> = below
        .iter()
        .filter(|path| path.file_name().is_some_and(|name| name == "__init__"))
        .filter_map(|path| path.parent())
        .collect();
    let mut modules = BTreeMap::new();
    for path in &below {
        let mut folders: Vec<&Path> =
            path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).collect();
        folders.reverse();
        let is_name = |path: &Path| path.iter().all(|part| part.to_str().is_some_and(is_identifier));
        match folders.iter().find(|folder| packages.contains(*folder)) {
            Some(package) if is_name(package) => drop(modules.insert(dotted(package), "package")),
            Some(_) => {}
            None if is_name(path) => {
                modules.insert(dotted(path), "module");
                modules.extend(folders.iter().map(|folder| (dotted(folder), "namespace")));
            }
            None => {}
        }
        let outer = folders.iter().take_while(|folder| !packages.contains(*folder));
        if folders.iter().any(|folder| packages.contains(folder)) {
            modules.extend(outer.map(|folder| (dotted(folder), "namespace")));
        }
    }
    modules.iter().map(|(name, kind)| format!("{id}\t{}\t{kind}\t{name}\n", at.display())).collect()
}

fn dotted(path: &Path) -> String {
    path.to_string_lossy().replace('/', ".")
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Where a module is, without its suffix and the folder of its bytecode; none for other files.
fn module_path(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let (stem, suffix) = name.split_once('.')?;
    let parent = path.parent()?;
    let cached = parent.file_name().is_some_and(|name| name == "__pycache__");
    let parent = if cached { parent.parent()? } else { parent };
    let is_module = ["py", "pyc", "so"].iter().any(|known| suffix == *known || suffix.ends_with(&format!(".{known}")));
    is_module.then(|| parent.join(stem))
}

/// The source of a file of bytecode.
fn source_of(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| folder.file_name().is_some_and(|name| name == "__pycache__"))?;
    let stem = path.file_name()?.to_str()?.split('.').next()?;
    Some(folder.parent()?.join(format!("{stem}.py")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(paths: &[&str]) -> Vec<String> {
        let mut paths: Vec<PathBuf> = paths.iter().map(|path| Path::new("site").join(path)).collect();
        paths.push(PathBuf::from("other/not.py"));
        listed("id", &paths, Path::new("site")).lines().map(|line| line.replace("id\tsite\t", "")).collect()
    }

    #[test]
    fn modules_packages_and_namespaces_are_told_apart() {
        assert_eq!(
            list(&["torch/__init__.py", "torch/nn/__init__.py", "torch/lib/libtorch.so", "torch/data.txt", "LICENSE"]),
            ["package\ttorch"]
        );
        assert_eq!(
            list(&[
                "six.py",
                "__pycache__/six.cpython-311.pyc",
                "_c.cpython-311-x86_64-linux-gnu.so",
                "old.pyc",
                "a-b.py"
            ]),
            ["module\t_c", "module\told", "module\tsix"]
        );
        assert_eq!(
            list(&["nvidia/cublas/__init__.py", "nvidia/cublas/lib/x.so", "google/a.py", "data/only.txt"]),
            ["namespace\tgoogle", "module\tgoogle.a", "namespace\tnvidia", "package\tnvidia.cublas"]
        );
    }
}
