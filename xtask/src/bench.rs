//! `cargo xtask bench`: the demo package beside the published tool's, and verification beside hashing, measured in one run.
//!
//! Absolute times mean little on a shared machine: read the ratios.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::build::Options;
use crate::dist;
use crate::run::{output, run};
use crate::setup;
use crate::workspace::Workspace;

const COLD_RUNS: usize = 5;
const WARM_RUNS: usize = 25;
const BIG_PACKAGE: u64 = 1 << 30;

/// Builds both packages, measures, and prints the table.
pub(crate) fn bench(workspace: &Workspace, options: Options) -> Result<()> {
    setup::setup(workspace, options.toolchain)?;
    let flavor = dist::dist(workspace, options)?;
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder)?;
    let manifest = workspace.root.join("examples/hello-cli/pyproject.toml");
    let ours = folder.join("ours.psp");
    let started = Instant::now();
    let mut pack = Command::new(&flavor);
    pack.args(["pack", "--key-seed", "bench", "--manifest"]).arg(&manifest).arg("--output").arg(&ours);
    run(pack.env("FLAVOR_UV", workspace.uv()).env("FLAVOR_PYTHON", "local"))?;
    let ours_pack = started.elapsed();
    let (theirs, theirs_pack) = pack_with_peer(workspace, &folder, &manifest)?;

    let mut rows = vec![
        Row::sizes("package size", fs::metadata(&ours)?.len(), fs::metadata(&theirs)?.len(), "at most 14 MB"),
        Row::times("pack", &[ours_pack], &[theirs_pack], ""),
    ];
    rows.extend(starts(&folder, &ours, &theirs)?);
    let version = |program: &Path| timed(Command::new(program).arg("--version"));
    let (mut mine, mut other) = (Vec::new(), Vec::new());
    for _ in 0..COLD_RUNS {
        mine.push(version(&flavor)?);
        other.push(version(&workspace.peer().join("bin/flavor"))?);
    }
    rows.push(Row::times("flavor --version", &mine, &other, "under 10 ms"));
    rows.extend(verification(&flavor, &folder)?);

    println!("\n{:<34} {:>14} {:>14} {:>8}  wanted", "", "ours", "peer", "ratio");
    for row in rows {
        println!("{:<34} {:>14} {:>14} {:>8}  {}", row.name, row.ours, row.peer, row.ratio, row.wanted);
    }
    Ok(())
}

struct Row {
    name: String,
    ours: String,
    peer: String,
    ratio: String,
    wanted: &'static str,
}

impl Row {
    fn times(name: &str, ours: &[Duration], peer: &[Duration], wanted: &'static str) -> Self {
        let (ours, peer) = (median(ours), median(peer));
        let text = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
        let ratio = format!("{:.3}", ours.as_secs_f64() / peer.as_secs_f64());
        Self { name: name.into(), ours: text(ours), peer: text(peer), ratio, wanted }
    }

    #[expect(clippy::cast_precision_loss, reason = "a ratio of sizes is shown with three digits")]
    fn sizes(name: &str, ours: u64, peer: u64, wanted: &'static str) -> Self {
        let text = |size: u64| format!("{:.2} MB", size as f64 / 1e6);
        let ratio = format!("{:.3}", ours as f64 / peer as f64);
        Self { name: name.into(), ours: text(ours), peer: text(peer), ratio, wanted }
    }
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn timed(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().context("could not start a program to be measured")?;
    let time = started.elapsed();
    if !status.success() {
        bail!("a measured program ended with {status}: {command:?}");
    }
    Ok(time)
}

/// First and next starts of both packages, interleaved, beside the bare interpreter on our unpacked tree.
fn starts(folder: &Path, ours: &Path, theirs: &Path) -> Result<Vec<Row>> {
    let arguments = ["hello", "World"];
    let start = |package: &Path, cache: &Path| -> Result<Duration> {
        let mut command = Command::new(package);
        command
            .args(arguments)
            .env_clear()
            .env("HOME", cache)
            .env("FLAVOR_CACHE_DIR", cache)
            .env("PATH", "/usr/bin:/bin");
        timed(&mut command)
    };
    let (our_cache, their_cache) = (folder.join("cache-ours"), folder.join("cache-theirs"));
    let (mut cold, mut peer_cold) = (Vec::new(), Vec::new());
    for _ in 0..COLD_RUNS {
        for (package, cache, times) in [(ours, &our_cache, &mut cold), (theirs, &their_cache, &mut peer_cold)] {
            if cache.exists() {
                fs::remove_dir_all(cache)?;
            }
            fs::create_dir_all(cache)?;
            times.push(start(package, cache)?);
        }
    }
    let tree = unpacked_tree(&our_cache.join("workenv"))?;
    let (python, script) = (tree.join("bin/python3"), tree.join("bin/hello-cli"));
    let (mut warm, mut peer_warm, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..WARM_RUNS {
        warm.push(start(ours, &our_cache)?);
        peer_warm.push(start(theirs, &their_cache)?);
        let mut command = Command::new(&python);
        command.arg(&script).args(arguments).env_clear().env("HOME", &our_cache).env("PATH", "/usr/bin:/bin");
        bare.push(timed(command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONNOUSERSITE", "1"))?);
    }
    Ok(vec![
        Row::times("first run", &cold, &peer_cold, "ratio at most 0.5"),
        Row::times("next run", &warm, &peer_warm, ""),
        Row::times("next run, peer: bare interpreter", &warm, &bare, "within 10 ms"),
    ])
}

fn unpacked_tree(workenv: &Path) -> Result<PathBuf> {
    for entry in fs::read_dir(workenv)? {
        let path = entry?.path();
        if path.join("bin").is_dir() {
            return Ok(path);
        }
    }
    bail!("no work environment in {}", workenv.display())
}

/// Verification of a large package beside the two usual hashing programs.
fn verification(flavor: &Path, folder: &Path) -> Result<Vec<Row>> {
    let (data, package) = (folder.join("big.bin"), folder.join("big.psp"));
    if !package.exists() {
        let mut file = fs::File::create(&data)?;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut block = vec![0; 1 << 20];
        for _ in 0..BIG_PACKAGE >> 20 {
            for word in block.chunks_exact_mut(8) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                word.copy_from_slice(&state.to_le_bytes());
            }
            file.write_all(&block)?;
        }
        let manifest = folder.join("big.json");
        let text = r#"{"package": {"name": "big", "version": "1"}, "execution": {"command": "{workenv}/big.bin"},
 "slots": [{"id": "big", "source": "big.bin", "target": "big.bin", "operations": "none"}]}"#;
        fs::write(&manifest, text)?;
        run(Command::new(flavor)
            .args(["pack", "--key-seed", "bench", "--manifest"])
            .arg(&manifest)
            .arg("--output")
            .arg(&package))?;
        fs::remove_file(&data)?;
    }
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..COLD_RUNS {
        times[0].push(timed(Command::new(flavor).arg("verify").arg(&package))?);
        times[1].push(timed(Command::new("sha256sum").arg(&package))?);
        times[2].push(timed(Command::new("openssl").args(["dgst", "-sha256"]).arg(&package))?);
    }
    let peak = "import resource, subprocess, sys\nsubprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\nprint(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    let program: [&OsStr; 4] = ["-c".as_ref(), peak.as_ref(), flavor.as_ref(), "verify".as_ref()];
    let kilobytes = output(Command::new("python3").args(program).arg(&package))?;
    Ok(vec![
        Row::times("verify 1 GB, peer: openssl", &times[0], &times[2], "ratio at most 1.25"),
        Row::times("verify 1 GB, peer: sha256sum", &times[0], &times[1], "ratio at most 1.25"),
        Row {
            name: "verify 1 GB, peak memory".into(),
            ours: format!("{} KB", kilobytes.trim()),
            peer: String::new(),
            ratio: String::new(),
            wanted: "under 64 MB",
        },
    ])
}

/// A home folder for the published tool. It can only use a Python that uv manages, so a copy of the local one is put where uv
/// keeps those.
pub(crate) fn peer_home(workspace: &Workspace, folder: &Path) -> Result<PathBuf> {
    let home = folder.join("peer-home");
    let probe = "import sys, platform; print(sys.base_prefix); print(platform.python_version())";
    let facts = output(Command::new(workspace.peer().join("bin/python")).args(["-c", probe]))?;
    let (prefix, version) = facts.trim().split_once('\n').context("python did not say where it is")?;
    let managed = home.join(format!(".local/share/uv/python/cpython-{version}-linux-x86_64-gnu"));
    if !managed.exists() {
        fs::create_dir_all(&managed)?;
        copy_interpreter(Path::new(prefix), &managed)?;
        let uv = home.join(".config/uv");
        fs::create_dir_all(&uv)?;
        fs::write(uv.join("uv.toml"), "system-certs = true\n")?;
        // The published tool passes no proxy or index variables on; pip reads its settings from here.
        if let Some(settings) =
            std::env::var_os("HOME").map(|home| Path::new(&home).join(".config/pip")).filter(|dir| dir.exists())
        {
            run(Command::new("cp").arg("-a").arg(settings).arg(home.join(".config/")))?;
        }
    }
    Ok(home)
}

/// The published tool's package of the same project.
fn pack_with_peer(workspace: &Workspace, folder: &Path, manifest: &Path) -> Result<(PathBuf, Duration)> {
    let home = peer_home(workspace, folder)?;
    // It builds in the project's folder, knows only setuptools, and runs nothing but [project.scripts].
    let project = folder.join("peer-project");
    if project.exists() {
        fs::remove_dir_all(&project)?;
    }
    let source = manifest.parent().context("the manifest has no folder")?;
    run(Command::new("cp").arg("-a").arg(source).arg(&project))?;
    let text = fs::read_to_string(manifest)?;
    let text = text.replace("\"hatchling\"", "\"setuptools\"").replace("hatchling.build", "setuptools.build_meta");
    let text = format!("{text}\n[project.scripts]\nhello-cli = \"hello_cli.main:main\"\n");
    fs::write(project.join("pyproject.toml"), text)?;
    let package = folder.join("theirs.psp");
    let started = Instant::now();
    let mut pack = Command::new(workspace.peer().join("bin/flavor"));
    pack.args(["pack", "--key-seed", "bench", "--manifest"]).arg(project.join("pyproject.toml"));
    pack.arg("--output").arg(&package).env("HOME", &home).env_remove("VIRTUAL_ENV").current_dir(&project);
    run(&mut pack)?;
    Ok((package, started.elapsed()))
}

/// Copies an interpreter as an installer would deliver it: without its tests, static libraries, build files and caches, and
/// without what somebody has installed into it, so that the published tool packs what it would pack elsewhere.
fn copy_interpreter(prefix: &Path, target: &Path) -> Result<()> {
    let left_out = ["*.a", "__pycache__", "config-*", "test", "tests", "idlelib", "site-packages"]
        .map(|name| format!("--exclude={name}"));
    let mut archive = Command::new("tar");
    let mut reader =
        archive.arg("-C").arg(prefix).args(left_out).args(["-cf", "-", "."]).stdout(Stdio::piped()).spawn()?;
    let stream = reader.stdout.take().context("tar has no output")?;
    let unpacked = Command::new("tar").arg("-C").arg(target).args(["-xf", "-"]).stdin(stream).status()?;
    if !unpacked.success() || !reader.wait()?.success() {
        bail!("could not copy the interpreter in {}", prefix.display());
    }
    Ok(())
}
