//! One module per command.

pub mod check;
pub mod clean;
pub mod diff;
pub mod doctor;
pub mod documentation;
pub mod extract;
pub mod extract_all;
pub mod helpers;
pub mod init;
pub mod inspect;
pub mod inspect_attestation;
pub mod keygen;
mod launcher_trial;
pub mod pack;
pub mod policy;
pub mod trust;
pub mod verify;
pub mod workenv;
