//! One packing: everything that it needs, checked; then the slow work, one step after the other.

mod attest;
mod validation;

use crate::{
    build_time::{self, BuildTime},
    encode,
    launcher_file::Launcher,
    output::Output,
    places,
    prepare::{self, COMPAT_METADATA_MAX, COMPAT_SLOTS_MAX, Content, Options, Prepared},
    project_manifest::{self, AfterHooks},
    python_metadata::draft,
    python_project::{self, PythonContents, PythonProject},
    signing::Signer,
    trial::Trial,
    write,
};
use crate::{
    error::PackError,
    interrupt::Scratch,
    options::{PackOptions, Progress},
};
use flavor_attest::attestation::LockFacts;
use flavor_host::driver;
use flavor_manifest::{Diagnostic, Document, PackageSpec, sections};
use pspf_nostd::{
    digest::{Sha256Digest, sha256},
    json::Json,
    report::{Integrity, Report, Trust},
    verify::{Scope, TrustedKeys},
    writer::{EncodedSlot, PackagePlan, SlotPlan},
};
use std::{
    borrow::Cow,
    fs::{File, Permissions},
    io,
    num::NonZero,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    thread,
};

/// What is packed.
pub enum Source {
    /// Files that the manifest lists.
    Files(Box<PackageSpec>),
    /// A Python project, of which a tree has to be made first.
    Python(Box<PythonProject>),
}

impl Source {
    /// The commands of the package, and whether building it may add others.
    fn commands(&self) -> (Vec<String>, bool) {
        match self {
            Self::Files(spec) => (vec![spec.name.clone()], false),
            Self::Python(project) => {
                let (commands, spec) = (&project.spec.commands, &project.spec);
                let scripts = commands.default.iter().chain(&commands.others).map(|script| script.name.clone());
                let names = scripts.chain([spec.package_name.clone()]).collect();
                (names, commands.left_to_backend || !spec.build.hooks.pre_build.is_empty())
            }
        }
    }
}

/// A manifest that can be packed.
pub struct Manifest {
    /// The tree of values, with everything that outweighs the text.
    pub document: Document,
    /// What it describes.
    pub source: Source,
    /// One sentence on what is packed, where no manifest states it all.
    pub said: Option<String>,
    /// The slots that it lists.
    pub slots: Vec<Prepared>,
    /// How they are found once more after the hooks; none where there are no hooks.
    pub after_hooks: Option<AfterHooks>,
    /// SHA-256 of its text, as it was read.
    pub sha256: Sha256Digest,
}

/// A packing that can begin.
pub struct Job<'a> {
    /// The manifest.
    pub document: Document,
    /// One sentence on what is packed, where no manifest states it all.
    pub said: Option<String>,
    pub(super) arguments: Cow<'a, PackOptions>,
    pub(super) source: Source,
    slots: Vec<Prepared>,
    after_hooks: Option<AfterHooks>,
    pub(super) manifest_sha256: Sha256Digest,
    /// The launcher.
    pub launcher: Launcher,
    /// The key.
    pub signer: Signer,
    /// Where the package goes.
    pub output: Output,
    pub(super) time: BuildTime,
    trial: Option<Trial>,
}

/// A package that was made.
pub struct Packed {
    /// Name, version and so on.
    pub spec: PackageSpec,
    /// What verification said.
    pub report: Report,
    /// The lock that says the versions, or was passed over.
    pub lock: Option<LockFacts>,
    /// Sentences for the user.
    pub notices: Vec<String>,
}

/// All parts of the metadata but the slots' digests.
pub(super) struct Contents {
    pub(super) spec: PackageSpec,
    pub(super) slots: Vec<Prepared>,
    pub(super) python: Option<PythonContents>,
    notices: Vec<String>,
    /// Holds the files of `slots`.
    _scratch: Option<Scratch>,
}

impl<'a> Job<'a> {
    /// Takes what was checked; a list of files is rehearsed at once.
    ///
    /// # Errors
    /// What the metadata cannot hold, and a test that cannot be run.
    pub fn new(
        arguments: Cow<'a, PackOptions>,
        manifest: Manifest,
        launcher: Launcher,
        signer: Signer,
        output: Output,
        time: BuildTime,
    ) -> Result<Self, PackError> {
        let Manifest { document, source, said, slots, after_hooks, sha256: manifest_sha256 } = manifest;
        let directory = project_manifest::directory_of(&arguments.manifest);
        let (smoke, test) = (arguments.smoke_args.as_deref(), arguments.test_command.as_deref());
        let trial = Trial::new(smoke, test, &directory, source.commands(), &launcher)?;
        let job = Self {
            document,
            said,
            arguments,
            source,
            slots,
            after_hooks,
            manifest_sha256,
            launcher,
            signer,
            output,
            time,
            trial,
        };
        match &job.source {
            Source::Files(spec) => drop(job.rehearse(spec, &job.slots)?),
            // The interpreter's slots come later, and those that hooks make.
            Source::Python(project) => {
                drop(places::check(&PackageSpec::default(), &job.slots)?);
                if job.after_hooks.is_none() {
                    let count = job.slots.len() + python_project::OWN_SLOTS + usize::from(job.attests());
                    places::check_numbers(&draft(&project.spec), count)?;
                }
            }
        }
        Ok(job)
    }

    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.source {
            Source::Files(spec) => &spec.name,
            Source::Python(project) => &project.spec.package_name,
        }
    }

    /// What it is made from, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.arguments.manifest
    }

    /// How many slots the manifest lists, as far as they are there.
    #[must_use]
    pub fn listed_slots(&self) -> usize {
        match &self.source {
            Source::Files(spec) => spec.slots.len(),
            Source::Python(project) => project.spec.slots.len(),
        }
    }

    /// Sentences about slots that are left out.
    #[must_use]
    pub fn left_out(&self) -> &[String] {
        match &self.source {
            Source::Files(spec) => &spec.left_out,
            Source::Python(project) => &project.spec.left_out,
        }
    }

    /// Whether the package is one that the published launchers run.
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.arguments.compat
    }

    /// Makes the package.
    ///
    /// # Errors
    /// The first step that fails; then nothing is left behind.
    pub fn run(&mut self, progress: &dyn Progress) -> Result<Packed, PackError> {
        let place = self.output.open()?;
        let mut contents = self.contents(progress)?;
        let total = write::total(&contents.slots);
        let encoding = progress.encoding(contents.slots.len(), total);
        let encoded = write::encode_slots(&contents.slots, place.path(), self.threads(), &*encoding);
        drop(encoding);
        let mut encoded = encoded?;
        contents.notices.extend(write::store_bombs(&mut contents.slots, &mut encoded, place.path(), self.threads())?);
        if self.attests() {
            let document = attest::document(self, &contents, &encoded);
            encoded.push(write::store_slot(&document, encoded.len(), place.path())?);
            contents.slots.push(attest::slot(&document));
        }
        if self.arguments.validate_before_sign {
            progress.step("Validating it before it is signed");
            validation::before_signing(self, &contents, &encoded, place.path())?;
        }
        progress.step("Writing the package");
        let assembly = self.plan(&contents.spec, &contents.slots, &encoded).assemble(&self.signer.key);
        let assembly = assembly.map_err(|error| self.unplannable(&error.to_string()))?;
        let temporary = place.package(&self.output)?;
        let mut file = write::write_package(&assembly, &self.launcher.bytes, &encoded, place.path(), &temporary)?;
        if let Some(trial) = &self.trial {
            file = try_out(trial, file, &temporary, progress)?;
        }
        if !self.arguments.no_verify {
            progress.step("Verifying it");
        }
        let report = self.verify(&file)?;
        place.publish(&file, &temporary, &self.output)?;
        // A program that is open for writing cannot be started.
        drop(file);
        if let Source::Python(project) = &self.source {
            project.post_build(&self.output.path, progress)?;
        }
        progress.done();
        let lock = contents.python.and_then(|python| python.lock);
        Ok(Packed { spec: contents.spec, report, lock, notices: contents.notices })
    }

    fn contents(&mut self, progress: &dyn Progress) -> Result<Contents, PackError> {
        let mut slots = std::mem::take(&mut self.slots);
        match &mut self.source {
            Source::Files(spec) => {
                let spec = (**spec).clone();
                let mut notices = spec.left_out.clone();
                notices.extend(leave_out(&self.output.path, &mut slots));
                notices.extend(self.rehearse(&spec, &slots)?);
                Ok(Contents { spec, slots, python: None, notices, _scratch: None })
            }
            Source::Python(project) => {
                let mut warnings = Vec::new();
                if let Some(after_hooks) = &self.after_hooks {
                    project.pre_build(progress)?;
                    let (specs, left_out) = after_hooks.read()?;
                    project.spec.left_out = left_out;
                    let (compat, level) = (self.arguments.compat, project.spec.build.level);
                    let options = Options { compat, level, mtime: self.time.epoch };
                    let errors;
                    (slots, warnings, errors) = prepare::all(&specs, &options);
                    if !errors.is_empty() {
                        return Err(errors.into());
                    }
                }
                let left_out = leave_out(&self.output.path, &mut slots);
                let built = python_project::build(project, &self.arguments, self.time.epoch, &slots, progress)?;
                slots.splice(0..0, built.slots);
                // Behind the manifest's, whose numbers count.
                slots.extend(built.lazy_slots);
                if let Some(trial) = &mut self.trial {
                    trial.with_commands(&built.commands);
                }
                let mut notices = built.notices;
                notices.extend(left_out);
                notices.extend(warnings.iter().map(Diagnostic::to_string));
                notices.extend(self.rehearse(&built.spec, &slots)?);
                let (spec, python) = (built.spec, Some(built.python));
                Ok(Contents { spec, slots, python, notices, _scratch: Some(built.scratch) })
            }
        }
    }

    /// The published Rust launcher, for which `--compat` writes, complains about every slot that holds JSON.
    fn attests(&self) -> bool {
        !self.arguments.no_attestation && !self.arguments.compat
    }

    fn threads(&self) -> NonZero<u32> {
        let available = || thread::available_parallelism().ok().and_then(|count| NonZero::<u32>::try_from(count).ok());
        self.arguments.threads.or_else(available).unwrap_or(NonZero::<u32>::MIN)
    }

    /// The package as it will be, given the encoded slots.
    pub(super) fn plan(&self, spec: &PackageSpec, slots: &[Prepared], encoded: &[EncodedSlot]) -> PackagePlan {
        let text = |key: &str, value: &str| (key.to_owned(), Json::from(value));
        let mut package = vec![text("name", &spec.name), text("version", &spec.version)];
        package.extend(spec.description.as_deref().map(|description| text("description", description)));
        package.extend(spec.package_extra.iter().cloned());
        let mut execution =
            vec![text("command", &spec.command), ("env".to_owned(), sections::string_object(&spec.env))];
        execution.extend(spec.execution_extra.iter().cloned());
        let mut build = vec![
            text("tool_version", env!("CARGO_PKG_VERSION")),
            text("timestamp", &build_time::timestamp(self.time.epoch).unwrap_or_default()),
            ("deterministic".to_owned(), self.time.fixed.into()),
            ("platform".to_owned(), Json::Object(vec![text("os", self.launcher.os), text("arch", self.launcher.arch)])),
        ];
        build.extend(spec.build_extra.iter().cloned());
        let slots = slots.iter().zip(encoded).map(|(slot, encoded)| SlotPlan {
            id: slot.id.clone(),
            source: slot.label.clone(),
            target: slot.target.clone(),
            operations: slot.operations.clone(),
            purpose: slot.purpose.clone(),
            lifecycle: slot.lifecycle.clone(),
            permissions: slot.permissions,
            extra: slot.extra.clone(),
            encoded: *encoded,
        });
        PackagePlan {
            package,
            slots: slots.collect(),
            execution: Json::Object(execution),
            build,
            launcher_tool: self.launcher.tool.clone(),
            launcher_version: self.launcher.version.clone(),
            launcher: self.launcher.encoded(),
            extra: spec.extra.clone(),
        }
    }

    /// Makes the metadata once with made-up slot facts: whatever is wrong with them shows before the slow work. Gives sentences for
    /// the user.
    fn rehearse(&self, spec: &PackageSpec, slots: &[Prepared]) -> Result<Vec<String>, PackError> {
        let facts = EncodedSlot { size: u64::MAX >> 1, original_size: u64::MAX >> 1, sha256: sha256(&[]) };
        let attestation = self.attests().then(|| attest::slot(&[]));
        let slots: Vec<Prepared> = slots.iter().cloned().chain(attestation).collect();
        let metadata = self.plan(spec, &slots, &vec![facts; slots.len()]).metadata(&self.signer.key);
        let metadata = metadata.map_err(|error| self.unplannable(&error.to_string()))?;
        if self.arguments.compat && slots.len() > COMPAT_SLOTS_MAX {
            let problem = Diagnostic::error("compat.slots", "the published Rust launcher refuses so many slots");
            let problem = problem.expected(format!("at most {COMPAT_SLOTS_MAX} with --compat"));
            return Err(problem.found(slots.len().to_string()).into());
        }
        if self.arguments.compat && metadata.raw().len() > COMPAT_METADATA_MAX {
            let problem =
                Diagnostic::error("compat.metadata", "the published Rust launcher reads no more of the metadata");
            let problem = problem.expected(format!("at most {COMPAT_METADATA_MAX} bytes with --compat"));
            return Err(problem.found(format!("about {}", metadata.raw().len())).into());
        }
        Ok(places::check(spec, &slots)?)
    }

    pub(super) fn unplannable(&self, message: &str) -> PackError {
        Diagnostic::error("pack.plan", message).file(&self.arguments.manifest).into()
    }

    /// Verifies the finished file; with `--no-verify` only its head is read, for the summary.
    fn verify(&self, file: &File) -> Result<Report, PackError> {
        let scope = if self.arguments.no_verify { Scope::Head } else { Scope::Content };
        let trusted =
            TrustedKeys { pinned: vec![self.signer.key.public_key().fingerprint()], ..TrustedKeys::default() };
        let report = driver::verify_file(file, scope, trusted, &mut |_, _| ())
            .map_err(|error| Diagnostic::io("output.read", &self.output.path, "read the package back", &error))?
            .report;
        let expected = if self.arguments.no_verify { Integrity::Partial } else { Integrity::Sealed };
        if report.state == expected && report.trust == Trust::Pinned {
            return Ok(report);
        }
        let mut problems = vec![
            Diagnostic::error("pack.verify", "the package that was made does not verify; it was not kept")
                .file(&self.output.path)
                .expected(expected.words())
                .found(report.state.words())
                .hint("this is a mistake in flavor: please report it"),
        ];
        problems.extend(report.errors().map(|finding| Diagnostic::error(finding.code, finding.message.clone())));
        Err(problems.into())
    }
}

/// The package that is there from the last time is no part of the next one.
fn leave_out(output: &Path, slots: &mut [Prepared]) -> Vec<String> {
    let mut notices = Vec::new();
    for slot in slots {
        if let Content::Archive(archive) = &mut slot.content
            && archive.leave_out(output)
        {
            slot.content_size = archive.size();
            notices.push(format!("{} itself is left out of slot {:?}", output.display(), slot.id));
        }
    }
    notices
}

/// Runs the finished package, and opens it again: it is verified after the run.
fn try_out(trial: &Trial, file: File, package: &Path, progress: &dyn Progress) -> Result<File, PackError> {
    let failed = |error: io::Error| Diagnostic::io("output.write", package, "write the package", &error);
    file.set_permissions(Permissions::from_mode(0o755)).map_err(failed)?;
    // A program that is open for writing cannot be started.
    drop(file);
    trial.run(package, progress)?;
    Ok(File::open(package).map_err(failed)?)
}

const _: () = assert!(encode::ZSTD_WINDOW_BYTES <= pspf_nostd::limits::DECODE_WINDOW_MAX);
