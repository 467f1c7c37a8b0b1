//! A package made with what was built verifies and runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build::{self, Options};
use crate::run::{cargo, run};
use crate::workspace::Workspace;

const SCRIPT: &str = "#!/bin/sh\necho \"ran with $1\"\n/bin/cat \"$FLAVOR_WORKENV/words.txt\"\nexit 7\n";

const MANIFEST: &str = r#"{
  "package": {"name": "smoke", "version": "1.0"},
  "execution": {"command": "{workenv}/run.sh"},
  "slots": [
    {"id": "script", "source": "run.sh", "target": "run.sh", "purpose": "code"},
    {"id": "data", "source": "data", "target": "data", "operations": "tar.zst", "lifecycle": "runtime"}
  ]
}"#;

/// Builds the launcher, and tries it with a `flavor` that is compiled for tests.
pub(crate) fn launcher(workspace: &Workspace, options: Options) -> Result<()> {
    let launcher = build::launcher(workspace, options)?;
    run(cargo(&workspace.root).args(["build", "--locked", "--quiet", "--package", "flavor-cli", "--bin", "flavor"]))?;
    packs_and_runs(workspace, &workspace.target.join("debug/flavor"), Some(&launcher))
}

/// Tries `flavor` with the launcher inside it.
pub(crate) fn release(workspace: &Workspace, flavor: &Path) -> Result<()> {
    packs_and_runs(workspace, flavor, None)
}

fn packs_and_runs(workspace: &Workspace, flavor: &Path, launcher: Option<&Path>) -> Result<()> {
    let folder = workspace.target.join("smoke");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(folder.join("data"))?;
    fs::write(folder.join("smoke.json"), MANIFEST)?;
    fs::write(folder.join("run.sh"), SCRIPT)?;
    fs::set_permissions(folder.join("run.sh"), fs::Permissions::from_mode(0o755))?;
    fs::write(folder.join("data/words.txt"), "some words\n")?;
    let package = folder.join("smoke.psp");
    let call = |words: &[&str], more: &[&Path]| {
        let mut command = Command::new(flavor);
        command.args(words).args(more).current_dir(&folder).env_remove("FLAVOR_LAUNCHER_BIN");
        if let Some(launcher) = launcher {
            command.env("FLAVOR_LAUNCHER_BIN", launcher);
        }
        run(&mut command)
    };
    call(&["pack", "--quiet", "--manifest", "smoke.json", "--key-seed", "smoke", "--output"], &[&package])?;
    call(&["verify", "--require", "sealed"], &[&package])?;
    for start in ["first", "next"] {
        let result = Command::new(&package).arg("words").env_clear().env("HOME", folder.join("home")).output();
        let result = result.with_context(|| format!("could not start {}", package.display()))?;
        let text = String::from_utf8_lossy(&result.stdout);
        if result.status.code() != Some(7) || text != "ran with words\nsome words\n" {
            let errors = String::from_utf8_lossy(&result.stderr);
            bail!("{start} start of {}: {}, {text:?}; standard error: {errors}", package.display(), result.status);
        }
    }
    println!("{}: packed, verified as sealed, and run twice", package.display());
    Ok(())
}
