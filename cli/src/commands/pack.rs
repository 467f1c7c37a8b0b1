//! `flavor pack`: everything is checked first, then the slow work is done, then the package is verified and put in place.

use crate::{
    analysis::{self, Analysis},
    arguments::{InputOptions, Pack},
    path_text,
    problem::{Exit, Failure},
    progress::Steps,
    redact::without_passwords,
    report_text,
    terminal::{Console, Style, printable, size},
    text_file,
};
use flavor_manifest::Diagnostic;
use flavor_pack::{
    PackOptions,
    job::{Job, Packed},
    launchers,
    preflight::{self, Purpose},
};
use flavor_python::process;
use pspf_nostd::report::{Integrity, SlotReport};
use serde::Serialize;
use std::{borrow::Cow, fs, path::Path, time::Instant};

#[derive(Serialize)]
struct Summary<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    path: &'a Path,
    name: &'a str,
    version: &'a str,
    size: u64,
    /// What verification proved; absent with `--no-verify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<Integrity>,
    fingerprint: String,
    key: &'static str,
    launcher: String,
    compat: bool,
    validated: bool,
    tested: bool,
    slots: &'a [SlotReport],
    seconds: f64,
    /// The lock that says the versions; false where it was passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notices: &'a [Cow<'a, str>],
    /// What was found where no manifest states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'a str>,
    /// What takes the bytes, with `--report`.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Analysis>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Diagnostic>,
}

/// Packs.
///
/// # Errors
/// All problems that can be found before the slow work, together; later the first one.
pub fn run(arguments: &Pack, console: &mut Console) -> Result<Exit, Failure> {
    let started = Instant::now();
    process::hide_memory();
    if let Some(Some(file)) = &arguments.report {
        check_report(file)?;
    }
    let arguments = &with_launcher(arguments)?;
    let options = options(arguments);
    let mut job = preflight::check(&options, Purpose::Pack, &mut |warning| console.warn(warning))?;
    if let Some(Some(file)) = &arguments.report {
        apart(file, &job.output.path)?;
    }
    console.detail(&format!("manifest {}, launcher {}", job.path().display(), launcher(&job)));
    if let Some(said) = job.said.as_ref().filter(|_| !console.json() && !console.quiet()) {
        console.note(&printable(said));
    }
    let steps = Steps::new(arguments.progress || (!console.quiet() && !console.json()), console.interactive())
        .timed(console.verbose());
    let packed = job.run(&steps)?;
    drop(steps);
    let seconds = started.elapsed().as_secs_f64();
    let report =
        arguments.report.as_ref().map(|file| report(&job.output.path, file.as_deref(), console)).transpose()?;
    if console.json() {
        document(arguments, console, &job, &packed, seconds, report);
    } else {
        human(arguments, console, &job, &packed, seconds);
        if let Some(report) = &report {
            console.say("");
            console.answer(&analysis::text(report));
        }
    }
    Ok(Exit::Done)
}

/// A report that cannot be written is better known before the slow work.
fn check_report(file: &Path) -> Result<(), Failure> {
    text_file::check_replaceable(file, "report.write")?;
    if !text_file::parent(file).is_dir() {
        let problem =
            Diagnostic::error("report.write", "the report cannot be written here").file(file).field("--report");
        return Err(Failure::usage(problem.expected("a file in a directory that exists")));
    }
    Ok(())
}

/// The report must not take the package's place.
fn apart(report: &Path, package: &Path) -> Result<(), Failure> {
    let place = |path: &Path| Some((fs::canonicalize(text_file::parent(path)).ok()?, path.file_name()?.to_owned()));
    if place(report).is_some() && place(report) == place(package) {
        let problem = Diagnostic::error("report.write", "this is where the package goes").file(report);
        return Err(Failure::usage(problem.field("--report").hint("give the report a name of its own")));
    }
    Ok(())
}

/// What takes the bytes of the package that is there now.
fn report(package: &Path, to: Option<&Path>, console: &Console) -> Result<Analysis, Failure> {
    let analysis = analysis::of(package, console)?;
    if let Some(to) = to {
        let text =
            serde_json::to_string(&analysis).map_err(|error| Diagnostic::error("report.write", error.to_string()))?;
        text_file::write(to, &format!("{text}\n"), true, "report.write")?;
    }
    Ok(analysis)
}

/// `--launcher` as the option that it stands for.
fn with_launcher(arguments: &Pack) -> Result<Pack, Failure> {
    let mut arguments = arguments.clone();
    if let Some(word) = arguments.launcher.take() {
        arguments.launcher_bin = launchers::choose(&word)?.path;
    }
    Ok(arguments)
}

/// What packing is asked for.
fn options(arguments: &Pack) -> PackOptions {
    let Pack { manifest, output, launcher_bin, platform, private_key, public_key, key_seed, key_seed_file, .. } =
        arguments.clone();
    let Pack {
        compat,
        python,
        strict_manifest,
        strip,
        with_pip,
        no_lock,
        find_links,
        no_index,
        offline,
        extras,
        workenv_base,
        threads,
        level,
        ..
    } = arguments.clone();
    let Pack { no_attestation, no_verify, validate_before_sign, smoke_args, test_command, .. } = arguments.clone();
    let InputOptions { requirement, entry, name, version, .. } = arguments.source.clone();
    PackOptions {
        input: arguments.source.input(&manifest),
        requirement,
        entry: arguments.source.command().or(entry),
        name,
        version,
        manifest,
        output,
        launcher_bin,
        platform,
        compat,
        private_key,
        public_key,
        key_seed,
        key_seed_file,
        python,
        strict_manifest,
        strip,
        no_lock,
        find_links,
        no_index,
        offline,
        with_pip,
        extras,
        workenv_base,
        threads,
        level,
        no_attestation,
        no_verify,
        validate_before_sign,
        smoke_args,
        test_command,
    }
}

fn launcher(job: &Job<'_>) -> String {
    match job.launcher.version.as_str() {
        "unknown" => format!("a {} of unknown version", job.launcher.tool),
        version => format!("{} {version}", job.launcher.tool),
    }
}

fn document(
    arguments: &Pack,
    console: &mut Console,
    job: &Job<'_>,
    packed: &Packed,
    seconds: f64,
    report: Option<Analysis>,
) {
    let warnings = console.take_warnings();
    let notices: Vec<_> = packed.notices.iter().map(|notice| without_passwords(notice)).collect();
    console.document(&Summary {
        ok: true,
        path: &job.output.path,
        name: &packed.spec.name,
        version: &packed.spec.version,
        size: packed.report.size,
        state: (!arguments.no_verify).then_some(packed.report.state),
        fingerprint: job.signer.key.public_key().fingerprint().to_string(),
        key: job.signer.origin.word(),
        launcher: launcher(job),
        compat: job.is_compatible(),
        validated: arguments.validate_before_sign,
        tested: arguments.test_command.is_some() || arguments.smoke_args.is_some(),
        slots: &packed.report.slots,
        seconds: (seconds * 1000.0).round() / 1000.0,
        lock: packed.lock.as_ref().map(|lock| match lock.sha256 {
            Some(_) => lock.name.as_str().into(),
            None => false.into(),
        }),
        notices: &notices,
        found: job.said.as_deref(),
        report,
        warnings,
    });
}

fn human(arguments: &Pack, console: &mut Console, job: &Job<'_>, packed: &Packed, seconds: f64) {
    if !console.quiet() {
        packed.notices.iter().for_each(|notice| console.note(&printable(notice)));
    }
    let path = console.styled(Style::Bold, &printable(&job.output.path.display().to_string()));
    let state = if arguments.no_verify { "not verified" } else { packed.report.state.words() };
    console.say(&format!("{path}  {}, {state}, {seconds:.1} s", size(packed.report.size)));
    let about = format!("{} {}", printable(&packed.spec.name), printable(&packed.spec.version));
    let compatible = if job.is_compatible() { ", packed for the published launchers (--compat)" } else { "" };
    console.say(&format!("  {about}, started by {}{compatible}", launcher(job)));
    if let Some(lock) = packed.lock.as_ref().filter(|lock| lock.sha256.is_some()) {
        console.say(&format!("  versions and hashes are those of {}", printable(&lock.name)));
    }
    let fingerprint = job.signer.key.public_key().fingerprint();
    console.say(&format!("  key {fingerprint}\n      {}", job.signer.origin.text()));
    if !packed.report.slots.is_empty() {
        console.say(&report_text::slot_table(&packed.report.slots));
    }
}
