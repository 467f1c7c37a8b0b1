//! Making packages: from a manifest and files to one signed file.

#![forbid(unsafe_code)]

mod archive;
mod argument_file;
mod build_time;
mod encode;
mod encoded_cache;
mod entry_module;
mod error;
pub mod input;
pub mod interrupt;
pub mod job;
pub mod key_files;
mod launcher_file;
pub mod launchers;
mod manifest_text;
mod options;
mod output;
mod places;
pub mod preflight;
mod prepare;
pub mod project_manifest;
mod python_metadata;
mod python_project;
mod signing;
mod stored;
mod tree_options;
mod trial;
mod write;

pub use argument_file::open_argument;
pub use error::PackError;
pub use launcher_file::host_platform;
pub use options::{Input, PackOptions, Progress};
