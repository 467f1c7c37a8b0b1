//! The launcher inside this program.

/// Empty unless the build was given a launcher (`build.rs`).
static LAUNCHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/launcher.bin"));

/// The launcher that this build carries; none in a plain `cargo build`, where the user names one.
#[must_use]
pub(crate) fn launcher() -> Option<&'static [u8]> {
    (!LAUNCHER.is_empty()).then_some(LAUNCHER)
}
