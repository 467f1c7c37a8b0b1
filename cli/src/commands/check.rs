//! `flavor check`: is the manifest right, and what does it say?

use crate::{
    arguments::{Check, InputOptions},
    problem::{Exit, Failure},
    redact,
    terminal::{Console, Style, printable},
};
use flavor_manifest::{
    Diagnostic,
    document::{Document, Node, Origin, Value},
    schema,
};
use flavor_pack::{
    PackOptions,
    preflight::{self, Purpose},
};
use serde::Serialize;

/// Whether nobody should see the value of a key on a screen: it signs, or is a variable of the build, which may be a password.
fn is_secret(path: &str) -> bool {
    let Some(key) = path.strip_prefix("tool.flavor.") else { return false };
    let build = key.strip_prefix("build.").unwrap_or_default();
    let of_platform = build.strip_prefix("platform.").and_then(|rest| rest.split_once('.'));
    matches!(key, "security.key_seed" | "build.seed")
        || build.starts_with("env.")
        || of_platform.is_some_and(|(_, key)| key.starts_with("env."))
}

#[derive(Serialize)]
struct Summary {
    ok: bool,
    name: String,
    slots: usize,
    /// What was found where no manifest states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    config: Vec<Setting>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct Setting {
    key: String,
    value: serde_json::Value,
    /// `FILE:LINE`, a variable, an option, or `build backend`.
    origin: String,
}

/// Checks.
///
/// # Errors
/// Everything that is wrong with the manifest.
pub fn run(arguments: &Check, console: &mut Console) -> Result<Exit, Failure> {
    if arguments.schema {
        let text = serde_json::to_string_pretty(&schema::json_schema::schema());
        console.answer(&text.map_err(|error| Diagnostic::error("manifest.schema", error.to_string()))?);
        return Ok(Exit::Done);
    }
    let options = as_for_pack(arguments);
    let job = preflight::check(&options, Purpose::Check, &mut |warning| console.warn(warning))?;
    let config = if arguments.show_config { settings(&job.document) } else { Vec::new() };
    if console.json() {
        let warnings = console.take_warnings();
        let (name, left_out) = (job.name().to_owned(), job.left_out().to_vec());
        let (slots, found) = (job.listed_slots(), job.said.clone());
        console.document(&Summary { ok: true, name, slots, found, config, left_out, warnings });
        return Ok(Exit::Done);
    }
    let width = config.iter().map(|setting| setting.key.len() + setting.value.to_string().len()).max().unwrap_or(0);
    for setting in &config {
        let value = printable(&setting.value.to_string());
        let gap = " ".repeat(width.min(60).saturating_sub(setting.key.len() + value.len()));
        let origin = console.styled(Style::Dim, &format!("# {}", printable(&setting.origin)));
        console.answer(&format!("{} = {value}{gap}  {origin}", setting.key));
    }
    if !console.quiet() {
        job.left_out().iter().for_each(|line| console.note(&printable(line)));
    }
    if let Some(said) = &job.said {
        console.say(&printable(said));
    }
    if config.is_empty() {
        let path = job.path().display().to_string();
        console.say(&format!("{}: {} is ready to be packed", printable(&path), printable(job.name())));
    }
    Ok(Exit::Done)
}

/// What `flavor pack` would be asked for.
fn as_for_pack(arguments: &Check) -> PackOptions {
    let Check {
        source,
        manifest,
        strict_manifest,
        strip,
        with_pip,
        no_lock,
        find_links,
        no_index,
        offline,
        level,
        platform,
        python,
        compat,
        extras,
        ..
    } = arguments;
    let InputOptions { requirement, entry, name, version, .. } = source.clone();
    PackOptions {
        input: source.input(manifest),
        requirement,
        entry: source.command().or(entry),
        name,
        version,
        manifest: manifest.clone(),
        strict_manifest: *strict_manifest,
        strip: *strip,
        no_lock: *no_lock,
        find_links: find_links.clone(),
        no_index: *no_index,
        offline: *offline,
        with_pip: *with_pip,
        level: *level,
        platform: platform.clone(),
        python: python.clone(),
        compat: *compat,
        extras: extras.clone(),
        ..PackOptions::default()
    }
}

/// Every value under `[project]` and `[tool.flavor]`, what `conditions` repeats left out.
fn settings(document: &Document) -> Vec<Setting> {
    let mut all = Vec::new();
    for (section, _) in schema::keys::SECTIONS {
        let node = section.split('.').try_fold(&document.root, |node, key| {
            node.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.node)
        });
        if let Some(node) = node {
            collect(document, section, node, &mut all);
        }
    }
    all
}

fn collect(document: &Document, path: &str, node: &Node, all: &mut Vec<Setting>) {
    if path == "tool.flavor.conditions" {
        return;
    }
    match &node.value {
        Value::Table(entries) => {
            entries.iter().for_each(|entry| collect(document, &format!("{path}.{}", entry.key), &entry.node, all));
        }
        Value::Array(items) if items.iter().any(|item| matches!(item.value, Value::Table(_))) => {
            let numbered = items.iter().enumerate();
            numbered.for_each(|(number, item)| collect(document, &format!("{path}[{number}]"), item, all));
        }
        _ => {
            let value = if is_secret(path) {
                "(hidden)".into()
            } else {
                without_passwords(serde_json::to_value(node.to_json()).unwrap_or_default())
            };
            all.push(Setting { key: path.to_owned(), value, origin: origin(document, node) });
        }
    }
}

/// The value, with its texts as [`redact`] shows them.
fn without_passwords(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) => redact::without_passwords(&text).into(),
        serde_json::Value::Array(items) => items.into_iter().map(without_passwords).collect(),
        serde_json::Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (key, without_passwords(value))).collect()
        }
        other => other,
    }
}

fn origin(document: &Document, node: &Node) -> String {
    match node.origin {
        Origin::Text | Origin::Condition => {
            let name = document.path.file_name().unwrap_or_default().to_string_lossy();
            let condition = if node.origin == Origin::Condition { " (conditions)" } else { "" };
            format!("{name}:{}{condition}", document.place(node.span.start).0)
        }
        Origin::Variable(name) | Origin::Option(name) => name.to_owned(),
        Origin::Backend => "build backend".to_owned(),
        Origin::Found(from) => from.to_owned(),
    }
}
