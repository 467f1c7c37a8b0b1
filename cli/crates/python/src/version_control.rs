//! The git repository of a project, given to the copy that is built: backends take the version from it, and leave out what it ignores.

use super::{
    file_error::{FileContext as _, FileError},
    process, tree_files,
};
use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use walkdir::WalkDir;

/// What of a repository a build does not read. Objects are read where they are.
const LEFT_OUT: [&str; 6] = ["hooks", "lfs", "logs", "modules", "objects", "worktrees"];

/// git reads the names of all files at most, and their content.
const GIT_LIMIT: Duration = Duration::from_secs(300);

/// Variables that name another repository; git sets them where it runs a hook.
const MISLEADING: [&str; 4] = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"];

/// A working copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WorkingCopy {
    /// Its folder.
    pub(super) root: PathBuf,
    /// Index and current commit.
    git_dir: PathBuf,
    /// Everything else; another folder for further work trees.
    common: PathBuf,
}

impl WorkingCopy {
    /// The one that `dir` is in. Submodules are parts of theirs: their folder is none.
    pub(super) fn around(dir: &Path) -> Option<Self> {
        dir.ancestors().find_map(|root| {
            let entry = root.join(".git");
            let git_dir = if entry.is_file() {
                let text = fs::read_to_string(&entry).ok()?;
                root.join(text.strip_prefix("gitdir:")?.trim())
            } else {
                entry
            };
            git_dir.join("HEAD").is_file().then_some(())?;
            let common = match fs::read_to_string(git_dir.join("commondir")) {
                Ok(path) => git_dir.join(path.trim()),
                Err(_) => git_dir.clone(),
            };
            Some(Self { root: root.to_owned(), common: fs::canonicalize(common).ok()?, git_dir })
        })
    }

    /// Makes `root` a working copy of the same commit, with an index of its own. Nothing is written to the original.
    ///
    /// `modules` says whether the repositories of submodules are wanted.
    pub(super) fn copy_to(&self, root: &Path, modules: bool) -> Result<(), FileError> {
        let target = root.join(".git");
        tree_files::create_dir(&target)?;
        let wanted =
            |name: &OsStr| !LEFT_OUT.iter().any(|left_out| name == *left_out) || (modules && name == "modules");
        let walk = WalkDir::new(&self.common).min_depth(1).into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() > 1 || wanted(entry.file_name())) {
            let entry = entry.on("list", &self.common)?;
            let Ok(relative) = entry.path().strip_prefix(&self.common) else { continue };
            let path = target.join(relative);
            if entry.file_type().is_dir() {
                tree_files::create_dir(&path)?;
            } else if entry.file_type().is_file() && !is_lock(entry.path()) {
                fs::copy(entry.path(), &path).on("copy", entry.path())?;
            }
        }
        for name in ["HEAD", "index"].into_iter().filter(|_| self.git_dir != self.common) {
            let from = self.git_dir.join(name);
            if from.is_file() {
                fs::copy(&from, target.join(name)).on("copy", &from)?;
            }
        }
        let objects = self.common.join("objects");
        let line = [objects.as_os_str().as_encoded_bytes(), b"\n"].concat();
        tree_files::write(&target.join("objects/info/alternates"), &line)?;
        // Of a submodule and of a bare repository with work trees.
        let _ = git(root, &["config", "--unset-all", "core.worktree"], b"");
        let _ = git(root, &["config", "core.bare", "false"], b"");
        Ok(())
    }
}

/// Has git take files that the copy leaves out for unchanged: their absence is no change to the version.
pub(super) fn accept_what_is_left_out(root: &Path) {
    // Without git no backend can read the repository either.
    if let Some(missing) = git(root, &["ls-files", "--deleted", "-z"], b"") {
        let _ = git(root, &["update-index", "-z", "--skip-worktree", "--stdin"], &missing);
        let _ = git(root, &["update-index", "-q", "--refresh"], b"");
    }
}

/// Does `change` to a file, and has git take it for unchanged if it was before.
pub(super) fn unnoticed<T>(file: &Path, change: impl FnOnce() -> T) -> T {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(OsStr::to_str)) else { return change() };
    let was_clean = git(folder, &["diff", "--quiet", "--", name], b"").is_some();
    let done = change();
    if was_clean {
        let _ = git(folder, &["update-index", "--assume-unchanged", "--", name], b"");
    }
    done
}

fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "lock")
}

/// What git prints; none where it fails or is not there.
fn git(folder: &Path, words: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut command = process::command("git");
    command.arg("-C").arg(folder).args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]).args(words);
    for name in MISLEADING {
        command.env_remove(name);
    }
    let finished = process::run(&mut command, input, GIT_LIMIT).ok()?;
    finished.success().then_some(finished.stdout)
}
