//! The commands of a tree, when all of them are known.

use super::{
    Distribution, EntryPoint, backend_metadata, distribution,
    file_error::{FileContext as _, FileError},
    launch_script,
    options::TreeOptions,
};
use std::{fs, path::Path};

/// The command that the package runs, and the others.
#[derive(Debug)]
pub(super) struct Commands {
    /// Name of the default one.
    pub name: String,
    /// By name.
    pub others: Vec<(String, EntryPoint)>,
}

impl Commands {
    /// Names, the default first.
    pub(super) fn names(self) -> Vec<String> {
        [self.name].into_iter().chain(self.others.into_iter().map(|(name, _)| name)).collect()
    }
}

/// Those of the options, and those that the build backend gave the project. `name` is what the default command is called, unless
/// a script calls the same function.
pub(super) fn find(
    name: &str,
    entry_point: &EntryPoint,
    options: &TreeOptions,
    distributions: &[Distribution],
    site: &Path,
    notices: &mut Vec<String>,
) -> Result<Commands, FileError> {
    let mut commands = Commands { name: name.to_owned(), others: options.commands.clone() };
    let Some(own) = &options.scripts_of else { return Ok(commands) };
    let Some(own) = distribution::named(distributions, own) else { return Ok(commands) };
    let path = site.join(&own.dist_info).join("entry_points.txt");
    let text = if path.is_file() { fs::read_to_string(&path).on("read", &path)? } else { String::new() };
    let mut scripts = Vec::new();
    for (script, value) in backend_metadata::scripts(&text) {
        match (launch_script::check_name(&script), EntryPoint::parse(&value)) {
            (Ok(()), Ok(called)) => scripts.push((script, called)),
            (Err(error), _) => notices.push(format!("the script {script:?} is no command: {error}")),
            (_, Err(error)) => notices.push(format!("the script {script} is no command: {error}")),
        }
    }
    if let Some((same, _)) = scripts.iter().find(|(_, called)| called == entry_point) {
        commands.name.clone_from(same);
    }
    scripts.retain(|(script, _)| *script != commands.name && commands.others.iter().all(|(known, _)| known != script));
    commands.others.retain(|(known, _)| *known != commands.name);
    commands.others.extend(scripts);
    Ok(commands)
}
