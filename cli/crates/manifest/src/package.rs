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
    /// Keys of the metadata's `package` besides these.
    pub package_extra: Vec<(String, Json)>,
    /// Keys of the metadata's `build` besides what every package has.
    pub build_extra: Vec<(String, Json)>,
    /// Keys of the metadata's `execution` besides command and environment.
    pub execution_extra: Vec<(String, Json)>,
    /// Variables for the program, with placeholders, in the order of the manifest.
    pub env: Vec<(String, String)>,
    /// What happens to the caller's environment.
    pub runtime_env: RuntimeEnv,
    /// The slots.
    pub slots: Vec<SlotSpec>,
    /// Slots that are left out, each with the reason.
    pub left_out: Vec<String>,
    /// Further top-level keys of the metadata, as they will be there.
    pub extra: Vec<(String, Json)>,
}

/// Where the sources of slots are looked for.
#[derive(Clone, Debug)]
pub struct SourceBase {
    /// The manifest's directory, to which relative sources are relative.
    pub directory: PathBuf,
    /// What `{workenv}` in a source stands for.
    pub workenv: PathBuf,
    /// Whether the commands of `hooks.pre_build` have still to run: they may make what is not there yet.
    pub before_hooks: bool,
}

/// One slot to be made.
#[derive(Clone, Debug, Default)]
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
    /// Mode bits of all files of a directory; none for 0644, or 0755 where a file can be executed.
    pub member_mode: Option<u16>,
    /// Directory in the archive that the content goes into; empty for its root.
    pub prefix: String,
    /// Files of a source that is a pattern, relative to `source`; none where the source is a file or a whole directory.
    pub members: Option<Vec<PathBuf>>,
    /// Whether its modules can be imported.
    pub python_path: bool,
    /// What the source's SHA-256 must be.
    pub checksum: Option<[u8; 32]>,
    /// Most bytes that are expected.
    pub size_hint: Option<u64>,
    /// Further keys of the slot's entry in the metadata.
    pub extra: Vec<(String, Json)>,
}

/// A command line with further words: every launcher gives them to the program in front of the user's.
#[must_use]
pub fn with_args(command: &str, args: &[String]) -> String {
    args.iter().fold(command.to_owned(), |command, word| format!("{command} {}", quoted(word)))
}

/// A word as the launchers' word splitting reads it back.
#[must_use]
pub fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "{}_/.-+=:,@%".contains(character);
    if word.chars().all(plain) && !word.is_empty() {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_launcher() {
        for word in ["{workenv}/bin/python3.11", "a b", "a\"b\\c", "", "it's"] {
            let split = flavor_host::command::split(&with_args("x", &[word.to_owned()])).unwrap();
            assert_eq!(split, ["x", word], "{}", quoted(word));
        }
    }
}
