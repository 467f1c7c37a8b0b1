//! Interpreters that uv manages (python-build-standalone).

use super::{
    error::RuntimeError,
    local_provider::{chosen, relocate_with_progress},
    provider::{Runtime, RuntimeProvider, RuntimeRequest, no_interpreter},
    uv::{Uv, UvError},
};
use flavor_manifest::words::OLDEST_PYTHON;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Looking for an installed interpreter touches the disk only.
const FIND_LIMIT: Duration = Duration::from_secs(20);

/// A download that takes longer is given up.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);

/// Seconds without an answer after which uv gives a download up. There is no second try: where the host is not reachable, the user should know at once.
const DOWNLOAD_SILENCE: &str = "10";

/// An interpreter that uv manages (python-build-standalone).
#[derive(Clone, Debug, Default)]
pub struct UvProvider {
    /// Only of this version.
    pub version: Option<String>,
    /// Whether uv may download it. It is given up soon, without a second try.
    pub download: bool,
}

impl RuntimeProvider for UvProvider {
    fn name(&self) -> &'static str {
        "uv"
    }

    fn check(&self, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError> {
        match find_managed(&self.wanted(request), request) {
            Some(path) => chosen(&path, request).map(drop),
            None if self.download => Ok(()),
            None => Err(no_interpreter(request, Vec::new())),
        }
    }

    fn provide(&self, request: &RuntimeRequest<'_>, into: &Path) -> Result<Runtime, RuntimeError> {
        let wanted = self.wanted(request);
        let mut found = find_managed(&wanted, request);
        if found.is_none() && self.download {
            request.progress.step(&format!("Download Python {wanted}"));
            download(&wanted, request).map_err(|source| RuntimeError::Download { version: wanted.clone(), source })?;
            found = find_managed(&wanted, request);
        }
        let Some(path) = found else { return Err(no_interpreter(request, Vec::new())) };
        relocate_with_progress(&chosen(&path, request)?, self.name(), request, into)
    }
}

impl UvProvider {
    /// One that it has already.
    pub(super) fn installed(&self, request: &RuntimeRequest<'_>) -> Option<PathBuf> {
        find_managed(&self.wanted(request), request)
    }

    /// As uv takes it.
    fn wanted(&self, request: &RuntimeRequest<'_>) -> String {
        let required = request.requires_python.map(ToString::to_string).filter(|specifiers| !specifiers.is_empty());
        self.version.clone().or(required).unwrap_or_else(|| format!(">={}.{}", OLDEST_PYTHON.0, OLDEST_PYTHON.1))
    }
}

fn find_managed(wanted: &str, request: &RuntimeRequest<'_>) -> Option<PathBuf> {
    let mut command = request.uv.command();
    command
        .args(["python", "find", "--managed-python", "--no-python-downloads", "--no-project", wanted])
        .current_dir("/");
    let finished = Uv::run(&mut command, FIND_LIMIT, Path::new("/")).ok()?;
    let path = PathBuf::from(String::from_utf8(finished.stdout).ok()?.trim());
    path.is_absolute().then_some(path)
}

fn download(wanted: &str, request: &RuntimeRequest<'_>) -> Result<(), UvError> {
    let mut command = request.uv.command();
    command.args(["python", "install", "--no-bin", "--no-progress", "--color", "never", wanted]).current_dir("/");
    command.env("UV_HTTP_RETRIES", "0").env("UV_HTTP_TIMEOUT", DOWNLOAD_SILENCE);
    Uv::run(&mut command, DOWNLOAD_LIMIT, Path::new("/")).map(drop)
}
