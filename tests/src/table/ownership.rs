//! Other people's directories and links where a launcher writes, and packages that write where they should not.

use super::{
    Maker, Row,
    package::{Package, Slot},
    stage::{STRANGER, Stage, USER, done},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "H6",
        "No HOME, and another user was first at the fallback directory; started by root and by a user",
        "refused 106; refused 106 or ran; ran",
        squatted,
    )
    .known("ran evil; refused 104", "ran evil; ran evil"),
    Row::new(
        "S20",
        "The work environment is a link to another directory",
        "refused 106; victim untouched or ran; victim untouched",
        linked_workenv,
    )
    .known("ran; victim changed", "ran; victim changed"),
    Row::new(
        "S21",
        "`bin` in the work environment is a link to another directory",
        "ran; victim untouched",
        linked_bin,
    )
    .known("ran; victim untouched", "ran; victim changed"),
    Row::new("S22", "The launcher's own record is a link to another file", "ran; victim untouched", linked_record)
        .known("ran; victim changed", "ran; victim changed"),
    Row::new(
        "H9",
        "The program is not in the package, then: extracted, but deleted; one of its name is on PATH",
        "refused 104; ran",
        missing_program,
    )
    .known("ran what is on PATH; ran what is on PATH", "ran what is on PATH; ran what is on PATH"),
    Row::new(
        "H10",
        "A slot's id climbs out of the work environment, its target is empty",
        "refused 107; nothing outside",
        climbing_id,
    )
    .known("refused 106; nothing outside", "ran; wrote outside"),
    Row::new(
        "S23",
        "An init slot's id climbs out to a directory; setup removes init slots",
        "refused 107; victim untouched",
        climbing_init,
    )
    .known("ran; victim untouched", "ran; victim changed"),
    Row::new(
        "S24",
        "Setup writes a file, then makes a directory, outside",
        "refused 104; refused 104; nothing outside",
        setup_outside,
    )
    .known("ran; ran; wrote outside", "refused 106; refused 104; nothing outside"),
    Row::new(
        "S25",
        "Files called `...psp`, `..psp` and `.psp`",
        "ran; ran; ran; all in places of their own",
        dotted_names,
    )
    .known("ran; refused 106; ran; in the cache's own directories", "ran; ran; ran; in the cache's own directories"),
];

/// A directory that must stay as it is.
struct Victim(PathBuf);

impl Victim {
    fn new(stage: &Stage<'_>) -> io::Result<Self> {
        let path = stage.path("victim");
        fs::create_dir_all(path.join("bin"))?;
        stage.install(path.join("bin/app"), b"#!/bin/sh\necho ran the victim\n")?;
        fs::write(path.join("keep"), "keep")?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(Self(path))
    }

    fn state(&self) -> &'static str {
        let kept = fs::read(self.0.join("keep")).is_ok_and(|text| text == b"keep")
            && fs::read(self.0.join("bin/app")).is_ok_and(|text| text == b"#!/bin/sh\necho ran the victim\n")
            && fs::metadata(&self.0).is_ok_and(|found| found.permissions().mode() & 0o777 == 0o755)
            && files(&self.0, &[]).len() == 3;
        if kept { "victim untouched" } else { "victim changed" }
    }
}

/// Everything below a directory but for some places, as paths.
fn files(directory: &Path, but: &[&Path]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let Ok(entries) = fs::read_dir(directory) else { return found };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if but.contains(&path.as_path()) {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path, but));
        }
        found.insert(path);
    }
    found
}

fn squatted(stage: &Stage<'_>) -> io::Result<String> {
    let mut words = Vec::new();
    for victim in [0, USER] {
        let package = stage.pack("app.psp", &Package::saying("ran"))?;
        let mut attacker = stage.as_user(STRANGER, &package)?;
        match stage.maker {
            Maker::Ours => attacker.env("FLAVOR_CACHE_DIR", stage.path(format!("tmp/flavor-{victim}"))),
            Maker::Theirs(_) => attacker.env_remove("HOME"),
        };
        done(attacker.output()?)?;
        // What the attacker may do to files of their own.
        done(
            Command::new("find")
                .arg(stage.path("tmp"))
                .args([
                    "-path",
                    "*/bin/app",
                    "-exec",
                    "sh",
                    "-c",
                    "printf '#!/bin/sh\necho ran evil\n' >\"$1\"",
                    "sh",
                    "{}",
                    ";",
                ])
                .output()?,
        )?;
        done(Command::new("chmod").args(["-R", "a+rwX"]).arg(stage.path("tmp")).output()?)?;
        let mut start = if victim == 0 { stage.command(&package) } else { stage.as_user(victim, &package)? };
        words.push(stage.word(&start.env_remove("HOME").env_remove("FLAVOR_CACHE_DIR").output()?));
        fs::remove_dir_all(stage.path("tmp"))?;
        fs::create_dir(stage.path("tmp"))?;
        fs::set_permissions(stage.path("tmp"), fs::Permissions::from_mode(0o1777))?;
    }
    Ok(words.join("; "))
}

fn linked_workenv(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::saying("ran"))?;
    let victim = Victim::new(stage)?;
    stage.run(&package)?;
    let workenv = stage.workenv(&package)?;
    fs::remove_dir_all(stage.cache())?;
    fs::create_dir_all(stage.workenvs())?;
    symlink(&victim.0, workenv)?;
    Ok(format!("{}; {}", stage.run(&package)?, victim.state()))
}

fn linked_bin(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::saying("ran"))?;
    let victim = Victim::new(stage)?;
    stage.run(&package)?;
    let bin = stage.workenv(&package)?.join("bin");
    fs::remove_dir_all(&bin)?;
    symlink(victim.0.join("bin"), bin)?;
    fs::remove_file(stage.record(&package)?)?;
    Ok(format!("{}; {}", stage.run(&package)?, victim.state()))
}

fn linked_record(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.pack("app.psp", &Package::saying("ran"))?;
    let victim = Victim::new(stage)?;
    stage.run(&package)?;
    let record = match stage.maker {
        Maker::Ours => stage.record(&package)?,
        Maker::Theirs(_) => stage.about(&package).join("package/psp.json"),
    };
    fs::remove_file(&record)?;
    symlink(victim.0.join("keep"), record)?;
    let again = stage.command(&package).env("FLAVOR_WORKENV_CACHE", "0").output()?;
    Ok(format!("{}; {}", stage.word(&again), victim.state()))
}

fn missing_program(stage: &Stage<'_>) -> io::Result<String> {
    let elsewhere = stage.install("elsewhere/app", b"#!/bin/sh\necho ran what is on PATH\n")?;
    stage.install("elsewhere/absent", b"#!/bin/sh\necho ran what is on PATH\n")?;
    let path = format!("{}:/usr/bin:/bin", elsewhere.with_file_name("").display());
    let run =
        |package: &Path| -> io::Result<String> { Ok(stage.word(&stage.command(package).env("PATH", &path).output()?)) };
    let absent = run(&stage.pack("absent.psp", &Package::saying("ran").command("{workenv}/bin/absent"))?)?;
    let _ = fs::remove_dir_all(stage.cache());
    let package = stage.pack("app.psp", &Package::saying("ran"))?;
    run(&package)?;
    fs::remove_file(stage.workenv(&package)?.join("bin/app"))?;
    Ok(format!("{absent}; {}", run(&package)?))
}

/// Whether anything but the work environments has come into the scratch directory.
fn outside(stage: &Stage<'_>, before: &BTreeSet<PathBuf>, package: &Path) -> &'static str {
    let mut within = vec![stage.about(package)];
    let entries = fs::read_dir(stage.workenvs()).map(|entries| entries.filter_map(Result::ok).collect::<Vec<_>>());
    within.extend(entries.unwrap_or_default().into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()));
    let (cache, workenvs) = (stage.cache(), stage.workenvs());
    within.extend([stage.cache().join("workenv").join(".locks")]);
    let within: Vec<_> = within.iter().map(PathBuf::as_path).collect();
    let mut now = files(&stage.path(""), &within);
    now.remove(&cache);
    now.remove(&workenvs);
    if now == *before { "nothing outside" } else { "wrote outside" }
}

fn climbing_id(stage: &Stage<'_>) -> io::Result<String> {
    let mut sample = Package::saying("ran").slot(Slot::new("PLACE", "TARGET", "text")).around(stage.launcher);
    let json = String::from_utf8_lossy(&sample.edited_json("\"PLACE\"", "\"x/../../../../../outside\"")).into_owned();
    sample.store_signed_json(json.replace("\"TARGET\"", "\"\"").as_bytes());
    let package = stage.install("app.psp", &sample.bytes)?;
    let before = files(&stage.path(""), &[]);
    let word = stage.run(&package)?;
    Ok(format!("{word}; {}", outside(stage, &before, &package)))
}

fn climbing_init(stage: &Stage<'_>) -> io::Result<String> {
    let victim = Victim::new(stage)?;
    let init = Slot { lifecycle: "init", ..Slot::new("PLACE", "note", "text") };
    let package = Package::saying("ran").slot(init);
    let mut sample =
        package.extra(json!({"setup_commands": [{"type": "execute", "command": "/bin/true"}]})).around(stage.launcher);
    let json = sample.edited_json("\"PLACE\"", "\"../../../victim\"");
    sample.store_signed_json(&json);
    let word = stage.run(stage.install("app.psp", &sample.bytes)?)?;
    Ok(format!("{word}; {}", victim.state()))
}

fn setup_outside(stage: &Stage<'_>) -> io::Result<String> {
    let file = stage.path("escaped-file");
    let extras: [Value; 2] = [
        json!({"setup_commands": [{"type": "write_file", "path": file, "content": "escaped"}]}),
        json!({"workenv": {"directories": [{"path": "{workenv}/../../../escaped-directory", "mode": "0700"}]}}),
    ];
    let mut words = Vec::new();
    for (number, extra) in extras.into_iter().enumerate() {
        let package = stage.pack(format!("app{number}.psp"), &Package::saying("ran").extra(extra))?;
        words.push(stage.run(package)?);
    }
    let escaped = file.exists()
        || stage.path("escaped-directory").exists()
        || stage.cache().join("../escaped-directory").exists();
    words.push(if escaped { "wrote outside" } else { "nothing outside" }.to_owned());
    Ok(words.join("; "))
}

fn dotted_names(stage: &Stage<'_>) -> io::Result<String> {
    let mut words = Vec::new();
    let mut at_home = true;
    for name in ["...psp", "..psp", ".psp"] {
        let package = stage.pack(format!("in/{name}"), &Package::running("echo ran\necho \"$0\""))?;
        let output = stage.command(&package).output()?;
        words.push(stage.word(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Some(program) = text.lines().nth(1) {
            // <cache>/workenv/NAME/bin/app, with nothing of it to be taken back.
            let place = Path::new(program).parent().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
            at_home &= place.parent() == Some(stage.workenvs().as_path()) && !program.contains("/../");
        }
        let _ = fs::remove_dir_all(stage.cache());
    }
    words.push(if at_home { "all in places of their own" } else { "in the cache's own directories" }.to_owned());
    Ok(words.join("; "))
}
