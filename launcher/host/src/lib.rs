//! What the launcher and `flavor` share on an operating system: reading packages, safe extraction, work environments, the
//! program's command and environment, policies, trust.
//!
//! The modules in the order of their dependencies: [`files`], [`tree_record`], [`extraction`], [`lifecycle`], [`command`],
//! [`workenv`]; beside them [`driver`], [`trust`] and [`policy`].

// Processes, signals, modes and locks are Unix's here.
#![cfg(unix)]

pub mod calendar;
pub mod command;
pub mod console;
pub mod document;
pub mod driver;
pub mod extraction;
pub mod files;
pub mod lifecycle;
pub mod platform;
pub mod policy;
pub mod signals;
pub mod tree_names;
pub mod tree_record;
pub mod trust;
pub mod verification;
pub mod workenv;

/// Every launcher of this project carries this text, so that `flavor pack` can tell it from any other program.
pub const LAUNCHER_MARKER: &str = "PSPF/2025 launcher (flavor)";

/// Whether a program's bytes are those of a launcher of this project.
#[must_use]
pub fn is_own_launcher(program: &[u8]) -> bool {
    program.windows(LAUNCHER_MARKER.len()).any(|window| window == LAUNCHER_MARKER.as_bytes())
}
