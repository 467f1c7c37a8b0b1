//! `flavor inspect`.

use crate::{
    analysis::{self, Analysis},
    arguments::Inspect,
    commands::inspect_attestation,
    path_text,
    problem::{Exit, Failure},
    report_text,
    terminal::{Console, Style, printable, size, table},
    trusted_keys,
};
use flavor_host::driver;
use flavor_manifest::Diagnostic;
use flavor_pack::open_argument;
use flavor_python::process::shell_word;
use pspf_nostd::{
    json::Json,
    metadata::Metadata,
    report::{Finding, Integrity, PackageFacts, Report, Signer, SlotReport, Trust},
    verify::{Authenticated, Scope},
};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Document<'a> {
    /// Whether what was read is consistent and validly signed.
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    file: &'a Path,
    size: u64,
    /// Always `false`: only trailer, metadata and slot table are read.
    content_verified: bool,
    state: Integrity,
    trust: Trust,
    signer: &'a Option<Signer>,
    package: &'a Option<PackageFacts>,
    launcher: Option<Launcher>,
    sealed: bool,
    execution: Option<&'a Json>,
    runtime: Option<&'a Json>,
    slots: &'a [SlotReport],
    findings: &'a [Finding],
    /// The signed document, unknown keys included; absent where it did not prove authentic.
    metadata: Option<&'a Json>,
}

#[derive(Serialize)]
struct AnalysisDocument<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    file: &'a Path,
    #[serde(flatten)]
    analysis: Analysis,
}

#[derive(Serialize)]
struct Launcher {
    tool: String,
    tool_version: String,
    size: u64,
    checksum: String,
}

/// Shows the head of a package.
///
/// # Errors
/// Where the file cannot be read.
pub fn run(arguments: &Inspect, console: &mut Console) -> Result<Exit, Failure> {
    if arguments.analyze {
        return analyze(&arguments.file, console);
    }
    let file = open_argument(&arguments.file, "a package")?;
    let store = trusted_keys::read(console)?;
    let outcome = driver::verify_file(&file, Scope::Head, store.for_verification(Vec::new()), &mut |_, _| ())
        .map_err(|error| Diagnostic::io("file.read", &arguments.file, "read the package", &error))?;
    console.detail(&format!("{}: head of {} bytes read", arguments.file.display(), outcome.report.size));
    let (report, head) = (&outcome.report, outcome.authenticated.as_ref());
    if let Some(head) = head.filter(|_| arguments.sbom || arguments.provenance || arguments.deps) {
        return inspect_attestation::run(arguments, &file, head, console);
    }
    if console.json() {
        console.document(&document(&arguments.file, report, head));
    } else {
        human(console, &arguments.file, report, head);
    }
    if let Some(refusal) = store.refusal(report) {
        console.warn(
            Diagnostic::warning("key.revoked", refusal)
                .file(&arguments.file)
                .hint("nothing that it signed is to be used"),
        );
    }
    Ok(if head.is_some() { Exit::Done } else { Exit::Failed })
}

fn analyze(path: &Path, console: &mut Console) -> Result<Exit, Failure> {
    let analysis = analysis::of(path, console)?;
    if console.json() {
        console.document(&AnalysisDocument { ok: true, file: path, analysis });
    } else {
        console.answer(&format!("{}\n", printable(&path.display().to_string())));
        console.answer(&analysis::text(&analysis));
    }
    Ok(Exit::Done)
}

fn document<'a>(file: &'a Path, report: &'a Report, head: Option<&'a Authenticated>) -> Document<'a> {
    let metadata = head.map(Authenticated::metadata);
    let top = |key| metadata.and_then(|metadata| metadata.document().get(key));
    Document {
        ok: head.is_some(),
        file,
        size: report.size,
        content_verified: false,
        state: report.state,
        trust: report.trust,
        signer: &report.signer,
        package: &report.package,
        launcher: head.map(launcher),
        sealed: metadata.is_some_and(|metadata| metadata.seal.is_some()),
        execution: top("execution"),
        runtime: top("runtime"),
        slots: &report.slots,
        findings: &report.findings,
        metadata: metadata.map(Metadata::document),
    }
}

fn launcher(head: &Authenticated) -> Launcher {
    let entry = head.metadata().document().get("launcher");
    let text = |key| entry.and_then(|entry| entry.get(key)).and_then(Json::as_str).unwrap_or_default().to_owned();
    Launcher {
        tool: text("tool"),
        tool_version: text("tool_version"),
        size: head.launcher_size(),
        checksum: text("checksum"),
    }
}

fn human(console: &mut Console, path: &Path, report: &Report, head: Option<&Authenticated>) {
    let file = printable(&path.display().to_string());
    match &report.package {
        Some(package) => {
            let title = format!("{} {}", printable(&package.name), printable(&package.version));
            console.say(&format!("{}  ({file}, {})", console.styled(Style::Bold, &title), size(report.size)));
        }
        None => console.say(&format!("{file}: {}", console.styled(Style::Red, "not a readable package"))),
    }
    for finding in &report.findings {
        console.say(&report_text::finding(console, finding));
    }
    let mut facts: Vec<Vec<String>> = Vec::new();
    let mut fact = |name: &str, value: String| facts.push(vec![name.to_owned(), value]);
    if let Some(package) = &report.package {
        fact("builder", printable(&package.builder));
    }
    if let Some(signer) = &report.signer {
        fact("signer", format!("{} ({})", signer.fingerprint, trust(report.trust)));
    }
    if let Some(head) = head {
        let launcher = launcher(head);
        let name = format!("{} {}", printable(&launcher.tool), printable(&launcher.tool_version));
        let name = if name.trim().is_empty() { "unnamed" } else { name.trim() };
        fact("launcher", format!("{name}, {}", size(launcher.size)));
        let metadata = head.metadata();
        fact("sealed", if metadata.seal.is_some() { "yes".to_owned() } else { "no".to_owned() });
        if let Some(execution) = &metadata.execution {
            fact("command", printable(&execution.command));
            for (name, value) in &execution.env {
                fact("sets", printable(&format!("{name}={value}")));
            }
        }
        environment(metadata, &mut fact);
    }
    console.say(&table(&facts, &[], "  "));
    if !report.slots.is_empty() {
        console.say("");
        console.say(&report_text::slot_table(&report.slots));
    }
    console.say("");
    let word = printable(&shell_word(&path.to_string_lossy()));
    console.say(&format!("Only the head was read. `flavor verify {word}` checks the content."));
}

fn environment(metadata: &Metadata, fact: &mut impl FnMut(&str, String)) {
    let env = &metadata.runtime_env;
    for (name, words) in [("unsets", &env.unset), ("passes", &env.pass)] {
        if !words.is_empty() {
            fact(name, printable(&words.join(" ")));
        }
    }
    for (from, to) in &env.map {
        fact("renames", printable(&format!("{from} to {to}")));
    }
    for (name, value) in env.set.iter().chain(&metadata.workenv.env) {
        fact("sets", printable(&format!("{name}={value}")));
    }
    for command in &metadata.setup_commands {
        let text = command.get("type").and_then(Json::as_str).unwrap_or("command");
        fact("set-up", printable(text));
    }
}

fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::Unsigned => "no valid signature",
        Trust::UnknownKey => "signature over the metadata valid, key unknown",
        Trust::Pinned => "signature over the metadata valid, key expected",
        Trust::InStore => "signature over the metadata valid, key trusted",
        Trust::Revoked => "key revoked",
    }
}
