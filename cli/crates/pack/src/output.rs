//! Where a package is written: beside its final place first, then renamed over it.

use crate::{
    error::PackError,
    interrupt::{MadeDirectories, Scratch},
};
use flavor_manifest::Diagnostic;
use flavor_python::process::shell_word;
use pspf_nostd::index::END_MAGIC;
use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// The final place of a package.
#[derive(Clone, Debug)]
pub struct Output {
    /// The file.
    pub path: PathBuf,
    directory: PathBuf,
}

impl Output {
    /// Works out the file: `--output FILE`, `--output DIR/`, or `dist/<name>.psp` beside the manifest.
    #[must_use]
    pub fn named(option: Option<&Path>, manifest_directory: &Path, name: &str) -> Self {
        let file_name = format!("{name}.psp");
        let path = match option {
            None => manifest_directory.join("dist").join(file_name),
            Some(path) if path.as_os_str().as_encoded_bytes().ends_with(b"/") => path.join(file_name),
            Some(path) => path.to_owned(),
        };
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Self { path, directory }
    }

    /// Whether a package can be put there.
    ///
    /// # Errors
    /// Where it is a directory, an existing file that is not a package, or cannot be written.
    pub fn check(&self) -> Result<(), Diagnostic> {
        let problem = |code, message: &str| Err(Diagnostic::error(code, message).file(&self.path).field("--output"));
        if self.path.file_name().is_none() {
            return problem("output.name", "this is not a file name");
        }
        match fs::metadata(&self.path) {
            Ok(facts) if facts.is_dir() => {
                let found = format!("{}/", self.path.display());
                let hint = format!("to put the package into that directory, write --output {}", shell_word(&found));
                return problem("output.directory", "this is a directory").map_err(|problem| problem.hint(hint));
            }
            Ok(facts) if !facts.is_file() => return problem("output.kind", "this is not a regular file"),
            Ok(facts) if facts.len() > 0 && !is_package(&self.path) => {
                let refused = problem("output.exists", "this file exists and is not a package");
                return refused.map_err(|problem| problem.hint("choose another name, or remove the file first"));
            }
            _ => {}
        }
        let existing = self.directory.ancestors().find(|ancestor| ancestor.as_os_str().is_empty() || ancestor.exists());
        let existing = match existing {
            Some(path) if !path.as_os_str().is_empty() => path,
            _ => Path::new("."),
        };
        if !existing.is_dir() {
            let problem =
                Diagnostic::error("output.parent", "this is not a directory, so nothing can be written below it");
            return Err(problem.file(existing).field("--output"));
        }
        // The only answer that holds on every file system is that of an attempt.
        let attempt = tempfile::Builder::new().prefix(".flavor-").tempfile_in(existing);
        attempt
            .map(drop)
            .map_err(|error| Diagnostic::io("output.write", existing, "write here", &error).field("--output"))
    }

    /// Makes the directory, and in it a private one for everything that is not yet the package.
    ///
    /// # Errors
    /// Where that cannot be made.
    pub fn open(&self) -> Result<Workplace, PackError> {
        let failed = |error: &io::Error| Diagnostic::io("output.write", &self.directory, "write here", error);
        let made = MadeDirectories::make(&self.directory).map_err(|error| failed(&error))?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let scratch = Scratch::new(&self.directory, &format!(".{name}.")).map_err(|error| failed(&error))?;
        Ok(Workplace { scratch, made })
    }
}

/// A private directory beside the output; with it go the directories that were made only for an output that never came.
#[derive(Debug)]
pub struct Workplace {
    // In this order: a directory must be empty before it can go.
    scratch: Scratch,
    made: MadeDirectories,
}

impl Workplace {
    /// The private directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// Where the package is made: under its final name, by which a program may ask how it was called.
    ///
    /// # Errors
    /// Where the directory for it cannot be made.
    pub fn package(&self, output: &Output) -> Result<PathBuf, PackError> {
        let directory = self.path().join("package");
        fs::create_dir(&directory).map_err(|error| Diagnostic::io("output.write", &directory, "write here", &error))?;
        Ok(directory.join(output.path.file_name().unwrap_or_default()))
    }

    /// Moves a finished file to its final place, by one rename.
    ///
    /// # Errors
    /// Those of the system.
    pub fn publish(self, file: &File, temporary: &Path, output: &Output) -> Result<(), PackError> {
        let failed = |error: io::Error| Diagnostic::io("output.write", &output.path, "write the package", &error);
        file.set_permissions(fs::Permissions::from_mode(0o755)).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(temporary, &output.path).map_err(failed)?;
        self.made.keep();
        // The package is complete; whether its name survives a power cut is up to the file system.
        let _ = File::open(&output.directory).and_then(|directory| directory.sync_all());
        Ok(())
    }
}

fn is_package(path: &Path) -> bool {
    let tail = || -> io::Result<[u8; 4]> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-4))?;
        let mut tail = [0; 4];
        file.read_exact(&mut tail).map(|()| tail)
    };
    tail().is_ok_and(|tail| tail == END_MAGIC)
}
