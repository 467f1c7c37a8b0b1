//! What the metadata say of a package that holds a Python project.

use crate::error::PackError;
use flavor_manifest::{
    Diagnostic, PackageSpec, SearchPath,
    package::{quoted, with_args},
    pyproject::PythonSpec,
    sections::runtime_json,
};
use flavor_python::{PythonTree, REMOVED_VARIABLES};
use pspf_nostd::{json::Json, metadata::RuntimeEnv};

/// What the metadata say of the package.
pub(super) fn package(spec: &PythonSpec, tree: &PythonTree) -> Result<PackageSpec, PackError> {
    let version = match &spec.version {
        Some(version) => version.clone(),
        None => built_version(spec, tree)?,
    };
    let mut runtime_env = RuntimeEnv::default();
    if spec.execution.isolated {
        runtime_env.unset.extend(REMOVED_VARIABLES.iter().map(|name| (*name).to_owned()));
    }
    let user = &spec.execution.runtime_env;
    runtime_env.unset.extend(user.unset.iter().filter(|name| !REMOVED_VARIABLES.contains(&name.as_str())).cloned());
    runtime_env.pass.clone_from(&user.pass);
    if tree.commands.len() > 1 {
        // The start script reads it, also where the manifest removes everything.
        runtime_env.pass.push("FLAVOR_COMMAND".to_owned());
    }
    runtime_env.map.clone_from(&user.map);
    runtime_env.set.clone_from(&user.set);
    let sections = [
        ("runtime", runtime_json(&runtime_env)),
        ("setup_commands", setup(&spec.build.hooks.post_extract, tree)?),
        ("policy", spec.policy.clone()),
        ("custom", spec.custom.clone()),
    ];
    let command = tree.command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    Ok(PackageSpec {
        name: spec.package_name.clone(),
        version,
        description: spec.description.clone(),
        package_extra: spec.kind.iter().map(|kind| ("type".to_owned(), kind.as_str().into())).collect(),
        build_extra: spec.build_metadata.clone(),
        execution_extra: spec
            .execution
            .limits
            .iter()
            .cloned()
            .chain(search_path(spec, tree))
            .chain(stable_prefix(spec))
            .collect(),
        command: with_args(&command, &spec.execution.args),
        env: spec.execution.env.clone(),
        runtime_env,
        slots: Vec::new(),
        left_out: Vec::new(),
        extra: sections.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect(),
    })
}

fn stable_prefix(spec: &PythonSpec) -> Option<(String, Json)> {
    spec.compile.stable_prefix.then(|| ("stable_prefix".to_owned(), Json::Bool(true)))
}

/// Launchers put `bin` in front of `PATH` where the metadata say nothing.
fn search_path(spec: &PythonSpec, tree: &PythonTree) -> Option<(String, Json)> {
    let directory = Json::Array(vec![tree.commands_directory?.into()]);
    let path = match spec.execution.search_path {
        SearchPath::Activated => return None,
        SearchPath::CommandsLast => vec![("last".to_owned(), directory)],
        SearchPath::CommandsFirst => vec![("first".to_owned(), directory)],
        SearchPath::Unchanged => Vec::new(),
    };
    Some(("path".to_owned(), Json::Object(path)))
}

/// What is known of it before there is a tree: every text in which a placeholder may be.
pub(super) fn draft(spec: &PythonSpec) -> PackageSpec {
    let setup = spec.build.hooks.post_extract.iter().map(|command| Json::from(command.as_str())).collect();
    PackageSpec {
        command: with_args(spec.execution.command.as_deref().unwrap_or_default(), &spec.execution.args),
        env: spec.execution.env.clone(),
        execution_extra: spec.execution.limits.clone(),
        extra: vec![("setup_commands".to_owned(), Json::Array(setup))],
        ..PackageSpec::default()
    }
}

/// Commands for the setup of the work environment.
fn setup(commands: &[String], tree: &PythonTree) -> Result<Option<Json>, PackError> {
    let mut list = Vec::new();
    for command in commands {
        let words: Vec<String> = bundled_python(command, tree)?.iter().map(|word| quoted(word)).collect();
        list.push(Json::Object(vec![
            ("type".to_owned(), "execute".into()),
            ("command".to_owned(), words.join(" ").into()),
        ]));
    }
    Ok((!list.is_empty()).then_some(Json::Array(list)))
}

/// The version that the build backend has given the project.
fn built_version(spec: &PythonSpec, tree: &PythonTree) -> Result<String, PackError> {
    let own = flavor_python::distribution_named(&tree.distributions, &spec.project_name);
    own.map(|found| found.version.clone()).ok_or_else(|| {
        let message = format!("the build backend made no distribution called {:?}", spec.project_name);
        Diagnostic::error("project.version", message).expected("the project's own distribution, for its version").into()
    })
}

/// The words of a command line, with the bundled interpreter under the names that everyone knows.
pub(super) fn bundled_python(command: &str, tree: &PythonTree) -> Result<Vec<String>, PackError> {
    let words = flavor_host::command::split(command)
        .map_err(|error| Diagnostic::error("execution.command", format!("cannot be split into words: {error}")))?;
    let known = ["python", "python3", "{workenv}/bin/python", "{workenv}/bin/python3"];
    let own = format!("{{workenv}}/bin/{}", tree.program);
    let mut words = words.into_iter();
    let first = words.next().map(|first| if known.contains(&first.as_str()) { own } else { first });
    Ok(first.into_iter().chain(words).collect())
}
