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

/// Variables that would send uv to another interpreter than ours, or have it treat hashes in another way: locks say what has to have one.
const MISLEADING: [&str; 9] = [
    "CONDA_PREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_PROJECT_ENVIRONMENT",
    "UV_NO_VERIFY_HASHES",
    "UV_PYTHON",
    "UV_REQUIRE_HASHES",
    "UV_SYSTEM_PYTHON",
    "VIRTUAL_ENV",
];

/// Variables of uv that hold paths, with what is between several.
const PATHS: [(&str, Option<char>); 12] = [
    ("NETRC", None),
    ("SSL_CERT_DIR", None),
    ("SSL_CERT_FILE", None),
    ("UV_BUILD_CONSTRAINT", Some(' ')),
    ("UV_CACHE_DIR", None),
    ("UV_CONFIG_FILE", None),
    ("UV_CONSTRAINT", Some(' ')),
    ("UV_CREDENTIALS_DIR", None),
    ("UV_EXCLUDE", Some(' ')),
    ("UV_OVERRIDE", Some(' ')),
    ("UV_PYTHON_CACHE_DIR", None),
    ("UV_PYTHON_INSTALL_DIR", None),
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
    /// A distribution is in the index, in other versions.
    #[error("there is no such version: {wanted}{}\n{text}", newest.as_ref().map_or_else(String::new, |newest| format!(" (newest: {newest})")))]
    NoVersion {
        /// What is required.
        wanted: String,
        /// The newest version, where uv has named it.
        newest: Option<String>,
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
    /// An archive is not the one that was locked.
    #[error("an archive is not the one whose hash was stated:\n{text}")]
    Hash {
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
            Self::NotFound { .. } | Self::NoVersion { .. } => "python.dependency.missing",
            Self::Network { .. } => "python.index.unreachable",
            Self::RequiresPython { .. } => "python.version.mismatch",
            Self::NoSolution { .. } => "python.dependency.conflict",
            Self::Hash { .. } => "python.dependency.hash",
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
            Self::NoVersion { newest: Some(_), .. } => "ask for a version that there is",
            Self::NoVersion { .. } => "ask for a version that the index has",
            Self::Network { text } if text.contains("network was disabled") => {
                "pack once without --offline and UV_OFFLINE, or put what is missing into a folder for --find-links"
            }
            Self::Network { .. } => {
                "check the network; HTTPS_PROXY, SSL_CERT_FILE, UV_DEFAULT_INDEX and uv's other variables are passed through"
            }
            Self::RequiresPython { .. } => "choose another interpreter with --python PATH or --python VERSION",
            Self::NoSolution { .. } => "loosen one of the requirements named above",
            Self::Hash { .. } => "find out why the index has another archive; only if you trust it, lock it anew",
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
        // uv runs elsewhere.
        for (name, separator) in PATHS {
            if let Ok(value) = env::var(name)
                && !value.is_empty()
            {
                let all: Vec<String> = match separator {
                    Some(separator) => value.split(separator).map(absolute).collect(),
                    None => vec![absolute(&value)],
                };
                command.env(name, all.join(separator.map(String::from).as_deref().unwrap_or_default()));
            }
        }
        command
    }

    /// The same error with the project called what it is for whoever reads it: its name may be one that nobody has given it.
    pub(super) fn about_project(error: UvError, project: &str) -> UvError {
        let new = |text: String| about_project(&text, project);
        match error {
            UvError::NotFound { text } => UvError::NotFound { text: new(text) },
            UvError::NoVersion { wanted, newest, text } => UvError::NoVersion { wanted, newest, text: new(text) },
            UvError::NoSolution { text } => UvError::NoSolution { text: new(text) },
            UvError::RequiresPython { text } => UvError::RequiresPython { text: new(text) },
            UvError::Hash { text } => UvError::Hash { text: new(text) },
            other => other,
        }
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

/// A path from where the caller is; addresses stay.
pub(super) fn absolute(place: &str) -> String {
    if place.is_empty() || place.contains("://") {
        return place.to_owned();
    }
    std::path::absolute(place).map_or_else(|_| place.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// What uv takes for true in a variable.
pub(super) fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "t" | "yes" | "y" | "on")
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
    } else if any(&["Hash mismatch", "DO NOT MATCH THE HASHES"]) {
        UvError::Hash { text }
    } else if any(&["is not compatible with the target Python"]) {
        UvError::BuiltHere { text }
    } else if any(&["Failed to build", "build backend returned an error"]) {
        UvError::Build { text }
    } else if any(&["does not satisfy Python", "requested Python version", "requires-python"]) {
        UvError::RequiresPython { text }
    } else if let Some((wanted, newest)) = no_version(said) {
        UvError::NoVersion { wanted, newest, text }
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

/// The requirement that no version in the index meets, and the newest one, if that is all that is wrong.
fn no_version(said: &str) -> Option<(String, Option<String>)> {
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let until = |text: &str| text.split([' ', ',']).next().map(str::to_owned).filter(|text| !text.is_empty());
    for phrase in
        ["there is no version of ", "There is no version of ", "there are no versions of ", "There are no versions of "]
    {
        if let Some((_, rest)) = words.split_once(phrase) {
            return Some((until(rest)?, None));
        }
    }
    let (_, rest) = words.split_once("Because only ")?;
    // `six<=1.17.0 is available and …`, or a list of versions.
    let (found, rest) = if let Some(rest) = rest.strip_prefix("the following versions of ") {
        let (list, rest) = rest.split_once(" and ")?;
        (list.rsplit(' ').next()?, rest)
    } else {
        rest.split_once(" is available and ")?
    };
    let found = found.trim_end_matches(',');
    let end = found.find(['<', '=', '>'])?;
    let (name, newest) = found.split_at_checked(end)?;
    let newest = newest.trim_start_matches(['<', '=']).to_owned();
    // What comes first may be about another distribution.
    let wanted = ["you require ", " depends on "].iter().find_map(|verb| {
        let wanted = format!(" {rest}").split_once(verb).and_then(|(_, wanted)| until(wanted))?;
        wanted.strip_prefix(name).is_some_and(|rest| rest.starts_with(['<', '=', '>', '!', '~', '['])).then_some(wanted)
    });
    Some((wanted?, Some(newest)))
}

/// What uv says of a project by its name and version, said of "your project".
fn about_project(said: &str, project: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in said.lines() {
        let restates = line.contains("you require")
            && (line.contains(&format!("only {project}==")) || line.contains(&format!("only {project}[")));
        if restates {
            continue;
        }
        let mut line = line.replace(&format!("`{project}` (v"), "\0");
        while let Some((before, rest)) = line.split_once('\0') {
            line = format!("{before}your project{}", rest.split_once(')').map_or("", |(_, rest)| rest));
        }
        for begin in [format!("{project}=="), format!("{project}[")] {
            let mut from = 0;
            while let Some(at) = line.get(from..).and_then(|rest| rest.find(&begin)).map(|at| from.saturating_add(at)) {
                let is_whole =
                    line.get(..at).is_none_or(|before| before.ends_with([' ', '(', '`']) || before.is_empty());
                let end = line
                    .get(at..)
                    .and_then(|rest| rest.find([' ', ',', '`', ')']))
                    .map_or(line.len(), |end| at.saturating_add(end));
                if is_whole {
                    line.replace_range(at..end, "your project");
                    from = at;
                } else {
                    from = end;
                }
            }
        }
        lines.push(line.replace("your project cannot be used", "your project's requirements cannot be met"));
    }
    lines.join("\n")
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
        assert_eq!(classify("error: x\n cause: Hash mismatch for `six==1`").code(), "python.dependency.hash");
    }

    #[test]
    fn a_version_that_is_not_there_is_told_from_a_conflict_and_the_project_has_no_name() {
        const ONLY: &str = "error: No solution found when resolving dependencies\n  cause: Because only six<=1.17.0 is available and own-app==1 depends on six>=99, we can conclude that own-app==1 cannot be used.\n         And because only own-app==1 is available and you require own-app, we can conclude that your requirements are unsatisfiable.";
        let error = Uv::about_project(classify(ONLY), "own-app").to_string();
        assert_eq!(
            error,
            "there is no such version: six>=99 (newest: 1.17.0)\nerror: No solution found when resolving dependencies\n  \
             cause: Because only six<=1.17.0 is available and your project depends on six>=99, we can conclude that your project's requirements cannot be met."
        );
        for (said, wanted, newest) in [
            (
                "error: y\n cause: Because only six<=1.17.0 is available and you require six>=99, we can",
                "six>=99",
                Some("1.17.0"),
            ),
            (
                "error: y\n cause: Because there is no version of six==1.99 and you require six==1.99, we can",
                "six==1.99",
                None,
            ),
            (
                "error: y\n cause: Because only the following versions of six are available:\n     six==1.0\n     six==1.1\n and a==1 depends on six>=2, we can",
                "six>=2",
                Some("1.1"),
            ),
        ] {
            match classify(said) {
                UvError::NoVersion { wanted: found, newest: version, .. } => {
                    assert_eq!((found.as_str(), version.as_deref()), (wanted, newest));
                }
                other => panic!("{said}: {other:?}"),
            }
        }
        let conflict = "error: x\n cause: Because only a==1 is available and a==1 depends on b<2, and you require b>=2, we can conclude";
        assert_eq!(classify(&format!("No solution found {conflict}")).code(), "python.dependency.conflict");
        let text = "hint: `six` (v1) was included because `own-app` (v1) depends on `six`\nmy-own-app==2 and own-app[x]==1 depends on six";
        assert_eq!(
            about_project(text, "own-app"),
            "hint: `six` (v1) was included because your project depends on `six`\nmy-own-app==2 and your project depends on six"
        );
    }
}
