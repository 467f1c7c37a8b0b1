//! What `[[tool.flavor.slots]]` has besides the slots of a builder manifest.

use super::{
    cursor::{Cursor, with_suggestion},
    package::{SlotSpec, SourceBase},
    schema::keys,
    words,
};
use crate::diagnostic::Diagnostic;
use crate::file_patterns::FilePatterns;
use pspf_nostd::{digest::unhex, json::Json, operation::OperationChain};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Most files that a pattern may find: as many as a package can hold.
const MEMBERS_MAX: usize = 1_000_000;

/// Reads the rest of a slot; the reason where it is not packed.
pub(super) fn read(slot: &Cursor<'_>, spec: &mut SlotSpec, platform: &str, source: Option<PathBuf>) -> Option<String> {
    purpose(&slot.key("purpose"), spec);
    compression(slot, spec);
    let level = slot.key("compression_level").integer();
    spec.level = spec.level.or(level);
    for name in ["encryption", "key_source"] {
        if slot.key(name).string().is_some() {
            let problem = Diagnostic::error("manifest.refused", "there is no encryption that readers of packages know");
            slot.key(name).report(problem.hint("encrypt the file itself, and decrypt it in the program"));
        }
    }
    spec.checksum = checksum(&slot.key("checksum"));
    spec.python_path = slot.key("python_path").boolean() == Some(true);
    if spec.python_path && spec.lifecycle != "lazy" {
        let problem = Diagnostic::error("slot.lifecycle", "modules of slots are found in lazy ones only");
        let problem = problem.expected("`lifecycle = \"lazy\"` beside it").found(format!("{:?}", spec.lifecycle));
        slot.key("python_path").report(problem);
    }
    spec.size_hint = slot.key("size_hint").size();
    spec.extra.extend(spec.size_hint.map(|bytes| ("size_hint".to_owned(), Json::from(bytes))));
    spec.target = target(slot, spec).unwrap_or_default();
    if let Some(why_not) = self::platform(slot, spec, platform) {
        return Some(why_not);
    }
    if slot.key("optional").boolean() == Some(true) {
        spec.extra.push(("optional".to_owned(), true.into()));
        let source = source?;
        if !source.exists() && !is_pattern(&source.to_string_lossy()) {
            return Some("its source does not exist, and it is optional".to_owned());
        }
    }
    None
}

/// Reads `platform`; the reason where the slot is for another one than that of the package.
pub(super) fn platform(slot: &Cursor<'_>, spec: &mut SlotSpec, platform: &str) -> Option<String> {
    let place = slot.key("platform");
    let wanted = place.string();
    let other = wanted.filter(|wanted| !words::fits_platform(wanted, platform));
    if let Some(wanted) = wanted {
        let systems = keys::SYSTEMS;
        if !words::PLATFORMS.contains(&wanted) && !systems.contains(&wanted) {
            let problem = Diagnostic::error("slot.platform", "is not a platform").found(format!("{wanted:?}"));
            let known = words::PLATFORMS.iter().chain(systems).copied();
            place.report(with_suggestion(problem.expected(words::PLATFORMS.join(", ")), wanted, known));
        }
        spec.extra.push(("platform".to_owned(), wanted.into()));
    }
    other.map(|other| format!("it is for {other}, and the package for {platform}"))
}

/// The code's word goes where readers look for it, the manifest's own beside it.
fn purpose(place: &Cursor<'_>, spec: &mut SlotSpec) {
    match words::purpose(&spec.purpose) {
        Some(code) if code == spec.purpose => {}
        Some(code) => {
            let word = std::mem::replace(&mut spec.purpose, code.to_owned());
            spec.extra.push(("purpose_name".to_owned(), word.into()));
        }
        None => {
            let message = format!("{:?} is not a purpose that readers know; they take it for data", spec.purpose);
            let known = words::PURPOSES.iter().flat_map(|(_, words)| words.iter().copied());
            place.report(with_suggestion(Diagnostic::warning("slot.word", message), &spec.purpose, known));
            let word = std::mem::replace(&mut spec.purpose, "data".to_owned());
            spec.extra.push(("purpose_name".to_owned(), word.into()));
        }
    }
}

/// `compression = "zstd"`: the archive is added where the source is a directory.
fn compression(slot: &Cursor<'_>, spec: &mut SlotSpec) {
    let place = slot.key("compression");
    let Some(word) = place.word(&["none", "raw", "gzip", "bzip2", "xz", "zstd"]) else { return };
    if slot.key("operations").present() {
        let problem = Diagnostic::error("slot.compression", "contradicts or repeats `operations`");
        place.report(problem.expected("one of the two"));
    }
    let text = if word == "none" { "raw" } else { word };
    spec.operations = OperationChain::parse(text).ok().map(|chain| (text.to_owned(), chain));
}

fn checksum(place: &Cursor<'_>) -> Option<[u8; 32]> {
    let text = place.string()?;
    let bytes = text.strip_prefix("sha256:").and_then(|digits| unhex(&digits.to_ascii_lowercase()).ok());
    if bytes.is_none() {
        let problem = Diagnostic::error("slot.checksum", "is not a checksum").found(format!("{text:?}"));
        place.report(problem.expected("`sha256:` and 64 hexadecimal digits"));
    }
    bytes
}

/// Where the content goes: below the work environment, or with `{tmp}` below the directory of a start.
fn target(slot: &Cursor<'_>, spec: &mut SlotSpec) -> Option<String> {
    let places = [slot.key("extract_to"), slot.key("target")];
    let texts = [places[0].string(), places[1].string()];
    if let [Some(first), Some(second)] = texts
        && first != second
    {
        let problem = Diagnostic::error("slot.target", "contradicts `extract_to`").expected(format!("{first:?}"));
        places[1].report(problem.found(format!("{second:?}")));
    }
    let (place, text) = places.iter().zip(texts).find_map(|(place, text)| Some((place, text?)))?;
    let without = |name: &str| text.strip_prefix(name).map(|rest| rest.trim_start_matches('/'));
    let inside = if without("{home}").is_some() {
        let problem = Diagnostic::error("slot.target", "a package writes nothing into the user's home");
        place.report(
            problem.hint("lifecycle = \"config\" keeps files across versions, in the package's state directory"),
        );
        return None;
    } else if let Some(rest) = without("{cache}") {
        // At run time the placeholder stands for the directory of all packages.
        let problem = Diagnostic::error("slot.target", "`{cache}` is shared by all packages, and none writes into it");
        let hint = format!("\"{{workenv}}/{rest}\" is kept for as long as the package is in the cache");
        place.report(problem.found(format!("{text:?}")).hint(hint));
        return None;
    } else if let Some(rest) = without("{tmp}") {
        if !slot.key("lifecycle").present() {
            "temporary".clone_into(&mut spec.lifecycle);
        } else if !matches!(spec.lifecycle.as_str(), "temporary" | "startup" | "shutdown") {
            let problem = Diagnostic::error("slot.target", "`{tmp}` is there for one start only");
            place.report(problem.expected("lifecycle = \"temporary\" or \"startup\"").found(spec.lifecycle.clone()));
        }
        rest
    } else {
        without("{workenv}").unwrap_or(text)
    };
    if let Some(why) = words::unsafe_target(inside) {
        let problem =
            Diagnostic::error("slot.target", format!("{text:?} is not a path inside the work environment: {why}"));
        place.report(problem.expected("a relative path such as \"share/data.txt\""));
        return None;
    }
    let trimmed = inside.trim_end_matches('/');
    Some(if trimmed.is_empty() { ".".to_owned() } else { trimmed.to_owned() })
}

/// Decides where a source that is there goes, and completes its operations.
pub(super) fn place(spec: &mut SlotSpec, directory: bool) {
    let name = spec.source.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if spec.target.is_empty() {
        spec.target = if name.is_empty() || spec.members.is_some() { spec.id.clone() } else { name };
    }
    if !directory {
        return;
    }
    if let Some((text, chain)) = &spec.operations
        && !chain.is_tar()
    {
        let with_tar = if chain.is_raw() { "tar".to_owned() } else { format!("tar|{text}") };
        // The text was a chain of compressions before; one more operation in front is at worst too many, which packing reports.
        if let Ok(chain) = OperationChain::parse(&with_tar) {
            spec.operations = Some((chain.to_string(), chain));
        }
    }
    spec.member_mode = spec.permissions;
    // Launchers unpack archives at the root of the work environment: the place goes into the archive.
    spec.prefix = if spec.target == "." { String::new() } else { std::mem::take(&mut spec.target) };
    "{workenv}".clone_into(&mut spec.target);
}

/// Whether a source is a pattern.
pub(super) fn is_pattern(source: &str) -> bool {
    // `{workenv}` is not a choice between words.
    source.replace("{workenv}", "").contains(['*', '?', '[', '{'])
}

/// Finds the files of a pattern.
pub(super) fn find(at: &Cursor<'_>, source: &str, base: &SourceBase, spec: &mut SlotSpec) -> Option<()> {
    let first = source.split('/').position(is_pattern).unwrap_or_default();
    let parts: Vec<&str> = source.split('/').collect();
    let (fixed, pattern) = (parts.get(..first)?.join("/"), parts.get(first..)?.join("/"));
    let mut patterns = FilePatterns::default();
    if let Err(why) = patterns.add_exact(&pattern) {
        at.report(Diagnostic::error("slot.source", format!("is not a pattern: {why}")));
        return None;
    }
    let absolute = source.starts_with('/') && fixed.is_empty();
    let root = if absolute { PathBuf::from("/") } else { base.directory.join(&fixed) };
    let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
    let mut members = Vec::new();
    for entry in WalkDir::new(&root).min_depth(1).sort_by_file_name().into_iter().filter_map(Result::ok) {
        let relative = entry.path().strip_prefix(&root).map(Path::to_owned).unwrap_or_default();
        if !entry.file_type().is_dir() && patterns.matches(&relative) {
            members.push(relative);
        }
        if members.len() > MEMBERS_MAX {
            break;
        }
    }
    if members.is_empty() && spec.extra.iter().any(|(key, _)| key == "optional") {
        return None;
    }
    if members.is_empty() || members.len() > MEMBERS_MAX {
        let problem = Diagnostic::error("slot.source", format!("{source:?} finds {} files", members.len()));
        at.report(problem.expected(format!("1 to {MEMBERS_MAX}")));
        return None;
    }
    spec.source = root;
    spec.members = Some(members);
    place(spec, true);
    Some(())
}
