//! What a package runs: its entry point, its other commands, or a command line.

use super::cursor::{Cursor, with_suggestion};
use crate::diagnostic::Diagnostic;

/// A command of the package: its name, and the function that it calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The name under which it is started; last part of its `sys.argv[0]`.
    pub name: String,
    /// Module, dotted.
    pub module: String,
    /// Function in it, dotted if it is a method.
    pub function: String,
}

/// What is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// What the package runs; none where `execution.command` says it.
    pub default: Option<Script>,
    /// Everything else of `[project.scripts]` and `[project.gui-scripts]`, in the order of the text.
    pub others: Vec<Script>,
    /// The build backend has more of them (`project.dynamic`), which are known when it has built the project.
    pub left_to_backend: bool,
}

/// Finds the default command and the others. `has_command` says that a command line is given.
#[must_use]
pub fn read(project: &Cursor<'_>, flavor: &Cursor<'_>, project_name: &str, has_command: bool) -> Commands {
    let scripts: Vec<Script> =
        ["scripts", "gui-scripts"].iter().flat_map(|table| scripts(&project.key(table))).collect();
    let place = flavor.key("entry_point");
    let default = match place.string() {
        Some(text) => from_text(&place, text, &scripts, project_name),
        None if place.present() || has_command => None,
        None => from_scripts(&place, &scripts, project_name),
    };
    let others =
        scripts.into_iter().filter(|script| default.as_ref().is_none_or(|default| default.name != script.name));
    let dynamic = project.key("dynamic").strings();
    let left_to_backend = place.present() && dynamic.iter().any(|field| field == "scripts" || field == "gui-scripts");
    Commands { others: others.collect(), default, left_to_backend }
}

fn scripts(table: &Cursor<'_>) -> Vec<Script> {
    let mut scripts = Vec::new();
    for (name, value) in table.string_map() {
        let Some(script) = script(&name, &value) else {
            let problem = Diagnostic::error("project.scripts", "is not an entry point").found(format!("{value:?}"));
            table.key(&name).report(problem.expected("\"module:function\""));
            continue;
        };
        scripts.push(script);
    }
    scripts
}

fn script(name: &str, value: &str) -> Option<Script> {
    let (module, function) = split(value)?;
    Some(Script { name: name.to_owned(), module, function })
}

fn from_text(place: &Cursor<'_>, text: &str, scripts: &[Script], project_name: &str) -> Option<Script> {
    if let Some(found) = scripts.iter().find(|script| script.name == text) {
        return Some(found.clone());
    }
    if let Some((module, function)) = split(text) {
        let same = scripts.iter().find(|script| script.module == module && script.function == function);
        let name = same.map_or(project_name, |script| script.name.as_str()).to_owned();
        return Some(Script { name, module, function });
    }
    let problem = Diagnostic::error("entry_point", "names nothing that can be run").found(format!("{text:?}"));
    let problem = problem.expected("\"module:function\" or a name of [project.scripts]");
    place.report(with_suggestion(problem, text, scripts.iter().map(|script| script.name.as_str())));
    None
}

fn from_scripts(place: &Cursor<'_>, scripts: &[Script], project_name: &str) -> Option<Script> {
    let named = scripts.iter().find(|script| script.name == project_name);
    match (named, scripts) {
        (Some(script), _) | (None, [script]) => Some(script.clone()),
        (None, []) => {
            let problem = Diagnostic::error("entry_point.missing", "is missing: nothing says what to run");
            place.report(
                problem.expected("\"module:function\"").hint(
                    "add `entry_point = \"my_module:main\"` to [tool.flavor], or one script to [project.scripts]",
                ),
            );
            None
        }
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|script| script.name.as_str()).collect();
            let problem = Diagnostic::error("entry_point.ambiguous", "is missing, and [project.scripts] has several");
            let problem = problem.expected(format!("one of {}", names.join(", ")));
            place.report(problem.hint("name the default command; the others are started by their names"));
            None
        }
    }
}

/// `module:function`, both of dotted Python names; extras in brackets, which entry points may carry, are left out.
fn split(text: &str) -> Option<(String, String)> {
    let text = text.split('[').next()?.trim();
    let (module, function) = text.split_once(':')?;
    let (module, function) = (module.trim(), function.trim());
    let dotted = |name: &str| name.split('.').all(is_identifier);
    (dotted(module) && dotted(function)).then(|| (module.to_owned(), function.to_owned()))
}

fn is_identifier(name: &str) -> bool {
    let starts = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    starts && name.chars().all(|character| character.is_alphanumeric() || character == '_')
}
