//! What happens when a package is started, in words (docs/launcher.md): for whoever shows a package to a person.
//!
//! Each line is a sequence of our words and of texts that the package says, which whoever shows them has to mark and to make harmless.

use crate::json::Json;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use serde::Serialize;

/// Lines of one topic.
const LINES_MAX: usize = 200;

/// Texts of the package in one line.
const SAID_MAX: usize = 200;

/// Names of variables that make other programs load code.
const LOADS_CODE: [&str; 3] = ["PYTHONSTARTUP", "BASH_ENV", "PROMPT_COMMAND"];

/// Placeholders of commands, and what they stand for.
const PLACEHOLDERS: [(&str, &str); 3] = [
    ("{workenv}", " is the folder that it is unpacked to on the first start."),
    ("{package_name}", " is the name of the package."),
    ("{version}", " is its version."),
];

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The command; at most one line.
    Command,
    /// What a placeholder of the command stands for.
    Placeholder,
    /// What the program gets of the caller's environment; the first line is the short one.
    Environment,
    /// What makes other programs load code of the package.
    Caution,
    /// What is done before the first start.
    Setup,
    /// Folders that are made.
    Folder,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Ours.
    Words(String),
    /// The package's.
    Said(String),
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is about.
    pub topic: Topic,
    /// What it says.
    pub pieces: Vec<Piece>,
}

fn words(text: &str) -> Piece {
    Piece::Words(text.to_owned())
}

fn said(value: &Json) -> Piece {
    Piece::Said(value.as_str().map_or_else(|| value.to_compact(), ToOwned::to_owned))
}

fn name(text: &str) -> Piece {
    Piece::Said(text.to_owned())
}

/// Names with commas between them.
fn list<'a>(names: impl Iterator<Item = &'a Json>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for value in names.take(SAID_MAX) {
        if !pieces.is_empty() {
            pieces.push(words(", "));
        }
        pieces.push(said(value));
    }
    pieces
}

fn sentence<const N: usize>(parts: [Vec<Piece>; N]) -> Vec<Piece> {
    parts.into_iter().flatten().collect()
}

/// The lines on metadata.
#[must_use]
pub fn starts(metadata: &Json) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |topic, pieces| lines.push(Line { topic, pieces });
    let at = |path: &[&str]| path.iter().try_fold(metadata, |value, key| value.get(key));
    let entries = |path: &[&str]| at(path).map(Json::entries).unwrap_or_default();
    if let Some(command) = at(&["execution", "command"]) {
        add(Topic::Command, Vec::from([said(command)]));
        let text = command.as_str().unwrap_or_default();
        for (placeholder, means) in PLACEHOLDERS.iter().filter(|(placeholder, _)| text.contains(placeholder)) {
            add(Topic::Placeholder, Vec::from([name(placeholder), words(means)]));
        }
    }
    add(Topic::Environment, inherited(at(&["runtime", "env"])));
    for (from, to) in entries(&["runtime", "env", "map"]).iter().take(LINES_MAX) {
        add(Topic::Environment, Vec::from([words("Renames "), name(from), words(" to "), said(to), words(".")]));
    }
    let own = match at(&["execution", "env"]) {
        Some(own) => own.entries(),
        None => entries(&["execution", "environment"]),
    };
    let set = entries(&["runtime", "env", "set"]);
    let groups = [
        ("Sets ", set, ", whatever it was before."),
        ("Sets ", entries(&["workenv", "env"]), " for the work environment."),
        ("Sets ", own, " for the command."),
    ];
    for (before, variables, behind) in groups {
        for (variable, value) in variables.iter().take(LINES_MAX) {
            add(
                Topic::Environment,
                Vec::from([words(before), name(variable), words(" = "), said(value), words(behind)]),
            );
        }
    }
    add(
        Topic::Environment,
        Vec::from([
            words("Puts "),
            name("bin"),
            words(" of the unpacked folder in front of "),
            name("PATH"),
            words("."),
        ]),
    );
    for (variable, _) in own.iter().chain(set).filter(|(variable, _)| loads_code(variable)).take(LINES_MAX) {
        add(Topic::Caution, Vec::from([name(variable), words(" can make other programs load code from the package.")]));
    }
    for step in at(&["setup_commands"]).map(Json::items).unwrap_or_default().iter().take(LINES_MAX) {
        add(Topic::Setup, setup(step));
    }
    for folder in at(&["workenv", "directories"]).map(Json::items).unwrap_or_default().iter().take(LINES_MAX) {
        let mut pieces = Vec::from([said(folder.get("path").unwrap_or(folder))]);
        if let Some(mode) = folder.get("mode") {
            pieces.extend([words(" with mode "), said(mode)]);
        }
        add(Topic::Folder, pieces);
    }
    lines
}

fn loads_code(variable: &str) -> bool {
    variable.starts_with("LD_") || variable.starts_with("DYLD_") || LOADS_CODE.contains(&variable)
}

/// What of the caller's environment reaches the program.
fn inherited(environment: Option<&Json>) -> Vec<Piece> {
    let names = |key: &str| environment.and_then(|value| value.get(key)).map(Json::items).unwrap_or_default();
    let (unset, pass) = (names("unset"), names("pass"));
    let everything = unset.iter().any(|value| value.as_str() == Some("*"));
    match (everything, unset.is_empty(), pass.is_empty()) {
        (true, _, true) => Vec::from([words("Clears your whole environment.")]),
        (true, _, false) => sentence([
            Vec::from([words("Clears your environment; lets through ")]),
            list(pass.iter()),
            Vec::from([words(".")]),
        ]),
        (false, true, _) => Vec::from([words("Passes your whole environment on.")]),
        (false, false, true) => sentence([
            Vec::from([words("Passes your environment on, without ")]),
            list(unset.iter()),
            Vec::from([words(".")]),
        ]),
        (false, false, false) => sentence([
            Vec::from([words("Passes your environment on, without ")]),
            list(unset.iter()),
            Vec::from([words(", but with ")]),
            list(pass.iter()),
            Vec::from([words(".")]),
        ]),
    }
}

/// One setup command; one of an unknown kind is shown as it is.
fn setup(step: &Json) -> Vec<Piece> {
    let member = |key: &str| step.get(key).map_or_else(|| words("nothing"), said);
    if step.as_str().is_some() {
        return Vec::from([words("Runs "), said(step)]);
    }
    let within = |key: &str| step.get("enumerate").and_then(|value| value.get(key)).map_or_else(|| name("*"), said);
    match step.get("type").and_then(Json::as_str) {
        Some("execute") => Vec::from([words("Runs "), member("command")]),
        Some("enumerate_and_execute") => Vec::from([
            words("Runs "),
            member("command"),
            words(" for each "),
            within("pattern"),
            words(" in "),
            within("path"),
        ]),
        Some("chmod") => Vec::from([words("Sets mode "), member("mode"), words(" on "), member("path")]),
        Some("write_file") => Vec::from([words("Writes "), member("content"), words(" to "), member("path")]),
        _ => Vec::from([said(step)]),
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Piece, Topic, starts};
    use crate::json::Json;
    use alloc::{string::String, vec::Vec};

    fn said(text: &str, topic: Topic) -> Vec<String> {
        let metadata = Json::parse(text.as_bytes()).expect("JSON");
        let text = |line: &Line| {
            let pieces = line.pieces.iter().map(|piece| match piece {
                Piece::Words(text) | Piece::Said(text) => text.as_str(),
            });
            pieces.collect()
        };
        starts(&metadata).iter().filter(|line| line.topic == topic).map(text).collect()
    }

    #[test]
    fn the_environment_is_put_into_words() {
        let first = |text: &str| said(text, Topic::Environment).remove(0);
        assert_eq!(first("{}"), "Passes your whole environment on.");
        assert_eq!(first(r#"{"runtime":{"env":{"unset":["*"]}}}"#), "Clears your whole environment.");
        assert_eq!(
            first(r#"{"runtime":{"env":{"unset":["*"],"pass":["PATH","LC_*"]}}}"#),
            "Clears your environment; lets through PATH, LC_*."
        );
        assert_eq!(
            first(r#"{"runtime":{"env":{"unset":["A","B"],"pass":["C"]}}}"#),
            "Passes your environment on, without A, B, but with C."
        );
        let map = said(r#"{"runtime":{"env":{"map":{"A":"B"}}}}"#, Topic::Environment);
        assert_eq!(map[1], "Renames A to B.");
    }

    #[test]
    fn what_runs_before_the_first_start_is_said_and_what_is_unknown_is_shown() {
        let steps = r#"{"setup_commands":["a b",{"type":"execute","command":"c"},{"type":"chmod","mode":"0700","path":"d"},{"type":"new","x":1}]}"#;
        assert_eq!(said(steps, Topic::Setup), ["Runs a b", "Runs c", "Sets mode 0700 on d", r#"{"type":"new","x":1}"#]);
    }

    #[test]
    fn variables_that_load_code_are_named() {
        let own = r#"{"execution":{"command":"{workenv}/x","env":{"LD_PRELOAD":"x","FOO":"1"}}}"#;
        assert_eq!(said(own, Topic::Caution), ["LD_PRELOAD can make other programs load code from the package."]);
        assert_eq!(said(own, Topic::Placeholder).len(), 1);
    }
}
