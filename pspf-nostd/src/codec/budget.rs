//! What decoding may cost, and the guard that holds a decoder to it.

use alloc::boxed::Box;

use super::error::LimitKind;
use super::{Codec, Decode, DecodeError, Sink, Stop};
use crate::limits::{DECODE_STEP, DECODE_WINDOW_MAX, DECODED_OUTPUT_MAX, DECODED_RATIO_FLOOR, DECODED_RATIO_MAX};
use crate::offsets::{length, position};

/// What decoding one stream or chain may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Most decoded bytes.
    pub output_max: u64,
    /// Most decoded bytes per stored byte. Holds once more than
    /// [`DECODED_RATIO_FLOOR`] bytes are decoded; stored bytes count in
    /// whole steps of [`DECODE_STEP`].
    pub ratio_max: u64,
    /// Largest zstd window or xz dictionary, in bytes; checked before anything is allocated for it. A decoder may use up
    /// to three times as much while its window grows.
    pub window_max: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { output_max: DECODED_OUTPUT_MAX, ratio_max: DECODED_RATIO_MAX, window_max: DECODE_WINDOW_MAX }
    }
}

/// Counts stored bytes and says how many decoded bytes they may give.
pub(super) struct Meter {
    budget: Budget,
    taken: u64,
}

impl Meter {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, taken: 0 }
    }

    /// Stored bytes so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Counts and splits off what is left of the present step; `None` at the end of the input.
    pub(super) fn step<'a>(&mut self, input: &mut &'a [u8]) -> Option<&'a [u8]> {
        if input.is_empty() {
            return None;
        }
        let left = DECODE_STEP.saturating_sub(self.taken.checked_rem(DECODE_STEP).unwrap_or(0));
        let (step, rest) = input.split_at(position(left).min(input.len()));
        *input = rest;
        self.taken = self.taken.saturating_add(length(step));
        Some(step)
    }

    /// Refuses a count of decoded bytes that the stored bytes so far do not justify.
    pub(super) fn allow(&self, codec: Option<Codec>, produced: u64) -> Result<(), DecodeError> {
        let Budget { output_max, ratio_max, .. } = self.budget;
        if produced > output_max {
            return Err(DecodeError::Limit { codec, limit: LimitKind::Output, max: output_max, found: produced });
        }
        if produced > DECODED_RATIO_FLOOR {
            let counted = self.taken.checked_next_multiple_of(DECODE_STEP).unwrap_or(u64::MAX);
            if produced > ratio_max.saturating_mul(counted).max(DECODED_RATIO_FLOOR) {
                return Err(DecodeError::Limit { codec, limit: LimitKind::Ratio, max: ratio_max, found: produced });
            }
        }
        Ok(())
    }
}

/// Holds one decoder to its budget and keeps it in error after an error.
pub(super) struct Guarded {
    decoder: Box<dyn Decode>,
    codec: Codec,
    meter: Meter,
    produced: u64,
    ended: Option<DecodeError>,
}

impl Guarded {
    pub(super) fn new(codec: Codec, decoder: Box<dyn Decode>, budget: Budget) -> Self {
        Self { decoder, codec, meter: Meter::new(budget), produced: 0, ended: None }
    }

    /// Has the decoder take bytes, or finish for `None`, between the meter and the caller's sink.
    fn run(&mut self, input: Option<&[u8]>, out: &mut Sink<'_>) -> Result<(), DecodeError> {
        let Self { decoder, codec, meter, produced, ended } = self;
        let mut over = None;
        let mut sink = |piece: &[u8]| {
            *produced = produced.saturating_add(length(piece));
            if let Err(error) = meter.allow(Some(*codec), *produced) {
                over = Some(error);
                return Err(Stop);
            }
            out(piece)
        };
        let result = match input {
            Some(input) => decoder.push(input, &mut sink),
            None => decoder.finish(&mut sink),
        };
        let result = over.map_or(result, Err);
        *ended = result.err();
        result
    }
}

impl Decode for Guarded {
    fn push(&mut self, mut input: &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        if let Some(error) = self.ended {
            return Err(error);
        }
        while let Some(step) = self.meter.step(&mut input) {
            self.run(Some(step), out)?;
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Sink<'_>) -> Result<(), DecodeError> {
        if let Some(error) = self.ended {
            return Err(error);
        }
        self.run(None, out)?;
        self.ended = Some(DecodeError::AfterEnd);
        Ok(())
    }
}
