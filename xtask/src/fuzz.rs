//! `cargo xtask fuzz`: libFuzzer on every target of `fuzz/`.
//!
//! What cargo-fuzz tells rustc without a sanitizer are options of stable Rust: the pass that counts edges, for libFuzzer. The core has no
//! unsafe code for a sanitizer to look at; with nightly Rust `cargo fuzz run TARGET` looks at that of the libraries, with the same targets.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::run::{cargo, run};
use crate::setup;
use crate::workspace::Workspace;

/// What libFuzzer needs to know of the code, and checks that a release has not.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "--cfg=fuzzing",
];

/// Longest input in bytes.
const INPUT_MAX: u32 = 64 << 10;

/// Memory that a target may take, in MiB: its budgets allow windows of 8 MiB, and libFuzzer keeps its corpus.
const MEMORY_MAX: u32 = 1024;

/// Seconds for one input.
const INPUT_SECONDS: u32 = 20;

/// Runs `targets`, or all, each for `seconds`; as many at once as there are processors.
pub(crate) fn fuzz(workspace: &Workspace, seconds: u32, targets: &[String]) -> Result<()> {
    let all = names(workspace)?;
    if let Some(unknown) = targets.iter().find(|target| !all.contains(target)) {
        bail!("there is no target {unknown}; there are {}", all.join(", "));
    }
    let chosen = if targets.is_empty() { all } else { targets.to_vec() };
    setup::program("c++", "the fuzz targets", "g++")?;
    let folder = workspace.target.join("fuzz");
    let programs = build(workspace, &folder, &chosen)?;
    let seeds = folder.join("seeds");
    let mut make = cargo(&workspace.root);
    make.args(["run", "--locked", "--quiet", "--package", "pspf-tests", "--bin", "fuzz-seeds", "--"]);
    run(make.arg(&seeds))?;
    let waiting = Mutex::new(chosen.into_iter().collect::<VecDeque<_>>());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(target) = waiting.lock().ok().and_then(|mut list| list.pop_front()) else { return };
                    if let Err(error) = one(workspace, &programs, &folder, &target, seconds)
                        && let Ok(mut failed) = failed.lock()
                    {
                        failed.push(format!("{target}: {error:#}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_default();
    if failed.is_empty() { Ok(()) } else { bail!("fuzzing found something:\n{}", failed.join("\n")) }
}

/// The targets' names: those of their files.
fn names(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root.join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        names.extend(path.file_stem().and_then(|name| name.to_str()).map(ToOwned::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Builds the targets; gives the folder of their programs. The target is named, so that programs of the build itself stay as they are.
fn build(workspace: &Workspace, folder: &Path, targets: &[String]) -> Result<PathBuf> {
    let host = build::host()?;
    let mut command = cargo(&workspace.root.join("fuzz"));
    command.args(["build", "--locked", "--quiet", "--release", "--target", &host]).arg("--target-dir").arg(folder);
    for target in targets {
        command.args(["--bin", target]);
    }
    build::flags(&mut command, workspace, FLAGS)?;
    run(&mut command)?;
    Ok(folder.join(host).join("release"))
}

/// Runs one target. What it finds is beside its corpus, and the same command finds it at once the next time.
fn one(workspace: &Workspace, programs: &Path, folder: &Path, target: &str, seconds: u32) -> Result<()> {
    let [corpus, found] = ["corpus", "found"].map(|kind| folder.join(kind).join(target));
    for made in [&corpus, &found] {
        fs::create_dir_all(made)?;
    }
    let log = folder.join(format!("{target}.log"));
    let mut command = Command::new(programs.join(target));
    command.current_dir(&workspace.root).arg(&corpus);
    let seeds = folder.join("seeds").join(target);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    // What was found before goes first, as a seed.
    command.arg(&found).arg(format!("-artifact_prefix={}/", found.display()));
    command.arg(format!("-dict={}", workspace.root.join("fuzz/pspf.dict").display()));
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={INPUT_MAX}"));
    command.arg(format!("-rss_limit_mb={MEMORY_MAX}")).arg(format!("-timeout={INPUT_SECONDS}"));
    command
        .arg("-print_final_stats=1")
        .stderr(fs::File::create(&log)?)
        .stdout(fs::File::create(log.with_extension("out"))?);
    let status = command.status().with_context(|| format!("could not start {target}"))?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let runs = said.lines().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let edges =
        said.lines().rev().find_map(|line| line.split_once("cov: ")?.1.split(' ').next().map(ToOwned::to_owned));
    println!("{target:<16} {:>10} runs, {} edges", runs.unwrap_or("?").trim(), edges.as_deref().unwrap_or("?"));
    if !status.success() {
        let why = said.lines().find(|line| line.contains("panicked at") || line.contains("ERROR: libFuzzer"));
        bail!("{}; inputs in {}, log {}", why.unwrap_or("it ended early"), found.display(), log.display());
    }
    Ok(())
}
