//! A start of the package: authenticate, hold it against policies, find or make the work environment, become the program.

use std::{
    cell::Cell,
    ffi::OsString,
    fmt,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use pspf_nostd::{
    report::Report,
    verify::{Accepted, Authenticated, Level, Outcome, TrustedKeys, Verification},
};

use crate::{
    config_slots,
    execution::Program,
    launch_error::{LaunchError, LaunchFault},
    log::{self, Severity, warn},
    own_file::OwnFile,
    resource_limits,
    spawn::Ended,
};
use flavor_host::{
    command::{
        CommandError, CommandFault,
        environment::Facts,
        placeholders::Placeholders,
        stable_prefix::{self, Refusal, StablePrefix},
        start_dir::StartDir,
    },
    console::{self, Progress},
    driver::{verify_head, verify_rest},
    extraction::{self, extraction_root::ExtractionRoot},
    files::{
        base_dir::{self, BaseDir},
        io_failure::IoFailure,
    },
    lifecycle::{Content, Place, Plan},
    policy::{
        Policies,
        evaluation::{self, Decision, Host},
        rules::VerifyCache,
        validation_level,
    },
    tree_record::Audit,
    trust::TrustStore,
    workenv::{Made, Proof, State, Workenv, WorkenvError, own_launcher::Kept, reuse_is_allowed, stamp::Reading},
};

/// Starts the program; returns only where the launcher has outlived it.
///
/// # Errors
/// Whatever keeps the program from starting.
pub(crate) fn program(own: &OwnFile, arguments: &[OsString]) -> Result<Ended, LaunchError> {
    let start = Start::allowed(own)?;
    let (package, bases, plan) = (start.package(), bases()?, plan(start.package()));
    let workenv = start.work_environment(&bases, Content::work_environment(&plan))?;
    workenv.note_package(own.place());
    if let Some(id) = lazy_slot_asked_for(arguments, package, &plan, &workenv) {
        return print_path(&locate_slot(&start, &bases, &plan, id)?);
    }
    let start_dir = StartDir::new(workenv.base().clone());
    let mut facts = facts(own, &workenv);
    let stable = stable_prefix(own, package, &workenv);
    let mut placeholders = workenv.placeholders().during(&start_dir);
    if let Some(stable) = &stable {
        placeholders = placeholders.at(&stable.path);
        facts.workenv = &stable.path;
    }
    start.install_config(&plan, &placeholders)?;
    if plan.slots_at(Place::Fresh).next().is_some() {
        let mut root = start_dir.create()?;
        start.add_slots(&mut root, |slot| plan.place(slot) == Place::Fresh)?;
    }
    let program = Program::new(&placeholders, &facts, arguments)?;
    if let Some(names) = program.removed_variables() {
        log::event(Severity::Info, "removed from the environment", &[("names", &names.display())]);
    }
    let execution = package.metadata().execution.clone().unwrap_or_default();
    if let Some(directory) = program.directory() {
        std::env::set_current_dir(directory).map_err(IoFailure::of("enter the working directory", directory))?;
    }
    resource_limits::apply(&execution)?;
    let timeout = execution.timeout.filter(|seconds| *seconds > 0);
    let asked = base_dir::variable("FLAVOR_EXEC_MODE").is_some_and(|mode| mode.eq_ignore_ascii_case("spawn"));
    let failed = |error| LaunchError::from(LaunchFault::Execute { program: program.file().to_owned(), error });
    log::event(Severity::Info, "execute", &[("program", &program.file().display())]);
    if asked || timeout.is_some() || plan.needs_parent() {
        let ended = program.run(timeout).map_err(failed)?;
        if ended == Ended::TimedOut {
            let seconds = timeout.unwrap_or_default();
            console::tell(&format!("flavor: the program was ended after {seconds} seconds (its `timeout`)"));
        }
        return Ok(ended);
    }
    start_dir.outlive_exec();
    if let Some(stable) = &stable {
        stable.outlive_exec();
    }
    match program.replace_launcher().map_err(failed)? {}
}

/// The work environment under a path that is the same for all versions, where the package asks for it and it can be had now.
fn stable_prefix(own: &OwnFile, package: &Authenticated, workenv: &Workenv<'_>) -> Option<StablePrefix> {
    package.metadata().execution.as_ref().filter(|execution| execution.stable_prefix)?;
    match stable_prefix::enter(workenv.placeholders().state(), package.fingerprint(), workenv.path()) {
        Ok(stable) => Some(stable),
        Err(Refusal::InUse) => {
            log::event(Severity::Info, "no stable prefix", &[("why", &Refusal::InUse)]);
            None
        }
        Err(refusal) => {
            warn(own, &format!("it runs without its stable prefix: {refusal}"));
            None
        }
    }
}

/// `slot ID`: prints where a slot is, extracted if it is lazy.
///
/// # Errors
/// As [`program`].
pub(crate) fn print_slot(own: &OwnFile, id: &str) -> Result<Ended, LaunchError> {
    let start = Start::allowed(own)?;
    print_path(&locate_slot(&start, &bases()?, &plan(start.package()), id)?)
}

/// The same for a program of a tree, whose package is known only by what the tree says of it.
///
/// # Errors
/// As [`program`], and where it is another package by now.
pub(crate) fn print_slot_of(tree: &Path, kept: &Kept, own: &OwnFile, id: &str) -> Result<Ended, LaunchError> {
    let start = Start::allowed(own)?;
    if start.package().content_id().to_string() != kept.content {
        return Err(LaunchFault::Replaced.into());
    }
    // Beside the tree, whatever the program's variables say; elsewhere where nothing can be written there.
    let mut places: Vec<BaseDir> = BaseDir::of_tree(tree).into_iter().collect();
    places.extend(bases()?.into_iter().filter(|base| BaseDir::of_tree(tree).as_ref() != Some(base)));
    print_path(&locate_slot(&start, &places, &plan(start.package()), id)?)
}

fn print_path(path: &Path) -> Result<Ended, LaunchError> {
    let line = [path.as_os_str().as_bytes(), b"\n"].concat();
    console::answer(&line).map_err(IoFailure::of("print the path", path))?;
    Ok(Ended::Code(0))
}

fn bases() -> Result<Vec<BaseDir>, LaunchError> {
    Ok(BaseDir::candidates(base_dir::variable).map_err(LaunchFault::Base)?)
}

fn plan(package: &Authenticated) -> Plan {
    Plan::new(package, base_dir::is_on("FLAVOR_DEV"))
}

fn facts<'a>(own: &'a OwnFile, workenv: &'a Workenv<'_>) -> Facts<'a> {
    Facts {
        workenv: workenv.path(),
        base: workenv.base().path(),
        launcher: own.place(),
        command_name: own.command_name(),
    }
}

/// A start whose package is authenticated and allowed: nothing is unpacked or run without one.
pub(crate) struct Start<'a> {
    own: &'a OwnFile,
    /// Begun before the first byte was read.
    reading: Reading,
    /// The verification of what is authenticated, for the first who wants the content.
    verification: Cell<Option<Verification>>,
    package: Authenticated,
    level: Level,
    tolerated: Vec<String>,
    verify_cache: VerifyCache,
}

impl<'a> Start<'a> {
    /// Reads trailer, metadata and slot table, and holds the package against revocation lists, policies and its own rules.
    fn allowed(own: &'a OwnFile) -> Result<Self, LaunchError> {
        let store = TrustStore::find()?;
        let policies = Policies::read(store.directories())?;
        let (level, said) = validation_level(base_dir::variable("FLAVOR_VALIDATION").as_deref(), &policies);
        said.iter().for_each(|said| warn(own, said));
        let reading = Reading::begin(own.file()).map_err(LaunchFault::OwnFile)?;
        let verification = verify_head(own.file(), TrustedKeys::default()).map_err(LaunchFault::OwnFile)?;
        let (outcome, verification) = match verification.head_outcome() {
            Some(outcome) => (outcome, Some(verification)),
            None => (verification.finish(), None),
        };
        let accepted = outcome.accept(level);
        let Accepted { package, tolerated, .. } = accepted.map_err(|report| refusal(&report))?;
        let metadata = package.metadata();
        let signer = package.fingerprint();
        let logged: [(&str, &dyn fmt::Display); 4] =
            [("name", &metadata.name), ("version", &metadata.version), ("signer", &signer), ("level", &level.word())];
        log::event(Severity::Info, "authenticated", &logged);
        let Decision { verify_cache, needs_strict, .. } = allow(own, &policies, &store, &package, &tolerated)?;
        let level = if needs_strict { Level::Strict } else { level };
        Ok(Self { own, reading, verification: Cell::new(verification), package, level, tolerated, verify_cache })
    }

    /// What was authenticated.
    pub(crate) fn package(&self) -> &Authenticated {
        &self.package
    }

    /// The work environment, in the first place that has it or can hold it.
    pub(crate) fn work_environment<'b>(
        &'b self,
        bases: &'b [BaseDir],
        content: Content<'b>,
    ) -> Result<Workenv<'b>, LaunchError> {
        let reuse = reuse_is_allowed(base_dir::variable("FLAVOR_WORKENV_CACHE").as_ref());
        let found = |base: &'b BaseDir| -> Result<Option<Workenv<'b>>, LaunchError> {
            let workenv = self.workenv(base, content);
            Ok(if reuse && self.can_use(&workenv)? { Some(workenv) } else { None })
        };
        if let Some(first) = bases.first()
            && let Some(workenv) = found(first)?
        {
            return Ok(workenv);
        }
        let mut refused = LaunchError::from(CommandError::from(CommandFault::Missing));
        // Where nothing can be executed is better than nowhere: the program may be run by an interpreter from elsewhere.
        let (executable, others): (Vec<_>, Vec<_>) = bases.iter().partition(|base| !base.is_noexec());
        let mut places = executable.into_iter().chain(others);
        while let Some(base) = places.next() {
            if bases.first() != Some(base)
                && let Some(workenv) = found(base)?
            {
                return Ok(workenv);
            }
            let workenv = self.workenv(base, content);
            match self.create(&workenv, reuse) {
                Ok(()) => return Ok(workenv),
                Err(error) if matches!(error.fault(), LaunchFault::Workenv(WorkenvError::Base(_))) => refused = error,
                // A full disk, for instance: a tree that is elsewhere already needs nothing.
                Err(error) if matches!(error.fault(), LaunchFault::Workenv(_)) => {
                    for base in places {
                        if let Some(workenv) = found(base)? {
                            return Ok(workenv);
                        }
                    }
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(refused)
    }

    /// The one in a place; policy `verify_cache` says how closely it is looked at.
    fn workenv<'b>(&'b self, base: &'b BaseDir, content: Content<'b>) -> Workenv<'b> {
        Workenv::new(base, &self.package, content).audited(match self.verify_cache {
            VerifyCache::Off => Audit::Start,
            VerifyCache::Quick => Audit::Quick,
            VerifyCache::Full => Audit::Full,
        })
    }

    fn can_use(&self, workenv: &Workenv<'_>) -> Result<bool, LaunchError> {
        match workenv.state()? {
            State::Absent => Ok(false),
            State::Damaged(damage) => {
                for damage in &damage {
                    log::event(Severity::Warn, "damaged", &[("path", &damage.path.display()), ("what", &damage.what)]);
                }
                Ok(false)
            }
            State::Whole => {
                self.authenticate(workenv)?;
                log::event(Severity::Debug, "unpacked before", &[("workenv", &workenv.path().display())]);
                Ok(true)
            }
        }
    }

    /// Makes sure that this file, as it is now, was wholly verified for the tree, if need be by reading it.
    fn authenticate(&self, workenv: &Workenv<'_>) -> Result<(), LaunchError> {
        if !workenv.has_verified(&self.reading.stamp()) {
            log::event(Severity::Info, "verify the whole file", &[]);
            if let Some(stamp) = self.check()?.stamp {
                workenv.note_verified(stamp);
            }
        }
        Ok(())
    }

    /// Makes a new tree, in place of one that is damaged.
    fn create(&self, workenv: &Workenv<'_>, reuse: bool) -> Result<(), LaunchError> {
        log::event(Severity::Info, "unpack", &[("workenv", &workenv.path().display())]);
        let reading = Cell::new(self.reading);
        let begin = || {
            let (verification, begun) = self.verification()?;
            reading.set(begun);
            Ok(verification)
        };
        let accept = |outcome| self.accept(outcome, &reading.get());
        match workenv.create(self.own.file(), &facts(self.own, workenv), reuse, begin, accept)? {
            Made::ByAnother => self.authenticate(workenv),
            Made::Anew { kept } => {
                if let Some((path, why)) = kept {
                    warn(
                        self.own,
                        &format!("what was in the work environment before is kept in {}: {why}", path.display()),
                    );
                }
                Ok(())
            }
        }
    }

    /// Brings the `config` slots that are not in the state directory yet.
    pub(crate) fn install_config(&self, plan: &Plan, placeholders: &Placeholders<'_>) -> Result<(), LaunchError> {
        config_slots::install(&self.package, plan, placeholders, |root, slot| {
            self.add_slots(root, |other| other == slot)
        })
    }

    /// Extracts slots into a directory of their own, with the whole package verified.
    fn add_slots(&self, root: &mut ExtractionRoot, wanted: impl Fn(usize) -> bool) -> Result<(), LaunchError> {
        let package = self.check()?.package;
        extraction::add_slots(root, self.own.file(), &package, wanted)
            .map_err(|error| WorkenvError::Extract(error).into())
    }

    /// Reads every byte.
    fn check(&self) -> Result<Proof, LaunchError> {
        let (mut verification, reading) = self.verification()?;
        let mut progress = Progress::new(&format!("verifying {}", self.own.path().display()));
        verify_rest(self.own.file(), &mut verification, &mut |done, total| progress.update(done, total))
            .map_err(LaunchFault::OwnFile)?;
        self.accept(verification.finish(), &reading)
    }

    /// A verification of which only the content is missing: the one that has authenticated the package, or where that is used up,
    /// another.
    fn verification(&self) -> Result<(Verification, Reading), LaunchError> {
        let again = || {
            let reading = Reading::begin(self.own.file())?;
            Ok((verify_head(self.own.file(), TrustedKeys::default())?, reading))
        };
        let first = self.verification.take().map(|verification| (verification, self.reading));
        first.map_or_else(again, Ok).map_err(|error| LaunchFault::OwnFile(error).into())
    }

    /// The proof that every byte was read and nothing failed that may not, and that it is still the package that was
    /// looked at first.
    ///
    /// What is tolerated of the content is said at each start, and may not be tolerated by the next one: such a file gets no stamp.
    fn accept(&self, outcome: Outcome, reading: &Reading) -> Result<Proof, LaunchError> {
        let accepted = outcome.accept(self.level).map_err(|report| refusal(&report))?;
        let checked = accepted.checked.ok_or_else(|| refusal(&accepted.report))?;
        if checked.content_id() != self.package.content_id() {
            let why = "the file has changed while it was being read".to_owned();
            return Err(LaunchFault::Verification { why }.into());
        }
        let mut stamp = reading.end(self.own.file());
        for finding in accepted.tolerated.iter().filter(|finding| !self.tolerated.contains(finding)) {
            warn(self.own, &["run in spite of: ", finding].concat());
            stamp = None;
        }
        Ok(Proof { package: checked, stamp })
    }
}

/// Holds the package against revocation lists, policies and its own rules; gives what they ask for later on.
fn allow(
    own: &OwnFile,
    policies: &Policies,
    store: &TrustStore,
    package: &Authenticated,
    tolerated: &[String],
) -> Result<Decision, LaunchError> {
    tolerated.iter().for_each(|finding| warn(own, &["run in spite of: ", finding].concat()));
    let decision = evaluation::decide(policies, store, package, !tolerated.is_empty(), &Host::current())?;
    let words = |violation: &evaluation::Violation| {
        [&violation.message, ", by ", &violation.origin, " [", violation.rule.code(), "]"].concat()
    };
    decision.warnings().for_each(|violation| warn(own, &words(violation)));
    let denials: Vec<String> = decision.denials().map(words).collect();
    if denials.is_empty() { Ok(decision) } else { Err(LaunchFault::Policy { why: denials.join("; ") }.into()) }
}

fn refusal(report: &Report) -> LaunchError {
    let fault = match report.errors().next() {
        Some(finding) => {
            let why = [&finding.message, " [", finding.code, "]"].concat();
            if finding.part == "trailer" { LaunchFault::NotAPackage { why } } else { LaunchFault::Verification { why } }
        }
        None => LaunchFault::Verification { why: "it is not signed [signature.absent]".to_owned() },
    };
    fault.into()
}

/// The word that asks for a slot.
const SLOT_WORD: &str = "slot";

/// The lazy slot that the program itself asks for: it need not set a variable for that, `"$FLAVOR_LAUNCHER" slot ID` is enough.
///
/// Such a call comes from inside the work environment (`FLAVOR_WORKENV` names it), has these two words and no other, and the
/// identifier is that of a lazy slot. Everything else is for the program.
fn lazy_slot_asked_for<'a>(
    arguments: &'a [OsString],
    package: &Authenticated,
    plan: &Plan,
    workenv: &Workenv<'_>,
) -> Option<&'a str> {
    let [word, id] = arguments else { return None };
    let id = id.to_str().filter(|_| word == SLOT_WORD)?;
    let mut lazy = plan.slots_at(Place::Lazy).filter_map(|slot| package.metadata().slots.get(slot));
    let is_inside = || base_dir::variable("FLAVOR_WORKENV").is_some_and(|inside| inside == workenv.path().as_os_str());
    (lazy.any(|entry| entry.id == id) && is_inside()).then_some(id)
}

/// Where a slot is, extracted if it is lazy and nobody has asked for it before.
fn locate_slot(start: &Start<'_>, bases: &[BaseDir], plan: &Plan, id: &str) -> Result<PathBuf, LaunchError> {
    let package = start.package();
    let absent = |why| CommandError::from(CommandFault::AbsentSlot { id: id.to_owned(), why });
    let slot = package.metadata().slots.iter().position(|entry| entry.id == id);
    let slot = slot.ok_or_else(|| absent("does not exist"))?;
    let content = match plan.place(slot) {
        Place::Lazy => Content::lazy_slot(plan, slot),
        Place::Kept | Place::State => Content::work_environment(plan),
        Place::SetupOnly => return Err(absent("is removed after the setup").into()),
        Place::Fresh => {
            return Err(absent("is made anew for each start: its place is in the program's variables").into());
        }
        Place::Skipped(_) => return Err(absent("is not extracted here").into()),
    };
    let tree = start.work_environment(bases, content)?;
    let placeholders = tree.placeholders();
    if plan.place(slot) == Place::State {
        start.install_config(plan, &placeholders)?;
    }
    Ok(placeholders.slot(slot)?)
}
