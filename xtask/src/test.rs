//! `cargo xtask test`: every test, with all that the tests need in place. `cargo xtask table`: one of them, in full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::build::{self, Options};
use crate::run::{cargo, run};
use crate::setup;
use crate::summary::Summary;
use crate::workspace::Workspace;

/// Installs what is missing, builds the launcher, and runs all tests of the workspace.
pub(crate) fn test(workspace: &Workspace, options: Options, summary: &mut Summary) -> Result<()> {
    summary.required("setup", || setup::setup(workspace, options.toolchain))?;
    let launcher = summary.required("launcher", || build::launcher(workspace, options))?;
    let records = workspace.skipped_tests();
    if records.exists() {
        fs::remove_dir_all(&records)?;
    }
    if which::which("cargo-nextest").is_ok() {
        summary.step("tests", || {
            let mut command = cargo(&workspace.root);
            command.args(["nextest", "run", "--locked", "--workspace", "--no-fail-fast"]);
            run(with_tools(&mut command, workspace, &launcher))
        });
        summary.step("documentation tests", || {
            let mut command = cargo(&workspace.root);
            command.args(["test", "--locked", "--workspace", "--doc", "--no-fail-fast"]);
            run(with_tools(&mut command, workspace, &launcher))
        });
    } else {
        summary.step("tests", || {
            let mut command = cargo(&workspace.root);
            command.args(["test", "--locked", "--workspace", "--no-fail-fast"]);
            run(with_tools(&mut command, workspace, &launcher))
        });
    }
    for skipped in skipped(workspace)? {
        summary.skipped("test", skipped.trim());
    }
    summary.step("engine in Node and Chromium", || crate::npm::test_engine(workspace, options.toolchain));
    summary.step("npm package", || crate::npm::test(workspace, options.toolchain, &launcher));
    summary.step("web page", || crate::web::test(workspace));
    Ok(())
}

/// What tests said that did not run, each with its reason and the command that changes it (tests/support).
fn skipped(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.skipped_tests();
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let files = fs::read_dir(folder)?.map(|entry| Ok(fs::read_to_string(entry?.path())?));
    let mut lines = files.collect::<Result<Vec<_>>>()?;
    lines.sort();
    Ok(lines)
}

/// Does every row of the launcher table, with the published launchers, and says where the report is.
pub(crate) fn table(workspace: &Workspace, options: Options) -> Result<PathBuf> {
    setup::setup(workspace, options.toolchain)?;
    let launcher = build::launcher(workspace, options)?;
    run(cargo(&workspace.root).args(["build", "--locked", "-p", "flavor-cli"]))?;
    let mut command = cargo(&workspace.root);
    command.args(["test", "--locked", "-p", "pspf-tests", "--test", "launcher_table", "--", "--nocapture"]);
    run(with_tools(&mut command, workspace, &launcher).env("PSPF_TABLE", "full"))?;
    Ok(workspace.target.join("reports").join("launcher-table.md"))
}

/// The tests find things through the environment: `PSPF_LAUNCHER` (the finished launcher), `PSPF_PEER` (folder with the
/// published implementation's programs) and `FLAVOR_UV` (uv).
fn with_tools<'a>(command: &'a mut Command, workspace: &Workspace, launcher: &Path) -> &'a mut Command {
    command.env("PSPF_LAUNCHER", launcher).env("PSPF_PEER", workspace.peer().join("bin"));
    command.env("FLAVOR_UV", workspace.uv()).env("FLAVOR_PYTHON", "local")
}
