//! Lazy slots: extracted when they are first asked for, by `slot ID` to the launcher.

use std::{ffi::OsString, path::PathBuf};

use pspf_nostd::verify::Authenticated;

use crate::{
    base_dir::{BaseDir, variable},
    command::{CommandError, CommandFault},
    lifecycle::{Content, Place, Plan},
    run::LaunchError,
    start::Start,
    workenv::Workenv,
};

/// The word that asks for a slot.
pub(crate) const WORD: &str = "slot";

/// The lazy slot that the program itself asks for: it need not set a variable for that, `"$FLAVOR_LAUNCHER" slot ID` is enough.
///
/// Such a call comes from inside the work environment (`FLAVOR_WORKENV` names it), has these two words and no other, and the
/// identifier is that of a lazy slot. Everything else is for the program.
pub(crate) fn asked_for_inside<'a>(
    arguments: &'a [OsString],
    package: &Authenticated,
    plan: &Plan,
    workenv: &Workenv<'_>,
) -> Option<&'a str> {
    let [word, id] = arguments else { return None };
    let id = id.to_str().filter(|_| word == WORD)?;
    let mut lazy = plan.slots_at(Place::Lazy).filter_map(|slot| package.metadata().slots.get(slot));
    let is_inside = || variable("FLAVOR_WORKENV").is_some_and(|inside| inside == workenv.path().as_os_str());
    (lazy.any(|entry| entry.id == id) && is_inside()).then_some(id)
}

/// Where a slot is, extracted if it is lazy and nobody has asked for it before.
pub(crate) fn locate(start: &Start<'_>, bases: &[BaseDir], plan: &Plan, id: &str) -> Result<PathBuf, LaunchError> {
    let package = start.package();
    let absent = |why| CommandError::from(CommandFault::AbsentSlot { id: id.to_owned(), why });
    let slot = package.metadata().slots.iter().position(|entry| entry.id == id);
    let slot = slot.ok_or_else(|| absent("does not exist"))?;
    let content = match plan.place(slot) {
        Place::Lazy => Content::lazy_slot(plan, slot),
        Place::Kept | Place::State => Content::work_environment(plan),
        Place::SetupOnly => return Err(absent("is removed after the setup").into()),
        Place::Fresh => {
            return Err(absent("is made anew for each start: its place is in the program's variables").into());
        }
        Place::Skipped(_) => return Err(absent("is not extracted here").into()),
    };
    let tree = start.work_environment(bases, content)?;
    let placeholders = tree.placeholders();
    if plan.place(slot) == Place::State {
        start.install_config(plan, &placeholders)?;
    }
    Ok(placeholders.slot(slot)?)
}
