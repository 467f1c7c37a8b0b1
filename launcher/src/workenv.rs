//! Work environments: a package's content, extracted once per user into a directory named for exactly that content.
//!
//! A tree is published by one rename and never changed afterwards. It counts only with its record,
//! `.pspf/complete`, which names the content in full:
//!
//! * without setup commands the record is made in the temporary sibling, and the rename publishes both;
//! * with setup commands, which write their own path into files, the tree is renamed without its record, set up in its
//!   final place, and the record is renamed into it last.
//!
//! Extraction holds the lock of the content's name; each temporary directory is locked as well, so that one whose lock
//! can be taken belongs to nobody and is removed.

use std::{
    ffi::OsString,
    fmt,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use pspf_nostd::verify::{Authenticated, Checked};

use crate::{
    base_dir::{BaseDir, BaseDirError, check_tree},
    environment::{self, Facts},
    extract::{self, ExtractError},
    extraction_root::{ExtractionRoot, RECORD_DIRECTORY},
    io_failure::IoFailure,
    lifecycle::Content,
    lock::{Attempt, Lock, lock_directory, lock_file},
    placeholders::Placeholders,
    setup::{self, SetupError},
};

/// How long an extraction by another process is waited for before this one makes a tree of its own.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same where setup commands run, which cannot be done twice at a time: installing may take minutes.
const SETUP_PATIENCE: Duration = Duration::from_secs(600);
/// Longest part of a package name, and of a version, in a directory's name: file systems stop at 255 bytes in all.
const NAME_MAX: usize = 64;
/// Digits of the content id in a directory's name; the record has all 64.
const ID_DIGITS: usize = 16;

/// Why there is no work environment.
#[derive(Debug)]
pub enum WorkenvError {
    /// The base directory cannot be used.
    Base(BaseDirError),
    /// The system refused.
    Io(IoFailure),
    /// The content cannot be extracted.
    Extract(ExtractError),
    /// The setup of the package failed.
    Setup(SetupError),
    /// Another process has been setting the same package up for too long.
    Busy {
        /// The lock that it holds.
        lock: PathBuf,
    },
}

impl fmt::Display for WorkenvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(error) => error.fmt(f),
            Self::Io(failure) => failure.fmt(f),
            Self::Extract(error) => error.fmt(f),
            Self::Setup(error) => error.fmt(f),
            Self::Busy { lock } => {
                let seconds = SETUP_PATIENCE.as_secs();
                write!(f, "another process holds {} for over {seconds} seconds", lock.display())
            }
        }
    }
}

impl std::error::Error for WorkenvError {}

impl From<IoFailure> for WorkenvError {
    fn from(failure: IoFailure) -> Self {
        Self::Io(failure)
    }
}

impl From<BaseDirError> for WorkenvError {
    fn from(error: BaseDirError) -> Self {
        Self::Base(error)
    }
}

impl From<ExtractError> for WorkenvError {
    fn from(error: ExtractError) -> Self {
        Self::Extract(error)
    }
}

impl From<SetupError> for WorkenvError {
    fn from(error: SetupError) -> Self {
        Self::Setup(error)
    }
}

/// The work environment of one package under one base directory.
#[derive(Debug)]
pub struct Workenv<'a> {
    base: &'a BaseDir,
    package: &'a Authenticated,
    content: Content<'a>,
    name: String,
    path: PathBuf,
}

impl<'a> Workenv<'a> {
    /// Names it; touches nothing.
    #[must_use]
    pub fn new(base: &'a BaseDir, package: &'a Authenticated, content: Content<'a>) -> Self {
        let metadata = package.metadata();
        let id = package.content_id().to_string();
        let id = id.get(..ID_DIGITS).unwrap_or_default();
        let name = format!("{}-{}-{id}{}", plain(&metadata.name), plain(&metadata.version), content.suffix());
        let path = base.workenvs().join(&name);
        Self { base, package, content, name, path }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its base directory.
    #[must_use]
    pub fn base(&self) -> &'a BaseDir {
        self.base
    }

    /// Whether it is complete and can be used as it is. Writes nothing.
    ///
    /// # Errors
    /// A `cache_validation` that leaves the work environment.
    pub fn is_valid(&self) -> Result<bool, WorkenvError> {
        let content_holds = !self.content.is_work_environment() || setup::cache_is_valid(&self.placeholders())?;
        Ok(content_holds
            && self.base.check().is_ok()
            && check_tree(&self.path).is_ok()
            && fs::read(self.path.join(RECORD_DIRECTORY).join("complete"))
                .is_ok_and(|found| found == self.record().as_bytes()))
    }

    /// Extracts the package, or waits for whoever is doing so. `reuse` false makes a new tree in any case.
    ///
    /// `check` is asked for the proof that the whole package is good once it is sure that it will be needed.
    ///
    /// # Errors
    /// [`WorkenvError`], or what `check` says; nothing of a failed extraction is left.
    pub fn create<E: From<WorkenvError>>(
        &self,
        file: &File,
        facts: &Facts<'_>,
        reuse: bool,
        check: impl FnOnce() -> Result<Checked, E>,
    ) -> Result<(), E> {
        self.base.create().map_err(WorkenvError::from)?;
        self.refuse_foreign()?;
        let _lock = self.lock()?;
        if reuse && self.is_valid()? {
            return Ok(());
        }
        self.remove_leftovers();
        let checked = check()?;
        Ok(self.extract(file, &checked, facts, reuse)?)
    }

    /// What is in the way and is not a directory of ours is not touched, but not used either.
    fn refuse_foreign(&self) -> Result<(), WorkenvError> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(IoFailure::of("look at", &self.path)(error).into()),
            Ok(_) => Ok(check_tree(&self.path)?),
        }
    }

    fn extract(&self, file: &File, package: &Checked, facts: &Facts<'_>, reuse: bool) -> Result<(), WorkenvError> {
        let has_setup = self.has_setup();
        let (mut root, _lock) = self.temporary_root()?;
        let temporary = root.path().to_owned();
        let published = self.fill(&mut root, file, package, has_setup).and_then(|()| self.publish(&temporary, reuse));
        if published.is_err() {
            remove_tree(&temporary);
        }
        published?;
        if has_setup { self.set_up(&root, package, facts) } else { Ok(()) }
    }

    /// A locked temporary directory. One that another process took for a leftover before it was locked is given up.
    fn temporary_root(&self) -> Result<(ExtractionRoot, Option<Lock>), WorkenvError> {
        loop {
            let path = self.temporary();
            let root = ExtractionRoot::create(&path)?;
            match lock_directory(&path) {
                Ok(Attempt::Held(lock)) if path.exists() => return Ok((root, Some(lock))),
                Ok(Attempt::Unsupported) => return Ok((root, None)),
                Ok(Attempt::Held(_) | Attempt::Busy) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(IoFailure::of("open", &path)(error).into()),
            }
        }
    }

    /// Fills the temporary directory, record included where no setup follows.
    fn fill(
        &self,
        root: &mut ExtractionRoot,
        file: &File,
        package: &Checked,
        has_setup: bool,
    ) -> Result<(), WorkenvError> {
        extract::add_slots(root, file, package, |slot| self.content.holds(slot))?;
        if self.content.is_work_environment() {
            setup::make_directories(&Placeholders { workenv: root.path(), metadata: package.metadata() })?;
        }
        let records = root.path().join(RECORD_DIRECTORY);
        DirBuilder::new().mode(0o700).create(&records).map_err(IoFailure::of("create the directory", &records))?;
        if !has_setup {
            self.write_record(&records, "complete")?;
        }
        Ok(())
    }

    /// Renames the temporary directory to its final name. A tree that stands there is moved away, unless it is valid: then
    /// another process came first without a lock, and its tree may be running.
    ///
    /// Not synced: a rename that is lost to a power cut costs another extraction, nothing else.
    fn publish(&self, temporary: &Path, reuse: bool) -> Result<(), WorkenvError> {
        for last in [false, true] {
            match fs::rename(temporary, &self.path) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && !last => {}
                outcome => return Ok(outcome.map_err(IoFailure::of("publish the work environment", &self.path))?),
            }
            if reuse && self.is_valid()? {
                remove_tree(temporary);
                return Ok(());
            }
            self.discard();
        }
        Ok(())
    }

    /// Moves the tree at the final place away in one step, then removes it.
    fn discard(&self) {
        let old = self.temporary();
        if fs::rename(&self.path, &old).is_ok() {
            remove_tree(&old);
        }
    }

    /// Runs the setup commands in the published, not yet valid tree and makes it valid.
    fn set_up(&self, root: &ExtractionRoot, package: &Checked, facts: &Facts<'_>) -> Result<(), WorkenvError> {
        let placeholders = self.placeholders();
        let environment = environment::for_setup(std::env::vars_os(), package.metadata(), facts);
        let done = setup::run(&placeholders, &environment).map_err(WorkenvError::from).and_then(|()| {
            root.remove(&self.path, |slot| self.content.is_for_setup_only(slot));
            let records = self.path.join(RECORD_DIRECTORY);
            self.write_record(&records, "complete.new")?;
            let (new, complete) = (records.join("complete.new"), records.join("complete"));
            fs::rename(&new, &complete).map_err(IoFailure::of("rename", &new))?;
            Ok(sync(&records)?)
        });
        if done.is_err() {
            self.discard();
        }
        done
    }

    fn has_setup(&self) -> bool {
        self.content.is_work_environment() && !self.package.metadata().setup_commands.is_empty()
    }

    /// What the record of a valid tree says: which content, in full, by which rules of extraction.
    fn record(&self) -> String {
        format!("pspf work environment 1\ncontent {}{}\n", self.package.content_id(), self.content.suffix())
    }

    fn write_record(&self, records: &Path, name: &str) -> Result<(), IoFailure> {
        let path = records.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(IoFailure::of("create", &path))?;
        file.write_all(self.record().as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(IoFailure::of("write", &path))?;
        sync(records)
    }

    fn placeholders(&self) -> Placeholders<'_> {
        Placeholders { workenv: &self.path, metadata: self.package.metadata() }
    }

    /// Takes the lock of this content. `None` means to go on without: publishing is one rename, so two trees made at the
    /// same time cost time only.
    fn lock(&self) -> Result<Option<Lock>, WorkenvError> {
        let directory = self.base.workenvs().join(".locks");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .map_err(IoFailure::of("create the directory", &directory))?;
        let has_setup = self.has_setup();
        let path = directory.join(&self.name);
        let patience = if has_setup { SETUP_PATIENCE } else { PATIENCE };
        match lock_file(&path, patience).map_err(IoFailure::of("lock", &path))? {
            Attempt::Held(lock) => Ok(Some(lock)),
            Attempt::Busy if has_setup => Err(WorkenvError::Busy { lock: path }),
            Attempt::Busy | Attempt::Unsupported => Ok(None),
        }
    }

    /// A fresh name beside the final one: same file system, never mistaken for a tree.
    fn temporary(&self) -> PathBuf {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
        self.base.workenvs().join(format!(".{}.{}.{now:x}.tmp", self.name, std::process::id()))
    }

    /// Removes the temporary directories of processes that are gone.
    fn remove_leftovers(&self) {
        let Ok(entries) = fs::read_dir(self.base.workenvs()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.as_bytes();
            if name.starts_with(b".") && name.ends_with(b".tmp") {
                let path = entry.path();
                if let Ok(Attempt::Held(_lock)) = lock_directory(&path) {
                    remove_tree(&path);
                }
            }
        }
    }
}

/// A name with nothing in it that a file system, a shell or a reader of logs could stumble over.
fn plain(text: &str) -> String {
    let mut plain: String = text
        .chars()
        .take(NAME_MAX)
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' })
        .collect();
    if plain.is_empty() {
        plain.push('_');
    } else if plain.starts_with('.') {
        plain.replace_range(..1, "_");
    }
    plain
}

fn sync(directory: &Path) -> Result<(), IoFailure> {
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(IoFailure::of("sync", directory))
}

/// Removes a tree that nobody uses; what is left of it if that fails is tried again at the next extraction.
fn remove_tree(path: &Path) {
    let _ = fs::remove_dir_all(path);
}

/// Whether the caller's `FLAVOR_WORKENV_CACHE` asks for a new tree (launcher.md §2.4).
#[must_use]
pub fn reuse_is_allowed(value: Option<&OsString>) -> bool {
    value.is_none_or(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for (text, expected) in [
            ("my-app_1.2", "my-app_1.2"),
            ("", "_"),
            ("..", "_."),
            (".hidden", "_hidden"),
            ("a/../b c", "a_.._b_c"),
            ("é\0\n", "___"),
        ] {
            assert_eq!(plain(text), expected);
        }
        assert_eq!(plain(&"x".repeat(300)).len(), NAME_MAX);
    }
}
