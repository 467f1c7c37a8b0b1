//! A launcher that stays, as the parent of the program.

use super::{Row, package::Package, stage::Stage};
use std::{
    fs, io,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "R36",
        "A parent launcher gets TERM, then, in another run, KILL; what becomes of the program",
        "told and ended; ended",
        signalled,
    )
    .known("orphaned; orphaned", "orphaned; orphaned"),
    Row::new(
        "R37",
        "The program of a parent launcher is killed by signal 9; how the launcher ends",
        "signal 9 or exit 137",
        killed_child,
    )
    .known("exit 1", "exit 255"),
];

/// Longest wait for something that happens in well under a second.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an orphan is given to end.
const GRACE: Duration = Duration::from_secs(2);

/// Starts a package as a child of its launcher and waits for the first line of the file `own`: the program's process id.
fn start(stage: &Stage<'_>, package: &Path) -> io::Result<(Child, u32)> {
    let own = stage.path("own");
    let _ = fs::remove_file(&own);
    let mut command = stage.command(package);
    command.env("FLAVOR_EXEC_MODE", "spawn").env("OWN", &own).stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn()?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(id) = fs::read_to_string(&own).ok().and_then(|text| text.strip_suffix('\n')?.parse().ok()) {
            return Ok((child, id));
        }
        thread::sleep(Duration::from_millis(5));
    }
    Err(io::Error::other("the program did not start"))
}

fn kill(name: &str, id: u32) -> io::Result<()> {
    Command::new("kill").args([&format!("-{name}"), &id.to_string()]).output().map(drop)
}

/// Whether a process ends, by itself and soon.
fn ends(id: u32) -> bool {
    let start = Instant::now();
    while start.elapsed() < GRACE {
        // A zombie has ended; who should wait for it is not the question here.
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}

fn signalled(stage: &Stage<'_>) -> io::Result<String> {
    let body = concat!(
        "trap 'echo told >\"$OWN.told\"; exit 0' TERM\necho $$ >\"$OWN.new\"; mv \"$OWN.new\" \"$OWN\"\n",
        "while :; do sleep 0.1; done"
    );
    let package = stage.pack("app.psp", &Package::running(body))?;
    let mut words = Vec::new();
    for name in ["TERM", "KILL"] {
        let (mut launcher, program) = start(stage, &package)?;
        if launcher.id() == program {
            kill("KILL", program)?;
            launcher.wait()?;
            return Ok("no parent stays".to_owned());
        }
        kill(name, launcher.id())?;
        launcher.wait()?;
        let ended = ends(program);
        if !ended {
            kill("KILL", program)?;
        }
        let told = stage.path("own.told").exists() && name == "TERM";
        words.push(match (told, ended) {
            (true, true) => "told and ended",
            (false, true) => "ended",
            (true, false) => "told, goes on",
            (false, false) => "orphaned",
        });
    }
    Ok(words.join("; "))
}

fn killed_child(stage: &Stage<'_>) -> io::Result<String> {
    let body = "echo $$ >\"$OWN.new\"; mv \"$OWN.new\" \"$OWN\"\nwhile :; do sleep 0.1; done";
    let package = stage.pack("app.psp", &Package::running(body))?;
    let (mut launcher, program) = start(stage, &package)?;
    kill("KILL", program)?;
    let status = launcher.wait()?;
    if launcher.id() == program {
        return Ok("no parent stays".to_owned());
    }
    Ok(match (status.signal(), status.code()) {
        (Some(signal), _) => format!("signal {signal}"),
        (None, code) => format!("exit {}", code.unwrap_or_default()),
    })
}
