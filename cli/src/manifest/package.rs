//! What a manifest says, whatever it is written in: the input of packing.

use pspf_nostd::{json::Json, metadata::RuntimeEnv, operation::OperationChain};
use std::path::PathBuf;

/// A package to be made of files.
#[derive(Clone, Debug, Default)]
pub struct PackageSpec {
    /// Name; safe as a file name.
    pub name: String,
    /// Version.
    pub version: String,
    /// One sentence about it.
    pub description: Option<String>,
    /// Command line with placeholders.
    pub command: String,
    /// Variables for the program, with placeholders, in the order of the manifest.
    pub env: Vec<(String, String)>,
    /// What happens to the caller's environment.
    pub runtime_env: RuntimeEnv,
    /// The slots.
    pub slots: Vec<SlotSpec>,
    /// Further top-level keys of the metadata, as they will stand there.
    pub extra: Vec<(String, Json)>,
}

/// One slot to be made.
#[derive(Clone, Debug)]
pub struct SlotSpec {
    /// The manifest's name for it in messages, like `slots[2]`.
    pub place: String,
    /// Identifier.
    pub id: String,
    /// File or directory.
    pub source: PathBuf,
    /// How the source is called in the metadata; never a path of this machine.
    pub label: String,
    /// Where the content goes.
    pub target: String,
    /// Operations that the manifest asks for; none where it leaves them to us.
    pub operations: Option<(String, OperationChain)>,
    /// Compression level that the manifest asks for.
    pub level: Option<i64>,
    /// Purpose word.
    pub purpose: String,
    /// Lifecycle word.
    pub lifecycle: String,
    /// Unix mode bits, where the manifest states them.
    pub permissions: Option<u16>,
}
