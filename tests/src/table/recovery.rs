//! Failures in the middle, and what the next start makes of them.

use super::{
    Maker, Row,
    package::Package,
    stage::{Stage, unsupported},
};
use serde_json::json;
use std::{
    fs::{self, File, FileTimes},
    io,
    process::Command,
};

pub(super) const ROWS: &[Row] = &[
    Row::new("R5", "A setup command that fails, twice, then does not", "refused 104; refused 104; ran", failing_setup).known("refused 104; refused 104; ran", "refused 104; ran; ran"),
    Row::new("R6", "The work environment deleted by its user", "ran", deleted_workenv).known("refused 106", "ran"),
    Row::new("R7", "The record of the extraction empty, as after a crash", "ran", torn_record).known("ran", "refused 104"),
    Row::new("R8", "Disk full while extracting, then space", "refused 103; ran or refused 106; ran", full_disk).known("refused 102; ran", "refused 103; ran"),
    Row::new("R9", "Out of inodes while extracting, then not", "refused 103; ran or refused 106; ran", out_of_inodes).known("refused 102; ran", "refused 103; ran"),
    Row::new(
        "R10",
        "Is every file synced before the tree is published; if not: does the first start of the next boot notice files that a power cut has emptied",
        "synced or ran",
        power_cut,
    )
.known("partial tree", "partial tree"),
];

fn failing_setup(stage: &Stage<'_>) -> io::Result<String> {
    let flag = stage.path("may-work");
    let command = format!("/usr/bin/test -e {}", flag.display());
    let extra = json!({"setup_commands": [{"type": "execute", "command": command}]});
    let package = stage.pack("app.psp", &Package::saying("ran").extra(extra))?;
    let mut words = vec![stage.run(&package)?, stage.run(&package)?];
    fs::write(flag, "")?;
    words.push(stage.run(&package)?);
    Ok(words.join("; "))
}

fn deleted_workenv(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    stage.run(&package)?;
    fs::remove_dir_all(stage.workenv(&package)?)?;
    stage.run(&package)
}

fn torn_record(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    stage.run(&package)?;
    let record = match stage.maker {
        Maker::Ours => stage.record(&package)?,
        Maker::Theirs(_) => stage.about(&package).join("instance/package.checksum"),
    };
    fs::write(record, "")?;
    stage.run(&package)
}

/// Starts in a small file system, enlarges it, starts again.
fn small_then_large(stage: &Stage<'_>, small: &str, large: &str) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    let script = format!(
        concat!(
            "mkdir -p \"$C\" && mount -t tmpfs -o {} tmpfs \"$C\" || exit 9\n",
            "\"$P\" || echo \"code $?\"\nmount -o remount,{} \"$C\" || exit 9\n\"$P\" || echo \"code $?\""
        ),
        small, large
    );
    Ok(stage.lines(&stage.mounts(&script, &package)?.output()?))
}

fn full_disk(stage: &Stage<'_>) -> io::Result<String> {
    small_then_large(stage, "size=1m", "size=64m")
}

fn out_of_inodes(stage: &Stage<'_>) -> io::Result<String> {
    small_then_large(stage, "size=64m,nr_inodes=40", "size=64m,nr_inodes=4000")
}

fn power_cut(stage: &Stage<'_>) -> io::Result<String> {
    if !Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success()) {
        return Err(unsupported("strace, which shows what is synced, is not installed"));
    }
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    let calls = stage.path("calls");
    let mut start = stage.command("strace");
    start.args(["-f", "-e", "trace=fsync,fdatasync,syncfs,sync_file_range,sync", "-o"]).arg(&calls).arg(&package);
    start.output()?;
    let calls = fs::read_to_string(calls)?;
    let count = |name: &str| calls.matches(name).count();
    if count("syncfs(") + count(" sync(") > 0 || count("fsync(") + count("fdatasync(") > super::package::FILES {
        return Ok("synced".to_owned());
    }
    // Data that was not written yet is lost, names and times may be there: the program is whole, the rest is empty.
    for entry in fs::read_dir(stage.workenv(&package)?.join("data"))? {
        let file = File::options().write(true).open(entry?.path())?;
        let modified = file.metadata()?.modified()?;
        file.set_len(0)?;
        file.set_times(FileTimes::new().set_modified(modified))?;
    }
    // The machine is up again: the kernel names another boot.
    fs::write(stage.path("boot"), "00000000-0000-4000-8000-000000000000\n")?;
    let script = "mount --bind \"$T/boot\" /proc/sys/kernel/random/boot_id && exec \"$P\"";
    Ok(stage.word(&stage.mounts(script, &package)?.output()?))
}
