//! What a package runs: its entry point, its other commands, or a command line.

use super::cursor::{Cursor, with_suggestion};
use crate::diagnostic::Diagnostic;
use std::{
    fmt,
    path::{Component, Path},
};

/// A command of the package: its name, and what it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The name under which it is started; last part of its `sys.argv[0]`.
    pub name: String,
    /// What it runs.
    pub target: Target,
}

/// What a command runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A function.
    Function {
        /// Module, dotted.
        module: String,
        /// Function in it, dotted if it is a method.
        function: String,
    },
    /// A module, as `python -m` runs it.
    Module(String),
    /// A file of the project, as `python FILE` runs it.
    File(String),
}

impl Target {
    /// Reads `module:function`, `file.py` or `module`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if let Some((module, function)) = split(text) {
            return Some(Self::Function { module, function });
        }
        if is_file(text) {
            return Some(Self::File(text.strip_prefix("./").unwrap_or(text).to_owned()));
        }
        text.split('.').all(is_identifier).then(|| Self::Module(text.to_owned()))
    }

    /// The module that must be there.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        match self {
            Self::Function { module, .. } | Self::Module(module) => Some(module),
            Self::File(_) => None,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function { module, function } => write!(f, "{module}:{function}"),
            Self::Module(module) => f.write_str(module),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// How a web application and its server talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// `wsgi = true`.
    Wsgi,
    /// `asgi = true`.
    Asgi,
}

/// What is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// What the package runs; none where `execution.command` says it.
    pub default: Option<Script>,
    /// Everything else of `[project.scripts]`, `[project.gui-scripts]` and `[tool.flavor.commands]`, in the order of the text.
    pub others: Vec<Script>,
    /// The default command is a web application, which a server runs.
    pub server: Option<Server>,
    /// The build backend has more of them (`project.dynamic`), which are known when it has built the project.
    pub left_to_backend: bool,
}

/// Finds the default command and the others. `has_command` says that a command line is given.
#[must_use]
pub fn read(project: &Cursor<'_>, flavor: &Cursor<'_>, project_name: &str, has_command: bool) -> Commands {
    let mut scripts: Vec<Script> =
        ["scripts", "gui-scripts"].iter().flat_map(|table| scripts(&project.key(table))).collect();
    for command in own_commands(&flavor.key("commands")) {
        scripts.retain(|script| script.name != command.name);
        scripts.push(command);
    }
    let place = flavor.key("entry_point");
    let (module, file) = (flavor.key("module"), flavor.key("script"));
    let stated: Vec<&Cursor<'_>> = [&place, &module, &file].into_iter().filter(|place| place.present()).collect();
    let named: Vec<_> = stated.iter().filter(|place| place.string().is_some()).collect();
    if let [_, second, ..] = named.as_slice() {
        let problem = Diagnostic::error("entry_point.twice", "contradicts what says already what to run");
        second.report(problem.expected("one of `entry_point`, `module` and `script`"));
    }
    let default = match (place.string(), whole(&module, &file, project_name)) {
        (Some(text), _) => from_text(&place, text, &scripts, project_name),
        (None, Some(script)) => Some(script),
        (None, None) if !stated.is_empty() || has_command => None,
        (None, None) => from_scripts(&place, &scripts, project_name),
    };
    let others =
        scripts.into_iter().filter(|script| default.as_ref().is_none_or(|default| default.name != script.name));
    let dynamic = project.key("dynamic").strings();
    let left_to_backend =
        !stated.is_empty() && dynamic.iter().any(|field| field == "scripts" || field == "gui-scripts");
    let server = server(flavor, default.as_ref());
    Commands { others: others.collect(), default, server, left_to_backend }
}

/// `module` and `script`: what runs as a whole.
fn whole(module: &Cursor<'_>, file: &Cursor<'_>, project_name: &str) -> Option<Script> {
    let named = |target| Some(Script { name: project_name.to_owned(), target });
    if let Some(text) = module.required_if_present("a module, as `python -m` names it") {
        if text.split('.').all(is_identifier) {
            return named(Target::Module(text.to_owned()));
        }
        let problem = Diagnostic::error("entry_point", "is not the name of a module").found(format!("{text:?}"));
        module.report(problem.expected("a name such as \"my_app\" or \"my_app.cli\""));
        return None;
    }
    let text = file.required_if_present("a file of the project")?;
    if is_inside(text) {
        return named(Target::File(text.strip_prefix("./").unwrap_or(text).to_owned()));
    }
    let problem = Diagnostic::error("entry_point", "is no file of the project").found(format!("{text:?}"));
    file.report(problem.expected("a path inside of the project, such as \"manage.py\""));
    None
}

/// `[tool.flavor.commands]`.
fn own_commands(table: &Cursor<'_>) -> Vec<Script> {
    let mut commands = Vec::new();
    for (name, value) in table.string_map() {
        match Target::read(&value) {
            Some(target) => commands.push(Script { name, target }),
            None => {
                let problem =
                    Diagnostic::error("entry_point", "names nothing that can be run").found(format!("{value:?}"));
                table.key(&name).report(problem.expected("\"module:function\", \"module\" or \"file.py\""));
            }
        }
    }
    commands
}

fn server(flavor: &Cursor<'_>, default: Option<&Script>) -> Option<Server> {
    let places = [(flavor.key("wsgi"), Server::Wsgi), (flavor.key("asgi"), Server::Asgi)];
    let mut asked = places.iter().filter(|(place, _)| place.boolean() == Some(true));
    let (place, server) = asked.next()?;
    if let Some((second, _)) = asked.next() {
        let problem = Diagnostic::error("entry_point.twice", "contradicts `wsgi`");
        second.report(problem.expected("one of `wsgi` and `asgi`"));
    }
    if let Some(Script { target: target @ (Target::Module(_) | Target::File(_)), .. }) = default {
        let problem = Diagnostic::error("entry_point", "the entry point is no application that a server can load");
        let problem = problem.found(format!("\"{target}\""));
        place.report(problem.expected("`entry_point = \"module:application\"` or `\"module:factory\"`"));
    }
    Some(*server)
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
    Some(Script { name: name.to_owned(), target: Target::Function { module, function } })
}

fn from_text(place: &Cursor<'_>, text: &str, scripts: &[Script], project_name: &str) -> Option<Script> {
    if let Some(found) = scripts.iter().find(|script| script.name == text) {
        return Some(found.clone());
    }
    if let Some((module, function)) = split(text) {
        let target = Target::Function { module, function };
        let same = scripts.iter().find(|script| script.target == target);
        let name = same.map_or(project_name, |script| script.name.as_str()).to_owned();
        return Some(Script { name, target });
    }
    let problem = Diagnostic::error("entry_point", "names nothing that can be run").found(format!("{text:?}"));
    let problem = if is_file(text) {
        problem.hint(format!("a file that is run is named with `script = {text:?}`"))
    } else {
        problem
    };
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

fn is_file(text: &str) -> bool {
    text.ends_with(".py") && is_inside(text)
}

/// Whether a path stays in the project's folder.
fn is_inside(text: &str) -> bool {
    let path = Path::new(text.strip_prefix("./").unwrap_or(text));
    path.components().all(|part| matches!(part, Component::Normal(_)))
        && !text.is_empty()
        && !text.chars().any(char::is_control)
}

fn is_identifier(name: &str) -> bool {
    let starts = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    starts && name.chars().all(|character| character.is_alphanumeric() || character == '_')
}
