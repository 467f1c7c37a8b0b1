//! Projects in other folders: those that `tool.uv.sources` names by path or as members of a workspace, and those of the manifest.
//!
//! Each is built in a copy, as the project itself is: paths of a copy would lead elsewhere, and backends write into what they build.

use super::distribution::normal_name;
use super::{
    error::PythonError, file_error::FileContext as _, options::BuildOptions, project::Project, tree_files,
    version_control,
};
use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};
use toml::de::{DeTable, DeValue};
use walkdir::WalkDir;

/// The deepest that members are looked for below a workspace: `members` are patterns.
const MEMBER_DEPTH: usize = 6;

/// Copies of projects, by the folder that they are copies of.
#[derive(Debug)]
pub(super) struct LocalSources<'a> {
    work: &'a Path,
    copies: BTreeMap<PathBuf, PathBuf>,
    /// Whether a `pyproject.toml` was changed.
    pub(super) rewritten: bool,
}

impl<'a> LocalSources<'a> {
    pub(super) fn new(work: &'a Path) -> Self {
        Self { work, copies: BTreeMap::new(), rewritten: false }
    }

    /// Has the copy of a project name copies of the projects that it names.
    pub(super) fn rewrite(&mut self, original: &Path, copy: &Path) -> Result<(), PythonError> {
        let original = fs::canonicalize(original).on("read", original)?;
        self.copies.insert(original.clone(), copy.to_owned());
        let path = copy.join("pyproject.toml");
        if !path.is_file() {
            return Ok(());
        }
        let mut text = fs::read_to_string(&path).on("read", &path)?;
        let mut edits = Vec::new();
        // What cannot be parsed is reported by whoever builds it.
        if let Ok(table) = DeTable::parse(&text) {
            self.edits(table.get_ref(), &original, &mut edits)?;
        }
        if edits.is_empty() {
            return Ok(());
        }
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        for (span, new) in edits {
            text.replace_range(span, &new);
        }
        self.rewritten = true;
        Ok(version_control::unnoticed(&path, || tree_files::write(&path, text.as_bytes()))?)
    }

    /// The folder's copy, which is made where there is none.
    pub(super) fn copy_of(&mut self, folder: &Path) -> Result<PathBuf, PythonError> {
        let original = fs::canonicalize(folder).on("read", folder)?;
        if let Some(copy) = self.copies.get(&original) {
            return Ok(copy.clone());
        }
        let target = self.work.join("local").join(self.copies.len().to_string());
        let copy = Project::read(&original)?.copy_to(&target, self.work, &BuildOptions::default())?;
        self.rewrite(&original, &copy)?;
        Ok(copy)
    }

    /// All copies but this one.
    pub(super) fn others(&self, copy: &Path) -> Vec<PathBuf> {
        self.copies.values().filter(|other| *other != copy).cloned().collect()
    }

    fn edits(
        &mut self,
        table: &DeTable<'_>,
        original: &Path,
        edits: &mut Vec<(Range<usize>, String)>,
    ) -> Result<(), PythonError> {
        let Some(uv) = inner(table, "tool").and_then(|tool| inner(tool, "uv")) else { return Ok(()) };
        // The copies name each other by path, so that none may be a member.
        if let Some(members) = inner(uv, "workspace").and_then(|workspace| workspace.get("members")) {
            edits.push((members.span(), "[]".to_owned()));
        }
        let Some(sources) = inner(uv, "sources") else { return Ok(()) };
        for (name, source) in sources {
            let name = name.get_ref();
            match source.get_ref() {
                DeValue::Table(source) => self.edit_source(name, source, original, edits)?,
                DeValue::Array(several) => {
                    for source in several {
                        if let DeValue::Table(source) = source.get_ref() {
                            self.edit_source(name, source, original, edits)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn edit_source(
        &mut self,
        name: &str,
        source: &DeTable<'_>,
        original: &Path,
        edits: &mut Vec<(Range<usize>, String)>,
    ) -> Result<(), PythonError> {
        for (key, value) in source {
            match (&**key.get_ref(), value.get_ref()) {
                ("path", DeValue::String(path)) => {
                    let path = original.join(&**path);
                    if path.is_dir() {
                        edits.push((value.span(), toml_text(&self.copy_of(&path)?)));
                    } else if path.exists() {
                        edits.push((value.span(), toml_text(&path)));
                    }
                }
                ("workspace", DeValue::Boolean(true)) => {
                    if let Some(folder) = member(name, original) {
                        edits.push((key.span(), "path".to_owned()));
                        edits.push((value.span(), toml_text(&self.copy_of(&folder)?)));
                    }
                }
                ("editable", DeValue::Boolean(true)) => edits.push((value.span(), "false".to_owned())),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The member of this name of the workspace that a project is in.
fn member(name: &str, project: &Path) -> Option<PathBuf> {
    let root = project.ancestors().find(|folder| {
        let text = fs::read_to_string(folder.join("pyproject.toml")).unwrap_or_default();
        DeTable::parse(&text).is_ok_and(|table| {
            let uv = inner(table.get_ref(), "tool").and_then(|tool| inner(tool, "uv"));
            uv.is_some_and(|uv| uv.get("workspace").is_some())
        })
    })?;
    let visible = |name: &str| !name.starts_with('.') && name != "node_modules";
    let walk = WalkDir::new(root).max_depth(MEMBER_DEPTH).sort_by_file_name().into_iter();
    let folders = walk.filter_entry(|entry| {
        entry.depth() == 0 || (entry.file_type().is_dir() && visible(&entry.file_name().to_string_lossy()))
    });
    let wanted = normal_name(name);
    folders.filter_map(Result::ok).map(walkdir::DirEntry::into_path).find(|folder| {
        let text = fs::read_to_string(folder.join("pyproject.toml")).unwrap_or_default();
        let Ok(table) = DeTable::parse(&text) else { return false };
        let name = inner(table.get_ref(), "project").and_then(|project| project.get("name"));
        let name = name.and_then(|name| name.get_ref().as_str());
        name.is_some_and(|name| normal_name(name) == wanted)
    })
}

fn inner<'a, 'b>(table: &'a DeTable<'b>, key: &str) -> Option<&'a DeTable<'b>> {
    table.get(key)?.get_ref().as_table()
}

/// Strings of JSON are basic strings of TOML.
fn toml_text(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}
