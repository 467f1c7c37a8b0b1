//! A package against a policy: verified, then every slot decoded and looked through.

use crate::{
    failure::Failure,
    policy::Policy,
    sbom,
    scan_findings::{ScanFinding, ScanFindings},
    slot_content::{SlotContent, SlotPlan, SlotSink},
    slot_reading::{ATTESTATION_MAX, Attestation},
    task::{Output, Task, json},
    verification::supply,
};
use pspf_nostd::{
    codec::Stop,
    key::Fingerprint,
    offsets::{ByteRange, length},
    operation::OperationChain,
    placement::{self, Concern, Fault, Item, Judge, Judgement},
    report::{Integrity, Report, Severity, Trust},
    tar::{Entry, EntrySink, FileEntry},
    verify::{Outcome, Scope, SlotFacts, TrustedKeys, Verification},
};
use serde::Serialize;

/// Version of the result's shape.
pub const SCAN_SCHEMA: u32 = 1;

/// A scan in progress.
pub struct Scan {
    policy: Policy,
    stage: Stage,
    findings: ScanFindings,
    judge: Judge,
    counts: Counts,
    size: u64,
    done: u64,
    total: u64,
}

enum Stage {
    Verification(Box<Verification>),
    Slots { outcome: Box<Outcome>, next: usize, current: Option<Box<Current>> },
}

struct Current {
    slot: usize,
    content: SlotContent,
    held: Option<Vec<u8>>,
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
        let mut scan = Self {
            policy,
            stage: Stage::Verification(verification),
            findings,
            judge: Judge::default(),
            counts: Counts::default(),
            size,
            done: 0,
            total: size,
        };
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
        self.hold_against(&outcome);
        self.done = self.size;
        let slots = outcome.report.slots.iter().map(|slot| slot.range.len());
        self.total = slots.fold(self.size, u64::saturating_add);
        self.stage = Stage::Slots { outcome, next: 0, current: None };
        self.advance();
    }

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

    /// Begins the next slot that has bytes; one that cannot be decoded is a finding.
    fn advance(&mut self) {
        loop {
            let Stage::Slots { outcome, next, current } = &mut self.stage else { return };
            if current.as_ref().is_some_and(|current| current.content.wants().is_some()) {
                return;
            }
            if let Some(finished) = current.take() {
                let bound = outcome.checked.is_some();
                let (findings, judge, counts) = (&mut self.findings, &mut self.judge, &mut self.counts);
                let result = finish(*finished, &self.policy, findings, judge, counts, bound);
                if let Err((slot, failure)) = result {
                    self.findings.refused(&self.policy, slot, &failure);
                }
                continue;
            }
            // Nothing is decoded of a file that is not what it says.
            if outcome.report.state < Integrity::Intact || *next >= outcome.report.slots.len() {
                return;
            }
            let slot = *next;
            *next = slot.saturating_add(1);
            place_slot(&self.policy, &mut self.findings, &mut self.judge, outcome, slot);
            let attestation = outcome.metadata_hint.as_ref().and_then(|metadata| metadata.attestation_slot());
            let plan = SlotPlan::of(outcome, slot).and_then(|plan| {
                let budget = self.policy.budget(self.counts.unpacked);
                SlotContent::new(plan, true, &budget, &self.policy.tar_limits(self.counts.entries))
            });
            match plan {
                Ok(content) => {
                    let held = (attestation == Some(slot)).then(Vec::new);
                    *current = Some(Box::new(Current { slot, content, held }));
                }
                Err(failure) if failure.code.starts_with("operation") && !self.policy.forbid.unknown_operations => {}
                Err(failure) if failure.code.starts_with("operation") => {
                    let part = format!("slot {slot}");
                    self.findings.push(&self.policy, Severity::Error, "policy.operation", &part, failure.message);
                }
                Err(failure) => self.findings.refused(&self.policy, slot, &failure),
            }
        }
    }
}

impl Task for Scan {
    fn wants(&self) -> Option<ByteRange> {
        match &self.stage {
            Stage::Verification(verification) => verification.wants(),
            Stage::Slots { current, .. } => current.as_ref().and_then(|current| current.content.wants()),
        }
    }

    fn supply(&mut self, bytes: &[u8], _: &mut Output<'_>) -> Result<(), Failure> {
        match &mut self.stage {
            Stage::Verification(verification) => {
                supply(verification, bytes)?;
                self.done = verification.progress();
                self.verified();
            }
            Stage::Slots { current, .. } => {
                let Some(slot) = current else { return Err(Failure::new("engine.supply", "no bytes were asked for")) };
                let (policy, findings, counts) = (&self.policy, &mut self.findings, &mut self.counts);
                let number = slot.slot;
                let (judge, held) = (&mut self.judge, slot.held.as_mut());
                let mut look = Look { slot: number, policy, findings, judge, counts, held };
                let result = slot.content.supply(bytes, &mut look);
                self.done = self.done.saturating_add(length(bytes));
                if let Err(failure) = result {
                    *current = None;
                    self.findings.refused(&self.policy, number, &failure);
                }
                self.advance();
            }
        }
        Ok(())
    }

    fn done(&self) -> u64 {
        self.done
    }

    fn total(&self) -> u64 {
        self.total
    }

    fn finish(mut self: Box<Self>) -> Result<String, Failure> {
        if self.wants().is_some() {
            return Err(Failure::new("engine.incomplete", "the scan was ended before all bytes were read"));
        }
        let findings = self.findings.sorted();
        let Stage::Slots { outcome, .. } = &self.stage else {
            return Err(Failure::new("engine.incomplete", "the scan was ended before the head was read"));
        };
        let refused =
            !is_sound(&self.policy, outcome) || findings.iter().any(|finding| finding.severity == Severity::Error);
        json(&Document {
            schema: SCAN_SCHEMA,
            verdict: if refused { "reject" } else { "accept" },
            findings,
            counts: self.counts,
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

/// Ends a slot: its codec and archive are complete, its bill of materials is judged.
fn finish(
    current: Current,
    policy: &Policy,
    findings: &mut ScanFindings,
    judge: &mut Judge,
    counts: &mut Counts,
    bound: bool,
) -> Result<(), (usize, Failure)> {
    let Current { slot, content, mut held } = current;
    counts.unpacked = counts.unpacked.saturating_add(content.unpacked());
    let mut look = Look { slot, policy, findings, judge, counts, held: held.as_mut() };
    content.finish(&mut look).map_err(|failure| (slot, failure))?;
    if let Some(text) = held {
        match Attestation::parse(&text, bound) {
            Ok(document) => sbom::judge(&document.sbom, slot, policy, findings),
            Err(failure) => return Err((slot, failure)),
        }
    }
    Ok(())
}

/// Judges what a slot that is not an archive would put where; the entries of others are judged as they pass.
fn place_slot(policy: &Policy, findings: &mut ScanFindings, judge: &mut Judge, outcome: &Outcome, number: usize) {
    let Some(slot) = outcome.report.slots.get(number) else { return };
    let entry = outcome.metadata_hint.as_ref().and_then(|metadata| metadata.slots.get(number));
    let platform = entry.and_then(|entry| entry.platform.as_deref()).unwrap_or_default();
    judge.begin(number, &slot.lifecycle, platform);
    let facts = outcome.authenticated.as_ref().and_then(|head| head.slots().get(number));
    let operations = facts.map(SlotFacts::operations).or_else(|| OperationChain::parse(&slot.operations).ok());
    // A slot that stands for the package itself brings nothing.
    if operations.is_some_and(OperationChain::is_tar) || entry.is_some_and(|entry| entry.self_ref) {
        return;
    }
    match placement::target(&slot.target) {
        Ok(path) => {
            let mode = u32::from_str_radix(&slot.permissions, 8).unwrap_or(u32::MAX);
            weigh(policy, findings, number, &slot.target, judge.judge(&Item::file(number, &path, mode)));
        }
        Err(fault) => findings.push_file(policy, fault.code(), number, &slot.target, fault.to_string()),
    }
}

/// What the policy says of what is put at a path.
fn weigh(policy: &Policy, findings: &mut ScanFindings, slot: usize, path: &str, judgement: Judgement) {
    let forbid = &policy.forbid;
    match judgement.fault {
        Some(Fault::LinkLeaves { .. }) if !forbid.symlinks_out => {}
        Some(fault) => {
            let code = if matches!(fault, Fault::LinkLeaves { .. }) { "policy.symlink_out" } else { fault.code() };
            findings.push_file(policy, code, slot, path, fault.to_string());
        }
        None => {}
    }
    for concern in judgement.concerns {
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

/// Looks at entries as they pass.
struct Look<'a> {
    slot: usize,
    policy: &'a Policy,
    findings: &'a mut ScanFindings,
    judge: &'a mut Judge,
    counts: &'a mut Counts,
    held: Option<&'a mut Vec<u8>>,
}

impl EntrySink for Look<'_> {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        self.counts.entries = self.counts.entries.saturating_add(1);
        let judgement = self.judge.judge(&Item::of_entry(self.slot, entry));
        weigh(self.policy, self.findings, self.slot, &FileEntry::of(entry).path, judgement);
        Ok(())
    }

    fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

impl SlotSink for Look<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if let Some(held) = &mut self.held {
            if length(held).saturating_add(length(bytes)) > ATTESTATION_MAX {
                return Err(Stop);
            }
            held.extend_from_slice(bytes);
        }
        Ok(())
    }
}
