//! Workspaces of uv: projects in one folder that are locked together, and share the settings of its root.

use super::distribution::normal_name;
use flavor_manifest::FilePatterns;
use std::{
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};
use walkdir::WalkDir;

/// The deepest that members are looked for below a workspace: `members` are patterns.
const MEMBER_DEPTH: usize = 6;

/// What a member is not given of `[tool.uv]`: what speaks of the root as a project of its own.
const OF_ROOT_ALONE: [&str; 7] =
    ["workspace", "sources", "package", "managed", "build-backend", "dev-dependencies", "default-groups"];

/// The folder of the workspace that a project belongs to: its own, or the nearest one above that has it as a member.
pub(super) fn root(project: &Path) -> Option<PathBuf> {
    let (folder, manifest) = project
        .ancestors()
        .find_map(|folder| Some((folder, manifest(folder)?)).filter(|(_, table)| workspace(table).is_some()))?;
    let workspace = workspace(&manifest)?;
    let relative = project.strip_prefix(folder).ok()?;
    let listed = |key: &str| {
        let mut patterns = FilePatterns::default();
        for pattern in workspace.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            // What is no pattern has no members.
            let _ = patterns.add_exact(pattern.trim_start_matches("./").trim_end_matches('/'));
        }
        patterns
    };
    let is_member = listed("members").matches_itself(relative) && !listed("exclude").matches_itself(relative);
    (relative.as_os_str().is_empty() || is_member).then(|| folder.to_owned())
}

/// The folder of the member of this name.
pub(super) fn member(name: &str, root: &Path) -> Option<PathBuf> {
    let visible = |name: &str| !name.starts_with('.') && name != "node_modules";
    let walk = WalkDir::new(root).max_depth(MEMBER_DEPTH).sort_by_file_name().into_iter();
    let folders = walk.filter_entry(|entry| {
        entry.depth() == 0 || (entry.file_type().is_dir() && visible(&entry.file_name().to_string_lossy()))
    });
    let wanted = normal_name(name);
    folders.filter_map(Result::ok).map(walkdir::DirEntry::into_path).find(|folder| {
        let table = manifest(folder).unwrap_or_default();
        let name = table.get("project").and_then(|project| project.get("name")).and_then(Value::as_str);
        name.is_some_and(|name| normal_name(name) == wanted)
    })
}

/// `[tool.uv]` of the root as it holds for its members: its settings, and apart its sources.
pub(super) fn shared(root: &Path) -> (Table, Table) {
    let uv = manifest(root).and_then(|table| table.get("tool")?.get("uv")?.as_table().cloned()).unwrap_or_default();
    let sources = uv.get("sources").and_then(Value::as_table).cloned().unwrap_or_default();
    let settings = uv.into_iter().filter(|(key, _)| !OF_ROOT_ALONE.contains(&key.as_str())).collect();
    (settings, sources)
}

fn manifest(folder: &Path) -> Option<Table> {
    toml::from_str(&fs::read_to_string(folder.join("pyproject.toml")).ok()?).ok()
}

fn workspace(manifest: &Table) -> Option<&Table> {
    manifest.get("tool")?.get("uv")?.get("workspace")?.as_table()
}
