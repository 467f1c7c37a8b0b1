//! The commands as processes: what they print, what they exit with, what they leave behind.

mod analyze;
mod attestation;
mod bad_input;
mod check;
mod clean;
mod deep;
mod diff;
mod doctor;
mod documentation;
mod extract;
mod help;
mod helpers;
mod interrupt;
mod keygen;
mod manifest;
mod output;
mod pack;
mod policy;
mod process;
mod python;
mod reproducible;
mod signed_anew;
mod trust;
mod verify;
mod workenv;
