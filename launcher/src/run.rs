//! The launcher as a program: what it is asked for, and what it exits with.

use std::ffi::OsString;

use flavor_host::files::base_dir;

use crate::{
    launch_error::{LaunchError, LaunchFault},
    log, own_commands,
    own_file::OwnFile,
    rights,
    spawn::{self, Ended},
    start,
};

/// The launcher; the first argument is the name that it was called by. Returns only where there is no program to become: with
/// the exit code.
#[must_use]
pub(crate) fn main(arguments: Vec<OsString>) -> u8 {
    let mut arguments = arguments;
    let called = if arguments.is_empty() { OsString::new() } else { arguments.remove(0) };
    let own = match OwnFile::open(&called) {
        Ok(own) => own,
        Err((path, error)) => return log::fail(&path, &LaunchFault::OwnFile(error)),
    };
    // Before anything is looked at that the caller chooses.
    if rights::more_than_the_caller() {
        return log::fail(own.path(), &LaunchFault::MoreRights);
    }
    if let Some(problem) = log::open(base_dir::variable) {
        log::warn(&own, &problem);
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

/// Ends the launcher as the program has ended, or with what went wrong.
fn finish(own: &OwnFile, outcome: Result<Ended, LaunchError>) -> u8 {
    match outcome {
        Ok(ended) => spawn::end_as(ended),
        Err(error) => log::fail(own.path(), error.fault()),
    }
}
