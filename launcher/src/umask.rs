//! The mask of modes that the caller left to this process.

/// Has modes mean what they say while it lives: the caller's umask is the program's, not ours.
#[derive(Debug)]
pub(crate) struct OwnUmask(rustix::fs::Mode);

impl OwnUmask {
    /// Takes the mask away.
    #[must_use]
    pub(crate) fn set() -> Self {
        Self(rustix::process::umask(rustix::fs::Mode::empty()))
    }
}

impl Drop for OwnUmask {
    fn drop(&mut self) {
        rustix::process::umask(self.0);
    }
}
