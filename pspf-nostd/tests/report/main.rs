//! What the report says of packages of every profile.

mod coverage;
mod findings;
mod original_size;
#[path = "../package/mod.rs"]
mod package;
mod samples;
mod verdict;
