//! The attestation slot of a package that is being made.

use crate::{
    build_time,
    job::{Contents, Job, Source},
    prepare::{Content, Prepared},
};
use flavor_attest::attestation::{
    self, Facts, LauncherFacts, PythonFacts, Request, SLOT_ID, SLOT_TARGET, source_revision,
};
use flavor_python::ProjectSource;
use pspf_nostd::{offsets::length, writer::EncodedSlot};
use std::path::{Path, PathBuf};

/// The slot, as the published Python builder describes its own (docs/format.md §8).
pub(super) fn slot(document: &[u8]) -> Prepared {
    Prepared {
        python_path: None,
        id: SLOT_ID.to_owned(),
        label: String::new(),
        target: SLOT_TARGET.to_owned(),
        operations: "none".to_owned(),
        purpose: "data".to_owned(),
        lifecycle: "attestation".to_owned(),
        permissions: 0o644,
        extra: Vec::new(),
        content: Content::Stored(PathBuf::new()),
        listed: Vec::new(),
        content_size: length(document),
        codecs: Vec::new(),
        is_default: false,
        is_reused: false,
    }
}

/// The bytes of the slot.
pub(super) fn document(job: &Job<'_>, contents: &Contents, encoded: &[EncodedSlot]) -> Vec<u8> {
    let arguments = &job.arguments;
    let slots: Vec<_> =
        contents.slots.iter().zip(encoded).map(|(slot, encoded)| (slot.id.as_str(), encoded.sha256)).collect();
    let project = match &job.source {
        Source::Python(project) => project.spec.project_name.as_str(),
        Source::Files(_) => "",
    };
    let timestamp = build_time::timestamp(job.time.epoch).unwrap_or_default();
    let directory = arguments.manifest.parent().filter(|path| !path.as_os_str().is_empty());
    // What was built elsewhere is of no repository here.
    let is_source =
        !matches!(&job.source, Source::Python(project) if matches!(project.source(), ProjectSource::Distribution(_)));
    let is_python = contents.python.is_some();
    attestation::document(&Facts {
        name: &contents.spec.name,
        version: &contents.spec.version,
        description: contents.spec.description.as_deref(),
        epoch: job.time.epoch,
        timestamp: &timestamp,
        launcher: LauncherFacts {
            tool: &job.launcher.tool,
            version: &job.launcher.version,
            sha256: job.launcher.encoded().sha256,
            licence: (!job.launcher.is_published()).then_some(env!("CARGO_PKG_LICENSE")),
            os: job.launcher.os,
            arch: job.launcher.arch,
        },
        python: contents.python.as_ref().map(|python| PythonFacts {
            version: python.version.clone(),
            provider: python.provider,
            project,
            distributions: &python.distributions,
            debian_packages: &python.debian_packages,
        }),
        slots: &slots,
        request: Request {
            manifest: arguments.manifest.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            manifest_sha256: job.manifest_sha256,
            extras: &arguments.extras,
            // A path of this machine says nothing elsewhere, and would make the bytes depend on it.
            python: is_python
                .then_some(arguments.python.as_str())
                .map(|choice| if choice.contains('/') { "path" } else { choice }),
            lock: contents.python.as_ref().and_then(|python| python.lock.clone()),
            level: arguments.level,
            revision: is_source.then(|| source_revision::of(directory.unwrap_or(Path::new(".")))).flatten(),
        },
        key_fingerprint: &job.signer.key.public_key().fingerprint().to_string(),
    })
}
