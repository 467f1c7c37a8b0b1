//! Everything std-only that runs a package: reading, safe extraction, work environments, execution.

pub mod base_dir;
mod bounded_queue;
pub mod codecs;
pub mod command;
mod completion;
pub mod driver;
pub mod environment;
pub mod extract;
pub mod extraction_root;
mod file_writer;
pub mod glob;
pub mod io_failure;
pub mod lifecycle;
pub mod lock;
mod one_pass;
pub mod own_commands;
pub mod own_file;
pub mod placeholders;
pub mod platform;
pub mod run;
pub mod setup;
pub mod slot_reader;
pub mod tree_record;
pub mod workenv;

pub use run::LAUNCHER_MARKER;
