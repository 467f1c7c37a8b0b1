//! How a package was made: the published tool's object, and an in-toto statement (<https://in-toto.io/Statement/v1>) with a
//! SLSA v1 provenance predicate (<https://slsa.dev/spec/v1.0/provenance>).

use super::{Facts, purl, without_nulls};
use serde_json::{Value, json};

/// Names this kind of build: what `externalParameters` and `resolvedDependencies` mean is in docs/formats.md.
pub const BUILD_TYPE: &str = "urn:pspf:2025:flavor-pack:1";

/// Names the builder. It is the signer's own machine: nothing but the signature vouches for what is here.
pub const BUILDER_ID: &str = "urn:pspf:2025:flavor";

/// The object that readers of the published tool know (docs/format.md §8).
#[must_use]
pub fn published(facts: &Facts<'_>) -> Value {
    let launcher = &facts.launcher;
    without_nulls(json!({
        "build_timestamp": facts.timestamp,
        "builder": "flavor",
        "builder_version": env!("CARGO_PKG_VERSION"),
        "launcher": {
            "hash": format!("sha256:{}", launcher.sha256),
            "language": "rust",
            "version": launcher.version,
        },
        "platform": {"os": launcher.os, "arch": launcher.arch},
        "python": facts.python.as_ref().map(|python| json!({"implementation": "cpython", "version": python.version})),
        "reproducible": true,
        "signing_attestation_key_fp": format!("sha256:{}", facts.key_fingerprint),
        "source_date_epoch": facts.epoch,
    }))
}

/// The statement. Its subjects are the launcher and the other slots: a statement cannot name the digest of the file that it is in.
#[must_use]
pub fn statement(facts: &Facts<'_>) -> Value {
    let subject = |name: String, digest: String| json!({"name": name, "digest": {"sha256": digest}});
    let mut subjects = vec![subject("launcher".to_owned(), facts.launcher.sha256.to_string())];
    subjects.extend(facts.slots.iter().map(|(id, digest)| subject(format!("slot/{id}"), digest.to_string())));
    let request = &facts.request;
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": without_nulls(json!({
                    "manifest": request.manifest,
                    "extras": (!request.extras.is_empty()).then_some(request.extras),
                    "python": request.python,
                    "level": request.level,
                    "lock": request.lock.as_ref().map(|lock| match lock.sha256 {
                        Some(_) => Value::from(lock.name.as_str()),
                        None => Value::from(false),
                    }),
                })),
                "internalParameters": {
                    "sourceDateEpoch": facts.epoch,
                    "platform": format!("{}_{}", facts.launcher.os, facts.launcher.arch),
                },
                "resolvedDependencies": dependencies(facts),
            },
            "runDetails": {
                "builder": {"id": BUILDER_ID, "version": {"flavor": env!("CARGO_PKG_VERSION")}},
                "metadata": {"startedOn": facts.timestamp.replace("+00:00", "Z")},
            },
        },
    })
}

fn dependencies(facts: &Facts<'_>) -> Vec<Value> {
    let request = &facts.request;
    let mut all = Vec::new();
    if let Some(revision) = &request.revision {
        all.push(without_nulls(json!({
            "name": "source",
            "uri": revision.origin.as_ref().map(|origin| format!("git+{origin}")),
            "digest": {"gitCommit": revision.commit},
            "annotations": {"modified": revision.modified},
        })));
    }
    all.push(json!({"name": request.manifest, "digest": {"sha256": request.manifest_sha256.to_string()}}));
    if let Some((lock, sha256)) = request.lock.as_ref().and_then(|lock| Some((lock, lock.sha256?))) {
        all.push(json!({"name": lock.name, "digest": {"sha256": sha256.to_string()}}));
    }
    let launcher = &facts.launcher;
    all.push(json!({"name": launcher.tool, "digest": {"sha256": launcher.sha256.to_string()}}));
    for found in facts.python.iter().flat_map(|python| python.distributions) {
        if let Some(archive) = &found.archive {
            let uri = purl::pypi(&found.name, &found.version);
            all.push(json!({"name": archive.file, "uri": uri, "digest": {"sha256": archive.sha256}}));
        }
    }
    for package in facts.python.iter().flat_map(|python| python.debian_packages) {
        let uri = purl::debian(package);
        all.push(json!({"name": package.file, "uri": uri, "digest": {"sha256": package.sha256}}));
    }
    all
}
