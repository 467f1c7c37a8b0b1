//! Making packages: from a manifest and files to one signed file.

pub mod archive;
mod attest;
pub mod build_time;
pub mod encode;
pub mod encoded_cache;
mod entry_module;
pub mod job;
pub mod launcher_file;
pub mod output;
mod places;
pub mod preflight;
pub mod prepare;
pub mod project_manifest;
mod python_metadata;
pub mod python_project;
pub mod signing;
pub mod stored;
pub mod tree_options;
mod trial;
mod validation;
pub mod write;
