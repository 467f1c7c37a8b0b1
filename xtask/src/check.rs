//! What is checked without running a test: format, lints, documentation, dependencies, and the core without a system.

use std::process::Command;

use anyhow::Result;

use crate::build::debian;
use crate::run::{cargo, forget_cargo_run, run};
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
