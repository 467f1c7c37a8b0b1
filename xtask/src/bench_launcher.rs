//! `cargo xtask bench-launcher`: first and next starts beside a bare exec, `tar --zstd -x` and the published launchers, in one run.
//!
//! Absolute times mean little on a shared machine: read the ratios.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::build::{self, Options};
use crate::run::{output, run};
use crate::setup;
use crate::workspace::Workspace;

const FILES: usize = 5000;
const FILE_SIZE: usize = 20 << 10;
const WARM_ROUNDS: usize = 40;
const COLD_ROUNDS: usize = 5;
/// What both packages run.
const PROGRAM: &str = "/bin/true";

/// Builds, packs, measures, and prints the table.
pub(crate) fn bench(workspace: &Workspace, options: Options) -> Result<()> {
    setup::setup(workspace, options.toolchain)?;
    let flavor = build::dist(workspace, options)?;
    let folder = workspace.target.join("bench-launcher");
    fs::create_dir_all(&folder)?;
    let (tiny, big) = (folder.join("tiny"), folder.join("big"));
    make_tree(&tiny, 0)?;
    make_tree(&big, FILES)?;
    let archive = folder.join("big.tar.zst");
    run(Command::new("tar").arg("-C").arg(&big).args(["--zstd", "-cf"]).arg(&archive).arg("."))?;
    let mut subjects = vec![Subject::new("ours", &flavor, &folder, None)?];
    for name in ["rs", "go"] {
        let launcher = published_launcher(workspace, name)?;
        subjects.push(Subject::new(&format!("published {name}"), &flavor, &folder, Some(&launcher))?);
    }
    let bare = tiny.join("bin/program");

    let mut rows = Vec::new();
    let mut bare_times = Vec::new();
    let (mut next, mut next_big) = (vec![Vec::new(); subjects.len()], vec![Vec::new(); subjects.len()]);
    for subject in &subjects {
        subject.start(&subject.tiny)?;
        subject.start(&subject.big)?;
    }
    for _ in 0..WARM_ROUNDS {
        bare_times.push(timed(&mut Command::new(&bare))?);
        for (number, subject) in subjects.iter().enumerate() {
            next[number].push(subject.start(&subject.tiny)?);
            next_big[number].push(subject.start(&subject.big)?);
        }
    }
    let bare_time = median(&bare_times);
    rows.push(("bare exec".to_owned(), bare_time, bare_time));
    for (number, subject) in subjects.iter().enumerate() {
        rows.push((format!("next start, tiny: {}", subject.name), median(&next[number]), bare_time));
        rows.push((format!("next start, 100 MB: {}", subject.name), median(&next_big[number]), bare_time));
    }

    let (mut tar, mut first, mut first_tiny) =
        (Vec::new(), vec![Vec::new(); subjects.len()], vec![Vec::new(); subjects.len()]);
    for _ in 0..COLD_ROUNDS {
        let target = emptied(&folder.join("unpacked"))?;
        tar.push(timed(Command::new("tar").arg("-C").arg(&target).args(["--zstd", "-xf"]).arg(&archive))?);
        for (number, subject) in subjects.iter().enumerate() {
            emptied(&subject.cache)?;
            first[number].push(subject.start(&subject.big)?);
            emptied(&subject.cache)?;
            first_tiny[number].push(subject.start(&subject.tiny)?);
        }
    }
    let tar = median(&tar);
    rows.push(("tar --zstd -x, 100 MB".to_owned(), tar, tar));
    for (number, subject) in subjects.iter().enumerate() {
        rows.push((format!("first start, 100 MB: {}", subject.name), median(&first[number]), tar));
        rows.push((format!("first start, tiny: {}", subject.name), median(&first_tiny[number]), bare_time));
    }
    println!("\n{:<42} {:>12} {:>8}  beside", "", "median", "ratio");
    for (name, time, base) in &rows {
        let ratio = time.as_secs_f64() / base.as_secs_f64();
        let beside = if *base == tar { "tar" } else { "bare exec" };
        println!("{name:<42} {:>9.2} ms {ratio:>8.3}  {beside}", time.as_secs_f64() * 1e3);
    }
    for subject in &subjects {
        emptied(&subject.cache)?;
        println!(
            "peak memory of a first start, 100 MB: {:<14} {:>6} KB",
            subject.name,
            subject.peak_memory(&subject.big)?
        );
    }
    Ok(())
}

/// A launcher with both packages.
struct Subject {
    name: String,
    tiny: PathBuf,
    big: PathBuf,
    cache: PathBuf,
}

impl Subject {
    fn new(name: &str, flavor: &Path, folder: &Path, published: Option<&Path>) -> Result<Self> {
        let file = name.replace(' ', "-");
        let mut packages = Vec::new();
        for tree in ["tiny", "big"] {
            // The published launchers know no zstd; without compression nothing of theirs is slowed down.
            let operations = if published.is_some() { "tar" } else { "tar.zst" };
            let manifest = folder.join(format!("{tree}-{file}.json"));
            let text = format!(
                r#"{{"package":{{"name":"{tree}-{file}","version":"1"}},"execution":{{"command":"{{workenv}}/bin/program"}},
                "slots":[{{"slot":0,"id":"tree","source":"{tree}","target":"{{workenv}}","operations":"{operations}","purpose":"payload","lifecycle":"runtime"}}]}}"#
            );
            fs::write(&manifest, text)?;
            let package = folder.join(format!("{tree}-{file}.psp"));
            let mut pack = Command::new(flavor);
            pack.args(["pack", "--quiet", "--key-seed", "bench", "--level", "3", "--manifest"]).arg(&manifest);
            pack.arg("--output").arg(&package);
            if let Some(launcher) = published {
                pack.arg("--compat").arg("--launcher-bin").arg(launcher);
            }
            run(&mut pack)?;
            packages.push(package);
        }
        let [tiny, big] = <[PathBuf; 2]>::try_from(packages).map_err(|_| anyhow::anyhow!("two packages"))?;
        Ok(Self { name: name.to_owned(), tiny, big, cache: folder.join(format!("cache-{file}")) })
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("FLAVOR_CACHE_DIR", &self.cache).env("PATH", "/usr/bin:/bin");
        command.env("FLAVOR_LOG_LEVEL", "error").env("HOME", &self.cache);
        command
    }

    fn start(&self, package: &Path) -> Result<Duration> {
        timed(&mut self.command(package))
    }

    /// Most memory that was resident at once, in KB, as the kernel counted it for the process that became the program.
    fn peak_memory(&self, package: &Path) -> Result<String> {
        let script = "import resource,subprocess,sys; subprocess.run(sys.argv[1:],check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
        let mut command = self.command(Path::new("python3"));
        Ok(output(command.args(["-c", script]).arg(package))?.trim().to_owned())
    }
}

/// A program, and `count` files: half of them text that compresses, half noise.
fn make_tree(tree: &Path, count: usize) -> Result<()> {
    if tree.exists() {
        return Ok(());
    }
    let new = tree.with_extension("new");
    emptied(&new)?;
    fs::create_dir_all(new.join("bin"))?;
    fs::copy(PROGRAM, new.join("bin/program")).with_context(|| format!("could not copy {PROGRAM}"))?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for number in 0..count {
        let folder = new.join(format!("lib/package{}/module{}", number / 50, number % 5));
        fs::create_dir_all(&folder)?;
        let content: Vec<u8> = match number % 2 {
            0 => std::iter::repeat_with(|| format!("value_{} = {}\n", random() % 500, random() % 9))
                .flat_map(String::into_bytes)
                .take(FILE_SIZE)
                .collect(),
            _ => std::iter::repeat_with(&mut random).flat_map(u64::to_le_bytes).take(FILE_SIZE).collect(),
        };
        fs::write(folder.join(format!("file{number}.py")), content)?;
    }
    Ok(fs::rename(new, tree)?)
}

fn published_launcher(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let found =
        output(Command::new("find").arg(workspace.peer()).args(["-name", &format!("flavor-{name}-launcher-*")]))?;
    found.lines().next().map(PathBuf::from).with_context(|| format!("no published {name} launcher"))
}

/// An empty directory, with the disk at rest.
fn emptied(directory: &Path) -> Result<PathBuf> {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    fs::create_dir_all(directory)?;
    run_quietly(&mut Command::new("sync"))?;
    Ok(directory.to_owned())
}

fn run_quietly(command: &mut Command) -> Result<()> {
    timed(command).map(drop)
}

fn timed(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().with_context(|| format!("could not start {command:?}"))?;
    let time = started.elapsed();
    if !status.success() {
        bail!("a measured program ended with {status}: {command:?}");
    }
    Ok(time)
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
