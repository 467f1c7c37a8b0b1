//! The installer and the interpreters.

use super::{Check, Outcome};
use flavor_python::{
    DebianProvider, RuntimeError, RuntimeProvider as _, RuntimeRequest, Silent, StandardLibrary, Uv, readiness,
};
use std::path::PathBuf;

/// uv, and whether it runs.
pub(super) fn uv() -> (Check, Option<Uv>) {
    let missing = |error: &flavor_python::UvError| {
        let hint = error.hint().unwrap_or_else(|| "Python projects cannot be packed without it".to_owned());
        (Check::failed("uv", error.to_string(), hint), None)
    };
    match Uv::find() {
        Err(error) => missing(&error),
        Ok(uv) => match readiness::uv_version(&uv) {
            Err(error) => missing(&error),
            Ok(version) => (Check::ok("uv", format!("{version}, {uv}")), Some(uv)),
        },
    }
}

/// Where interpreters come from; the local one's file as well.
pub(super) fn runtimes(uv: Option<&Uv>) -> (Vec<Check>, Option<PathBuf>) {
    let Some(uv) = uv else { return (Vec::new(), None) };
    let request = RuntimeRequest {
        requires_python: None,
        foreign: None,
        symlinks: true,
        stdlib: StandardLibrary::Full,
        offline: false,
        pip: false,
        uv,
        progress: &Silent,
    };
    let mut checks = Vec::new();
    let mut keep = |name: &'static str, found: Result<String, RuntimeError>| match found {
        Ok(message) => checks.push(Check::ok(name, message)),
        Err(error) => {
            let hint = error.hint().unwrap_or_else(|| "another provider can be chosen with --python".to_owned());
            let message = error.to_string().lines().next().unwrap_or_default().to_owned();
            checks.push(Check::warning(name, message, hint));
        }
    };
    let local = readiness::local(&request);
    let file = local.as_ref().ok().map(|(_, file)| file.clone());
    keep("python.local", local.map(|(version, file)| format!("Python {version}, {}", file.display())));
    let managed = readiness::managed(&request);
    keep(
        "python.uv",
        Ok(match &managed {
            Some(path) => format!("uv manages {}", path.display()),
            None => "uv manages no interpreter yet; --python uv downloads one".to_owned(),
        }),
    );
    let debian = DebianProvider::default().check(&request);
    keep("python.debian", debian.map(|()| "Debian's keys and gpgv are here, for --python debian".to_owned()));
    let any = file.is_some() || managed.is_some() || checks.last().is_some_and(|check| check.result == Outcome::Ok);
    if !any {
        let hint = "install Python 3.8 or newer, or debian-archive-keyring and gpgv";
        checks.push(Check::failed("python", "there is no interpreter to pack without a download", hint));
    }
    (checks, file)
}
