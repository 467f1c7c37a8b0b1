//! What a process is started with: its file, directory, descriptors and name.

use super::{Row, package::Package, stage::Stage};
use std::{fs, io, os::unix::fs::symlink, path::Path};

pub(super) const ROWS: &[Row] = &[
    Row::new("R29", "/proc is not mounted", "ran", no_proc).known("refused 106", "refused 106"),
    Row::new("R30", "The package unlinked, then replaced by another, at the moment of its start", "ran; ran", unlinked)
        .known("refused 106; refused 106", "refused 106; ran the other one"),
    Row::new("R31", "The current directory is deleted", "ran", no_directory).known("refused 106", "refused 106"),
    Row::new("R32", "Closed input, output, error output, all three; output to /dev/full", "ran 5 of 5", closed)
        .known("ran 5 of 5", "ran 5 of 5"),
    Row::new("R38", "The program is a script without `#!`", "ran or refused 104", bare_script)
        .known("refused 102", "refused 104"),
    Row::new("R43", "Started through a link of another name; the program's name for itself", "alias", alias)
        .known("app.psp", "alias"),
];

fn plain(stage: &Stage<'_>) -> io::Result<std::path::PathBuf> {
    stage.pack("app.psp", &Package::saying("ran"))
}

fn no_proc(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    let output = stage.mounts("mount -t tmpfs tmpfs /proc && exec \"$P\"", &package)?.output()?;
    Ok(stage.word(&output))
}

fn unlinked(stage: &Stage<'_>) -> io::Result<String> {
    let mut words = Vec::new();
    stage.pack("other.psp", &Package::saying("ran the other one"))?;
    for step in ["rm \"$P\"", "mv \"$T/other.psp\" \"$P\""] {
        let _ = fs::remove_dir_all(stage.cache());
        let package = plain(stage)?;
        // The kernel has the file open, its name is gone.
        let script = format!("exec 3<\"$P\"; {step}; exec /proc/self/fd/3");
        words.push(stage.word(&stage.shell(&script, &package).output()?));
    }
    Ok(words.join("; "))
}

fn no_directory(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    let script = "mkdir gone && cd gone && rmdir ../gone && exec \"$P\"";
    Ok(stage.word(&stage.shell(script, &package).output()?))
}

fn closed(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    let mark = stage.path("mark");
    let mut words = Vec::new();
    for streams in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full"] {
        let _ = fs::remove_dir_all(stage.cache());
        let script = format!("exec \"$P\" {streams}");
        let output = stage.shell(&script, &package).env("MARK", &mark).output()?;
        words.push(if fs::remove_file(&mark).is_ok() { "ran".to_owned() } else { stage.word(&output) });
    }
    Ok(super::stage::tally(&words))
}

fn bare_script(stage: &Stage<'_>) -> io::Result<String> {
    let mut package = Package::saying("ran");
    package.slots[0].stored = b"echo ran\n".to_vec();
    stage.run(stage.pack("app.psp", &package)?)
}

fn alias(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::running("echo \"$FLAVOR_COMMAND_NAME\""))?;
    let link = stage.path("alias");
    symlink(Path::new(package.file_name().unwrap_or_default()), &link)?;
    stage.run(link)
}
