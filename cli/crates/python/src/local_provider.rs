//! Interpreters that are installed on this machine.

use super::{
    error::RuntimeError,
    interpreter::{Interpreter, ProbeError},
    process,
    provider::{Runtime, RuntimeProvider, RuntimeRequest, no_interpreter},
    relocate,
};
use pep440_rs::{Version, VersionSpecifiers};
use std::{
    env,
    path::{Path, PathBuf},
};

/// An interpreter of this machine.
#[derive(Clone, Debug, Default)]
pub struct LocalProvider {
    /// This one; otherwise the first fitting one on `PATH`.
    pub path: Option<PathBuf>,
    /// Only of this version, such as `3.12`.
    pub version: Option<String>,
}

impl RuntimeProvider for LocalProvider {
    fn name(&self) -> &'static str {
        "local"
    }

    fn check(&self, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError> {
        self.interpreter(request).map(drop)
    }

    fn provide(&self, request: &RuntimeRequest<'_>, into: &Path) -> Result<Runtime, RuntimeError> {
        relocate_with_progress(&self.interpreter(request)?, self.name(), request, into)
    }
}

pub(super) fn relocate_with_progress(
    python: &Interpreter,
    provider: &'static str,
    request: &RuntimeRequest<'_>,
    into: &Path,
) -> Result<Runtime, RuntimeError> {
    request.progress.step(&format!("Copy Python {} from {}", python.version_text(), python.base_prefix.display()));
    relocate::relocate(python, provider, request, into)
}

pub(super) fn chosen(path: &Path, request: &RuntimeRequest<'_>) -> Result<Interpreter, RuntimeError> {
    // A bare name is looked up as a shell would.
    let found = process::all_on_path(&path.to_string_lossy(), env::var_os("PATH").as_deref()).into_iter().next();
    let file = if path.components().count() == 1 && !path.exists() {
        found.unwrap_or_else(|| path.to_owned())
    } else {
        path.to_owned()
    };
    if !process::is_executable(&file) {
        let reason = if file.exists() { "it is not an executable file" } else { "it does not exist" };
        return Err(RuntimeError::NotUsable { path: file, reason: reason.to_owned() });
    }
    let python = Interpreter::probe(&file)
        .map_err(|error| RuntimeError::NotUsable { path: file.clone(), reason: error.to_string() })?;
    match request.requires_python {
        Some(required) if !fits(&python, required) => Err(RuntimeError::RequiresPython {
            path: file,
            found: python.version_text(),
            required: required.to_string(),
        }),
        _ => Ok(python),
    }
}

impl LocalProvider {
    pub(super) fn interpreter(&self, request: &RuntimeRequest<'_>) -> Result<Interpreter, RuntimeError> {
        self.path.as_ref().map_or_else(|| self.first_fitting(request), |path| chosen(path, request))
    }

    fn first_fitting(&self, request: &RuntimeRequest<'_>) -> Result<Interpreter, RuntimeError> {
        let path = env::var_os("PATH");
        let mut names = vec!["python3".to_owned()];
        match &self.version {
            Some(version) => names.insert(0, format!("python{}", minor_of(version))),
            None => names.extend((8..=20).rev().map(|minor| format!("python3.{minor}"))),
        }
        let mut tried = Vec::new();
        for file in names.iter().flat_map(|name| process::all_on_path(name, path.as_deref())) {
            match Interpreter::probe(&file) {
                Ok(python) if !self.has_version(&python) => {
                    tried.push(format!("{}: Python {}", file.display(), python.version_text()));
                }
                Ok(python) if request.requires_python.is_some_and(|required| !fits(&python, required)) => {
                    tried.push(format!("{}: Python {}", file.display(), python.version_text()));
                }
                Ok(python) => return Ok(python),
                // Version managers put programs on PATH for versions that are not active.
                Err(ProbeError::NoAnswer(_)) => {}
                Err(error) => tried.push(format!("{}: {error}", file.display())),
            }
        }
        Err(no_interpreter(request, tried))
    }

    /// One of each version that is on `PATH`: the version and the file.
    pub(super) fn all(request: &RuntimeRequest<'_>) -> Vec<(String, PathBuf)> {
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        let path = env::var_os("PATH");
        let names = ["python3".to_owned()].into_iter().chain((8..=20).rev().map(|minor| format!("python3.{minor}")));
        for file in names.flat_map(|name| process::all_on_path(&name, path.as_deref())) {
            if let Ok(python) = chosen(&file, request)
                && !found.iter().any(|(version, _)| *version == python.version_text())
            {
                found.push((python.version_text(), file));
            }
        }
        found
    }

    fn has_version(&self, python: &Interpreter) -> bool {
        self.version.as_ref().is_none_or(|version| {
            let found = python.version_text();
            found == *version || found.strip_prefix(version.as_str()).is_some_and(|rest| rest.starts_with('.'))
        })
    }
}

fn minor_of(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

fn fits(python: &Interpreter, required: &VersionSpecifiers) -> bool {
    let (major, minor, patch) = python.version;
    required.contains(&Version::new([major, minor, patch].map(u64::from)))
}
