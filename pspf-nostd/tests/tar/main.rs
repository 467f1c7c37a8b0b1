//! The tar reader and writer against other implementations, and against hostile archives.

mod archive;
mod corpus;
mod differential;
mod entries;
mod generated;
mod listing;
mod messages;
mod refusals;
mod robustness;
mod writing;
