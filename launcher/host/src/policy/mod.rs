//! Policies: what the machine's owner, the user and the package itself ask for before the package is run.
//!
//! Every policy is asked on its own and each may refuse. Nothing is merged, so no policy can loosen another: a rule of the
//! machine holds whatever the user's file says, and two lists of platforms that have nothing in common refuse everywhere.

pub mod document;
pub mod evaluation;
pub mod rules;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use pspf_nostd::verify::Level;

use crate::files::{
    config_dir::ConfigError,
    config_dir::{ConfigDir, Owner},
};
use document::Syntax;
use rules::Rules;

/// The names of policy files in a directory of ours, with their syntax. Where both are there, both hold.
pub const FILES: [(&str, Syntax); 2] = [("policy.toml", Syntax::Toml), ("policy.json", Syntax::Json)];

/// A policy file.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// Whose it is.
    pub owner: Owner,
    /// The file.
    pub path: PathBuf,
    /// What it asks for.
    pub rules: Rules,
}

/// All policy files that hold for this user on this machine.
#[derive(Clone, Debug)]
pub struct Policies {
    files: Vec<PolicyFile>,
}

impl Policies {
    /// Reads the policies in the directories of the machine and of the user.
    ///
    /// # Errors
    /// A file that is there and cannot be read, or means nothing: what it protects from is not known, so nothing is run.
    pub fn read(directories: &[ConfigDir]) -> Result<Self, ConfigError> {
        let mut files = Vec::new();
        for directory in directories {
            for (name, syntax) in FILES {
                let Some(path) = directory.path.as_ref().map(|path| path.join(name)) else { continue };
                if let Some(bytes) = directory.read(&path)? {
                    files.push(PolicyFile { owner: directory.owner, rules: parse(&path, &bytes, syntax)?, path });
                }
            }
        }
        Ok(Self { files })
    }

    /// The files, the machine's first.
    #[must_use]
    pub fn files(&self) -> &[PolicyFile] {
        &self.files
    }

    /// The first file that allows no level below strict.
    #[must_use]
    pub fn needs_strict(&self) -> Option<&PolicyFile> {
        self.files.iter().find(|file| file.rules.needs_strict())
    }
}

/// Reads a policy's text.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn parse(path: &Path, bytes: &[u8], syntax: Syntax) -> Result<Rules, ConfigError> {
    let settings = document::read(bytes, syntax);
    settings
        .and_then(|settings| Rules::of_file(&settings))
        .map_err(|error| ConfigError::at(path, error.at, &error.message))
}

/// The level that `FLAVOR_VALIDATION` asks for, if the policies leave a choice; and a warning if it is not strict.
#[must_use]
pub fn validation_level(asked: Option<&OsStr>, policies: &Policies) -> (Level, Option<String>) {
    let Some(asked) = asked.filter(|word| !word.is_empty()) else { return (Level::Strict, None) };
    let Some(level) = asked.to_str().and_then(Level::from_word) else {
        let known = Level::WORDS.map(|(word, _)| word).join(", ");
        let said = format!("FLAVOR_VALIDATION={} is not one of {known}; validation is strict", asked.display());
        return (Level::Strict, Some(said));
    };
    if level == Level::Strict {
        return (level, None);
    }
    let word = level.word();
    match policies.needs_strict() {
        Some(file) => {
            let path = file.path.display();
            (Level::Strict, Some(format!("FLAVOR_VALIDATION={word} is not allowed by {path}; validation is strict")))
        }
        None => (level, Some(format!("FLAVOR_VALIDATION={word}: less is checked than should be"))),
    }
}
