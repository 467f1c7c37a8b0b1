//! `[tool.flavor.execution]`, `.python` and `.runtime`.

use super::{
    cursor::Cursor,
    schema::keys,
    sections::{env_keys, runtime_env},
    words::OLDEST_PYTHON,
};
use crate::diagnostic::Diagnostic;
use pep440_rs::{Version, VersionSpecifiers};
use pspf_nostd::{json::Json, metadata::RuntimeEnv};
use std::str::FromStr as _;

/// The oldest Python that can be packed.
const OLDEST: [u64; 2] = [OLDEST_PYTHON.0 as u64, OLDEST_PYTHON.1 as u64];

/// How the program is started.
#[derive(Clone, Debug, Default)]
pub struct ExecutionSettings {
    /// A command line in place of an entry point.
    pub command: Option<String>,
    /// Arguments in front of the user's.
    pub args: Vec<String>,
    /// Keys of the metadata's `execution` besides command and environment.
    pub limits: Vec<(String, Json)>,
    /// What happens to the caller's environment.
    pub runtime_env: RuntimeEnv,
    /// Variables with placeholders.
    pub env: Vec<(String, String)>,
    /// What of the package is on `PATH`.
    pub search_path: SearchPath,
    /// Whether variables that would redirect the interpreter are removed.
    pub isolated: bool,
}

/// What programs find on `PATH` besides the caller's directories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchPath {
    /// The commands of the package, behind them.
    #[default]
    CommandsLast,
    /// The commands of the package, in front of them.
    CommandsFirst,
    /// Everything beside the interpreter, in front of them.
    Activated,
    /// Nothing.
    Unchanged,
}

/// Which Python goes into the package.
#[derive(Clone, Debug, Default)]
pub struct PythonVersions {
    /// This version.
    pub version: Option<String>,
    /// `min_version` and `max_version`.
    pub accepts: Option<VersionSpecifiers>,
    /// Distributions, by name or pattern, whose modules are unpacked when they are first imported.
    pub lazy_dependencies: Vec<String>,
    /// Whether pip comes along.
    pub pip: bool,
}

/// The standard library, and how modules are compiled.
#[derive(Clone, Copy, Debug)]
pub struct CompileSettings {
    /// As `python -O` (1) and `-OO` (2).
    pub optimization_level: u8,
    /// Whether they are compiled at all.
    pub compile: bool,
    /// Whether docstrings are left out.
    pub strip_docstrings: bool,
    /// Whether the program sees itself under a path that is the same for all versions.
    pub stable_prefix: bool,
    /// Whether the standard library is the minimal one.
    pub minimal_stdlib: bool,
}

impl Default for CompileSettings {
    fn default() -> Self {
        Self {
            optimization_level: 0,
            compile: true,
            strip_docstrings: false,
            stable_prefix: false,
            minimal_stdlib: false,
        }
    }
}

/// Reads `[tool.flavor.execution]`.
#[must_use]
pub(crate) fn execution(execution: &Cursor<'_>) -> ExecutionSettings {
    let env = execution.keys(&["runtime", "env"]);
    let mut runtime_env = runtime_env(&env);
    let old = execution.key("runtime_env");
    let old_values = env_keys(&old.key("set_vars"));
    if old.present() {
        let problem = Diagnostic::warning("manifest.old_spelling", "is an old spelling, read all the same");
        old.report(problem.hint("write [tool.flavor.execution.runtime.env.set]"));
    }
    let _ = old.entries();
    for (name, value) in old_values {
        if !runtime_env.set.iter().any(|(known, _)| *known == name) {
            runtime_env.set.push((name, value));
        }
    }
    let (mut with_placeholders, mut literal) = (Vec::new(), Vec::new());
    for (name, value) in runtime_env.set {
        let value = value.replace("${FLAVOR_WORKENV}", "{workenv}").replace("$FLAVOR_WORKENV", "{workenv}");
        // `runtime.env.set` of the metadata is literal in every launcher, `execution.env` is not (docs/launcher.md, "The environment").
        if value.contains('{') { with_placeholders.push((name, value)) } else { literal.push((name, value)) }
    }
    runtime_env.set = literal;
    let limits = limits(execution);
    let share = execution.key("max_cpu_percent");
    if share.integer().is_some() {
        let problem =
            Diagnostic::error("manifest.refused", "a share of the processors cannot be set by a program's user");
        share.report(
            problem.hint("limit the processor time with `max_cpu_seconds`, or the share with the service manager"),
        );
    }
    ExecutionSettings {
        command: command(&execution.key("command")),
        args: execution.key("args").items().iter().filter_map(|item| item.string().map(str::to_owned)).collect(),
        limits,
        runtime_env,
        env: with_placeholders,
        search_path: match execution.key("search_path").word(keys::SEARCH_PATH) {
            Some("commands_first") => SearchPath::CommandsFirst,
            Some("activated") => SearchPath::Activated,
            Some("unchanged") => SearchPath::Unchanged,
            _ => SearchPath::CommandsLast,
        },
        isolated: env.key("isolated").boolean().unwrap_or(true),
    }
}

/// Reads the keys of `execution` that both kinds of manifest have besides command and environment, as the metadata have them.
#[must_use]
pub(crate) fn limits(execution: &Cursor<'_>) -> Vec<(String, Json)> {
    let directory = execution.key("working_directory");
    let working_directory = directory.required_if_present("a directory, relative to the work environment");
    let integer = |name: &str, value: Option<i64>| {
        value.and_then(|value| u64::try_from(value).ok()).map(|value| (name.to_owned(), Json::from(value)))
    };
    let size = |name: &str| execution.key(name).size().map(|bytes| (name.to_owned(), Json::from(bytes)));
    let limits = [
        working_directory.map(|path| ("working_directory".to_owned(), Json::from(path))),
        integer("timeout", execution.key("timeout").integer()),
        size("min_memory"),
        size("max_memory"),
        integer("max_cpu_seconds", execution.key("max_cpu_seconds").integer()),
    ];
    limits.into_iter().flatten().collect()
}

fn command(place: &Cursor<'_>) -> Option<String> {
    let text = place.required_if_present("a command line")?;
    match flavor_host::command::split(text) {
        Ok(words) if !words.is_empty() => {}
        Ok(_) => place.report(Diagnostic::error("execution.command", "has no words")),
        Err(error) => {
            place.report(Diagnostic::error("execution.command", format!("cannot be split into words: {error}")));
        }
    }
    Some(text.to_owned())
}

/// Reads `[tool.flavor.python]` and `python_version`.
#[must_use]
pub(crate) fn python(flavor: &Cursor<'_>) -> PythonVersions {
    let python = flavor.key("python");
    let _ = python.entries();
    let (long, short) = (python.key("version"), flavor.key("python_version"));
    let version = version(&long);
    let other = self::version(&short);
    if let (Some(version), Some(other)) = (&version, &other)
        && version != other
    {
        let problem = Diagnostic::error("python.version_twice", "contradicts `tool.flavor.python.version`");
        short.report(problem.expected(format!("{version:?}")).found(format!("{other:?}")));
    }
    let (least, most) = (self::version(&python.key("min_version")), self::version(&python.key("max_version")));
    let mut range: Vec<String> = least.iter().map(|version| format!(">={version}")).collect();
    range.extend(most.iter().map(|version| newest(version)));
    if let (Some(least), Some(most)) = (&least, &most)
        && Version::from_str(least).is_ok_and(|least| !newest_accepts(most, &least))
    {
        let problem = Diagnostic::error("python.version_range", "is older than `min_version`")
            .expected(format!("{least:?} or newer"));
        python.key("max_version").report(problem.found(format!("{most:?}")));
    }
    let chosen = version.or(other);
    let accepts = VersionSpecifiers::from_str(&range.join(",")).ok().filter(|_| !range.is_empty());
    if let (Some(chosen), Some(accepts)) = (&chosen, &accepts)
        && !any_accepted(chosen, accepts)
    {
        let problem = Diagnostic::error("python.version_range", "is not between `min_version` and `max_version`");
        let place = if long.present() { long } else { short };
        place.report(problem.expected(accepts.to_string()).found(format!("{chosen:?}")));
    }
    PythonVersions {
        version: chosen,
        accepts,
        lazy_dependencies: python.key("lazy_dependencies").strings(),
        pip: python.key("pip").boolean().unwrap_or(false),
    }
}

/// Whether a version, for `3.12` the oldest or the newest of it, is accepted.
fn any_accepted(chosen: &str, accepts: &VersionSpecifiers) -> bool {
    let ends = if chosen.matches('.').count() == 1 { &[".0", ".999"][..] } else { &[""] };
    let mut versions = ends.iter().filter_map(|end| Version::from_str(&format!("{chosen}{end}")).ok());
    versions.any(|version| accepts.contains(&version))
}

fn newest_accepts(most: &str, version: &Version) -> bool {
    VersionSpecifiers::from_str(&newest(most)).is_ok_and(|accepts| accepts.contains(version))
}

fn version(place: &Cursor<'_>) -> Option<String> {
    let text = place.required_if_present("a version such as \"3.12\"")?;
    let plain = text.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !plain || !(2..=3).contains(&text.split('.').count()) || Version::from_str(text).is_err() {
        let problem = Diagnostic::error("python.version", "is not a version of Python").found(format!("{text:?}"));
        place.report(problem.expected("two or three numbers, such as \"3.12\""));
        return None;
    }
    if Version::from_str(text).is_ok_and(|version| version < Version::new(OLDEST)) {
        let problem =
            Diagnostic::error("python.version", "is older than what can be packed").found(format!("{text:?}"));
        place.report(problem.expected(format!("{}.{} or newer", OLDEST[0], OLDEST[1])));
    }
    Some(text.to_owned())
}

/// `3.13` accepts every 3.13.
fn newest(version: &str) -> String {
    match version.split_once('.') {
        Some((major, minor)) if !minor.contains('.') => {
            let next = minor.parse::<u32>().ok().and_then(|minor| minor.checked_add(1)).unwrap_or(u32::MAX);
            format!("<{major}.{next}")
        }
        _ => format!("<={version}"),
    }
}

/// Reads `[tool.flavor.runtime]`.
#[must_use]
pub(crate) fn compile(runtime: &Cursor<'_>) -> CompileSettings {
    let _ = runtime.entries();
    let level = runtime.key("optimization_level").integer();
    let settings = CompileSettings {
        optimization_level: level.and_then(|level| u8::try_from(level).ok()).unwrap_or_default(),
        compile: runtime.key("compile_bytecode").boolean().unwrap_or(true),
        strip_docstrings: runtime.key("strip_docstrings").boolean().unwrap_or(false),
        stable_prefix: runtime.key("stable_prefix").boolean().unwrap_or(false),
        minimal_stdlib: runtime.key("stdlib").word(&["full", "minimal"]).is_some_and(|word| word == "minimal"),
    };
    if settings.strip_docstrings && !settings.compile {
        let problem =
            Diagnostic::error("runtime.strip_docstrings", "needs compiled modules: sources are never changed");
        runtime.key("strip_docstrings").report(problem.expected("`compile_bytecode = true`"));
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn the_newest_version_includes_its_patches() {
        assert_eq!([newest("3.13"), newest("3.13.2")], ["<3.14", "<=3.13.2"]);
    }
}
