//! Everything that can be found wrong before the slow work, found together.

use super::{
    build_time::{self, BuildTime},
    job::{Job, Manifest, Source},
    launcher_file::{self, Launcher, host_platform},
    output::Output,
    prepare::{self, Options, Prepared},
    project_manifest::{self, AfterHooks, ManifestFile, ManifestOptions, Project, SourceOptions},
    python_project::{self, PythonProject},
    signing::{self, KeyOptions, Origin, Signer},
};
use crate::{
    error::PackError,
    input::{self, Opened},
    launchers,
    options::PackOptions,
};
use flavor_manifest::{Diagnostic, Weight, cursor::Problems, security_settings, variables, words};
use flavor_python::Processor;
use pspf_nostd::json::Json;
use std::{
    borrow::Cow,
    env,
    time::{SystemTime, UNIX_EPOCH},
};

/// What everything is checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A package is made next.
    Pack,
    /// Nothing is made: where a package would go, and whether its key may sign, is left to the command that makes it.
    Check,
}

/// Reads and checks everything that can be known before anything is built or installed.
///
/// # Errors
/// All problems together; `warn` takes the warnings.
pub fn check<'a>(
    arguments: &'a PackOptions,
    purpose: Purpose,
    warn: &mut dyn FnMut(Diagnostic),
) -> Result<Job<'a>, PackError> {
    let variables = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    variables::misspelt(variables).into_iter().for_each(&mut *warn);
    // Without a readable manifest the others are looked at all the same; a missing one is usage, and alone.
    let opened = input::open(arguments);
    if let Err(error) = &opened
        && error.is_usage()
    {
        return Err(error.clone());
    }
    let mut check = Check::default();
    let opened = check.keep(opened);
    let stated = check.keep(build_time::from_environment().map_err(PackError::from));
    let mut arguments = Cow::Borrowed(arguments);
    if let Some(opened) = opened.as_ref().filter(|opened| opened.path != arguments.manifest) {
        arguments.to_mut().manifest.clone_from(&opened.path);
    }
    let launcher = check.keep(choose_launcher(&arguments, opened.as_ref()));
    // They run nothing else, wherever they were named.
    if launcher.as_ref().is_some_and(Launcher::is_published) && !arguments.compat {
        arguments.to_mut().compat = true;
    }
    let mut keys = KeyOptions {
        seed: check
            .keep(signing::stated_seed(arguments.key_seed.as_deref(), arguments.key_seed_file.as_deref()))
            .flatten(),
        private: arguments.private_key.clone(),
        public: arguments.public_key.clone(),
        ..KeyOptions::default()
    };
    let options = ManifestOptions {
        asked: &arguments,
        workenv_base: arguments.workenv_base.as_deref(),
        strict: arguments.strict_manifest,
        strip: arguments.strip,
        sources: SourceOptions {
            no_lock: arguments.no_lock,
            no_index: arguments.no_index,
            offline: arguments.offline,
            find_links: &arguments.find_links,
        },
        with_pip: arguments.with_pip,
        level: arguments.level,
        python: &arguments.python,
        extras: !arguments.extras.is_empty(),
        platform: launcher.as_ref().map_or_else(host_platform, |launcher| (launcher.os, launcher.arch)),
    };
    let file = opened.and_then(|opened| check.keep(project_manifest::read(opened, &options)));
    let file = file.map(|file| check.manifest(file));
    let mut time = BuildTime::choose(stated.flatten(), true);
    if let Some(Project::Python(spec)) = file.as_ref().map(|file| &file.project) {
        time = BuildTime::choose(stated.flatten(), spec.build.deterministic);
        keys.manifest = spec.security.clone();
    }
    if let Some(file) = &file {
        check.age(file.project.policy(), time);
    }
    let signer = check.keep(signing::choose(&keys));
    let named_later = |signer: &Signer| purpose == Purpose::Check && signer.origin == Origin::Ephemeral;
    if let Some(signer) = signer.as_ref().filter(|signer| !named_later(signer)) {
        check.keep(signing::check_allowed(signer, &keys.manifest).map_err(PackError::from));
    }
    let (mut output, mut manifest) = (None, None);
    if let Some(file) = file {
        if words::unsafe_name(file.project.name()).is_none() {
            let chosen = Output::named(arguments.output.as_deref(), &file.directory, file.project.name());
            let checked = if purpose == Purpose::Pack { chosen.check() } else { Ok(()) };
            output = check.keep(checked.map(|()| chosen).map_err(PackError::from));
        }
        let after_hooks = AfterHooks::of(&file, options.platform);
        // What the hooks make is looked at when it is there.
        let slots = match after_hooks {
            Some(_) => Vec::new(),
            None => check.slots(&file, arguments.compat, arguments.level, time.epoch),
        };
        let (sha256, document, said) = (file.sha256, file.document.clone(), file.said.clone());
        let source = check.source(file, &arguments, launcher.as_ref());
        manifest = source.map(|source| Manifest { document, source, said, slots, after_hooks, sha256 });
    }
    check.finish(warn)?;
    // Everything that can be missing has been reported by now.
    let (Some(manifest), Some(launcher), Some(signer), Some(output)) = (manifest, launcher, signer, output) else {
        return Err(Diagnostic::error("pack.unready", "the package cannot be made").into());
    };
    Job::new(arguments, manifest, launcher, signer, output, time)
}

/// The launcher of the option, the variable, the manifest, or the one inside; of another platform, the one beside this program.
fn choose_launcher(arguments: &PackOptions, opened: Option<&Opened>) -> Result<Launcher, PackError> {
    let variable = env::var_os("FLAVOR_LAUNCHER_BIN").is_some_and(|path| !path.is_empty());
    let is_open = arguments.launcher_bin.is_none() && !variable;
    let host = host_platform();
    let host = format!("{}_{}", host.0, host.1);
    let named = opened.filter(|_| is_open).and_then(|Opened { document, directory, .. }| {
        let platform = arguments.platform.clone().unwrap_or_else(|| host.clone());
        // What is wrong with the table is reported when the manifest is read.
        let problems = Problems::new(document);
        let launchers = problems.root().keys(&["tool", "flavor", "launchers"]);
        security_settings::launcher(&launchers, directory, &platform)
    });
    let other = arguments.platform.as_ref().filter(|platform| is_open && named.is_none() && **platform != host);
    let launcher = match other.and_then(|platform| launchers::own(platform)) {
        Some(launcher) => launcher,
        None => launcher_file::choose(arguments.launcher_bin.as_deref(), named.as_deref())?,
    };
    let found = format!("{}_{}", launcher.os, launcher.arch);
    match &arguments.platform {
        // A universal binary is one for both processors.
        Some(platform) if *platform != found && !(found == "darwin_any" && platform.starts_with("darwin_")) => {
            let problem = Diagnostic::error("launcher.platform", "the launcher is for another platform");
            let problem = problem.field("--platform").expected(platform.clone()).found(found);
            let hint = "name one for that platform with --launcher-bin, or in [[tool.flavor.launchers]], or put it into the \
                        folder `launchers` beside flavor";
            Err(problem.hint(hint).into())
        }
        _ => Ok(launcher),
    }
}

/// The processor that a Python project is packed for, where that is not this machine's. Only interpreters of Linux can be moved,
/// and of those for other processors only Debian's are available.
fn foreign(launcher: &Launcher) -> Result<Option<Processor>, Diagnostic> {
    let (target, host) = ((launcher.os, launcher.arch), host_platform());
    let named = if Processor::named(host.1).is_some() { host.1 } else { "any" };
    let processor = Processor::named(target.1);
    match target.0 {
        "linux" if target == (host.0, named) => return Ok(None),
        "linux" if host.0 == "linux" && processor.is_some() => return Ok(processor),
        _ => {}
    }
    let message = "a Python project can be packed on Linux only, for amd64 and arm64";
    let problem = Diagnostic::error("python.platform", message).expected("a launcher for linux_amd64 or linux_arm64");
    let problem = problem.found(format!("one for {}_{}", target.0, target.1));
    Err(problem.hint("list its files, and an interpreter for that system, in a JSON manifest"))
}

/// Collects the outcomes of checks that do not depend on each other.
#[derive(Default)]
struct Check {
    failures: Vec<PackError>,
    warnings: Vec<Diagnostic>,
    manifest_errors: bool,
}

impl Check {
    /// Keeps the failure of an outcome.
    fn keep<T>(&mut self, outcome: Result<T, PackError>) -> Option<T> {
        outcome.map_err(|failure| self.failures.push(failure)).ok()
    }

    /// Takes the problems out of a manifest.
    fn manifest(&mut self, mut file: ManifestFile) -> ManifestFile {
        self.manifest_errors = file.has_errors();
        let problems = std::mem::take(&mut file.problems);
        let (errors, warnings): (Vec<_>, Vec<_>) =
            problems.into_iter().partition(|problem| problem.severity == Weight::Error);
        self.warnings.extend(warnings);
        if !errors.is_empty() {
            self.failures.push(errors.into());
        }
        file
    }

    /// Looks at the slots' sources.
    fn slots(&mut self, file: &ManifestFile, compat: bool, level: Option<i64>, mtime: u64) -> Vec<Prepared> {
        let level = match &file.project {
            Project::Files(_) => level,
            Project::Python(spec) => spec.build.level,
        };
        let (slots, warnings, errors) = prepare::all(file.project.slots(), &Options { compat, level, mtime });
        self.warnings.extend(warnings);
        self.failures.extend(errors.into_iter().map(PackError::from));
        slots
    }

    fn source(&mut self, file: ManifestFile, arguments: &PackOptions, launcher: Option<&Launcher>) -> Option<Source> {
        match file.project {
            Project::Files(spec) => {
                self.refuse_python_options(arguments);
                Some(Source::Files(spec))
            }
            Project::Python(spec) => {
                let foreign = launcher.map_or(Ok(None), foreign).map_err(PackError::from);
                let foreign = self.keep(foreign).flatten();
                let (source, readable) = (file.source, !self.manifest_errors);
                let checked = python_project::check(*spec, arguments, &source, foreign, readable, &mut self.warnings);
                self.keep(checked).map(|project: PythonProject| Source::Python(Box::new(project)))
            }
        }
    }

    fn refuse_python_options(&mut self, arguments: &PackOptions) {
        let given = [
            ("--python", arguments.python != "auto"),
            ("--extra", !arguments.extras.is_empty()),
            ("--strip", arguments.strip),
            ("--no-lock", arguments.no_lock),
            ("--no-index", arguments.no_index),
            ("--offline", arguments.offline),
            ("--find-links", !arguments.find_links.is_empty()),
            ("--with-pip", arguments.with_pip),
        ];
        for (option, _) in given.iter().filter(|(_, given)| *given) {
            let problem =
                Diagnostic::error("usage", "this is for Python projects, and the manifest is a list of files");
            self.failures.push(PackError::usage(problem.field(*option)));
        }
    }

    /// `policy.max_age_days` counts from the time that the package bears.
    fn age(&mut self, policy: Option<&Json>, time: BuildTime) {
        let Some(days) = policy.and_then(|policy| policy.get("max_age_days")).and_then(Json::as_u64) else { return };
        // No number of days is reported as such.
        let Some(days) = Some(days).filter(|days| *days > 0) else { return };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
        let bears = build_time::timestamp(time.epoch).unwrap_or_default();
        let hint =
            "set SOURCE_DATE_EPOCH to the time that it shall bear, or `deterministic = false` in [tool.flavor.build]";
        let expired = days.saturating_mul(24 * 60 * 60).saturating_add(time.epoch) < now;
        if expired {
            let problem = Diagnostic::error(
                "policy.days",
                format!("the package bears the time {bears}: it would be too old to run"),
            );
            self.failures.push(problem.field("`policy.max_age_days`").hint(hint).into());
        } else if time.epoch == build_time::DEFAULT {
            let problem = Diagnostic::warning(
                "policy.days",
                format!("the days count from {bears}, the time that the package bears"),
            );
            self.warnings.push(problem.field("`policy.max_age_days`").hint(hint));
        }
    }

    /// Gives the warnings to `warn`; all failures become one.
    ///
    /// # Errors
    /// Where there was a failure.
    fn finish(mut self, warn: &mut dyn FnMut(Diagnostic)) -> Result<(), PackError> {
        std::mem::take(&mut self.warnings).into_iter().for_each(warn);
        if self.failures.is_empty() {
            return Ok(());
        }
        Err(self.failure())
    }

    fn failure(self) -> PackError {
        // Only where nothing but the command line is wrong is it a matter of usage.
        let usage = self.failures.iter().all(PackError::is_usage);
        PackError::all(self.failures, usage)
    }
}
