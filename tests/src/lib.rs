//! The conformance kit of PSPF/2025 and what runs it: sample packages, named damage, drivers, and other implementations.
//!
//! A case is code (`catalogue`) and, written out, one JSON file under `vectors/cases`, which any implementation can be run on.

pub mod base;
pub mod catalogue;
pub mod ci_templates;
pub mod documents;
pub mod drivers;
pub mod entrypoint;
pub mod kit;
pub mod markdown;
pub mod own;
pub mod peer;
pub mod published;
pub mod published_builders;
pub mod sample;
mod scalar;
pub mod shell_session;
pub mod showcase;
pub mod table;
pub mod tamper;
pub mod tamper_table;
pub mod verdict;
