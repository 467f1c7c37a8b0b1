//! The PSPF/2025 package format: layout, metadata, digests, signature, verification and writing.
//!
//! Bytes in, facts out: this crate knows no file system, clock, thread, environment or randomness.
#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs, clippy::as_conversions)]
#![warn(clippy::std_instead_of_core, clippy::alloc_instead_of_core)]

extern crate alloc;

pub mod calendar;
pub mod codec;
pub mod descriptor;
pub mod digest;
pub mod findings;
pub mod glob;
pub mod index;
pub mod json;
pub mod key;
pub mod limits;
pub mod metadata;
pub mod offsets;
pub mod operation;
pub mod placement;
pub mod profile;
pub mod quoted;
pub mod report;
pub mod slot_words;
pub mod starts;
pub mod tar;
pub mod verify;
pub mod writer;

pub use key::signature;
