//! `[tool.poetry]`, where a project has no `[project]`: its values, under the names of `[project]`.

use super::{
    Document,
    cursor::Problems,
    document::{Entry, Node, Value},
};
use crate::diagnostic::Diagnostic;

/// Puts name, version, description and scripts of `[tool.poetry]` into `[project]`, each with its place in the text.
///
/// Dependencies are left to the build backend, which knows Poetry's own notation of versions.
pub fn adopt(document: &mut Document) {
    let tables = document.root.entries();
    if tables.iter().any(|entry| entry.key == "project") {
        return;
    }
    let tool = tables.iter().find(|entry| entry.key == "tool").map(|entry| entry.node.entries()).unwrap_or_default();
    let Some(poetry) = tool.iter().find(|entry| entry.key == "poetry") else { return };
    let mut project: Vec<Entry> = poetry
        .node
        .entries()
        .iter()
        .filter(|entry| ["name", "version", "description"].contains(&entry.key.as_str()))
        .cloned()
        .collect();
    let scripts = poetry.node.entries().iter().find(|entry| entry.key == "scripts");
    project.extend(scripts.map(|scripts| Entry { node: references(&scripts.node), ..scripts.clone() }));
    let extras = poetry.node.entries().iter().find(|entry| entry.key == "extras").cloned();
    project.extend(extras.map(|extras| Entry { key: "optional-dependencies".to_owned(), ..extras }));
    let entry = Entry {
        key: "project".to_owned(),
        span: poetry.span.clone(),
        node: Node::in_text(poetry.node.span.clone(), Value::Table(project)),
    };
    if let Value::Table(entries) = &mut document.root.value {
        entries.push(entry);
    }
}

/// Without `[build-system]` the project is built by setuptools, which knows nothing of `[tool.poetry]`: neither its version nor its
/// dependencies would be in the package.
#[must_use]
pub fn without_backend(document: &Document) -> Option<Diagnostic> {
    let problems = Problems::new(document);
    let root = problems.root();
    let is_missing = root.keys(&["tool", "poetry"]).present() && !root.key("build-system").present();
    // A `[project]` that was in the text is all that setuptools needs.
    let adopted = root.key("project").node.is_some_and(|project| {
        project.span == root.keys(&["tool", "poetry"]).node.map_or(0..0, |poetry| poetry.span.clone())
    });
    (is_missing && adopted).then(|| {
        let problem = Diagnostic::error("project.build_system", "`[tool.poetry]` comes without `[build-system]`")
            .file(&document.path);
        problem.expected("requires = [\"poetry-core\"] and build-backend = \"poetry.core.masonry.api\"")
    })
}

/// A script is a text, or a table with `reference` and `type = "console"`; programs and files are not entry points.
fn references(scripts: &Node) -> Node {
    let entry = |entry: &Entry| {
        let node = match &entry.node.value {
            Value::Table(fields) => fields.iter().find(|field| field.key == "reference")?.node.clone(),
            _ => entry.node.clone(),
        };
        let is_function = matches!(&node.value, Value::String(text) if text.contains(':'));
        is_function.then(|| Entry { node, ..entry.clone() })
    };
    Node { value: Value::Table(scripts.entries().iter().filter_map(entry).collect()), ..scripts.clone() }
}
