//! A package against a policy: verified, then every slot decoded and looked through.

use crate::{
    failure::Failure,
    policy::Policy,
    sbom,
    scan_findings::{ScanFinding, ScanFindings},
    slot_reading::{ATTESTATION_MAX, Attestation},
    task::{Output, Task, json},
    verification::supply,
};
use pspf_nostd::{
    codec::{Budget, PureCodecs, Stop},
    key::Fingerprint,
    offsets::{ByteRange, length},
    placement::{Concern, Fault, Judgement},
    report::{Integrity, Report, Severity, Trust},
    tar::{TarError, TarLimits},
    verify::{ContentFault, ContentWatch, Contents, Outcome, Scope, TrustedKeys, Verification},
};
use serde::Serialize;

/// Version of the result's shape.
pub const SCAN_SCHEMA: u32 = 1;

/// A scan in progress.
pub struct Scan {
    stage: Stage,
    look: Look,
    size: u64,
    /// Stored bytes that the contents read after the file's own.
    more: u64,
}

enum Stage {
    Verification(Box<Verification>),
    Contents(Box<Outcome>, Box<Contents>),
    Done(Box<Outcome>),
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    entries: u64,
    unpacked: u64,
}

/// What was found, as JSON.
#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    verdict: &'static str,
    findings: Vec<ScanFinding>,
    counts: Counts,
    launcher_sha256: Option<String>,
    report: &'a Report,
}

impl Scan {
    /// Begins with a file of `size` bytes.
    #[must_use]
    pub fn new(size: u64, policy: Policy, revoked: Vec<Fingerprint>) -> Self {
        let pinned = policy.trusted().unwrap_or_default().to_vec();
        let trusted = TrustedKeys { pinned, store: Vec::new(), revoked };
        let mut findings = ScanFindings::default();
        let limit = policy.limits.package_size;
        // A file that is too large is refused by its size; none of it is read.
        let too_large = size > limit;
        if too_large {
            let message = format!("the package has {size} bytes, the policy allows {limit}");
            findings.push(&policy, Severity::Error, "policy.package_size", "package", message);
        }
        let scope = if too_large { Scope::Head } else { Scope::Content };
        let verification = Box::new(Verification::new(size, scope, trusted));
        let look = Look { policy, findings, attestation: None, held: Vec::new(), bound: false };
        let mut scan = Self { stage: Stage::Verification(verification), look, size, more: 0 };
        scan.verified();
        scan
    }

    /// Goes on to the slots when the verification is done.
    fn verified(&mut self) {
        let Stage::Verification(verification) = &mut self.stage else { return };
        if verification.wants().is_some() {
            return;
        }
        let done = Verification::new(0, Scope::Head, TrustedKeys::default());
        let outcome = Box::new(core::mem::replace(&mut **verification, done).finish());
        self.look.hold_against(&outcome);
        self.look.attestation = outcome.metadata_hint.as_ref().and_then(|metadata| metadata.attestation_slot());
        self.look.bound = outcome.checked.is_some();
        self.stage = match outcome.contents(&PureCodecs, u64::MAX, &mut self.look) {
            Some(contents) => {
                self.more = contents.total();
                Stage::Contents(outcome, Box::new(contents))
            }
            None => Stage::Done(outcome),
        };
    }
}

/// Holds what is found against the policy.
struct Look {
    policy: Policy,
    findings: ScanFindings,
    /// Position of the attestation.
    attestation: Option<usize>,
    held: Vec<u8>,
    /// Whether the signed metadata carry the slots' digests.
    bound: bool,
}

impl Look {
    /// What the policy says of the verification.
    fn hold_against(&mut self, outcome: &Outcome) {
        let Self { policy, findings, .. } = self;
        let report = &outcome.report;
        for finding in &report.findings {
            let allowed = finding.code == "signature.absent" && policy.allows_unsigned();
            findings.adopt(policy, finding, allowed);
        }
        let mut refuse = |code: &str, part: &str, message: String| {
            findings.push(policy, Severity::Error, code, part, message);
        };
        let unsigned = report.trust == Trust::Unsigned;
        if unsigned && !policy.allows_unsigned() {
            refuse("policy.unsigned", "package", "the package is not validly signed".to_owned());
        }
        let state = report.state;
        if state != Integrity::Broken && state < policy.minimum() && state != Integrity::Partial {
            let message = format!("the package is {}, the policy wants {}", state.words(), policy.minimum().words());
            refuse("policy.state", "package", message);
        }
        if policy.trusted().is_some() && report.trust == Trust::UnknownKey {
            let key = report.signer.as_ref().map(|signer| signer.fingerprint.as_str()).unwrap_or_default();
            refuse("policy.signer", "index.public_key", format!("key {key} is not one of the policy's"));
        }
        if let (Some(allowed), Some(found)) = (policy.launchers(), outcome.launcher_sha256)
            && !allowed.contains(&found)
        {
            refuse("policy.launcher", "launcher", format!("launcher {found} is not one of the policy's"));
        }
        let attested = outcome.metadata_hint.as_ref().is_some_and(|metadata| metadata.attestation_slot().is_some());
        if policy.sbom.required && !attested {
            refuse("policy.sbom_missing", "package", "the package carries no bill of materials".to_owned());
        }
    }
}

impl Task for Scan {
    fn wants(&self) -> Option<ByteRange> {
        match &self.stage {
            Stage::Verification(verification) => verification.wants(),
            Stage::Contents(_, contents) => contents.wants(),
            Stage::Done(_) => None,
        }
    }

    fn supply(&mut self, bytes: &[u8], _: &mut Output<'_>) -> Result<(), Failure> {
        match &mut self.stage {
            Stage::Verification(verification) => supply(verification, bytes)?,
            Stage::Contents(_, contents) => contents.supply(bytes, &mut self.look),
            Stage::Done(_) => return Err(Failure::new("engine.supply", "no bytes were asked for")),
        }
        self.verified();
        Ok(())
    }

    fn done(&self) -> u64 {
        match &self.stage {
            Stage::Verification(verification) => verification.progress(),
            // Slots that are refused, or need not be read, are done with all the same.
            Stage::Contents(_, contents) if contents.wants().is_none() => self.total(),
            Stage::Contents(_, contents) => self.size.saturating_add(contents.done()),
            Stage::Done(_) => self.total(),
        }
    }

    fn total(&self) -> u64 {
        self.size.saturating_add(self.more)
    }

    fn finish(mut self: Box<Self>) -> Result<String, Failure> {
        if self.wants().is_some() {
            return Err(Failure::new("engine.incomplete", "the scan was ended before all bytes were read"));
        }
        let outcome = match self.stage {
            Stage::Verification(verification) => verification.finish(),
            Stage::Contents(outcome, contents) => outcome.with_contents(*contents),
            Stage::Done(outcome) => *outcome,
        };
        let findings = self.look.findings.sorted();
        let refused = !is_sound(&self.look.policy, &outcome)
            || findings.iter().any(|finding| finding.severity == Severity::Error);
        let counts = Counts { entries: outcome.report.contents.entries, unpacked: outcome.report.contents.unpacked };
        json(&Document {
            schema: SCAN_SCHEMA,
            verdict: if refused { "reject" } else { "accept" },
            findings,
            counts,
            launcher_sha256: outcome.launcher_sha256.map(|digest| digest.to_string()),
            report: &outcome.report,
        })
    }
}

/// Whether the verification proves as much as the policy demands, whatever the findings weigh.
fn is_sound(policy: &Policy, outcome: &Outcome) -> bool {
    let report = &outcome.report;
    let signed = report.trust != Trust::Unsigned || policy.allows_unsigned();
    // All of it was read, and nothing is wrong with it.
    let whole = report.state >= Integrity::Intact && report.errors().next().is_none();
    whole && signed && report.state >= policy.minimum()
}

/// What the policy says of what is put at a path.
fn weigh(policy: &Policy, findings: &mut ScanFindings, slot: usize, path: &str, judgement: &Judgement) {
    let forbid = &policy.forbid;
    if let Some(fault) = &judgement.fault {
        // What extraction refuses cannot be allowed: the package is not `ok`.
        let named = forbid.symlinks_out && matches!(fault, Fault::LinkLeaves { .. });
        let code = if named { "policy.symlink_out" } else { fault.code() };
        findings.push_file(policy, code, slot, path, fault.to_string());
    }
    for concern in &judgement.concerns {
        let (forbidden, code) = match concern {
            Concern::SetId { .. } => (forbid.setuid, "policy.setuid"),
            Concern::WorldWritable { .. } => (forbid.world_writable, "policy.world_writable"),
            Concern::NotPortable => (forbid.device_names, "policy.device_name"),
            Concern::Replaces { .. } => (forbid.replaced_files, "policy.replaced_file"),
            Concern::SameName { .. } => (forbid.same_names, "policy.same_name"),
        };
        if forbidden {
            findings.push_file(policy, code, slot, path, concern.to_string());
        }
    }
}

impl ContentWatch for Look {
    fn budget(&self, unpacked: u64) -> Budget {
        self.policy.budget(unpacked)
    }

    fn tar_limits(&self, entries: u64) -> TarLimits {
        self.policy.tar_limits(entries)
    }

    fn reads(&self, _: usize) -> bool {
        // The limit of unpacked bytes holds for every slot.
        true
    }

    fn bytes(&mut self, slot: usize, bytes: &[u8]) -> Result<(), Stop> {
        if self.attestation == Some(slot) {
            if length(&self.held).saturating_add(length(bytes)) > ATTESTATION_MAX {
                return Err(Stop);
            }
            self.held.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn judged(&mut self, slot: usize, path: &str, judgement: &Judgement) {
        weigh(&self.policy, &mut self.findings, slot, path, judgement);
    }

    fn refused(&mut self, slot: usize, fault: &ContentFault) {
        match fault {
            ContentFault::Operations(error) if self.policy.forbid.unknown_operations => {
                let message = format!("slot {slot}: {error}");
                self.findings.push(&self.policy, Severity::Error, "policy.operation", &format!("slot {slot}"), message);
            }
            ContentFault::NoArchive(error) => {
                self.findings.refused(&self.policy, slot, &Failure::from(TarError::clone(error)));
            }
            fault => self.findings.refused(&self.policy, slot, &Failure::new(fault.code(), fault.to_string())),
        }
    }

    fn ended(&mut self, slot: usize) {
        if self.attestation != Some(slot) {
            return;
        }
        match Attestation::parse(&core::mem::take(&mut self.held), self.bound) {
            Ok(document) => sbom::judge(&document.sbom, slot, &self.policy, &mut self.findings),
            Err(failure) => self.findings.refused(&self.policy, slot, &failure),
        }
    }
}
