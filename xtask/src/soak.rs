//! `cargo xtask soak`: many rounds of simultaneous and killed first starts, with the tests of launcher/tests/crash_safety.rs.

use anyhow::Result;

use crate::run::{cargo, run};
use crate::workspace::Workspace;

/// Runs `rounds` rounds, and the tests that take too long for every day.
pub(crate) fn soak(workspace: &Workspace, rounds: u32) -> Result<()> {
    let mut command = cargo(&workspace.root);
    command.args(["test", "--locked", "--package", "flavor-launcher", "--test", "crash_safety", "--"]);
    command.args(["--include-ignored", "--nocapture", "--test-threads", "1"]);
    run(command.env("FLAVOR_SOAK_ROUNDS", rounds.to_string()))
}
