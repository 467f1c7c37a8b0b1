//! `cargo xtask apps`: real applications, packed twice, run where nothing is installed, beside the published tool and PyInstaller.

mod catalogue;
mod others;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use self::catalogue::{APPS, App};
use crate::build::{self, Options};
use crate::workspace::Workspace;
use crate::{libc_only, setup};

/// What to do.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Choice {
    /// Only these applications
    names: Vec<String>,
    /// This flavor instead of a newly built dist/flavor
    #[arg(long, value_name = "FILE")]
    flavor: Option<PathBuf>,
    /// Neither the published tool nor PyInstaller
    #[arg(long)]
    ours_only: bool,
}

/// Packs and runs the applications, prints the table and writes it to `target/reports/apps.md`. Fails after the last one if one failed.
pub(crate) fn apps(workspace: &Workspace, options: Options, choice: &Choice) -> Result<()> {
    let flavor = match &choice.flavor {
        Some(file) => std::path::absolute(file)?,
        None => build::dist(workspace, options)?,
    };
    if choice.ours_only {
        setup::build_tools(workspace)?;
    } else {
        setup::setup(workspace, options.toolchain)?;
    }
    let known = |name: &String| APPS.iter().any(|app| app.name == name);
    if let Some(unknown) = choice.names.iter().find(|name| !known(name)) {
        let names: Vec<&str> = APPS.iter().map(|app| app.name).collect();
        bail!("there is no application {unknown:?}; there are {}", names.join(", "));
    }
    let folder = workspace.target.join("apps");
    let (mut table, mut failed) = (String::from(HEAD), Vec::new());
    for app in APPS.iter().filter(|app| choice.names.is_empty() || choice.names.iter().any(|name| name == app.name)) {
        let row = row(workspace, &flavor, app, &folder.join(app.name), choice.ours_only).unwrap_or_else(|error| {
            failed.push(format!("{}: {error:#}", app.name));
            format!("| {} | failed: {} |\n", app.name, first_line(&format!("{error:#}")))
        });
        eprint!("{row}");
        table.push_str(&row);
    }
    let report = workspace.target.join("reports/apps.md");
    fs::create_dir_all(workspace.target.join("reports"))?;
    fs::write(&report, &table)?;
    println!("{table}\nwritten to {}", report.display());
    if failed.is_empty() { Ok(()) } else { bail!("{}", failed.join("\n")) }
}

const HEAD: &str = "\
Seconds to pack (of the second packing, with warm caches), size in MB, seconds of the first and the next run; `same` says that packing in
two folders gave equal bytes; `libc` and `empty` that the package ran in a root folder with only a libc, and without one (Debian's Python).

| application | pack | size | first | next | same | libc | empty | with libc, size | published tool: pack, size, first, next | PyInstaller: pack, size, run |
|---|---|---|---|---|---|---|---|---|---|---|
";

fn row(workspace: &Workspace, flavor: &Path, app: &App, folder: &Path, ours_only: bool) -> Result<String> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let pack = |project: &str, python: &str| -> Result<(PathBuf, f64)> {
        let project = folder.join(project);
        app.write(&project)?;
        let package = project.join("app.psp");
        let mut command = Command::new(flavor);
        command.args(["pack", "-q", "--key-seed", "apps", "--python", python, "--manifest"]);
        command.arg(project.join("pyproject.toml")).arg("--output").arg(&package).env("FLAVOR_UV", workspace.uv());
        let started = Instant::now();
        succeed(&mut command)?;
        Ok((package, started.elapsed().as_secs_f64()))
    };
    let (package, _) = pack("one", "local")?;
    let (again, seconds) = pack("another folder", "local")?;
    let same = fs::read(&package)? == fs::read(&again)?;
    let (first, next) = runs(&package, app, &folder.join("cache"))?;
    let libc = everywhere(app, &folder.join("libc-only"), &package, libc_only::make)?;
    let (alone, _) = pack("with-libc", "debian")?;
    let empty = everywhere(app, &folder.join("empty"), &alone, libc_only::make_empty)?;
    if !same {
        bail!("two packings differ: {} and {}", package.display(), again.display());
    }
    let (published, pyinstaller) = if ours_only {
        (String::new(), String::new())
    } else {
        let text = |result: Result<String>| result.unwrap_or_else(|error| first_line(&format!("{error:#}")));
        (text(others::published(workspace, app, folder)), text(others::pyinstaller(workspace, app, folder)))
    };
    Ok(format!(
        "| {} | {seconds:.1} | {} | {first:.2} | {next:.2} | {same} | {libc} | {empty} | {} | {published} | {pyinstaller} |\n",
        app.name,
        megabytes(&package)?,
        megabytes(&alone)?
    ))
}

/// Runs the program in a root folder; says so where this user may not.
fn everywhere(app: &App, root: &Path, package: &Path, make: fn(&Path, &Path) -> Result<()>) -> Result<&'static str> {
    make(root, package)?;
    let arguments: Vec<&OsStr> = app.arguments.iter().map(OsStr::new).collect();
    let Some(result) = libc_only::run_app(root, &arguments)? else { return Ok("not tried") };
    check(app, &result).with_context(|| format!("in {}", root.display()))?;
    // A tree of an interpreter for each application would fill the disk.
    fs::remove_dir_all(root)?;
    Ok("yes")
}

/// Seconds of the first and of the next run.
fn runs(package: &Path, app: &App, cache: &Path) -> Result<(f64, f64)> {
    let run = || -> Result<f64> {
        let started = Instant::now();
        let mut command = Command::new(package);
        command.args(app.arguments).env_clear().env("HOME", cache).env("FLAVOR_CACHE_DIR", cache);
        let result = command.env("PATH", "/usr/bin:/bin").output()?;
        check(app, &result)?;
        Ok(started.elapsed().as_secs_f64())
    };
    fs::create_dir_all(cache)?;
    let times = (run()?, run()?);
    fs::remove_dir_all(cache)?;
    Ok(times)
}

fn check(app: &App, result: &Output) -> Result<()> {
    let text = String::from_utf8_lossy(&result.stdout);
    if !result.status.success() || !text.contains(app.prints) {
        let errors = String::from_utf8_lossy(&result.stderr);
        bail!("{}, expected {:?} in {text:?}; standard error: {errors}", result.status, app.prints);
    }
    Ok(())
}

fn succeed(command: &mut Command) -> Result<()> {
    let result = command.output().context("could not start a packer")?;
    if !result.status.success() {
        bail!("{}: {}", result.status, String::from_utf8_lossy(&result.stderr));
    }
    Ok(())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().replace('|', "/").chars().take(120).collect()
}

#[expect(clippy::cast_precision_loss, reason = "megabytes are shown with one digit")]
fn megabytes(file: &Path) -> Result<String> {
    Ok(format!("{:.1}", fs::metadata(file)?.len() as f64 / 1e6))
}
