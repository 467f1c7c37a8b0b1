//! Opt-in logging: `FLAVOR_LAUNCHER_LOG_LEVEL`, else `FLAVOR_LOG_LEVEL`; `FLAVOR_LOG_PATH`; `FLAVOR_JSON_LOG`
//! (docs/launcher.md, "Logs and progress"). Nothing is logged unless a level is named.

use std::{
    ffi::OsString,
    fmt::Display,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use pspf_nostd::{json::Json, quoted::visible};

use rustix::fs::OFlags;

use crate::{launch_error::LaunchFault, own_file::OwnFile};
use flavor_host::{calendar, console, files::open_file::open_with};

/// The severity of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// The start failed.
    Error,
    /// Something is wrong, and the start goes on.
    Warn,
    /// Steps of the launcher.
    Info,
    /// Their details.
    Debug,
    /// Everything.
    Trace,
}

const WORDS: [(&str, Option<Severity>); 7] = [
    ("off", None),
    ("error", Some(Severity::Error)),
    ("warn", Some(Severity::Warn)),
    ("warning", Some(Severity::Warn)),
    ("info", Some(Severity::Info)),
    ("debug", Some(Severity::Debug)),
    ("trace", Some(Severity::Trace)),
];

/// The log of this process; not set, or `None`, where there is none.
static LOG: OnceLock<Option<Log>> = OnceLock::new();

struct Log {
    least: Severity,
    json: bool,
    /// Standard error where there is none.
    file: Option<File>,
}

/// Opens the log that the environment asks for. Returns what is wrong with it, to be reported once; the start goes on.
#[must_use]
pub(crate) fn open(variable: impl Fn(&str) -> Option<OsString>) -> Option<String> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let asked = set("FLAVOR_LAUNCHER_LOG_LEVEL").or_else(|| set("FLAVOR_LOG_LEVEL"))?;
    let word = asked.to_str().unwrap_or_default();
    let (json, word) = match word.split_once(':') {
        Some((json, word)) if json.eq_ignore_ascii_case("json") => (true, word),
        None if word.eq_ignore_ascii_case("json") => (true, "info"),
        _ => (set("FLAVOR_JSON_LOG").is_some_and(|value| value == "1" || value == "true"), word),
    };
    let Some((_, least)) = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) else {
        let levels = "trace, debug, info, warn, error, off";
        return Some(format!("log level {} is not one of {levels}; nothing is logged", asked.display()));
    };
    let least = (*least)?;
    let (file, problem) = match set("FLAVOR_LOG_PATH").map(PathBuf::from) {
        None => (None, None),
        Some(path) => match open_with(&path, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE, 0o600) {
            Ok(file) => (Some(file), None),
            Err(error) => (None, Some(format!("the log {} cannot be written: {error}; it comes here", path.display()))),
        },
    };
    let _ = LOG.set(Some(Log { least, json, file }));
    problem
}

/// Logs an event with its facts; returns whether the user has seen it, so that nothing is reported twice.
pub(crate) fn event(severity: Severity, message: &str, facts: &[(&str, &dyn Display)]) -> bool {
    let Some(Some(log)) = LOG.get() else { return false };
    if severity > log.least {
        return false;
    }
    let line = line(log.json, severity, &calendar::text(calendar::now()), message, facts);
    // One write, so that lines of several processes do not mix. Failures are ignored: there is nobody to tell.
    let _ = match &log.file {
        Some(file) => (&mut &*file).write_all(line.as_bytes()),
        None => {
            // JSON is for programs, and escapes control characters itself.
            console::tell_part(&if log.json { line } else { visible(&line) });
            Ok(())
        }
    };
    log.file.is_none()
}

/// Tells the user, or the log, what went wrong; gives the exit code.
pub(crate) fn fail(path: &Path, error: &LaunchFault) -> u8 {
    let (what, remedy) = error.words();
    let facts: [(&str, &dyn Display); 4] =
        [("package", &path.display()), ("why", error), ("remedy", &remedy), ("exit_code", &error.exit_code())];
    if !event(Severity::Error, what, &facts) {
        console::tell(&format!("flavor: {what} ({}): {error}; {remedy}", path.display()));
    }
    error.exit_code()
}

/// Prints or logs a warning; the start goes on.
pub(crate) fn warn(own: &OwnFile, text: &str) {
    if !event(Severity::Warn, text, &[("package", &own.path().display())]) {
        console::tell(&["flavor: warning (", &own.path().display().to_string(), "): ", text].concat());
    }
}

fn line(json: bool, severity: Severity, time: &str, message: &str, facts: &[(&str, &dyn Display)]) -> String {
    let word = WORDS.iter().find(|(_, known)| *known == Some(severity)).map_or("", |(word, _)| word);
    if json {
        let mut line =
            ["{\"time\":", &quoted(time), ",\"level\":", &quoted(word), ",\"message\":", &quoted(message)].concat();
        for (name, value) in facts {
            line += &[",", &quoted(name), ":", &quoted(&value.to_string())].concat();
        }
        return line + "}\n";
    }
    let mut line = [time, " flavor ", word, ": ", message].concat();
    for (name, value) in facts {
        let value = value.to_string();
        let plain = !value.is_empty()
            && !value.contains(|found: char| found.is_whitespace() || found.is_control() || found == '"');
        let value = if plain { value } else { quoted(&value) };
        line += &[" ", name, "=", &value].concat();
    }
    line + "\n"
}

fn quoted(text: &str) -> String {
    Json::from(text).to_compact()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_line_whatever_is_in_it() {
        let facts: [(&str, &dyn Display); 3] = [("path", &"/a b/\n\"c\""), ("size", &12), ("none", &"")];
        let text = line(false, Severity::Info, "2026-01-01T00:00:00Z", "extracted", &facts);
        assert_eq!(text, "2026-01-01T00:00:00Z flavor info: extracted path=\"/a b/\\n\\\"c\\\"\" size=12 none=\"\"\n");
        let text = line(true, Severity::Warn, "t", "a\nb", &facts);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((value["level"].as_str(), value["path"].as_str()), (Some("warn"), Some("/a b/\n\"c\"")));
        assert_eq!(text.matches('\n').count(), 1);
    }
}
