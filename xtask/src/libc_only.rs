//! A root folder that holds a libc and nothing else: no Python, no uv, no compiler, no shell.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

use crate::run::output;

/// What glibc itself consists of (Debian's libc6), as far as programs are linked with it.
const GLIBC: &[&str] = &[
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libnss_files.so.2",
];

/// Makes the root folder at `root` and puts `package` into it as `/app`.
pub(crate) fn make(root: &Path, package: &Path) -> Result<()> {
    make_empty(root, package)?;
    let known = output(Command::new("/sbin/ldconfig").arg("-p").env("LC_ALL", "C"))?;
    for line in known.lines() {
        let Some((name, path)) = line.trim().split_once(" => ") else { continue };
        let name = name.split_whitespace().next().unwrap_or_default();
        if GLIBC.contains(&name) {
            place(root, Path::new(path))?;
        }
    }
    for interpreter in ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"] {
        if Path::new(interpreter).exists() {
            place(root, Path::new(interpreter))?;
        }
    }
    Ok(())
}

/// Makes a root folder with nothing but `package`, as `/app`, and what a kernel gives.
pub(crate) fn make_empty(root: &Path, package: &Path) -> Result<()> {
    if root.exists() {
        fs::remove_dir_all(root).with_context(|| format!("could not remove {}", root.display()))?;
    }
    for folder in ["proc", "tmp", "dev/shm"] {
        fs::create_dir_all(root.join(folder))?;
    }
    fs::copy(package, root.join("app"))?;
    Ok(())
}

/// Makes a root folder as Alpine's is: musl, busybox with its commands, a user in `/etc/passwd`, and `package`; nothing of glibc.
pub(crate) fn make_musl(root: &Path, package: &Path) -> Result<()> {
    make_empty(root, package)?;
    for name in ["ld-musl-x86_64.so.1", "ld-musl-aarch64.so.1"] {
        let loader = Path::new("/lib").join(name);
        if loader.exists() {
            place(root, &loader)?;
        }
    }
    let busybox = Path::new("/bin/busybox");
    place(root, busybox)?;
    for name in output(Command::new(busybox).arg("--list"))?.lines().filter(|name| *name != "busybox") {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(name))?;
    }
    fs::create_dir_all(root.join("etc"))?;
    fs::write(root.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")?;
    fs::write(root.join("etc/group"), "root:x:0:root\n")?;
    Ok(())
}

fn place(root: &Path, file: &Path) -> Result<()> {
    let inside = root.join(file.strip_prefix("/").unwrap_or(file));
    if let Some(folder) = inside.parent() {
        fs::create_dir_all(folder)?;
    }
    if !inside.exists() {
        fs::copy(file, &inside).with_context(|| format!("could not copy {}", file.display()))?;
    }
    Ok(())
}

/// Runs `/app ARGUMENTS` in the root folder with an environment of `variables` (`NAME=VALUE`) alone. `None` where this user may not make
/// namespaces.
pub(crate) fn run_app(root: &Path, variables: &[&str], arguments: &[&OsStr]) -> Result<Option<Output>> {
    run_app_after(":", root, variables, arguments)
}

/// The same, after commands of a shell that stand for the rest of the namespaces' life.
pub(crate) fn run_app_after(
    before: &str,
    root: &Path,
    variables: &[&str],
    arguments: &[&OsStr],
) -> Result<Option<Output>> {
    let namespaces = ["--mount", "--pid", "--fork", "--map-root-user"];
    if !Command::new("unshare").args(namespaces).arg("true").status().is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let chroot = which::which("chroot").or_else(|_| which::which_in("chroot", Some("/usr/sbin:/sbin"), "/"))?;
    // `env -i` leaves no search path, so chroot is named by its own.
    let script = r#"eval "$4" && mount -t proc proc "$1/proc" && touch "$1/dev/null" && mount --bind /dev/null "$1/dev/null" && root=$1 chroot=$2 variables=$3 && shift 4 && exec env -i $variables "$chroot" "$root" /app "$@""#;
    let mut command = Command::new("unshare");
    command
        .args(namespaces)
        .args(["sh", "-c", script, "sh"])
        .arg(root)
        .arg(chroot)
        .arg(variables.join(" "))
        .arg(before)
        .args(arguments);
    let result = command.output().context("could not start unshare")?;
    if result.status.code().is_none() {
        bail!("the package was stopped by a signal: {}", result.status);
    }
    Ok(Some(result))
}
