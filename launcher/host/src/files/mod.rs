//! Files and directories that nobody else can change: opening, checking, locking, and where the directories of caches, policies
//! and trusted keys are.

pub mod base_dir;
pub mod config_dir;
pub mod directory;
pub mod io_failure;
pub mod lock;
pub mod open_file;
pub mod safe_path;
