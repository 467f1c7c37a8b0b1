//! Everything std-only that runs a package: reading, safe extraction, work environments, execution.

pub mod driver;
