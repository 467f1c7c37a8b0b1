//! Several codecs in a row.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::budget::Meter;
use super::{Budget, Codec, Codecs, Decode, DecodeError, Sink, Stop};
use crate::limits::CODEC_CHAIN_MAX;
use crate::offsets::length;

/// Undoes the codecs of an operation chain, each feeding the next.
///
/// The budget holds for the whole and for each part of it: neither the end nor any stage in between may give more than
/// [`Budget::output_max`] bytes, or more than [`Budget::ratio_max`] times what was pushed into the chain. It holds whatever
/// decoders the [`Codecs`] source lends.
pub struct Chain {
    stages: Vec<Stage>,
    meter: Meter,
    ended: Option<DecodeError>,
}

struct Stage {
    codec: Codec,
    decoder: Box<dyn Decode>,
    produced: u64,
}

impl Chain {
    /// A chain of codecs in decoding order (last applied first), as
    /// [`OperationChain::codecs`](crate::operation::OperationChain::codecs) gives them. No codec at all passes the bytes
    /// through.
    ///
    /// # Errors
    /// [`DecodeError::ChainLength`] for more than eight codecs, and what the source of decoders refuses.
    pub fn new(codecs: &[Codec], source: &dyn Codecs, budget: &Budget) -> Result<Self, DecodeError> {
        if codecs.len() > CODEC_CHAIN_MAX {
            return Err(DecodeError::ChainLength { max: CODEC_CHAIN_MAX, found: codecs.len() });
        }
        let stages: Result<_, DecodeError> = codecs
            .iter()
            .map(|&codec| Ok(Stage { codec, decoder: source.decoder(codec, budget)?, produced: 0 }))
            .collect();
        Ok(Self { stages: stages?, meter: Meter::new(*budget), ended: None })
    }

    /// Stored bytes taken so far.
    #[must_use]
    pub fn bytes_in(&self) -> u64 {
        self.meter.taken()
    }

    /// Decoded bytes that left the chain so far.
    #[must_use]
    pub fn bytes_out(&self) -> u64 {
        self.stages.last().map_or(self.meter.taken(), |stage| stage.produced)
    }

    /// Takes the next stored bytes and gives the sink what they decode to.
    ///
    /// # Errors
    /// As [`Decode::push`], of whichever stage fails.
    pub fn push(&mut self, mut input: &[u8], out: &mut Sink<'_>) -> Result<(), DecodeError> {
        if let Some(error) = self.ended {
            return Err(error);
        }
        while let Some(step) = self.meter.step(&mut input) {
            let passed = if self.stages.is_empty() { self.meter.allow(None, self.meter.taken()) } else { Ok(()) };
            let result = passed.and_then(|()| feed(&mut self.stages, &self.meter, Some(step), out));
            self.ended = result.err();
            result?;
        }
        Ok(())
    }

    /// Says that no more bytes follow.
    ///
    /// # Errors
    /// As [`Decode::finish`], of whichever stage fails.
    pub fn finish(&mut self, out: &mut Sink<'_>) -> Result<(), DecodeError> {
        if let Some(error) = self.ended {
            return Err(error);
        }
        let mut stages = self.stages.as_mut_slice();
        while !stages.is_empty() {
            let result = feed(stages, &self.meter, None, out);
            self.ended = result.err();
            result?;
            stages = stages.get_mut(1..).unwrap_or_default();
        }
        self.ended = Some(DecodeError::AfterEnd);
        Ok(())
    }
}

/// Pushes bytes into the first stage, or finishes it for `None`; what comes out is pushed through the others.
fn feed(stages: &mut [Stage], meter: &Meter, input: Option<&[u8]>, out: &mut Sink<'_>) -> Result<(), DecodeError> {
    let Some((Stage { codec, decoder, produced }, rest)) = stages.split_first_mut() else {
        return input.map_or(Ok(()), |input| Ok(out(input)?));
    };
    let mut cause = None;
    let mut pass = |piece: &[u8]| {
        *produced = produced.saturating_add(length(piece));
        meter.allow(Some(*codec), *produced).and_then(|()| feed(rest, meter, Some(piece), out)).map_err(|error| {
            cause = Some(error);
            Stop
        })
    };
    let result = match input {
        Some(input) => decoder.push(input, &mut pass),
        None => decoder.finish(&mut pass),
    };
    cause.map_or(result, Err)
}
