//! What only a project's build backend knows: name, version and scripts of projects without `[project]`.

use super::{
    PythonChoice, Silent, TreeOptions, distribution,
    error::PythonError,
    file_error::FileContext as _,
    flat_layout,
    installation::{index_of_uv, is_offline},
    local_sources::LocalSources,
    project::{Project, ProjectSource},
    provider::RuntimeRequest,
    providers, tree_files,
    uv::{UV_LIMIT, Uv},
};
use std::{fs, path::Path};

/// What the metadata of a built project say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectMetadata {
    /// `Name`.
    pub name: String,
    /// `Version`.
    pub version: String,
    /// `Summary`.
    pub summary: Option<String>,
    /// `Requires-Python`.
    pub requires_python: Option<String>,
    /// `Provides-Extra`.
    pub extras: Vec<String>,
    /// `console_scripts` and `gui_scripts`.
    pub scripts: Vec<(String, String)>,
}

/// Has the project installed in `work`, without its dependencies, for which a backend may have to build it, and reads what came of it.
/// `python_version` is that of the interpreter to come, where it is known.
///
/// # Errors
/// [`PythonError`]: no uv, no project, or a build that fails.
pub fn project_metadata(
    source: &ProjectSource,
    python_version: Option<&str>,
    work: &Path,
    choice: &PythonChoice,
    options: &TreeOptions,
) -> Result<ProjectMetadata, PythonError> {
    let (project, uv) = (Project::read(source)?, Uv::find()?);
    let request = RuntimeRequest {
        requires_python: project.requires_python.as_ref(),
        foreign: None,
        symlinks: true,
        stdlib: options.stdlib,
        offline: is_offline(&options.index),
        pip: false,
        uv: &uv,
        progress: &Silent,
    };
    providers::check(choice, &request)?;
    let copy = project.copy_to(&work.join("metadata-source"), work, &options.build)?;
    if project.has_backend() {
        flat_layout::declare(&copy, &options.build)?;
    }
    LocalSources::new(work).rewrite(&project.dir, &copy)?;
    let target = work.join("metadata");
    let mut command = uv.command();
    command.args(["pip", "install", "--no-deps", "--no-progress", "--color", "never"]);
    index_of_uv(&mut command, &options.index);
    if let Some(version) = python_version {
        command.args(["--python-version", version]);
    }
    command.arg("--target").arg(&target).args(project.requirement(&[])).current_dir(&copy);
    command.envs(options.build.env.iter().map(|(name, value)| (name, value)));
    Uv::run(&mut command, UV_LIMIT, &copy)?;
    let found = distribution::dist_infos(&target)?;
    let Some(dist_info) = found.first() else {
        return Err(PythonError::NotAProject { path: project.dir });
    };
    let read = |name: &str| {
        let path = dist_info.join(name);
        if path.is_file() { fs::read_to_string(&path).on("read", &path) } else { Ok(String::new()) }
    };
    let metadata = parse(&read("METADATA")?, &read("entry_points.txt")?);
    tree_files::remove(&target)?;
    tree_files::remove(&copy)?;
    Ok(metadata)
}

fn parse(metadata: &str, entry_points: &str) -> ProjectMetadata {
    let headers: Vec<(&str, &str)> =
        metadata.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(": ")).collect();
    let all = |key: &str| {
        let values = headers.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(key));
        values.map(|(_, value)| value.trim().to_owned()).collect::<Vec<_>>()
    };
    let first = |key: &str| all(key).into_iter().next();
    ProjectMetadata {
        name: first("Name").unwrap_or_default(),
        version: first("Version").unwrap_or_default(),
        summary: first("Summary").filter(|text| text != "UNKNOWN"),
        requires_python: first("Requires-Python"),
        extras: all("Provides-Extra"),
        scripts: scripts(entry_points),
    }
}

/// `console_scripts` and `gui_scripts` of an `entry_points.txt` (PyPA, "Entry points").
pub(super) fn scripts(entry_points: &str) -> Vec<(String, String)> {
    let mut section = "";
    let mut scripts = Vec::new();
    for line in entry_points.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let (true, Some((name, value))) =
            (matches!(section, "console_scripts" | "gui_scripts"), line.split_once('='))
        {
            scripts.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_both_kinds_are_found() {
        let parsed = parse(
            "Name: Old\nVersion: 3.1\nSummary: A tool\nProvides-Extra: a\nProvides-Extra: b\n\nName: no\n",
            "[console_scripts]\nold = old.cli:main\n[other]\nx = y:z\n[gui_scripts]\nold-gui = old.gui:main [a]\n",
        );
        assert_eq!((&*parsed.name, &*parsed.version, parsed.summary.as_deref()), ("Old", "3.1", Some("A tool")));
        assert_eq!(parsed.extras, ["a", "b"]);
        let names: Vec<&str> = parsed.scripts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["old", "old-gui"]);
    }
}
