//! What the `flavor` command is made of.

pub mod embedded;
