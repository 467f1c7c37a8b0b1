//! How a packaged program's interpreter is set up: by what is in its tree and on its command line, so that nothing of it reaches the
//! programs that it starts.

use super::{
    CompileOptions,
    file_error::{FileContext as _, FileError},
    launch_script,
    provider::Runtime,
    tree_files,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Variables to remove before the program starts: they would send the interpreter to other modules, other bytecode or another version.
pub const REMOVED_VARIABLES: [&str; 9] = [
    "PYTHONCASEOK",
    "PYTHONEXECUTABLE",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONOPTIMIZE",
    "PYTHONPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONPYCACHEPREFIX",
    "__PYVENV_LAUNCHER__",
];

/// The folder of links to the commands, relative to the tree: on `PATH` in place of `bin`, where the interpreter is, too.
const COMMANDS: &str = "lib/commands";

/// Without a `home` this is no virtual environment; what remains is that modules in the user's home are not looked for (site).
const SITE_SETTINGS: &str = "include-system-site-packages = false\n";

/// Run at each start, before anything of the program.
const START: &str = "import sys; sys.dont_write_bytecode = True\n";

/// What scripts of commands import where it is needed.
const SUPPORT: &str = include_str!("start_support.py");

/// Writes what the interpreter reads at each start.
pub(super) fn write(runtime: &Runtime) -> Result<(), FileError> {
    for (path, text) in [
        (Path::new("").join("pyvenv.cfg"), SITE_SETTINGS),
        (runtime.site.join("_flavor.pth"), START),
        (runtime.stdlib.join("_flavor.py"), SUPPORT),
    ] {
        tree_files::write(&runtime.root.join(path), text.as_bytes())?;
    }
    Ok(())
}

/// Options of the interpreter.
pub(super) fn interpreter_options(compile: CompileOptions) -> Vec<&'static str> {
    match compile.optimization_level {
        0 => Vec::new(),
        1 => vec!["-O"],
        _ => vec!["-OO"],
    }
}

/// Links to everything in `bin` but the interpreter; gives their folder, relative to the tree.
pub(super) fn link_commands(runtime: &Runtime) -> Result<&'static str, FileError> {
    let (bin, folder) = (runtime.root.join("bin"), runtime.root.join(COMMANDS));
    tree_files::create_dir(&folder)?;
    for entry in fs::read_dir(&bin).on("list", &bin)? {
        let name = entry.on("list", &bin)?.file_name();
        if name.to_str().is_some_and(|name| launch_script::check_name(name).is_ok()) && bin.join(&name).is_file() {
            let link = folder.join(&name);
            let target = PathBuf::from("../../bin").join(&name);
            std::os::unix::fs::symlink(&target, &link).on("create", &link)?;
        }
    }
    Ok(COMMANDS)
}
