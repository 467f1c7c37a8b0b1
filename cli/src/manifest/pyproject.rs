//! `pyproject.toml`: what packing needs of `[project]` and `[tool.flavor]`.

use super::{
    Document,
    cursor::{Cursor, Problems, with_suggestion},
    not_implemented,
    package::SlotSpec,
    requirement,
    sections::runtime_env,
    slots::{self, SourceBase},
    words,
};
use crate::problem::Problem;
use pspf_nostd::metadata::RuntimeEnv;

/// A Python application to be packed.
#[derive(Clone, Debug, Default)]
pub struct PythonSpec {
    /// `project.name` as it stands.
    pub project_name: String,
    /// Name of the package and of its file.
    pub package_name: String,
    /// `project.version`; none where the build backend makes it (`project.dynamic`).
    pub version: Option<String>,
    /// `project.description`.
    pub description: Option<String>,
    /// `project.requires-python`.
    pub requires_python: Option<String>,
    /// Module and function that the package runs.
    pub entry_point: (String, String),
    /// Name of the program.
    pub script_name: String,
    /// Groups of `project.optional-dependencies` that exist.
    pub extras: Vec<String>,
    /// What happens to the caller's environment.
    pub runtime_env: RuntimeEnv,
    /// Whether variables that would redirect the interpreter are removed (`isolated`, by default true).
    pub isolated: bool,
    /// Slots beside the interpreter and the application.
    pub slots: Vec<SlotSpec>,
}

/// Reads a project's manifest.
#[must_use]
pub fn read(document: &Document, base: &SourceBase) -> (PythonSpec, Vec<Problem>) {
    let problems = Problems::new(document);
    let spec = read_root(&problems.root(), base);
    (spec, problems.finish())
}

fn read_root(root: &Cursor<'_>, base: &SourceBase) -> PythonSpec {
    let (project, flavor) = (root.key("project"), root.keys(&["tool", "flavor"]));
    not_implemented::warn(&flavor);
    let top = ["entry_point", "package_name", "metadata", "execution", "slots"];
    flavor.known(&[&top[..], &not_implemented::names("")].concat());
    flavor.key("metadata").known(&[&["package_name"][..], &not_implemented::names("metadata.")].concat());
    let execution = flavor.key("execution");
    execution.known(&[&["runtime"][..], &not_implemented::names("execution.")].concat());
    execution.key("runtime").known(&["env"]);
    let env = execution.keys(&["runtime", "env"]);

    let project_name = name(&project);
    let (package_name, script) = (package_name(&flavor, project_name), project_name);
    requirements(&project);
    let (entry_point, script_name) = entry_point(&project, &flavor, script);
    PythonSpec {
        project_name: project_name.to_owned(),
        package_name: package_name.to_owned(),
        version: version(&project),
        description: project.key("description").string().map(str::to_owned),
        requires_python: project.key("requires-python").string().map(str::to_owned),
        entry_point,
        script_name,
        extras: project.key("optional-dependencies").entries().iter().map(|entry| entry.key.clone()).collect(),
        isolated: env.key("isolated").boolean().unwrap_or(true),
        runtime_env: runtime_env(&env, &["isolated"]),
        slots: slots::read(&flavor.key("slots"), base, &[&["extract_to"], not_implemented::SLOT_KEYS].concat()),
    }
}

/// Checks what uv would refuse only after the project has been copied.
fn requirements(project: &Cursor<'_>) {
    let groups = project.key("optional-dependencies");
    let groups: Vec<Cursor<'_>> = groups.entries().iter().map(|entry| groups.key(&entry.key)).collect();
    for item in groups.iter().chain([&project.key("dependencies")]).flat_map(Cursor::items) {
        if let Some(Err(why)) = item.required_string("a requirement").map(requirement::check) {
            let problem = Problem::error("project.requirement", format!("is not a requirement: {why}"));
            item.report(problem.expected("a requirement such as \"click>=8.1\""));
        }
    }
    let python = project.key("requires-python");
    if let Some(Err(why)) = python.string().map(requirement::specifiers) {
        let problem = Problem::error("project.requires_python", format!("is not a list of versions: {why}"));
        python.report(problem.expected("versions such as \">=3.11\""));
    }
}

fn name<'a>(project: &Cursor<'a>) -> &'a str {
    let name = project.key("name").required_string("the project's name").unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let ends = [name.as_bytes().first(), name.as_bytes().last()];
    let valid = name.bytes().all(plain) && ends.iter().flatten().all(|byte| byte.is_ascii_alphanumeric());
    if !valid {
        let problem = Problem::error("project.name", format!("{name:?} is not the name of a Python project"));
        let expected = "letters, digits and `.` `_` `-`, with a letter or digit at both ends";
        project.key("name").report(problem.expected(expected));
    }
    name
}

fn package_name<'a>(flavor: &Cursor<'a>, project_name: &'a str) -> &'a str {
    let places = [flavor.key("package_name"), flavor.keys(&["metadata", "package_name"])];
    let Some(place) = places.into_iter().find(Cursor::present) else { return project_name };
    let name = place.required_string("a name").unwrap_or(project_name);
    if let Some(why) = words::unsafe_name(name) {
        let problem = Problem::error("package.name", format!("{name:?} cannot be a file name: {why}"));
        place.report(problem.expected("a name like `my-tool`"));
    }
    name
}

fn version(project: &Cursor<'_>) -> Option<String> {
    let dynamic = project.key("dynamic").strings();
    if dynamic.iter().any(|field| field == "version") {
        if project.key("version").present() {
            let problem = Problem::error("project.version", "is given, and also listed in `project.dynamic`");
            project.key("version").report(problem.expected("one of the two"));
        }
        return None;
    }
    project
        .key("version")
        .required_string("the project's version, or \"version\" in `project.dynamic`")
        .map(str::to_owned)
}

/// Module and function to run, and the program's name.
fn entry_point(project: &Cursor<'_>, flavor: &Cursor<'_>, project_name: &str) -> ((String, String), String) {
    let table = project.key("scripts");
    let scripts = table.string_map();
    for (name, value) in &scripts {
        if split(value).is_none() {
            let problem = Problem::error("project.scripts", "is not an entry point").found(format!("{value:?}"));
            table.key(name).report(problem.expected("\"module:function\""));
        }
    }
    let place = flavor.key("entry_point");
    let chosen = match place.string() {
        Some(text) => from_text(&place, text, &scripts, project_name),
        None if place.present() => None,
        None => from_scripts(&place, &scripts, project_name),
    };
    let ((module, function), name) = chosen.unwrap_or_default();
    ((module, function), name)
}

type Chosen = ((String, String), String);

fn from_text(place: &Cursor<'_>, text: &str, scripts: &[(String, String)], project_name: &str) -> Option<Chosen> {
    if let Some((name, value)) = scripts.iter().find(|(name, _)| name == text) {
        return Some((split(value)?, name.clone()));
    }
    if let Some(entry) = split(text) {
        let same = scripts.iter().find(|(_, value)| split(value).as_ref() == Some(&entry));
        return Some((entry, same.map_or(project_name, |(name, _)| name.as_str()).to_owned()));
    }
    let problem = Problem::error("entry_point", "names nothing that can be run").found(format!("{text:?}"));
    let problem = problem.expected("\"module:function\" or a name of [project.scripts]");
    place.report(with_suggestion(problem, text, scripts.iter().map(|(name, _)| name.as_str())));
    None
}

fn from_scripts(place: &Cursor<'_>, scripts: &[(String, String)], project_name: &str) -> Option<Chosen> {
    let named = scripts.iter().find(|(name, _)| name == project_name);
    match (named, scripts) {
        (Some((name, value)), _) | (None, [(name, value)]) => Some((split(value)?, name.clone())),
        (None, []) => {
            let problem = Problem::error("entry_point.missing", "is missing: nothing says what to run");
            place.report(
                problem.expected("\"module:function\"").hint(
                    "add `entry_point = \"my_module:main\"` to [tool.flavor], or one script to [project.scripts]",
                ),
            );
            None
        }
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            let problem = Problem::error("entry_point.ambiguous", "is missing, and [project.scripts] has several");
            place.report(problem.expected(format!("one of {}", names.join(", "))));
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn parse(text: &str) -> (PythonSpec, Vec<String>) {
        let document = Document::from_toml(Path::new("pyproject.toml"), text.to_owned()).unwrap();
        let base = SourceBase { directory: "/nonexistent".into(), workenv: "/nonexistent".into() };
        let (spec, problems) = read(&document, &base);
        (spec, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn all_problems_come_at_once_with_their_places() {
        let (_, problems) = parse(
            "[project]\nname = 3\ndynamic = 1\n[tool.flavor]\npackage_name = '../../evil'\nentry-point = 'a:b'\nbuild.strip = true\n",
        );
        let expected = [
            (
                "pyproject.toml:2:8: error: `project.name`: has the wrong type; expected a string, found the number 3",
                "",
            ),
            ("pyproject.toml:3:11: error: `project.dynamic`", "an array"),
            (":5:16: error: `tool.flavor.package_name`", "cannot be a file name"),
            (":6:1: warning: `tool.flavor.entry-point`: unknown key", "did you mean `entry_point`?"),
            (":7:1: warning: `tool.flavor.build`: not implemented yet", ""),
            ("error: `project.version`: is missing", ""),
            ("error: `tool.flavor.entry_point`: is missing", ""),
        ];
        for (start, more) in expected {
            assert!(problems.iter().any(|text| text.contains(start) && text.contains(more)), "{start}\n{problems:#?}");
        }
    }

    #[test]
    fn entry_points_are_found() {
        let head = "[project]\nname = 'app'\nversion = '1'\n";
        for (rest, entry, script) in [
            ("[tool.flavor]\nentry_point = 'm.n:f.g'", ("m.n", "f.g"), "app"),
            ("[project.scripts]\nrun = 'm:f'", ("m", "f"), "run"),
            ("[project.scripts]\nother = 'x:y'\napp = 'm:f'", ("m", "f"), "app"),
            ("[project.scripts]\na = 'x:y'\nb = 'm:f'\n[tool.flavor]\nentry_point = 'b'", ("m", "f"), "b"),
            ("[project.scripts]\na = 'x:y'\nb = 'm : f [cli]'\n[tool.flavor]\nentry_point = 'm:f'", ("m", "f"), "b"),
        ] {
            let (spec, problems) = parse(&format!("{head}{rest}"));
            assert!(problems.is_empty(), "{problems:?}");
            assert_eq!((spec.entry_point.0.as_str(), spec.entry_point.1.as_str()), entry);
            assert_eq!(spec.script_name, script);
        }
        for (rest, why) in [
            ("[project.scripts]\na = 'x:y'\nb = 'm:f'", "one of a, b"),
            ("[tool.flavor]\nentry_point = 'main'", "expected \"module:function\""),
            ("[tool.flavor]\nentry_point = 'a b:c'", "names nothing"),
            ("[project.scripts]\na = 'x'", "is not an entry point"),
        ] {
            let (_, problems) = parse(&format!("{head}{rest}"));
            assert!(problems.iter().any(|text| text.contains(why)), "{problems:?}");
        }
    }

    #[test]
    fn a_dynamic_version_is_left_to_the_backend() {
        let (spec, problems) =
            parse("[project]\nname = 'a'\ndynamic = ['version']\n[tool.flavor]\nentry_point = 'a:b'");
        assert!(problems.is_empty() && spec.version.is_none(), "{problems:?}");
    }

    #[test]
    fn slots_are_checked() {
        let (_, problems) = parse(
            "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n[[tool.flavor.slots]]\nid = 'x'\nsource = 'nowhere'\nlifecycle = 'runtim'\npermissions = 'rwx'\noperations = 'zip'\nplatform = 'linux'\ntarget = '../x'\n",
        );
        for why in [
            "cannot read \"nowhere\"",
            "did you mean `runtime`?",
            "octal",
            "unknown operation `zip`",
            "`tool.flavor.slots[0].platform`: not implemented",
        ] {
            assert!(problems.iter().any(|text| text.contains(why)), "{why}\n{problems:#?}");
        }
    }
}
