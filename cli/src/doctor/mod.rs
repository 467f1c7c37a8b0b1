//! What packing needs, looked at one by one.

mod machine;
mod network;
mod python;
mod signing;

use crate::arguments::Doctor;
use flavor_manifest::{Diagnostic, Facts, IndexSettings, pyproject::PythonSpec};
use flavor_pack::{
    Input, PackError, PackOptions, host_platform, input,
    project_manifest::{self, ManifestOptions, Project, SourceOptions},
};
use serde::Serialize;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Some packages cannot be made, or not now.
    Warning,
    /// No package, or no Python project, can be packed.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Stable word.
    pub name: &'static str,
    /// What came of it.
    pub result: Outcome,
    /// What was found.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, result: Outcome::Ok, message: message.into(), hint: None }
    }

    fn warning(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, result: Outcome::Warning, message: message.into(), hint: Some(hint.into()) }
    }

    fn failed(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, result: Outcome::Failed, message: message.into(), hint: Some(hint.into()) }
    }

    fn of_problem(name: &'static str, result: Outcome, problem: &Facts) -> Self {
        let file = problem.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        Self { name, result, message: format!("{file}{}", problem.message), hint: problem.hint.clone() }
    }
}

/// Does all of them.
#[must_use]
pub fn examine(arguments: &Doctor) -> Vec<Check> {
    let (project, mut checks) = project(arguments);
    let index = match (&arguments.index_url, &project) {
        (None, Some(spec)) => spec.build.index.clone(),
        _ => IndexSettings::default(),
    };
    let (found, uv) = python::uv();
    checks.push(found);
    let (found, interpreter) = python::runtimes(uv.as_ref());
    checks.extend(found);
    checks.extend(network::examine(uv.as_ref(), &index, arguments.index_url.as_deref(), interpreter.as_deref()));
    checks.extend(machine::examine());
    checks.extend(signing::examine(project.as_deref()));
    checks
}

/// The manifest, if there is one and it is a Python project's.
fn project(arguments: &Doctor) -> (Option<Box<PythonSpec>>, Vec<Check>) {
    if !arguments.manifest.exists() {
        return (None, Vec::new());
    }
    let asked = PackOptions { input: Input::Path(arguments.manifest.clone()), ..PackOptions::default() };
    let options = ManifestOptions {
        asked: &asked,
        workenv_base: None,
        strict: false,
        strip: false,
        sources: SourceOptions::default(),
        with_pip: false,
        level: None,
        python: "auto",
        extras: false,
        platform: host_platform(),
    };
    let read = input::open(&asked).and_then(|opened| {
        let file = project_manifest::read(opened, &options)?;
        let errors: Vec<Diagnostic> = file.problems.iter().filter(|_| file.has_errors()).cloned().collect();
        if errors.is_empty() { Ok(file) } else { Err(PackError::from(errors)) }
    });
    let path = arguments.manifest.display();
    match read.map(|file| file.project) {
        Ok(Project::Python(spec)) => (Some(spec), vec![Check::ok("manifest", format!("{path} can be read"))]),
        Ok(Project::Files(_)) => (None, vec![Check::ok("manifest", format!("{path} can be read"))]),
        Err(failure) => {
            let count = failure.diagnostics().len();
            let message = format!("{path} has {count} problem{}", if count == 1 { "" } else { "s" });
            (None, vec![Check::warning("manifest", message, "`flavor check` shows them")])
        }
    }
}
