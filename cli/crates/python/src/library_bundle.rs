//! Collects the shared libraries that files need into a tree.

use super::{
    elf::{self, ElfFacts},
    error::RuntimeError,
    file_error::{FileContext as _, FileError},
    shared_libraries::{self, LibrarySearch},
    tree_files,
};
use std::{
    collections::{BTreeSet, VecDeque},
    fs,
    path::{Path, PathBuf},
};

/// Collects the libraries that files need, and those that these need.
pub(super) struct Bundle<'a> {
    pub(super) root: &'a Path,
    pub(super) search: &'a LibrarySearch,
    /// Whether the C library is taken as well.
    pub(super) with_c_library: bool,
    /// Files in the tree, in the order of copying.
    pub(super) copied: Vec<PathBuf>,
    pub(super) present: BTreeSet<String>,
}

#[derive(Debug)]
pub(super) enum Missing {
    Library { library: String, needed_by: PathBuf },
    File(FileError),
}

impl Missing {
    pub(super) fn into_error(self) -> RuntimeError {
        match self {
            Self::Library { library, needed_by } => RuntimeError::LibraryMissing { library, needed_by },
            Self::File(error) => error.into(),
        }
    }
}

impl From<FileError> for Missing {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl Bundle<'_> {
    /// Takes all that `facts`, read from the file `original`, needs. Nothing is copied if one of them is missing.
    pub(super) fn take(&mut self, facts: &ElfFacts, original: &Path) -> Result<(), Missing> {
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        let mut queue = VecDeque::from([(facts.clone(), original.to_owned())]);
        while let Some((facts, file)) = queue.pop_front() {
            for name in &facts.needed {
                let is_known = self.present.contains(name) || found.iter().any(|(known, _)| known == name);
                if is_known || (!self.with_c_library && shared_libraries::is_c_library(name)) {
                    continue;
                }
                let missing = || Missing::Library { library: name.clone(), needed_by: file.clone() };
                let library = self.search.find(name, &facts, folder_of(&file)).ok_or_else(missing)?;
                let data = fs::read(&library).on("read", &library)?;
                queue.push_back((elf::read(&data).ok_or_else(missing)?, library.clone()));
                found.push((name.clone(), library));
            }
        }
        for (name, library) in found {
            let target = self.place(&name);
            tree_files::copy(&library, &target)?;
            tree_files::set_mode(&target, false)?;
            self.copied.push(target);
            self.present.insert(name);
        }
        Ok(())
    }

    fn place(&self, name: &str) -> PathBuf {
        let file_name = Path::new(name).file_name().unwrap_or_default();
        if name.starts_with("libpython") {
            self.root.join("lib").join(file_name)
        } else {
            self.root.join("lib/ext").join(file_name)
        }
    }
}

pub(super) fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}
