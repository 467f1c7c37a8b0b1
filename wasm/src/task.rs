//! What all tasks have in common.

use crate::failure::Failure;
use pspf_nostd::offsets::ByteRange;

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
    fn part(&mut self) -> Option<String> {
        None
    }

    /// The result as JSON.
    ///
    /// # Errors
    /// [`Failure`] where the task was not complete or its result does not hold.
    fn finish(self: Box<Self>) -> Result<String, Failure>;
}
