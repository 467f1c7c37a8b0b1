//! Everything std-only that runs a package: reading, safe extraction, work environments, execution.

pub mod command;
pub mod driver;
pub mod environment;
pub mod glob;
pub mod placeholders;
