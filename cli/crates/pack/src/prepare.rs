//! From a slot of the manifest to what will be encoded: found out, and checked, before any slow work begins.

use super::{
    archive::Archive,
    encode::levels,
    stored::{self, Measured},
};
use flavor_manifest::{Diagnostic, SlotSpec};
use pspf_nostd::{
    digest::StreamingSha256,
    json::Json,
    operation::{Codec, OperationChain},
    placement,
    tar::{Entry, EntryKind},
};
use std::{
    fs,
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// Most slots of a package that the published Rust launcher runs: it takes slot number 123 for JSON (docs/format.md §9).
pub(crate) const COMPAT_SLOTS_MAX: usize = 123;

/// Longest metadata that the published Rust launcher reads, in bytes (docs/format.md §9).
pub(crate) const COMPAT_METADATA_MAX: usize = 1 << 20;

/// What holds for all slots of a package.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Only what the published launchers understand.
    pub compat: bool,
    /// Zstandard level of slots that name none; 0 stores them as they are.
    pub level: Option<i64>,
    /// Modification time of everything in archives, in seconds since 1970.
    pub mtime: u64,
}

/// Where the content of a slot comes from.
#[derive(Clone, Debug)]
pub enum Content {
    /// A file as it is.
    File(PathBuf),
    /// Files as a tar archive.
    Archive(Archive),
    /// A file that is encoded already.
    Stored(PathBuf),
}

/// A slot that can be encoded.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Identifier.
    pub id: String,
    /// The source's name in the metadata.
    pub label: String,
    /// Where the content goes.
    pub target: String,
    /// Operation string of the metadata.
    pub operations: String,
    /// Purpose word.
    pub purpose: String,
    /// Lifecycle word.
    pub lifecycle: String,
    /// Unix mode bits.
    pub permissions: u16,
    /// Further keys of the slot's entry in the metadata.
    pub extra: Vec<(String, Json)>,
    /// What is encoded.
    pub content: Content,
    /// What is in a file that is an archive already.
    pub listed: Vec<Entry>,
    /// Length of the content before encoding, in bytes.
    pub content_size: u64,
    /// Compressions in the order in which they are applied, with their levels; none for stored content.
    pub codecs: Vec<(Codec, i64)>,
    /// Whether the operations are those that are taken where the manifest names none.
    pub is_default: bool,
    /// Where its importable modules are in its tree; none where it is for data.
    pub python_path: Option<PathBuf>,
    /// Whether other packages are likely to have the same content, so that its encoded form is worth keeping.
    pub is_reused: bool,
}

/// Prepares slots: those that can be packed, warnings about them, and what is wrong with the others.
#[must_use]
pub(crate) fn all(specs: &[SlotSpec], options: &Options) -> (Vec<Prepared>, Vec<Diagnostic>, Vec<Diagnostic>) {
    let (mut slots, mut warnings, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for slot in specs {
        let prepared = match prepare(slot, options) {
            Ok(prepared) => prepared,
            Err(all) => {
                errors.extend(all);
                continue;
            }
        };
        if let Some(hint) = slot.size_hint.filter(|hint| prepared.content_size > *hint) {
            let problem = Diagnostic::warning("slot.size_hint", "the content is larger than the hint says");
            let problem = problem.field(format!("`{}.size_hint`", slot.place)).expected(format!("{hint} bytes"));
            warnings.push(problem.found(format!("{} bytes", prepared.content_size)));
        }
        slots.push(prepared);
    }
    (slots, warnings, errors)
}

/// Finds out how a slot is encoded.
///
/// # Errors
/// Everything about it that cannot be packed.
pub(crate) fn prepare(slot: &SlotSpec, options: &Options) -> Result<Prepared, Vec<Diagnostic>> {
    let place = |problem: Diagnostic| vec![problem.field(format!("`{}`", slot.place))];
    let facts = slot.source.metadata();
    let facts = facts.map_err(|error| place(Diagnostic::io("slot.source", &slot.source, "read the source", &error)))?;
    let (text, chain) = match &slot.operations {
        Some((text, chain)) => (text.clone(), *chain),
        None => default_operations(facts.is_dir(), options.compat, slot.level.or(options.level) == Some(0)),
    };
    if let Some(expected) = &slot.checksum {
        check_sum(&slot.source, &facts, expected).map_err(place)?;
    }
    let codecs = applied(chain).map_err(|problem| place(problem.file(&slot.source)))?;
    check_compat(&codecs, options).map_err(place)?;
    let levels = level_of_each(slot, &codecs, options).map_err(place)?;
    let mut prepared = Prepared {
        id: slot.id.clone(),
        label: slot.label.clone(),
        target: slot.target.clone(),
        operations: text,
        purpose: slot.purpose.clone(),
        lifecycle: slot.lifecycle.clone(),
        extra: slot.extra.clone(),
        permissions: slot.permissions.unwrap_or(if facts.permissions().mode() & 0o111 == 0 { 0o600 } else { 0o700 }),
        content: Content::File(slot.source.clone()),
        listed: Vec::new(),
        content_size: facts.len(),
        codecs: levels,
        is_default: slot.operations.is_none(),
        python_path: slot.python_path.then(|| PathBuf::from(&slot.prefix)),
        is_reused: false,
    };
    if facts.is_dir() {
        let archive = match &slot.members {
            Some(members) => Archive::of_paths(&slot.source, members, options.mtime)?,
            None => Archive::of_directory(&slot.source, options.mtime)?,
        };
        let mut archive = archive.below(&slot.prefix, options.mtime).map_err(place)?;
        if let Some(mode) = slot.member_mode {
            archive = archive.with_mode(mode, options.mtime).map_err(place)?;
        }
        return prepared.with_archive(archive, chain, options).map_err(place);
    }
    prepared.with_file(&slot.source, chain, options).map_err(place)?;
    Ok(prepared)
}

impl Prepared {
    /// The same content stored as it is, where nobody has said how it is to be stored.
    pub(crate) fn without_compression(&self) -> Option<Self> {
        let is_archive = match self.content {
            Content::Archive(_) => true,
            Content::File(_) => false,
            Content::Stored(_) => return None,
        };
        if !self.is_default || self.codecs.is_empty() {
            return None;
        }
        let operations = default_operations(is_archive, false, true).0;
        Some(Self { operations, codecs: Vec::new(), is_reused: false, ..self.clone() })
    }

    /// The paths of all its files in its tree.
    #[must_use]
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        match &self.content {
            Content::Archive(archive) => archive.items(0).map(|item| PathBuf::from(item.path.to_string())).collect(),
            _ if self.operations.contains("tar") => {
                self.listed.iter().map(|entry| PathBuf::from(entry.path.to_string())).collect()
            }
            _ => vec![PathBuf::from(placement::inside_workenv(&self.target))],
        }
    }

    fn with_archive(mut self, archive: Archive, chain: OperationChain, options: &Options) -> Result<Self, Diagnostic> {
        if !chain.is_tar() {
            let problem = Diagnostic::error("slot.operations", "a directory can only be packed as a tar archive");
            return Err(problem
                .expected("operations that begin with tar, such as tar.zst")
                .found(format!("`{chain}`")));
        }
        if let Some(link) = archive.first_symlink().filter(|_| options.compat) {
            let problem = Diagnostic::error("compat.symlink", "the published launchers refuse symbolic links");
            return Err(problem.file(link).hint("replace the link by what it points at, or pack without --compat"));
        }
        self.content_size = archive.size();
        self.content = Content::Archive(archive);
        Ok(self)
    }

    fn with_file(&mut self, path: &Path, chain: OperationChain, options: &Options) -> Result<(), Diagnostic> {
        let target = placement::inside_workenv(&self.target);
        if !chain.is_tar() && (matches!(target, "" | ".") || target.ends_with('/')) {
            let problem = Diagnostic::error("slot.target", "the content is one file, and the target is a directory");
            return Err(problem.expected("the path of a file").found(format!("{:?}", self.target)));
        }
        let look =
            stored::look(path).map_err(|error| Diagnostic::io("slot.source", path, "read the source", &error))?;
        let encoded = !chain.is_raw() && stored::is_encoded(look, chain);
        if chain.is_tar() && !encoded && !look.tar {
            let problem = Diagnostic::error("slot.operations", "the operations say tar, the source is no tar archive");
            let found = if look.codec.is_some() { "a file compressed in another way" } else { "another file" };
            return Err(problem
                .file(path)
                .expected(format!("a directory, or a file that is tar or {chain}"))
                .found(found));
        }
        if encoded || chain.is_tar() {
            let measured_chain = if encoded { chain } else { tar_only() };
            let Measured { original_size, entries } = stored::measure(path, measured_chain)?;
            let link = entries.iter().find(|entry| matches!(entry.kind, EntryKind::Symlink { .. }));
            if let Some(link) = link.filter(|_| options.compat) {
                let problem = Diagnostic::error("compat.symlink", "the published launchers refuse symbolic links");
                return Err(problem.file(path).found(format!("a link in the archive: `{}`", link.path)));
            }
            self.listed = entries;
            if encoded {
                self.content_size = original_size;
                self.content = Content::Stored(path.to_owned());
                self.codecs.clear();
            }
        }
        Ok(())
    }
}

fn tar_only() -> OperationChain {
    OperationChain::from_packed(1)
}

/// What is taken where the manifest names no operations.
#[must_use]
pub(crate) fn default_operations(directory: bool, compat: bool, stored: bool) -> (String, OperationChain) {
    let text = match (directory, compat) {
        (true, _) if stored => "tar",
        (false, _) if stored => "raw",
        (true, false) => "tar.zst",
        (true, true) => "tar.gz",
        (false, false) => "zstd",
        (false, true) => "gzip",
    };
    (text.to_owned(), OperationChain::parse(text).unwrap_or_default())
}

/// Checks a file against the digest that the manifest states.
fn check_sum(path: &Path, facts: &fs::Metadata, expected: &[u8; 32]) -> Result<(), Diagnostic> {
    if !facts.is_file() {
        let problem = Diagnostic::error("slot.checksum", "is stated, and the source is not one file").file(path);
        return Err(problem.hint("name the file itself, or leave the checksum out: every slot is hashed in any case"));
    }
    let failed = |error: &io::Error| Diagnostic::io("slot.source", path, "read the source", error);
    let mut file = fs::File::open(path).map_err(|error| failed(&error))?;
    let mut hasher = StreamingSha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = file.read(&mut buffer).map_err(|error| failed(&error))?;
        if read == 0 {
            break;
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
    let found = hasher.finish();
    if found.as_bytes() == expected {
        return Ok(());
    }
    let expected: String = expected.iter().map(|byte| format!("{byte:02x}")).collect();
    let problem = Diagnostic::error("slot.checksum", "the source is not the file that the manifest means").file(path);
    Err(problem.expected(format!("sha256:{expected}")).found(format!("sha256:{found}")))
}

/// The compressions in the order in which they are applied.
fn applied(chain: OperationChain) -> Result<Vec<Codec>, Diagnostic> {
    let mut codecs = chain.codecs().map_err(|error| Diagnostic::error(error.code(), error.to_string()))?;
    codecs.reverse();
    Ok(codecs)
}

/// The compressions of a chain at the levels that are taken where the manifest names none.
#[must_use]
pub(crate) fn default_levels(chain: OperationChain, level: Option<i64>) -> Vec<(Codec, i64)> {
    let codecs = applied(chain).unwrap_or_default();
    codecs.into_iter().map(|codec| (codec, level.filter(|_| codec == Codec::Zstd).unwrap_or(levels(codec).1))).collect()
}

fn check_compat(codecs: &[Codec], options: &Options) -> Result<(), Diagnostic> {
    let foreign = codecs.iter().find(|codec| **codec != Codec::Gzip).filter(|_| options.compat);
    match foreign {
        None => Ok(()),
        Some(codec) => Err(Diagnostic::error("compat.operations", "the published launchers decode gzip only")
            .expected("operations raw, tar, gzip or tar.gz with --compat")
            .found(format!("{codec:?}").to_lowercase())),
    }
}

fn level_of_each(slot: &SlotSpec, codecs: &[Codec], options: &Options) -> Result<Vec<(Codec, i64)>, Diagnostic> {
    let mut leveled = Vec::with_capacity(codecs.len());
    for codec in codecs {
        let (range, default) = levels(*codec);
        // The command line's level is meant for Zstandard, the manifest's for whatever the slot uses.
        let level = slot.level.or(options.level.filter(|_| *codec == Codec::Zstd)).unwrap_or(default);
        if !range.contains(&level) {
            let name = format!("{codec:?}").to_lowercase();
            let problem = Diagnostic::error("slot.level", format!("{name} has no level {level}"));
            return Err(problem.expected(format!("{} to {}", range.start(), range.end())));
        }
        leveled.push((*codec, level));
    }
    Ok(leveled)
}
