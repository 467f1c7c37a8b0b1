//! `cargo xtask cross`: packages for Linux's other processor, packed here and really run, by an emulator.
//!
//! The kernel is told about the emulator in a namespace of its own, so that nothing of the machine changes (Linux 6.7); where it
//! cannot be, what the machine knows already is used.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::apps::{App, named};
use crate::build::{self, Options};
use crate::libc_only;
use crate::run::run;
use crate::setup;
use crate::workspace::Workspace;

/// One without machine code in its wheels, and one with it.
const APPS: [&str; 2] = ["click-rich", "cryptography"];

/// The processor that packages are made for.
struct Other {
    platform: &'static str,
    target: &'static str,
    /// Debian's package `qemu-user-static` has it.
    emulator: &'static str,
    /// `e_machine` of its ELF files, as the kernel writes it down.
    machine: &'static str,
}

const ARM64: Other = Other {
    platform: "linux_arm64",
    target: "aarch64-unknown-linux-musl",
    emulator: "qemu-aarch64-static",
    machine: "b7",
};

const AMD64: Other = Other {
    platform: "linux_amd64",
    target: "x86_64-unknown-linux-musl",
    emulator: "qemu-x86_64-static",
    machine: "3e",
};

/// Packs the applications for the other processor, and runs them twice in a root folder with nothing else.
pub(crate) fn cross(workspace: &Workspace, options: Options) -> Result<()> {
    let other = if cfg!(target_arch = "aarch64") { AMD64 } else { ARM64 };
    let flavor = build::flavor(workspace, options)?;
    let launcher = build::launcher_for(workspace, other.target, options)?;
    let folder = workspace.target.join("cross");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let launcher = fs::read(launcher)?;
    let mut packages = Vec::new();
    for name in APPS {
        let app = named(name).with_context(|| format!("there is no application {name:?}"))?;
        let package = pack(workspace, &flavor, &other, app, &folder.join(name))?;
        if !fs::read(&package)?.starts_with(&launcher) {
            bail!("{} does not begin with the launcher for {}", package.display(), other.platform);
        }
        packages.push((app, package));
    }
    if let Some((app, package)) = packages.first() {
        let again = pack(workspace, &flavor, &other, app, &folder.join("again"))?;
        if fs::read(package)? != fs::read(&again)? {
            bail!("two packings differ: {} and {}", package.display(), again.display());
        }
    }
    let before = match emulation(&other) {
        Ok(before) => before,
        Err(error) => {
            println!("packed for {}; SKIPPED: running it ({error:#})", other.platform);
            return Ok(());
        }
    };
    for (app, package) in packages {
        let root = folder.join("root");
        libc_only::make_empty(&root, &package)?;
        let arguments: Vec<&OsStr> = app.arguments.iter().map(OsStr::new).collect();
        for start in ["first", "next"] {
            let Some(result) = libc_only::run_app_after(&before, &root, &["HOME=/tmp"], &arguments)? else {
                println!("packed for {}; SKIPPED: running it (no namespaces for this user)", other.platform);
                return Ok(());
            };
            let text = String::from_utf8_lossy(&result.stdout);
            if !result.status.success() || !text.contains(app.prints) {
                let errors = String::from_utf8_lossy(&result.stderr);
                bail!("{start} start of {}: {}, {text:?}; standard error: {errors}", app.name, result.status);
            }
        }
        println!(
            "{}: {} bytes for {}, runs by {}",
            app.name,
            fs::metadata(&package)?.len(),
            other.platform,
            other.emulator
        );
    }
    Ok(())
}

fn pack(workspace: &Workspace, flavor: &Path, other: &Other, app: &App, project: &Path) -> Result<PathBuf> {
    app.write(project)?;
    let package = project.join("app.psp");
    let mut command = Command::new(flavor);
    command.args(["pack", "-q", "--strict-manifest", "--key-seed", "cross", "--python", "debian"]);
    command.args(["--platform", other.platform, "--manifest"]).arg(project.join("pyproject.toml"));
    run(command.arg("--output").arg(&package).env("FLAVOR_UV", workspace.uv()).env_remove("FLAVOR_LAUNCHER_BIN"))?;
    Ok(package)
}

/// The commands of a shell that let the kernel run the other processor's programs, where that is possible.
fn emulation(other: &Other) -> Result<String> {
    setup::program(other.emulator, "packages for another processor", "qemu-user-static")?;
    let program = which::which(other.emulator)?;
    // Magic number and mask of a 64-bit little-endian program (ET_EXEC, ET_DYN). F: the emulator need not be in the root folder
    // of what runs; P: it is told the program's `argv[0]`.
    let zeros = r"\x00".repeat(9);
    let line = format!(
        r":{}:M::\x7fELF\x02\x01\x01{zeros}\x02\x00\x{}\x00:\xff\xff\xff\xff\xff\xff\xff\x00{}\xfe\xff\xff\xff:{}:FP",
        other.emulator,
        other.machine,
        r"\xff".repeat(8),
        program.display()
    );
    let known = "/proc/sys/fs/binfmt_misc";
    let before = format!(
        "{{ ! mount -t binfmt_misc binfmt_misc {known} 2>/dev/null || printf %s '{line}' >{known}/register; }} && \
         grep -qs 'magic 7f454c46.*{}00$' {known}/*",
        other.machine
    );
    let namespaces = ["--mount", "--pid", "--fork", "--map-root-user"];
    let status = Command::new("unshare").args(namespaces).args(["sh", "-c", &before]).status();
    if !status.context("could not start unshare")?.success() {
        bail!("the kernel cannot be told about {} here, and does not know it", other.emulator);
    }
    Ok(before)
}
