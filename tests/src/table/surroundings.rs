//! File systems, directories, names and users that are not what a launcher hopes for.

use super::{
    Row,
    package::{Package, Slot},
    stage::{STRANGER, Stage, USER},
};
use std::{
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, chown},
    },
    path::Path,
    process::Command,
};

pub(super) const ROWS: &[Row] = &[
    Row::new("R20", "Warm cache on a read-only mount", "ran", read_only_warm).known("refused 106", "ran"),
    Row::new("R21", "Cold, and the cache is on a read-only mount", "ran or refused 106", read_only_cold)
        .known("refused 106", "refused 106"),
    Row::new("R22", "The package on a read-only mount", "ran", read_only_package).known("ran", "ran"),
    Row::new("R23", "The cache on a mount without exec", "ran or refused 104", no_exec)
        .known("refused 106", "refused 104"),
    Row::new("R24", "HOME unset, empty, a directory that is not there", "ran; ran; ran", no_home)
        .known("ran; ran; ran", "ran; ran; ran"),
    Row::new("R25", "Not UTF-8: variable, argument, HOME, the package's directory", "ran; ran; ran; ran", not_utf8)
        .known("crashed 101; crashed 101; crashed 101; crashed 101", "ran; ran; refused 106; ran"),
    Row::new("R26", "A blank in the cache's path, in HOME, in the package's name", "ran; ran; ran", blanks)
        .known("refused 106; refused 106; refused 106", "refused 106; refused 106; refused 106"),
    Row::new("R27", "A home with a cache that another user owns", "ran", foreign_cache)
        .known("refused 104", "refused 104"),
    Row::new(
        "R28",
        "A package that others may execute but not read, started by one of them",
        "refused 106",
        unreadable,
    )
    .known("refused 106", "refused 104"),
    Row::new(
        "R33",
        "File mode masks 000 and 777; then files that all may write to",
        "ran; ran; none open to others",
        masks,
    )
    .known("ran; refused 106; * open to others", "ran; refused 104; * open to others"),
    Row::new(
        "R34",
        "A file size limit in the middle of extracting, then none",
        "refused 103; ran or refused 106; ran",
        file_size_limit,
    )
    .known("killed by signal 25; ran", "refused 103; ran"),
    Row::new("R35", "At most 6 descriptors; at most 64 MB of address space", "ran; ran", few_resources)
        .known("ran; ran", "crashed 2; crashed 2"),
];

fn plain(stage: &Stage<'_>) -> io::Result<std::path::PathBuf> {
    stage.pack("app.psp", &Package::saying("ran"))
}

fn in_mounts(stage: &Stage<'_>, script: &str, package: &Path) -> io::Result<String> {
    Ok(stage.word(&stage.mounts(script, package)?.output()?))
}

fn read_only_warm(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    stage.run(&package)?;
    in_mounts(stage, "mount --bind \"$C\" \"$C\" && mount -o remount,ro,bind \"$C\" && exec \"$P\"", &package)
}

fn read_only_cold(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    fs::create_dir(stage.cache())?;
    let script = concat!(
        "mount --bind \"$C\" \"$C\" && mount -o remount,ro,bind \"$C\" || exit 9\n",
        "unset FLAVOR_CACHE_DIR; XDG_CACHE_HOME=$C exec \"$P\""
    );
    in_mounts(stage, script, &package)
}

fn read_only_package(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("media/app.psp", &Package::saying("ran"))?;
    in_mounts(
        stage,
        "mount --bind \"$T/media\" \"$T/media\" && mount -o remount,ro,bind \"$T/media\" && exec \"$P\"",
        &package,
    )
}

fn no_exec(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    let script = concat!(
        "mkdir \"$C\" && mount -t tmpfs -o noexec tmpfs \"$C\" || exit 9\n",
        "unset FLAVOR_CACHE_DIR; XDG_CACHE_HOME=$C exec \"$P\""
    );
    in_mounts(stage, script, &package)
}

fn all(stage: &Stage<'_>, commands: Vec<Command>) -> io::Result<String> {
    let words = commands.into_iter().map(|mut command| Ok(stage.word(&command.output()?)));
    Ok(words.collect::<io::Result<Vec<_>>>()?.join("; "))
}

fn no_home(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    let with = |home: Option<&OsStr>| {
        let mut command = stage.command(&package);
        command.env_remove("FLAVOR_CACHE_DIR").env_remove("HOME").envs(home.map(|home| ("HOME", home)));
        command
    };
    all(stage, vec![with(None), with(Some(OsStr::new(""))), with(Some(stage.path("absent/home").as_os_str()))])
}

fn not_utf8(stage: &Stage<'_>) -> io::Result<String> {
    let odd = OsStr::from_bytes(b"\xff\xfe \x80");
    let package = plain(stage)?;
    let elsewhere = stage.pack(Path::new(odd).join("app.psp"), &Package::saying("ran"))?;
    let mut variable = stage.command(&package);
    variable.env("ODD", odd);
    let mut argument = stage.command(&package);
    argument.arg(odd);
    let mut home = stage.command(&package);
    home.env_remove("FLAVOR_CACHE_DIR").env("HOME", stage.path(odd));
    all(stage, vec![variable, argument, home, stage.command(elsewhere)])
}

fn blanks(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    let named = stage.pack("an app.psp", &Package::saying("ran"))?;
    let mut cache = stage.command(&package);
    cache.env("FLAVOR_CACHE_DIR", stage.path("a cache"));
    let mut home = stage.command(&package);
    home.env_remove("FLAVOR_CACHE_DIR").env("HOME", stage.path("a home"));
    all(stage, vec![cache, home, stage.command(named)])
}

fn foreign_cache(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    let owner = stage.as_user(USER, &package)?.output()?;
    if stage.word(&owner) != "ran" {
        return Ok(format!("for its owner: {}", stage.word(&owner)));
    }
    let mut other = stage.as_user(STRANGER, &package)?;
    other.env("HOME", stage.path(format!("home-{USER}")));
    all(stage, vec![other])
}

fn unreadable(stage: &Stage<'_>) -> io::Result<String> {
    let package = plain(stage)?;
    fs::set_permissions(&package, fs::Permissions::from_mode(0o711))?;
    all(stage, vec![stage.as_user(USER, &package)?])
}

fn masks(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::tree('A'))?;
    let mut words = Vec::new();
    for mask in ["000", "777"] {
        let home = stage.path(format!("home-{USER}/{mask}"));
        let mut command = stage.as_user(USER, Path::new("/bin/sh"))?;
        fs::create_dir(&home)?;
        chown(&home, Some(USER), Some(USER))?;
        command.args(["-c", "umask \"$0\" && exec \"$1\"", mask]).arg(&package);
        words.push(stage.word(&command.env("HOME", home).output()?));
    }
    let mut find = Command::new("find");
    let open = find.arg(stage.path(format!("home-{USER}"))).args(["!", "-type", "l", "-perm", "/o+w"]).output()?;
    let open = String::from_utf8_lossy(&open.stdout).lines().count();
    words.push(if open == 0 { "none open to others".to_owned() } else { format!("{open} open to others") });
    Ok(words.join("; "))
}

fn file_size_limit(stage: &Stage<'_>) -> io::Result<String> {
    let package = Package::saying("ran").slot(Slot::new("large", "large", vec![b'x'; 1 << 20]));
    let package = stage.pack("app.psp", &package)?;
    let limited = stage.shell("ulimit -f 200; exec \"$P\"", &package);
    all(stage, vec![limited, stage.command(&package)])
}

fn few_resources(stage: &Stage<'_>) -> io::Result<String> {
    // A shell needs more descriptors than that to read a script.
    let program = Slot { permissions: "0755", ..Slot::new("app", "bin/app", fs::read("/bin/echo")?) };
    let files = Package::tree('A').slots.split_off(1);
    let package = Package { slots: [vec![program], files].concat(), ..Package::saying("ran") };
    let package = stage.pack("app.psp", &package.command("{workenv}/bin/app ran"))?;
    let mut commands = Vec::new();
    for (name, limit) in [("few", "-n 6"), ("small", "-v 65536")] {
        // What this process has inherited does not count.
        let closed = "exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-";
        let mut command = stage.shell(&format!("{closed}; ulimit {limit}; exec \"$P\""), &package);
        command.env("FLAVOR_CACHE_DIR", stage.path(OsString::from(name)));
        commands.push(command);
    }
    all(stage, commands)
}
