//! The provenance against the content: both shapes that an attestation may hold.

use super::{Digests, bill};
use pspf_nostd::findings::Findings;
use serde_json::Value;
use std::collections::BTreeSet;

/// Part that the findings name.
const PART: &str = "attestation provenance";

pub(super) fn compare(document: &Value, digests: &Digests, findings: &mut Findings) {
    if let Some(statement) = document.get("statement") {
        subjects(statement, digests, findings);
        if let Some(sbom) = document.get("sbom") {
            inputs(statement, sbom, findings);
        }
    }
    if let Some(published) = document.get("provenance") {
        object(published, digests, findings);
    }
}

/// The subjects of the in-toto statement are the launcher and all slots, and nothing else.
fn subjects(statement: &Value, digests: &Digests, findings: &mut Findings) {
    let mut named = BTreeSet::new();
    for subject in list(statement, "/subject") {
        let name = text(subject, "/name");
        let expected = match name.strip_prefix("slot/") {
            Some(id) => digests.slots.get(id),
            None => (name == "launcher").then_some(&digests.launcher),
        };
        named.insert(name);
        let stated = text(subject, "/digest/sha256");
        match expected {
            None => {
                findings.add_deep("provenance.subject", PART, format!("subject {name:?} is nothing in this package"));
            }
            Some(expected) if expected.to_string() != stated => {
                findings.add_deep(
                    "provenance.digest",
                    PART,
                    format!("{name} has SHA-256 {expected}, stated is {stated:?}"),
                );
            }
            Some(_) => {}
        }
    }
    let wanted = digests.slots.keys().map(|id| format!("slot/{id}")).chain(["launcher".to_owned()]);
    for name in wanted.filter(|name| !named.contains(name.as_str())) {
        findings.add_deep("provenance.subject", PART, format!("{name} is in the package, and no subject"));
    }
}

/// Archives that both name have one digest.
fn inputs(statement: &Value, sbom: &Value, findings: &mut Findings) {
    let listed = bill::archives(sbom);
    for input in list(statement, "/predicate/buildDefinition/resolvedDependencies") {
        let (uri, stated) = (text(input, "/uri"), text(input, "/digest/sha256"));
        if let Some(listed) = listed.get(uri).filter(|listed| !stated.is_empty() && **listed != stated) {
            let message = format!("{uri} was installed from SHA-256 {stated}, the bill of materials says {listed}");
            findings.add_deep("provenance.digest", PART, message);
        }
    }
}

/// The object of the published tool (docs/format.md §8).
fn object(published: &Value, digests: &Digests, findings: &mut Findings) {
    let prefixed = |digest: &str| format!("sha256:{digest}");
    let stated = text(published, "/launcher/hash");
    if !stated.is_empty() && stated != prefixed(&digests.launcher.to_string()) {
        let message = format!("the launcher has SHA-256 {}, stated is {stated:?}", digests.launcher);
        findings.add_deep("provenance.digest", PART, message);
    }
    let key = text(published, "/signing_attestation_key_fp");
    if !key.is_empty() && key != prefixed(&digests.signer) {
        findings.add_deep(
            "provenance.key",
            PART,
            format!("the package is signed by {}, stated is {key:?}", digests.signer),
        );
    }
}

fn list<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}
