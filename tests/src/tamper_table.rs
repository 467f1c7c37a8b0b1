//! Every small damage to a package of every profile, and which of them a verifier accepts.

use crate::{
    base::{self, Base},
    sample::Sample,
    tamper::{Edit, Repair},
};
use pspf_nostd::{
    descriptor,
    index::{FIELDS, Field},
    report::{Coverage, Integrity, Protection},
    verify::{Scope, TrustedKeys, verify_slice},
};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    hash::{DefaultHasher, Hash, Hasher},
    thread,
};

/// A launcher of a few bytes: the packages stay small enough to be damaged everywhere.
const LAUNCHER: &[u8] = b"#!/bin/sh\nexit 99 # a stand-in\n";
/// So many bytes are cut out or put in at once.
const LENGTHS: [usize; 3] = [1, 8, 4096];

/// Where edits begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offsets {
    /// At every byte.
    All,
    /// At every byte but those in the middle of long runs of zeros, which are all alike.
    Distinct,
}

/// What became of the edits of one package.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What kind of package it is.
    pub name: &'static str,
    /// What a verifier says of it undamaged.
    pub state: Integrity,
    /// Its length in bytes.
    pub size: usize,
    /// How many damaged files were verified.
    pub files: usize,
    /// Those that were accepted, by place, kind of edit and repair: how many, and why.
    pub accepted: BTreeMap<(String, &'static str, &'static str), (usize, String)>,
    /// Accepted edits of bytes that the undamaged package's report calls authenticated: there must be none.
    pub wrong: Vec<String>,
}

/// The packages: name and bytes.
#[must_use]
pub fn packages() -> Vec<(&'static str, Sample)> {
    // What `--compat` packs: sealed, too, in operations that the published launchers know.
    let compat = base::sealed(LAUNCHER, |plan| {
        "tar.gz".clone_into(&mut plan.slots[1].operations);
        "flavor-rs-launcher".clone_into(&mut plan.launcher_tool);
    });
    vec![
        ("sealed", Base::Sealed.package(LAUNCHER)),
        ("sealed, --compat", compat),
        ("Python builder", Base::Python.package(LAUNCHER)),
        ("Rust builder", Base::Rust.package(LAUNCHER)),
        ("Go builder", Base::Go.package(LAUNCHER)),
    ]
}

/// Damages all packages, each on a thread of its own.
///
/// # Panics
/// Where a package is not sound undamaged.
#[must_use]
pub fn run(offsets: Offsets) -> Vec<Outcome> {
    thread::scope(|scope| {
        let packages = packages().into_iter();
        let threads: Vec<_> =
            packages.map(|(name, sample)| scope.spawn(move || damage(name, &sample, offsets))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a package is judged")).collect()
    })
}

fn damage(name: &'static str, sample: &Sample, offsets: Offsets) -> Outcome {
    let sound = verify_slice(&sample.bytes, Scope::Content, TrustedKeys::default()).report;
    assert!(sound.proves(Integrity::Intact), "{name}: {:?}", sound.findings);
    let size = sample.bytes.len();
    let mut outcome =
        Outcome { name, state: sound.state, size, files: 0, accepted: BTreeMap::new(), wrong: Vec::new() };
    // One and the same file comes from many edits: of zeros among zeros, for instance.
    let mut judged: HashMap<u64, bool> = HashMap::new();
    for at in (0..=size).filter(|at| offsets == Offsets::All || is_distinct(sample, *at)) {
        for (kind, edit) in edits(&sample.bytes, at) {
            for (repair, said) in Repair::ALL.into_iter().zip(["nothing", "checksums", "everything"]) {
                let Some(file) = edit.apply(sample, repair) else { continue };
                if file == sample.bytes {
                    continue;
                }
                outcome.files += 1;
                let mut hasher = DefaultHasher::new();
                file.hash(&mut hasher);
                if !*judged.entry(hasher.finish()).or_insert_with(|| is_accepted(&file)) {
                    continue;
                }
                let part = covering(&sound.coverage, at);
                let place = place(sample, part, at);
                if part.is_none_or(|part| part.class == Protection::Authenticated) {
                    outcome.wrong.push(format!("{name}: byte {at}, {place}, {kind}, {said} put right"));
                }
                let reason = part.map(|part| part.reason.clone().into_owned()).unwrap_or_default();
                outcome.accepted.entry((place, kind, said)).or_insert((0, reason)).0 += 1;
            }
        }
    }
    outcome
}

fn is_accepted(file: &[u8]) -> bool {
    let accepted = |scope| verify_slice(file, scope, TrustedKeys::default()).report;
    accepted(Scope::Head).state != Integrity::Broken && accepted(Scope::Content).proves(Integrity::Intact)
}

/// Whether a byte is not in the middle of a long run of zeros in one field.
fn is_distinct(sample: &Sample, at: usize) -> bool {
    let around = at.saturating_sub(8)..sample.bytes.len().min(at + 9);
    let index = sample.trailer() + 4;
    let edge = |field: &Field| [index + field.offset, index + field.offset + field.size - 1].contains(&at);
    sample.bytes[around].iter().any(|byte| *byte != 0) || FIELDS.iter().any(edge)
}

/// The edits at one place.
fn edits(bytes: &[u8], at: usize) -> Vec<(&'static str, Edit)> {
    let mut edits = Vec::new();
    if let Some(&byte) = bytes.get(at) {
        let mut values = vec![byte ^ 1, byte ^ 0x80, 0, 0xff];
        values.sort_unstable();
        values.dedup();
        values.retain(|value| *value != byte);
        edits.extend(values.into_iter().map(|value| ("changed", Edit { at, cut: 1, put: vec![value] })));
    }
    for length in LENGTHS {
        if at + length <= bytes.len() {
            edits.push(("cut out", Edit { at, cut: length, put: Vec::new() }));
        }
        edits.push(("zeros put in", Edit::insert(at, &vec![0; length])));
        edits.push(("others put in", Edit::insert(at, &noise(at, length))));
    }
    edits
}

/// Bytes without a pattern, the same in each run.
fn noise(seed: usize, length: usize) -> Vec<u8> {
    let mut state = u64::try_from(seed).unwrap_or(0) ^ 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

fn covering(coverage: &[Coverage], at: usize) -> Option<&Coverage> {
    let at = u64::try_from(at).ok()?;
    coverage.iter().find(|part| part.range.start <= at && at < part.range.end)
}

/// What a byte is called: the part of the report, with the field in it.
fn place(sample: &Sample, part: Option<&Coverage>, at: usize) -> String {
    let Some(part) = part else { return "the end".to_owned() };
    let (table, metadata, index) = (sample.table(), sample.metadata(), sample.trailer() + 4);
    if table.contains(&at) {
        let column = (at - table.start) % descriptor::DESCRIPTOR_SIZE;
        let name = descriptor::FIELDS.iter().find(|(_, bytes)| bytes.contains(&column)).map_or("", |(name, _)| *name);
        return format!("slot table, {name}");
    }
    if metadata.contains(&at) {
        let header = metadata.start..metadata.start + 10;
        return if header.contains(&at) { "metadata, gzip header" } else { "metadata, compressed data" }.to_owned();
    }
    let field = at.checked_sub(index).and_then(|at| {
        FIELDS.iter().find(|field| (field.offset..field.offset + field.size).contains(&at)).map(|field| field.name)
    });
    field.map_or_else(|| part.part.clone(), |field| format!("index, {field}"))
}

/// The page with all that was accepted.
#[must_use]
pub fn markdown(outcomes: &[Outcome]) -> String {
    let mut page = String::from(INTRODUCTION);
    for outcome in outcomes {
        let accepted: usize = outcome.accepted.values().map(|(count, _)| count).sum();
        let state = format!("{:?}", outcome.state).to_lowercase();
        let _ = writeln!(
            page,
            "| {} | {state} | {} | {} | {} | {accepted} |",
            outcome.name,
            outcome.size,
            outcome.files,
            outcome.files - accepted
        );
    }
    page.push_str(ACCEPTED);
    for line in outcomes.iter().flat_map(accepted) {
        page.push_str(&line);
        page.push('\n');
    }
    page
}

/// The rows of what was accepted of one package.
#[must_use]
pub fn accepted(outcome: &Outcome) -> Vec<String> {
    let row = |((place, kind, repair), (count, reason)): (&(String, &'static str, &'static str), &(usize, String))| {
        format!("| {} | {place} | {kind} | {repair} | {count} | {reason} |", outcome.name)
    };
    outcome.accepted.iter().map(row).collect()
}

const INTRODUCTION: &str = "\
# What small damage is accepted

Small packages of each kind were damaged at every byte: set to other values (lowest and highest bit flipped, 0, 255), 1, 8 and 4096 bytes cut
out, and as many zeros and other bytes put in. Each damaged file was verified as it is, with the checksums that nobody signed put right, and,
where its length changed in front of the trailer, with every unsigned offset, length and checksum put right. Nothing of a sealed package may be
accepted; of the others only what the coverage map does not call authenticated. Made by
`cargo run -p pspf-tests --bin tamper-table -- --write`; a test holds it. Here the middle of long runs of zeros within one field is left out,
for its bytes are all alike; `--all` leaves nothing out, takes many minutes, and must accept the same.

| package | undamaged | bytes | damaged files | refused | accepted |
|---|---|---|---|---|---|
";

const ACCEPTED: &str = "
## Accepted

The launcher in packages of the Go builder is not signed: whoever replaces it decides what runs, which is why they are only *intact*. Nothing else
here changes what runs. The reasons are those of the coverage map.

| package | where | edit | put right | files | why |
|---|---|---|---|---|---|
";
