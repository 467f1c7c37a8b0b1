//! `flavor trust`.

use crate::{
    arguments::{Trust, TrustCommand},
    checked_package, config_file, path_text,
    problem::{Exit, Failure},
    report_text,
    terminal::{Console, Style, printable, table},
    trusted_keys,
};
use flavor_host::{
    calendar,
    files::config_dir::Owner,
    trust::{REVOKED, Trusted, TrustedKey},
};
use flavor_manifest::Diagnostic;
use flavor_pack::{key_files, open_argument};
use pspf_nostd::{
    key::{is_name, read_revoked},
    report::Integrity,
    verify::TrustedKeys,
};
use serde::Serialize;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Most bytes of a name or a reason: one line for people, where key files end at 16 KiB and lists at 1 MiB.
const LINE_MAX: usize = 1000;

/// Fewest digits that name a key to remove.
const DIGITS_MIN: usize = 8;

#[derive(Serialize)]
struct KeyDocument {
    fingerprint: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    store: &'static str,
    state: &'static str,
    #[serde(serialize_with = "path_text::one")]
    file: PathBuf,
}

#[derive(Serialize)]
struct ListDocument {
    ok: bool,
    keys: Vec<KeyDocument>,
    /// Files of the store that are refused: no key in them is trusted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct ChangeDocument<'a> {
    ok: bool,
    fingerprint: String,
    #[serde(serialize_with = "path_text::list")]
    files: &'a [PathBuf],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct VerifyDocument<'a> {
    ok: bool,
    #[serde(serialize_with = "path_text::one")]
    file: &'a Path,
    trusted: bool,
    revoked: bool,
    /// What is proved of the bytes: a key says nothing of what it did not sign.
    state: Integrity,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeyDocument>,
}

/// Runs one of the commands.
///
/// # Errors
/// Where a file or the store cannot be read or written, or a package does not verify.
pub fn run(arguments: &Trust, console: &mut Console) -> Result<Exit, Failure> {
    match &arguments.command {
        TrustCommand::Add { file, name, expires, system } => {
            add(file, name.as_deref(), expires.as_deref(), *system, console)
        }
        TrustCommand::List => list(console),
        TrustCommand::Remove { fingerprint, system } => remove(fingerprint, *system, console),
        TrustCommand::Revoke { key, reason, system } => revoke(key, reason.as_deref(), *system, console),
        TrustCommand::Verify { file } => verify(file, console),
    }
}

fn add(
    file: &Path,
    name: Option<&str>,
    expires: Option<&str>,
    system: bool,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let given = key_files::trusted_key(file)?;
    // What the file says itself is kept: a day that got lost on the way would be trust without end.
    let name = name.map_or(given.name, str::to_owned);
    let expires = expires.map(str::to_owned).or(given.expires);
    let key = given.key;
    let mut text = String::new();
    if !name.is_empty() {
        one_line(&name, "--name")?;
        if !is_name(&name) {
            let problem = Diagnostic::error("trust.text", "this name seems to say when the trust ends").field("--name");
            return Err(Failure::usage(problem.found(name).hint("--expires YYYY-MM-DD says that")));
        }
        text.push_str(&format!("# Name: {name}\n"));
    }
    let mut word = "trusted";
    if let Some(date) = expires {
        let Some(time) = calendar::date(&date) else {
            let problem = Diagnostic::error("trust.expires", "this is not a date").field("--expires");
            return Err(Failure::usage(problem.expected("a date like 2027-12-31").found(date)));
        };
        text.push_str(&format!("# Expires: {date}\n"));
        if time <= calendar::now() {
            word = "expired";
            let problem = Diagnostic::warning("trust.expires", "this day has come, so the key is not trusted");
            console.warn(problem.field("--expires").found(date));
        }
    }
    text.push_str(&key.to_pem());
    let fingerprint = key.fingerprint();
    if let Some(revoked) =
        trusted_keys::read(console)?.revoked.iter().find(|revoked| revoked.fingerprint == fingerprint)
    {
        let problem = Diagnostic::error("trust.revoked", "this key is revoked").file(&revoked.path);
        return Err(problem.hint("take it from that list if it is to be trusted again").into());
    }
    let path = config_file::keys_directory(system)?.join(format!("{}.pub", fingerprint.short()));
    config_file::write(&path, &text, true)?;
    let fingerprint = fingerprint.to_string();
    Ok(changed(word, fingerprint, &[path], console))
}

/// All keys with what they are worth now.
fn documents(store: &Trusted) -> Vec<KeyDocument> {
    let now = calendar::now();
    let document = |key: &TrustedKey| {
        let revoked = store.revoked.iter().any(|revoked| revoked.fingerprint == key.key.fingerprint());
        KeyDocument {
            state: match (revoked, key.is_expired(now)) {
                (true, _) => "revoked",
                (_, true) => "expired",
                _ => "trusted",
            },
            fingerprint: key.key.fingerprint().to_string(),
            expires: key.expires.map(|time| calendar::text(time).chars().take(10).collect()),
            store: if key.owner == Owner::System { "system" } else { "user" },
            name: key.name.clone(),
            file: key.path.clone(),
        }
    };
    store.keys.iter().map(document).collect()
}

/// Lists the keys; files that cannot be used are errors here, where somebody looks at the store itself.
fn list(console: &mut Console) -> Result<Exit, Failure> {
    let store = trusted_keys::find()?;
    let keys = documents(&store);
    let refused: Vec<Diagnostic> = store.unusable.iter().map(trusted_keys::refused).collect();
    let ok = refused.is_empty();
    if console.json() {
        let warnings = console.take_warnings();
        console.document(&ListDocument { ok, keys, errors: refused, warnings });
    } else {
        if keys.is_empty() {
            console.say("no key is trusted; `flavor trust add FILE` adds one");
        } else {
            let row = |key: &KeyDocument| {
                let until = key.expires.as_ref().map(|date| format!("until {date}")).unwrap_or_default();
                vec![key.fingerprint.clone(), key.state.to_owned(), key.store.to_owned(), printable(&key.name), until]
            };
            let rows: Vec<Vec<String>> = keys.iter().map(row).collect();
            console.say(&table(&rows, &[], ""));
        }
        if !ok {
            return Err(refused.into());
        }
    }
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

fn one_line(text: &str, option: &str) -> Result<(), Failure> {
    if text.len() > LINE_MAX {
        let problem = Diagnostic::error("trust.text", "this text is too long").field(option);
        return Err(Failure::usage(
            problem.expected(format!("at most {LINE_MAX} bytes")).found(text.len().to_string()),
        ));
    }
    if !text.chars().any(char::is_control) {
        return Ok(());
    }
    let problem = Diagnostic::error("trust.text", "this is one line of text").field(option);
    Err(Failure::usage(problem.found(format!("{text:?}"))))
}

/// The keys of `store`, or of both, whose fingerprint begins with `digits`: one key, in one file or more.
fn beginning_with(digits: &str, store: Option<&str>, console: &mut Console) -> Result<Vec<KeyDocument>, Failure> {
    let digits = digits.strip_prefix("sha256:").unwrap_or(digits).to_ascii_lowercase();
    if digits.len() < DIGITS_MIN || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        let problem = Diagnostic::error("trust.fingerprint", "this names no key").found(digits);
        return Err(Failure::usage(
            problem.expected(format!("{DIGITS_MIN} to 64 hexadecimal digits of a fingerprint")),
        ));
    }
    let mut found = documents(&trusted_keys::read(console)?);
    found.retain(|key| store.is_none_or(|store| key.store == store) && key.fingerprint.starts_with(&digits));
    let Some(fingerprint) = found.first().map(|key| &key.fingerprint) else {
        let of = store.map(|store| format!("{store} ")).unwrap_or_default();
        let problem = Diagnostic::error("trust.absent", format!("no key of the {of}store begins with {digits}"));
        return Err(problem.hint("`flavor trust list` shows all keys and their store").into());
    };
    if let Some(other) = found.iter().find(|key| key.fingerprint != *fingerprint) {
        let both = format!("{fingerprint} and {}", other.fingerprint);
        let problem = Diagnostic::error("trust.ambiguous", format!("more than one key begins with {digits}"));
        return Err(problem.found(both).hint("give more digits").into());
    }
    Ok(found)
}

fn changed(word: &str, fingerprint: String, files: &[PathBuf], console: &mut Console) -> Exit {
    if console.json() {
        let warnings = console.take_warnings();
        console.document(&ChangeDocument { ok: true, fingerprint, files, warnings });
    } else {
        for file in files {
            console.say(&format!("{word:<12} {}", file.display()));
        }
        console.say(&format!("fingerprint  {fingerprint}"));
    }
    Exit::Done
}

fn remove(digits: &str, system: bool, console: &mut Console) -> Result<Exit, Failure> {
    let found = beginning_with(digits, Some(if system { "system" } else { "user" }), console)?;
    let fingerprint = found.first().map(|key| key.fingerprint.clone()).unwrap_or_default();
    let files: Vec<PathBuf> = found.into_iter().map(|key| key.file).collect();
    for file in &files {
        fs::remove_file(file).map_err(|error| Diagnostic::io("config.write", file, "remove this", &error))?;
    }
    Ok(changed("removed", fingerprint, &files, console))
}

/// Adds a line to the list; a key that is in it already stays as it is, with its reason.
fn revoke(key: &str, reason: Option<&str>, system: bool, console: &mut Console) -> Result<Exit, Failure> {
    let reason = reason.unwrap_or_default().trim();
    one_line(reason, "--reason")?;
    let digits = key.strip_prefix("sha256:").unwrap_or(key);
    let is_short =
        digits.len() < 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) && !Path::new(key).exists();
    let fingerprint = if is_short {
        let found = beginning_with(key, None, console)?;
        found.first().map(|key| key.fingerprint.clone()).unwrap_or_default()
    } else {
        key_files::fingerprint(key, "KEY")?.to_string()
    };
    let path = config_file::directory(system)?.join(REVOKED);
    let _lock = config_file::lock(&path)?;
    // A list that is not understood is not added to.
    let listed = trusted_keys::read(console)?.revoked;
    if listed.iter().any(|revoked| revoked.path == path && revoked.fingerprint.to_string() == fingerprint) {
        return Ok(changed("there already", fingerprint, &[path], console));
    }
    let mut text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Diagnostic::io("config.unusable", &path, "read this", &error).into()),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(format!("{fingerprint} {reason}").trim_end());
    text.push('\n');
    if let Err(error) = read_revoked(text.as_bytes()) {
        let problem = Diagnostic::error("trust.text", error.message).field("--reason");
        return Err(Failure::usage(problem.found(format!("{reason:?}"))));
    }
    config_file::write(&path, &text, true)?;
    Ok(changed("revoked", fingerprint, &[path], console))
}

/// By the key that made the signature. What the index says of a fingerprint proves nothing (docs/launcher-table.md: S14).
fn verify(path: &Path, console: &mut Console) -> Result<Exit, Failure> {
    let file = open_argument(path, "a package")?;
    let outcome = checked_package::verify(path, &file, TrustedKeys::default(), console)?;
    let store = trusted_keys::read(console)?;
    // Not with the revoked keys: what is wrong with the key is this command's own answer.
    let Some(package) = &outcome.checked else { return Err(checked_package::refused(path, &outcome.report, &store)) };
    let fingerprint = package.fingerprint().to_string();
    let revoked = store.refusal(&outcome.report);
    let mut keys = documents(&store);
    keys.retain(|key| key.fingerprint == fingerprint);
    keys.sort_by_key(|key| key.state != "trusted");
    let key = keys.into_iter().next();
    let trusted = revoked.is_none() && key.as_ref().is_some_and(|key| key.state == "trusted");
    let whole = outcome.report.proves(Integrity::Bound);
    if console.json() {
        let (ok, revoked, state) = (trusted && whole, revoked.is_some(), package.integrity());
        console.document(&VerifyDocument { ok, file: path, trusted, revoked, state, fingerprint, key });
    } else {
        let (style, said) = match &key {
            _ if let Some(revoked) = &revoked => (Style::Red, printable(revoked)),
            Some(key) if trusted => {
                let style = if whole { Style::Green } else { Style::Yellow };
                (style, format!("signed by trusted key {}", printable(&key.name)))
            }
            Some(key) => (Style::Red, format!("signed by a key that is {}", key.state)),
            None => (Style::Red, "signed by a key that is not trusted".to_owned()),
        };
        let said = console.styled(style, said.trim_end());
        console.say(&format!("{}: {said}", printable(&path.display().to_string())));
        console.say(&format!("  fingerprint {fingerprint}"));
        for finding in outcome.report.findings.iter().filter(|finding| finding.code == "signature.coverage") {
            console.say(&report_text::finding(console, finding));
        }
    }
    Ok(match trusted {
        true if whole => Exit::Done,
        true => Exit::OnlyIntact,
        false => Exit::Failed,
    })
}
