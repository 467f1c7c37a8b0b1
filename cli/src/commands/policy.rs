//! `flavor policy`.

use crate::{
    arguments::{Policy, PolicyCommand},
    checked_package, config_file, path_text,
    problem::{Exit, Failure},
    report_text,
    terminal::{Console, Style, printable},
    trusted_keys,
};
use flavor_host::{
    files::config_dir::Owner,
    policy::{
        Policies, PolicyFile,
        evaluation::{self, Host, Violation},
        rules::{Enforcement, Rule, Rules, VerifyCache},
    },
    trust::TrustStore,
};
use flavor_pack::open_argument;
use pspf_nostd::{report::Integrity, verify::TrustedKeys};
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// What `policy init` writes.
const TEMPLATE: &str = include_str!("policy_template.toml");

#[derive(Serialize)]
struct InitDocument {
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    file: PathBuf,
    /// Whether it was written now.
    created: bool,
}

#[derive(Serialize)]
struct ShowDocument<'a> {
    ok: bool,
    files: Vec<FileDocument<'a>>,
}

#[derive(Serialize)]
struct FileDocument<'a> {
    #[serde(serialize_with = "path_text::one")]
    file: &'a Path,
    owner: &'static str,
    rules: Map<String, Value>,
}

#[derive(Serialize)]
struct CheckDocument<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    file: &'a Path,
    platform: &'a str,
    /// What is proved of the bytes.
    state: Integrity,
    violations: Vec<ViolationDocument<'a>>,
}

#[derive(Serialize)]
struct ViolationDocument<'a> {
    code: &'static str,
    enforcement: &'static str,
    origin: &'a str,
    message: &'a str,
}

/// Runs one of the commands.
///
/// # Errors
/// Where a policy cannot be read or written, or a package does not verify.
pub fn run(arguments: &Policy, console: &mut Console) -> Result<Exit, Failure> {
    match &arguments.command {
        PolicyCommand::Init { system } => init(*system, console),
        PolicyCommand::Show => show(console),
        PolicyCommand::Check { file } => check(file, console),
    }
}

fn init(system: bool, console: &mut Console) -> Result<Exit, Failure> {
    let file = config_file::directory(system)?.join("policy.toml");
    let created = file.symlink_metadata().is_err();
    if created {
        config_file::write(&file, TEMPLATE, false)?;
    }
    if console.json() {
        console.document(&InitDocument { ok: true, file, created });
    } else {
        let said = if created { "written" } else { "is there already, left as it is" };
        console.say(&format!("{}: {said}", file.display()));
    }
    Ok(Exit::Done)
}

fn read() -> Result<(Policies, TrustStore), Failure> {
    let read = TrustStore::find().and_then(|store| Ok((Policies::read(store.directories())?, store)));
    read.map_err(|error| trusted_keys::unusable(&error).hint("packages are not run until this is put right").into())
}

fn show(console: &mut Console) -> Result<Exit, Failure> {
    let (policies, _) = read()?;
    if console.json() {
        let files = policies.files().iter().map(|file| FileDocument {
            file: &file.path,
            owner: owner(file),
            rules: asked(&file.rules),
        });
        console.document(&ShowDocument { ok: true, files: files.collect() });
        return Ok(Exit::Done);
    }
    if policies.files().is_empty() {
        console.say("there are no policies: every validly signed package runs; `flavor policy init` writes one");
    }
    for file in policies.files() {
        console.say(&format!("{} ({})", file.path.display(), owner(file)));
        let rules = asked(&file.rules);
        if rules.is_empty() {
            console.say("  asks for nothing");
        }
        for (name, value) in rules {
            console.say(&format!("  {name} = {}", printable(&value.to_string())));
        }
    }
    Ok(Exit::Done)
}

fn owner(file: &PolicyFile) -> &'static str {
    if file.owner == Owner::System { "system" } else { "user" }
}

/// The settings that differ from those of an empty policy.
fn asked(rules: &Rules) -> Map<String, Value> {
    let flags = [
        ("trust.require_signature", rules.require_signature, true),
        ("trust.require_trusted_key", rules.require_trusted_key, true),
        ("trust.allow_user_keys", rules.allow_user_keys, true),
        ("trust.use_os_keychain", rules.use_os_keychain, true),
        ("trust.allow_validation_lowering", rules.forbid_lowering, false),
        ("execution.refuse_root", rules.refuse_root, true),
        ("attestation.require_sbom", rules.require_sbom, true),
    ];
    let flags = flags.into_iter().filter(|(_, asked, _)| *asked).map(|(name, _, value)| (name, Value::from(value)));
    let verdict = rules.minimum_verdict.map(|least| match least {
        Integrity::Sealed => "sealed",
        Integrity::Bound => "bound",
        _ => "intact",
    });
    let cache = match rules.verify_cache {
        VerifyCache::Off => None,
        VerifyCache::Quick => Some("quick"),
        VerifyCache::Full => Some("full"),
    };
    let list = |items: &[String]| (!items.is_empty()).then(|| Value::from(items));
    let values = [
        ("trust.minimum_verdict", verdict.map(Value::from)),
        ("execution.allow_platforms", list(&rules.allow_platforms)),
        ("execution.max_age_days", rules.max_age_days.map(Value::from)),
        ("execution.require_env", list(&rules.require_env)),
        ("execution.verify_cache", cache.map(Value::from)),
    ];
    let mut all: Map<String, Value> = Map::new();
    let values = values.into_iter().filter_map(|(name, value)| Some((name, value?)));
    all.extend(flags.chain(values).map(|(name, value)| (name.to_owned(), value)));
    for rule in Rule::ALL {
        let enforcement = rules.enforcement(rule);
        if let Some(key) = rule.enforcement_key().filter(|_| enforcement != Enforcement::Deny) {
            all.insert(format!("enforcement.{key}"), word(enforcement).into());
        }
    }
    all
}

fn word(enforcement: Enforcement) -> &'static str {
    match enforcement {
        Enforcement::Allow => "allow",
        Enforcement::Warn => "warn",
        Enforcement::Deny => "deny",
    }
}

fn check(path: &Path, console: &mut Console) -> Result<Exit, Failure> {
    let (policies, store) = read()?;
    let file = open_argument(path, "a package")?;
    // Not with the revoked keys: the launcher, whose decision this is, names them among what refuses the package.
    let outcome = checked_package::verify(path, &file, TrustedKeys::default(), console)?;
    let Some(package) = &outcome.checked else {
        return Err(checked_package::refused(path, &outcome.report, &trusted_keys::read(console)?));
    };
    let host = Host::current();
    let decision =
        evaluation::decide(&policies, &store, package, false, &host).map_err(|error| trusted_keys::unusable(&error))?;
    let allowed = decision.allows();
    if console.json() {
        let violations = decision.violations.iter().map(|violation| ViolationDocument {
            code: violation.rule.code(),
            enforcement: word(violation.enforcement),
            origin: &violation.origin,
            message: &violation.message,
        });
        let violations = violations.collect();
        let (platform, state) = (host.platform.as_str(), package.integrity());
        console.document(&CheckDocument { ok: allowed, file: path, platform, state, violations });
    } else {
        let (style, said) =
            if allowed { (Style::Green, "would be run here") } else { (Style::Red, "would not be run here") };
        let said = console.styled(style, said);
        console.say(&format!("{}: {said} ({})", printable(&path.display().to_string()), host.platform));
        for violation in &decision.violations {
            console.say(&line(console, violation));
        }
        for finding in outcome.report.findings.iter().filter(|finding| finding.code == "signature.coverage") {
            console.say(&report_text::finding(console, finding));
        }
    }
    Ok(if allowed { Exit::Done } else { Exit::Failed })
}

fn line(console: &Console, violation: &Violation) -> String {
    let (style, label) = match violation.enforcement {
        Enforcement::Deny => (Style::Red, "refused:"),
        _ => (Style::Yellow, "warning:"),
    };
    let (label, code) = (console.styled(style, label), violation.rule.code());
    format!("  {label} {}, by {} [{code}]", printable(&violation.message), printable(&violation.origin))
}
