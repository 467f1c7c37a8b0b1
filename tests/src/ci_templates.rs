//! The templates for build servers in `docs/ci`: what each of their steps runs.

use crate::documents;
use std::fs;
use yaml_rust2::{Yaml, YamlLoader};

/// What a build server runs in one shell.
pub type Script = String;

/// The scripts of each template, in order.
///
/// # Errors
/// The template that is not what its server reads.
pub fn scripts() -> Result<Vec<(&'static str, Vec<Script>)>, String> {
    let read = |name: &str| {
        fs::read_to_string(documents::root().join("docs/ci").join(name)).map_err(|error| format!("{name}: {error}"))
    };
    let yaml = |name: &str| -> Result<Yaml, String> {
        let mut documents = YamlLoader::load_from_str(&read(name)?).map_err(|error| format!("{name}: {error}"))?;
        if documents.len() == 1 { Ok(documents.remove(0)) } else { Err(format!("{name}: not one document")) }
    };
    Ok(vec![
        ("github-actions.yml", github(&yaml("github-actions.yml")?)),
        ("gitlab-ci.yml", gitlab(&yaml("gitlab-ci.yml")?)),
        ("Jenkinsfile", jenkins(&read("Jenkinsfile")?)?),
    ])
}

/// `run` of each step of each job.
fn github(document: &Yaml) -> Vec<Script> {
    let jobs = document["jobs"].as_hash().into_iter().flat_map(|jobs| jobs.values());
    let steps = jobs.flat_map(|job| job["steps"].as_vec().into_iter().flatten());
    steps.filter_map(|step| step["run"].as_str().map(str::to_owned)).collect()
}

/// `script` of each job; what installs is in `before_script`.
fn gitlab(document: &Yaml) -> Vec<Script> {
    let stages = document["stages"].as_vec().into_iter().flatten();
    let jobs = stages.filter_map(|stage| stage.as_str()).map(|stage| &document[stage]["script"]);
    jobs.map(|script| script.as_vec().into_iter().flatten().filter_map(Yaml::as_str).collect::<Vec<_>>().join("\n"))
        .collect()
}

/// The words of each `sh`, in one kind of quotes or the other.
fn jenkins(text: &str) -> Result<Vec<Script>, String> {
    let count = |mark: &str| text.matches(mark).count();
    if count("{") != count("}") || count("(") != count(")") || count("'''") % 2 != 0 {
        return Err("Jenkinsfile: something is not closed".to_owned());
    }
    let parts = text.split(" sh '").skip(1).map(|rest| match rest.strip_prefix("''") {
        Some(long) => long.split("'''").next(),
        None => rest.split('\'').next(),
    });
    parts
        .map(|part| part.map(|part| part.replace("\\\\", "\\")).ok_or_else(|| "Jenkinsfile: no end".to_owned()))
        .collect()
}

/// The project's own workflows: file name and content, in the order of their names.
///
/// # Errors
/// The one that is not YAML.
pub fn workflows() -> Result<Vec<(String, Yaml)>, String> {
    let folder = documents::root().join(".github/workflows");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut workflows = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        let mut documents = YamlLoader::load_from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        if documents.len() != 1 {
            return Err(format!("{name}: not one document"));
        }
        workflows.push((name, documents.remove(0)));
    }
    workflows.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(workflows)
}
