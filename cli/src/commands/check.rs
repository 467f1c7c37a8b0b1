//! `flavor check`: is the manifest right, and what does it say?

use crate::{
    arguments::Check,
    manifest::{
        document::{Document, Node, Origin, Value},
        schema,
    },
    pack::{
        build_time,
        preflight::{self, host_platform},
        project_manifest::{self, ManifestOptions},
    },
    problem::{Exit, Failure, Problem},
    terminal::{Console, Style, printable},
};
use serde::Serialize;

/// Keys whose values nobody should see on a screen.
const SECRET: &[&str] = &["tool.flavor.security.key_seed", "tool.flavor.build.seed"];

#[derive(Serialize)]
struct Summary {
    ok: bool,
    name: String,
    slots: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    config: Vec<Setting>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Problem>,
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
        console.answer(&text.map_err(|error| Problem::error("manifest.schema", error.to_string()))?);
        return Ok(Exit::Done);
    }
    let document = project_manifest::parse(&arguments.manifest)?;
    let options = ManifestOptions {
        path: &arguments.manifest,
        workenv_base: None,
        strict: arguments.strict_manifest,
        strip: arguments.strip,
        level: arguments.level,
        python: "auto",
        extras: false,
        platform: host_platform(),
    };
    let mut check = preflight::Check::default();
    let file = check.manifest(project_manifest::read(document, &options)?);
    let slots = check.slots(&file, false, arguments.level, build_time::DEFAULT);
    check.finish(console)?;
    let config = if arguments.show_config { settings(&file.document) } else { Vec::new() };
    let left_out = match &file.project {
        project_manifest::Project::Python(spec) => spec.left_out.clone(),
        project_manifest::Project::Files(_) => Vec::new(),
    };
    if console.json() {
        let warnings = console.take_warnings();
        let name = file.project.name().to_owned();
        console.document(&Summary { ok: true, name, slots: slots.len(), config, left_out, warnings });
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
        left_out.iter().for_each(|line| console.note(&printable(line)));
    }
    if config.is_empty() {
        let path = arguments.manifest.display().to_string();
        console.say(&format!("{}: {} is ready to be packed", printable(&path), printable(file.project.name())));
    }
    Ok(Exit::Done)
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
            let value = if SECRET.contains(&path) {
                "(hidden)".into()
            } else {
                serde_json::to_value(node.to_json()).unwrap_or_default()
            };
            all.push(Setting { key: path.to_owned(), value: without_passwords(value), origin: origin(document, node) });
        }
    }
}

/// `https://user:password@host/` becomes `https://…@host/`.
fn without_passwords(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) => {
            let hidden = text.split_once("://").and_then(|(scheme, rest)| {
                let (credentials, rest) = rest.split_once('@')?;
                (!credentials.contains('/')).then(|| format!("{scheme}://…@{rest}"))
            });
            hidden.unwrap_or(text).into()
        }
        serde_json::Value::Array(items) => items.into_iter().map(without_passwords).collect(),
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
    }
}
