//! Removes files of dependencies that the manifest asks to leave out. The project's own files always stay: what they are called
//! says nothing about what uses them at run time.

use super::{
    distribution,
    file_error::{FileContext as _, FileError},
    normalize::record_path,
    tree_files,
};
use flavor_manifest::FilePatterns;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};
use walkdir::WalkDir;

/// Names of folders that hold a package's tests.
const TEST_FOLDERS: [&str; 2] = ["test", "tests"];

/// Names in one notice; the others are counted.
const NAMED: usize = 8;

/// The files of dependencies in the folder of installed modules.
pub(super) struct Dependencies<'a> {
    site: &'a Path,
    /// Relative to `site`, each with the distribution that it belongs to.
    files: BTreeMap<PathBuf, String>,
}

impl<'a> Dependencies<'a> {
    /// Everything in the records of distributions that were not installed from a folder (PEP 610).
    pub(super) fn of(site: &'a Path) -> Result<Self, FileError> {
        let mut files = BTreeMap::new();
        for dist_info in distribution::dist_infos(site)? {
            let record = dist_info.join("RECORD");
            if distribution::is_from_folder(&dist_info) || !record.is_file() {
                continue;
            }
            let name = dist_info.file_name().unwrap_or_default().to_string_lossy();
            let name = name.split('-').next().unwrap_or_default().to_owned();
            let text = fs::read_to_string(&record).on("read", &record)?;
            for line in text.lines() {
                let path = PathBuf::from(record_path(line).1);
                let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
                if is_inside && !path.starts_with(dist_info.file_name().unwrap_or_default()) {
                    files.insert(path, name.clone());
                }
            }
        }
        Ok(Self { site, files })
    }

    /// Removes the files that match; gives a sentence that says what went.
    pub(super) fn remove(&self, patterns: &FilePatterns) -> Result<String, FileError> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut folders = BTreeSet::new();
        for (path, distribution) in self.files.iter().filter(|(path, _)| patterns.matches(path)) {
            if self.remove_file(path, &mut folders)? {
                *counts.entry(distribution).or_default() += 1;
            }
        }
        self.remove_empty(&folders);
        if counts.is_empty() {
            return Ok("`exclude_from_deps` matches no file of a dependency".to_owned());
        }
        let counts = counts.iter().map(|(name, count)| format!("{name} ({count} files)"));
        Ok(format!("left out by `exclude_from_deps`: {}", listed(counts)))
    }

    /// Removes folders of tests inside of packages, but for those that a module outside of them imports; gives a sentence that says
    /// what went.
    pub(super) fn remove_tests(&self) -> Result<Option<String>, FileError> {
        let mut folders: BTreeSet<&Path> = self.files.keys().filter_map(|path| test_folder(path)).collect();
        let mut modules = Vec::new();
        for entry in WalkDir::new(self.site).min_depth(1).sort_by_file_name() {
            let entry = entry.on("list", self.site)?;
            let Ok(relative) = entry.path().strip_prefix(self.site) else { continue };
            let is_module = entry.file_type().is_file() && relative.extension().is_some_and(|name| name == "py");
            if is_module && test_folder(relative).is_none_or(|folder| !folders.contains(folder)) {
                modules.push(relative.to_owned());
            }
        }
        let mut imported = BTreeSet::new();
        if !folders.is_empty() {
            for module in &modules {
                let path = self.site.join(module);
                let text = fs::read(&path).on("read", &path)?;
                note_imports(module, &String::from_utf8_lossy(&text), &folders, &mut imported);
            }
        }
        folders.retain(|folder| !imported.contains(*folder));
        let mut removed: BTreeMap<&Path, usize> = BTreeMap::new();
        let mut parents = BTreeSet::new();
        for path in self.files.keys() {
            if let Some(folder) = test_folder(path).filter(|folder| folders.contains(folder))
                && self.remove_file(path, &mut parents)?
            {
                *removed.entry(folder).or_default() += 1;
            }
        }
        self.remove_empty(&parents);
        let removed = removed.iter().map(|(folder, count)| format!("{} ({count} files)", folder.display()));
        let sentence = listed(removed);
        Ok((!sentence.is_empty()).then(|| format!("left out by `trim`: {sentence}")))
    }

    fn remove_file(&self, path: &Path, folders: &mut BTreeSet<PathBuf>) -> Result<bool, FileError> {
        let file = self.site.join(path);
        if file.symlink_metadata().is_err() {
            return Ok(false);
        }
        tree_files::remove(&file)?;
        folders.extend(path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()).map(Path::to_owned));
        Ok(true)
    }

    /// Removes those of the folders that are empty now, the deepest first.
    fn remove_empty(&self, folders: &BTreeSet<PathBuf>) {
        for folder in folders.iter().rev() {
            let _ = fs::remove_dir(self.site.join(folder));
        }
    }
}

/// The names, of many only the first.
fn listed(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    names.join(", ") + &more
}

/// The outermost folder of tests that a file is in, inside of a package.
fn test_folder(path: &Path) -> Option<&Path> {
    let folders: Vec<&Path> = path.ancestors().skip(1).filter(|path| path.components().count() > 1).collect();
    folders.into_iter().rev().find(|path| TEST_FOLDERS.iter().any(|name| path.ends_with(name)))
}

/// Notes the folders that lines such as `from numpy._core.tests import x` or `from . import tests` mean. Too many rather than too few.
fn note_imports(module: &Path, text: &str, folders: &BTreeSet<&Path>, imported: &mut BTreeSet<PathBuf>) {
    for line in text.lines() {
        let line = line.trim_start();
        let is_import = line.starts_with("import ") || line.starts_with("from ") || line.contains("import_module(");
        if !is_import || !TEST_FOLDERS.iter().any(|name| line.contains(name)) {
            continue;
        }
        for &folder in folders {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let mut words = line.split(|character: char| !character.is_alphanumeric() && character != '_');
            if !words.any(|word| word == name) {
                continue;
            }
            let dotted = folder.to_string_lossy().replace('/', ".");
            let parent = folder.parent().unwrap_or(Path::new(""));
            let relative = line.starts_with("from .") || line.contains("(\".");
            let from_parent =
                dotted.rsplit_once('.').is_some_and(|(parent, _)| line.starts_with(&format!("from {parent} import")));
            if line.contains(&dotted) || from_parent || (relative && module.starts_with(parent_package(parent))) {
                imported.insert(folder.to_owned());
            }
        }
    }
}

/// A relative import reaches anything in its own top-level package.
fn parent_package(folder: &Path) -> &Path {
    folder.ancestors().filter(|path| !path.as_os_str().is_empty()).last().unwrap_or(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of installed modules: `own` from a folder, `dep` from an index.
    fn site(own: &[(&str, &str)], dep: &[(&str, &str)]) -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        for (name, files, origin) in [
            ("own", own, r#"{"url": "file:///x", "dir_info": {}}"#),
            ("dep", dep, r#"{"url": "file:///x.whl", "archive_info": {}}"#),
        ] {
            let info = format!("{name}-1.0.dist-info");
            let write = |path: &str, text: &str| tree_files::write(&temp.path().join(path), text.as_bytes()).unwrap();
            let record: String = files.iter().map(|(path, _)| format!("{path},,\n")).collect();
            files.iter().for_each(|(path, text)| write(path, text));
            write(
                &format!("{info}/RECORD"),
                &format!("{record}{info}/RECORD,,\n{info}/tests/x,,\n../../bin/tests/x,,\n"),
            );
            write(&format!("{info}/direct_url.json"), origin);
        }
        temp
    }

    #[test]
    fn folders_of_tests_of_dependencies_go_unless_they_are_imported() {
        let dep = [
            ("np/linalg/tests/test_a.py", "from np.linalg.tests import x"),
            ("np/_core/tests/_natype.py", ""),
            ("np/testing.py", "from np._core.tests._natype import x\n"),
            ("rel/a.py", "from . import tests\n"),
            ("rel/tests/__init__.py", ""),
            ("abs/a.py", "import abs.test.support\n"),
            ("abs/test/support.py", ""),
            ("latest/tests/x.py", ""),
            ("latest/tests/data/y.txt", ""),
            ("tests/own.py", ""),
        ];
        let own = [("app/test/__init__.py", ""), ("app/commands/tests/run.py", ""), ("latest/tests/mine.txt", "")];
        let site = site(&own, &dep);
        let said = Dependencies::of(site.path()).unwrap().remove_tests().unwrap().unwrap();
        assert_eq!(said, "left out by `trim`: latest/tests (2 files), np/linalg/tests (1 files)");
        let gone = ["np/linalg/tests/test_a.py", "latest/tests/x.py", "latest/tests/data/y.txt"];
        for (path, _) in dep.iter().chain(&own) {
            assert_eq!(site.path().join(path).exists(), !gone.contains(path), "{path}");
        }
        assert!(!site.path().join("np/linalg").exists() && !site.path().join("latest/tests/data").exists());
        assert_eq!(Dependencies::of(site.path()).unwrap().remove_tests().unwrap(), None);
    }

    #[test]
    fn what_matches_goes_with_its_empty_folders_but_nothing_of_the_project() {
        let own = [("app/docs/x.md", ""), ("app/docs/__init__.py", "")];
        let site = site(&own, &[("a/docs/x.md", ""), ("a/b.py", ""), ("a/docs/deep/y.md", "")]);
        let mut named = FilePatterns::default();
        named.add("*/docs/*").unwrap();
        let dependencies = Dependencies::of(site.path()).unwrap();
        assert_eq!(dependencies.remove(&named).unwrap(), "left out by `exclude_from_deps`: dep (2 files)");
        assert!(site.path().join("a/b.py").exists() && !site.path().join("a/docs").exists());
        assert!(own.iter().all(|(path, _)| site.path().join(path).exists()));
        assert!(dependencies.remove(&named).unwrap().contains("matches no file"));
    }
}
