//! What the report says of packages of every profile.

mod coverage;
#[path = "../package/mod.rs"]
mod package;
mod samples;
mod verdict;
