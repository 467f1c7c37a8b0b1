//! Starts at the same time, and starts that are killed.

use super::{
    Maker, Row,
    package::Package,
    stage::{Stage, root, tally},
};
use std::{
    fs, io,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "H1",
        "Two packages of one name, 10 starts of each, in turns and two at a time",
        "ran 20 of 20",
        two_of_one_name,
    )
    .in_full(),
    Row::new("H2", "A package replaced by its next version", "ran two", upgrade).known("ran two", "refused 104"),
    Row::new("H3", "8 first starts at the same time, 6 rounds", "ran 48 of 48", first_starts).in_full(),
    Row::new(
        "H3b",
        "The first extraction killed, then 4 starts at the same time, 6 rounds",
        "ran 24 of 24; nothing left over",
        starts_after_kill,
    )
    .in_full(),
    Row::new(
        "H3c",
        "A lock of a process that is gone, 8 starts at the same time, 4 rounds",
        "ran 32 of 32",
        starts_at_stale_lock,
    )
    .in_full(),
    Row::new(
        "H4",
        "Killed while extracting again, started again, 12 rounds",
        "ran 12 of 12; nothing left over",
        kill_again,
    )
    .in_full(),
    Row::new(
        "H5",
        "A version installed, the next one of that name killed while installing, the first one started, 12 rounds",
        "ran 12 of 12; nothing left over",
        killed_upgrade,
    )
    .in_full(),
    Row::new(
        "R1",
        "A first extraction killed at 10 moments by KILL, 4 by TERM, 4 by INT, and started again",
        "ran 18 of 18; nothing left over",
        kill_first,
    )
    .in_full(),
    Row::new("R2", "A lock file that names process 1", "ran", lock_of_init).in_full(),
    Row::new("R3", "The process that extracts is stopped; another start", "ran", stopped_holder).in_full(),
    Row::new(
        "R4",
        "A cache shared by two process namespaces, 5 first starts in both at once",
        "ran 10 of 10",
        shared_volume,
    )
    .in_full(),
];

/// Longest wait for something that happens in well under a second.
const PATIENCE: Duration = Duration::from_secs(20);

fn spawn(mut command: Command) -> io::Result<Child> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Starts all of them, then waits for all.
fn together(stage: &Stage<'_>, commands: Vec<Command>) -> io::Result<Vec<String>> {
    let children = commands.into_iter().map(spawn).collect::<io::Result<Vec<_>>>()?;
    children.into_iter().map(|child| Ok(stage.word(&child.wait_with_output()?))).collect()
}

fn same(stage: &Stage<'_>, package: &Path, count: usize) -> io::Result<Vec<String>> {
    together(stage, (0..count).map(|_| stage.command(package)).collect())
}

fn clear(stage: &Stage<'_>) -> io::Result<()> {
    if stage.cache().exists() { fs::remove_dir_all(stage.cache()) } else { Ok(()) }
}

/// What of the killed extractions is still there, in words.
fn left_over(stage: &Stage<'_>, package: &Path) -> String {
    match stage.leftovers(package) {
        0 => "nothing left over".to_owned(),
        count => format!("{count} left over"),
    }
}

/// Sends a signal by its name.
fn signal(child: &Child, name: &str) -> io::Result<()> {
    Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).output().map(drop)
}

/// Waits until the extraction of a package has begun to write, or its process has ended.
fn begun(stage: &Stage<'_>, package: &Path, child: &mut Child) -> io::Result<bool> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE && child.try_wait()?.is_none() {
        if stage.leftovers(package) > 0 {
            return Ok(true);
        }
        thread::sleep(Duration::from_micros(200));
    }
    Ok(false)
}

/// Starts a package, lets it extract for some time and ends it by a signal.
fn interrupt(stage: &Stage<'_>, command: Command, package: &Path, name: &str, after: Duration) -> io::Result<()> {
    let mut child = spawn(command)?;
    if begun(stage, package, &mut child)? {
        thread::sleep(after);
        signal(&child, name)?;
    }
    child.wait().map(drop)
}

/// How long a start takes here and now: the moments of the kills are spread over that.
fn span(mut command: Command) -> io::Result<Duration> {
    let start = Instant::now();
    command.output()?;
    Ok(start.elapsed())
}

fn two_of_one_name(stage: &Stage<'_>) -> io::Result<String> {
    let first = stage.pack("one/app.psp", &Package::tree('A'))?;
    let second = stage.pack("two/app.psp", &Package::tree('B'))?;
    let mut words = Vec::new();
    for _ in 0..5 {
        words.extend(together(stage, vec![stage.command(&first), stage.command(&second)])?);
        words.push(stage.run(&first)?);
        words.push(stage.run(&second)?);
    }
    Ok(tally(&words))
}

fn upgrade(stage: &Stage<'_>) -> io::Result<String> {
    stage.run(stage.pack("app.psp", &Package::saying("ran one"))?)?;
    stage.run(stage.pack("app.psp", &Package::saying("ran two").version("2.0.0"))?)
}

fn first_starts(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    let mut words = Vec::new();
    for _ in 0..6 {
        clear(stage)?;
        words.extend(same(stage, &package, 8)?);
    }
    Ok(tally(&words))
}

fn starts_after_kill(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    let span = span(stage.command(&package))?;
    let mut words = Vec::new();
    for round in 0..6 {
        clear(stage)?;
        interrupt(stage, stage.command(&package), &package, "KILL", span * round / 6)?;
        words.extend(same(stage, &package, 4)?);
    }
    Ok(format!("{}; {}", tally(&words), left_over(stage, &package)))
}

fn starts_at_stale_lock(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    let mut gone = Command::new("true").spawn()?;
    gone.wait()?;
    let mut words = Vec::new();
    for _ in 0..4 {
        lay_lock(stage, &package, &format!("{}\n", gone.id()))?;
        words.extend(same(stage, &package, 8)?);
    }
    Ok(tally(&words))
}

/// Leaves a cache in which nothing is extracted but there is a lock file, with the text of the published launchers' locks.
fn lay_lock(stage: &Stage<'_>, package: &Path, text: &str) -> io::Result<()> {
    clear(stage)?;
    let lock = match stage.maker {
        Maker::Ours => {
            // Its name is only known once there is one.
            stage.run(package)?;
            let workenv = stage.workenv(package)?;
            fs::remove_dir_all(&workenv)?;
            stage.workenvs().join(".locks").join(workenv.file_name().unwrap_or_default())
        }
        Maker::Theirs(_) => stage.about(package).join("instance/extract/lock"),
    };
    fs::create_dir_all(lock.parent().unwrap_or(&lock))?;
    fs::write(lock, text)
}

fn again(stage: &Stage<'_>, package: &Path) -> Command {
    let mut command = stage.command(package);
    command.env("FLAVOR_WORKENV_CACHE", "0");
    command
}

fn kill_again(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    stage.run(&package)?;
    let span = span(again(stage, &package))?;
    let mut words = Vec::new();
    for round in 0..12 {
        clear(stage)?;
        stage.run(&package)?;
        interrupt(stage, again(stage, &package), &package, "KILL", span * round / 12)?;
        words.push(stage.run(&package)?);
    }
    // Only an extraction cleans up, so that a warm start stays quick.
    again(stage, &package).output()?;
    Ok(format!("{}; {}", tally(&words), left_over(stage, &package)))
}

fn killed_upgrade(stage: &Stage<'_>) -> io::Result<String> {
    let first = stage.pack("one/app.psp", &Package::tree('A'))?;
    let second = stage.pack("two/app.psp", &Package::tree('B').version("2.0.0"))?;
    let span = span(stage.command(&second))?;
    let mut words = Vec::new();
    for round in 0..12 {
        clear(stage)?;
        stage.run(&first)?;
        interrupt(stage, stage.command(&second), &second, "KILL", span * round / 12)?;
        words.push(stage.run(&first)?);
    }
    again(stage, &first).output()?;
    Ok(format!("{}; {}", tally(&words), left_over(stage, &first)))
}

fn kill_first(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    let span = span(stage.command(&package))?;
    let mut words = Vec::new();
    let mut left = 0;
    for (name, count) in [("KILL", 10), ("TERM", 4), ("INT", 4)] {
        for moment in 0..count {
            clear(stage)?;
            interrupt(stage, stage.command(&package), &package, name, span * moment / count)?;
            words.push(stage.run(&package)?);
            left += stage.leftovers(&package);
        }
    }
    let left = if left == 0 { "nothing left over".to_owned() } else { format!("{left} left over") };
    Ok(format!("{}; {left}", tally(&words)))
}

fn lock_of_init(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    lay_lock(stage, &package, "1\n")?;
    stage.run(&package)
}

fn stopped_holder(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    let mut holder = spawn(stage.command(&package))?;
    if !begun(stage, &package, &mut holder)? {
        return Err(io::Error::other("the extraction was not seen to begin"));
    }
    signal(&holder, "STOP")?;
    let word = stage.run(&package);
    signal(&holder, "KILL")?;
    holder.wait()?;
    word
}

fn shared_volume(stage: &Stage<'_>) -> io::Result<String> {
    root()?;
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    let contained = || {
        let mut command = stage.command("unshare");
        command.args(["--pid", "--fork", "--mount-proc"]).arg(&package);
        command
    };
    let mut words = Vec::new();
    for _ in 0..5 {
        clear(stage)?;
        words.extend(together(stage, vec![contained(), contained()])?);
    }
    Ok(tally(&words))
}
