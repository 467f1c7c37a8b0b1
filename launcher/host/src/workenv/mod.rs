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
//! start after another boot looks at every entry: a power cut leaves files that were not on the disk yet empty, or not at all. If
//! nothing is wrong, the record says so from then on.
//!
//! Each start compares the tree with its record, as closely as [`Audit::Start`] says or more. Where something of the package is
//! missing or changed, a new tree is made beside it, gets what programs have added to the old one, and takes its place.

pub mod added_files;
pub mod completion;
pub mod own_launcher;
pub mod stamp;

use std::{
    ffi::{OsStr, OsString},
    fmt,
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::{ffi::OsStrExt, fs::DirBuilderExt},
    path::{Path, PathBuf},
    time::Duration,
};

use pspf_nostd::{
    digest::{Sha256Digest, sha256},
    offsets::length,
    verify::{Authenticated, Checked, Outcome, Verification},
};

use crate::{
    command::{
        self,
        environment::{self, Facts},
        placeholders::Placeholders,
        setup::{self, SetupError},
    },
    driver::verify_rest,
    extraction::{
        ExtractError,
        extraction_root::{ExtractionRoot, RECORD_DIRECTORY},
        one_pass,
    },
    files::{
        base_dir::{BaseDir, check_tree, create_private},
        directory::{OwnUmask, exchange, remove_tree, sync},
        io_failure::IoFailure,
        lock::{Attempt, Lock, lock_directory, lock_file},
        open_file::create_new,
        safe_path::PathError,
    },
    lifecycle::{Content, Place},
    tree_names::{COMPLETE, ID_DIGITS, LOCKS, TREE, VERIFIED, leftover_name, leftover_of, plain},
    tree_record::{Audit, Damage, Entry, Kind, TreeRecord},
    workenv::{
        added_files::add_missing,
        completion::{Completion, Sealed, boot_id},
        stamp::Stamp,
    },
};

/// How long an extraction by another process is waited for before this one makes a tree of its own.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same where setup commands run, which cannot be done twice at a time: installing may take minutes.
pub const SETUP_PATIENCE: Duration = Duration::from_secs(600);

/// What was found in the place of a work environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// None that is complete, of this content and ours.
    Absent,
    /// Something of the package is missing or changed.
    Damaged(Vec<Damage>),
    /// One that can be used as it is.
    Whole,
}

/// The proof that every byte of the package was read and holds.
#[derive(Debug)]
pub struct Proof {
    /// The package.
    pub package: Checked,
    /// The stamp by which later starts recognise the file, if it is safe to rely on.
    pub stamp: Option<Stamp>,
}

/// The result of [`Workenv::create`].
#[derive(Debug)]
pub enum Made {
    /// A new tree.
    Anew {
        /// Where the previous tree still is, and why: not everything that programs had put into it could be brought over.
        kept: Option<(PathBuf, IoFailure)>,
    },
    /// Another process has made it in the meantime, from its own file.
    ByAnother,
}

/// The extracted content before it is published.
struct Filled {
    proof: Proof,
    /// What the slots contained.
    brought: TreeRecord,
}

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
    asked: Audit,
}

impl<'a> Workenv<'a> {
    /// Computes its name; touches nothing.
    #[must_use]
    pub fn new(base: &'a BaseDir, package: &'a Authenticated, content: Content<'a>) -> Self {
        let metadata = package.metadata();
        let id = package.content_id().to_string();
        let id = id.get(..ID_DIGITS).unwrap_or_default();
        let tree = format!("{}-{}-{id}", plain(&metadata.name), plain(&metadata.version));
        let name = [tree.as_str(), &content.suffix()].concat();
        let path = base.workenvs().join(&name);
        Self { base, package, content, name, tree: base.workenvs().join(tree), path, asked: Audit::Start }
    }

    /// Audits it at least this closely before it is used again.
    #[must_use]
    pub fn audited(self, asked: Audit) -> Self {
        Self { asked, ..self }
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

    /// Whether it is complete and can be used as it is: ours, of this content, and nothing of the package in it missing or
    /// changed. Writes nothing but, once, that it has outlived a boot.
    ///
    /// # Errors
    /// A `cache_validation` that leaves the work environment.
    pub fn state(&self) -> Result<State, WorkenvError> {
        let content_holds = !self.content.is_work_environment() || setup::cache_is_valid(&self.placeholders())?;
        if !content_holds || self.base.check().is_err() || check_tree(&self.path).is_err() {
            return Ok(State::Absent);
        }
        let Some(completion) = self.completion() else { return Ok(State::Absent) };
        let settled = completion.boot.is_none() || completion.boot == boot_id();
        let closely = if settled && !self.base.is_temporary() { Audit::Start } else { Audit::Every };
        let mut damage = self.damage(&completion, closely.max(self.asked));
        if self.keeps_launcher() && damage.is_empty() {
            let path = Path::new(RECORD_DIRECTORY).join(own_launcher::LAUNCHER);
            let size = self.package.launcher_size();
            if !fs::symlink_metadata(self.path.join(&path)).is_ok_and(|found| found.is_file() && found.len() == size) {
                damage.push(Damage { path, what: "is missing or was modified" });
            }
        }
        if let Some((path, entry)) = completion.program.as_ref().filter(|_| damage.is_empty()) {
            let path = Path::new(OsStr::from_bytes(path));
            if !fs::metadata(self.path.join(path)).is_ok_and(|found| entry.looks_like(&found)) {
                damage.push(Damage { path: path.to_owned(), what: "is missing or was modified" });
            }
        }
        if !damage.is_empty() {
            return Ok(State::Damaged(damage));
        }
        if !settled {
            self.settle(completion);
        }
        Ok(State::Whole)
    }

    fn is_whole(&self) -> Result<bool, WorkenvError> {
        Ok(self.state()? == State::Whole)
    }

    /// Compares the tree with what was published. Empty where nothing is damaged.
    #[must_use]
    pub fn audit(&self, audit: Audit) -> Vec<Damage> {
        match self.completion() {
            Some(completion) => self.damage(&completion, audit),
            None => vec![Damage { path: Path::new(RECORD_DIRECTORY).join(COMPLETE), what: "is missing or damaged" }],
        }
    }

    fn damage(&self, completion: &Completion, audit: Audit) -> Vec<Damage> {
        let list = || vec![Damage { path: Path::new(RECORD_DIRECTORY).join(TREE), what: "is missing or damaged" }];
        completion.audit(&self.path, audit).unwrap_or_else(list)
    }

    /// Whether the package file with this stamp was completely verified for this tree.
    pub fn has_verified(&self, stamp: &Stamp) -> bool {
        stamp::is_noted(&self.record_path(VERIFIED), stamp)
    }

    /// Notes that it was.
    pub fn note_verified(&self, stamp: Stamp) {
        stamp::note(&self.record_path(VERIFIED), stamp);
    }

    /// Notes where the package is, for programs that ask for its lazy slots later on.
    pub fn note_package(&self, place: Option<&Path>) {
        if self.keeps_launcher() {
            own_launcher::note(&self.path.join(RECORD_DIRECTORY), place);
        }
    }

    /// Whether programs may ask for something that is not in the tree.
    fn keeps_launcher(&self) -> bool {
        self.content.is_work_environment() && self.content.plan().slots_at(Place::Lazy).next().is_some()
    }

    fn completion(&self) -> Option<Completion> {
        let completion = Completion::read(&self.record_path(COMPLETE))?;
        (completion.content == self.content_name()).then_some(completion)
    }

    /// Records that a power cut can no longer take anything away. If that cannot be written, the next start audits again.
    fn settle(&self, completion: Completion) {
        let settled = Completion { boot: None, ..completion };
        let new = self.record_path(&format!("{COMPLETE}.{}", std::process::id()));
        if write_file(&new, &settled.to_bytes()).and_then(|()| fs::rename(&new, self.record_path(COMPLETE))).is_err() {
            let _ = fs::remove_file(&new);
        }
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
        accept: impl FnOnce(Outcome) -> Result<Proof, E>,
    ) -> Result<Made, E> {
        let umask = OwnUmask::set();
        self.base.create().map_err(WorkenvError::from)?;
        self.refuse_foreign()?;
        let lock = self.lock()?;
        let old = match if reuse { self.state()? } else { State::Absent } {
            State::Whole => return Ok(Made::ByAnother),
            State::Absent => None,
            State::Damaged(_) => self.completion().and_then(|completion| completion.tree_record(&self.path)),
        };
        self.remove_leftovers(lock.is_some());
        let verification = begin()?;
        let (mut root, _lock) = self.temporary_root(lock.is_some())?;
        let temporary = root.path().to_owned();
        let published = self.fill(&mut root, file, facts, verification, accept).and_then(|filled| {
            // Setup commands find what they always find; what programs added comes behind them.
            let carried = if self.has_setup() { Ok(()) } else { carry(old.as_ref(), &self.path, &temporary) };
            Ok((filled, self.publish(&temporary, reuse)?, carried))
        });
        if published.is_err() {
            remove_tree(&temporary);
        }
        let (filled, published, mut carried) = published?;
        drop(umask);
        let Some(replaced) = published else { return Ok(Made::ByAnother) };
        if self.has_setup() {
            if let Err(error) = self.set_up(&root, facts, &filled) {
                match replaced {
                    // What was there before is better than nothing, and has what programs put there.
                    Some(replaced) if old.is_some() => drop(fs::rename(replaced, &self.path)),
                    Some(replaced) => remove_tree(&replaced),
                    None => {}
                }
                return Err(error.into());
            }
            carried = replaced.as_ref().map_or(Ok(()), |replaced| carry(old.as_ref(), replaced, &self.path));
        }
        let kept = match (replaced, carried) {
            (Some(replaced), Err(failure)) => Some((self.keep(replaced), failure)),
            (Some(replaced), Ok(())) => {
                remove_tree(&replaced);
                None
            }
            (None, _) => None,
        };
        Ok(Made::Anew { kept })
    }

    /// Renames a replaced tree so that no launcher takes it for a leftover.
    fn keep(&self, replaced: PathBuf) -> PathBuf {
        let name = leftover_name(OsStr::new(&self.name));
        let name = name.as_bytes();
        let name = name.strip_prefix(b".").and_then(|name| name.strip_suffix(b".tmp")).unwrap_or(name);
        let kept = self.base.workenvs().join(OsStr::from_bytes(&[name, b".kept"].concat()));
        if fs::rename(&replaced, &kept).is_ok() { kept } else { replaced }
    }

    /// Refuses whatever has the name but is not a directory of ours; it is left alone.
    fn refuse_foreign(&self) -> Result<(), WorkenvError> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(IoFailure::of("look at", &self.path)(error).into()),
            Ok(_) => Ok(check_tree(&self.path)?),
        }
    }

    /// A temporary directory, with a lock of its own unless the content's lock protects it.
    fn temporary_root(&self, protected: bool) -> Result<(ExtractionRoot, Option<Lock>), WorkenvError> {
        let made = match protected {
            true => ExtractionRoot::create(&self.temporary()).map(|root| (root, None)),
            false => ExtractionRoot::create_locked(|| self.temporary()),
        };
        Ok(made.map_err(PathError::from)?)
    }

    /// Fills the temporary directory, records included where no setup follows.
    fn fill<E: From<WorkenvError>>(
        &self,
        root: &mut ExtractionRoot,
        file: &File,
        facts: &Facts<'_>,
        mut verification: Verification,
        accept: impl FnOnce(Outcome) -> Result<Proof, E>,
    ) -> Result<Filled, E> {
        let extracted = one_pass::extract(root, file, self.package, &mut verification, |slot| self.content.holds(slot));
        if let Err(error) = extracted {
            // To a decoder, a badly made package looks like one that was changed later. The signature tells them apart.
            if !error.is_of_the_system() && verify_rest(file, &mut verification, &mut |_, _| ()).is_ok() {
                let _: Proof = accept(verification.finish())?;
            }
            return Err(WorkenvError::from(error).into());
        }
        let proof = accept(verification.finish())?;
        let brought = self.complete(root, file, facts, &proof)?;
        Ok(Filled { proof, brought })
    }

    fn complete(
        &self,
        root: &ExtractionRoot,
        file: &File,
        facts: &Facts<'_>,
        proof: &Proof,
    ) -> Result<TreeRecord, WorkenvError> {
        let made = match self.content.is_work_environment() {
            true => setup::make_directories(&self.placeholders().at(root.path()))?,
            false => Vec::new(),
        };
        let records = root.path().join(RECORD_DIRECTORY);
        DirBuilder::new().mode(0o700).create(&records).map_err(IoFailure::of("create the directory", &records))?;
        if self.keeps_launcher() {
            own_launcher::keep(&records, file, self.package.launcher_size(), facts.launcher)?;
        }
        let mut record = root.record()?;
        if !self.has_setup() {
            for path in made {
                record.add_made(root.path(), &path)?;
            }
            self.write_records(root.path(), &record, proof)?;
        }
        Ok(record)
    }

    /// Renames the temporary directory to its final name. A tree that is there changes places with it, unless it is valid:
    /// then another process came first without a lock, and its tree may be running; `None`. Gives where the replaced tree is, if there
    /// was one.
    ///
    /// Not synced: a rename that is lost to a power cut costs another extraction, nothing else.
    fn publish(&self, temporary: &Path, reuse: bool) -> Result<Option<Option<PathBuf>>, WorkenvError> {
        let mut replaced: Option<PathBuf> = None;
        for last in [false, true] {
            match fs::rename(temporary, &self.path) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && !last => {}
                Err(error) => {
                    if let Some(replaced) = replaced {
                        let _ = fs::rename(replaced, &self.path);
                    }
                    return Err(IoFailure::of("publish the work environment", &self.path)(error).into());
                }
                Ok(()) => break,
            }
            if reuse && self.is_whole()? {
                remove_tree(temporary);
                return Ok(None);
            }
            if exchange(temporary, &self.path) {
                return Ok(Some(Some(temporary.to_owned())));
            }
            replaced = self.move_away();
        }
        Ok(Some(replaced))
    }

    /// Moves the tree at the final place away in one step.
    fn move_away(&self) -> Option<PathBuf> {
        let old = self.temporary();
        fs::rename(&self.path, &old).is_ok().then_some(old)
    }

    /// Runs the setup commands in the published, not yet valid tree and makes it valid.
    fn set_up(&self, root: &ExtractionRoot, facts: &Facts<'_>, filled: &Filled) -> Result<(), WorkenvError> {
        let placeholders = self.placeholders();
        let environment = environment::for_setup(std::env::vars_os(), &placeholders, facts);
        let done = setup::run(&placeholders, &environment).map_err(WorkenvError::from).and_then(|()| {
            root.remove(&self.path, |slot| self.content.is_for_setup_only(slot));
            // What setup commands made or changed is part of the tree.
            let tree = TreeRecord::of_tree(&self.path, RECORD_DIRECTORY)?.after_setup(&filled.brought);
            Ok(self.write_records(&self.path, &tree, &filled.proof)?)
        });
        if done.is_err()
            && let Some(failed) = self.move_away()
        {
            remove_tree(&failed);
        }
        done
    }

    fn has_setup(&self) -> bool {
        self.content.is_work_environment() && !self.package.metadata().setup_commands.is_empty()
    }

    /// Makes a filled tree valid, wherever it is.
    fn write_records(&self, root: &Path, tree: &TreeRecord, proof: &Proof) -> Result<(), IoFailure> {
        let bytes = tree.to_bytes();
        let records = root.join(RECORD_DIRECTORY);
        let (list, new, complete) = (records.join(TREE), records.join("complete.new"), records.join(COMPLETE));
        write_file(&list, &bytes).map_err(IoFailure::of("write", &list))?;
        if let Some(stamp) = proof.stamp {
            stamp::note(&records.join(VERIFIED), stamp);
        }
        // Programs go on writing to what a setup has made, so that later nobody could tell what a power cut took.
        let boot = if self.has_setup() { None } else { boot_id() };
        if boot.is_none() {
            sync(root)?;
        }
        let entries = u64::try_from(tree.entries.len()).unwrap_or(u64::MAX);
        let tree = Sealed { size: length(&bytes), digest: sha256(&bytes), entries };
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

    /// The values of placeholders in it.
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

/// Brings what programs have added to a tree into the one that takes its place. What the package had there is in that one already, or
/// gone on purpose; where the two cannot be told apart any more, nothing is brought.
fn carry(record: Option<&TreeRecord>, from: &Path, to: &Path) -> Result<(), IoFailure> {
    let Some(record) = record else { return Ok(()) };
    let left_out = |path: &[u8]| {
        path == RECORD_DIRECTORY.as_bytes()
            || record.entries.get(path).is_some_and(|entry| entry.kind != Kind::Directory)
    };
    add_missing(from, to, &left_out)
}

/// Creates a private file.
fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    create_new(path, 0o600)?.write_all(content)
}

/// Whether the caller's `FLAVOR_WORKENV_CACHE` asks for a new tree (docs/launcher.md, "Where work environments live").
#[must_use]
pub fn reuse_is_allowed(value: Option<&OsString>) -> bool {
    value.is_none_or(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
}

/// Why there is no work environment.
#[derive(Debug)]
pub enum WorkenvError {
    /// The base directory cannot be used.
    Base(PathError),
    /// The system refused.
    Io(IoFailure),
    /// The content cannot be extracted.
    Extract(Box<ExtractError>),
    /// The setup of the package failed.
    Setup(Box<SetupError>),
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

impl From<PathError> for WorkenvError {
    fn from(error: PathError) -> Self {
        Self::Base(error)
    }
}

impl From<Box<ExtractError>> for WorkenvError {
    fn from(error: Box<ExtractError>) -> Self {
        Self::Extract(error)
    }
}

impl From<SetupError> for WorkenvError {
    fn from(error: SetupError) -> Self {
        Self::Setup(Box::new(error))
    }
}
