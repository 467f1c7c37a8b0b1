//! One section of the file: launcher, slot, padding. Its bytes are taken in order; sections are independent of each other,
//! so that several can be read at once.

use crate::{
    codec::{Budget, Chain, Codec, DecodeError, PureCodecs},
    digest::{Sha256Digest, StreamingSha256},
    metadata::Metadata,
    offsets::{ByteRange, length, position},
};
use alloc::{boxed::Box, sync::Arc, vec};
use core::fmt;

/// What a stretch of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Launcher,
    Slot(usize),
    /// Metadata and slot table, which were read before.
    Known,
    /// Between sections: must be zero.
    Padding,
}

/// What the pass found out of one slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlotContent {
    pub sha256: Sha256Digest,
    /// How many bytes it decodes to, where that was asked for.
    pub decoded: Option<Result<u64, DecodeError>>,
}

/// The count of what a slot decodes to.
enum Count {
    NotWanted,
    /// Layers of gzip, and the number of bytes that they are said to give.
    Wanted(usize, u64),
    Running(Box<Chain>),
    Done(Result<u64, DecodeError>),
}

impl Count {
    /// Takes the next stored bytes. One layer never gives more than the number to prove: a larger one is an error
    /// at once.
    fn take(&mut self, bytes: &[u8], last: bool) {
        if let Self::Wanted(layers, claim) = *self {
            let mut budget = Budget::default();
            // Between several layers there may be more than comes out of the last.
            if layers == 1 {
                budget.output_max = claim;
            }
            *self = match Chain::new(&vec![Codec::Gzip; layers], &PureCodecs, &budget) {
                Ok(chain) => Self::Running(Box::new(chain)),
                Err(error) => Self::Done(Err(error)),
            };
        }
        let Self::Running(chain) = self else { return };
        let mut taken = chain.push(bytes, &mut |_| Ok(()));
        if last {
            taken = taken.and_then(|()| chain.finish(&mut |_| Ok(())));
        }
        if taken.is_err() || last {
            *self = Self::Done(taken.map(|()| chain.bytes_out()));
        }
    }
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotWanted => "NotWanted",
            Self::Wanted(..) => "Wanted",
            Self::Running(_) => "Running",
            Self::Done(_) => "Done",
        })
    }
}

/// A section that is being read, with what was found out of the bytes so far.
///
/// [`Verification::sections`](super::Verification::sections) hands sections out, so that each can be read by whoever uses its
/// bytes; [`Verification::restore`](super::Verification::restore) takes them back.
#[derive(Debug)]
#[must_use]
pub struct Section {
    pub(super) range: ByteRange,
    pub(super) part: Part,
    pub(super) at: u64,
    hasher: StreamingSha256,
    count: Count,
    /// From the first to the last byte of padding that is not zero.
    dirty: Option<ByteRange>,
    /// While it is handed out: the verification that it belongs to, and its number there.
    pub(super) handed_out: Option<(Arc<Metadata>, usize)>,
}

impl Section {
    pub(super) fn new(range: ByteRange, part: Part) -> Self {
        Self::counting(range, part, None)
    }

    /// A section that also counts what so many layers of gzip decode to, which should be the second number.
    pub(super) fn counting(range: ByteRange, part: Part, claim: Option<(usize, u64)>) -> Self {
        let count = claim.map_or(Count::NotWanted, |(layers, size)| Count::Wanted(layers, size));
        let at = if part == Part::Known { range.end } else { range.start };
        Self { range, part, at, hasher: StreamingSha256::new(), count, dirty: None, handed_out: None }
    }

    /// The position of its slot in the slot table; `None` for what is not a slot.
    #[must_use]
    pub fn slot(&self) -> Option<usize> {
        match self.part {
            Part::Slot(number) => Some(number),
            _ => None,
        }
    }

    /// The bytes that are still wanted; empty once all are there.
    #[must_use]
    pub fn wants(&self) -> ByteRange {
        ByteRange { start: self.at, end: self.range.end }
    }

    /// Takes the first bytes of [`Self::wants`]; more than those are ignored.
    pub fn supply(&mut self, bytes: &[u8]) {
        let mine = bytes.get(..position(self.left())).unwrap_or(bytes);
        self.take(mine);
    }

    pub(super) fn left(&self) -> u64 {
        self.range.end.saturating_sub(self.at)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.handed_out.is_none() && self.left() == 0
    }

    pub(super) fn dirty(&self) -> Option<ByteRange> {
        self.dirty
    }

    /// What the bytes so far say.
    pub(super) fn content(&self) -> SlotContent {
        let decoded = match self.count {
            Count::NotWanted => None,
            Count::Done(result) => Some(result),
            // A slot without bytes decodes to nothing.
            Count::Wanted(..) | Count::Running(_) => Some(Err(DecodeError::Truncated { codec: Codec::Gzip, at: 0 })),
        };
        SlotContent { sha256: self.hasher.clone().finish(), decoded }
    }

    /// Takes bytes that are known not to reach over the end.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        match self.part {
            Part::Launcher | Part::Slot(_) => {
                self.hasher.update(bytes);
                self.count.take(bytes, length(bytes) == self.left());
            }
            Part::Padding => self.require_zeros(bytes),
            Part::Known => {}
        }
        self.at = self.at.saturating_add(length(bytes));
    }

    /// Keeps one range per stretch of padding, so that neither the report nor its size depends on how bytes are supplied.
    fn require_zeros(&mut self, bytes: &[u8]) {
        let Some(first) = bytes.iter().position(|byte| *byte != 0) else { return };
        let last = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(first);
        let at = |offset: usize| self.at.saturating_add(u64::try_from(offset).unwrap_or_default());
        let start = self.dirty.map_or(at(first), |dirty| dirty.start);
        self.dirty = Some(ByteRange { start, end: at(last).saturating_add(1) });
    }
}
