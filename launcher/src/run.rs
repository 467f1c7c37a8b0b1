//! The launcher as a program: from its arguments to its exit code.

use std::{ffi::OsString, path::Path};

use flavor_host::{
    console,
    files::base_dir,
    workenv::own_launcher::{self, Kept},
};

use crate::{
    launch_error::{LaunchError, LaunchFault},
    log, own_commands,
    own_file::OwnFile,
    rights,
    spawn::{self, Ended},
    start,
};

/// Runs the launcher; the first argument is the name that it was called by. Returns the exit code, unless the process becomes the
/// program.
#[must_use]
pub(crate) fn main(arguments: Vec<OsString>) -> u8 {
    let mut arguments = arguments;
    let called = if arguments.is_empty() { OsString::new() } else { arguments.remove(0) };
    let own = match OwnFile::open(&called) {
        Ok(own) => own,
        Err((path, error)) => return log::fail(&path, &LaunchFault::OwnFile(error)),
    };
    // Before reading anything that the caller controls.
    if rights::more_than_the_caller() {
        return log::fail(own.path(), &LaunchFault::MoreRights);
    }
    if let Some(problem) = log::open(base_dir::variable) {
        log::warn(&own, &problem);
    }
    if let Some(tree) = own_launcher::tree_of(own.path()) {
        return slot_of(tree, &arguments);
    }
    if base_dir::is_on("FLAVOR_LAUNCHER_CLI") {
        match own_commands::run(&own, &arguments) {
            own_commands::Done::Ended(code) => return code,
            own_commands::Done::Slot(id) => return finish(&own, start::print_slot(&own, &id)),
            own_commands::Done::RunProgram => drop(arguments.remove(0)),
        }
    }
    finish(&own, start::program(&own, &arguments))
}

/// What the launcher that a tree keeps is for: `slot ID` prints where a slot of its package is.
fn slot_of(tree: &Path, arguments: &[OsString]) -> u8 {
    let [_, id] = arguments else {
        console::tell("flavor: this launcher is for the programs beside it; it answers `slot ID`");
        return own_commands::USAGE;
    };
    let Some(kept) = Kept::of_tree(tree) else { return log::fail(tree, &LaunchFault::NoRecords) };
    match OwnFile::at(kept.package.clone()) {
        Ok(package) => finish(&package, start::print_slot_of(tree, &kept, &package, &id.to_string_lossy())),
        Err(error) => log::fail(&kept.package, &LaunchFault::Gone(error)),
    }
}

/// Ends the launcher the way the program ended, or with the error.
fn finish(own: &OwnFile, outcome: Result<Ended, LaunchError>) -> u8 {
    match outcome {
        Ok(ended) => spawn::end_as(ended),
        Err(error) => log::fail(own.path(), error.fault()),
    }
}
