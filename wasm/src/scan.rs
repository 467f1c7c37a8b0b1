//! A package against a policy: verified, then every slot decoded and looked through.

use crate::{
    failure::Failure,
    policy::Policy,
    sbom,
    scan_findings::{ScanFinding, ScanFindings},
    slot_content::{SlotContent, SlotPlan, SlotSink},
    slot_reading::{ATTESTATION_MAX, Attestation},
    task::{Output, Task},
    verification::supply,
};
use pspf_nostd::{
    codec::Stop,
    json::{Json, JsonWriter, ToJson},
    offsets::{ByteRange, length},
    quoted::quoted,
    report::{Integrity, Severity, Trust},
    tar::{Entry, EntryKind, EntrySink, FileEntry, symlink_stays_inside},
    verify::{Outcome, Scope, TrustedKeys, Verification},
};

/// Version of the result's shape.
pub const SCAN_SCHEMA: u32 = 1;

/// A scan in progress.
pub struct Scan {
    policy: Policy,
    stage: Stage,
    findings: ScanFindings,
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

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    entries: u64,
    unpacked: u64,
}

impl ToJson for Counts {
    fn write_json(&self, out: &mut JsonWriter) {
        out.object(&[("entries", &self.entries), ("unpacked", &self.unpacked)]);
    }
}

/// What was found, as JSON.
struct Document<'a> {
    findings: Vec<ScanFinding>,
    counts: Counts,
    outcome: &'a Outcome,
}

impl ToJson for Document<'_> {
    fn write_json(&self, out: &mut JsonWriter) {
        let Self { findings, counts, outcome } = self;
        let refused = findings.iter().any(|finding| finding.severity == Severity::Error);
        let launcher = outcome.launcher_sha256.map_or(Json::Null, |digest| Json::from(digest.to_string()));
        out.object(&[
            ("schema", &SCAN_SCHEMA),
            ("verdict", &if refused { "reject" } else { "accept" }),
            ("findings", findings),
            ("counts", counts),
            ("launcher_sha256", &launcher),
            ("report", &outcome.report),
        ]);
    }
}

impl Scan {
    /// Begins with a file of `size` bytes.
    #[must_use]
    pub fn new(size: u64, policy: Policy) -> Self {
        let trusted = TrustedKeys { pinned: policy.trusted().unwrap_or_default().to_vec(), store: Vec::new() };
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
        self.judge(&outcome);
        self.done = self.size;
        let slots = outcome.report.slots.iter().map(|slot| slot.range.len());
        self.total = slots.fold(self.size, u64::saturating_add);
        self.stage = Stage::Slots { outcome, next: 0, current: None };
        self.advance();
    }

    /// What the policy says of the verification.
    fn judge(&mut self, outcome: &Outcome) {
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
            let message = format!("the package is {}, the policy wants {}", word(state), word(policy.minimum()));
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
                let result = finish(*finished, &self.policy, &mut self.findings, &mut self.counts, bound);
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
                let mut judge = Judge { slot: number, policy, findings, counts, held: slot.held.as_mut() };
                let result = slot.content.supply(bytes, &mut judge);
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
        Ok(JsonWriter::compact(&Document { findings, counts: self.counts, outcome }))
    }
}

/// Ends a slot: its codec and archive are complete, its bill of materials is judged.
fn finish(
    current: Current,
    policy: &Policy,
    findings: &mut ScanFindings,
    counts: &mut Counts,
    bound: bool,
) -> Result<(), (usize, Failure)> {
    let Current { slot, content, mut held } = current;
    counts.unpacked = counts.unpacked.saturating_add(content.unpacked());
    let mut judge = Judge { slot, policy, findings, counts, held: held.as_mut() };
    content.finish(&mut judge).map_err(|failure| (slot, failure))?;
    if let Some(text) = held {
        match Attestation::parse(&text, bound) {
            Ok(document) => sbom::judge(&document.sbom, slot, policy, findings),
            Err(failure) => return Err((slot, failure)),
        }
    }
    Ok(())
}

fn word(state: Integrity) -> &'static str {
    match state {
        Integrity::Broken => "broken",
        Integrity::Partial => "partly read",
        Integrity::Intact => "intact",
        Integrity::Bound => "bound",
        Integrity::Sealed => "sealed",
    }
}

/// Looks at entries as they pass.
struct Judge<'a> {
    slot: usize,
    policy: &'a Policy,
    findings: &'a mut ScanFindings,
    counts: &'a mut Counts,
    held: Option<&'a mut Vec<u8>>,
}

impl EntrySink for Judge<'_> {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        self.counts.entries = self.counts.entries.saturating_add(1);
        let Self { slot, policy, findings, .. } = self;
        let forbid = &policy.forbid;
        let link = matches!(entry.kind, EntryKind::Symlink { .. } | EntryKind::HardLink { .. });
        let mut refuse = |code: &str, message: String| {
            findings.push_file(policy, code, *slot, &FileEntry::of(entry).path, message);
        };
        if forbid.setuid && entry.mode & 0o6000 != 0 {
            refuse("policy.setuid", format!("mode {:04o} sets the user or the group of who runs it", entry.mode));
        }
        // A sticky directory, as /tmp is, lets nobody replace what another has put there.
        let sticky = entry.kind == EntryKind::Directory && entry.mode & 0o1000 != 0;
        if forbid.world_writable && !link && !sticky && entry.mode & 0o002 != 0 {
            refuse("policy.world_writable", format!("mode {:04o} lets everybody write", entry.mode));
        }
        if let EntryKind::Symlink { target } = &entry.kind
            && forbid.symlinks_out
            && !symlink_stays_inside(&entry.path, target)
        {
            let target = String::from_utf8_lossy(target);
            refuse("policy.symlink_out", format!("the link leads out of the slot, to {}", quoted(&target)));
        }
        if forbid.device_names && !entry.portable() {
            refuse("policy.device_name", "the path does not mean the same on every file system".to_owned());
        }
        Ok(())
    }

    fn data(&mut self, _: &[u8]) -> Result<(), Stop> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

impl SlotSink for Judge<'_> {
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
