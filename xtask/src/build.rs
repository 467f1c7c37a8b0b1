//! Release builds: the launcher and the `flavor` command, static where the machine can.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::elf;
use crate::run::{cargo, forget_cargo_run, output, path_with, run};
use crate::setup;
use crate::toolchain::{self, Profile, Route, RouteChoice};
use crate::workspace::Workspace;

/// What both builds are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Where the compiler for the static target comes from.
    pub(crate) toolchain: RouteChoice,
    /// Whether a dynamic launcher is good enough.
    pub(crate) allow_dynamic: bool,
    /// How launchers are compiled.
    pub(crate) profile: Profile,
}

/// One binary of the workspace.
struct Binary<'a> {
    package: &'a str,
    name: &'a str,
    profile: Profile,
    env: Vec<(&'a str, OsString)>,
}

/// What makes the small launcher small beside its profile in Cargo.toml: a panic is a trap, and nothing has tables for unwinding.
const SMALL_FLAGS: &[&str] = &["-Zunstable-options", "-Cpanic=immediate-abort", "-Cforce-unwind-tables=no"];

/// The small launcher's standard library.
const SMALL_STD: &[&str] = &["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];

/// The launcher, for whichever target.
fn launcher_binary(profile: Profile) -> Binary<'static> {
    Binary { package: "flavor-launcher", name: "flavor-launcher", profile, env: Vec::new() }
}

/// Cargo's name of the profile.
fn cargo_profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Plain => "release",
        Profile::Small => "small",
    }
}

/// What a launcher for `target` can be compiled as: where the small one cannot be, a line says so, and it is the plain one.
fn possible(profile: Profile, target: &str, route: Route) -> Result<Profile> {
    if profile == Profile::Small && !setup::std_sources(route)? {
        eprintln!(
            "==> {target}: no sources of the standard library (rust-src), so the launcher is the plain, larger one"
        );
        return Ok(Profile::Plain);
    }
    Ok(profile)
}

/// Builds this machine's launcher into `dist/launchers/` and returns its path.
pub(crate) fn launcher(workspace: &Workspace, options: Options) -> Result<PathBuf> {
    let (built, target) = build(workspace, &launcher_binary(options.profile), options)?;
    place(&built, &workspace.launcher(&target))
}

/// Builds the launchers for every Linux into `dist/launchers/`: `flavor pack --platform` takes them from there.
pub(crate) fn launchers(workspace: &Workspace, options: Options) -> Result<()> {
    toolchain::LAUNCHER_TARGETS.iter().try_for_each(|target| launcher_for(workspace, target, options).map(drop))
}

/// Builds the launcher for `target` into `dist/launchers/` and returns its path.
pub(crate) fn launcher_for(workspace: &Workspace, target: &str, options: Options) -> Result<PathBuf> {
    setup::build_tools(workspace)?;
    let route = setup::cross_route(workspace, target, options.toolchain)?;
    let built = zigbuild(workspace, &launcher_binary(options.profile), target, route)?;
    place(&built, &workspace.launcher(target))
}

/// Builds the launcher, then `dist/flavor` with the launcher inside.
pub(crate) fn flavor(workspace: &Workspace, options: Options) -> Result<PathBuf> {
    let launcher = launcher(workspace, options)?;
    let inside = fs::read(&launcher)?;
    let binary = Binary {
        package: "flavor-cli",
        name: "flavor",
        profile: Profile::Plain,
        env: vec![("FLAVOR_EMBED_LAUNCHER", launcher.into_os_string())],
    };
    let (built, _) = build(workspace, &binary, options)?;
    let flavor = place(&built, &workspace.dist().join("flavor"))?;
    if !fs::read(&flavor)?.windows(inside.len()).any(|window| window == inside) {
        bail!("{} was built without the launcher inside", flavor.display());
    }
    Ok(flavor)
}

/// Builds `binary` for the static target, else for the host; returns the file and the target it is for.
fn build(workspace: &Workspace, binary: &Binary<'_>, options: Options) -> Result<(PathBuf, String)> {
    let Some(target) = toolchain::musl_target() else {
        return native(workspace, binary);
    };
    let static_build = setup::build_tools(workspace)
        .and_then(|()| setup::cross_route(workspace, &target, options.toolchain))
        .and_then(|route| zigbuild(workspace, binary, &target, route));
    match static_build {
        Ok(built) => Ok((built, target)),
        Err(error) if options.allow_dynamic => {
            eprintln!("==> {}: NO STATIC BUILD ({error:#}); building a DYNAMIC one for this machine", binary.name);
            native(workspace, binary)
        }
        Err(error) => Err(error.context(format!(
            "no static {}. `--allow-dynamic` builds one that needs this machine's libc",
            binary.name
        ))),
    }
}

/// A static build for `target`, linked by zig, with Debian's Rust or rustup's.
fn zigbuild(workspace: &Workspace, binary: &Binary<'_>, target: &str, route: Route) -> Result<PathBuf> {
    let profile = possible(binary.profile, target, route)?;
    let bin = workspace.tools().join("bin");
    let mut command = Command::new(bin.join("cargo-zigbuild"));
    forget_cargo_run(&mut command);
    command.current_dir(&workspace.root).env("PATH", path_with(&bin)?);
    command.args(["zigbuild", "--locked", "--quiet", "--package", binary.package, "--bin", binary.name]);
    command.args(["--profile", cargo_profile(profile), "--target", target]);
    let target_dir = match route {
        Route::Rustup => workspace.target.clone(),
        Route::Debian => {
            debian(&mut command);
            workspace.debian_target()
        }
    };
    command.arg("--target-dir").arg(&target_dir);
    // zig brings its own start files and libc.
    let mut own = vec!["-Clink-self-contained=no"];
    if profile == Profile::Small {
        // These flags are unstable, and a release compiler takes them only so.
        command.args(SMALL_STD).env("RUSTC_BOOTSTRAP", "1");
        own.extend(SMALL_FLAGS);
    }
    flags(&mut command, workspace, &own)?;
    command.envs(binary.env.iter().cloned());
    run(&mut command)?;
    let built = target_dir.join(target).join(cargo_profile(profile)).join(binary.name);
    let bytes = fs::read(&built).with_context(|| format!("the build left no {}", built.display()))?;
    elf::check_static(&bytes).with_context(|| built.display().to_string())?;
    Ok(built)
}

/// A build for the machine itself, by the active toolchain.
fn native(workspace: &Workspace, binary: &Binary<'_>) -> Result<(PathBuf, String)> {
    let profile = cargo_profile(Profile::Plain);
    let mut command = cargo(&workspace.root);
    command.args(["build", "--locked", "--quiet", "--package", binary.package, "--bin", binary.name]);
    command.args(["--profile", profile]).arg("--target-dir").arg(&workspace.target);
    flags(&mut command, workspace, &[])?;
    command.envs(binary.env.iter().cloned());
    run(&mut command)?;
    let built = workspace.target.join(profile).join(binary.name);
    Ok((built, host()?))
}

/// Makes `command` use Debian's Rust, whatever `cargo run` and rustup put in the environment.
pub(crate) fn debian(command: &mut Command) {
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("LD_LIBRARY_PATH");
    command.env("CARGO", "/usr/bin/cargo").env("RUSTC", "/usr/bin/rustc");
}

/// Sets rustc's flags: `own`, and neutral names for the folders of this machine, which would otherwise be in the binary.
pub(crate) fn flags(command: &mut Command, workspace: &Workspace, own: &[&str]) -> Result<()> {
    let mut flags: Vec<String> = own.iter().map(ToString::to_string).collect();
    let home = cargo_home()?;
    for (from, to) in [(&workspace.root, "."), (&home, "cargo")] {
        let from = from.to_str().with_context(|| format!("{} is not UTF-8", from.display()))?;
        flags.push(format!("--remap-path-prefix={from}={to}"));
    }
    command.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    Ok(())
}

fn cargo_home() -> Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(PathBuf::from(home));
    }
    Ok(std::env::home_dir().context("no home folder: set CARGO_HOME")?.join(".cargo"))
}

/// The target of the machine itself.
pub(crate) fn host() -> Result<String> {
    let version = output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
    Ok(host.to_owned())
}

/// Copies `built` to `place`, replacing what is there in one step (it may be running). The same again is left alone: cargo
/// goes by its time, and `flavor` has the launcher inside.
fn place(built: &Path, place: &Path) -> Result<PathBuf> {
    let folder = place.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)?;
    if !fs::read(place).is_ok_and(|there| fs::read(built).is_ok_and(|bytes| bytes == there)) {
        let new = place.with_extension("new");
        fs::copy(built, &new).with_context(|| format!("could not copy {} to {}", built.display(), new.display()))?;
        fs::rename(&new, place)?;
    }
    println!("{}: {} bytes", place.display(), fs::metadata(place)?.len());
    Ok(place.to_owned())
}
