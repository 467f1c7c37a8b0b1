//! What the `flavor` command is made of: arguments in, packages and reports out.
//!
//! Everything that knows the format's bytes is in `pspf-nostd`; everything that unpacks and runs is in `flavor-launcher`.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod checked_package;
pub mod embedded;
pub mod interrupt;
pub mod key_files;
pub mod manifest;
pub mod pack;
pub mod problem;
pub mod progress;
pub mod python;
pub mod report_text;
pub mod terminal;
pub mod trusted_keys;

/// The version of this program, as `flavor --version` and the packages that it writes state it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
