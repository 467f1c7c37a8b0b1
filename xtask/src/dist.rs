//! `cargo xtask dist`: all that a release has.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::build::{self, Options};
use crate::run::{output, run};
use crate::workspace::Workspace;
use crate::{licences, listing, npm, setup, smoke, toolchain, web};

/// Builds all that is in `dist/`, and lists it.
pub(crate) fn dist(workspace: &Workspace, options: Options) -> Result<PathBuf> {
    let flavor = build::flavor(workspace, options)?;
    other_launchers(workspace, options)?;
    documentation(workspace, &flavor)?;
    let target = toolchain::musl_target();
    let file = workspace.dist().join("share").join(licences::FILE);
    licences::write(workspace, "flavor-cli", target.as_deref(), &file)?;
    npm::pack(workspace, options.toolchain)?;
    web::site(workspace, false)?;
    smoke::release(workspace, &flavor)?;
    println!("\n{}", listing::listing(&workspace.dist())?);
    Ok(flavor)
}

/// What shells and `man` take: `dist/share/completions` and `dist/share/man/man1`.
fn documentation(workspace: &Workspace, flavor: &Path) -> Result<()> {
    let share = workspace.dist().join("share");
    let completions = share.join("completions");
    fs::create_dir_all(&completions)?;
    let files = [
        ("bash", "flavor.bash"),
        ("zsh", "_flavor"),
        ("fish", "flavor.fish"),
        ("powershell", "flavor.ps1"),
        ("elvish", "flavor.elv"),
    ];
    for (shell, file) in files {
        fs::write(completions.join(file), output(Command::new(flavor).args(["completions", shell]))?)?;
    }
    let pages = share.join("man/man1");
    // Those of removed commands.
    if pages.exists() {
        fs::remove_dir_all(&pages)?;
    }
    run(Command::new(flavor).arg("man").arg("--dir").arg(&pages))
}

/// Those of other processors than this machine's, as far as there is a Rust for them.
fn other_launchers(workspace: &Workspace, options: Options) -> Result<()> {
    let host = toolchain::musl_target();
    for target in toolchain::LAUNCHER_TARGETS.into_iter().filter(|target| host.as_deref() != Some(target)) {
        match setup::cross_route(workspace, target, options.toolchain) {
            Ok(_) => drop(build::launcher_for(workspace, target, options)?),
            Err(error) => eprintln!("==> NO LAUNCHER for {target}: {error:#}"),
        }
    }
    Ok(())
}
