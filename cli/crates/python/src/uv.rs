//! Finds and runs uv, and makes one sentence of what it says when it fails.

use super::process::{self, Finished};
use std::{
    env,
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Names the uv to use, before all others.
pub(super) const UV_VARIABLE: &str = "FLAVOR_UV";

/// Resolving, downloading and building may take long; an hour means that something hangs.
pub(super) const UV_LIMIT: Duration = Duration::from_secs(3600);

/// Variables that would send uv to another interpreter than ours.
const MISLEADING: [&str; 7] = [
    "CONDA_PREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
    "VIRTUAL_ENV",
];

/// Variables of other programs that name a file of certificates.
const CERTIFICATES: [&str; 3] = ["PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// How many lines of uv's own words are shown: the first ones say what failed (setuptools names a wrong value in the ninth), the
/// last ones why.
const FIRST_LINES: usize = 9;
const LAST_LINES: usize = 6;
const LINE_WIDTH: usize = 300;

/// What uv adds to every failed build.
const EMPTY_HINT: &str = "hint: Build failures usually";

/// How to run uv.
#[derive(Clone, Debug)]
pub struct Uv {
    words: Vec<OsString>,
}

/// uv is missing or failed. `text` is what it said, shortened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UvError {
    /// There is no uv.
    #[error(
        "uv, which installs the project's dependencies, was not found on PATH, beside this program or as a Python module"
    )]
    Missing,
    /// The variable names something that is not a program.
    #[error("{UV_VARIABLE} names {}, which is not an executable file", path.display())]
    NotAProgram {
        /// Its value.
        path: PathBuf,
    },
    /// It could not be started.
    #[error("uv cannot be run: {source}")]
    NotRun {
        /// The system's answer.
        source: io::Error,
    },
    /// It did not end.
    #[error("uv did not end within {} seconds", limit.as_secs())]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// A distribution is not in the index.
    #[error("a required distribution does not exist:\n{text}")]
    NotFound {
        /// uv's words.
        text: String,
    },
    /// The index was not reached.
    #[error("the network could not be reached:\n{text}")]
    Network {
        /// uv's words.
        text: String,
    },
    /// The interpreter is too old or too new for a requirement.
    #[error("the chosen Python does not fit the project or one of its dependencies:\n{text}")]
    RequiresPython {
        /// uv's words.
        text: String,
    },
    /// No set of versions fits.
    #[error("the requirements contradict each other:\n{text}")]
    NoSolution {
        /// uv's words.
        text: String,
    },
    /// A build backend failed.
    #[error("a build failed:\n{text}")]
    Build {
        /// uv's words.
        text: String,
    },
    /// A project was built here, and the tree is for another processor.
    #[error("a project that has no wheel for the package's platform was built here, for this machine:\n{text}")]
    BuiltHere {
        /// uv's words.
        text: String,
    },
    /// Anything else.
    #[error("uv failed:\n{text}")]
    Failed {
        /// uv's words.
        text: String,
    },
}

impl UvError {
    /// A stable code for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing | Self::NotAProgram { .. } => "python.uv.missing",
            Self::NotRun { .. } | Self::Failed { .. } => "python.uv.failed",
            Self::TimedOut { .. } => "python.uv.timeout",
            Self::NotFound { .. } => "python.dependency.missing",
            Self::Network { .. } => "python.index.unreachable",
            Self::RequiresPython { .. } => "python.version.mismatch",
            Self::NoSolution { .. } => "python.dependency.conflict",
            Self::Build { .. } => "python.build.failed",
            Self::BuiltHere { .. } => "python.foreign.code",
        }
    }

    /// What the user can do about it, if that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing => "install it with `pip install uv`, or set FLAVOR_UV to its path",
            Self::NotAProgram { .. } => "set FLAVOR_UV to the path of the uv program, or unset it",
            Self::NotFound { .. } => {
                "check the name's spelling, and UV_INDEX or UV_DEFAULT_INDEX if it is in a private index"
            }
            Self::Network { .. } => {
                "check the network; HTTPS_PROXY, SSL_CERT_FILE, UV_DEFAULT_INDEX and uv's other variables are passed through"
            }
            Self::RequiresPython { .. } => "choose another interpreter with --python PATH or --python VERSION",
            Self::NoSolution { .. } => "loosen one of the requirements named above",
            Self::Build { .. } => "the project must build with `uv build`; the last lines above are the build's own",
            Self::BuiltHere { .. } => {
                "take a version that has a wheel for that platform, put one that was built there into an index of the manifest, or pack on \
                 a machine of that platform"
            }
            Self::Failed { text } if text.contains("initialize cache") => {
                "set UV_CACHE_DIR to a folder that can be written to; HOME has none"
            }
            Self::NotRun { .. } | Self::TimedOut { .. } | Self::Failed { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for Uv {
    /// The words that start it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.words.iter().map(|word| word.to_string_lossy()).collect();
        f.write_str(&words.join(" "))
    }
}

impl Uv {
    /// Finds uv: `FLAVOR_UV`, on `PATH`, beside this program, as a module of the `python3` on `PATH`.
    ///
    /// # Errors
    /// [`UvError::Missing`], or [`UvError::NotAProgram`] if `FLAVOR_UV` is set to something else.
    pub fn find() -> Result<Self, UvError> {
        if let Some(path) = env::var_os(UV_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from) {
            return if process::is_executable(&path) {
                Ok(Self::program(path))
            } else {
                Err(UvError::NotAProgram { path })
            };
        }
        let path = env::var_os("PATH");
        if let Some(found) = process::all_on_path("uv", path.as_deref()).into_iter().next() {
            return Ok(Self::program(found));
        }
        let beside = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("uv")));
        if let Some(found) = beside.filter(|path| process::is_executable(path)) {
            return Ok(Self::program(found));
        }
        let python = process::all_on_path("python3", path.as_deref()).into_iter().next().ok_or(UvError::Missing)?;
        let module = Self { words: vec![python.into(), "-m".into(), "uv".into()] };
        let answers = process::run(module.command().arg("--version"), b"", Duration::from_secs(20));
        if answers.is_ok_and(|finished| finished.success()) { Ok(module) } else { Err(UvError::Missing) }
    }

    fn program(path: PathBuf) -> Self {
        Self { words: vec![path.into()] }
    }

    /// A command with the caller's environment (index, proxy, certificates and cache settings stay), without what would
    /// send uv to another interpreter.
    pub(super) fn command(&self) -> Command {
        let mut words = self.words.iter();
        let mut command = process::command(words.next().map_or("uv".as_ref(), OsString::as_os_str));
        command.args(words);
        for name in MISLEADING {
            command.env_remove(name);
        }
        // Behind a private authority people have set one of these for pip, requests or curl, which uv does not read.
        let set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
        if !set(&"SSL_CERT_FILE")
            && let Some(file) = CERTIFICATES.iter().find(|name| set(name)).and_then(env::var_os)
        {
            command.env("SSL_CERT_FILE", file);
        }
        command
    }

    /// Runs a command that [`Uv::command`] gave. `hidden` is replaced by a dot where uv names it: a folder that the user never sees.
    pub(super) fn run(command: &mut Command, limit: Duration, hidden: &Path) -> Result<Finished, UvError> {
        Self::run_with_input(command, b"", limit, hidden)
    }

    /// The same for a command that reads its standard input.
    pub(super) fn run_with_input(
        command: &mut Command,
        input: &[u8],
        limit: Duration,
        hidden: &Path,
    ) -> Result<Finished, UvError> {
        let finished = process::run(command, input, limit).map_err(|source| UvError::NotRun { source })?;
        if finished.timed_out {
            return Err(UvError::TimedOut { limit });
        }
        if finished.success() {
            return Ok(finished);
        }
        let all = String::from_utf8_lossy(&finished.stderr);
        let hidden = hidden.to_string_lossy();
        let all = if hidden.len() > 1 {
            all.replace(&format!("file://{hidden}"), ".").replace(&*hidden, ".")
        } else {
            all.into_owned()
        };
        Err(classify(&all))
    }
}

fn classify(said: &str) -> UvError {
    let text = shorten(said);
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    // The order matters: a build can fail because the index was not reached.
    if any(&[
        "error sending request",
        "dns error",
        "tcp connect error",
        "network was disabled",
        "Failed to fetch",
        "operation timed out",
    ]) {
        UvError::Network { text }
    } else if any(&["is not compatible with the target Python"]) {
        UvError::BuiltHere { text }
    } else if any(&["Failed to build", "build backend returned an error"]) {
        UvError::Build { text }
    } else if any(&["does not satisfy Python", "requested Python version", "requires-python"]) {
        UvError::RequiresPython { text }
    } else if any(&[
        "was not found in the package registry",
        "was not found in the cache",
        "There are no versions of",
        "No matching distribution found",
    ]) {
        UvError::NotFound { text }
    } else if any(&["No solution found", "unsatisfiable"]) {
        UvError::NoSolution { text }
    } else {
        UvError::Failed { text }
    }
}

/// From the first error on; of each traceback only its last line; the middle left out if it is still long.
fn shorten(said: &str) -> String {
    let lines = said
        .lines()
        .skip_while(|line| !line.trim_start().to_ascii_lowercase().starts_with("error") && !line.contains('×'));
    let mut kept: Vec<String> = Vec::new();
    let mut traceback: Option<usize> = None;
    for line in lines {
        let indent = line.len() - line.trim_start().len();
        if traceback.is_some_and(|outer| indent > outer) || line.trim().is_empty() {
            continue;
        }
        traceback = line.trim_start().starts_with("Traceback (most recent call last)").then_some(indent);
        if traceback.is_none() && !line.starts_with(EMPTY_HINT) {
            kept.push(line.chars().take(LINE_WIDTH).collect());
        }
    }
    if kept.is_empty() {
        return said.trim().chars().take(LINE_WIDTH).collect();
    }
    if kept.len() > FIRST_LINES + LAST_LINES {
        let removed = kept.len() - FIRST_LINES - LAST_LINES;
        kept.splice(FIRST_LINES..FIRST_LINES + removed, [format!("… {removed} lines left out …")]);
    }
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUILD: &str = "Using CPython\nerror: Failed to build `bd @ file:///w`\n  cause: The build backend returned an error\n\n     [stderr]\n     Traceback (most recent call last):\n       File \"a\", line 1, in <module>\n         run()\n     RuntimeError: boom\n\nhint: Build failures usually indicate a problem\nhint: look\n";

    #[test]
    fn tracebacks_are_reduced_to_their_last_line() {
        assert_eq!(
            shorten(BUILD),
            "error: Failed to build `bd @ file:///w`\n  cause: The build backend returned an error\n     [stderr]\n     RuntimeError: boom\nhint: look"
        );
    }

    #[test]
    fn long_texts_lose_their_middle() {
        let long: String =
            std::iter::once("error: x\n".to_owned()).chain((0..100).map(|n| format!("line {n}\n"))).collect();
        let short = shorten(&long);
        assert_eq!(short.lines().count(), FIRST_LINES + LAST_LINES + 1);
        assert!(short.starts_with("error: x") && short.ends_with("line 99"), "{short}");
    }

    #[test]
    fn failures_are_told_apart() {
        assert_eq!(classify(BUILD).code(), "python.build.failed");
        assert_eq!(
            classify("error: No solution found\n cause: x was not found in the package registry").code(),
            "python.dependency.missing"
        );
        assert_eq!(
            classify("error: No solution found\n cause: Python version (3.11.7) does not satisfy Python>=3.13").code(),
            "python.version.mismatch"
        );
        assert_eq!(
            classify("error: No solution found\n cause: a and b are incompatible").code(),
            "python.dependency.conflict"
        );
        assert_eq!(
            classify(
                "error: Failed to build `x`\n cause: The built wheel `x-1-cp313-cp313-linux_x86_64.whl` is not compatible with the target Python 3.13 on Linux aarch64."
            )
            .code(),
            "python.foreign.code"
        );
        assert_eq!(classify("error: Failed to build `x`\n cause: dns error").code(), "python.index.unreachable");
    }
}
