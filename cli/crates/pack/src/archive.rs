//! Deterministic tar archives of directories: the same names and contents give the same bytes.
//!
//! Entries are sorted by kind, since like content beside each other compresses better, and by their bytes; files of equal content follow
//! the first of them, so that the compressor, whose window is smaller than many a tree, stores it once. Owner, group and names are
//! empty, times are all the same, modes are 0644, or 0755 where a file can be executed.

use flavor_manifest::Diagnostic;
use pspf_nostd::{
    digest::{Sha256Digest, StreamingSha256},
    placement::{self, ItemKind},
    tar::{END, EntryKind, EntryPath, header, padding, symlink_stays_inside},
};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    path::{Path, PathBuf},
};

/// An archive that can be written any number of times.
#[derive(Clone, Debug)]
pub struct Archive {
    entries: Vec<Item>,
    size: u64,
}

#[derive(Clone, Debug)]
struct Item {
    name: EntryPath,
    path: PathBuf,
    kind: EntryKind,
    size: u64,
    mode: u32,
    header: Vec<u8>,
}

impl Archive {
    /// All of a directory, empty directories and symbolic links included.
    ///
    /// # Errors
    /// Everything in it that cannot be packed.
    pub fn of_directory(root: &Path, mtime: u64) -> Result<Self, Vec<Diagnostic>> {
        let mut paths = Vec::new();
        let mut problems = Vec::new();
        let mut pending = vec![PathBuf::new()];
        while let Some(relative) = pending.pop() {
            let directory = root.join(&relative);
            let listed = fs::read_dir(&directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
            match listed {
                Ok(entries) => {
                    for entry in entries {
                        let path = relative.join(entry.file_name());
                        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                            pending.push(path.clone());
                        }
                        paths.push(path);
                    }
                }
                Err(error) => problems.push(Diagnostic::io("archive.read", &directory, "list the directory", &error)),
            }
        }
        match (Self::of_paths(root, &paths, mtime), problems.is_empty()) {
            (Ok(archive), true) => Ok(archive),
            (Ok(_), false) => Err(problems),
            (Err(more), _) => Err([problems, more].concat()),
        }
    }

    /// The given paths below `root`, and nothing else.
    ///
    /// # Errors
    /// Everything among them that cannot be packed.
    pub fn of_paths(root: &Path, paths: &[PathBuf], mtime: u64) -> Result<Self, Vec<Diagnostic>> {
        let (mut entries, mut problems) = (Vec::with_capacity(paths.len()), Vec::new());
        for relative in paths {
            match Item::new(root, relative, mtime) {
                Ok(item) => entries.push(item),
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        entries.sort_by(|a, b| (a.group(), a.name.as_bytes()).cmp(&(b.group(), b.name.as_bytes())));
        Ok(Self::of_entries(equal_beside_each_other(entries)?))
    }

    /// The same, in a directory of the archive; an empty text is its root.
    ///
    /// # Errors
    /// Where the names become too long.
    pub fn below(self, prefix: &str, mtime: u64) -> Result<Self, Diagnostic> {
        if prefix.is_empty() {
            return Ok(self);
        }
        let mut entries = Vec::with_capacity(self.entries.len());
        let above: Vec<&Path> = Path::new(prefix).ancestors().filter(|path| !path.as_os_str().is_empty()).collect();
        for directory in above.into_iter().rev() {
            let name = directory.as_os_str().as_bytes().to_vec();
            entries.push(Item::named(&name, directory.to_owned(), EntryKind::Directory, 0, 0o755, mtime)?);
        }
        for item in self.entries {
            let name = [prefix.as_bytes(), b"/", item.name.as_bytes()].concat();
            entries.push(Item::named(&name, item.path, item.kind, item.size, item.mode, mtime)?);
        }
        Ok(Self::of_entries(entries))
    }

    /// Takes a file out; says whether it was there.
    pub fn leave_out(&mut self, file: &Path) -> bool {
        let Ok(real) = fs::canonicalize(file) else { return false };
        let is_it = |item: &Item| {
            item.kind == EntryKind::File
                && item.path.file_name() == real.file_name()
                && fs::canonicalize(&item.path).is_ok_and(|path| path == real)
        };
        let before = self.entries.len();
        let entries = std::mem::take(&mut self.entries).into_iter().filter(|item| !is_it(item)).collect();
        *self = Self::of_entries(entries);
        self.entries.len() < before
    }

    /// The same with this mode for all files.
    ///
    /// # Errors
    /// None that the archive has not had before.
    pub fn with_mode(mut self, mode: u16, mtime: u64) -> Result<Self, Diagnostic> {
        for item in self.entries.iter_mut().filter(|item| item.kind == EntryKind::File) {
            let name = item.name.as_bytes().to_vec();
            *item = Item::named(&name, item.path.clone(), EntryKind::File, item.size, mode.into(), mtime)?;
        }
        Ok(self)
    }

    /// What all entries put where, as slot `slot`.
    pub fn items(&self, slot: usize) -> impl Iterator<Item = placement::Item<'_>> {
        self.entries.iter().map(move |item| {
            let kind = match &item.kind {
                EntryKind::File => ItemKind::File,
                EntryKind::Directory => ItemKind::Directory { mtime: 0 },
                EntryKind::Symlink { target } => ItemKind::Symlink { target },
                EntryKind::HardLink { target } => ItemKind::HardLink { target },
            };
            placement::Item { slot, path: &item.name, kind, mode: item.mode }
        })
    }

    /// Whether the archive has a file or link of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.entries.iter().any(|item| item.name.as_bytes() == name.as_bytes())
    }

    fn of_entries(entries: Vec<Item>) -> Self {
        let size = entries.iter().map(Item::size_in_archive).sum::<u64>().saturating_add(1024);
        Self { entries, size }
    }

    /// Length of the archive in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The first symbolic link, where there is one.
    #[must_use]
    pub fn first_symlink(&self) -> Option<&Path> {
        let link = |item: &&Item| matches!(item.kind, EntryKind::Symlink { .. });
        self.entries.iter().find(link).map(|item| item.path.as_path())
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// Those of reading and writing, and where a file has changed since the archive was planned.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut buffer = vec![0; 256 << 10];
        for item in &self.entries {
            out.write_all(&item.header)?;
            if item.kind == EntryKind::File {
                item.copy(out, &mut buffer)?;
                out.write_all(&[0; 512][..padding(item.size)])?;
            }
        }
        out.write_all(&END)
    }
}

/// Moves files to the first that has the same content. Only files of equal length are read.
fn equal_beside_each_other(entries: Vec<Item>) -> Result<Vec<Item>, Vec<Diagnostic>> {
    let is_comparable = |item: &Item| item.kind == EntryKind::File && item.size > 0;
    let mut of_length: BTreeMap<u64, usize> = BTreeMap::new();
    entries.iter().filter(|item| is_comparable(item)).for_each(|item| *of_length.entry(item.size).or_default() += 1);
    let mut first: BTreeMap<(u8, Sha256Digest), usize> = BTreeMap::new();
    let mut problems = Vec::new();
    let mut placed = Vec::with_capacity(entries.len());
    for (number, item) in entries.into_iter().enumerate() {
        let mut place = number;
        if is_comparable(&item) && of_length.get(&item.size).is_some_and(|count| *count > 1) {
            match item.digest() {
                Ok(digest) => place = *first.entry((item.group(), digest)).or_insert(number),
                Err(error) => problems.push(Diagnostic::io("archive.read", &item.path, "read this", &error)),
            }
        }
        placed.push((place, item));
    }
    placed.sort_by_key(|(place, _)| *place);
    if problems.is_empty() { Ok(placed.into_iter().map(|(_, item)| item).collect()) } else { Err(problems) }
}

impl Item {
    fn digest(&self) -> io::Result<Sha256Digest> {
        let mut hasher = StreamingSha256::new();
        let mut file = File::open(&self.path)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(hasher.finish());
            }
            hasher.update(buffer.get(..read).unwrap_or_default());
        }
    }

    fn new(root: &Path, relative: &Path, mtime: u64) -> Result<Self, Diagnostic> {
        let path = root.join(relative);
        let refuse = |message: String| Diagnostic::error("archive.entry", message).file(&path);
        let failed = |error: &io::Error| Diagnostic::io("archive.read", &path, "read this", error);
        let name =
            EntryPath::new(relative.as_os_str().as_bytes()).map_err(|fault| refuse(format!("the path {fault}")))?;
        let facts = fs::symlink_metadata(&path).map_err(|error| failed(&error))?;
        let kind = facts.file_type();
        let (kind, size, mode) = if kind.is_symlink() {
            let target = fs::read_link(&path).map_err(|error| failed(&error))?.as_os_str().as_bytes().to_vec();
            if !symlink_stays_inside(&name, &target) {
                let found = String::from_utf8_lossy(&target).into_owned();
                let problem = refuse("a symbolic link that leads out of the directory cannot be packed".to_owned());
                return Err(problem.found(format!("a link to `{found}`")).hint("replace it by what it points at"));
            }
            (EntryKind::Symlink { target }, 0, 0o777)
        } else if kind.is_dir() {
            (EntryKind::Directory, 0, 0o755)
        } else if kind.is_file() {
            (EntryKind::File, facts.len(), if facts.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 })
        } else {
            return Err(refuse("only files, directories and symbolic links can be packed".to_owned()));
        };
        Self::named(name.as_bytes(), path, kind, size, mode, mtime)
    }

    fn named(
        name: &[u8],
        path: PathBuf,
        kind: EntryKind,
        size: u64,
        mode: u32,
        mtime: u64,
    ) -> Result<Self, Diagnostic> {
        let refuse = |message: String| Diagnostic::error("archive.entry", message).file(&path);
        let name = EntryPath::new(name).map_err(|fault| refuse(format!("the path {fault}")))?;
        let header = header(name.as_bytes(), &kind, size, mode, mtime).map_err(|error| refuse(error.to_string()))?;
        Ok(Self { name, path, kind, size, mode, header })
    }

    /// Directories, programs and libraries, other content, Python modules, their bytecode. On a CPython tree this saves 1.1 %
    /// over the order of names alone.
    fn group(&self) -> u8 {
        let name = self.name.as_bytes();
        let file = name.rsplit(|byte| *byte == b'/').next().unwrap_or(name);
        match () {
            () if self.kind == EntryKind::Directory => 0,
            () if file.ends_with(b".so") || file.windows(4).any(|part| part == b".so.") => 1,
            () if file.ends_with(b".py") => 3,
            () if file.ends_with(b".pyc") => 4,
            () => 2,
        }
    }

    fn size_in_archive(&self) -> u64 {
        let padding = u64::try_from(padding(self.size)).unwrap_or_default();
        pspf_nostd::offsets::length(&self.header).saturating_add(self.size).saturating_add(padding)
    }

    fn copy(&self, out: &mut dyn Write, buffer: &mut [u8]) -> io::Result<()> {
        let changed = || io::Error::other(format!("{} has changed while it was read", self.path.display()));
        let mut file = File::open(&self.path)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display())))?;
        let mut left = self.size;
        loop {
            let read = file.read(buffer)?;
            let bytes = buffer.get(..read).unwrap_or_default();
            let length = pspf_nostd::offsets::length(bytes);
            if (read == 0 && left > 0) || length > left {
                return Err(changed());
            }
            if read == 0 {
                return Ok(());
            }
            out.write_all(bytes)?;
            left -= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_equal_content_follow_the_first_and_nothing_else_moves() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("a/licence", "the same"),
            ("b.so", "the same"),
            ("b/other", "as long."),
            ("c/licence", "the same"),
            ("d/x", "different"),
            ("e/empty", ""),
            ("f/other", "as long."),
            ("g/empty", ""),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let names = |archive: &Archive| -> Vec<String> {
            let files = archive.entries.iter().filter(|item| item.kind == EntryKind::File);
            files.map(|item| String::from_utf8(item.name.as_bytes().to_vec()).unwrap()).collect()
        };
        let archive = Archive::of_directory(folder.path(), 0).unwrap();
        let expected =
            ["b.so", "a/licence", "c/licence", "b/other", "f/other", "d/x", "e/empty", "g/empty"].map(str::to_owned);
        assert_eq!(names(&archive), expected);
        let mut tar = Vec::new();
        archive.write(&mut tar).unwrap();
        assert_eq!(pspf_nostd::offsets::length(&tar), archive.size());

        let below = archive.below("deep/er", 0).unwrap();
        assert_eq!(names(&below), expected.map(|name| format!("deep/er/{name}")));
        let first: Vec<_> = below.entries.iter().take(3).map(|item| item.name.as_bytes().to_vec()).collect();
        assert_eq!(first, [b"deep".to_vec(), b"deep/er".to_vec(), b"deep/er/a".to_vec()]);
    }
}
