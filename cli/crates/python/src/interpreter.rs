//! What an installed interpreter says about itself.

use super::process;
use flavor_manifest::words::OLDEST_PYTHON;
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Runs under `-I -S`, which makes the interpreter of a virtual environment answer for its base.
const PROBE: &str = include_str!("probe.py");

/// An interpreter answers in milliseconds; one that does not within this time is broken or on a dead network drive.
const PROBE_LIMIT: Duration = Duration::from_secs(20);

/// An installed CPython.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Interpreter {
    implementation: String,
    /// Major, minor, patch.
    pub(super) version: (u8, u8, u8),
    abiflags: String,
    /// The real file.
    pub(super) executable: PathBuf,
    /// Where it is installed.
    pub(super) base_prefix: PathBuf,
    /// Folder of the standard library.
    pub(super) stdlib: PathBuf,
    /// Folder of its extension modules, if there is one.
    pub(super) lib_dynload: Option<PathBuf>,
    /// Where its C headers would be.
    pub(super) include: Option<PathBuf>,
    /// Where its OpenSSL looks for certificates: a file and a folder.
    pub(super) cafile: Option<String>,
    pub(super) capath: Option<String>,
    /// Where wheels for `ensurepip` are, if it does not bring them.
    pub(super) wheels: Option<PathBuf>,
}

/// Why a file is not an interpreter that can be bundled.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProbeError {
    #[error("it cannot be run: {0}")]
    NotRun(std::io::Error),
    #[error("it does not answer like a Python 3 interpreter{0}")]
    NoAnswer(String),
    #[error("it is {0}, not CPython")]
    NotCPython(String),
    #[error("it is Python {0}.{1}; the oldest that can be bundled is {major}.{minor}", major = OLDEST_PYTHON.0, minor = OLDEST_PYTHON.1)]
    TooOld(u8, u8),
}

impl Interpreter {
    /// Asks the interpreter at `path`.
    pub(super) fn probe(path: &Path) -> Result<Self, ProbeError> {
        let mut command = process::command(path);
        command.args(["-I", "-S", "-B", "-c", PROBE]);
        for name in process::PYTHON_VARIABLES {
            command.env_remove(name);
        }
        let finished = process::run(&mut command, b"", PROBE_LIMIT).map_err(ProbeError::NotRun)?;
        let no_answer = || {
            let last = finished.last_error_lines(1);
            ProbeError::NoAnswer(if last.is_empty() { String::new() } else { format!(": {last}") })
        };
        if !finished.success() {
            return Err(no_answer());
        }
        let found: Self = serde_json::from_slice(&finished.stdout).map_err(|_| no_answer())?;
        let (major, minor, _) = found.version;
        if found.implementation != "cpython" {
            return Err(ProbeError::NotCPython(found.implementation));
        }
        if (major, minor) < OLDEST_PYTHON {
            return Err(ProbeError::TooOld(major, minor));
        }
        Ok(found)
    }

    /// One that lies unpacked in `prefix`, as Debian lays it out, and need not run on this machine.
    pub(super) fn in_folder(prefix: &Path, version: (u8, u8, u8), certificates: [&str; 2]) -> Self {
        let name = format!("python{}.{}", version.0, version.1);
        let stdlib = prefix.join("lib").join(&name);
        let [cafile, capath] = certificates.map(|path| Some(path.to_owned()));
        Self {
            implementation: "cpython".to_owned(),
            version,
            abiflags: String::new(),
            include: Some(prefix.join("include").join(&name)),
            executable: prefix.join("bin").join(name),
            base_prefix: prefix.to_owned(),
            lib_dynload: Some(stdlib.join("lib-dynload")),
            stdlib,
            wheels: Some(prefix.join("share/python-wheels")),
            cafile,
            capath,
        }
    }

    /// The folder with the scripts of the Tcl that its `tkinter` uses; none where that has no Tcl, or brings the scripts in itself.
    pub(super) fn tcl_library(&self) -> Option<PathBuf> {
        // One that was unpacked cannot be asked.
        let unpacked = self.base_prefix.join("share/tcltk/tcl8.6");
        if unpacked.join("init.tcl").is_file() {
            return Some(unpacked);
        }
        let mut command = process::command(&self.executable);
        command.args(["-I", "-S", "-B", "-c", "import tkinter; print(tkinter.Tcl().eval('info library'))"]);
        command.env_remove("TCL_LIBRARY");
        let answer = process::run(&mut command, b"", PROBE_LIMIT).ok().filter(process::Finished::success)?;
        let library = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim_end());
        library.join("init.tcl").is_file().then_some(library)
    }

    /// `python3.11`, or `python3.13t` for a free-threaded build.
    pub(super) fn program_name(&self) -> String {
        format!("python{}.{}{}", self.version.0, self.version.1, self.abiflags)
    }

    /// Where the standard library goes in the tree, such as `lib/python3.11`: the interpreter finds it relative to itself
    /// only under the name that it has where it is installed (`lib64` on some systems).
    pub(super) fn stdlib_in_tree(&self) -> PathBuf {
        match self.stdlib.strip_prefix(&self.base_prefix) {
            Ok(relative) if relative.components().count() == 2 => relative.to_owned(),
            _ => Path::new("lib").join(self.program_name()),
        }
    }

    /// As PEP 440 text.
    pub(super) fn version_text(&self) -> String {
        format!("{}.{}.{}", self.version.0, self.version.1, self.version.2)
    }
}
