//! `flavor inspect --sbom`, `--provenance` and `--deps`.

use crate::{
    arguments::Inspect,
    problem::{Exit, Failure},
    terminal::{Console, printable},
};
use flavor_attest::attestation::read::Attestation;
use flavor_manifest::Diagnostic;
use pspf_nostd::verify::Authenticated;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
};

/// Deepest level of the tree that is shown: a hostile document may nest without end.
const DEPTH_MAX: usize = 64;
/// Most lines of the tree.
const LINES_MAX: usize = 10_000;

/// Shows the part that the options ask for.
///
/// # Errors
/// Where the package has no attestation, or it is not what was signed.
pub fn run(arguments: &Inspect, file: &File, head: &Authenticated, console: &mut Console) -> Result<Exit, Failure> {
    let absent = |what: &str| -> Failure {
        Diagnostic::error("attestation.absent", format!("the package has no {what}"))
            .file(&arguments.file)
            .hint("only packages of `flavor pack` without --compat and --no-attestation, and of the published tool, have one")
            .into()
    };
    let attestation = Attestation::read(&arguments.file, file, head)?.ok_or_else(|| absent("attestation slot"))?;
    if !attestation.whole_digest_is_signed {
        let message = "the metadata sign 64 bits of the attestation's digest only, as the published builder writes it";
        console.warn(Diagnostic::warning("attestation.weak", message).file(&arguments.file));
    }
    let sbom = || attestation.sbom().ok_or_else(|| absent("bill of materials"));
    if arguments.provenance {
        let provenance = attestation.provenance().ok_or_else(|| absent("provenance"))?;
        show(console, provenance);
    } else if arguments.deps {
        let lines = Tree::of(sbom()?).lines();
        if console.json() {
            console.document(&sbom()?.get("dependencies"));
        } else {
            console.answer(&lines.join("\n"));
        }
    } else {
        show(console, sbom()?);
    }
    Ok(Exit::Done)
}

/// The document: indented for people, on one line for programs. Both are JSON, and control characters stay escaped in it.
fn show(console: &mut Console, value: &Value) {
    if console.json() {
        console.document(value);
    } else {
        console.answer(&format!("{value:#}"));
    }
}

/// The dependency graph of a CycloneDX document.
struct Tree<'a> {
    root: &'a str,
    names: BTreeMap<&'a str, String>,
    edges: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Tree<'a> {
    fn of(sbom: &'a Value) -> Self {
        let text = |value: &'a Value, key: &str| value.get(key).and_then(Value::as_str);
        let list = |value: &'a Value, key: &str| value.get(key).and_then(Value::as_array).into_iter().flatten();
        let root = sbom.pointer("/metadata/component");
        let mut names = BTreeMap::new();
        for component in list(sbom, "components").chain(root) {
            let name = text(component, "name").unwrap_or_default();
            let version = text(component, "version").unwrap_or_default();
            let shown = printable(format!("{name} {version}").trim());
            names.insert(text(component, "bom-ref").unwrap_or(name), shown);
        }
        let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for dependency in list(sbom, "dependencies") {
            let on = list(dependency, "dependsOn").filter_map(Value::as_str).collect();
            edges.insert(text(dependency, "ref").unwrap_or_default(), on);
        }
        Self { root: root.and_then(|root| text(root, "bom-ref")).unwrap_or_default(), names, edges }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.name(self.root)];
        let mut seen = BTreeSet::from([self.root]);
        self.below(self.root, "", 0, &mut seen, &mut lines);
        // Documents without a graph, and components that nothing depends on.
        let left: Vec<&str> = self.names.keys().filter(|name| !seen.contains(*name)).copied().collect();
        for name in left {
            if lines.len() < LINES_MAX && seen.insert(name) {
                lines.push(self.name(name));
                self.below(name, "", 0, &mut seen, &mut lines);
            }
        }
        lines
    }

    fn name(&self, reference: &str) -> String {
        self.names.get(reference).cloned().unwrap_or_else(|| printable(reference))
    }

    fn below(
        &self,
        reference: &'a str,
        indent: &str,
        depth: usize,
        seen: &mut BTreeSet<&'a str>,
        lines: &mut Vec<String>,
    ) {
        let children = self.edges.get(reference).map(Vec::as_slice).unwrap_or_default();
        for (number, child) in children.iter().enumerate() {
            if lines.len() >= LINES_MAX {
                return;
            }
            let last = number + 1 == children.len();
            let (corner, bar) = if last { ("└── ", "    ") } else { ("├── ", "│   ") };
            let new = seen.insert(child);
            let again =
                if !new && self.edges.get(child).is_some_and(|on| !on.is_empty()) { " (see above)" } else { "" };
            lines.push(format!("{indent}{corner}{}{again}", self.name(child)));
            if new && depth < DEPTH_MAX {
                self.below(child, &format!("{indent}{bar}"), depth + 1, seen, lines);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn trees_end_even_where_the_graph_does_not() {
        let sbom = json!({
            "metadata": {"component": {"bom-ref": "r", "name": "app", "version": "1"}},
            "components": [{"bom-ref": "a", "name": "a", "version": "2"}, {"bom-ref": "b", "name": "b\u{1b}"}, {"name": "c"}],
            "dependencies": [{"ref": "r", "dependsOn": ["a", "b"]}, {"ref": "a", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": ["a"]}],
        });
        let lines = Tree::of(&sbom).lines();
        assert_eq!(lines[..2], ["app 1", "├── a 2"]);
        assert!(lines[2].starts_with("│   └── b") && !lines[2].contains('\u{1b}'), "{lines:?}");
        assert_eq!(lines[3], "│       └── a 2 (see above)");
        assert_eq!(lines.last().unwrap(), "c");
    }
}
