//! What the caller asks for, and what it is told on the way.

use std::{num::NonZero, path::PathBuf};

/// What a package is made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// The file that [`PackOptions::manifest`] names.
    #[default]
    Manifest,
    /// A script, a folder, a wheel, or a manifest.
    Path(PathBuf),
    /// A distribution of an index (PEP 508).
    Distribution(String),
    /// Nothing but a requirements file.
    Requirements,
}

/// How a package is made; named after the options of `flavor pack`.
#[derive(Clone, Debug)]
pub struct PackOptions {
    /// What it is made from.
    pub input: Input,
    /// A requirements file that is installed, whatever the manifest says.
    pub requirement: Option<PathBuf>,
    /// What the package runs: a command, `module:function`, a module, or a file.
    pub entry: Option<String>,
    /// The package's name.
    pub name: Option<String>,
    /// The package's version.
    pub version: Option<String>,
    /// `pyproject.toml` of a Python project, or a builder manifest in JSON.
    pub manifest: PathBuf,
    /// The package, or a directory for it when it ends in `/`; none for `dist/NAME.psp` beside the manifest.
    pub output: Option<PathBuf>,
    /// Launcher to put in front; none for the variable's, the manifest's or the one inside.
    pub launcher_bin: Option<PathBuf>,
    /// Platform that the launcher must be for, such as `linux_amd64`.
    pub platform: Option<String>,
    /// Whether the published launchers must be able to run the package.
    pub compat: bool,
    /// Private key file that signs.
    pub private_key: Option<PathBuf>,
    /// Public key file that the private key must belong to.
    pub public_key: Option<PathBuf>,
    /// Text that gives the key; `-` for standard input.
    pub key_seed: Option<String>,
    /// File with that text.
    pub key_seed_file: Option<PathBuf>,
    /// Which Python, as [`flavor_python::PythonChoice::parse`] reads it.
    pub python: String,
    /// Whether unknown keys of the manifest are errors.
    pub strict_manifest: bool,
    /// Whether debugging symbols are removed.
    pub strip: bool,
    /// Whether a lock is passed over.
    pub no_lock: bool,
    /// Folders and addresses with wheels, besides the manifest's.
    pub find_links: Vec<String>,
    /// Whether no index is asked.
    pub no_index: bool,
    /// Whether nothing is downloaded.
    pub offline: bool,
    /// Whether pip comes along.
    pub with_pip: bool,
    /// Groups of `project.optional-dependencies` to install.
    pub extras: Vec<String>,
    /// What `{workenv}` in slot sources stands for.
    pub workenv_base: Option<PathBuf>,
    /// Threads for compression; none for all.
    pub threads: Option<NonZero<u32>>,
    /// Zstandard level.
    pub level: Option<i64>,
    /// Whether the attestation slot is left out.
    pub no_attestation: bool,
    /// Whether the finished package is not verified.
    pub no_verify: bool,
    /// Whether the package is made once with a throwaway key before the real one signs.
    pub validate_before_sign: bool,
    /// Arguments with which the finished package is started.
    pub smoke_args: Option<String>,
    /// Command that tests the finished package.
    pub test_command: Option<String>,
}

impl Default for PackOptions {
    fn default() -> Self {
        Self {
            input: Input::default(),
            requirement: None,
            entry: None,
            name: None,
            version: None,
            manifest: "pyproject.toml".into(),
            output: None,
            launcher_bin: None,
            platform: None,
            compat: false,
            private_key: None,
            public_key: None,
            key_seed: None,
            key_seed_file: None,
            python: "auto".to_owned(),
            strict_manifest: false,
            strip: false,
            no_lock: false,
            find_links: Vec::new(),
            no_index: false,
            offline: false,
            with_pip: false,
            extras: Vec::new(),
            workenv_base: None,
            threads: None,
            level: None,
            no_attestation: false,
            no_verify: false,
            validate_before_sign: false,
            smoke_args: None,
            test_command: None,
        }
    }
}

/// Is told what goes on: the steps of [`flavor_python::Progress`], and how far encoding is.
pub trait Progress: flavor_python::Progress {
    /// The slots, with so many bytes together, are encoded now. What is given back is told of further bytes, by several threads,
    /// and dropped at the end.
    fn encoding(&self, slots: usize, bytes: u64) -> Box<dyn Fn(u64) + Sync>;
}

/// Says nothing.
impl Progress for flavor_python::Silent {
    fn encoding(&self, _slots: usize, _bytes: u64) -> Box<dyn Fn(u64) + Sync> {
        Box::new(|_| ())
    }
}
