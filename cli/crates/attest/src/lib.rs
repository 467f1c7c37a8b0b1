//! What a package says of its own origin and content, and whether that is true.
//!
//! [`attestation`] writes and reads the slot with the bill of materials and the provenance, [`inventory`] lists what the slots
//! of a verified package decode to, `wheel` reads wheels among their files, and [`deep`] compares one with the other.
#![forbid(unsafe_code)]

pub mod attestation;
pub mod deep;
mod error;
pub mod inventory;
mod wheel;

pub use error::{AttestError, InventoryError};
