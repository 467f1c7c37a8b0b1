//! `cargo xtask loaders`: the small programs that start a bundled interpreter (cli/crates/python/loader), compiled by the pinned zig.
//!
//! They are in the repository, so that building `flavor` needs no C compiler for two processors. zig makes the same bytes on
//! every machine, so `cargo xtask lint` compiles them again and compares.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::run;
use crate::setup;
use crate::workspace::Workspace;

/// The processors that have one.
const MACHINES: [&str; 2] = ["x86_64", "aarch64"];

/// A program without any library, and nothing in it that depends on the machine or the time.
const FLAGS: &[&str] = &[
    "-Os",
    "-ffreestanding",
    "-nostdlib",
    "-static",
    "-fno-pic",
    "-fno-pie",
    "-fno-builtin",
    "-fno-stack-protector",
    "-fno-sanitize=all",
    "-fno-asynchronous-unwind-tables",
    "-Wl,--build-id=none",
    "-Wl,-s",
];

/// Compiles them in place, or with `check` beside, and fails where the bytes are not those in the repository.
pub(crate) fn loaders(workspace: &Workspace, check: bool) -> Result<()> {
    setup::build_tools(workspace)?;
    let folder = workspace.root.join("cli/crates/python/loader");
    let out = if check { workspace.target.join("loaders") } else { folder.clone() };
    fs::create_dir_all(&out)?;
    let mut different = Vec::new();
    for machine in MACHINES {
        let name = format!("loader-{machine}");
        compile(workspace, machine, &folder.join("loader.c"), &out.join(&name))?;
        if fs::read(out.join(&name))? != fs::read(folder.join(&name)).with_context(|| format!("no {name}"))? {
            different.push(name);
        }
    }
    if !different.is_empty() {
        bail!(
            "{} in {} are not what loader.c compiles to: run `cargo xtask loaders`, and commit them with the change",
            different.join(", "),
            folder.display()
        );
    }
    println!("{}: as loader.c compiles to", folder.display());
    Ok(())
}

fn compile(workspace: &Workspace, machine: &str, source: &Path, program: &Path) -> Result<()> {
    let mut zig = Command::new(workspace.zig()?.join("zig"));
    zig.args(["cc", "-target", &format!("{machine}-linux-none")]).args(FLAGS).arg("-o").arg(program).arg(source);
    run(&mut zig)
}
