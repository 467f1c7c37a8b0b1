//! Projects in other folders: those that `tool.uv.sources` names by path or as members of a workspace, and those of the manifest.
//!
//! Each is built in a copy, as the project itself is: paths of a copy would lead elsewhere, and backends write into what they build.

use super::{
    error::PythonError, file_error::FileContext as _, options::BuildOptions, project::Project, tree_files,
    version_control, workspace,
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use toml::{Table, Value};

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

    /// Has the copy of a project name copies of the projects that it names, and gives it what its workspace says for it.
    pub(super) fn rewrite(&mut self, original: &Path, copy: &Path) -> Result<(), PythonError> {
        let original = fs::canonicalize(original).on("read", original)?;
        self.copies.insert(original.clone(), copy.to_owned());
        let path = copy.join("pyproject.toml");
        if !path.is_file() {
            return Ok(());
        }
        let text = fs::read_to_string(&path).on("read", &path)?;
        // What cannot be parsed is reported by whoever builds it.
        let Ok(before) = toml::from_str::<Table>(&text) else { return Ok(()) };
        let mut table = before.clone();
        let root = workspace::root(&original);
        if let Some(root) = root.as_deref().filter(|root| *root != original) {
            let (settings, sources) = workspace::shared(root);
            self.inherit(&mut table, root, settings, sources)?;
        }
        if let Some(uv) = table.get_mut("tool").and_then(|tool| tool.get_mut("uv")).and_then(Value::as_table_mut) {
            // The copies name each other by path, so that none may be a member.
            if let Some(members) = uv.get_mut("workspace").and_then(|workspace| workspace.get_mut("members")) {
                *members = Value::Array(Vec::new());
            }
            absolute_settings(uv, &original);
            if let Some(sources) = uv.get_mut("sources").and_then(Value::as_table_mut) {
                self.edit_sources(sources, &original, root.as_deref())?;
            }
        }
        if table == before {
            return Ok(());
        }
        self.rewritten = true;
        Ok(version_control::unnoticed(&path, || tree_files::write(&path, table.to_string().as_bytes()))?)
    }

    /// Settings of a workspace are those of its root; of its sources those that the member has none of its own for.
    fn inherit(
        &mut self,
        table: &mut Table,
        root: &Path,
        mut settings: Table,
        mut sources: Table,
    ) -> Result<(), PythonError> {
        if settings.is_empty() && sources.is_empty() {
            return Ok(());
        }
        let empty = || Value::Table(Table::new());
        let tool = table.entry("tool").or_insert_with(empty).as_table_mut();
        let Some(uv) = tool.and_then(|tool| tool.entry("uv").or_insert_with(empty).as_table_mut()) else {
            return Ok(());
        };
        absolute_settings(&mut settings, root);
        uv.extend(settings);
        let own = uv.get("sources").and_then(Value::as_table).cloned().unwrap_or_default();
        let named = |name: &str| own.keys().any(|own| super::normal_name(own) == super::normal_name(name));
        sources.retain(|name, _| !named(name));
        self.edit_sources(&mut sources, root, Some(root))?;
        sources.extend(own);
        uv.insert("sources".to_owned(), Value::Table(sources));
        Ok(())
    }

    /// The folder's copy, which is made where there is none.
    pub(super) fn copy_of(&mut self, folder: &Path) -> Result<PathBuf, PythonError> {
        let original = fs::canonicalize(folder).on("read", folder)?;
        if let Some(copy) = self.copies.get(&original) {
            return Ok(copy.clone());
        }
        let target = self.work.join("local").join(self.copies.len().to_string());
        let copy = Project::in_folder(&original)?.copy_to(&target, self.work, &BuildOptions::default())?;
        self.rewrite(&original, &copy)?;
        Ok(copy)
    }

    /// All copies but this one.
    pub(super) fn others(&self, copy: &Path) -> Vec<PathBuf> {
        self.copies.values().filter(|other| *other != copy).cloned().collect()
    }

    /// `folder` is what paths in them start from.
    fn edit_sources(&mut self, sources: &mut Table, folder: &Path, root: Option<&Path>) -> Result<(), PythonError> {
        for (name, source) in sources {
            match source {
                Value::Table(source) => self.edit_source(name, source, folder, root)?,
                Value::Array(several) => {
                    for source in several.iter_mut().filter_map(Value::as_table_mut) {
                        self.edit_source(name, source, folder, root)?;
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
        source: &mut Table,
        folder: &Path,
        root: Option<&Path>,
    ) -> Result<(), PythonError> {
        if source.get("workspace") == Some(&Value::Boolean(true))
            && let Some(member) = root.and_then(|root| workspace::member(name, root))
        {
            source.remove("workspace");
            source.insert("path".to_owned(), text(&self.copy_of(&member)?));
        } else if let Some(Value::String(path)) = source.get("path") {
            let path = folder.join(path);
            if path.is_dir() {
                source.insert("path".to_owned(), text(&self.copy_of(&path)?));
            } else if path.exists() {
                source.insert("path".to_owned(), text(&path));
            }
        }
        if source.get("editable") == Some(&Value::Boolean(true)) {
            source.insert("editable".to_owned(), Value::Boolean(false));
        }
        Ok(())
    }
}

/// Folders that settings name start from the project, not from its copy.
fn absolute_settings(uv: &mut Table, folder: &Path) {
    let absolute = |value: &mut Value| {
        if let Value::String(place) = value
            && !place.contains("://")
            && folder.join(&*place).exists()
        {
            *place = folder.join(&*place).to_string_lossy().into_owned();
        }
    };
    let lists = |table: &mut Table| {
        let list = table.get_mut("find-links").and_then(Value::as_array_mut);
        list.into_iter().flatten().for_each(absolute);
    };
    lists(uv);
    if let Some(pip) = uv.get_mut("pip").and_then(Value::as_table_mut) {
        lists(pip);
    }
    let indexes = uv.get_mut("index").and_then(Value::as_array_mut);
    indexes.into_iter().flatten().filter_map(|index| index.get_mut("url")).for_each(absolute);
    for key in ["index-url", "cache-dir"] {
        if let Some(value) = uv.get_mut(key) {
            absolute(value);
        }
    }
}

fn text(path: &Path) -> Value {
    Value::String(path.to_string_lossy().into_owned())
}
