//! `cargo xtask test`: every test, with all that the tests need in place.

use std::process::Command;

use anyhow::Result;

use crate::build::{self, Options};
use crate::run::{cargo, run};
use crate::setup;
use crate::summary::Summary;
use crate::workspace::Workspace;

/// Installs what is missing, builds the launcher, and runs all tests of the workspace.
///
/// The tests find things through the environment: `PSPF_LAUNCHER` (the finished launcher), `PSPF_PEER` (folder with the
/// published implementation's programs) and `FLAVOR_UV` (uv).
pub(crate) fn test(workspace: &Workspace, options: Options, summary: &mut Summary) -> Result<()> {
    summary.required("setup", || setup::setup(workspace, options.toolchain))?;
    let launcher = summary.required("launcher", || build::launcher(workspace, options))?;
    let with_tools = |command: &mut Command| -> Result<()> {
        command.env("PSPF_LAUNCHER", &launcher);
        command.env("PSPF_PEER", workspace.peer().join("bin"));
        run(command.env("FLAVOR_UV", workspace.uv()))
    };
    if which::which("cargo-nextest").is_ok() {
        summary.step("tests", || {
            let mut command = cargo(&workspace.root);
            with_tools(command.args(["nextest", "run", "--locked", "--workspace", "--no-fail-fast"]))
        });
        summary.step("documentation tests", || {
            with_tools(cargo(&workspace.root).args(["test", "--locked", "--workspace", "--doc", "--no-fail-fast"]))
        });
    } else {
        summary.step("tests", || {
            with_tools(cargo(&workspace.root).args(["test", "--locked", "--workspace", "--no-fail-fast"]))
        });
    }
    summary.step("npm package", || crate::npm::test(workspace, options.toolchain, &launcher));
    Ok(())
}
