//! Everything std-only that runs a package: reading, safe extraction, work environments, execution.

// Processes, signals, modes and locks are Unix's here; the program of other systems says that it is not there yet.
#![cfg(unix)]

mod added_files;
pub mod base_dir;
mod bounded_queue;
pub mod calendar;
pub mod codecs;
pub mod command;
pub mod completion;
pub mod config_dir;
pub mod config_error;
pub mod config_slots;
mod console;
mod directory;
pub mod driver;
pub mod environment;
pub mod execution;
pub mod extract;
pub mod extraction_root;
mod file_writer;
pub mod glob;
pub mod io_failure;
mod lazy_slot;
pub mod lifecycle;
pub mod lock;
pub mod log;
mod one_pass;
pub mod open_file;
pub mod own_commands;
pub mod own_file;
pub mod placeholders;
pub mod platform;
pub mod policy;
pub mod progress;
pub mod resource_limits;
mod rights;
pub mod run;
pub mod safe_path;
pub mod setup;
mod signals;
pub mod slot_reader;
pub mod spawn;
mod stamp;
mod start;
pub mod start_dir;
pub mod state_dir;
pub mod tree_names;
pub mod tree_record;
pub mod trust;
mod umask;
pub mod validation;
pub mod verification;
pub mod workenv;
pub mod workenv_error;

pub use run::LAUNCHER_MARKER;
