//! The npm package: its engine by wasm-bindgen and wasm-opt, its scripts by esbuild, its tests by Node.
//!
//! The package is made by wasm-bindgen itself, not by wasm-pack, which makes one package for one kind of host: this is one engine for
//! all. wasm-pack runs the engine's own tests in Node and in Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::build::{self, Options};
use crate::licences;
use crate::run::{cargo, forget_cargo_run, output, path_with, run};
use crate::setup;
use crate::toolchain::{self, Route, RouteChoice};
use crate::workspace::Workspace;

/// SIMD makes SHA-256 faster, and every host of the last years has it.
const FLAGS: &[&str] = &["-Ctarget-feature=+simd128"];

/// Runs the tests in `wasm/tests` in Node and in Chromium.
pub(crate) fn test_engine(workspace: &Workspace, choice: RouteChoice) -> Result<()> {
    setup::npm_tools(workspace)?;
    setup::cargo_tool(workspace, "wasm-pack", "wasm-pack", toolchain::WASM_PACK, Some("--locked"))?;
    setup::program("chromedriver", "the engine's tests in a browser", "chromium-driver")?;
    let route = setup::cross_route(workspace, toolchain::WASM_TARGET, choice)?;
    for host in [&["--node"][..], &["--headless", "--chrome"]] {
        let name = if host.contains(&"--node") { "node" } else { "browser" };
        let mut command = Command::new(workspace.cargo_tools().join("bin/wasm-pack"));
        forget_cargo_run(&mut command);
        command.args(["test", "--mode", "no-install"]).args(host).arg("wasm").args(["--test", name]);
        command.current_dir(&workspace.root).env("PATH", path_with(&workspace.cargo_tools().join("bin"))?);
        if route == Route::Debian {
            // wasm-pack starts the `cargo` and `rustc` that it finds first.
            let tools = workspace.cargo_tools().join("bin");
            command.env("PATH", std::env::join_paths([tools.as_path(), Path::new("/usr/bin"), Path::new("/bin")])?);
            build::debian(&mut command);
            command.env("CARGO_TARGET_DIR", workspace.debian_target());
        }
        run(&mut command)?;
    }
    Ok(())
}

/// Builds the engine and the package's scripts into `npm/dist/`.
pub(crate) fn build(workspace: &Workspace, choice: RouteChoice) -> Result<()> {
    setup::npm_tools(workspace)?;
    let module = engine(workspace, choice)?;
    let generated = workspace.npm().join("generated");
    let mut glue = Command::new(workspace.cargo_tools().join("bin/wasm-bindgen"));
    glue.args(["--target", "web", "--no-typescript", "--out-name", "pspf", "--out-dir"]).arg(&generated);
    run(glue.arg(&module))?;
    let bound = generated.join("pspf_bg.wasm");
    let finished = generated.join("pspf.wasm");
    let mut optimise = Command::new(workspace.npm().join("node_modules/.bin/wasm-opt"));
    optimise.args(["-O3", "--strip-target-features", "--strip-debug", "--strip-producers"]);
    run(optimise.arg(&bound).arg("-o").arg(&finished))?;
    fs::remove_file(&bound)?;
    run(Command::new("node").arg("build.mjs").current_dir(workspace.npm()))?;
    licences::write(workspace, "pspf-wasm", Some(toolchain::WASM_TARGET), &workspace.npm().join(licences::FILE))?;
    let (finished, packed) = finished_engine(workspace)?;
    println!("{}: {} bytes, {packed} with gzip -9", finished.display(), fs::metadata(&finished)?.len());
    Ok(())
}

/// The engine that everybody who opens a page with it downloads, and its bytes as `gzip -9` leaves it.
pub(crate) fn finished_engine(workspace: &Workspace) -> Result<(PathBuf, u64)> {
    let file = workspace.npm().join("generated/pspf.wasm");
    let packed = output(Command::new("node").args(["-p", GZIP_SIZE]).arg(&file))?;
    Ok((file, packed.trim().parse().context("node did not say a size")?))
}

const GZIP_SIZE: &str =
    "require('node:zlib').gzipSync(require('node:fs').readFileSync(process.argv[1]), { level: 9 }).length";

/// The module as rustc leaves it.
fn engine(workspace: &Workspace, choice: RouteChoice) -> Result<PathBuf> {
    let route = setup::cross_route(workspace, toolchain::WASM_TARGET, choice)?;
    let (mut command, target_dir) = match route {
        Route::Rustup => (cargo(&workspace.root), workspace.target.clone()),
        Route::Debian => {
            let mut command = Command::new("/usr/bin/cargo");
            forget_cargo_run(&mut command);
            build::debian(&mut command);
            command.current_dir(&workspace.root);
            (command, workspace.debian_target())
        }
    };
    command.args(["build", "--locked", "--quiet", "--package", "pspf-wasm", "--lib", "--profile", "wasm"]);
    command.args(["--target", toolchain::WASM_TARGET]).arg("--target-dir").arg(&target_dir);
    build::flags(&mut command, workspace, FLAGS)?;
    run(&mut command)?;
    Ok(target_dir.join(toolchain::WASM_TARGET).join("wasm/pspf_wasm.wasm"))
}

/// Builds the package and leaves what npm would publish in `dist/npm/`.
pub(crate) fn pack(workspace: &Workspace, choice: RouteChoice) -> Result<PathBuf> {
    build(workspace, choice)?;
    let folder = workspace.dist().join("npm");
    fs::create_dir_all(&folder)?;
    let mut pack = Command::new("npm");
    pack.args(["pack", "--silent", "--pack-destination"]).arg(&folder).current_dir(workspace.npm());
    let name = output(&mut pack)?;
    Ok(folder.join(name.trim()))
}

/// Runs the package's tests on what npm would publish, beside the native command.
pub(crate) fn test(workspace: &Workspace, choice: RouteChoice, launcher: &Path) -> Result<()> {
    let package = pack(workspace, choice)?;
    run(cargo(&workspace.root).args([
        "build",
        "--locked",
        "--package",
        "flavor-cli",
        "--package",
        "pspf-tests",
        "--bins",
    ]))?;
    let mut node = node(workspace, launcher)?;
    node.env("PSPF_NPM_PACKAGE", &package).args(["run", "--silent", "test"]);
    run(&mut node)
}

/// Measures; nothing is asserted.
pub(crate) fn bench(workspace: &Workspace, options: Options) -> Result<()> {
    build(workspace, options.toolchain)?;
    run(cargo(&workspace.root).args(["build", "--locked", "--package", "flavor-cli"]))?;
    let launcher = build::launcher(workspace, options)?;
    run(node(workspace, &launcher)?.args(["run", "--silent", "bench"]))
}

/// npm in the package's folder, with the programs that tests find through the environment.
fn node(workspace: &Workspace, launcher: &Path) -> Result<Command> {
    let mut command = Command::new("npm");
    command.current_dir(workspace.npm()).env("PSPF_LAUNCHER", launcher);
    command.env("PSPF_BIN", workspace.target.join("debug")).env("PSPF_PEER", workspace.peer().join("bin"));
    command.env("PATH", path_with(&workspace.npm().join("node_modules/.bin"))?);
    Ok(command)
}
