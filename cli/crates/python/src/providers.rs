//! Where the interpreter in the tree comes from: the providers of a choice, asked one after the other.

use super::{
    debian::DebianProvider,
    local_provider::LocalProvider,
    provider::{Runtime, RuntimeProvider, RuntimeRequest, no_interpreter},
    python_choice::PythonChoice,
    runtime_error::RuntimeError,
    uv_provider::UvProvider,
};
use std::path::Path;

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
