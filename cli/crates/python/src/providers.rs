//! Where the interpreter in the tree comes from: what `--python` says, and the providers of a choice, asked one after the other.

use super::{
    debian::DebianProvider,
    error::RuntimeError,
    local_provider::LocalProvider,
    provider::{Runtime, RuntimeProvider, RuntimeRequest, no_interpreter},
    uv_provider::UvProvider,
};
use pep440_rs::Version;
use std::{
    path::{Path, PathBuf},
    str::FromStr as _,
};

/// Which interpreter goes into the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PythonChoice {
    /// One that uv manages if it is already on this machine (it runs on older systems), else the first fitting one on `PATH`.
    #[default]
    Auto,
    /// The one of the newest fitting Debian release, or of this version, with its C library: it runs on any Linux of the architecture.
    Debian(Option<String>),
    /// The first fitting one on `PATH`.
    Local,
    /// This one.
    Path(PathBuf),
    /// The newest fitting one that uv manages; downloaded if need be.
    Uv,
    /// This version, such as `3.12`: on `PATH`, or managed by uv; downloaded if need be.
    Version(String),
}

impl PythonChoice {
    /// Reads the value of `--python`: `auto`, `local`, `uv`, `debian`, `debian:3.11`, a version, or a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "auto" => Self::Auto,
            "local" => Self::Local,
            "uv" => Self::Uv,
            "debian" => Self::Debian(None),
            _ if text.starts_with("debian:") => {
                Self::Debian(text.split_once(':').map(|(_, version)| version.to_owned()))
            }
            _ if text.starts_with(|first: char| first.is_ascii_digit()) && Version::from_str(text).is_ok() => {
                Self::Version(text.to_owned())
            }
            _ => Self::Path(PathBuf::from(text)),
        }
    }
}

/// The providers to ask for a choice, in this order.
#[must_use]
pub fn providers(choice: &PythonChoice) -> Vec<Box<dyn RuntimeProvider>> {
    let managed = |version: Option<&String>, download| UvProvider { version: version.cloned(), download };
    match choice {
        PythonChoice::Auto => vec![Box::new(managed(None, false)), Box::new(LocalProvider::default())],
        PythonChoice::Debian(version) => vec![Box::new(DebianProvider { version: version.clone() })],
        PythonChoice::Local => vec![Box::new(LocalProvider::default())],
        PythonChoice::Path(path) => vec![Box::new(LocalProvider { path: Some(path.clone()), version: None })],
        PythonChoice::Uv => vec![Box::new(managed(None, true))],
        PythonChoice::Version(version) => vec![
            Box::new(LocalProvider { path: None, version: Some(version.clone()) }),
            Box::new(managed(Some(version), true)),
        ],
    }
}

/// Asks the providers of the choice one after the other.
pub(super) fn provide(
    choice: &PythonChoice,
    request: &RuntimeRequest<'_>,
    into: &Path,
) -> Result<Runtime, RuntimeError> {
    first(choice, request, |provider| provider.provide(request, into))
}

/// Says whether [`provide`] will find one.
pub(super) fn check(choice: &PythonChoice, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError> {
    first(choice, request, |provider| provider.check(request))
}

fn first<T>(
    choice: &PythonChoice,
    request: &RuntimeRequest<'_>,
    ask: impl Fn(&dyn RuntimeProvider) -> Result<T, RuntimeError>,
) -> Result<T, RuntimeError> {
    if let (Some(processor), false) = (request.foreign, matches!(choice, PythonChoice::Debian(_))) {
        return Err(RuntimeError::Foreign { processor: processor.name() });
    }
    let mut all_tried = Vec::new();
    for provider in providers(choice) {
        match ask(&*provider) {
            Err(RuntimeError::NoInterpreter { tried, .. }) => all_tried.extend(tried),
            other => return other,
        }
    }
    Err(no_interpreter(request, all_tried))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_from_words() {
        assert_eq!(PythonChoice::parse("auto"), PythonChoice::Auto);
        assert_eq!(PythonChoice::parse("uv"), PythonChoice::Uv);
        assert_eq!(PythonChoice::parse("debian"), PythonChoice::Debian(None));
        assert_eq!(PythonChoice::parse("debian:3.11"), PythonChoice::Debian(Some("3.11".to_owned())));
        assert_eq!(PythonChoice::parse("3.12"), PythonChoice::Version("3.12".to_owned()));
        assert_eq!(PythonChoice::parse("/opt/3/bin/python"), PythonChoice::Path("/opt/3/bin/python".into()));
        assert_eq!(PythonChoice::parse("python3.11"), PythonChoice::Path("python3.11".into()));
        assert_eq!(PythonChoice::parse("./3.12"), PythonChoice::Path("./3.12".into()));
    }
}
