//! The same applications with other packers.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use super::catalogue::App;
use super::{megabytes, runs, succeed};
use crate::bench;
use crate::workspace::Workspace;

/// `pack, size, first, next` of the published tool.
pub(super) fn published(workspace: &Workspace, app: &App, folder: &Path) -> Result<String> {
    let home = bench::peer_home(workspace, &workspace.target.join("apps"))?;
    let project = folder.join("published");
    app.write(&project)?;
    let package = project.join("app.psp");
    let mut pack = Command::new(workspace.peer().join("bin/flavor"));
    pack.args(["pack", "--key-seed", "apps", "--manifest"]).arg(project.join("pyproject.toml"));
    pack.arg("--output").arg(&package).env("HOME", &home).env_remove("VIRTUAL_ENV").current_dir(&project);
    let started = Instant::now();
    succeed(&mut pack)?;
    let seconds = started.elapsed().as_secs_f64();
    let size = megabytes(&package)?;
    Ok(match runs(&package, app, &folder.join("published-cache")) {
        Ok((first, next)) => format!("{seconds:.1}, {size}, {first:.2}, {next:.2}"),
        Err(_) => format!("{seconds:.1}, {size}, does not run"),
    })
}

/// `pack, size, run` of `PyInstaller --onefile`.
pub(super) fn pyinstaller(workspace: &Workspace, app: &App, folder: &Path) -> Result<String> {
    let (venv, project) = (folder.join("pyinstaller-venv"), folder.join("pyinstaller"));
    app.write(&project)?;
    fs::write(project.join("start.py"), "import app\n\nif __name__ == '__main__':\n    app.main()\n")?;
    let uv = |arguments: &[&str]| {
        let mut command = Command::new(workspace.uv());
        command.args(arguments).current_dir(&project);
        command
    };
    succeed(uv(&["venv", "--quiet", "--python", "python3"]).arg(&venv))?;
    succeed(
        uv(&["pip", "install", "--quiet", "pyinstaller"])
            .args(app.requires())
            .arg("--python")
            .arg(venv.join("bin/python")),
    )?;
    let started = Instant::now();
    let mut build = Command::new(venv.join("bin/pyinstaller"));
    build.args(["--onefile", "--log-level", "ERROR", "start.py"]).current_dir(&project).env("PYTHONHASHSEED", "1");
    succeed(&mut build)?;
    let seconds = started.elapsed().as_secs_f64();
    let program = project.join("dist/start");
    let size = megabytes(&program).context("PyInstaller made no program")?;
    let run = runs(&program, app, &folder.join("pyinstaller-cache"));
    fs::remove_dir_all(&venv)?;
    Ok(match run {
        Ok((_, next)) => format!("{seconds:.1}, {size}, {next:.2}"),
        Err(_) => format!("{seconds:.1}, {size}, does not run"),
    })
}
