//! Making packages: from a manifest and files to one signed file.

#![forbid(unsafe_code)]

pub mod archive;
mod argument_file;
pub mod build_time;
mod embedded;
pub mod encode;
pub mod encoded_cache;
mod entry_module;
mod error;
pub mod interrupt;
pub mod job;
pub mod key_files;
pub mod launcher_file;
pub mod launchers;
mod options;
pub mod output;
mod places;
pub mod preflight;
pub mod prepare;
mod progress;
pub mod project_manifest;
mod python_metadata;
pub mod python_project;
pub mod signing;
pub mod stored;
pub mod tree_options;
mod trial;
pub mod write;

pub use argument_file::open_argument;
pub use error::PackError;
pub use job::state_word;
pub use launcher_file::host_platform;
pub use options::PackOptions;
pub use progress::Progress;
