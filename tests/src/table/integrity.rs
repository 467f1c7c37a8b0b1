//! Packages and caches that were changed by somebody without the publisher's key.

use super::{
    Row,
    package::Package,
    stage::{Stage, unsupported},
};
use crate::{
    base::Base,
    sample::{Sample, gzip},
};
use pspf_nostd::index;
use std::{fs, io, path::Path, process::Command, thread, time::Duration};

pub(super) const ROWS: &[Row] = &[
    Row::new("H0", "A slot's bytes replaced and the table's checksum of them put right", "refused 107", replaced_slot)
        .known("evil", "evil"),
    Row::new(
        "S1",
        "A byte of the launcher patched; started, then verified",
        "refused 107; verify fails",
        patched_launcher,
    )
    .known("ran; verify passes", "ran; verify passes"),
    Row::new("S2", "A slot made setuid in the (unsigned) slot table", "refused 107", setuid_in_table)
        .known("ran, setuid file made", "ran"),
    Row::new("S4", "The index's digests of SBOM and policy zeroed", "refused 107", zeroed_digests).known("ran", "ran"),
    Row::new(
        "S5",
        "Another package of the same size under the same name; then one with the same Adler-32, too",
        "two; refused 107",
        equal_adler,
    )
    .known("two; one", "refused 104; one"),
    Row::new("S6", "The extracted program edited", "ran", edited_program)
        .known("ran the edited file", "ran the edited file"),
    Row::new(
        "S7",
        "A slot's byte flipped while the cache is warm; started, then verified",
        "refused 107; verify fails",
        warm_flip,
    )
    .known("refused 107; verify fails", "ran; verify fails"),
    Row::new("S8", "An evil package exchanged for a good one between two looks at it", "refused 107", exchanged)
        .known("evil", "refused 104"),
    Row::new("S13", "Keys in the signed metadata twice, and in another case", "refused 107; refused 107", doubled_keys)
        .known("refused 104; ran", "evil; refused 104"),
    Row::new("S27", "Metadata, then a slot, of 2^40 bytes", "refused 107; refused 107", huge_sizes)
        .known("refused 104; refused 104", "crashed 2; crashed 2"),
];

const GOOD: &str = "ran";
const EVIL: &str = "evil";

/// Bytes of the descriptor's permissions.
const PERMISSIONS: usize = 62;
/// Bytes of the descriptor's size.
const SIZE: usize = 24;

fn sample(stage: &Stage<'_>, word: &str) -> Sample {
    Package::saying(word).around(stage.launcher)
}

/// `verify` of the launcher in front of a package, as a word.
fn verify(stage: &Stage<'_>, package: &Path) -> io::Result<&'static str> {
    let output = stage.command(package).env("FLAVOR_LAUNCHER_CLI", "1").arg("verify").output()?;
    Ok(if output.status.success() { "verify passes" } else { "verify fails" })
}

fn replaced_slot(stage: &Stage<'_>) -> io::Result<String> {
    let mut sample = sample(stage, GOOD);
    let script = String::from_utf8_lossy(&sample.bytes[sample.slot(0)]).replace("echo ran\n", "echo evil");
    sample.replace_slot(0, script.as_bytes());
    sample.fix_slot_checksum(0);
    stage.run(stage.install("app.psp", &sample.bytes)?)
}

fn patched_launcher(stage: &Stage<'_>) -> io::Result<String> {
    let mut sample = sample(stage, GOOD);
    // The last byte of the ELF identification is padding that nobody reads.
    sample.flip(15);
    let package = stage.install("app.psp", &sample.bytes)?;
    Ok(format!("{}; {}", stage.run(&package)?, verify(stage, &package)?))
}

fn setuid_in_table(stage: &Stage<'_>) -> io::Result<String> {
    use std::os::unix::fs::PermissionsExt;
    let mut sample = sample(stage, GOOD);
    sample.set_row(0, PERMISSIONS, &0o6755_u16.to_le_bytes());
    let package = stage.install("app.psp", &sample.bytes)?;
    let word = stage.run(&package)?;
    let program = stage.workenv(&package).and_then(|workenv| fs::metadata(workenv.join("bin/app")));
    let setuid = program.is_ok_and(|program| program.permissions().mode() & 0o6000 != 0);
    Ok(if setuid { format!("{word}, setuid file made") } else { word })
}

fn zeroed_digests(stage: &Stage<'_>) -> io::Result<String> {
    let mut sample = Base::Python.package(stage.launcher);
    sample.set(index::SBOM_DIGEST, &[0; 64]);
    sample.set(index::POLICY_HASH, &[0; 64]);
    stage.run(stage.install("app.psp", &sample.bytes)?)
}

fn equal_adler(stage: &Stage<'_>) -> io::Result<String> {
    let first = sample(stage, "one");
    let mut second = sample(stage, "two");
    if first.bytes.len() != second.bytes.len() {
        return Err(io::Error::other("the packages differ in size"));
    }
    stage.run(stage.install("app.psp", &first.bytes)?)?;
    let honest = stage.run(stage.install("app.psp", &second.bytes)?)?;
    fs::remove_dir_all(stage.cache())?;
    stage.run(stage.install("app.psp", &first.bytes)?)?;
    forge_adler(&mut second, &first.bytes[first.field(index::CHECKSUM)]);
    let forged = stage.run(stage.install("app.psp", &second.bytes)?)?;
    Ok(format!("{honest}; {forged}"))
}

/// Fills reserved bytes of the index so that its Adler-32 becomes `wanted` (RFC 1950 §8.2).
fn forge_adler(sample: &mut Sample, wanted: &[u8]) {
    const MODULUS: usize = 65_521;
    // Reserved bytes that are moved between; enough for twice the modulus.
    const ROOM: usize = 6_000;
    let half = |bytes: &[u8], at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let found = sample.bytes[sample.field(index::CHECKSUM)].to_vec();
    let sum = (half(wanted, 0) + MODULUS - half(&found, 0)) % MODULUS + MODULUS;
    let weighted = (half(wanted, 2) + MODULUS - half(&found, 2)) % MODULUS;
    let start = sample.field(index::RESERVED).start;
    // What a byte adds to the second sum for each unit: the number of bytes from it to the end.
    let end = sample.field(index::VERSION).start + index::INDEX_SIZE;
    let weight = |at: usize| end - start - at;
    // Units at the end of the room, then moved towards its start until the second sum fits.
    let mut bytes = vec![0_u8; ROOM];
    let mut rest = sum;
    for byte in bytes.iter_mut().rev() {
        *byte = u8::try_from(rest.min(200)).expect("at most 200");
        rest -= usize::from(*byte);
    }
    let now: usize = bytes.iter().enumerate().map(|(at, byte)| usize::from(*byte) * weight(at)).sum();
    let mut missing = (weighted + MODULUS - now % MODULUS) % MODULUS;
    for from in (0..ROOM).rev() {
        if missing == 0 {
            break;
        }
        let distance = missing.min(from);
        let to = from - distance;
        if bytes[from] == 0 || bytes[to] > 200 {
            continue;
        }
        bytes[from] -= 1;
        bytes[to] += 1;
        missing -= distance;
    }
    sample.put(start, &bytes);
    sample.fix_adler();
    assert_eq!(&sample.bytes[sample.field(index::CHECKSUM)], wanted, "the Adler-32 is the wanted one");
}

fn edited_program(stage: &Stage<'_>) -> io::Result<String> {
    let package = stage.install("app.psp", &sample(stage, GOOD).bytes)?;
    stage.run(&package)?;
    stage.install(stage.workenv(&package)?.join("bin/app"), b"#!/bin/sh\necho ran the edited file\n")?;
    stage.run(&package)
}

fn warm_flip(stage: &Stage<'_>) -> io::Result<String> {
    let mut sample = sample(stage, GOOD);
    stage.run(stage.install("app.psp", &sample.bytes)?)?;
    sample.flip(sample.slot(0).start + 2);
    let package = stage.install("app.psp", &sample.bytes)?;
    Ok(format!("{}; {}", stage.run(&package)?, verify(stage, &package)?))
}

fn exchanged(stage: &Stage<'_>) -> io::Result<String> {
    if !Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success()) {
        return Err(unsupported("strace, which slows the looks down, is not installed"));
    }
    let good = sample(stage, GOOD);
    // The evil one has the good one's key, but nothing that it signed: other metadata, other slot.
    let mut evil = good.clone();
    let script = String::from_utf8_lossy(&evil.bytes[evil.slot(0)]).replace("echo ran\n", "echo evil");
    evil.replace_slot(0, script.as_bytes());
    evil.fix_slot_checksum(0);
    evil.store_json(&good.edited_json("1.0.0", "6.6.6"));
    let package = stage.install("app.psp", &evil.bytes)?;
    let other = stage.install("good.psp", &good.bytes)?;
    let mut command = stage.command("strace");
    command
        .args(["-f", "-o", "/dev/null", "-e", "trace=open,openat", "-P"])
        .arg(&package)
        .args(["-P", "/proc/self/exe"]);
    command.args(["-e", "inject=open,openat:delay_enter=1000000:when=3+"]).arg(&package);
    let command = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn()?;
    thread::sleep(Duration::from_millis(700));
    fs::rename(other, package)?;
    Ok(stage.word(&command.wait_with_output()?))
}

fn doubled_keys(stage: &Stage<'_>) -> io::Result<String> {
    let mut words = Vec::new();
    for key in ["execution", "Execution"] {
        let mut sample = sample(stage, GOOD);
        let command = format!("\"{key}\": {{\"command\": \"/bin/echo {EVIL}\"}},\n  \"format\"");
        let json = sample.edited_json("\"format\"", &command);
        sample.store_signed_json(&json);
        words.push(stage.run(stage.install("first.psp", &sample.bytes)?)?);
        // The other order: the last one wins in some readers.
        let json = String::from_utf8_lossy(&sample.json()).trim_end().trim_end_matches('}').to_owned();
        let json = format!("{json}, \"{key}\": {{\"command\": \"/bin/echo {EVIL}\"}}}}");
        sample.store_metadata(&gzip(json.as_bytes()));
        sample.sign(json.as_bytes());
        words.push(stage.run(stage.install("last.psp", &sample.bytes)?)?);
    }
    words.dedup();
    if words.len() == 1 {
        words.push(words[0].clone());
    }
    Ok(words.join("; "))
}

fn huge_sizes(stage: &Stage<'_>) -> io::Result<String> {
    let mut metadata = sample(stage, GOOD);
    metadata.set_word(index::METADATA_SIZE, 1 << 40);
    let mut slot = sample(stage, GOOD);
    slot.set_row_word(0, SIZE, 1 << 40);
    let run = |name: &str, sample: &Sample| stage.run(stage.install(name, &sample.bytes)?);
    Ok(format!("{}; {}", run("metadata.psp", &metadata)?, run("slot.psp", &slot)?))
}
