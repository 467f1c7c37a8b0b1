//! Installs the project and its dependencies into the tree.

use super::{
    error::PythonError,
    project::Project,
    provider::Runtime,
    tree_files,
    uv::{UV_LIMIT, Uv},
};
use std::path::Path;

/// What to install, and where.
pub(super) struct Installation<'a> {
    pub(super) uv: &'a Uv,
    pub(super) project: &'a Project,
    /// A copy of the project, for backends write into what they build.
    pub(super) copy: &'a Path,
    pub(super) extras: &'a [String],
    pub(super) runtime: &'a Runtime,
    pub(super) source_date_epoch: u64,
}

/// Runs `uv pip install --target`. The installed interpreter does the work, not the copy: only it has the headers for building
/// extension modules.
pub(super) fn install(what: &Installation<'_>) -> Result<(), PythonError> {
    let site_packages = what.runtime.site_packages();
    tree_files::create_dir(&site_packages)?;
    let extras = if what.extras.is_empty() { String::new() } else { format!("[{}]", what.extras.join(",")) };
    let mut command = what.uv.command();
    command.current_dir(what.copy).args([
        "pip",
        "install",
        "--link-mode",
        "copy",
        "--no-compile-bytecode",
        "--no-progress",
    ]);
    command.args(["--color", "never", "--python"]).arg(&what.runtime.original).arg("--target").arg(&site_packages);
    // uv keeps builds of folders, and looks for changes in few of their files.
    if let Some(name) = &what.project.name {
        command.args(["--refresh-package", name]);
    }
    command.arg(format!(".{extras}"));
    command.env("SOURCE_DATE_EPOCH", what.source_date_epoch.to_string());
    command.env("PYTHONHASHSEED", "0").env("PYTHONDONTWRITEBYTECODE", "1");
    Uv::run(&mut command, UV_LIMIT, what.copy)?;
    Ok(())
}
