//! The same applications with other packers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::catalogue::App;
use super::{Facts, megabytes, runs, seconds, succeed};
use crate::bench;
use crate::workspace::Workspace;

type Packed = (PathBuf, Duration);

/// Packs and runs `app` with both: pack, size, first and next run of each, and what went wrong.
pub(super) fn measure(workspace: &Workspace, app: &App, folder: &Path) -> (Vec<String>, Vec<String>, String) {
    let mut remarks = Vec::new();
    let mut attempt = |tool: &str, packed: Result<Packed>| -> Vec<String> {
        let mut remark = |doing: &str, error: &anyhow::Error| {
            eprintln!("{tool}{doing}: {error:#}");
            remarks.push(format!("{tool}{doing}: {}", super::remark(workspace, error)));
        };
        let sized = packed.and_then(|(program, pack)| Ok((fs::metadata(&program)?.len(), program, pack)));
        let (size, program, pack) = match sized {
            Ok(facts) => facts,
            Err(error) => {
                remark("", &error);
                return ["cannot", "—", "—", "—"].map(str::to_owned).to_vec();
            }
        };
        match runs(&program, app, &folder.join("other-cache")) {
            Ok((first, next)) => Facts { pack, size, first, next }.cells().to_vec(),
            Err(error) => {
                remark("'s does not run", &error);
                vec![seconds(pack, 1), megabytes(size), "—".into(), "—".into()]
            }
        }
    };
    let published = attempt("flavorpack", pack_published(workspace, app, folder));
    let pyinstaller = attempt("PyInstaller", pack_pyinstaller(workspace, app, folder));
    eprintln!("{} {}", published.join(" "), pyinstaller.join(" "));
    (published, pyinstaller, remarks.join("; "))
}

/// With the published tool.
fn pack_published(workspace: &Workspace, app: &App, folder: &Path) -> Result<Packed> {
    let home = bench::peer_home(workspace, &workspace.target.join("apps"))?;
    let project = folder.join("published");
    app.write(&project)?;
    let package = project.join("app.psp");
    let mut pack = Command::new(workspace.peer().join("bin/flavor"));
    pack.args(["pack", "--key-seed", "apps", "--manifest"]).arg(project.join("pyproject.toml"));
    pack.arg("--output").arg(&package).env("HOME", &home).env_remove("VIRTUAL_ENV").current_dir(&project);
    let started = Instant::now();
    succeed(&mut pack)?;
    Ok((package, started.elapsed()))
}

/// With `PyInstaller --onefile`; what is installed for it beforehand does not count.
fn pack_pyinstaller(workspace: &Workspace, app: &App, folder: &Path) -> Result<Packed> {
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
    let mut build = Command::new(venv.join("bin/pyinstaller"));
    build.args(["--onefile", "--log-level", "ERROR", "start.py"]).current_dir(&project);
    build.args(app.hidden.iter().map(|module| format!("--hidden-import={module}")));
    let started = Instant::now();
    succeed(build.env("PYTHONHASHSEED", "1"))?;
    Ok((project.join("dist/start"), started.elapsed()))
}
