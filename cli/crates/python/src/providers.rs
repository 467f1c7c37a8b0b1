//! Where the interpreter in the tree comes from: what `--python` says, and the providers of a choice, asked one after the other.

use super::{
    debian::DebianProvider,
    error::RuntimeError,
    local_provider::LocalProvider,
    process::shell_word,
    provider::{Runtime, RuntimeProvider, RuntimeRequest},
    tree_files,
    uv_provider::{Download, UvProvider},
};
use pep440_rs::Version;
use std::{
    env,
    path::{Path, PathBuf},
    str::FromStr as _,
};

/// Says what `--python auto` stands for.
const DEFAULT_VARIABLE: &str = "FLAVOR_PYTHON";

/// Which interpreter goes into the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PythonChoice {
    /// The first of these that is available: one that uv manages, Debian's, the first fitting one on `PATH`. The first two run on other
    /// machines than this one's kind.
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

impl PythonChoice {
    /// As [`PythonChoice::parse`]; what `auto` stands for may be said by the variable `FLAVOR_PYTHON`.
    #[must_use]
    pub fn with_default(text: &str) -> Self {
        let stated = env::var(DEFAULT_VARIABLE).ok().filter(|choice| !choice.is_empty() && text == "auto");
        Self::parse(stated.as_deref().unwrap_or(text))
    }
}

/// The providers to ask for a choice, in this order.
#[must_use]
pub fn providers(choice: &PythonChoice) -> Vec<Box<dyn RuntimeProvider>> {
    let managed = |version: Option<&String>, download| UvProvider { version: version.cloned(), download };
    match choice {
        PythonChoice::Auto => vec![
            Box::new(managed(None, Download::OncePerDay)),
            Box::new(DebianProvider::default()),
            Box::new(LocalProvider::default()),
        ],
        PythonChoice::Debian(version) => vec![Box::new(DebianProvider { version: version.clone() })],
        PythonChoice::Local => vec![Box::new(LocalProvider::default())],
        PythonChoice::Path(path) => vec![Box::new(LocalProvider { path: Some(path.clone()), version: None })],
        PythonChoice::Uv => vec![Box::new(managed(None, Download::Always))],
        PythonChoice::Version(version) => vec![
            Box::new(LocalProvider { path: None, version: Some(version.clone()) }),
            Box::new(managed(Some(version), Download::Always)),
        ],
    }
}

/// Asks the providers of the choice one after the other. With [`PythonChoice::Auto`] the runtime's notices say which was taken, and why
/// none before it.
pub(super) fn provide(
    choice: &PythonChoice,
    request: &RuntimeRequest<'_>,
    into: &Path,
) -> Result<Runtime, RuntimeError> {
    let (mut runtime, tried) = first(choice, request, |provider| {
        // What another provider has begun is in the way of the next.
        tree_files::remove(into)?;
        tree_files::create_dir(into)?;
        provider.provide(request, into)
    })?;
    if *choice == PythonChoice::Auto {
        runtime.notices.insert(0, chosen(&runtime, &tried));
    }
    Ok(runtime)
}

/// Says whether [`provide`] will find one.
pub(super) fn check(choice: &PythonChoice, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError> {
    first(choice, request, |provider| provider.check(request)).map(drop)
}

fn chosen(runtime: &Runtime, tried: &[String]) -> String {
    let (major, minor, patch) = runtime.version;
    let which = match runtime.provider {
        "debian" => "Debian's, with its own C library",
        "uv" => "uv's (python-build-standalone)",
        _ => "the one of this machine",
    };
    let why = if tried.is_empty() { String::new() } else { format!(" ({})", tried.join("; ")) };
    format!("Python {major}.{minor}.{patch} is {which}{why}")
}

fn first<T>(
    choice: &PythonChoice,
    request: &RuntimeRequest<'_>,
    ask: impl Fn(&dyn RuntimeProvider) -> Result<T, RuntimeError>,
) -> Result<(T, Vec<String>), RuntimeError> {
    let is_auto = *choice == PythonChoice::Auto;
    // For other processors there are only Debian's.
    let debian = PythonChoice::Debian(None);
    let choice = if is_auto && request.foreign.is_some() { &debian } else { choice };
    if let (Some(processor), false) = (request.foreign, matches!(choice, PythonChoice::Debian(_))) {
        return Err(RuntimeError::Foreign { processor: processor.name() });
    }
    let mut all_tried = Vec::new();
    // The published launchers, for which there are no links in a tree, are not tried with Debian's.
    let wanted = |name: &str| !is_auto || request.symlinks || name != "debian";
    for provider in providers(choice).into_iter().filter(|provider| wanted(provider.name())) {
        match ask(&*provider) {
            Ok(found) => return Ok((found, all_tried)),
            Err(RuntimeError::NoInterpreter { tried, .. }) => all_tried.extend(tried),
            // The next one may be had.
            Err(error @ (RuntimeError::Download { .. } | RuntimeError::Debian(_))) if is_auto => {
                all_tried.push(error.to_string().lines().next().unwrap_or_default().trim_end_matches(':').to_owned());
            }
            Err(RuntimeError::Download { version, source, .. }) => {
                return Err(RuntimeError::Download { version, source, available: available(request) });
            }
            Err(error) => return Err(error),
        }
    }
    let required = request.requires_python.map(ToString::to_string);
    Err(RuntimeError::NoInterpreter { required, tried: all_tried, available: available(request) })
}

/// What `--python` could be on this machine, whatever the project accepts: for whoever has asked for what is not there.
pub(super) fn available(request: &RuntimeRequest<'_>) -> Vec<String> {
    let any = RuntimeRequest { requires_python: None, ..*request };
    let mut found: Vec<String> = LocalProvider::all(&any)
        .into_iter()
        .map(|(version, path)| format!("{version} (--python {})", shell_word(&path.to_string_lossy())))
        .collect();
    if let Some(path) = UvProvider::default().installed(&any) {
        found.push(format!("uv's (--python {})", shell_word(&path.to_string_lossy())));
    }
    if DebianProvider::default().check(&any).is_ok() {
        found.extend(DebianProvider::versions().map(|version| format!("{version} (--python debian:{version})")));
    }
    found
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
