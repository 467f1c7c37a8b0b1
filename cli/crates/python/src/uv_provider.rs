//! Interpreters that uv manages (python-build-standalone).

use super::{
    cache_folder,
    error::RuntimeError,
    local_provider::{chosen, relocate_with_progress},
    provider::{Runtime, RuntimeProvider, RuntimeRequest, no_interpreter},
    uv::{Uv, UvError},
};
use flavor_manifest::words::OLDEST_PYTHON;
use pspf_nostd::digest::sha256;
use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Looking for an installed interpreter touches the disk only.
const FIND_LIMIT: Duration = Duration::from_secs(20);

/// A download that takes longer is given up.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);

/// Names another place that uv downloads interpreters from.
const UV_PYTHON_MIRROR: &str = "UV_PYTHON_INSTALL_MIRROR";

/// How long a host that was not reached is not asked again, unless it is asked for by name.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// Seconds without an answer after which uv gives a download up. There is no second try: where the host is not reachable, the user should know at once.
const DOWNLOAD_SILENCE: &str = "5";

/// An interpreter that uv manages (python-build-standalone).
#[derive(Clone, Debug, Default)]
pub struct UvProvider {
    /// Only of this version.
    pub version: Option<String>,
    /// Whether uv may download it. It is given up soon, without a second try.
    pub download: Download,
}

/// When an interpreter is downloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Download {
    /// Not at all.
    #[default]
    Never,
    /// If there is none. Where the host was not reached within the last day it is not tried again: others are there.
    OncePerDay,
    /// If there is none.
    Always,
}

impl RuntimeProvider for UvProvider {
    fn name(&self) -> &'static str {
        "uv"
    }

    fn check(&self, request: &RuntimeRequest<'_>) -> Result<(), RuntimeError> {
        match find_managed(&self.wanted(request), request) {
            Some(path) => chosen(&path, request).map(drop),
            None if self.download == Download::Always => Ok(()),
            None => Err(no_interpreter(request, Vec::new())),
        }
    }

    fn provide(&self, request: &RuntimeRequest<'_>, into: &Path) -> Result<Runtime, RuntimeError> {
        let wanted = self.wanted(request);
        let mut found = find_managed(&wanted, request);
        if found.is_none() && self.download != Download::Never {
            let unreachable = Unreachable::host(UV_PYTHON_MIRROR);
            if self.download == Download::OncePerDay {
                if request.offline {
                    return Err(no_interpreter(request, vec!["uv downloads none: offline".to_owned()]));
                }
                if unreachable.is_known() {
                    let tried = "uv could not download one: its host was not reached within the last day".to_owned();
                    return Err(no_interpreter(request, vec![tried]));
                }
            }
            request.progress.step(&format!("Download Python {wanted}"));
            match download(&wanted, request) {
                Ok(()) => unreachable.forget(),
                Err(source) => {
                    if matches!(source, UvError::Network { .. }) {
                        unreachable.remember();
                    }
                    let version = wanted.clone();
                    return Err(RuntimeError::Download { version, source, available: Vec::new() });
                }
            }
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

/// A host that was not reached, remembered for a day.
struct Unreachable(Option<PathBuf>);

impl Unreachable {
    /// `variable` may name another host than the usual one.
    fn host(variable: &str) -> Self {
        let named = env::var(variable).unwrap_or_default();
        let name = if named.is_empty() { "python".to_owned() } else { sha256(named.as_bytes()).to_string() };
        Self(cache_folder::part(cache_folder::UNREACHABLE).map(|folder| folder.join(name)))
    }

    fn is_known(&self) -> bool {
        let noticed = self.0.as_ref().and_then(|path| path.metadata().ok()?.modified().ok());
        noticed.and_then(|time| time.elapsed().ok()).is_some_and(|age| age < REMEMBERED)
    }

    /// What cannot be written is tried again.
    fn remember(&self) {
        if let Some((path, folder)) = self.0.as_ref().and_then(|path| Some((path, path.parent()?)))
            && cache_folder::create(folder).is_ok()
        {
            let _ = fs::write(path, b"");
        }
    }

    fn forget(&self) {
        if let Some(path) = &self.0 {
            let _ = fs::remove_file(path);
        }
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
