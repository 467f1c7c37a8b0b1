//! What is inside slots and metadata: bombs, members, links, odd entries.

use super::{
    Row,
    package::{Package, Slot, header},
    stage::{Stage, done},
};
use crate::sample::gzip;
use std::{io, process::Command};

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "S26",
        "A slot of 0.2 MB that decodes to 200 MB of zeros; memory needed",
        "refused 103; under 64 MB",
        bomb,
    )
    .known("ran; over 64 MB", "ran; over 64 MB"),
    Row::new("R39", "Metadata of 1.5 MB, then of 3 MB", "ran; refused 107", large_metadata)
        .known("refused 104; refused 104", "ran; ran"),
    Row::new("R40", "A gzip slot with two members", "both members or refused 103", two_members)
        .known("first member only", "both members"),
    Row::new(
        "R41",
        "Hard link, FIFO and contiguous file in an archive",
        "whole; refused 103; whole or whole; refused 103; refused 103",
        odd_entries,
    )
    .known("refused 104; empty file; whole", "dropped; dropped; dropped"),
    Row::new("R42", "A symbolic link in an archive", "ran", link_in_archive).known("refused 104", "refused 102"),
    Row::new(
        "R44",
        "The program writes where it is told to keep its state; the next version looks for it",
        "kept",
        state_after_upgrade,
    )
    .known("kept", "refused 104"),
];

/// Zeros that the bomb decodes to, in bytes.
const BOMB: &str = "200M";

fn bomb(stage: &Stage<'_>) -> io::Result<String> {
    let made = Command::new("sh").args(["-c", &format!("head -c {BOMB} /dev/zero | gzip -9n")]).output()?;
    let stored = done(made)?.stdout;
    let slot = Slot { operations: "gzip", ..Slot::new("zeros", "zeros", stored) };
    let package = stage.pack("app.psp", &Package::saying("ran").slot(slot))?;
    // The kernel's own count, which a look from outside could miss the peak of.
    let measure = concat!(
        "import resource, subprocess, sys\n",
        "code = subprocess.run(sys.argv[1:]).returncode\n",
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n",
        "sys.exit(code)"
    );
    let output = stage.command(stage.peer.python()).args(["-c", measure]).arg(package).output()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let kilobytes: u64 = text.lines().last().and_then(|line| line.parse().ok()).ok_or(io::Error::other(text))?;
    let memory = if kilobytes < 64 << 10 { "under 64 MB" } else { "over 64 MB" };
    Ok(format!("{}; {memory}", stage.word(&output)))
}

fn large_metadata(stage: &Stage<'_>) -> io::Result<String> {
    let mut words = Vec::new();
    for (name, size) in [("large.psp", 1_500_000), ("huge.psp", 3_000_000)] {
        let mut sample = Package::saying("ran").around(stage.launcher);
        // As different as text can be, so that nothing takes it for a bomb.
        let filler: String =
            (0..size / 8).map(|number: u32| format!("{:08x}", number.wrapping_mul(0x9e37_79b9))).collect();
        let json = sample.edited_json("\"format\"", &format!("\"filler\": \"{filler}\",\n  \"format\""));
        sample.store_signed_json(&json);
        words.push(stage.run(stage.install(name, &sample.bytes)?)?);
    }
    Ok(words.join("; "))
}

fn two_members(stage: &Stage<'_>) -> io::Result<String> {
    let members = [gzip(b"both "), gzip(b"members\n")].concat();
    let slot = Slot { operations: "gzip", ..Slot::new("text", "text", members) };
    let package = Package::running("cat \"${0%/*}/../text\"").slot(slot);
    let word = stage.run(stage.pack("app.psp", &package)?)?;
    Ok(if word.trim_end() == "both" { "first member only".to_owned() } else { word })
}

fn odd_entries(stage: &Stage<'_>) -> io::Result<String> {
    let kinds = [tar::EntryType::Link, tar::EntryType::Fifo, tar::EntryType::Continuous];
    let mut words = Vec::new();
    for kind in kinds {
        let mut archive = tar::Builder::new(Vec::new());
        let mut first = header(tar::EntryType::Regular, 4);
        archive.append_data(&mut first, "first", &b"text"[..])?;
        match kind {
            tar::EntryType::Link => archive.append_link(&mut header(kind, 0), "odd", "first")?,
            tar::EntryType::Fifo => archive.append_data(&mut header(kind, 0), "odd", io::empty())?,
            _ => archive.append_data(&mut header(kind, 4), "odd", &b"text"[..])?,
        }
        let body = concat!(
            "cd \"${0%/*}/..\"\n[ -e odd ] || { echo dropped; exit; }\n",
            "[ -f odd ] && [ -s odd ] && cmp -s odd first && { echo whole; exit; }\n",
            "[ -f odd ] && echo empty file || echo something else",
        );
        let package = Package::running(body).slot(Slot::archive("data", &archive.into_inner()?));
        let name = format!("odd{}.psp", words.len());
        words.push(stage.run(stage.pack(name, &package)?)?);
    }
    Ok(words.join("; "))
}

fn link_in_archive(stage: &Stage<'_>) -> io::Result<String> {
    let mut entries = tar::Builder::new(Vec::new());
    entries.append_data(&mut header(tar::EntryType::Regular, 4), "data/file", &b"ran\n"[..])?;
    entries.append_link(&mut header(tar::EntryType::Symlink, 0), "data/link", "file")?;
    let package = Package::running("cat \"${0%/*}/../data/link\"").slot(Slot::archive("data", &entries.into_inner()?));
    stage.run(stage.pack("app.psp", &package)?)
}

fn state_after_upgrade(stage: &Stage<'_>) -> io::Result<String> {
    // Where no placeholder says where to, the published launchers' programs write into the work environment.
    let body = concat!(
        "state=$1\n[ \"$state\" != '{state}' ] || state=$FLAVOR_WORKENV\n",
        "if [ -e \"$state/mine\" ]; then echo kept; elif [ \"$FIRST\" ]; then : >\"$state/mine\"; echo written; else echo lost; fi",
    );
    let package = Package::running(body).command("{workenv}/bin/app {state}");
    let first = stage.pack("app.psp", &package)?;
    let written = stage.word(&stage.command(&first).env("FIRST", "1").output()?);
    if written != "written" {
        return Ok(format!("first version: {written}"));
    }
    stage.run(stage.pack("app.psp", &package.version("2.0.0"))?)
}
