//! Makes `venv` and `ensurepip` of a tree's standard library fit a tree that can be moved.

use super::{
    file_error::{FileContext as _, FileError},
    provider::Runtime,
    tree_files,
};
use std::{fs, path::Path};

/// Where `venv` decides between links to the interpreter and copies of it, and what is put there. A copy would look for the shared
/// libraries beside itself, and not find them.
const COPIES: (&str, &str) = ("        self.symlinks = symlinks\n", "        self.symlinks = True\n");

/// Where distributions of Linux tell `ensurepip` where their wheel of pip is, and where it is in the tree.
const WHEELS: (&str, &str) =
    ("sysconfig.get_config_var('WHEEL_PKG_DIR')", "os.path.join(os.path.dirname(__file__), '_bundled')");

/// Changes the modules.
pub(super) fn prepare(runtime: &Runtime) -> Result<(), FileError> {
    let stdlib = runtime.root.join(&runtime.stdlib);
    replace(&stdlib.join("venv/__init__.py"), COPIES)?;
    let ensurepip = stdlib.join("ensurepip");
    let bundled = ensurepip.join("_bundled");
    let Some(folder) = runtime.wheels.as_deref().filter(|_| ensurepip.is_dir() && !bundled.is_dir()) else {
        return Ok(());
    };
    for entry in fs::read_dir(folder).on("list", folder)? {
        let path = entry.on("list", folder)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if ["pip-", "setuptools-"].iter().any(|prefix| name.starts_with(prefix)) && name.ends_with(".whl") {
            tree_files::copy(&path, &bundled.join(&name))?;
        }
    }
    replace(&ensurepip.join("__init__.py"), WHEELS)
}

/// Puts one text in the place of another, if the file is there and has it.
fn replace(path: &Path, (from, to): (&str, &str)) -> Result<(), FileError> {
    if !path.is_file() {
        return Ok(());
    }
    let text = fs::read_to_string(path).on("read", path)?;
    tree_files::write(path, text.replace(from, to).as_bytes())
}
