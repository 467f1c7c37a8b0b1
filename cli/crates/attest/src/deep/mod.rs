//! `flavor verify --deep`: every slot decoded, and the attestation held against what is in them.
//!
//! The signature proves who made the attestation, not that it is true. Here its statements are compared with the content:
//! which distributions there are, and what launcher and slots hash to.

mod bill;
mod provenance;

use crate::{
    attestation::read::Attestation,
    error::AttestError,
    inventory::{self, CarriedWheel, Content, Depth, DistInfo},
    wheel::Rule,
};
use flavor_host::extraction::slot_reader::{self, SlotFault};
use flavor_python::normal_name;
use pspf_nostd::{
    digest::{Sha256Digest, StreamingSha256},
    findings::Findings,
    offsets::ByteRange,
    report::{Finding, SlotReport},
    verify::Checked,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::Path,
};

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Deep {
    /// Whether every slot decodes and nothing contradicts the attestation.
    pub ok: bool,
    /// The slots that hold bytes.
    pub slots: Vec<DecodedSlot>,
    /// The installed distributions, in the order of their normalised names.
    pub distributions: Vec<Installed>,
    /// The wheels that are among the files, in the order of their normalised names.
    pub wheels: Vec<Carried>,
    /// Components of the bill of materials; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<usize>,
    /// What does not agree (docs/findings.md), errors first.
    pub findings: Vec<Finding>,
}

/// A slot that was decoded.
#[derive(Debug, Serialize)]
pub struct DecodedSlot {
    /// Position.
    pub index: usize,
    /// Identifier.
    pub id: String,
    /// Bytes after decoding, with the headers of archives.
    pub unpacked: u64,
    /// Entries of an archive; absent for other slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<usize>,
}

/// A distribution that is installed in the slots.
#[derive(Debug, Serialize)]
pub struct Installed {
    /// As its `METADATA` names it.
    pub name: String,
    /// Version.
    pub version: String,
    /// Its `.dist-info` folder, as a path in the work environment.
    pub path: String,
    /// Whether it is a copy inside of another distribution.
    pub vendored: bool,
}

/// A distribution that is carried as a wheel.
#[derive(Debug, Serialize)]
pub struct Carried {
    /// As its `METADATA` names it, else the file's name; empty where neither does.
    pub name: String,
    /// Version.
    pub version: String,
    /// The slot's position.
    pub slot: usize,
    /// The wheel's path in the slot's archive; of a slot that is one file, its target.
    pub path: String,
    /// SHA-256 of the wheel, lower-case hex.
    pub sha256: String,
    /// Number of files in it.
    pub files: usize,
    /// Whether an installed distribution, or the interpreter, brought it along.
    pub vendored: bool,
}

impl Carried {
    /// The part that findings name.
    fn part(&self) -> String {
        format!("slot {} {}", self.slot, self.path)
    }
}

/// The folder of wheels that CPython installs pip from.
const BUNDLED: &str = "ensurepip/_bundled/";

/// The wheels among the files by name, each against what it says of itself.
fn carried(wheels: Vec<(usize, CarriedWheel)>, dist_infos: &[DistInfo], findings: &mut Findings) -> Vec<Carried> {
    let recorded: BTreeSet<&str> = dist_infos
        .iter()
        .flat_map(|found| &found.files)
        .map(String::as_str)
        .filter(|path| path.ends_with(".whl"))
        .collect();
    let mut all = Vec::new();
    for (slot, CarriedWheel { path, sha256, wheel }) in wheels {
        let (name, version, files, sha256) = (wheel.name, wheel.version, wheel.files, sha256.to_string());
        let vendored = recorded.contains(path.as_str()) || path.contains(BUNDLED);
        let found = Carried { name, version, slot, path, sha256, files, vendored };
        for fault in wheel.faults {
            let code = match fault.rule {
                Rule::Zip => "wheel.zip",
                Rule::Record => "wheel.record",
                Rule::Name => "wheel.name",
            };
            findings.add_deep(code, &found.part(), fault.message);
        }
        all.push(found);
    }
    all.sort_by_cached_key(|found| (normal_name(&found.name), found.path.clone()));
    all
}

/// What launcher and slots hash to, as computed here.
struct Digests {
    launcher: Sha256Digest,
    /// Identifier and digest of the stored bytes of every slot but the attestation.
    slots: BTreeMap<String, Sha256Digest>,
    signer: String,
}

/// Looks into all of a package that verified; `read` is told how many more of its bytes were read.
///
/// # Errors
/// Where the file cannot be read; what is wrong with the package is a finding.
pub fn examine(
    path: &Path,
    file: &File,
    package: &Checked,
    slots: &[SlotReport],
    read: &dyn Fn(u64),
) -> Result<Deep, AttestError> {
    let mut findings = Findings::default();
    let (mut decoded, mut dist_infos, mut wheels) = (Vec::new(), Vec::new(), Vec::new());
    let depth = Depth { wheels: true, read };
    for number in (0..package.slots().len()).filter(|number| inventory::has_content(package, *number)) {
        let part = format!("slot {number}");
        match inventory::of_slot(file, package, number, &depth) {
            Ok(slot) => {
                wheels.extend(slot.wheels.into_iter().map(|wheel| (slot.index, wheel)));
                let entries = match slot.content {
                    Content::Archive { entries, distributions } => {
                        dist_infos.extend(distributions);
                        Some(entries.len())
                    }
                    Content::File { .. } => None,
                };
                decoded.push(DecodedSlot { index: slot.index, id: slot.id, unpacked: slot.unpacked, entries });
            }
            Err(error) if error.is_of_the_system() => return Err(error.of_package(path)),
            Err(error) => findings.add_deep("slot.decode", &part, format!("the slot cannot be decoded: {error}")),
        }
    }
    let wheels = carried(wheels, &dist_infos, &mut findings);
    let installed = installed(dist_infos, &mut findings);
    let digests = digests(path, file, package, slots)?;
    let mut components = None;
    match Attestation::read(path, file, package) {
        Ok(Some(attestation)) => {
            components = bill::compare(attestation.sbom(), &installed, &wheels, &digests, &mut findings);
            provenance::compare(&attestation.document, &digests, &mut findings);
        }
        Ok(None) => {
            let message = "there is no attestation: nothing says what should be in the slots";
            findings.add_deep("attestation.absent", "package", message.to_owned());
        }
        Err(error @ AttestError::Read { .. }) => return Err(error),
        Err(error) => findings.add_deep(error.code(), "attestation", error.to_string()),
    }
    let (ok, findings) = (!findings.any_error(), findings.sorted());
    Ok(Deep { ok, slots: decoded, distributions: installed, wheels, components, findings })
}

/// The distributions by name.
fn installed(dist_infos: Vec<DistInfo>, findings: &mut Findings) -> Vec<Installed> {
    let copies = inventory::vendored(&dist_infos.iter().collect::<Vec<_>>());
    let mut all = Vec::new();
    for found in dist_infos.into_iter().filter(|found| found.has_metadata) {
        let path = found.path();
        if found.name.is_empty() || found.version.is_empty() {
            findings.add_deep("sbom.unnamed", &path, "its METADATA has no Name or no Version".to_owned());
            continue;
        }
        let vendored = copies.contains(&path);
        all.push(Installed { name: found.name, version: found.version, path, vendored });
    }
    all.sort_by_cached_key(|found| (normal_name(&found.name), found.path.clone()));
    all
}

fn digests(path: &Path, file: &File, package: &Checked, slots: &[SlotReport]) -> Result<Digests, AttestError> {
    let mut launcher = StreamingSha256::new();
    let read = slot_reader::read_range(file, ByteRange { start: 0, end: package.launcher_size() }, &mut |bytes| {
        launcher.update(bytes);
        Ok(())
    });
    if let Err(SlotFault::Read(error)) = read {
        return Err(AttestError::Read { path: path.to_owned(), error });
    }
    let attestation = package.metadata().attestation_slot();
    let computed = slots.iter().enumerate().filter(|(number, _)| Some(*number) != attestation);
    let computed = computed.filter_map(|(_, slot)| Some((slot.id.clone(), slot.sha256.as_ref()?.parse().ok()?)));
    Ok(Digests { launcher: launcher.finish(), slots: computed.collect(), signer: package.fingerprint().to_string() })
}
