//! What is checked without running a test: format, lints, documentation, dependencies, and the core without a system.

use std::process::Command;

use anyhow::Result;
use cargo_metadata::MetadataCommand;

use crate::build::debian;
use crate::run::{cargo, forget_cargo_run, output, run};
use crate::setup;
use crate::toolchain::{self, Route, RouteChoice};
use crate::workspace::Workspace;

/// `cargo fmt --check`.
pub(crate) fn format(workspace: &Workspace) -> Result<()> {
    run(cargo(&workspace.root).args(["fmt", "--all", "--check"]))
}

/// Clippy on every target, no warning accepted.
pub(crate) fn lints(workspace: &Workspace) -> Result<()> {
    run(cargo(&workspace.root).args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// The API documentation, no warning accepted.
pub(crate) fn documentation(workspace: &Workspace) -> Result<()> {
    let mut command = cargo(&workspace.root);
    command.args(["doc", "--locked", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    run(&mut command)
}

/// Licences, sources and duplicates of the dependencies (deny.toml), by cargo-deny.
///
/// Advisories are left out: their database comes from a place that not every machine reaches.
pub(crate) fn dependencies(workspace: &Workspace) -> Result<()> {
    run(cargo(&workspace.root).args(["deny", "--offline", "check", "bans", "licenses", "sources"]))
}

/// Compiles everything with the oldest Rust that Cargo.toml allows.
pub(crate) fn oldest_rust(workspace: &Workspace) -> Result<()> {
    let active = output(Command::new("rustc").arg("--version"))?;
    let mut command = if active.starts_with(&format!("rustc {}", toolchain::RUST)) {
        cargo(&workspace.root)
    } else {
        run(Command::new("rustup").args(["toolchain", "install", toolchain::RUST, "--profile", "minimal"]))?;
        let mut command = Command::new("rustup");
        command.args(["run", toolchain::RUST, "cargo"]).current_dir(&workspace.root).env_remove("RUSTUP_TOOLCHAIN");
        forget_cargo_run(&mut command);
        command
    };
    run(command.args(["check", "--locked", "--workspace", "--all-targets"]))
}

/// Compiles each crate by itself with every choice of its features, which other crates would switch on in a build of all.
pub(crate) fn features(workspace: &Workspace) -> Result<()> {
    let metadata = MetadataCommand::new().current_dir(&workspace.root).no_deps().exec()?;
    for package in metadata.workspace_packages() {
        let features: Vec<&str> =
            package.features.keys().map(String::as_str).filter(|name| *name != "default").collect();
        for choice in 0..1_u32 << features.len() {
            let chosen = features.iter().enumerate().filter(|(position, _)| choice >> position & 1 == 1);
            let chosen: Vec<&str> = chosen.map(|(_, name)| *name).collect();
            let mut command = cargo(&workspace.root);
            command.args(["check", "--locked", "--package", &package.name, "--no-default-features"]);
            run(command.args(["--features", &chosen.join(",")]))?;
        }
    }
    Ok(())
}

/// Builds the core where there is no standard library, so that a dependency that wants one does not compile.
///
/// rustup has a target without one. Debian's Rust compiles `core` and `alloc` for wasm32, and nothing else.
pub(crate) fn no_std(workspace: &Workspace, choice: RouteChoice) -> Result<()> {
    let by_rustup = || setup::cross_route(workspace, toolchain::NO_STD_TARGET, RouteChoice::Rustup);
    let (route, target) = match choice {
        RouteChoice::Rustup => (by_rustup()?, toolchain::NO_STD_TARGET),
        RouteChoice::Auto if let Ok(route) = by_rustup() => (route, toolchain::NO_STD_TARGET),
        _ => (setup::cross_route(workspace, toolchain::WASM_TARGET, RouteChoice::Debian)?, toolchain::WASM_TARGET),
    };
    let mut command = cross_cargo(workspace, route);
    command.args(["build", "--locked", "--package", "pspf-nostd", "--target", target]);
    if route == Route::Debian {
        command.arg("-Zbuild-std=core,alloc").arg("--target-dir").arg(workspace.debian_target());
        command.env("RUSTC_BOOTSTRAP", "1");
    }
    run(&mut command)
}

/// Type-checks launcher and core for the systems that this machine cannot run programs of.
///
/// Without the C decoder, whose compilation would need a C compiler for each.
pub(crate) fn targets(workspace: &Workspace, choice: RouteChoice) -> Result<()> {
    // Windows' standard library is not built without it.
    setup::program("x86_64-w64-mingw32-dlltool", "checks for Windows", "binutils-mingw-w64-x86-64")?;
    for target in toolchain::CHECKED_TARGETS {
        let route = setup::cross_route(workspace, target, choice)?;
        let mut command = cross_cargo(workspace, route);
        command.args([
            "check",
            "--locked",
            "--package",
            "pspf-nostd",
            "--package",
            "flavor-host",
            "--package",
            "flavor-launcher",
        ]);
        command.args(["--no-default-features", "--target", target]);
        if route == Route::Debian {
            command.arg("--target-dir").arg(workspace.debian_target());
        }
        run(&mut command)?;
    }
    Ok(())
}

fn cross_cargo(workspace: &Workspace, route: Route) -> Command {
    match route {
        Route::Rustup => cargo(&workspace.root),
        Route::Debian => {
            let mut command = Command::new("/usr/bin/cargo");
            forget_cargo_run(&mut command);
            debian(&mut command);
            command.current_dir(&workspace.root);
            command
        }
    }
}
