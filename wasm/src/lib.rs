//! The format core behind JavaScript.
//!
//! Everything here is a [`Task`](bindings): it says which bytes of the file it wants, is supplied with them, and ends with one
//! JSON text. How bytes are read, files, fetches, blobs, is the npm package's business; what they mean is the core's.

#![forbid(unsafe_code)]

pub mod bindings;
pub mod failure;
pub mod file_digest;
pub mod inspection;
pub mod launcher_kind;
pub mod policy;
pub mod public_key;
pub mod sbom;
pub mod scan;
pub mod scan_findings;
pub mod slot_content;
pub mod slot_reading;
pub mod task;
pub mod verification;
