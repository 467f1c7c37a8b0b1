//! What `flavor pack` and `flavor check` start from.

use clap::Args;
use flavor_pack::Input;
use std::path::{Path, PathBuf};

/// What a package is made from.
#[derive(Clone, Debug, Default, Args)]
pub struct InputOptions {
    /// A script (with inline metadata, PEP 723, or none), a folder, a wheel, a pyproject.toml or a JSON manifest; with --from the command
    /// of the distribution that the package runs [default: the manifest, or the folder that you are in].
    #[arg(value_name = "SOURCE", conflicts_with = "manifest")]
    pub source: Option<PathBuf>,
    /// Pack a distribution of the package index: its name, or a requirement such as `httpie==3.2.4`.
    #[arg(long, value_name = "REQUIREMENT", conflicts_with = "manifest")]
    pub from: Option<String>,
    /// Install this requirements file. With --entry and neither SOURCE nor manifest the package is made of nothing else.
    #[arg(long, short, value_name = "FILE")]
    pub requirement: Option<PathBuf>,
    /// What the package runs, whatever else says so: the name of a command, `module:function`, a module as for `python -m`, or a file
    /// (`main.py`).
    #[arg(long, visible_alias = "script", value_name = "ENTRY")]
    pub entry: Option<String>,
    /// Name of the package and its file.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Version of the package.
    #[arg(long, value_name = "VERSION")]
    pub version: Option<String>,
}

impl InputOptions {
    /// What they name.
    #[must_use]
    pub fn input(&self, manifest: &Path) -> Input {
        match (&self.from, &self.source) {
            (Some(requirement), _) => Input::Distribution(requirement.clone()),
            (None, Some(path)) => Input::Path(path.clone()),
            // A file that is run is one of the folder.
            (None, None)
                if self.requirement.is_some()
                    && self.entry.as_ref().is_some_and(|entry| !entry.ends_with(".py"))
                    && !manifest.exists() =>
            {
                Input::Requirements
            }
            (None, None) => Input::Manifest,
        }
    }

    /// The command of a distribution.
    #[must_use]
    pub fn command(&self) -> Option<String> {
        self.from.as_ref().and(self.source.as_ref()).map(|command| command.to_string_lossy().into_owned())
    }
}
