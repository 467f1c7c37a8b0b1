//! Takes out of the installed modules what no program needs: tests, and what the manifest names.

use super::{
    error::{FileContext as _, FileError},
    tree_files,
};
use flavor_manifest::FilePatterns;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use walkdir::WalkDir;

/// Names of folders that hold a package's tests.
const TEST_FOLDERS: [&str; 2] = ["test", "tests"];

/// Removes the files that match, and folders that become empty. Gives the number of files.
pub(super) fn patterns(site: &Path, patterns: &FilePatterns) -> Result<usize, FileError> {
    let mut removed = 0;
    if patterns.is_empty() {
        return Ok(removed);
    }
    for entry in WalkDir::new(site).min_depth(1).contents_first(true) {
        let entry = entry.on("list", site)?;
        let Ok(relative) = entry.path().strip_prefix(site) else { continue };
        if entry.file_type().is_dir() {
            // Only one that is empty goes.
            let _ = fs::remove_dir(entry.path());
        } else if patterns.matches(relative) {
            fs::remove_file(entry.path()).on("remove", entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Removes folders of tests inside of packages, but for those that a module outside of them imports. Gives those that went.
pub(super) fn tests(site: &Path) -> Result<Vec<PathBuf>, FileError> {
    let (mut folders, mut modules) = (Vec::new(), Vec::new());
    let mut walk = WalkDir::new(site).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.on("list", site)?;
        let name = entry.file_name().to_string_lossy();
        let Ok(relative) = entry.path().strip_prefix(site) else { continue };
        let inside_of_a_package = relative.parent().is_some_and(|parent| !parent.as_os_str().is_empty());
        if entry.file_type().is_dir() && inside_of_a_package && TEST_FOLDERS.contains(&&*name) {
            folders.push(relative.to_owned());
            walk.skip_current_dir();
        } else if entry.file_type().is_file() && name.ends_with(".py") {
            modules.push(relative.to_owned());
        }
    }
    if folders.is_empty() {
        return Ok(folders);
    }
    let mut imported = BTreeSet::new();
    for module in &modules {
        let path = site.join(module);
        let text = fs::read(&path).on("read", &path)?;
        note_imports(module, &String::from_utf8_lossy(&text), &folders, &mut imported);
    }
    folders.retain(|folder| !imported.contains(folder));
    for folder in &folders {
        tree_files::remove(&site.join(folder))?;
    }
    Ok(folders)
}

/// Notes the folders that lines such as `from numpy._core.tests import x` or `from . import tests` mean. Too many rather than too few.
fn note_imports(module: &Path, text: &str, folders: &[PathBuf], imported: &mut BTreeSet<PathBuf>) {
    for line in text.lines() {
        let line = line.trim_start();
        let is_import = line.starts_with("import ") || line.starts_with("from ") || line.contains("import_module(");
        if !is_import || !TEST_FOLDERS.iter().any(|name| line.contains(name)) {
            continue;
        }
        for folder in folders {
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
                imported.insert(folder.clone());
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

    fn site(files: &[(&str, &str)]) -> tempfile::TempDir {
        let temp = tempfile::tempdir().unwrap();
        for (path, text) in files {
            tree_files::write(&temp.path().join(path), text.as_bytes()).unwrap();
        }
        temp
    }

    #[test]
    fn imported_tests_stay() {
        let site = site(&[
            ("np/testing/utils.py", "def f():\n    from np._core.tests._natype import pd_NA\n"),
            ("np/_core/tests/_natype.py", ""),
            ("np/linalg/tests/test_a.py", "from np.linalg.tests import x"),
            ("rel/a.py", "from . import tests\n"),
            ("rel/tests/__init__.py", ""),
            ("abs/a.py", "import abs.test.support\n"),
            ("abs/test/support.py", ""),
            ("latest/tests/x.py", ""),
            ("tests/own.py", ""),
        ]);
        let removed = tests(site.path()).unwrap();
        assert_eq!(removed, ["latest/tests", "np/linalg/tests"].map(PathBuf::from));
        assert!(site.path().join("np/_core/tests/_natype.py").exists() && site.path().join("tests/own.py").exists());
        assert!(!site.path().join("np/linalg/tests").exists());
    }

    #[test]
    fn what_matches_goes_with_its_empty_folders() {
        let site = site(&[("a/docs/x.md", ""), ("a/b.py", ""), ("a/docs/deep/y.md", "")]);
        let mut named = FilePatterns::default();
        named.add("*/docs/*").unwrap();
        assert_eq!(patterns(site.path(), &named).unwrap(), 2);
        assert!(site.path().join("a/b.py").exists() && !site.path().join("a/docs").exists());
    }
}
