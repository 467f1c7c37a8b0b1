//! What outweighs the manifest's text: tables for one operating system, environment variables, options, and what a build backend
//! says. All of it goes into the one tree of values before that is read, so that every value is read and checked in one way.

use super::{
    Document,
    document::{Entry, Node, Origin, Value},
    schema::{self, Kind},
};
use crate::diagnostic::Diagnostic;

/// A value that a command line gives.
pub struct Given {
    /// Path of the key.
    pub path: &'static str,
    /// The option.
    pub option: &'static str,
    /// The value.
    pub value: Value,
}

/// Puts the values for `system` (`linux`, …), those of variables and those of options into the tree, in this order.
///
/// # Errors
/// Variables that cannot be read.
pub fn apply(
    document: &mut Document,
    system: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    options: Vec<Given>,
) -> Vec<Diagnostic> {
    condition(&mut document.root, system);
    let mut problems = Vec::new();
    for leaf in schema::leaves() {
        let Some(name) = leaf.key.variable else { continue };
        let Some(text) = variable(name).filter(|text| !text.is_empty()) else { continue };
        let origin = Origin::Variable(name);
        match parse(&text, leaf.key.kind, &origin) {
            Some(value) => set(&mut document.root, &leaf.path, Node::of(origin, value)),
            None => problems.push(
                Diagnostic::error("manifest.variable_value", format!("the environment variable {name} cannot be read"))
                    .field(format!("`{}`", leaf.path))
                    .expected(match leaf.key.kind {
                        Kind::Boolean => "1, true, yes, on or 0, false, no, off",
                        _ => "NAME=VALUE,NAME=VALUE",
                    })
                    .found(format!("{text:?}")),
            ),
        }
    }
    for given in options {
        set(&mut document.root, given.path, Node::of(Origin::Option(given.option), given.value));
    }
    problems
}

fn condition(root: &mut Node, system: &str) {
    let Some(flavor) = child(root, "tool").and_then(|tool| child(tool, "flavor")) else { return };
    let Some(mut special) = child(flavor, "conditions").and_then(|all| child(all, system)).cloned() else { return };
    mark(&mut special);
    merge(flavor, special);
}

fn mark(node: &mut Node) {
    node.origin = Origin::Condition;
    match &mut node.value {
        Value::Table(entries) => entries.iter_mut().for_each(|entry| mark(&mut entry.node)),
        Value::Array(items) => items.iter_mut().for_each(mark),
        _ => {}
    }
}

/// Tables are merged, everything else is replaced.
fn merge(base: &mut Node, over: Node) {
    match (&mut base.value, over.value) {
        (Value::Table(entries), Value::Table(more)) => {
            for entry in more {
                match entries.iter_mut().find(|existing| existing.key == entry.key) {
                    Some(existing) => merge(&mut existing.node, entry.node),
                    None => entries.push(entry),
                }
            }
        }
        (_, value) => *base = Node { value, span: over.span, origin: over.origin },
    }
}

fn parse(text: &str, kind: Kind, origin: &Origin) -> Option<Value> {
    let string = |text: &str| Node::of(origin.clone(), Value::String(text.trim().to_owned()));
    let parts = || text.split(',').filter(|part| !part.trim().is_empty());
    Some(match kind {
        Kind::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Value::Bool(true),
            "0" | "false" | "no" | "off" => Value::Bool(false),
            _ => return None,
        },
        Kind::Texts => Value::Array(parts().map(string).collect()),
        Kind::TextTable => {
            let entry = |part: &str| {
                let (key, value) = part.split_once('=')?;
                Some(Entry { key: key.trim().to_owned(), span: 0..0, node: string(value) })
            };
            Value::Table(parts().map(entry).collect::<Option<_>>()?)
        }
        _ => Value::String(text.to_owned()),
    })
}

fn child<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Table(entries) => entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node),
        _ => None,
    }
}

/// Takes the value at a dotted path away.
pub fn remove(root: &mut Node, path: &str) {
    let Value::Table(entries) = &mut root.value else { return };
    match path.split_once('.') {
        Some((first, rest)) => {
            entries.iter_mut().filter(|entry| entry.key == first).for_each(|entry| remove(&mut entry.node, rest));
        }
        None => entries.retain(|entry| entry.key != path),
    }
}

/// Sets the value at a dotted path, making tables on the way. A table is merged into one that is there.
///
/// Where something else than a table is in the way nothing is done: the reader reports it.
pub fn set(root: &mut Node, path: &str, node: Node) {
    let Value::Table(entries) = &mut root.value else { return };
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let at = entries.iter().position(|entry| entry.key == first).unwrap_or_else(|| {
        let table = Node::of(node.origin.clone(), Value::Table(Vec::new()));
        entries.push(Entry { key: first.to_owned(), span: 0..0, node: table });
        entries.len() - 1
    });
    let Some(entry) = entries.get_mut(at) else { return };
    match rest {
        Some(rest) => set(&mut entry.node, rest, node),
        None => merge(&mut entry.node, node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::Problems;
    use std::path::Path;

    fn document(text: &str) -> Document {
        Document::from_toml(Path::new("pyproject.toml"), text.to_owned()).unwrap()
    }

    #[test]
    fn option_outweighs_variable_outweighs_condition_outweighs_text() {
        let text = "[tool.flavor]\nentry_point = 'a:a'\npackage_name = 'a'\nbuild.strip = false\nbuild.exclude = ['a']\n\
            [tool.flavor.conditions.linux]\nentry_point = 'l:l'\npackage_name = 'l'\nbuild.strip = true\n\
            [tool.flavor.conditions.windows]\nentry_point = 'w:w'\n";
        let mut document = document(text);
        let variable =
            |name: &str| (name == "FLAVOR_PACKAGE_NAME" || name == "FLAVOR_BUILD_STRIP").then(|| "0".to_owned());
        let options = vec![Given { path: "tool.flavor.build.strip", option: "--strip", value: Value::Bool(true) }];
        assert!(apply(&mut document, "linux", &variable, options).is_empty());
        let problems = Problems::new(&document);
        let flavor = problems.root().keys(&["tool", "flavor"]);
        assert_eq!(flavor.key("entry_point").string(), Some("l:l"));
        assert_eq!(flavor.key("package_name").string(), Some("0"));
        assert_eq!(flavor.keys(&["build", "strip"]).boolean(), Some(true));
        assert_eq!(flavor.keys(&["build", "strip"]).node.unwrap().origin, Origin::Option("--strip"));
        assert_eq!(flavor.keys(&["build", "exclude"]).strings(), ["a"]);
    }

    #[test]
    fn variables_are_read_by_the_kind_of_their_key() {
        let mut document = document("[project]\nname = 'a'\n");
        let variable = |name: &str| match name {
            "FLAVOR_BUILD_DEPENDENCIES" => Some("wheel, setuptools".to_owned()),
            "FLAVOR_RUNTIME_ENV_SET" => Some("A=1,B=x=y".to_owned()),
            "FLAVOR_BUILD_STRIP" => Some("perhaps".to_owned()),
            _ => None,
        };
        let problems = apply(&mut document, "linux", &variable, Vec::new());
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].to_string().contains("FLAVOR_BUILD_STRIP"), "{problems:?}");
        let problems = Problems::new(&document);
        let flavor = problems.root().keys(&["tool", "flavor"]);
        assert_eq!(flavor.keys(&["build", "dependencies"]).strings(), ["wheel", "setuptools"]);
        let set = flavor.keys(&["execution", "runtime", "env", "set"]).text_map();
        assert_eq!(set, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "x=y".to_owned())]);
    }
}
