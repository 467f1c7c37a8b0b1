//! `cargo xtask setup`: everything that building and testing need, each step skipped when already done.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::run::{cargo, output, run, succeeds_within};
use crate::toolchain::{self, Route, RouteChoice};
use crate::workspace::Workspace;

/// All steps; the routes that they settled on.
pub(crate) fn setup(workspace: &Workspace, choice: RouteChoice) -> Result<()> {
    build_tools(workspace)?;
    peer(workspace)?;
    if let Some(target) = toolchain::musl_target() {
        match cross_route(workspace, &target, choice) {
            Ok(route) => step(&format!("{target}: {}", describe(route))),
            Err(error) => step(&format!("{target}: none, launchers will be dynamic ({error:#})")),
        }
    }
    let route = cross_route(workspace, toolchain::WASM_TARGET, choice)?;
    step(&format!("{}: {}", toolchain::WASM_TARGET, describe(route)));
    node()?;
    npm_tools(workspace)?;
    npm_packages(&workspace.web())?;
    browser()?;
    programs_of_tests();
    step(&format!("Rust {} or newer: {}", toolchain::RUST, output(Command::new("rustc").arg("--version"))?.trim()));
    Ok(())
}

/// The published implementation.
pub(crate) fn peer(workspace: &Workspace) -> Result<()> {
    venv(&workspace.peer(), "published implementation, for the interop tests", toolchain::PEER)
}

/// zig, cargo-zigbuild and uv.
pub(crate) fn build_tools(workspace: &Workspace) -> Result<()> {
    venv(&workspace.tools(), "build tools", toolchain::TOOLS)
}

/// The Rust for `target`, with the target's standard library in place: what is there is used before anything is fetched, so that
/// a machine stays as it is.
pub(crate) fn cross_route(workspace: &Workspace, target: &str, choice: RouteChoice) -> Result<Route> {
    let rustup = choice != RouteChoice::Debian;
    let debian = choice != RouteChoice::Rustup;
    if rustup && rustup_has(target) {
        return Ok(Route::Rustup);
    }
    if debian && toolchain::debian_has(target) {
        debian_std(workspace, target)?;
        return Ok(Route::Debian);
    }
    let mut tried = Vec::new();
    if rustup {
        if rustup_add(target)? {
            return Ok(Route::Rustup);
        }
        tried.push(format!("`rustup target add {target}`"));
    }
    if debian {
        if toolchain::debian_installed() || debian_install()? {
            debian_std(workspace, target)?;
            return Ok(Route::Debian);
        }
        tried.push(format!("`apt-get install {}` (needs Debian and root)", toolchain::DEBIAN_PACKAGES.join(" ")));
    }
    bail!("no Rust that compiles for {target}. Tried without success: {}. Run one of them by hand", tried.join(", "))
}

fn describe(route: Route) -> &'static str {
    match route {
        Route::Rustup => "ready, from rustup",
        Route::Debian => "ready, with Debian's Rust",
    }
}

fn rustup_has(target: &str) -> bool {
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    installed.is_ok_and(|list| String::from_utf8_lossy(&list.stdout).lines().any(|line| line == target))
}

fn rustup_add(target: &str) -> Result<bool> {
    if which::which("rustup").is_err() {
        return Ok(false);
    }
    step(&format!("{target}: asking rustup, at most {} s", toolchain::RUSTUP_SECONDS));
    let limit = Duration::from_secs(toolchain::RUSTUP_SECONDS);
    succeeds_within(Command::new("rustup").args(["target", "add", target]), limit)
}

/// Whether the sources of the standard library are there, or could be fetched.
pub(crate) fn std_sources(route: Route) -> Result<bool> {
    if route == Route::Debian {
        return Ok(toolchain::debian_installed());
    }
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml").exists() {
        return Ok(true);
    }
    if which::which("rustup").is_err() {
        return Ok(false);
    }
    step(&format!("rust-src: asking rustup, at most {} s", toolchain::RUSTUP_SECONDS));
    let limit = Duration::from_secs(toolchain::RUSTUP_SECONDS);
    succeeds_within(Command::new("rustup").args(["component", "add", "rust-src"]), limit)
}

fn debian_install() -> Result<bool> {
    Ok(apt_install("Debian's Rust", toolchain::DEBIAN_PACKAGES)? && toolchain::debian_installed())
}

/// Installs Debian's packages; `false` where this is not Debian, or not root's session.
fn apt_install(name: &str, packages: &[&str]) -> Result<bool> {
    let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || which::which("apt-get").is_err() {
        return Ok(false);
    }
    step(&format!("{name}: installing {}", packages.join(" ")));
    run(Command::new("apt-get").args(["update", "-q"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages);
    run(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    Ok(true)
}

/// What single tests use. Where one cannot be installed they are skipped, and say so.
fn programs_of_tests() {
    for (name, package) in toolchain::TEST_PROGRAMS {
        if let Err(error) = program(name, "some tests", package) {
            step(&format!("SKIPPED: {error:#}"));
        }
    }
}

/// Chromium, for the tests in a browser.
fn browser() -> Result<()> {
    if which::which("chromium").is_err() && !apt_install("Chromium", toolchain::BROWSER_PACKAGES)? {
        bail!("no `chromium` on the search path, which the tests in a browser need: install it");
    }
    step("Chromium: ready");
    Ok(())
}

/// A program of Debian's, for what is named.
pub(crate) fn program(name: &str, what_for: &str, package: &str) -> Result<()> {
    if which::which(name).is_err() && !apt_install(name, &[package])? {
        bail!("no `{name}` on the search path, which {what_for} need: install it");
    }
    step(&format!("{name}: ready"));
    Ok(())
}

/// A package of Debian's that is no program on the search path, for what is named.
pub(crate) fn debian_package(package: &str, what_for: &str) -> Result<()> {
    let there = Command::new("dpkg").args(["-s", package]).output().is_ok_and(|found| found.status.success());
    if !there && !apt_install(package, &[package])? {
        bail!("Debian's package `{package}`, which {what_for} need, is not installed");
    }
    Ok(())
}

/// wasm-bindgen's programs and wasm-pack in the right versions, and the packages of npm/package-lock.json.
pub(crate) fn npm_tools(workspace: &Workspace) -> Result<()> {
    // Not --locked: its lock names versions that not every mirror of crates.io has.
    cargo_tool(workspace, "wasm-bindgen", "wasm-bindgen-cli", toolchain::WASM_BINDGEN, None)?;
    npm_packages(&workspace.npm())
}

/// A program that cargo builds from crates.io, in this version.
pub(crate) fn cargo_tool(
    workspace: &Workspace,
    program: &str,
    package: &str,
    version: &str,
    lock: Option<&str>,
) -> Result<()> {
    let file = workspace.cargo_tools().join("bin").join(program);
    // A subcommand of cargo's is told which one it is.
    let found = Command::new(file).args(program.strip_prefix("cargo-")).arg("--version").output().ok();
    let found = found.map(|found| String::from_utf8_lossy(&found.stdout).trim().to_owned()).unwrap_or_default();
    if found.ends_with(&format!(" {version}")) {
        step(&format!("{program} {version}: ready"));
        return Ok(());
    }
    step(&format!("{program} {version}: building it (some minutes)"));
    let mut install = cargo(&workspace.root);
    install.args(["install", "--quiet", package, "--version", version]).args(lock);
    install.arg("--root").arg(workspace.cargo_tools());
    run(install.env("CARGO_TARGET_DIR", workspace.target.join("tools/build")))
}

/// `npm ci`, where what is installed is not what the lock says.
pub(crate) fn npm_packages(folder: &Path) -> Result<()> {
    let lock = fs::read(folder.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/.installed-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        step(&format!("npm packages of {}: ready", folder.display()));
        return Ok(());
    }
    step(&format!("npm packages of {}: installing what package-lock.json names", folder.display()));
    run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder))?;
    fs::write(stamp, lock)?;
    Ok(())
}

/// Compiles the standard library for `target`, which Debian has only the sources of, into Debian's Rust, once.
fn debian_std(workspace: &Workspace, target: &str) -> Result<()> {
    step(&format!("{target}: standard library for Debian's Rust (first time, as root: about a minute)"));
    let script = workspace.root.join("xtask/scripts/debian-target.sh");
    run(Command::new("sh").arg(script).arg(target).env_remove("LD_LIBRARY_PATH"))
}

/// A virtual environment at `dir` with exactly `packages`; made anew when the list has changed.
fn venv(dir: &Path, name: &str, packages: &[&str]) -> Result<()> {
    let stamp = dir.join("installed.txt");
    let wanted = packages.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        step(&format!("{name}: ready ({})", packages.join(", ")));
        return Ok(());
    }
    step(&format!("{name}: installing {} from PyPI", packages.join(", ")));
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("could not remove the old {}", dir.display()))?;
    }
    let python = python()?;
    let pip = if run(Command::new(&python).args(["-m", "venv"]).arg(dir)).is_ok() {
        let mut pip = Command::new(dir.join("bin/python"));
        pip.args(["-m", "pip"]);
        pip
    } else {
        // A Python without ensurepip (Debian's without python3-venv): its own pip can install into the environment.
        let _ = fs::remove_dir_all(dir);
        run(Command::new(&python).args(["-m", "venv", "--without-pip"]).arg(dir))
            .context("python could not make a virtual environment: install Debian's python3-venv")?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "--python"]).arg(dir.join("bin/python"));
        pip
    };
    install(pip, packages)?;
    fs::write(&stamp, wanted).with_context(|| format!("could not write {}", stamp.display()))
}

fn install(mut pip: Command, packages: &[&str]) -> Result<()> {
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-input"]).args(packages);
    run(&mut pip).with_context(|| {
        format!("pip could not install {}: is PyPI (or the index that pip is set to) reachable?", packages.join(" "))
    })
}

/// The first Python on the search path that is new enough.
fn python() -> Result<std::path::PathBuf> {
    let (major, minor) = toolchain::PYTHON_MIN;
    let check = format!("import sys; sys.exit(sys.version_info < ({major}, {minor}))");
    ["python3", "python3.14", "python3.13", "python3.12", "python3.11"]
        .iter()
        .filter_map(|name| which::which(name).ok())
        .find(|python| Command::new(python).args(["-c", &check]).status().is_ok_and(|status| status.success()))
        .with_context(|| format!("no Python {major}.{minor} or newer on the search path: install python3"))
}

/// Refuses a Node that is too old.
fn node() -> Result<()> {
    let wanted = toolchain::NODE_MIN;
    let missing = || format!("no Node {wanted} or newer on the search path: install it, with npm");
    let version = output(Command::new("node").arg("--version")).with_context(missing)?;
    let major: u32 = version.trim().trim_start_matches('v').split('.').next().unwrap_or_default().parse()?;
    if major < wanted {
        bail!("Node {} is on the search path, and the tests need {wanted} or newer", version.trim());
    }
    step(&format!("Node {}: ready", version.trim()));
    Ok(())
}

pub(crate) fn step(text: &str) {
    eprintln!("==> {text}");
}
