//! `[tool.flavor.security]`, `.features`, `.metadata` and `.launchers`.

use super::{cursor::Cursor, variable_text, words};
use crate::diagnostic::Diagnostic;
use pspf_nostd::json::Json;
use std::path::{Path, PathBuf};

/// How the package is signed, where options and variables do not say.
#[derive(Clone, Debug, Default)]
pub struct SecuritySettings {
    /// Private key file.
    pub private_key: Option<PathBuf>,
    /// Public key file.
    pub public_key: Option<PathBuf>,
    /// Seed of the key.
    pub key_seed: Option<String>,
    /// Fingerprints, lower case; the signing key must be one of them if there are any.
    pub allowed_signers: Vec<String>,
}

/// Reads `[tool.flavor.security]` and `build.seed`.
#[must_use]
pub fn security(flavor: &Cursor<'_>, directory: &Path) -> SecuritySettings {
    let security = flavor.key("security");
    let _ = security.entries();
    let _ = security.key("algorithm").word(&["ed25519"]);
    only_true(&security.key("require_signature"), "every package is signed, and its launcher refuses one that is not");
    let integrity = security.key("integrity");
    let _ = integrity.entries();
    for name in ["verify_checksums", "verify_slots", "strict_slot_validation"] {
        only_true(&integrity.key(name), "checksums and slots are always verified");
    }
    let _ = integrity.key("checksum_algorithm").word(&["sha256"]);
    let path = |name: &str| security.key(name).required_if_present("a file").map(|path| directory.join(path));
    let seeds = [security.key("key_seed"), flavor.keys(&["build", "seed"])];
    let texts: Vec<Option<String>> = seeds
        .iter()
        .map(|seed| {
            let _ = seed.required_if_present("a text");
            variable_text::string(seed).filter(|text| !text.is_empty())
        })
        .collect();
    for (place, text) in seeds.iter().zip(&texts) {
        let in_file = place.node.is_some_and(|node| matches!(node.origin, super::document::Origin::Text));
        if in_file && text.is_some() && place.string().is_some_and(|text| !text.contains("${")) {
            let problem = Diagnostic::warning("security.seed", "is in the manifest: anyone who can read it can sign");
            place.report(problem.hint("write \"${NAME}\" and set the variable where packages are made"));
        }
    }
    let from_variable =
        |place: &Cursor<'_>| place.node.is_some_and(|node| matches!(node.origin, super::document::Origin::Variable(_)));
    let outweighing = seeds.iter().position(from_variable).unwrap_or_default();
    let mut texts = texts;
    texts.rotate_left(outweighing);
    SecuritySettings {
        private_key: path("private_key_path"),
        public_key: path("public_key_path"),
        key_seed: texts.into_iter().flatten().next(),
        allowed_signers: security.key("allowed_signers").items().iter().filter_map(fingerprint).collect(),
    }
}

/// The variables that the text of a manifest names as seeds, also where something else outweighs them.
#[must_use]
pub fn seed_variables<'a>(flavor: &Cursor<'a>) -> Vec<&'a str> {
    let conditions = flavor.key("conditions");
    let conditional = conditions.table_entries().iter().map(|entry| conditions.key(&entry.key));
    let tables = [flavor.clone()].into_iter().chain(conditional);
    let seeds = tables.flat_map(|table| [table.keys(&["security", "key_seed"]), table.keys(&["build", "seed"])]);
    seeds.filter_map(|seed| seed.string()).flat_map(variable_text::names).collect()
}

fn only_true(place: &Cursor<'_>, why: &str) {
    if place.boolean() == Some(false) {
        let problem = Diagnostic::error("manifest.refused", format!("cannot be turned off: {why}"));
        place.report(problem.expected("true, or no such key").found("false"));
    }
}

fn fingerprint(place: &Cursor<'_>) -> Option<String> {
    let text = place.required_string("a fingerprint")?;
    let digits = text.strip_prefix("SHA256:").or_else(|| text.strip_prefix("sha256:")).unwrap_or(text);
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let problem = Diagnostic::error("security.fingerprint", "is not a fingerprint").found(format!("{text:?}"));
        place.report(problem.expected("`SHA256:` and 64 hexadecimal digits, as `flavor keygen` prints them"));
        return None;
    }
    Some(digits.to_ascii_lowercase())
}

/// What the switches of `[tool.flavor.features]` change.
#[derive(Clone, Copy, Debug, Default)]
pub struct Features {
    /// Small packages.
    pub optimize_size: bool,
    /// Fast packing.
    pub optimize_speed: bool,
}

/// Reads `[tool.flavor.features]`.
#[must_use]
pub fn features(features: &Cursor<'_>) -> Features {
    let _ = features.entries();
    let refused = [
        ("experimental_compression", true, "there is none: name a slot's compression in its `operations`"),
        ("parallel_extraction", false, "the launcher decides by itself how many slots it extracts at a time"),
        (
            "memory_mapping",
            true,
            "the launcher reads its file, so that one that is cut short meanwhile is an error and not a crash",
        ),
    ];
    for (name, value, why) in refused {
        if features.key(name).boolean() == Some(value) {
            let problem = Diagnostic::error("manifest.refused", format!("{value} cannot be had: {why}"));
            features.key(name).report(problem.expected(format!("{}, or no such key", !value)).found(value.to_string()));
        }
    }
    let switch = |name: &str| features.key(name).boolean().unwrap_or(false);
    let found = Features { optimize_size: switch("optimize_size"), optimize_speed: switch("optimize_speed") };
    if found.optimize_size && found.optimize_speed {
        let problem = Diagnostic::error("features.contradiction", "contradicts `optimize_size`");
        features.key("optimize_speed").report(problem.expected("one of the two"));
    }
    found
}

/// Reads `[tool.flavor.metadata]`: further keys of the metadata's `build`, and the top-level `custom`.
#[must_use]
pub fn metadata(metadata: &Cursor<'_>) -> (Vec<(String, Json)>, Option<Json>) {
    let _ = metadata.entries();
    let text = |name: &str| {
        let place = metadata.key(name);
        let _ = place.required_if_present("a text");
        variable_text::string(&place).map(|text| (name.to_owned(), Json::from(text)))
    };
    let build = ["builder", "build_host"].into_iter().filter_map(text).collect();
    let custom = metadata.key("custom");
    let custom = if custom.entries().is_empty() { None } else { variable_text::json(&custom) };
    (build, custom)
}

/// The launcher that the manifest names for a platform.
#[must_use]
pub fn launcher(launchers: &Cursor<'_>, directory: &Path, platform: &str) -> Option<PathBuf> {
    let mut found = None;
    for launcher in launchers.items() {
        let place = launcher.key("platform");
        let _ = place.required_string("a platform");
        let word = place.word(words::PLATFORMS);
        let binary = launcher.key("binary").required_string("the file of a launcher");
        if word == Some(platform) {
            found = binary.map(|path| directory.join(path));
        }
    }
    found
}
