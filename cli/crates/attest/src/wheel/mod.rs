//! Wheels that are carried as files: held against what they say of themselves (PyPA, "Binary distribution format").

mod archive;

use archive::{Archive, Member};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use flavor_python::{normal_name, parse_metadata, record_path};
use pep440_rs::Version;
use pspf_nostd::{digest::StreamingSha256, limits::TAR_TOTAL_MAX};
use std::{collections::BTreeMap, fs::File, str::FromStr as _};

/// Most bytes of a `METADATA` that are read. Name and version are among its first lines; a long description follows them.
pub(crate) const METADATA_MAX: usize = 1 << 20;
/// Most bytes of a `RECORD` that are read: torch, with 12,000 files, has 1.1 MB.
pub(crate) const RECORD_MAX: usize = 16 << 20;
/// Longest name or version that is believed, in bytes; index servers refuse a fraction of it.
pub(crate) const NAME_MAX: usize = 256;

/// Most decoded bytes of all wheels of one slot: as much as the slot's own archive may hold.
pub(crate) const WHEELS_TOTAL_MAX: u64 = TAR_TOTAL_MAX;
/// Largest wheel that is looked into, in bytes: several times the largest that PyPI takes. It is in a temporary file meanwhile.
pub(crate) const WHEEL_MAX: u64 = 4 << 30;
/// Most faults of one wheel that are told apart; one is enough to distrust it.
const FAULTS_MAX: usize = 32;
/// What `RECORD` does not list: itself, and signatures of it.
const UNRECORDED: [&str; 3] = ["RECORD", "RECORD.jws", "RECORD.p7s"];

/// A wheel that was looked into.
#[derive(Debug, Default)]
pub struct Wheel {
    /// As `METADATA` names it, else the file's name; empty where neither does.
    pub name: String,
    /// Version, from the same place.
    pub version: String,
    /// Number of files in it.
    pub files: usize,
    /// What does not hold, at most 32 of it.
    pub faults: Vec<Fault>,
}

/// Something that does not hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which rule (docs/findings.md).
    pub rule: Rule,
    /// What was expected and what was found.
    pub message: String,
}

/// What a wheel promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It is one zip archive, the same for every reader.
    Zip,
    /// `RECORD` lists every file with its size and SHA-256.
    Record,
    /// Name and version of file, folder and `METADATA` are the same.
    Name,
}

impl Wheel {
    fn fault(&mut self, rule: Rule, message: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault { rule, message });
        }
    }
}

/// Looks into a wheel of `size` bytes whose file is called `file_name`. What it decodes to is taken off the `budget`, in bytes.
#[must_use]
pub(crate) fn examine(file: File, size: u64, file_name: &str, budget: &mut u64) -> Wheel {
    let mut wheel = Wheel::default();
    let named = named(file_name);
    match &named {
        Some((name, version)) => (wheel.name, wheel.version) = (name.clone(), version.clone()),
        None => wheel.fault(Rule::Name, "the file is not called NAME-VERSION-PYTHON-ABI-PLATFORM.whl".to_owned()),
    }
    let archive = match Archive::open(file, size, *budget) {
        Ok(archive) => archive,
        Err(refusal) => {
            wheel.fault(Rule::Zip, refusal);
            return wheel;
        }
    };
    *budget = archive.members.iter().fold(*budget, |left, member| left.saturating_sub(member.size));
    wheel.files = archive.members.len();
    match dist_info(&archive) {
        Ok(folder) => {
            metadata(&archive, &folder, &mut wheel);
            if let Some((name, version)) = &named {
                same(&mut wheel, "the file's name", name, version);
            }
            if let Some((name, version)) = folder.strip_suffix(".dist-info").and_then(|both| both.rsplit_once('-')) {
                same(&mut wheel, "the .dist-info folder", name, version);
            }
            record(&archive, &folder, &mut wheel);
        }
        Err(message) => wheel.fault(Rule::Name, message),
    }
    wheel
}

/// A wheel of more than [`WHEEL_MAX`] bytes, which is not looked into.
#[must_use]
pub(crate) fn too_large() -> Wheel {
    let mut wheel = Wheel::default();
    wheel.fault(Rule::Zip, format!("it has more than {WHEEL_MAX} bytes, and was not opened"));
    wheel
}

/// Name and version in `NAME-VERSION(-BUILD)-PYTHON-ABI-PLATFORM.whl`.
fn named(file_name: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = file_name.strip_suffix(".whl")?.split('-').collect();
    match parts.as_slice() {
        [name, version, _, _, _] | [name, version, _, _, _, _] if file_name.len() <= NAME_MAX => {
            Some(((*name).to_owned(), (*version).to_owned()))
        }
        _ => None,
    }
}

/// The one `.dist-info` folder.
fn dist_info(archive: &Archive) -> Result<String, String> {
    let tops = archive.members.iter().filter_map(|member| member.path.split_once('/')).map(|(top, _)| top);
    let mut tops: Vec<&str> = tops.filter(|top| top.ends_with(".dist-info")).collect();
    tops.sort_unstable();
    tops.dedup();
    match tops.as_slice() {
        [one] => Ok((*one).to_owned()),
        all => Err(format!("it has {} .dist-info folders, a wheel has one", all.len())),
    }
}

fn metadata(archive: &Archive, folder: &str, wheel: &mut Wheel) {
    // A long description follows the headers, and does not count.
    let text = match text(archive, &format!("{folder}/METADATA"), METADATA_MAX) {
        Ok((text, _)) => text,
        Err(message) => return wheel.fault(Rule::Name, message),
    };
    let read = parse_metadata(&text, String::new());
    let is_short = |text: &str| !text.is_empty() && text.len() <= NAME_MAX;
    if is_short(&read.name) && is_short(&read.version) {
        (wheel.name, wheel.version) = (read.name, read.version);
    } else {
        wheel.fault(Rule::Name, "its METADATA has no Name or no Version".to_owned());
    }
}

fn same(wheel: &mut Wheel, place: &str, name: &str, version: &str) {
    // Builders escape the `+` of local versions and the `-` of old ones as `_`.
    let escaped = |text: &str| text.replace(['-', '+'], "_");
    let readable = Version::from_str(&version.replacen('_', "+", 1));
    let same_version = match (readable, Version::from_str(&wheel.version)) {
        (Ok(a), Ok(b)) => a == b,
        _ => escaped(version) == escaped(&wheel.version),
    };
    if normal_name(name) != normal_name(&wheel.name) || !same_version {
        let message = format!("its METADATA is of {} {}, {place} of {name} {version}", wheel.name, wheel.version);
        wheel.fault(Rule::Name, message);
    }
}

/// A text of at most `max` bytes, and whether that is all of it.
fn text(archive: &Archive, path: &str, max: usize) -> Result<(String, bool), String> {
    let member = archive.members.iter().find(|member| member.path == path);
    let member = member.ok_or_else(|| format!("it has no {path}"))?;
    let mut held = Vec::new();
    archive.read(member, &mut |piece| {
        let left = max.saturating_sub(held.len());
        held.extend_from_slice(piece.get(..left).unwrap_or(piece));
    })?;
    let whole = u64::try_from(held.len()).is_ok_and(|held| held == member.size);
    Ok((String::from_utf8_lossy(&held).into_owned(), whole))
}

/// Every file against its line, and every line against the files.
fn record(archive: &Archive, folder: &str, wheel: &mut Wheel) {
    let text = match text(archive, &format!("{folder}/RECORD"), RECORD_MAX) {
        Ok((text, true)) => text,
        Ok((_, false)) => return wheel.fault(Rule::Record, format!("its RECORD has more than {RECORD_MAX} bytes")),
        Err(message) => return wheel.fault(Rule::Record, message),
    };
    let mut lines = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let (field, path) = record_path(line);
        let rest = line.get(field.len()..).and_then(|rest| rest.strip_prefix(',')).unwrap_or_default();
        if lines.insert(path, rest).is_some() {
            wheel.fault(Rule::Record, format!("RECORD lists `{}` twice", record_path(line).1));
        }
    }
    for member in &archive.members {
        let line = lines.remove(&member.path);
        let file = member.path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        if file.is_some_and(|file| UNRECORDED.contains(&file)) {
            // Decoded all the same where it was not yet: it has to be what the list of the archive says.
            if let Err(refusal) = archive.read(member, &mut |_| ()) {
                wheel.fault(Rule::Zip, refusal);
            }
            continue;
        }
        compare(archive, member, line, wheel);
    }
    for path in lines.keys() {
        wheel.fault(Rule::Record, format!("RECORD lists `{path}`, and there is no such file"));
    }
}

fn compare(archive: &Archive, member: &Member, line: Option<&str>, wheel: &mut Wheel) {
    let mut hasher = StreamingSha256::new();
    if let Err(refusal) = archive.read(member, &mut |piece| hasher.update(piece)) {
        return wheel.fault(Rule::Zip, refusal);
    }
    let Some(line) = line else {
        return wheel.fault(Rule::Record, format!("`{}` is not listed in RECORD", member.path));
    };
    let found = format!("sha256={}", Base64UrlUnpadded::encode_string(hasher.finish().as_bytes()));
    let (digest, size) = line.split_once(',').unwrap_or((line, ""));
    if digest != found {
        let stated = if digest.starts_with("sha256=") { digest } else { "no SHA-256" };
        wheel.fault(Rule::Record, format!("`{}` is {found}, RECORD says {stated}", member.path));
    } else if !size.is_empty() && size != member.size.to_string() {
        let message = format!("`{}` has {} bytes, RECORD says {size:?}", member.path, member.size);
        wheel.fault(Rule::Record, message);
    }
}

#[cfg(test)]
mod tests;
