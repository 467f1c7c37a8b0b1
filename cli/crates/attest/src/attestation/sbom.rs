//! The software bill of materials: CycloneDX 1.6 (<https://cyclonedx.org/docs/1.6/json/>).

use super::{Facts, PythonFacts, licence, purl, without_nulls};
use flavor_python::{DebianPackage, Distribution, normal_name};
use pspf_nostd::digest::sha256;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// `bom-ref` of the package itself.
const ROOT: &str = "package";
const LAUNCHER: &str = "launcher";
const RUNTIME: &str = "python-runtime";

/// The document. Its serial number is derived from the rest, so equal contents have equal numbers.
#[must_use]
pub fn cyclonedx(facts: &Facts<'_>) -> Value {
    let mut components = vec![launcher(facts)];
    let mut dependencies = Vec::new();
    let mut of_root = vec![LAUNCHER.to_owned()];
    match &facts.python {
        Some(python) => {
            components.push(runtime(python));
            of_root.push(RUNTIME.to_owned());
            components.extend(others(python).map(library));
            components.extend(python.debian_packages.iter().map(debian_package));
            dependencies.extend(python.debian_packages.iter().map(|package| {
                let needed = python.debian_packages.iter().filter(|other| package.requires.contains(&other.name));
                depends(&purl::debian(package), &needed.map(purl::debian).collect::<Vec<_>>())
            }));
            dependencies.extend(others(python).map(|found| depends(&reference(found), &requirements(found, python))));
            let own = own(python).map(|found| requirements(found, python));
            // Without a distribution of the project's own, everything was asked for by it.
            of_root.extend(own.unwrap_or_else(|| others(python).map(reference).collect()));
        }
        None => {
            components.extend(facts.slots.iter().map(|(id, digest)| {
                let reference = format!("slot/{id}");
                of_root.push(reference.clone());
                json!({"type": "file", "bom-ref": reference, "name": id,
                    "hashes": [{"alg": "SHA-256", "content": digest.to_string()}],
                    "description": "slot of the package, as stored"})
            }));
        }
    }
    dependencies.push(depends(LAUNCHER, &[]));
    if let Some(python) = &facts.python {
        let packages: Vec<String> = python.debian_packages.iter().map(purl::debian).collect();
        dependencies.push(depends(RUNTIME, &packages));
    }
    dependencies.insert(0, depends(ROOT, &of_root));
    let mut document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": facts.timestamp,
            "tools": {"components": [{"type": "application", "name": "flavor", "version": env!("CARGO_PKG_VERSION")}]},
            "component": root(facts),
        },
        "components": components,
        "dependencies": dependencies,
    });
    let serial = serial_number(&document.to_string());
    if let Value::Object(members) = &mut document {
        members.insert("serialNumber".to_owned(), Value::from(serial));
    }
    document
}

/// A UUID of version 8 (RFC 9562 §5.8) whose other bits are those of a digest.
fn serial_number(text: &str) -> String {
    let digest = sha256(text.as_bytes()).to_string();
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    // The variant `10` in the first two bits of the fourth group leaves it the digits 8 to b; one of them is enough.
    format!("urn:uuid:{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

fn root(facts: &Facts<'_>) -> Value {
    let own = facts.python.as_ref().and_then(own);
    without_nulls(json!({
        "type": "application",
        "bom-ref": ROOT,
        "name": facts.name,
        "version": facts.version,
        "description": facts.description,
        "licenses": own.and_then(|own| Some(licence::of_distribution(own.license.as_deref()?))),
        "purl": own.map(|own| purl::pypi(&own.name, &own.version)),
    }))
}

fn launcher(facts: &Facts<'_>) -> Value {
    let launcher = &facts.launcher;
    without_nulls(json!({
        "type": "application",
        "bom-ref": LAUNCHER,
        "name": launcher.tool,
        "version": launcher.version,
        "licenses": launcher.licence.map(|id| json!([{"license": {"id": id}}])),
        "description": format!("launcher of the package, for {} {}", launcher.os, launcher.arch),
        "hashes": [{"alg": "SHA-256", "content": launcher.sha256.to_string()}],
    }))
}

fn runtime(python: &PythonFacts<'_>) -> Value {
    json!({
        "type": "framework",
        "bom-ref": RUNTIME,
        "name": "python",
        "version": python.version,
        "description": "CPython interpreter and standard library",
        "licenses": [{"license": {"id": "PSF-2.0"}}],
        "properties": [{"name": "flavor:provider", "value": python.provider}],
    })
}

fn is_own(found: &Distribution, python: &PythonFacts<'_>) -> bool {
    normal_name(&found.name) == normal_name(python.project)
}

fn own<'a>(python: &'a PythonFacts<'_>) -> Option<&'a Distribution> {
    python.distributions.iter().find(|found| is_own(found, python))
}

fn others<'a>(python: &'a PythonFacts<'_>) -> impl Iterator<Item = &'a Distribution> {
    python.distributions.iter().filter(|found| !is_own(found, python))
}

fn reference(found: &Distribution) -> String {
    purl::pypi(&found.name, &found.version)
}

fn library(found: &Distribution) -> Value {
    let archive = found.archive.as_ref();
    without_nulls(json!({
        "type": "library",
        "bom-ref": reference(found),
        "name": found.name,
        "version": found.version,
        "purl": reference(found),
        "licenses": found.license.as_deref().map(licence::of_distribution),
        "hashes": archive.map(|archive| json!([{"alg": "SHA-256", "content": archive.sha256}])),
        "properties": archive.map(|archive| json!([{"name": "flavor:archive", "value": archive.file}])),
    }))
}

fn debian_package(package: &DebianPackage) -> Value {
    let mut properties = vec![json!({"name": "flavor:archive", "value": package.file})];
    properties.extend(package.copyright.iter().map(|path| json!({"name": "flavor:copyright", "value": path})));
    without_nulls(json!({
        "type": "library",
        "bom-ref": purl::debian(package),
        "name": package.name,
        "version": package.version,
        "purl": purl::debian(package),
        "licenses": licence::of_debian(&package.licences),
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        "properties": properties,
    }))
}

/// Which of the installed distributions another one asks for. Those that it asks for under a condition count where they are
/// installed, for something made the condition hold.
fn requirements(found: &Distribution, python: &PythonFacts<'_>) -> Vec<String> {
    let names: BTreeSet<String> = found.requires.iter().map(|name| normal_name(name)).collect();
    let installed = others(python).filter(|other| names.contains(&normal_name(&other.name)));
    installed.map(reference).filter(|other| *other != reference(found)).collect()
}

fn depends(reference: &str, on: &[String]) -> Value {
    json!({"ref": reference, "dependsOn": on})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_uuids_of_version_8() {
        let serial = serial_number("text");
        let uuid = serial.strip_prefix("urn:uuid:").unwrap();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{serial}");
        assert_eq!((&uuid[14..15], &uuid[19..20]), ("8", "8"));
        assert_ne!(serial, serial_number("text "));
    }
}
