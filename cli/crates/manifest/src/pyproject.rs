//! `pyproject.toml`: what packing needs of `[project]` and `[tool.flavor]`.

use super::{
    Document,
    build_settings::{self, BuildSettings},
    commands::{self, Commands},
    cursor::{Cursor, Problems},
    execution_settings::{self, CompileSettings, ExecutionSettings, PythonVersions},
    package::{SlotSpec, SourceBase},
    requirement, schema, sections,
    security_settings::{self, SecuritySettings},
    slots::{self, Dialect},
    words,
};
use crate::diagnostic::Diagnostic;
use pep440_rs::Version;
use pspf_nostd::json::Json;
use std::str::FromStr as _;

/// A Python application to be packed.
#[derive(Clone, Debug, Default)]
pub struct PythonSpec {
    /// `project.name` as written.
    pub project_name: String,
    /// Name of the package and of its file.
    pub package_name: String,
    /// The version; none where the build backend makes it (`project.dynamic`).
    pub version: Option<String>,
    /// One sentence about it.
    pub description: Option<String>,
    /// Kind of program.
    pub kind: Option<String>,
    /// What is run.
    pub commands: Commands,
    /// Groups of `project.optional-dependencies` that exist.
    pub extras: Vec<String>,
    /// Those that entry points ask for: `module:function [group]`.
    pub entry_point_extras: Vec<String>,
    /// Which Python.
    pub python: PythonVersions,
    /// How it is started.
    pub execution: ExecutionSettings,
    /// How it is built.
    pub build: BuildSettings,
    /// How modules are compiled.
    pub compile: CompileSettings,
    /// How it is signed.
    pub security: SecuritySettings,
    /// Further keys of the metadata's `build`.
    pub build_metadata: Vec<(String, Json)>,
    /// `custom` of the metadata.
    pub custom: Option<Json>,
    /// `policy` of the metadata.
    pub policy: Option<Json>,
    /// Slots beside the interpreter and the application.
    pub slots: Vec<SlotSpec>,
    /// Slots that are left out, each with the reason.
    pub left_out: Vec<String>,
}

/// Reads a project's manifest for a platform such as `linux_amd64`. The document has its layers already.
#[must_use]
pub fn read(document: &Document, base: &SourceBase, platform: &str) -> (PythonSpec, Vec<Diagnostic>) {
    let problems = Problems::new(document);
    schema::check_project(&problems.root());
    let spec = read_root(&problems.root(), base, platform);
    (spec, problems.finish())
}

fn read_root(root: &Cursor<'_>, base: &SourceBase, platform: &str) -> PythonSpec {
    let (project, flavor) = (root.key("project"), root.keys(&["tool", "flavor"]));
    let (_, _) = (project.entries(), flavor.entries());
    conditions(&flavor);
    let project_name = name(&project);
    requirements(&project);
    platforms(&flavor.key("platforms"), platform);
    let execution_table = flavor.key("execution");
    let (_, _) = (execution_table.entries(), execution_table.key("runtime").entries());
    let _ = execution_table.keys(&["runtime", "env"]).entries();
    let execution = execution_settings::execution(&execution_table);
    let features = security_settings::features(&flavor.key("features"));
    let (build_metadata, custom) = security_settings::metadata(&flavor.key("metadata"));
    let _ = security_settings::launcher(&flavor.key("launchers"), &base.directory, platform);
    let build = build_settings::read(&flavor, &base.directory, platform, features);
    let base = SourceBase { before_hooks: base.before_hooks && !build.hooks.pre_build.is_empty(), ..base.clone() };
    let mut left_out = Vec::new();
    PythonSpec {
        project_name: project_name.to_owned(),
        package_name: package_name(&flavor, project_name).to_owned(),
        version: version(&project),
        description: [flavor.key("description"), project.key("description")]
            .iter()
            .find_map(Cursor::string)
            .map(str::to_owned),
        kind: flavor.key("type").word(&["cli", "gui", "service"]).map(str::to_owned),
        commands: commands::read(&project, &flavor, project_name, execution.command.is_some()),
        extras: project.key("optional-dependencies").entries().iter().map(|entry| entry.key.clone()).collect(),
        entry_point_extras: entry_point_extras(&project, &flavor),
        python: execution_settings::python(&flavor),
        build,
        compile: execution_settings::compile(&flavor.key("runtime")),
        security: security_settings::security(&flavor, &base.directory),
        build_metadata,
        custom,
        policy: policy(&flavor.key("policy"), &flavor.keys(&["security", "integrity", "verify_cache"])),
        slots: slots::read(&flavor.key("slots"), &base, Dialect::Project { platform, left_out: &mut left_out }),
        execution,
        left_out,
    }
}

/// The groups in brackets behind entry points (the entry points specification, "data model").
fn entry_point_extras(project: &Cursor<'_>, flavor: &Cursor<'_>) -> Vec<String> {
    let scripts = ["scripts", "gui-scripts"].iter().flat_map(|table| project.key(table).string_map());
    let stated = flavor.key("entry_point").string().map(str::to_owned);
    let texts = scripts.map(|(_, value)| value).chain(stated).collect::<Vec<_>>();
    let inside = texts.iter().filter_map(|text| text.split_once('[')?.1.split_once(']'));
    let mut extras: Vec<String> = Vec::new();
    for name in inside.flat_map(|(names, _)| names.split(',')).map(str::trim).filter(|name| !name.is_empty()) {
        if !extras.iter().any(|known| known == name) {
            extras.push(name.to_owned());
        }
    }
    extras
}

/// The tables of other systems are not read further; that they are tables is checked all the same.
fn conditions(flavor: &Cursor<'_>) {
    let conditions = flavor.key("conditions");
    for entry in conditions.entries() {
        let _ = conditions.key(&entry.key).entries();
    }
}

fn policy(section: &Cursor<'_>, verify_cache: &Cursor<'_>) -> Option<Json> {
    let platforms = section.key("platforms");
    for item in platforms.table_items() {
        let _ = item.word(words::PLATFORMS);
    }
    sections::policy(section, verify_cache)
}

fn platforms(place: &Cursor<'_>, platform: &str) {
    let mut wanted = Vec::new();
    for item in place.items() {
        wanted.extend(item.word(words::PLATFORMS));
    }
    let known = wanted.iter().all(|wanted| words::PLATFORMS.contains(wanted));
    if known && !wanted.is_empty() && !wanted.contains(&platform) {
        let problem = Diagnostic::error("platforms", "the package may not be made for this platform");
        place.report(problem.expected(format!("one of {}", wanted.join(", "))).found(platform.to_owned()));
    }
}

/// Checks what uv would refuse only after the project has been copied.
fn requirements(project: &Cursor<'_>) {
    let groups = project.key("optional-dependencies");
    let groups: Vec<Cursor<'_>> = groups.entries().iter().map(|entry| groups.key(&entry.key)).collect();
    // Poetry lists names of dependencies there, which are requirements as well.
    for list in groups.iter().chain([&project.key("dependencies")]) {
        let _ = build_settings::requirements(list);
    }
    for table in ["scripts", "gui-scripts"] {
        let _ = project.key(table).entries();
    }
    let python = project.key("requires-python");
    if let Some(Err(why)) = python.string().map(requirement::specifiers) {
        let problem = Diagnostic::error("project.requires_python", format!("is not a list of versions: {why}"));
        python.report(problem.expected("versions such as \">=3.11\""));
    }
}

fn name<'a>(project: &Cursor<'a>) -> &'a str {
    let name = project.key("name").required_string("the project's name").unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let ends = [name.as_bytes().first(), name.as_bytes().last()];
    let valid = name.bytes().all(plain) && ends.iter().flatten().all(|byte| byte.is_ascii_alphanumeric());
    if !valid {
        let problem = Diagnostic::error("project.name", format!("{name:?} is not the name of a Python project"));
        let expected = "letters, digits and `.` `_` `-`, with a letter or digit at both ends";
        project.key("name").report(problem.expected(expected));
    }
    name
}

fn package_name<'a>(flavor: &Cursor<'a>, project_name: &'a str) -> &'a str {
    let places = [flavor.key("package_name"), flavor.keys(&["metadata", "package_name"])];
    let mut name = None;
    for place in places.iter().filter(|place| place.present()) {
        let found = place.required_string("a name").unwrap_or(project_name);
        if let Some(why) = words::unsafe_name(found) {
            let problem = Diagnostic::error("package.name", format!("{found:?} cannot be a file name: {why}"));
            place.report(problem.expected("a name like `my-tool`"));
        }
        name = name.or(Some(found));
    }
    name.unwrap_or(project_name)
}

fn version(project: &Cursor<'_>) -> Option<String> {
    use super::document::Origin;
    let place = project.key("version");
    let dynamic = project.key("dynamic").strings().iter().any(|field| field == "version");
    let from_text = place.node.is_some_and(|node| node.origin == Origin::Text);
    if dynamic && place.present() && from_text {
        let problem = Diagnostic::error("project.version", "is given, and also listed in `project.dynamic`");
        place.report(problem.expected("one of the two"));
        return None;
    }
    if dynamic && !place.present() {
        return None;
    }
    let text = place.required_string("the project's version, or \"version\" in `project.dynamic`")?;
    // A variable names the package's version only; that of the distribution is in the text.
    let is_built = place.node.is_some_and(|node| matches!(node.origin, Origin::Text | Origin::Condition));
    if is_built && Version::from_str(text).is_err() {
        let problem = Diagnostic::error("project.version", "is not a version of a Python project (PEP 440)");
        place.report(problem.expected("a version such as \"1.2.3\" or \"2.0rc1\"").found(format!("{text:?}")));
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Target;
    use std::path::Path;

    fn parse(text: &str) -> (PythonSpec, Vec<String>) {
        let document = Document::from_toml(Path::new("pyproject.toml"), text.to_owned()).unwrap();
        let base = SourceBase { directory: "/nonexistent".into(), workenv: "/nonexistent".into(), before_hooks: false };
        let (spec, problems) = read(&document, &base, "linux_amd64");
        (spec, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn all_problems_come_at_once_with_their_places() {
        let (_, problems) = parse(
            "[project]\nname = 3\ndynamic = 1\n[tool.flavor]\npackage_name = '../../evil'\nentry-point = 'a:b'\nbuild.strip = 3\n",
        );
        let expected = [
            (
                "pyproject.toml:2:8: error: `project.name`: has the wrong type; expected a string, found the number 3",
                "",
            ),
            ("pyproject.toml:3:11: error: `project.dynamic`", "an array"),
            (":5:16: error: `tool.flavor.package_name`", "cannot be a file name"),
            (":6:1: warning: `tool.flavor.entry-point`: unknown key", "did you mean `entry_point`?"),
            (":7:15: error: `tool.flavor.build.strip`: has the wrong type", "expected true or false"),
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
            let found = spec.commands.default.unwrap();
            assert_eq!((found.target.to_string(), &*found.name), (format!("{}:{}", entry.0, entry.1), script));
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
    fn modules_files_and_commands_are_run() {
        let head = "[project]\nname = 'app'\nversion = '1'\nscripts.x = 'm:f'\n[tool.flavor]\n";
        for (rest, expected, others) in [
            ("module = 'pkg.sub'", Target::Module("pkg.sub".to_owned()), &["x = m:f"][..]),
            ("script = './manage.py'", Target::File("manage.py".to_owned()), &["x = m:f"]),
            (
                "script = 'manage.py'\ncommands = {x = 'pkg', y = 'bin/run.py', z = 'a:b.c'}",
                Target::File("manage.py".to_owned()),
                &["x = pkg", "y = bin/run.py", "z = a:b.c"],
            ),
        ] {
            let (spec, problems) = parse(&format!("{head}{rest}"));
            assert!(problems.is_empty(), "{problems:?}");
            let default = spec.commands.default.unwrap();
            assert_eq!((&*default.name, default.target), ("app", expected));
            let found = spec.commands.others.iter().map(|script| format!("{} = {}", script.name, script.target));
            assert_eq!(found.collect::<Vec<_>>(), others);
        }
        for (rest, why) in [
            ("module = 'a'\nscript = 'b.py'", "one of `entry_point`, `module` and `script`"),
            ("module = 'a-b'", "not the name of a module"),
            ("script = '../b.py'", "is no file of the project"),
            ("entry_point = 'b.py'", "`script = \"b.py\"`"),
            ("commands.a = 'b c'", "names nothing that can be run"),
            ("wsgi = true\nmodule = 'a'", "no application that a server can load"),
            ("wsgi = true\nasgi = true\nentry_point = 'a:b'", "one of `wsgi` and `asgi`"),
        ] {
            let (_, problems) = parse(&format!("{head}{rest}"));
            assert!(problems.iter().any(|text| text.contains(why)), "{rest}: {problems:?}");
        }
    }

    #[test]
    fn a_dynamic_version_is_left_to_the_backend() {
        let (spec, problems) =
            parse("[project]\nname = 'a'\ndynamic = ['version']\n[tool.flavor]\nentry_point = 'a:b'");
        assert!(problems.is_empty() && spec.version.is_none(), "{problems:?}");
    }

    #[test]
    fn switches_change_what_is_not_stated() {
        let build = |rest: &str| {
            let head = "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n";
            let (spec, problems) = parse(&format!("{head}{rest}"));
            assert!(problems.is_empty(), "{problems:?}");
            (spec.build.level, spec.build.strip)
        };
        assert_eq!(build(""), (None, false));
        assert_eq!(build("features.optimize_size = true"), (Some(22), true));
        assert_eq!(build("features.optimize_speed = true"), (Some(3), false));
        assert_eq!(build("features.optimize_size = false\nfeatures.parallel_extraction = true"), (None, false));
        let stated = "build = {compression_level = 7, strip = false}\nfeatures.optimize_size = true";
        assert_eq!(build(stated), (Some(7), false));
    }

    #[test]
    fn tables_of_other_systems_change_nothing() {
        let text = "[project]\nname = 'a'\nversion = '1'\n[tool.flavor]\nentry_point = 'a:b'\n[tool.flavor.build]\n\
            env = {A = '1', B = '1'}\nplatform.linux_amd64.env = {B = '2'}\nplatform.linux_arm64.env = {A = '3'}\n\
            [tool.flavor.conditions.windows]\nentry_point = 'w:b'\n";
        let (spec, problems) = parse(text);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(spec.commands.default.unwrap().target.module(), Some("a"));
        let env: Vec<String> = spec.build.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(env, ["A=1", "B=2"]);
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
            "a path inside the work environment",
        ] {
            assert!(problems.iter().any(|text| text.contains(why)), "{why}\n{problems:#?}");
        }
    }
}
