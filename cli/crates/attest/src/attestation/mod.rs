//! The attestation slot (docs/format.md §8): what is in a package and how it was made, signed with it.
//!
//! One JSON object with the published tool's two members, `sbom` (CycloneDX 1.6) and `provenance`, and a third, `statement`:
//! the provenance as an in-toto statement with a SLSA v1 predicate. Everything in it follows from the inputs, so that packing
//! twice gives the same bytes.

mod licence;
pub mod provenance;
pub mod purl;
pub mod read;
pub mod sbom;
pub mod source_revision;

use pspf_nostd::digest::Sha256Digest;
use serde_json::{Value, json};

use flavor_python::{DebianPackage, Distribution};

/// Identifier of the slot, as the published tool calls it.
pub const SLOT_ID: &str = "_attestation";

/// Where launchers that extract every slot put it.
pub const SLOT_TARGET: &str = "{workenv}/_attestation";

/// What the attestation is made from.
#[derive(Debug)]
pub struct Facts<'a> {
    /// Name of the package.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// One sentence about it.
    pub description: Option<&'a str>,
    /// The package's one point in time, in seconds since 1970.
    pub epoch: u64,
    /// The same as RFC 3339 text.
    pub timestamp: &'a str,
    /// The launcher in front.
    pub launcher: LauncherFacts<'a>,
    /// The Python in the package and what was installed for it.
    pub python: Option<PythonFacts<'a>>,
    /// The other slots, in order: identifier and SHA-256 of the stored bytes.
    pub slots: &'a [(&'a str, Sha256Digest)],
    /// How the packing was asked for.
    pub request: Request<'a>,
    /// SHA-256 of the signing key, 64 hexadecimal digits.
    pub key_fingerprint: &'a str,
}

/// The launcher.
#[derive(Debug)]
pub struct LauncherFacts<'a> {
    /// Name of the program.
    pub tool: &'a str,
    /// Its version.
    pub version: &'a str,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// SPDX identifier of its licence, where that is known.
    pub licence: Option<&'a str>,
    /// Operating system that it runs on.
    pub os: &'a str,
    /// Processor that it runs on.
    pub arch: &'a str,
}

/// What a Python package holds.
#[derive(Debug)]
pub struct PythonFacts<'a> {
    /// Version of the interpreter.
    pub version: String,
    /// Where it came from: the name of the provider.
    pub provider: &'a str,
    /// Name of the project, which is the package's root component and no component of its own.
    pub project: &'a str,
    /// Everything installed, the project too.
    pub distributions: &'a [Distribution],
    /// What the interpreter was made from, where it is Debian's.
    pub debian_packages: &'a [DebianPackage],
}

/// A lock, which says the versions of what was installed.
#[derive(Clone, Debug)]
pub struct LockFacts {
    /// Its file name.
    pub name: String,
    /// Its SHA-256; none where it was passed over.
    pub sha256: Option<Sha256Digest>,
}

/// How the packing was asked for, as far as it changes the result.
#[derive(Debug)]
pub struct Request<'a> {
    /// File name of the manifest.
    pub manifest: String,
    /// SHA-256 of the manifest.
    pub manifest_sha256: Sha256Digest,
    /// Optional dependency groups.
    pub extras: &'a [String],
    /// The choice of interpreter; none for packages without one.
    pub python: Option<&'a str>,
    /// The lock beside the manifest.
    pub lock: Option<LockFacts>,
    /// Compression level from the command line.
    pub level: Option<i64>,
    /// The commit that the manifest is in.
    pub revision: Option<source_revision::Revision>,
}

/// The stored bytes of the slot: compact JSON with sorted keys.
#[must_use]
pub fn document(facts: &Facts<'_>) -> Vec<u8> {
    let document = json!({
        "provenance": provenance::published(facts),
        "sbom": sbom::cyclonedx(facts),
        "statement": provenance::statement(facts),
    });
    document.to_string().into_bytes()
}

/// Drops members that are null, for formats that want a member to be absent instead.
fn without_nulls(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, member| !member.is_null());
    }
    value
}
