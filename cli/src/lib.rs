//! The `flavor` command line tool.

pub mod embedded;
pub mod python;
