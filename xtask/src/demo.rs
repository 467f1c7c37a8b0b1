//! `cargo xtask demo`: one file from a real Python application, run where nothing is set.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build::{self, Options};
use crate::libc_only;
use crate::run::run;
use crate::workspace::Workspace;

/// Packs `examples/hello-cli` with `dist/flavor`, verifies, inspects and runs it.
pub(crate) fn demo(workspace: &Workspace, options: Options) -> Result<()> {
    let flavor = build::flavor(workspace, options)?;
    let folder = workspace.target.join("demo");
    fs::create_dir_all(&folder)?;
    let package = folder.join("hello.psp");
    let manifest = workspace.root.join("examples/hello-cli/pyproject.toml");
    let call = |arguments: &[&OsStr]| {
        run(Command::new(&flavor)
            .args(arguments)
            .env("FLAVOR_UV", workspace.uv())
            .env("FLAVOR_PYTHON", "local")
            .current_dir(&workspace.root))
    };
    call(&[
        "pack".as_ref(),
        "--manifest".as_ref(),
        manifest.as_ref(),
        "--output".as_ref(),
        package.as_ref(),
        "--key-seed".as_ref(),
        "demo".as_ref(),
    ])?;
    call(&["verify".as_ref(), package.as_ref()])?;
    call(&["inspect".as_ref(), package.as_ref()])?;
    let greeting = run_package(&package, &["hello", "World", "--table"], 0)?;
    if !greeting.contains("World") {
        bail!("the package ran, but did not greet the World");
    }
    run_package(&package, &["env"], 0)?;
    run_package(&package, &["hello", "World", "--exit-code", "7"], 7)?;
    run_without_python(&folder.join("libc-only"), &package)?;
    println!("demo: {} ({} bytes) works", package.display(), fs::metadata(&package)?.len());
    Ok(())
}

/// Runs the package where there is a libc and nothing else; says so where this user may not.
fn run_without_python(root: &Path, package: &Path) -> Result<()> {
    libc_only::make(root, package)?;
    println!("\n$ env -i chroot {} /app hello 'two words' --exit-code 7", root.display());
    let arguments = ["hello", "two words", "--exit-code", "7"].map(OsStr::new);
    let Some(result) = libc_only::run_app(root, &[], &arguments)? else {
        println!("skipped: this user may not make namespaces, so the package was not tried without Python");
        return Ok(());
    };
    let text = String::from_utf8_lossy(&result.stdout);
    print!("{text}{}", String::from_utf8_lossy(&result.stderr));
    if result.status.code() != Some(7) || !text.contains("two words") {
        bail!("the package ended with {} in a root folder with only a libc, expected exit code 7", result.status);
    }
    Ok(())
}

/// Runs the package with an empty environment, shows its output and returns it.
fn run_package(package: &Path, arguments: &[&str], code: i32) -> Result<String> {
    println!("\n$ env -i {} {}", package.display(), arguments.join(" "));
    let result = Command::new(package).args(arguments).env_clear().output();
    let result = result.with_context(|| format!("could not start {}", package.display()))?;
    let text = String::from_utf8_lossy(&result.stdout).into_owned();
    print!("{text}{}", String::from_utf8_lossy(&result.stderr));
    if result.status.code() != Some(code) {
        bail!("the package ended with {}, expected exit code {code}", result.status);
    }
    Ok(text)
}
