//! Work environments: a package's content, extracted once per user into a directory named for exactly that content.
//!
//! A tree is published by one rename and never changed afterwards. It counts only with its record,
//! `.pspf/complete`, which names the content in full and seals the list of what the tree holds, `.pspf/tree`:
//!
//! * without setup commands the record is made in the temporary sibling, and the rename publishes both;
//! * with setup commands, which write their own path into files, the tree is renamed without its record, set up in its
//!   final place, and the record is renamed into it last.
//!
//! Extraction holds the lock of the content's name, or where that cannot be had, a lock on its own temporary directory: one
//! of which both locks can be taken belongs to nobody and is removed.
//!
//! Files are not synced: a first start would wait for the disk. The record names the boot it was made in, and the first
//! start after another boot looks whether anything is missing or shorter than it was, which is what a power cut leaves of files
//! that were not on the disk yet. If nothing is, the record says so from then on.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::{ffi::OsStrExt, fs::DirBuilderExt},
    path::{Path, PathBuf},
    time::Duration,
};

use pspf_nostd::{
    digest::{Sha256Digest, sha256},
    verify::{Authenticated, Checked, Outcome, Verification},
};

use crate::{
    base_dir::{BaseDir, check_tree, create_private},
    command,
    completion::{Completion, boot_id},
    directory::{exchange, remove_tree, sync},
    driver::verify_rest,
    environment::{self, Facts},
    extraction_root::{ExtractionRoot, RECORD_DIRECTORY},
    io_failure::IoFailure,
    lifecycle::Content,
    lock::{Attempt, Lock, lock_directory, lock_file},
    one_pass,
    open_file::create_new,
    placeholders::Placeholders,
    safe_path::PathError,
    setup,
    tree_names::{COMPLETE, ID_DIGITS, LOCKS, TREE, leftover_name, leftover_of, plain},
    tree_record::{Audit, Damage, Entry, Kind, TreeRecord},
    umask::OwnUmask,
    workenv_error::WorkenvError,
};

/// How long an extraction by another process is waited for before this one makes a tree of its own.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same where setup commands run, which cannot be done twice at a time: installing may take minutes.
pub const SETUP_PATIENCE: Duration = Duration::from_secs(600);

/// The work environment of one package under one base directory.
#[derive(Debug)]
pub struct Workenv<'a> {
    base: &'a BaseDir,
    package: &'a Authenticated,
    content: Content<'a>,
    name: String,
    /// What the paths of all trees of the package begin with.
    tree: PathBuf,
    path: PathBuf,
}

impl<'a> Workenv<'a> {
    /// Names it; touches nothing.
    #[must_use]
    pub fn new(base: &'a BaseDir, package: &'a Authenticated, content: Content<'a>) -> Self {
        let metadata = package.metadata();
        let id = package.content_id().to_string();
        let id = id.get(..ID_DIGITS).unwrap_or_default();
        let tree = format!("{}-{}-{id}", plain(&metadata.name), plain(&metadata.version));
        let name = [tree.as_str(), &content.suffix()].concat();
        let path = base.workenvs().join(&name);
        Self { base, package, content, name, tree: base.workenvs().join(tree), path }
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

    /// Whether it is complete and can be used as it is: ours, of this content, its program untouched, and nothing of it lost
    /// in a power cut. Writes nothing but, once, that the latter is settled.
    ///
    /// # Errors
    /// A `cache_validation` that leaves the work environment.
    pub fn is_valid(&self) -> Result<bool, WorkenvError> {
        let content_holds = !self.content.is_work_environment() || setup::cache_is_valid(&self.placeholders())?;
        if !content_holds || self.base.check().is_err() || check_tree(&self.path).is_err() {
            return Ok(false);
        }
        let Some(completion) = self.completion() else { return Ok(false) };
        let program_holds = completion.program.as_ref().is_none_or(|(path, entry)| {
            fs::metadata(self.path.join(OsStr::from_bytes(path))).is_ok_and(|found| entry.looks_like(&found))
        });
        Ok(program_holds && self.is_settled(completion))
    }

    /// Compares the tree with what was published, entry by entry. Empty where nothing is damaged; else
    /// [`Self::create`] with `reuse` false makes a new tree and puts it in this one's place.
    ///
    /// # Errors
    /// None so far: what cannot be read is damage.
    pub fn audit(&self, audit: Audit) -> Result<Vec<Damage>, WorkenvError> {
        let tree = match self.completion().and_then(|completion| completion.tree_record(&self.path)) {
            Some(tree) => tree,
            None => {
                let path = Path::new(RECORD_DIRECTORY).join(TREE);
                return Ok(vec![Damage { path, what: "is missing or damaged" }]);
            }
        };
        Ok(tree.audit(&self.path, audit))
    }

    fn completion(&self) -> Option<Completion> {
        let completion = Completion::read(&self.record_path(COMPLETE))?;
        (completion.content == self.content_name()).then_some(completion)
    }

    /// Whether no power cut can have taken anything; looks after the first boot since the extraction.
    fn is_settled(&self, completion: Completion) -> bool {
        if completion.boot.is_none() || completion.boot == boot_id() {
            return true;
        }
        let Some(tree) = completion.tree_record(&self.path) else { return false };
        if !tree.audit(&self.path, Audit::Lost).is_empty() {
            return false;
        }
        // If this cannot be written, the next start looks again.
        let settled = Completion { boot: None, ..completion };
        let new = self.record_path(&format!("{COMPLETE}.{}", std::process::id()));
        if write_file(&new, &settled.to_bytes()).is_ok() {
            let _ = fs::rename(&new, self.record_path(COMPLETE));
        }
        true
    }

    /// Extracts the package, or waits for whoever is doing so. `reuse` false makes a new tree in any case.
    ///
    /// The package is read once, while it is extracted: `begin` starts its verification once it is sure that it will be
    /// needed, and nothing is published before `accept` has made a proof of its outcome.
    ///
    /// # Errors
    /// [`WorkenvError`], or what `begin` and `accept` say; nothing of a failed extraction is left.
    pub fn create<E: From<WorkenvError>>(
        &self,
        file: &File,
        facts: &Facts<'_>,
        reuse: bool,
        begin: impl FnOnce() -> Result<Verification, E>,
        accept: impl FnOnce(Outcome) -> Result<Checked, E>,
    ) -> Result<(), E> {
        let umask = OwnUmask::set();
        self.base.create().map_err(WorkenvError::from)?;
        self.refuse_foreign()?;
        let lock = self.lock()?;
        if reuse && self.is_valid()? {
            return Ok(());
        }
        self.remove_leftovers(lock.is_some());
        let verification = begin()?;
        let (mut root, _lock) = self.temporary_root(lock.is_some())?;
        let temporary = root.path().to_owned();
        let published = self.fill(&mut root, file, verification, accept).and_then(|package| {
            self.publish(&temporary, &package, reuse)?;
            Ok(package)
        });
        if published.is_err() {
            remove_tree(&temporary);
        }
        let package = published?;
        drop(umask);
        if self.has_setup() { Ok(self.set_up(&root, facts, &package)?) } else { Ok(()) }
    }

    /// What is in the way and is not a directory of ours is not touched, but not used either.
    fn refuse_foreign(&self) -> Result<(), WorkenvError> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(IoFailure::of("look at", &self.path)(error).into()),
            Ok(_) => Ok(check_tree(&self.path)?),
        }
    }

    /// A temporary directory, with a lock of its own unless the content's lock protects it. One that another process took for a
    /// leftover before it was locked is given up.
    fn temporary_root(&self, protected: bool) -> Result<(ExtractionRoot, Option<Lock>), WorkenvError> {
        loop {
            let path = self.temporary();
            let root = ExtractionRoot::create(&path).map_err(PathError::from)?;
            if protected {
                return Ok((root, None));
            }
            match lock_directory(&path) {
                Ok(Attempt::Held(lock)) if path.exists() => return Ok((root, Some(lock))),
                Ok(Attempt::Unsupported) => return Ok((root, None)),
                Ok(Attempt::Held(_) | Attempt::Busy) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(IoFailure::of("open", &path)(error).into()),
            }
        }
    }

    /// Fills the temporary directory, records included where no setup follows.
    fn fill<E: From<WorkenvError>>(
        &self,
        root: &mut ExtractionRoot,
        file: &File,
        mut verification: Verification,
        accept: impl FnOnce(Outcome) -> Result<Checked, E>,
    ) -> Result<Checked, E> {
        let extracted = one_pass::extract(root, file, self.package, &mut verification, |slot| self.content.holds(slot));
        if let Err(error) = extracted {
            // What was made wrongly and what was changed later looks the same to a decoder. The signature tells them apart.
            if !error.is_of_the_system() && verify_rest(file, &mut verification).is_ok() {
                let _: Checked = accept(verification.finish())?;
            }
            return Err(WorkenvError::from(error).into());
        }
        let package = accept(verification.finish())?;
        self.complete(root, &package)?;
        Ok(package)
    }

    fn complete(&self, root: &ExtractionRoot, package: &Checked) -> Result<(), WorkenvError> {
        if self.content.is_work_environment() {
            setup::make_directories(&self.placeholders().at(root.path()))?;
        }
        let records = root.path().join(RECORD_DIRECTORY);
        DirBuilder::new().mode(0o700).create(&records).map_err(IoFailure::of("create the directory", &records))?;
        if self.has_setup() {
            return Ok(());
        }
        Ok(self.write_records(root.path(), &root.record()?, package)?)
    }

    /// Renames the temporary directory to its final name. A tree that stands there changes places with it, unless it is valid:
    /// then another process came first without a lock, and its tree may be running.
    ///
    /// Not synced: a rename that is lost to a power cut costs another extraction, nothing else.
    fn publish(&self, temporary: &Path, _proof: &Checked, reuse: bool) -> Result<(), WorkenvError> {
        for last in [false, true] {
            match fs::rename(temporary, &self.path) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && !last => {}
                outcome => return Ok(outcome.map_err(IoFailure::of("publish the work environment", &self.path))?),
            }
            if reuse && self.is_valid()? {
                remove_tree(temporary);
                return Ok(());
            }
            if exchange(temporary, &self.path) {
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
    fn set_up(&self, root: &ExtractionRoot, facts: &Facts<'_>, package: &Checked) -> Result<(), WorkenvError> {
        let placeholders = self.placeholders();
        let environment = environment::for_setup(std::env::vars_os(), &placeholders, facts);
        let done = setup::run(&placeholders, &environment).map_err(WorkenvError::from).and_then(|()| {
            root.remove(&self.path, |slot| self.content.is_for_setup_only(slot));
            // What setup commands made or changed is part of the tree.
            let tree = TreeRecord::of_tree(&self.path, RECORD_DIRECTORY)?;
            Ok(self.write_records(&self.path, &tree, package)?)
        });
        if done.is_err() {
            self.discard();
        }
        done
    }

    fn has_setup(&self) -> bool {
        self.content.is_work_environment() && !self.package.metadata().setup_commands.is_empty()
    }

    /// Makes a filled tree valid, wherever it stands.
    fn write_records(&self, root: &Path, tree: &TreeRecord, _proof: &Checked) -> Result<(), IoFailure> {
        let bytes = tree.to_bytes();
        let records = root.join(RECORD_DIRECTORY);
        let (list, new, complete) = (records.join(TREE), records.join("complete.new"), records.join(COMPLETE));
        write_file(&list, &bytes).map_err(IoFailure::of("write", &list))?;
        // Programs go on writing to what a setup has made, so that later nobody could tell what a power cut took.
        let boot = if self.has_setup() { None } else { boot_id() };
        if boot.is_none() {
            sync(root)?;
        }
        let tree = (u64::try_from(bytes.len()).unwrap_or(u64::MAX), sha256(&bytes));
        let record = Completion { content: self.content_name(), tree, boot, program: self.program(root) };
        write_file(&new, &record.to_bytes()).map_err(IoFailure::of("write", &new))?;
        fs::rename(&new, &complete).map_err(IoFailure::of("rename", &new))
    }

    /// The program that will be run, where it is one of the package's files, by its path in the tree at `root`.
    fn program(&self, root: &Path) -> Option<(Vec<u8>, Entry)> {
        let metadata = self.package.metadata();
        let placeholders = self.placeholders().at(root);
        let words = command::words(&metadata.execution.as_ref()?.command, &placeholders).ok()?;
        let program = command::resolve(words.first()?, root, None).ok()?;
        let found = fs::metadata(&program).ok().filter(fs::Metadata::is_file)?;
        let path = program.strip_prefix(root).ok()?.as_os_str().as_bytes().to_vec();
        Some((path, Entry::of(Kind::File, &found, Sha256Digest([0; 32]))))
    }

    /// What the tree holds, as its record says it.
    fn content_name(&self) -> String {
        [self.package.content_id().to_string(), self.content.suffix()].concat()
    }

    fn record_path(&self, name: &str) -> PathBuf {
        self.path.join(RECORD_DIRECTORY).join(name)
    }

    /// What placeholders stand for in it.
    #[must_use]
    pub fn placeholders(&self) -> Placeholders<'_> {
        Placeholders::new(self.package.metadata(), self.content.plan(), self.base.path(), &self.tree)
    }

    /// Takes the lock of this content. `None` means to go on without: publishing is one rename, so two trees made at the
    /// same time cost time only.
    fn lock(&self) -> Result<Option<Lock>, WorkenvError> {
        let directory = self.locks();
        create_private(&directory)?;
        let has_setup = self.has_setup();
        let path = directory.join(&self.name);
        let patience = if has_setup { SETUP_PATIENCE } else { PATIENCE };
        match lock_file(&path, patience).map_err(IoFailure::of("lock", &path)).map_err(PathError::from)? {
            Attempt::Held(lock) => Ok(Some(lock)),
            Attempt::Busy if has_setup => Err(WorkenvError::Busy { lock: path }),
            Attempt::Busy | Attempt::Unsupported => Ok(None),
        }
    }

    /// A fresh name beside the final one: same file system, never mistaken for a tree.
    fn temporary(&self) -> PathBuf {
        self.base.workenvs().join(leftover_name(OsStr::new(&self.name)))
    }

    /// Removes the temporary directories of processes that are gone. `locked`: we hold the lock of this content.
    fn remove_leftovers(&self, locked: bool) {
        let Ok(entries) = fs::read_dir(self.base.workenvs()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(content) = leftover_of(name.as_bytes()) else { continue };
            let _lock = match content == self.name.as_bytes() {
                true if locked => None,
                true => continue,
                false => match lock_file(&self.locks().join(OsStr::from_bytes(content)), Duration::ZERO) {
                    Ok(Attempt::Held(lock)) => Some(lock),
                    _ => continue,
                },
            };
            let path = entry.path();
            if let Ok(Attempt::Held(_lock)) = lock_directory(&path) {
                remove_tree(&path);
            }
        }
    }

    fn locks(&self) -> PathBuf {
        self.base.workenvs().join(LOCKS)
    }
}

/// Creates a private file.
fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    create_new(path, 0o600)?.write_all(content)
}

/// Whether the caller's `FLAVOR_WORKENV_CACHE` asks for a new tree (launcher.md §2.4).
#[must_use]
pub fn reuse_is_allowed(value: Option<&OsString>) -> bool {
    value.is_none_or(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
}
