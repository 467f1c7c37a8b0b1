//! The SHA-256 of a whole file: what a registry names it by.

use crate::{
    failure::Failure,
    task::{Output, Task, json},
};
use pspf_nostd::{
    digest::StreamingSha256,
    limits::READ_WINDOW,
    offsets::{ByteRange, length},
};

/// Hashes a file; its result is 64 hexadecimal digits.
pub struct FileDigest {
    hasher: StreamingSha256,
    at: u64,
    size: u64,
}

impl FileDigest {
    /// Begins with a file of `size` bytes.
    #[must_use]
    pub fn new(size: u64) -> Self {
        Self { hasher: StreamingSha256::new(), at: 0, size }
    }
}

impl Task for FileDigest {
    fn wants(&self) -> Option<ByteRange> {
        let range = ByteRange { start: self.at, end: self.size.min(self.at.saturating_add(READ_WINDOW)) };
        (!range.is_empty()).then_some(range)
    }

    fn supply(&mut self, bytes: &[u8], _: &mut Output<'_>) -> Result<(), Failure> {
        self.hasher.update(bytes);
        self.at = self.at.saturating_add(length(bytes));
        Ok(())
    }

    fn done(&self) -> u64 {
        self.at
    }

    fn total(&self) -> u64 {
        self.size
    }

    fn finish(self: Box<Self>) -> Result<String, Failure> {
        json(&self.hasher.finish().to_string())
    }
}
