//! The web page: `cargo xtask web`, its tests in a browser, its measurements.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::licences;
use crate::npm;
use crate::run::{cargo, run};
use crate::setup;
use crate::toolchain::RouteChoice;
use crate::workspace::Workspace;

/// Builds the npm package, and the page on top of it.
pub(crate) fn web(workspace: &Workspace, choice: RouteChoice, same_origin_urls: bool) -> Result<()> {
    npm::build(workspace, choice)?;
    site(workspace, same_origin_urls)
}

/// Builds `dist/web/` from `npm/dist/`: the static site, and in it the one-file page.
pub(crate) fn site(workspace: &Workspace, same_origin_urls: bool) -> Result<()> {
    setup::npm_packages(&workspace.web())?;
    let engine = workspace.npm().join("dist");
    let wasm = engine.join("pspf.wasm");
    if !wasm.is_file() {
        bail!("{} is not built: run `cargo xtask wasm` first", workspace.npm().display());
    }
    let samples = samples(workspace);
    let mut make = cargo(&workspace.root);
    make.args(["run", "--locked", "--quiet", "--package", "pspf-tests", "--bin", "web-samples", "--"]);
    run(make.arg(&samples))?;
    let mut build = node(workspace);
    build.arg("build.mjs").arg("--engine").arg(engine).arg("--wasm").arg(wasm).arg("--samples").arg(samples);
    build.arg("--out").arg(folder(workspace));
    if same_origin_urls {
        build.arg("--same-origin-urls");
    }
    run(&mut build)?;
    fs::copy(workspace.npm().join(licences::FILE), folder(workspace).join(licences::FILE))?;
    Ok(())
}

/// Builds the page and runs `web/tests` on it in Chromium; pictures of the page land in `target/web-screenshots`.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    site(workspace, false)?;
    let mut tests: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(workspace.web().join("tests"))? {
        tests.push(entry?.path());
    }
    tests.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    tests.sort();
    run(on_page(workspace)?.args(["--test", "--test-concurrency=1"]).args(tests))
}

/// Opens three files at once on the built page, again and again.
pub(crate) fn soak(workspace: &Workspace, choice: RouteChoice, rounds: u32) -> Result<()> {
    web(workspace, choice, false)?;
    run(on_page(workspace)?.env("PSPF_WEB_ROUNDS", rounds.to_string()).args(["--test", "tests/rounds.test.mjs"]))
}

/// Prints how long the first verdict takes, and what a package of 2 GB needs in Chromium.
pub(crate) fn bench(workspace: &Workspace, choice: RouteChoice) -> Result<()> {
    web(workspace, choice, false)?;
    run(on_page(workspace)?.arg("tests/bench.mjs").arg(workspace.target.join("demo/hello.psp")))
}

/// Node with what the programs in `web/tests` ask for.
fn on_page(workspace: &Workspace) -> Result<Command> {
    let mut programs = cargo(&workspace.root);
    programs.args(["build", "--locked", "--quiet", "--package", "flavor-cli", "--package", "pspf-tests", "--bins"]);
    run(&mut programs)?;
    let mut command = node(workspace);
    command.env("PSPF_WEB", folder(workspace)).env("PSPF_WEB_SAMPLES", samples(workspace));
    command.env("PSPF_WEB_SCREENSHOTS", workspace.target.join("web-screenshots"));
    command.env("PSPF_LARGE_PACKAGE", workspace.target.join("debug/large-package"));
    command.env("PSPF_FLAVOR", workspace.target.join("debug/flavor"));
    Ok(command)
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.dist().join("web")
}

fn samples(workspace: &Workspace) -> PathBuf {
    workspace.target.join("web-samples")
}

fn node(workspace: &Workspace) -> Command {
    let mut command = Command::new("node");
    command.current_dir(workspace.web());
    command
}
