//! The builder manifest in JSON (docs/format.md §10), with the names that the published builders use.

use super::{
    Document,
    cursor::{Cursor, Problems, with_suggestion},
    document::Node,
    execution_settings,
    package::{PackageSpec, SourceBase, with_args},
    schema::{self, keys},
    sections::{policy, runtime_env, runtime_json, variables},
    slots::{self, Dialect},
    words,
};
use crate::diagnostic::{Diagnostic, Weight};
use pspf_nostd::json::Json;

/// What a package may say of itself besides name, version and description.
const ABOUT: [&str; 3] = ["author", "license", "homepage"];

/// Reads a manifest for a platform such as `linux_amd64`. Problems of weight *error* mean that the package cannot be made from it.
#[must_use]
pub fn read(document: &Document, base: &SourceBase, platform: &str) -> (PackageSpec, Vec<Diagnostic>) {
    let problems = Problems::new(document);
    let spec = read_root(&problems.root(), base, platform);
    (spec, problems.finish())
}

fn read_root(root: &Cursor<'_>, base: &SourceBase, platform: &str) -> PackageSpec {
    schema::in_table(root, keys::BUILDER);
    for section in ["package", "execution", "cache_validation", "runtime", "workenv", "policy"] {
        let _ = root.key(section).entries();
    }
    let package = root.key("package");
    let name = package.key("name").required_string("the package's name").unwrap_or_default();
    if let Some(why) = words::unsafe_name(name).filter(|_| !name.is_empty()) {
        let problem = Diagnostic::error("package.name", format!("{name:?} cannot be a file name: {why}"));
        package.key("name").report(problem.expected("a name like `my-tool`"));
    }
    let version = package.key("version").required_string("the package's version").unwrap_or_default();
    let execution = root.key("execution");
    let command = command_line(&execution.key("command"), "the command to run").unwrap_or_default();
    let command = with_args(command, &execution.key("args").strings());
    let mut env = variables(&execution.key("environment"));
    for (name, value) in variables(&execution.key("env")) {
        env.retain(|(existing, _)| *existing != name);
        env.push((name, value));
    }
    let env_of_runtime = root.keys(&["runtime", "env"]);
    let _ = env_of_runtime.entries();
    let runtime_env = runtime_env(&env_of_runtime);
    let mut left_out = Vec::new();
    let slots = slots::read(&root.key("slots"), base, Dialect::Builder { platform, left_out: &mut left_out });
    let about = ABOUT.iter().filter_map(|key| Some(((*key).to_owned(), package.key(key).string()?.into())));
    let own_policy = root.key("policy");
    let mut extra = Vec::new();
    let sections = [
        ("cache_validation", cache_validation(&root.key("cache_validation"))),
        ("setup_commands", setup_commands(&root.key("setup_commands"))),
        ("runtime", runtime_json(&runtime_env)),
        ("workenv", workenv(&root.key("workenv"))),
        ("policy", policy(&own_policy, &own_policy.key("verify_cache"))),
    ];
    for (key, value) in sections {
        extra.extend(value.map(|value| (key.to_owned(), value)));
    }
    PackageSpec {
        name: name.to_owned(),
        version: version.to_owned(),
        description: package.key("description").string().map(str::to_owned),
        command,
        env,
        runtime_env,
        package_extra: about.collect(),
        execution_extra: execution_settings::limits(&execution),
        slots,
        left_out,
        extra,
        ..PackageSpec::default()
    }
}

/// A command line that can be split into words.
fn command_line<'a>(place: &Cursor<'a>, expected: &str) -> Option<&'a str> {
    let text = place.required_string(expected)?;
    let problem = |message: String| place.report(Diagnostic::error("execution.command", message));
    match flavor_host::command::split(text) {
        Ok(words) if words.is_empty() => problem("has no words".to_owned()),
        Ok(_) => {}
        Err(error) => problem(format!("cannot be split into words: {error}")),
    }
    Some(text)
}

fn cache_validation(section: &Cursor<'_>) -> Option<Json> {
    if !section.present() {
        return None;
    }
    let check_file = section.key("check_file").required_string("the path of a file in the work environment")?;
    let expected = section.key("expected_content").string().unwrap_or_default();
    Some(Json::Object(vec![
        ("check_file".to_owned(), check_file.into()),
        ("expected_content".to_owned(), expected.into()),
    ]))
}

fn setup_commands(section: &Cursor<'_>) -> Option<Json> {
    for command in section.items() {
        let kinds = words::SETUP_COMMANDS.iter().map(|(kind, _)| *kind);
        if command.entries().is_empty() {
            command.expect("a table with a `type`");
            continue;
        }
        let Some(kind) = command.key("type").required_string("the kind of command") else { continue };
        let Some((_, keys)) = words::SETUP_COMMANDS.iter().find(|(known, _)| *known == kind) else {
            let expected = kinds.clone().collect::<Vec<_>>().join(", ");
            let problem = Diagnostic::error("setup.type", format!("launchers do not know {kind:?}")).expected(expected);
            command.key("type").report(with_suggestion(problem, kind, kinds));
            continue;
        };
        for key in keys.iter().filter(|key| **key != "enumerate") {
            // Content may be empty: a marker file often is.
            if *key == "command" {
                let _ = command_line(&command.key(key), "a command");
            } else if *key != "content" || !command.key(key).present() {
                let _ = command.key(key).required_string("a string");
            }
        }
        if kind == "enumerate_and_execute" {
            let enumerate = command.key("enumerate");
            let _ = enumerate.key("path").required_string("a directory in the work environment");
            let _ = enumerate.key("pattern").required_string("a pattern such as `*.whl`");
        }
    }
    section.node.filter(|_| !section.items().is_empty()).map(Node::to_json)
}

fn workenv(section: &Cursor<'_>) -> Option<Json> {
    if let Some(mask) = section.key("umask").string()
        && words::permissions(mask).is_none()
    {
        let problem = Diagnostic::error("workenv.mode", "is not a mask of file modes").found(format!("{mask:?}"));
        section.key("umask").report(problem.expected("an octal number up to 0777, like \"0077\""));
    }
    for directory in section.key("directories").items() {
        if let Some(path) = directory.key("path").required_string("a path in the work environment")
            && let Some(why) = words::unsafe_target(&words::with_places_filled(path))
        {
            let problem =
                Diagnostic::error("workenv.path", format!("{path:?} is not inside the work environment: {why}"));
            directory.key("path").report(problem);
        }
        if let Some(mode) = directory.key("mode").string()
            && words::permissions(mode).is_none()
        {
            let problem = Diagnostic::error("workenv.mode", "is not a file mode").found(format!("{mode:?}"));
            directory.key("mode").report(problem.expected("an octal number up to 0777, like \"0700\""));
        }
    }
    let _ = variables(&section.key("env"));
    section.node.filter(|_| section.present()).map(Node::to_json)
}

/// Whether any of the problems keeps the package from being made.
#[must_use]
pub fn any_error(problems: &[Diagnostic]) -> bool {
    problems.iter().any(|problem| problem.severity == Weight::Error)
}
