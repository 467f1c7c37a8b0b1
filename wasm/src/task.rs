//! What all tasks have in common.

use crate::failure::Failure;
use pspf_nostd::offsets::ByteRange;
use serde::Serialize;

/// Where a task's decoded bytes go.
pub type Output<'a> = dyn FnMut(&[u8]) + 'a;

/// Work on one file, without reading it.
pub trait Task {
    /// The bytes wanted next; `None` when the task can be finished.
    fn wants(&self) -> Option<ByteRange>;

    /// Takes the first bytes of the wanted range, at least one of them. `out` gets the bytes that the task was made to give.
    ///
    /// # Errors
    /// [`Failure`] ends the task.
    fn supply(&mut self, bytes: &[u8], out: &mut Output<'_>) -> Result<(), Failure>;

    /// Bytes done, for progress, out of what [`Self::total`] says.
    fn done(&self) -> u64;

    /// Bytes in all.
    fn total(&self) -> u64;

    /// What has come out since the last call, as JSON, where the task gives parts of its result on the way.
    ///
    /// # Errors
    /// As [`json`].
    fn part(&mut self) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    /// The result as JSON.
    ///
    /// # Errors
    /// [`Failure`] where the task was not complete or its result does not hold.
    fn finish(self: Box<Self>) -> Result<String, Failure>;
}

/// A result, or a part of one, as the text that crosses to JavaScript.
///
/// # Errors
/// `engine.result` where a value has no JSON text, which is a fault of this crate.
pub fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::new("engine.result", error.to_string()))
}
