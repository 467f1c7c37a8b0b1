//! Keys of `[tool.flavor]` that the published documents promise and this program does not implement yet.
//!
//! They are named one by one, so that nobody relies on a key that does nothing.

use super::cursor::Cursor;
use crate::problem::Problem;

/// Paths under `tool.flavor`; everything below a path is meant as well.
pub const KEYS: &[&str] = &[
    "python_version",
    "python",
    "description",
    "type",
    "platforms",
    "metadata.builder",
    "metadata.build_host",
    "metadata.custom",
    "execution.command",
    "execution.args",
    "execution.working_directory",
    "execution.timeout",
    "execution.min_memory",
    "execution.max_memory",
    "execution.max_cpu_percent",
    "execution.runtime_env",
    "build",
    "hooks",
    "runtime",
    "launchers",
    "security",
    "conditions",
    "features",
    "policy",
];

/// Keys of `[[tool.flavor.slots]]` of the same kind.
pub const SLOT_KEYS: &[&str] =
    &["platform", "optional", "size_hint", "checksum", "compression", "compression_level", "encryption", "key_source"];

/// Warns about each key that is there and does nothing.
pub fn warn(flavor: &Cursor<'_>) {
    for path in KEYS {
        let keys: Vec<&str> = path.split('.').collect();
        let Some((last, parents)) = keys.split_last() else { continue };
        ignored(&flavor.keys(parents), last);
    }
    let slots = flavor.key("slots");
    for slot in slots.items() {
        SLOT_KEYS.iter().for_each(|key| ignored(&slot, key));
    }
}

/// The first words of the paths with this prefix: keys that the caller must not call unknown.
#[must_use]
pub fn names(prefix: &str) -> Vec<&'static str> {
    KEYS.iter().filter_map(|path| path.strip_prefix(prefix)).filter(|rest| !rest.contains('.')).collect()
}

fn ignored(parent: &Cursor<'_>, key: &str) {
    if let Some(entry) = parent.node.and_then(|node| node.entries().iter().find(|entry| entry.key == key)) {
        parent.on_key(entry, Problem::warning("manifest.not_implemented", "not implemented yet, ignored"));
    }
}
