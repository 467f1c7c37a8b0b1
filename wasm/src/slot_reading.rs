//! Tasks that read the head of a package and then one slot: listing, extracting one file, decoding, attestation.

use crate::{
    failure::Failure,
    slot_content::{SlotContent, SlotPlan, SlotSink},
    task::{Output, Task, json},
    verification::supply,
};
use pspf_nostd::{
    codec::{Budget, Stop},
    json::Json,
    limits::DECODE_WINDOW_MAX,
    offsets::{ByteRange, length},
    quoted::quoted,
    tar::{Entries, Entry, EntryKind, EntrySink, TarLimits},
    verify::{Outcome, Scope, TrustedKeys, Verification},
};
use serde::Serialize;

/// Largest compression window by default, in bytes: what our own packer writes at most.
pub const WINDOW_DEFAULT: u64 = 64 << 20;

/// Largest attestation that is parsed, in bytes. A CycloneDX document of 10,000 components has about 5 MB.
pub const ATTESTATION_MAX: u64 = 16 << 20;

/// What is wanted of a slot.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// Its entries.
    List,
    /// The content of the file at this path.
    File(String),
    /// All decoded bytes.
    Bytes,
    /// The attestation document, wherever it is; the slot number is not looked at.
    Attestation,
}

/// Which slot, and how far to go.
#[derive(Clone, Debug)]
pub struct Request {
    /// Position in the slot table.
    pub slot: usize,
    /// What of it.
    pub wanted: Wanted,
    /// Largest compression window, in bytes.
    pub window_max: u64,
    /// Whether content may be given out of a package whose head is not validly signed.
    pub allow_unverified: bool,
}

/// A head, then a slot.
pub struct SlotReading {
    stage: Stage,
    request: Request,
    sink: Taker,
    total: u64,
}

enum Stage {
    Head(Box<Verification>),
    Slot { content: Box<SlotContent>, bound: bool },
    Nothing,
}

impl SlotReading {
    /// Begins with a file of `size` bytes. Nothing that a revoked key signed counts as validly signed.
    #[must_use]
    pub fn new(size: u64, request: Request, known: TrustedKeys) -> Self {
        let verification = Verification::new(size, Scope::Head, known);
        let sink = Taker { entries: Entries::default(), held: Vec::new(), found: false, taking: false };
        Self { stage: Stage::Head(Box::new(verification)), request, sink, total: 0 }
    }

    /// Goes from the head to the slot.
    fn begin(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        let slot = match self.request.wanted {
            Wanted::Attestation => match outcome.metadata_hint.as_ref().and_then(|found| found.attestation_slot()) {
                Some(slot) => slot,
                None => return Ok(()),
            },
            _ => self.request.slot,
        };
        if outcome.report.slots.is_empty()
            && let Some(error) = outcome.report.errors().next()
        {
            return Err(Failure::new(error.code, format!("{}: {}", error.part, error.message)));
        }
        let plan = SlotPlan::of(outcome, slot)?;
        let gives_content = matches!(self.request.wanted, Wanted::File(_) | Wanted::Bytes);
        if gives_content && !plan.authenticated && !self.request.allow_unverified {
            let why = outcome.report.errors().next().map_or("it is not signed", |error| error.code);
            let message = format!("the head of the package is not validly signed ({why}); see allowUnverified");
            return Err(Failure::new("package.unverified", message));
        }
        if matches!(self.request.wanted, Wanted::List | Wanted::File(_)) && !plan.operations.is_tar() {
            let message = format!("slot {slot} ({}) is no archive; read it with readSlot", plan.operations);
            return Err(Failure::new("slot.not_archive", message));
        }
        let mut budget = Budget { window_max: self.request.window_max.min(DECODE_WINDOW_MAX), ..Budget::default() };
        if matches!(self.request.wanted, Wanted::Attestation) {
            budget.output_max = ATTESTATION_MAX;
        }
        self.total = plan.range.len();
        let bound = plan.signed.is_some();
        let archive = !matches!(self.request.wanted, Wanted::Bytes | Wanted::Attestation);
        let content = Box::new(SlotContent::new(plan, archive, &budget, &TarLimits::default())?);
        self.stage = Stage::Slot { content, bound };
        Ok(())
    }
}

impl Task for SlotReading {
    fn wants(&self) -> Option<ByteRange> {
        match &self.stage {
            Stage::Head(verification) => verification.wants(),
            Stage::Slot { content, .. } => content.wants(),
            Stage::Nothing => None,
        }
    }

    fn supply(&mut self, bytes: &[u8], out: &mut Output<'_>) -> Result<(), Failure> {
        match &mut self.stage {
            Stage::Head(verification) => {
                supply(verification, bytes)?;
                if verification.wants().is_none() {
                    let Stage::Head(verification) = core::mem::replace(&mut self.stage, Stage::Nothing) else {
                        return Ok(());
                    };
                    self.begin(&verification.finish())?;
                }
                Ok(())
            }
            Stage::Slot { content, .. } => {
                content.supply(bytes, &mut Taking { taker: &mut self.sink, wanted: &self.request.wanted, out })
            }
            Stage::Nothing => Err(Failure::new("engine.supply", "no bytes were asked for")),
        }
    }

    fn done(&self) -> u64 {
        match &self.stage {
            Stage::Slot { content, .. } => content.done(),
            _ => 0,
        }
    }

    fn total(&self) -> u64 {
        self.total
    }

    fn part(&mut self) -> Result<Option<String>, Failure> {
        let entries = core::mem::take(&mut self.sink.entries.complete);
        (!entries.is_empty()).then(|| json(&entries)).transpose()
    }

    fn finish(self: Box<Self>) -> Result<String, Failure> {
        let Self { stage, request, mut sink, .. } = *self;
        let (content, bound) = match stage {
            Stage::Slot { content, bound } => (content, bound),
            // A file that is too short to have a head, and nothing to be read of it.
            Stage::Head(verification) => {
                let outcome = verification.finish();
                let why = outcome.report.errors().next().map(|error| error.message.clone()).unwrap_or_default();
                return Err(Failure::new("package.unreadable", why));
            }
            Stage::Nothing => return Ok("null".to_owned()),
        };
        let mut ignored = |_: &[u8]| ();
        content.finish(&mut Taking { taker: &mut sink, wanted: &request.wanted, out: &mut ignored })?;
        match request.wanted {
            Wanted::File(path) if !sink.found => {
                Err(Failure::new("slot.no_file", format!("slot {} has no file {}", request.slot, quoted(&path))))
            }
            Wanted::Attestation => json(&Attestation::parse(&sink.held, bound)?),
            _ => Ok("null".to_owned()),
        }
    }
}

/// The attestation slot's document: SBOM and provenance side by side.
#[derive(Debug, Serialize)]
pub struct Attestation {
    /// The bill of materials, `null` where it was left out.
    pub sbom: Json,
    /// Who built what, when and with what.
    pub provenance: Json,
    /// Whether the signed metadata carry the slot's digest, and it matches.
    pub authenticated: bool,
}

impl Attestation {
    /// Reads the slot's decoded content.
    ///
    /// # Errors
    /// `attestation.json` where it is not strict JSON.
    pub fn parse(text: &[u8], authenticated: bool) -> Result<Self, Failure> {
        let document = Json::parse(text)
            .map_err(|error| Failure::new("attestation.json", format!("the attestation slot is no JSON: {error}")))?;
        if let Some(key) = document.ambiguous_key(&[]) {
            return Err(Failure::new("attestation.json", format!("in the attestation slot, {key}")));
        }
        let member = |key| document.get(key).cloned().unwrap_or(Json::Null);
        Ok(Self { sbom: member("sbom"), provenance: member("provenance"), authenticated })
    }
}

/// What has been taken out of the slot.
struct Taker {
    entries: Entries,
    held: Vec<u8>,
    found: bool,
    taking: bool,
}

/// The sink of one call: what is taken, and where wanted bytes go.
struct Taking<'a, 'b> {
    taker: &'a mut Taker,
    wanted: &'a Wanted,
    out: &'a mut Output<'b>,
}

impl EntrySink for Taking<'_, '_> {
    fn begin(&mut self, entry: &Entry) -> Result<(), Stop> {
        match self.wanted {
            Wanted::List => self.taker.entries.begin(entry),
            Wanted::File(path) => {
                self.taker.taking = entry.kind == EntryKind::File && entry.path.as_bytes() == path.as_bytes();
                self.taker.found |= self.taker.taking;
                Ok(())
            }
            Wanted::Bytes | Wanted::Attestation => Ok(()),
        }
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if self.taker.taking {
            (self.out)(bytes);
        }
        self.taker.entries.data(bytes)
    }

    fn end(&mut self) -> Result<(), Stop> {
        self.taker.taking = false;
        self.taker.entries.end()
    }
}

impl SlotSink for Taking<'_, '_> {
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        match self.wanted {
            Wanted::Bytes => (self.out)(bytes),
            Wanted::Attestation if length(&self.taker.held).saturating_add(length(bytes)) <= ATTESTATION_MAX => {
                self.taker.held.extend_from_slice(bytes);
            }
            _ => {}
        }
        Ok(())
    }
}
