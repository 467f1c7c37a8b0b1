//! One slot's bytes through its codecs and, where it is an archive, the tar reader: hashed on the way.

use crate::failure::Failure;
use pspf_nostd::{
    codec::{Budget, Chain, PureCodecs, Stop},
    digest::{Sha256Digest, StreamingSha256},
    limits::READ_WINDOW,
    offsets::{ByteRange, length},
    operation::OperationChain,
    tar::{EntrySink, TarLimits, TarReader},
    verify::Outcome,
};

/// What to decode of a slot.
#[derive(Clone, Debug)]
pub struct SlotPlan {
    /// Position in the table.
    pub index: usize,
    /// Where the stored bytes are.
    pub range: ByteRange,
    /// What undoes what was done to them.
    pub operations: OperationChain,
    /// The signed digest of the stored bytes, where the head is authentic and carries one.
    pub signed: Option<Sha256Digest>,
    /// Whether place and operations are as signed; else they are what the file says.
    pub authenticated: bool,
}

impl SlotPlan {
    /// Slot `index` of a package whose head was read.
    ///
    /// # Errors
    /// `slot.missing`, and `slot.operations` where the chain is not one that can be undone.
    pub fn of(outcome: &Outcome, index: usize) -> Result<Self, Failure> {
        if let Some(facts) = outcome.authenticated.as_ref().and_then(|head| head.slots().get(index)) {
            let (range, operations, signed) = (facts.range(), facts.operations(), facts.sha256().copied());
            return Ok(Self { index, range, operations, signed, authenticated: true });
        }
        let slots = &outcome.report.slots;
        let slot = slots.get(index).ok_or_else(|| {
            let count = slots.len();
            Failure::new("slot.missing", format!("there is no slot {index}: {count} slots could be read"))
        })?;
        let operations = OperationChain::parse(&slot.operations)
            .map_err(|error| Failure::new(error.code(), format!("slot {index}: {error}")))?;
        if slot.range.end > outcome.report.size {
            let message = format!("slot {index} at {} is outside of the file", slot.range);
            return Err(Failure::new("slot.range", message));
        }
        Ok(Self { index, range: slot.range, operations, signed: None, authenticated: false })
    }
}

/// Takes what comes out of a slot: entries of an archive, or bytes.
pub trait SlotSink: EntrySink {
    /// The next bytes of a slot that is not an archive, or that is wanted as it is.
    ///
    /// # Errors
    /// [`Stop`] ends the reading.
    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Stop>;
}

/// A slot being decoded.
pub struct SlotContent {
    plan: SlotPlan,
    at: u64,
    hasher: StreamingSha256,
    chain: Chain,
    tar: Option<TarReader>,
}

impl SlotContent {
    /// Begins. `archive` says whether an archive is taken apart.
    ///
    /// # Errors
    /// An operation that is never undone.
    pub fn new(plan: SlotPlan, archive: bool, budget: &Budget, limits: &TarLimits) -> Result<Self, Failure> {
        let index = plan.index;
        let codecs = plan
            .operations
            .codecs()
            .map_err(|error| Failure::new(error.code(), format!("slot {index} ({}): {error}", plan.operations)))?;
        Ok(Self {
            at: plan.range.start,
            hasher: StreamingSha256::new(),
            chain: Chain::new(&codecs, &PureCodecs, budget)?,
            tar: (archive && plan.operations.is_tar()).then(|| TarReader::new(limits.clone())),
            plan,
        })
    }

    /// The bytes wanted next.
    #[must_use]
    pub fn wants(&self) -> Option<ByteRange> {
        let range = ByteRange { start: self.at, end: self.plan.range.end.min(self.at.saturating_add(READ_WINDOW)) };
        (!range.is_empty()).then_some(range)
    }

    /// Stored bytes taken.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.at.saturating_sub(self.plan.range.start)
    }

    /// Bytes that came out.
    #[must_use]
    pub fn unpacked(&self) -> u64 {
        self.chain.bytes_out()
    }

    /// Takes the next stored bytes.
    ///
    /// # Errors
    /// What codec or archive refuse.
    pub fn supply(&mut self, bytes: &[u8], sink: &mut dyn SlotSink) -> Result<(), Failure> {
        self.hasher.update(bytes);
        self.at = self.at.saturating_add(length(bytes));
        let Self { chain, tar, .. } = self;
        through(tar, sink, |out| chain.push(bytes, out))
    }

    /// Ends the slot; gives the digest of its stored bytes.
    ///
    /// # Errors
    /// Where codec or archive are not complete, or the digest is not the signed one.
    pub fn finish(self, sink: &mut dyn SlotSink) -> Result<Sha256Digest, Failure> {
        let Self { plan, hasher, mut chain, mut tar, .. } = self;
        through(&mut tar, sink, |out| chain.finish(out))?;
        if let Some(tar) = &mut tar {
            tar.finish(sink)?;
        }
        let computed = hasher.finish();
        match plan.signed {
            Some(signed) if signed != computed => {
                let message = format!("slot {} has SHA-256 {computed}, the signed metadata say {signed}", plan.index);
                Err(Failure::new("slot.digest.signed", message))
            }
            _ => Ok(computed),
        }
    }
}

/// Runs a step of the chain into the archive reader, or straight into the sink; the innermost error is the one that counts.
fn through(
    tar: &mut Option<TarReader>,
    sink: &mut dyn SlotSink,
    step: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<(), Stop>) -> Result<(), pspf_nostd::codec::DecodeError>,
) -> Result<(), Failure> {
    let mut refused = None;
    let result = step(&mut |piece: &[u8]| match tar {
        Some(reader) => reader.push(piece, &mut *sink).map_err(|error| {
            refused = Some(Failure::from(error));
            Stop
        }),
        None => sink.bytes(piece),
    });
    match (refused, result) {
        (Some(failure), _) => Err(failure),
        (None, result) => Ok(result?),
    }
}
