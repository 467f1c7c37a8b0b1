//! `cargo xtask bench-launcher`: first and next starts beside a bare exec, `tar --zstd -x` and the published launchers, in one run.
//!
//! Absolute times mean little on a shared machine: read the ratios, and where others work on it, those of the minima. All
//! subjects take turns. Every first start has a new directory, and all of them are removed at the end: file systems are slow
//! where as many files were removed a moment ago, and whoever comes next would pay for it.

use std::cell::Cell;
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
    setup::peer(workspace)?;
    let flavor = build::flavor(workspace, options)?;
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
    let targets = Targets::new(&folder)?;
    let warm = next_starts(&subjects, &targets, &tiny.join("bin/program"))?;
    let cold = first_starts(&subjects, &targets, &archive)?;
    fs::remove_dir_all(&targets.folder)?;
    println!("\n{:<34} {:>12} {:>12} {:>8} {:>8}", "", "minimum", "median", "ratio", "ratio");
    for table in [warm, cold] {
        table.print();
    }
    Ok(())
}

/// Next starts beside a bare exec of the program.
fn next_starts(subjects: &[Subject], targets: &Targets, bare: &Path) -> Result<Table> {
    let caches = subjects.iter().map(|_| targets.next()).collect::<Result<Vec<_>>>()?;
    for (subject, cache) in subjects.iter().zip(&caches) {
        Subject::start(&subject.tiny, cache)?;
        Subject::start(&subject.big, cache)?;
    }
    let mut table = Table::default();
    for _ in 0..WARM_ROUNDS {
        table.add("bare exec", timed(&mut Command::new(bare))?);
        for (subject, cache) in subjects.iter().zip(&caches) {
            table.add(&format!("next start, tiny: {}", subject.name), Subject::start(&subject.tiny, cache)?);
            table.add(&format!("next start, 100 MB: {}", subject.name), Subject::start(&subject.big, cache)?);
        }
    }
    Ok(table)
}

/// First starts beside unpacking the same files.
fn first_starts(subjects: &[Subject], targets: &Targets, archive: &Path) -> Result<Table> {
    let mut table = Table::default();
    for _ in 0..COLD_ROUNDS {
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(targets.next()?).args(["--zstd", "-xf"]).arg(archive);
        table.add("tar --zstd -x, 100 MB", timed(&mut tar)?);
        for subject in subjects {
            let time = Subject::start(&subject.big, &targets.next()?)?;
            table.add(&format!("first start, 100 MB: {}", subject.name), time);
            let time = Subject::start(&subject.tiny, &targets.next()?)?;
            table.add(&format!("first start, tiny: {}", subject.name), time);
        }
    }
    for subject in subjects {
        let memory = Subject::peak_memory(&subject.big, &targets.next()?)?;
        table.notes.push(format!("peak memory of a first start, 100 MB: {:<14} {memory:>6} KB", subject.name));
    }
    Ok(table)
}

/// Times by what was done; ratios are those to the first row.
#[derive(Default)]
struct Table {
    rows: Vec<(String, Vec<Duration>)>,
    notes: Vec<String>,
}

impl Table {
    fn add(&mut self, name: &str, time: Duration) {
        match self.rows.iter_mut().find(|(row, _)| row == name) {
            Some((_, times)) => times.push(time),
            None => self.rows.push((name.to_owned(), vec![time])),
        }
    }

    fn print(&self) {
        let Some((_, base)) = self.rows.first() else { return };
        let facts = |times: &[Duration]| [times.iter().min().copied().unwrap_or_default(), median(times)];
        let base = facts(base);
        for (name, times) in &self.rows {
            let [minimum, middle] = facts(times).map(|time| time.as_secs_f64() * 1e3);
            let [of_minima, of_medians] = base.map(|time| time.as_secs_f64() * 1e3);
            let ratios = (minimum / of_minima, middle / of_medians);
            println!("{name:<34} {minimum:>9.2} ms {middle:>9.2} ms {:>8.3} {:>8.3}", ratios.0, ratios.1);
        }
        self.notes.iter().for_each(|note| println!("{note}"));
    }
}

/// New directories, one after the other.
struct Targets {
    folder: PathBuf,
    given: Cell<usize>,
}

impl Targets {
    fn new(folder: &Path) -> Result<Self> {
        let folder = folder.join("targets");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, given: Cell::new(0) })
    }

    fn next(&self) -> Result<PathBuf> {
        let number = self.given.get();
        self.given.set(number + 1);
        let target = self.folder.join(number.to_string());
        fs::create_dir(&target)?;
        Ok(target)
    }
}

/// A launcher with both packages.
struct Subject {
    name: String,
    tiny: PathBuf,
    big: PathBuf,
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
        Ok(Self { name: name.to_owned(), tiny, big })
    }

    fn start(package: &Path, cache: &Path) -> Result<Duration> {
        timed(&mut command(package, cache))
    }

    /// Most memory that was resident at once, in KB, as the kernel counted it for the process that became the program.
    fn peak_memory(package: &Path, cache: &Path) -> Result<String> {
        let script = "import resource,subprocess,sys; subprocess.run(sys.argv[1:],check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
        Ok(output(command(Path::new("python3"), cache).args(["-c", script]).arg(package))?.trim().to_owned())
    }
}

fn command(program: &Path, cache: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("FLAVOR_CACHE_DIR", cache).env("PATH", "/usr/bin:/bin");
    command.env("FLAVOR_LOG_LEVEL", "error").env("HOME", cache);
    command
}

/// A program, and `count` files: half of them text that compresses, half noise.
fn make_tree(tree: &Path, count: usize) -> Result<()> {
    if tree.exists() {
        return Ok(());
    }
    let new = tree.with_extension("new");
    if new.exists() {
        fs::remove_dir_all(&new)?;
    }
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
