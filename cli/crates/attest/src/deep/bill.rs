//! The bill of materials against the content: what is listed is there, and what is there is listed.

use super::{Carried, Digests, Installed};
use crate::attestation::purl::pypi_parts;
use flavor_python::normal_name;
use pep440_rs::Version;
use pspf_nostd::findings::Findings;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr as _,
};

/// Part that the findings name.
const PART: &str = "attestation sbom";

/// Compares; gives the number of components.
pub(super) fn compare(
    sbom: Option<&Value>,
    installed: &[Installed],
    wheels: &[Carried],
    digests: &Digests,
    findings: &mut Findings,
) -> Option<usize> {
    let Some(sbom) = sbom else {
        let message = "the attestation has no bill of materials: nothing says what should be in the slots";
        findings.add_deep("sbom.absent", PART, message.to_owned());
        return None;
    };
    let components = components(sbom);
    let mut listed = Listed::new();
    let mut archives: BTreeMap<String, Vec<(String, &str)>> = BTreeMap::new();
    for component in sbom.pointer("/metadata/component").into_iter().chain(components.iter().copied()) {
        if let Some((name, version)) = text(component, "purl").and_then(pypi_parts) {
            if let Some(sha256) = sha256(component) {
                archives.entry(name.clone()).or_default().push((version.clone(), sha256));
            }
            listed.entry(name).or_default().push(version);
        }
    }
    let mut there = There::new();
    for found in installed {
        there.entry(normal_name(&found.name)).or_default().push(&found.version);
    }
    compare_wheels(&listed, &archives, wheels, &there, findings);
    for found in wheels.iter().filter(|found| !found.name.is_empty()) {
        there.entry(normal_name(&found.name)).or_default().push(&found.version);
    }
    distributions(&listed, installed, &there, findings);
    hashes(&components, digests, findings);
    Some(components.len())
}

/// Versions in the bill, by normalised names.
type Listed = BTreeMap<String, Vec<String>>;
/// Versions in the package.
type There<'a> = BTreeMap<String, Vec<&'a str>>;

/// Wheels that nothing else accounts for: not one that a distribution brought along, nor one beside what is installed, which may
/// be for another platform.
fn compare_wheels(
    listed: &Listed,
    archives: &BTreeMap<String, Vec<(String, &str)>>,
    wheels: &[Carried],
    installed: &There<'_>,
    findings: &mut Findings,
) {
    for found in wheels.iter().filter(|found| !found.vendored && !found.name.is_empty()) {
        let (name, version) = (normal_name(&found.name), found.version.as_str());
        let versions = listed.get(&name).map(Vec::as_slice).unwrap_or_default();
        let is_installed = installed.contains_key(&name);
        if !versions.iter().any(|listed| same_version(listed, version)) {
            if versions.is_empty() || is_installed {
                let message = format!("{name} {version} is carried as a wheel, and not listed");
                findings.add_deep("wheel.unlisted", &found.part(), message);
            } else {
                let message = format!("{name} is listed as {}, the wheel is {version}", versions.join(" and "));
                findings.add_deep("sbom.version", &found.part(), message);
            }
            continue;
        }
        let stated = archives.get(&name).into_iter().flatten().filter(|(listed, _)| same_version(listed, version));
        let mut stated = stated.map(|(_, sha256)| *sha256).peekable();
        if let Some(first) = stated.peek().copied().filter(|_| !is_installed)
            && stated.all(|sha256| sha256 != found.sha256)
        {
            let message = format!("the wheel has SHA-256 {}, listed is {first}", found.sha256);
            findings.add_deep("sbom.digest", &found.part(), message);
        }
    }
}

fn distributions(listed: &Listed, installed: &[Installed], there: &There<'_>, findings: &mut Findings) {
    for found in installed {
        let (name, version) = (normal_name(&found.name), found.version.as_str());
        let versions = listed.get(&name).map(Vec::as_slice).unwrap_or_default();
        if versions.iter().any(|listed| same_version(listed, version)) {
            continue;
        }
        if found.vendored {
            let message = format!("{name} {version} is a copy inside of another distribution, and not listed");
            findings.add_deep("sbom.vendored", &found.path, message);
        } else if versions.is_empty() {
            findings.add_deep("sbom.unlisted", &found.path, format!("{name} {version} is installed, and not listed"));
        } else {
            let message = format!("{name} is listed as {}, installed is {version}", versions.join(" and "));
            findings.add_deep("sbom.version", &found.path, message);
        }
    }
    for (name, versions) in listed {
        let found = there.get(name).map(Vec::as_slice).unwrap_or_default();
        for version in versions {
            // Where another version is there, that was said of it above.
            let other_version_named = found.iter().any(|found| !versions.iter().any(|one| same_version(one, found)));
            if !found.iter().any(|found| same_version(version, found)) && !other_version_named {
                let message = format!("{name} {version} is listed, and in no slot");
                findings.add_deep("sbom.missing", PART, message);
            }
        }
    }
}

/// Launcher and slots, where the bill names their digests.
fn hashes(components: &[&Value], digests: &Digests, findings: &mut Findings) {
    let mut slots = BTreeSet::new();
    for component in components {
        let name = text(component, "name").unwrap_or_default();
        let reference = text(component, "bom-ref").unwrap_or_default();
        let slot = reference.strip_prefix("slot/");
        slots.extend(slot);
        let (what, expected) = match slot {
            Some(id) => (format!("slot `{id}`"), digests.slots.get(id)),
            // The published builder writes no references.
            None if reference == "launcher" || (reference.is_empty() && name.ends_with("-launcher")) => {
                ("the launcher".to_owned(), Some(&digests.launcher))
            }
            None => continue,
        };
        let Some(expected) = expected else {
            findings.add_deep("sbom.missing", PART, format!("{what} is listed, and not in the package"));
            continue;
        };
        if let Some(stated) = sha256(component).filter(|stated| *stated != expected.to_string()) {
            findings.add_deep("sbom.digest", PART, format!("{what} has SHA-256 {expected}, listed is {stated}"));
        }
    }
    // Packages of Python projects list distributions instead.
    if !slots.is_empty() {
        for id in digests.slots.keys().filter(|id| !slots.contains(id.as_str())) {
            findings.add_deep("sbom.unlisted", PART, format!("slot `{id}` is in the package, and not listed"));
        }
    }
}

/// All components, those inside of components included. Not recursive by calls: the document may nest deeply.
fn components(sbom: &Value) -> Vec<&Value> {
    let (mut all, mut open) = (Vec::new(), vec![sbom]);
    while let Some(parent) = open.pop() {
        for component in parent.get("components").and_then(Value::as_array).into_iter().flatten() {
            all.push(component);
            open.push(component);
        }
    }
    all
}

/// The SHA-256 that a component states.
pub(super) fn sha256(component: &Value) -> Option<&str> {
    let hashes = component.get("hashes").and_then(Value::as_array).into_iter().flatten();
    let mut hashes = hashes.filter(|hash| text(hash, "alg") == Some("SHA-256"));
    hashes.next().and_then(|hash| text(hash, "content"))
}

/// Equal by PEP 440 where both are versions by it, else by letter.
fn same_version(a: &str, b: &str) -> bool {
    match (Version::from_str(a), Version::from_str(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// SHA-256 of the archives that the bill names, by package URL.
pub(super) fn archives(sbom: &Value) -> BTreeMap<&str, &str> {
    components(sbom).into_iter().filter_map(|component| Some((text(component, "purl")?, sha256(component)?))).collect()
}
